"""Becomes the kernel: confines this process, makes the sockets, reports, and answers requests from then on."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from ...confinement import Limits, apply_limits
from .libraries import installed

GAPS = ("gap_files", "gap_write", "gap_network", "gap_processes")


def start(arguments: list[str], report_to: int) -> None:
    """Become the kernel; `report_to` is told once that it is ready, before any foreign code runs."""
    limits = Limits.from_dict(json.loads(os.environ.get("CSVAGENT_LIMITS", "{}")))
    folder = Path(os.environ["CSVAGENT_SANDBOX"])
    libraries = installed()
    app = _make_app(limits, folder, arguments)
    app.initialize([])
    apply_limits(limits)
    app.wait_for_sockets()
    _report(report_to, {"isolation": "process", "gaps": GAPS, "libraries": libraries})
    app.start()


def _make_app(limits: Limits, folder: Path, arguments: list[str]) -> Any:
    from .application import make_app

    parser = ArgumentParser()
    parser.add_argument("-f", required=True)
    app = make_app(limits, folder)
    app.read_connection_file(parser.parse_known_args(arguments)[0].f)
    return app


def _report(descriptor: int, report: dict[str, Any]) -> None:
    """Tell our parent what this kernel is, and let nothing more out by the standard streams."""
    with os.fdopen(descriptor, "wb") as out:
        out.write(json.dumps(report).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 2)
    os.close(nothing)
