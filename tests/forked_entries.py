"""What the processes of the fork server's tests do; imported by the server, so nothing heavy is here."""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

REPORT = 3


def prepare() -> None:
    """Import what one of the tests looks at."""
    importlib.import_module("numpy")


def prepare_with_thread() -> None:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def fail_to_prepare() -> None:
    raise ImportError("no such library here")


def tell(argument: Any) -> None:
    """Report what this process is."""
    numpy: Any = sys.modules["numpy"]
    found = {
        "argument": argument,
        "pid": os.getpid(),
        "parent": os.getppid(),
        "group": os.getpgrp(),
        "session": os.getsid(0),
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "descriptors": [number for number in range(1024) if _is_open(number)],
        "random": random.random(),
        "numpy": numpy.random.random(),
        "threads": threading.active_count(),
        "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "child": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
    }
    report(found)


def look_back(argument: Any) -> None:
    """Report whom code in this process finds: frames that called it, and what is left of the server."""
    frame, names = sys._getframe(), []
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]
    gc.unfreeze()
    servers = [one for one in gc.get_objects() if type(one).__name__ == "ForkServer"]
    paths = [str(path) for one in gc.get_objects() if isinstance(one, set) for path in one if isinstance(path, Path)]
    report({"frames": names, "servers": len(servers), "paths": paths})


def wait(argument: Any) -> None:
    """Say that it runs, and wait for a signal."""
    report({"pid": os.getpid()})
    signal.pause()


def outlive(argument: Any) -> None:
    """Start a process that leaves the group and the session, and wait."""
    stray = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    report({"pid": os.getpid(), "stray": stray.pid})
    signal.pause()


def leave(argument: Any) -> None:
    """Start a process that leaves the group and the session, and end."""
    stray = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    report({"stray": stray.pid})
    os._exit(0)


def end(argument: Any) -> None:
    raise SystemExit(argument)


def fail(argument: Any) -> None:
    raise ValueError("what went wrong")


def report(found: dict[str, Any]) -> None:
    with os.fdopen(REPORT, "wb") as out:
        out.write(json.dumps(found).encode() + b"\n")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
