"""What a run lays outside its own folder bears the mark of the run: the next one takes away what a killed one left.

The mark names the process that made it and when that began; what belongs to a process that runs is not touched, nor
is anything without such a mark.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import secrets
import shutil
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAME = "csvagent-canary"
LIBC = ctypes.CDLL(None, use_errno=True)
_MARK = re.compile(rf"{NAME}-(?P<pid>\d+)-(?P<began>\d+)-(?P<number>[0-9a-f]{{6}})")
_ENDS_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
_KEYS = 0x43000000


def new_mark() -> str:
    """Return a mark of this process."""
    return f"{NAME}-{os.getpid()}-{_began(os.getpid())}-{secrets.token_hex(3)}"


def key_of(mark: str) -> int:
    """Return the number under which a mark's segment and queue of the old kind are found."""
    return _KEYS + int(mark[-6:], 16)


def places() -> list[Path]:
    """Return the folders outside a run's own in which it, or an attempt that works, may leave something."""
    libraries = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib", "platstdlib")}
    return [Path("/dev/shm"), Path(sys.prefix) / "etc" / "jupyter", *sorted(libraries)]


def left_at(mark: str) -> list[Path]:
    """Return what bears the mark in those places."""
    return [path for place in places() for path in place.glob(f"{mark}*")]


def remove_all(mark: str) -> None:
    """Take away what bears the mark outside of the run's own folder."""
    for path in left_at(mark):
        with contextlib.suppress(OSError):  # another user's
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    LIBC.shmctl(LIBC.shmget(key_of(mark), 0, 0), 0, None)
    LIBC.msgctl(LIBC.msgget(key_of(mark), 0), 0, None)


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder that goes at the end, by the next run at the latest; take away first what killed runs left."""
    sweep()
    folder = Path(tempfile.mkdtemp(prefix="e"))
    try:
        (folder / new_mark()).touch()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Take away what runs left that do not run any more."""
    for mark in {found[0] for place in places() for path in place.glob(f"{NAME}-*") if (found := _dead(path.name))}:
        remove_all(mark)
    for path in Path(tempfile.gettempdir()).glob(f"e*/{NAME}-*"):
        if _dead(path.name):
            shutil.rmtree(path.parent, ignore_errors=True)


def end_in_good_order() -> None:
    """Have a request to end, or the end of who started this, taken as an interrupt: everything is then put away."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    LIBC.prctl(_ENDS_WITH_PARENT, signal.SIGTERM, 0, 0, 0)


def _dead(name: str) -> re.Match[str] | None:
    """Return the mark in a name when the process that made it is gone."""
    found = _MARK.match(name)
    return found if found and _began(int(found["pid"])) != found["began"] else None


def _began(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
