"""Becomes the kernel: confines this process, makes the sockets, reports, and answers requests from then on."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from ...confinement import Limits, apply_limits, bound_open_files
from ...confinement.confine import confine
from ...confinement.policy import Policy, readable_paths
from ...confinement.probe import Measured, measure
from ..layout import WRITABLE
from .libraries import installed

# Whoever asks may have one to each of the five channels.
CONNECTIONS = 5

readable = cache(readable_paths)


def start(arguments: list[str], report_to: int, *, parent: int | None = None, measured: Measured | None = None) -> None:
    """Become the kernel; `report_to` is told once that it is ready, before any foreign code runs.

    With `parent`, the id of a process with one thread, the kernel ends when that does. `measured` is what was found of
    such a kernel before; without it, it is measured now.
    """
    limits, folder = told_limits(), told_folder()
    libraries = installed()
    app = _make_app(limits, folder, arguments)
    confinement, found = None, Measured.from_refused({})
    if os.environ.get("CSVAGENT_CONFINED") == "1" and app.transport == "ipc":
        found = measured or measure_here(limits, folder)
        confinement = confine(sandbox_policy(limits, folder), parent=parent)
    else:
        apply_limits(limits)
    app.initialize([])
    app.wait_for_sockets()
    bound_open_files(limits, CONNECTIONS)
    if confinement is not None:
        confinement.seal()
    _work_in(folder / "work", app.kernel.shell)
    level = found.level if confinement is not None and confinement.complete else "process"
    _report(report_to, {"isolation": level, "gaps": found.gaps, "libraries": libraries})
    app.start()


def told_limits() -> Limits:
    """Return the limits that this process was given."""
    return Limits.from_dict(json.loads(os.environ.get("CSVAGENT_LIMITS", "{}")))


def told_folder() -> Path:
    """Return the sandbox's folder, as this process was told."""
    return Path(os.environ["CSVAGENT_SANDBOX"])


def sandbox_policy(limits: Limits, folder: Path) -> Policy:
    """Return what the kernel in `folder` may do: read the libraries and its data, write beside them."""
    writable = tuple(str(folder / name) for name in WRITABLE)
    return Policy((*readable(), str(folder / "data")), writable, (str(folder / "ipc"),), limits)


def measure_here(limits: Limits, folder: Path, outside: Path | None = None) -> Measured:
    """Measure in a throw-away fork what the policy, and an outer layer, really keep a kernel in `folder` from."""
    tempfile.tempdir = str(folder)  # of which the policy allows only some folders: here the canaries are out of bounds
    try:
        return measure(sandbox_policy(limits, folder), outside)
    finally:
        tempfile.tempdir = None


def _make_app(limits: Limits, folder: Path, arguments: list[str]) -> Any:
    from .application import make_app

    app = make_app(limits, folder)
    app.read_connection_file(arguments[arguments.index("-f") + 1])  # a parser would cost more than the fork does
    return app


def _work_in(folder: Path, shell: Any) -> None:
    """Go to where code writes, once it is confined: earlier code may have left there what passes for a library."""
    os.chdir(folder)
    shell.starting_dir = str(Path.cwd())
    shell.user_ns["_dh"][:] = [Path.cwd()]


def _report(descriptor: int, report: dict[str, Any]) -> None:
    """Tell our parent what this kernel is, and let nothing more out by the standard streams."""
    with os.fdopen(descriptor, "wb") as out:
        out.write(json.dumps(report).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 2)
    os.close(nothing)
