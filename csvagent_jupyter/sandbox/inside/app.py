"""The kernel application: an ordinary ipykernel without history, debugger and extensions, that answers our requests."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

from ...confinement import Limits, apply_limits
from .libraries import installed

GAPS = ("gap_files", "gap_write", "gap_network", "gap_processes")


def start(arguments: list[str], report_to: int) -> None:
    """Become the kernel; `report_to` is told once that it is ready, before any foreign code runs."""
    limits = Limits.from_dict(json.loads(os.environ.get("CSVAGENT_LIMITS", "{}")))
    folder = Path(os.environ["CSVAGENT_SANDBOX"])
    _leave_the_debugger_out()
    from .answers import make_app

    app = make_app(limits, folder)
    app.initialize(arguments)  # type: ignore[no-untyped-call]
    apply_limits(limits)
    _report(report_to)
    app.start()  # type: ignore[no-untyped-call]


def _leave_the_debugger_out() -> None:
    """Put a stub in place of ipykernel's debugger: importing it takes longer than all the rest of the start."""
    stub: Any = types.ModuleType("ipykernel.debugger")
    stub._is_debugpy_available = False
    stub.Debugger = None
    sys.modules["ipykernel.debugger"] = stub


def _report(descriptor: int) -> None:
    """Tell our parent what this kernel is, and let nothing more out by the standard streams."""
    report = {"isolation": "process", "gaps": GAPS, "libraries": installed()}
    with os.fdopen(descriptor, "wb") as out:
        out.write(json.dumps(report).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 2)
    os.close(nothing)
