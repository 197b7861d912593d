"""Hearing at once that another process of this host has written a file, by Linux's inotify (man 7 inotify)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

IN_ATTRIB: Final = 0x4
_TAKEN: Final = 64 * 1024


class FileBell:
    """Who has committed to `path` touches it, and whoever hears the bell is told of that.

    The touch comes after the commit, so what was written can be read by then; writes to the log beside the file come
    before it. Where there is no inotify, or none left for this user, nobody is told: who listens has to look as well.
    A process that is forked from here reads nothing of what is told.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def ring(self) -> None:
        """Touch the file. By its name: to close a file would give up the locks that SQLite has on it here."""
        with suppress(OSError):
            os.utime(self._path)

    @contextmanager
    def heard(self, tell: Callable[[], object]) -> Iterator[None]:
        """Call `tell` in the running loop after each ring, of several at least once, as long as the block runs."""
        descriptor = _watch(self._path)
        if descriptor is None:
            yield
            return

        def take() -> None:
            with suppress(BlockingIOError):
                os.read(descriptor, _TAKEN)
            tell()

        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, take)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def _watch(path: Path) -> int | None:
    """Return a descriptor on which the touches of a file are told, None where there can be none."""
    if sys.platform != "linux":
        return None
    import ctypes

    libc = ctypes.CDLL(None)
    descriptor: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        return None
    if libc.inotify_add_watch(descriptor, os.fsencode(path), IN_ATTRIB) < 0:
        os.close(descriptor)
        return None
    return descriptor
