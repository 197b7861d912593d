"""``csvagent serve``: the server alone, for programs."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Final

from ..exceptions import BadInput
from ..translations import Language

DEFAULT_IP: Final = "127.0.0.1"
DEFAULT_PORT: Final = "8000"


def serve(options: Namespace, language: Language) -> int:
    """Serve until interrupted; returns the exit code. HOST and PORT are used where no option says otherwise."""
    from ..server import standalone

    folder = options.folder or Path.cwd()
    if not folder.is_dir():
        raise BadInput("cli.no_such_folder", folder=str(folder))
    standalone.serve(
        ip=options.ip or os.environ.get("HOST") or DEFAULT_IP,
        port=_port(options.port or os.environ.get("PORT") or DEFAULT_PORT),
        folder=folder.resolve(),
    )
    return 0


def _port(word: str) -> int:
    if not word.isascii() or not word.isdecimal() or not 0 <= int(word) <= 65_535:
        raise BadInput("cli.not_a_port", value=word)
    return int(word)
