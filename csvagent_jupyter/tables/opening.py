"""Opens the file that a person named, for the process that reads it, and says why when it cannot be opened."""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..exceptions import Unreadable
from .names import shown

SETTLED_NS: Final = 60 * 10**9
"""What is written into a mapped file moves its time only when the system writes it back, half a minute later at most.

The clocks of a server and of this machine may differ as much again.
"""


@dataclass(frozen=True, slots=True)
class State:
    """What tells one state of a file from another, without looking into it."""

    device: int
    inode: int
    size: int
    written: int
    changed: int

    @classmethod
    def of(cls, found: os.stat_result) -> State:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    @property
    def is_settled(self) -> bool:
        """Whether the file's next change surely makes another state."""
        return time.time_ns() - max(self.written, self.changed) > SETTLED_NS


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, State]]:
    """Give a descriptor of the file at `path`, and its state; raises Unreadable when there is none to be read."""
    descriptor = _open(path)
    try:
        yield descriptor, State.of(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        # A pipe that nobody writes into would keep us waiting.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        if path.is_dir():
            raise _is_folder(path)
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise _not_found(path) from None
    except NotADirectoryError:
        raise _not_found(path) from None
    except PermissionError:
        raise Unreadable("tables.not_permitted", name=shown(path.name)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreadable("tables.cannot_open", name=shown(path.name), reason=reason) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("tables.not_a_file", name=shown(path.name))
    if hasattr(os, "set_blocking"):
        with contextlib.suppress(OSError):
            os.set_blocking(descriptor, True)
    return descriptor


def _is_folder(path: Path) -> Unreadable:
    files = [entry for entry in path.iterdir() if entry.name.lower().endswith(".csv")]
    if files:
        return Unreadable(
            "tables.folder_with_tables", name=shown(path.name or str(path)), files=len(files), path=shown(str(path))
        )
    return Unreadable("tables.folder", name=shown(path.name or str(path)))


def _not_found(path: Path) -> Unreadable:
    parent = path.parent
    try:
        if not parent.is_dir():
            return Unreadable("tables.no_such_folder", name=shown(path.name), folder=shown(str(parent)))
        return not_found(path.name, [entry.name for entry in parent.iterdir() if entry.is_file()])
    except OSError:
        return not_found(path.name, [])


def not_found(name: str, candidates: list[str], key: str = "tables.no_such_file") -> Unreadable:
    """Return the error for a name that is not there, with the names near it."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)
    if not near:
        return Unreadable(key, name=shown(name))
    names = tuple(shown(folded[word]) for word in near)
    return Unreadable(f"{key}_near", name=shown(name), near=", ".join(names), suggestions=names)
