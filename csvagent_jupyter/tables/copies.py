"""Columnar copies of large files, kept so that a file is read once, whoever asks about it and how often.

A copy is known by the content of its file, what was stated of it, and the version of the reader. The content is summed
up here, not by the process that reads: one that a hostile file has taken over could pass its cells off as another's.
What a file's state (its inode, size and times) was summed up to is remembered, so that it is not read through again.

In the folder are `<key>.arrow`, the cells; `<key>.json`, what was found, and the state of the former; and
`seen-<state>`, the sums. Each is moved there when it is complete, and never changed; several processes may use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any, Final

import msgspec

from ..confinement import own_folder, remove_folder
from ..confinement.folders import sweep
from .cells import AT_HAND, Cells
from .opening import State
from .order import LONGEST_REPLY, Bounds, Order, Reply, encoded, reply_in
from .process import Progress, Readers

WORTH_LOOKING: Final = 2**20
"""Bytes from which on a file may be worth a copy: reading a smaller one takes no longer than looking for it."""
_LIBRARIES: Final = ("pyarrow", "pandas", "numpy", "tzdata")
LEAST_BOUND: Final = 2**30
MOST_TIMES: Final = 64
"""So many times the bytes of its file a copy may take: a packed file is well below, what fills a disk is not."""
STALE_SECONDS: Final = 3_600.0
_PIECE: Final = 2**22
_cleared: set[Path] = set()


class Copies:
    """Gives the tables of files, and keeps the large ones in a folder, within `bounds`."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._folder = bounds.folder

    async def table(
        self, readers: Readers, order: Order, source: int, state: State, progress: Progress | None = None
    ) -> tuple[Reply, Cells]:
        """Return what is in the file `source`, which is in this `state`: from its copy, or read now.

        Raises Unreadable.
        """
        if order.glance or (not self.bounds.whole and state.size > self.bounds.copies_size):
            order = msgspec.structs.replace(order, whole=False)
        most = max(self.bounds.copies_size, LEAST_BOUND, MOST_TIMES * state.size)
        order = msgspec.structs.replace(order, largest=min(order.largest, most))
        folder = place = None
        if order.whole and state.size >= WORTH_LOOKING and self.bounds.copies_size and hasattr(os, "pread"):
            with contextlib.suppress(OSError):
                folder = await asyncio.to_thread(self._place)
                if folder not in _cleared:  # nobody else may, where no server runs
                    _cleared.add(folder)
                    await asyncio.to_thread(self.clear_up)
                place = own_folder("reading-", folder)
        if folder is not None and place is not None:
            return await self._kept_or_read(folder, place, readers, order, source, state, progress)
        with tempfile.TemporaryFile() as sink:
            reply = await readers.read(order, source, sink.fileno(), self.bounds, progress)
            return reply, Cells.of_file(sink.fileno(), reply.size)

    async def _kept_or_read(
        self,
        folder: Path,
        place: Path,
        readers: Readers,
        order: Order,
        source: int,
        state: State,
        progress: Progress | None,
    ) -> tuple[Reply, Cells]:
        """Look for a copy, by the state at once, by the content while the file is being read already, in `place`."""
        stop: list[bool] = []
        tasks: list[asyncio.Task[Any]] = []
        try:
            seen = folder / f"seen-{_sum(repr(state))}"
            known = await asyncio.to_thread(_text_in, seen)
            if known and (found := await asyncio.to_thread(_kept, folder, _key(known, order))):
                return found
            summing = asyncio.create_task(asyncio.to_thread(_digest, source, state.size, stop))
            made = asyncio.create_task(self._read(place, readers, order, source, progress))
            tasks += [summing, made]
            await asyncio.wait({summing, made}, return_when=asyncio.FIRST_COMPLETED)
            if made.done():
                made.result()  # who cannot read it need not know what it sums up to
            digest = await summing
            key = _key(digest, order)
            settled = State.of(os.fstat(source)) == state
            if settled and (found := await asyncio.to_thread(_kept, folder, key)):
                return found
            reply, cells = await made
            if settled and State.of(os.fstat(source)) == state:
                if state.is_settled:
                    _put(place, seen, digest.encode())
                if AT_HAND < reply.size <= self.bounds.copies_size:
                    cells.path = await asyncio.to_thread(_keep, place, folder, key, reply)
                    await asyncio.to_thread(self.clear_up)
            return reply, cells
        finally:
            stop.append(True)
            for task in tasks[1:]:  # a thread ends by itself, and soon
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(remove_folder, place)

    async def _read(
        self, place: Path, readers: Readers, order: Order, source: int, progress: Progress | None
    ) -> tuple[Reply, Cells]:
        with (place / "cells").open("x+b") as sink:
            reply = await readers.read(order, source, sink.fileno(), self.bounds, progress)
            return reply, Cells.of_file(sink.fileno(), reply.size)

    def _place(self, make: bool = True) -> Path:
        """Return the folder, made when it is first needed; raises OSError."""
        if self._folder is None:
            from jupyter_core.paths import jupyter_data_dir

            self._folder = Path(jupyter_data_dir()) / "csvagent" / "copies"
        if make:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and self._folder.stat().st_uid != os.getuid():
            raise PermissionError("another person's folder")
        return self._folder

    def clear_up(self) -> None:
        """Remove copies that nobody used for long, then those that were not used longest, and what belongs to none."""
        with contextlib.suppress(OSError):
            folder = self._place(make=False)
            sweep(folder)
            now, used = time.time(), 0
            oldest = now - self.bounds.copies_days * 86_400
            for told, found in sorted(_entries(folder, "*.json"), key=lambda pair: -pair[1].st_mtime):
                with contextlib.suppress(OSError):
                    used += told.with_suffix(".arrow").stat().st_size
                if found.st_mtime < oldest or used > self.bounds.copies_size:
                    told.unlink(missing_ok=True)
                    told.with_suffix(".arrow").unlink(missing_ok=True)
            for entry, found in _entries(folder, "*.arrow"):
                # One that was just moved here is not told of yet.
                if not entry.with_suffix(".json").exists() and found.st_ctime < now - STALE_SECONDS:
                    entry.unlink(missing_ok=True)
            for entry, found in _entries(folder, "seen-*"):
                if found.st_mtime < oldest:
                    entry.unlink(missing_ok=True)


def _kept(folder: Path, key: str) -> tuple[Reply, Cells] | None:
    """Return the copy of that key, unless there is none, or it is not as it was left; raises nothing."""
    told = folder / f"{key}.json"
    path = told.with_suffix(".arrow")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        with _opened(told) as file:
            data: Any = json.loads(_read(file, 2 * LONGEST_REPLY))
        reply = reply_in(json.dumps(data["reply"]).encode())
        with _opened(path) as file:
            if list(_state(file)) != data["state"] or reply.size != os.fstat(file).st_size:
                return None
            cells = Cells.of_file(file, reply.size, path)
        os.utime(told)  # those that were not used longest go first
        return reply, cells
    return None


def _keep(place: Path, folder: Path, key: str, reply: Reply) -> Path | None:
    """Move what was made in `place` to where it is found by its key; None when it cannot be."""
    path = folder / f"{key}.arrow"
    made = place / "cells"
    try:
        made.chmod(0o400)
        made.replace(path)
        with _opened(path) as file:
            data = {"state": list(_state(file)), "reply": json.loads(encoded(reply))}
        _put(place, path.with_suffix(".json"), json.dumps(data).encode())
    except OSError:
        return None
    return path


def _put(place: Path, path: Path, data: bytes) -> None:
    """Have a small file at `path`, whole or not at all."""
    with contextlib.suppress(OSError):
        made = place / "told"
        made.write_bytes(data)
        made.chmod(0o600)
        made.replace(path)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Give a descriptor of a file of ours; raises OSError for what is none, or somebody else's."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError("not a file of ours")
        yield file
    finally:
        os.close(file)


def _state(file: int) -> tuple[int, ...]:
    """Return what would be another if anybody had written into a copy; links to it may come and go."""
    found = os.fstat(file)
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(file: int, most: int) -> bytes:
    with os.fdopen(file, "rb", closefd=False) as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise ValueError("longer than it can be")
    return data


def _text_in(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError), _opened(path) as file:
        return _read(file, 64).decode("ascii")
    return ""


def _entries(folder: Path, pattern: str) -> Iterator[tuple[Path, os.stat_result]]:
    for entry in folder.glob(pattern):
        with contextlib.suppress(OSError):
            yield entry, entry.lstat()


def _digest(source: int, size: int, stop: list[bool]) -> str:
    """Sum up the first `size` bytes of a file, which are all of one that does not grow, until somebody says stop.

    Its position, which the process that reads it has too, stays.
    """
    total, offset = hashlib.sha256(), 0
    while not stop and offset < size and (piece := os.pread(source, _PIECE, offset)):
        total.update(piece)
        offset += len(piece)
    return total.hexdigest()


def _key(digest: str, order: Order) -> str:
    suffixes = [suffix.lower() for suffix in PurePath(order.name).suffixes]  # in a packed file the inner one tells
    told = [digest, order.options, suffixes, order.suffix, order.own, _reader()]
    return _sum(json.dumps(told, sort_keys=True))


@cache
def _reader() -> str:
    """Return what tells this version of the reader from any other, which may read the same file as something else."""
    total = hashlib.sha256(sys.version.encode())
    for library in _LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            total.update(f"{library} {version(library)}".encode())
    for module in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(module.read_bytes())
    return total.hexdigest()


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
