"""Fetches files out of a sandbox's folders: by plain name, never through a link, never more than is allowed.

A kernel may still run while we look, and swap what it showed for something else. So folders are held open, what is in
them is opened from there and judged once it is open, and large files are copied in pieces to where the kernel does not
write, with their bound looked at on the way.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from ..confinement import Limits
from ..messages import ResultFile

MAX_DEPTH: Final = 4
MAX_NAME: Final = 200
MAX_ENTRIES: Final = 10_000
PICTURES: Final = 64 * 2**20
PIECE: Final = 256 * 1024
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = _NO_FOLLOW | getattr(os, "O_DIRECTORY", 0)
_READ = _NO_FOLLOW | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _READ
_HELD: Final = os.open in os.supports_dir_fd and os.scandir in os.supports_fd  # not on Windows


class Taken:
    """The folder of copies, where the kernel does not write; each call of `clear` begins it anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = 0

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def copy(self, descriptor: int, most: int) -> tuple[Path, int] | None:
        """Copy an open file in pieces; None, and nothing of it stays, when it has more than `most` bytes.

        Raises OSError when there is no room on the disk.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._number += 1
        place = self.folder / str(self._number)
        size = 0
        whole = False
        target = os.open(place, _NEW, 0o600)
        try:
            with os.fdopen(target, "wb", buffering=0) as file:
                while piece := os.read(descriptor, min(PIECE, most + 1 - size)):
                    size += len(piece)
                    if size > most:
                        return None
                    file.write(piece)
            whole = True
        finally:
            if not whole:
                place.unlink(missing_ok=True)
        return place, size


class OutFolder:
    """The folder into which a kernel writes pictures and tables for us; `taken` is where tables are copied to.

    `pictures` is how many bytes of what is read stay in our memory, all together.
    """

    def __init__(self, folder: Path, taken: Taken, pictures: int = PICTURES) -> None:
        self._folder = folder
        self._taken = taken
        self._left = pictures

    def read(self, name: str, suffix: str, limit: int) -> bytes:
        """Return a file's content, or nothing when it is not a plain file of at most `limit` bytes."""
        limit = min(limit, self._left)
        with _Folder.at(self._folder) as folder:
            descriptor = folder.open_file(name, limit) if _is_ours(name, suffix) else None
            if descriptor is None:
                return b""
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            return b""
        self._left -= len(data)
        return data

    def take(self, name: str, suffix: str, limit: int) -> Path | None:
        """Return a copy of a file, or nothing when it is not a plain file of at most `limit` bytes."""
        with _Folder.at(self._folder) as folder:
            descriptor = folder.open_file(name, limit) if _is_ours(name, suffix) else None
            if descriptor is None:
                return None
        try:
            copied = self._taken.copy(descriptor, limit)
        except OSError:  # a full disk
            return None
        finally:
            os.close(descriptor)
        return copied[0] if copied is not None else None

    def clear(self) -> None:
        """Remove all that is there; what is not a plain file was not put there by us."""
        with _Folder.at(self._folder) as folder:
            for entry in folder.entries():
                path = self._folder / entry.name
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


class WorkFolder:
    """The folder in which generated code works: what it writes there are files of the answer."""

    def __init__(self, folder: Path, taken: Taken, limits: Limits) -> None:
        self._folder = folder
        self._taken = taken
        self._limits = limits
        self._known: dict[str, tuple[int, int]] = {}

    def note(self) -> None:
        """Remember what is there before an execution."""
        self._known = {name: _stamp(state) for name, state, _, _ in self._files()}

    def written(self) -> tuple[ResultFile, ...]:
        """Return the files that are new or changed since `note`, copied to where the kernel does not write."""
        room = self._limits.work_size
        results: list[ResultFile] = []
        for name, state, folder, own_name in self._files():
            if self._known.get(name) == _stamp(state):
                continue
            descriptor = folder.open_file(own_name, room)
            if descriptor is None:
                continue
            try:
                copied = self._taken.copy(descriptor, room)
            except OSError:  # a full disk; what was taken so far can still be had
                break
            finally:
                os.close(descriptor)
            if copied is not None:
                place, size = copied
                room -= size
                results.append(ResultFile(name, size, str(place)))
        return tuple(results)

    def _files(self) -> Iterator[tuple[str, os.stat_result, _Folder, str]]:
        """Yield name, state, folder and name in it of each file, while that folder is open."""
        left = self._limits.work_files
        with _Folder.at(self._folder) as folder:
            for found in _walk(folder, "", MAX_DEPTH):
                if left == 0:
                    return
                left -= 1
                yield found


class _Folder:
    """A folder that is held open, so that a link in the place of one above it leads nowhere; on Windows, its path."""

    def __init__(self, held: int | str | None) -> None:
        self._held = held

    @classmethod
    def at(cls, path: Path) -> Self:
        return cls(_open(str(path), _FOLDER) if _HELD else str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._held, int):
            os.close(self._held)
        self._held = None

    def entries(self) -> list[os.DirEntry[str]]:
        """Return what is in it, by name; nothing when it could not be opened."""
        if self._held is None:
            return []
        try:
            with os.scandir(self._held) as listing:
                found = [entry for entry, _ in zip(listing, range(MAX_ENTRIES), strict=False)]
        except OSError:
            return []
        return sorted(found, key=lambda one: one.name)

    def open_folder(self, name: str) -> _Folder:
        if isinstance(self._held, int):
            return _Folder(_open(name, _FOLDER, self._held))
        return _Folder(None if self._held is None else os.path.join(self._held, name))  # noqa: PTH118

    def open_file(self, name: str, most: int) -> int | None:
        """Return a descriptor of a plain file that has one name and at most `most` bytes."""
        if isinstance(self._held, int):
            descriptor = _open(name, _READ, self._held)
        else:
            descriptor = None if self._held is None else _open(os.path.join(self._held, name), _READ)  # noqa: PTH118
        if descriptor is None:
            return None
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode) and state.st_nlink == 1 and state.st_size <= most:
            return descriptor
        os.close(descriptor)
        return None


def _walk(folder: _Folder, above: str, depth: int) -> Iterator[tuple[str, os.stat_result, _Folder, str]]:
    for entry in folder.entries():
        name = above + entry.name
        if entry.name.startswith(".") or len(name) > MAX_NAME or not name.isprintable():
            continue
        try:
            if entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__" and depth > 1:
                with folder.open_folder(entry.name) as below:
                    yield from _walk(below, name + "/", depth - 1)
            elif entry.is_file(follow_symlinks=False):
                state = entry.stat(follow_symlinks=False)
                if state.st_nlink == 1:
                    yield name, state, folder, entry.name
        except OSError:  # gone since it was seen
            continue


def _open(path: str, flags: int, folder: int | None = None) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | flags, dir_fd=folder)
    except (OSError, ValueError):
        return None


def _is_ours(name: str, suffix: str) -> bool:
    """Tell whether a name is one that our code in the kernel gives."""
    stem = name.removesuffix(suffix)
    return stem != name and stem.replace("-", "").isalnum() and stem.isascii() and len(name) <= MAX_NAME


def _stamp(state: os.stat_result) -> tuple[int, int]:
    return state.st_mtime_ns, state.st_size
