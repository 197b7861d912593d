"""Adds up what a sandbox keeps on the disk: files in its folders, and files that are gone from there but still open.

What is counted is what they really take (`st_blocks`), and counting ends as soon as it is too much: a look costs no
more than the limits allow. Nothing is followed, and what cannot be looked into counts as too much, because code could
hide files there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..confinement import Limits
from ..confinement.syscalls import call
from .layout import WRITABLE

BLOCK = 512
TABLES_OF_THREADS = 16
_KCMP_FILES = 2  # include/uapi/linux/kcmp.h


def too_much(folder: Path, process: int, limits: Limits) -> str:
    """Return the limit that is exceeded by what the sandbox in `folder` keeps, or nothing; 0 is no process."""
    room = _Room(limits)
    try:
        for name in WRITABLE:
            room.take_folder(str(folder / name))
        if process:
            for table in islice(_tables(process), TABLES_OF_THREADS):
                room.take_descriptors(table)
            room.take_mapped(f"/proc/{process}", os.fsencode(folder))
    except _Full as full:
        return full.limit
    return ""


class _Full(Exception):
    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class _Room:
    """What is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self._files = limits.work_files
        self._size = limits.work_size
        self._largest = limits.file_size
        self._counted: set[tuple[int, int]] = set()

    def take_folder(self, path: str) -> None:
        """Count all that is beneath a folder."""
        folders = [path]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        self._take_entry(entry, folders)
            except (FileNotFoundError, NotADirectoryError):  # gone since it was seen
                continue
            except OSError:
                raise _Full("work_files") from None

    def _take_entry(self, entry: os.DirEntry[str], folders: list[str]) -> None:
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        self._take(1, state.st_blocks * BLOCK)
        if stat.S_ISDIR(state.st_mode):
            folders.append(entry.path)

    def take_descriptors(self, process: str) -> None:
        """Count files that were removed and are open, and descriptors that lie in a socket: each may be such a file."""
        try:
            descriptors = list(Path(f"{process}/fd").iterdir())
        except OSError:  # not Linux, or it has ended
            return
        for descriptor in descriptors:
            try:
                state = descriptor.stat()
                if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
                    self._take_removed(state)
                elif stat.S_ISSOCK(state.st_mode) and self._is_new(state):
                    self._take(0, self._largest * _passed(Path(f"{process}/fdinfo/{descriptor.name}").read_bytes()))
            except OSError:
                continue

    def take_mapped(self, process: str, folder: bytes) -> None:
        """Count files that were removed and closed, and still are mapped into memory."""
        try:
            content = Path(f"{process}/maps").read_bytes()
        except OSError:
            return
        if b" (deleted)\n" not in content:
            return
        for line in content.splitlines():
            parts = line.split(None, 5)
            if len(parts) != 6 or not (parts[5].startswith(folder) and parts[5].endswith(b" (deleted)")):
                continue
            try:
                self._take_removed(Path(f"{process}/map_files/{parts[0].decode()}").stat())
            except OSError:  # only a system's own may look there: it may be as large as any
                self._take(0, self._largest)

    def _take_removed(self, state: os.stat_result) -> None:
        if self._is_new(state):
            self._take(1, state.st_blocks * BLOCK)

    def _is_new(self, state: os.stat_result) -> bool:
        before = len(self._counted)
        self._counted.add((state.st_dev, state.st_ino))
        return len(self._counted) > before

    def _take(self, files: int, size: int) -> None:
        self._files -= files
        self._size -= size
        if self._files < 0:
            raise _Full("work_files")
        if self._size < 0:
            raise _Full("work_size")


def _tables(process: int) -> Iterator[str]:
    """Return where the descriptors of a process are listed, and of its threads those that have their own.

    The system calls by which a thread gets its own are refused to confined code; this is a second line.
    """
    yield f"/proc/{process}"
    try:
        threads = sorted(int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir())
    except OSError:  # not Linux, or it has ended
        return
    for thread in threads:
        if not _share_descriptors(process, thread):
            yield f"/proc/{process}/task/{thread}"


def _share_descriptors(process: int, thread: int) -> bool:
    """Tell whether a thread has its process's descriptors; where the system does not say, it may have its own."""
    try:
        return thread == process or call("kcmp", process, thread, _KCMP_FILES, 0, 0) == 0
    except OSError:
        return False


def _passed(told: bytes) -> int:
    """Return how many descriptors wait in a socket to be received, as Linux tells of it."""
    for line in told.splitlines():
        name, _, value = line.partition(b":")
        if name == b"scm_fds":
            return int(value)
    return 0
