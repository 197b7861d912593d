"""Ends this process, its children and its folder when the process that asked is gone, however it went."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

MOST_DESCRIPTORS = 1_024


def watch(descriptor: int, folder: str) -> None:
    """Watch the pipe that our parent holds open, from a process of its own that waits for its end.

    A thread would not do where there are processes to fork: code inside a long call of a C library holds the
    interpreter's lock, so that no thread of this process would hear of the end. Call it before any thread is started.
    """
    if not hasattr(os, "fork"):
        threading.Thread(target=_wait, args=(descriptor, folder), name="lifeline", daemon=True).start()
        return
    leads = os.getpgrp() == os.getpid()
    if os.fork() == 0:
        _keep_only(descriptor)
        _wait(0, folder, os.getpgrp() if leads else 0)
    os.close(descriptor)


def _keep_only(descriptor: int) -> None:
    """Let go of all that a fork inherits but the pipe, and do not listen to an interrupt that is meant for the code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(descriptor, 0)
    os.closerange(1, MOST_DESCRIPTORS)


def _wait(descriptor: int, folder: str, group: int = 0) -> None:
    try:
        while os.read(descriptor, 1024):
            continue
    except OSError:
        pass
    if folder:
        from ...confinement import remove_folder
        from ..processes import kill_strays

        kill_strays(Path(folder))
        remove_folder(Path(folder))
    if group:
        os.killpg(group, signal.SIGKILL)
    os._exit(1)
