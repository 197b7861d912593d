"""Who runs a task: a name for this process, from which others on the same host can tell that it is gone."""

from __future__ import annotations

import os
import socket
import uuid
from hashlib import sha256
from pathlib import Path

_PROC = Path("/proc")


def runner_name() -> str:
    """Return a new name for this process: host, process table, process id, its start, and something unique."""
    pid = os.getpid()
    return "/".join((socket.gethostname(), _process_table(), str(pid), _started(pid) or "", uuid.uuid4().hex[:8]))


def is_gone(runner: str) -> bool:
    """Tell whether the process of that name has surely ended; False when it cannot be known from here."""
    parts = runner.split("/")
    if len(parts) != 5 or not parts[2].isdecimal():
        return False
    host, table, pid, started, _ = parts
    if not table or not started or (host, table) != (socket.gethostname(), _process_table()):
        return False
    return _started(int(pid)) != started


def _process_table() -> str:
    """Name what process ids mean here: the boot, the container and the user whose processes are seen; "" if unknown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        namespace = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    return sha256(f"{boot} {namespace} {os.getuid()}".encode()).hexdigest()[:12]


def _started(pid: int) -> str | None:
    """Return when a living process was started, in the clock ticks of ``/proc/PID/stat``; None when there is none."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
