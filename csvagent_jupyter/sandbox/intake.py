"""Fetches files out of a sandbox's folders: by plain name, never through a link, never more than is allowed."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from ..confinement import Limits
from ..messages import ResultFile

MAX_DEPTH = 4
MAX_NAME = 200
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class OutFolder:
    """The folder into which a kernel writes pictures and tables for us."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str, suffix: str, limit: int) -> bytes:
        """Return a file's content, or nothing when it is not a plain file of at most `limit` bytes."""
        stem = name.removesuffix(suffix)
        if stem == name or not stem.replace("-", "").isalnum() or not stem.isascii() or len(name) > MAX_NAME:
            return b""
        return _read(self._folder / name, limit)

    def clear(self) -> None:
        """Remove all that is there; what is not a plain file was not put there by us."""
        for entry in _entries(self._folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


class WorkFolder:
    """The folder in which generated code works: what it writes there are files of the answer."""

    def __init__(self, folder: Path, taken: Path, limits: Limits) -> None:
        self._folder = folder
        self._taken = taken
        self._limits = limits
        self._known: dict[str, tuple[int, int]] = {}

    def note(self) -> None:
        """Remember what is there before an execution."""
        self._known = {name: _stamp(found) for name, found in self._files()}

    def written(self) -> tuple[ResultFile, ...]:
        """Return the files that are new or changed since `note`, copied to where the kernel does not write."""
        shutil.rmtree(self._taken, ignore_errors=True)
        room = self._limits.work_size
        results: list[ResultFile] = []
        for name, found in self._files():
            if self._known.get(name) == _stamp(found) or found.st_size > room:
                continue
            data = _read(self._folder / name, min(room, found.st_size))
            if len(data) != found.st_size:
                continue
            copy = self._taken / f"{len(results) + 1}-{Path(name).name}"
            try:
                self._taken.mkdir(mode=0o700, exist_ok=True)
                copy.write_bytes(data)
            except OSError:  # a full disk; what was taken so far can still be had
                break
            room -= len(data)
            results.append(ResultFile(name, len(data), str(copy)))
        return tuple(results)

    def _files(self) -> list[tuple[str, os.stat_result]]:
        found: list[tuple[str, os.stat_result]] = []
        _walk(self._folder, "", MAX_DEPTH, self._limits.work_files, found)
        return found


def _walk(folder: Path, above: str, depth: int, limit: int, found: list[tuple[str, os.stat_result]]) -> None:
    for entry in sorted(_entries(folder), key=lambda one: one.name):
        if len(found) >= limit:
            return
        name = above + entry.name
        if entry.name.startswith(".") or len(name) > MAX_NAME or not name.isprintable():
            continue
        if entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__" and depth > 1:
            _walk(Path(entry.path), name + "/", depth - 1, limit, found)
        elif entry.is_file(follow_symlinks=False):
            state = entry.stat(follow_symlinks=False)
            if state.st_nlink == 1:
                found.append((name, state))


def _entries(folder: Path, limit: int = 10_000) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return [entry for entry, _ in zip(listing, range(limit), strict=False)]
    except OSError:
        return []


def _stamp(state: os.stat_result) -> tuple[int, int]:
    return state.st_mtime_ns, state.st_size


def _read(path: Path, limit: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW)
    except OSError:
        return b""
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1 or state.st_size > limit:
        os.close(descriptor)
        return b""
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(limit + 1)
    return data if len(data) <= limit else b""
