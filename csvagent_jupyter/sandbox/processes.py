"""Waits for a process to end without asking again and again, and finds what it left running."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

MARK = "CSVAGENT_SANDBOX"
MAX_SWEEPS = 5
_POLL = 0.02


async def ended(pid: int) -> None:
    """Return when the child process `pid` has ended; it is not reaped."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        while _running(pid):  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(_POLL)
        return
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def kill_group(group: int) -> None:
    """Kill a process group; one that is gone, or was never ours, is no error."""
    if not hasattr(os, "killpg") or group <= 1 or group == os.getpgrp():
        return
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_strays(folder: Path) -> None:
    """Kill the processes that were started inside the sandbox of `folder` and left its process group.

    They carry the sandbox's mark in their environment. Only Linux shows another process's environment this way. Looks
    again while it finds some, because a process may start another before it is killed.
    """
    mark = f"{MARK}=".encode() + os.fsencode(folder) + b"\0"
    for _ in range(MAX_SWEEPS):
        killed = [entry for entry in Path("/proc").glob("[0-9]*") if _kill_if_marked(entry, mark)]
        if not killed:
            return


def _kill_if_marked(entry: Path, mark: bytes) -> bool:
    try:
        if mark not in (entry / "environ").read_bytes() or int(entry.name) == os.getpid():
            return False
        os.kill(int(entry.name), signal.SIGKILL)
    except (OSError, ValueError):
        return False
    return True


def _running(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except (AttributeError, OSError):
        return False
