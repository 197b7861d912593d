"""``csvagent doctor``: what is installed, chosen and open here, and whether a kernel really starts."""

from __future__ import annotations

import locale
import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..blocking import BlockingManager
from ..manager import CSVAgentManager
from ..translations import Language, say
from .columns import aligned
from .output import Output

PACKAGES = (
    "ipykernel",
    "ipython",
    "ipywidgets",
    "jupyter_client",
    "jupyterlab",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
)


def doctor(language: Language, output: Output) -> int:
    """Examine this environment and write what was found; 0 when questions can be answered, else 1."""
    found = here()
    door = BlockingManager(CSVAgentManager())
    try:
        found |= door.run(door.manager.doctor())
    finally:
        door.close()
    if output.as_json:
        output.json(found)
    else:
        output.text(report(found, language))
    return 0 if found["kernel"]["starts"] else 1


def here() -> dict[str, Any]:
    """Return what can be told without a manager: versions, platform, locale, packages."""
    packages: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    return {
        "version": version("csvagent-jupyter"),
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "locale": locale.setlocale(locale.LC_CTYPE, None),
        "encoding": sys.getfilesystemencoding(),
        "packages": packages,
    }


def report(found: Mapping[str, Any], language: Language) -> str:
    raise NotImplementedError
