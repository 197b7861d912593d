"""Files kept by their content: sources, plots, tables and whatever the code wrote.

    folder/content/ab/abcdef…       the bytes, named by their SHA-256, read-only
    folder/owners/<owner>/abcdef…-1234.json   what an owner calls it, and its size, for the quota
    folder/owners/<owner>/abcdef…-1234.<mark>.json   the same, on trial: see `trial`
    folder/incoming/…               what is being written

No name that comes from outside ever becomes part of a path, and nothing is where it belongs before it is whole.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import math
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final

from ..exceptions import BadInput, NotFound, StorageFull, StoreUnreachable
from .filesystem import make_private_folder

MAX_BYTES: Final = 4 * 1024**3
STRAY_SECONDS: Final = 3_600.0
_PREFIX: Final = "artifact:"
_REFERENCE: Final = re.compile(r"artifact:([0-9a-f]{64})")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ROOM_HELPS: Final = frozenset({"sessions.quota", "sessions.artifacts_full"})
_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    """What is known of an artifact: `name` is for people and headers, never a path."""

    reference: str
    name: str
    media_type: str
    size: int
    owner: str
    at: float


@dataclass(frozen=True, slots=True)
class Note:
    """What an owner keeps, and calls it; with a `mark` only on trial."""

    owner: str
    digest: str
    size: int
    media_type: str
    name: str
    mark: str = ""


class Incoming:
    """An artifact whose content is still arriving; used from one thread at a time, and ended by `keep` or `discard`.

    What an owner keeps already takes no room, which shows only when all of it is there: `write` refuses what could
    not be kept by anybody, and `keep` what this owner has no room for.
    """

    def __init__(self, artifacts: Artifacts, media_type: str, name: str, owner: str) -> None:
        self.name = _shown_name(name)
        self.size = 0
        self._artifacts = artifacts
        self._media_type = media_type
        self._owner = owner
        self._digest = hashlib.sha256()
        self._whole = ExitStack()
        with _told(artifacts.folder):
            self._file, self._path = self._whole.enter_context(artifacts.incoming())

    def write(self, block: bytes) -> None:
        """Add bytes; raises StorageFull when there are too many, or when the disk is full."""
        self.size += len(block)
        self._artifacts.check_size(self.size, self.name)
        with _told(self._artifacts.folder):
            self._digest.update(block)
            self._file.write(block)

    def keep(self, mark: str = "") -> str:
        """Return ``artifact:<sha256>`` of what was written; raises StorageFull, and can be repeated then."""
        digest = self._digest.hexdigest()
        with _told(self._artifacts.folder):
            self._artifacts.admit(
                self._file, self._path, Note(self._owner, digest, self.size, self._media_type, self.name, mark)
            )
        self._whole.close()
        return _PREFIX + digest

    def discard(self) -> None:
        """Leave nothing behind; harmless after `keep`."""
        self._whole.close()


class Artifacts:
    """A folder of files by content; several processes may use it at a time.

    `quota` bounds the bytes of one owner, `max_bytes` those of one file; `days` is what people are told of how long
    files stay that nobody needs. `make_room`, when it is set, is tried before anything is refused for want of room.
    """

    def __init__(
        self, folder: Path | str, *, quota: int | None = None, max_bytes: int = MAX_BYTES, days: float = 7.0
    ) -> None:
        self.folder = Path(folder)
        self.quota = quota
        self.max_bytes = max_bytes
        self.days = days
        self.make_room: Callable[[], Awaitable[int]] | None = None
        self._turns = tuple(threading.Lock() for _ in range(64))

    async def put(self, content: bytes | Path, *, media_type: str, name: str, owner: str, mark: str = "") -> str:
        """Keep bytes or a copy of a file and return ``artifact:<sha256>``; the same content is kept once.

        A link, a device or a pipe is refused (BadInput). Raises StorageFull when the disk is full, the owner's quota
        is used up or the file is too large; nothing is left behind then.
        """
        return await self._with_room(partial(self._put, content, media_type, name, owner, mark))

    async def keep(self, incoming: Incoming, mark: str = "") -> str:
        """Keep what has come in, as `put` does."""
        return await self._with_room(partial(incoming.keep, mark))

    def receive(self, *, media_type: str, name: str, owner: str) -> Incoming:
        """Return a file to write to while its content arrives; `Incoming.keep` puts it where `put` would."""
        return Incoming(self, media_type, name, owner)

    async def path(self, reference: str) -> Path:
        """Return where the content is; it must not be changed there. Raises NotFound."""
        return await asyncio.to_thread(self._path, reference)

    async def read(self, reference: str) -> bytes:
        """Return the content; raises NotFound, also when it goes just then, and StoreUnreachable."""
        return await asyncio.to_thread(self._read, reference)

    async def info(self, reference: str, owner: str | None = None) -> ArtifactInfo:
        """Return an artifact's name and type as `owner` put it, else as anybody did; raises NotFound."""
        return await asyncio.to_thread(self._info, reference, owner)

    async def used(self, owner: str) -> int:
        """Return the bytes that `owner` keeps."""
        return await asyncio.to_thread(self._used, owner)

    async def sweep(self, in_use: Collection[str], *, older_than: float) -> int:
        """Remove what is not `in_use` and was last put more than `older_than` seconds ago; returns how many.

        Give it enough age for a running task: what it keeps is mentioned in the log only when it has its answer.
        """
        return await asyncio.to_thread(self._sweep, frozenset(in_use), older_than)

    # --- in a thread ------------------------------------------------------------------------------------------------

    async def _with_room(self, keep: Callable[[], str]) -> str:
        try:
            return await asyncio.to_thread(keep)
        except StorageFull as error:
            if self.make_room is None or error.key not in _ROOM_HELPS or not await self.make_room():
                raise
        return await asyncio.to_thread(keep)

    def _put(self, content: bytes | Path, media_type: str, name: str, owner: str, mark: str) -> str:
        shown = _shown_name(name)
        with _told(self.folder), self.incoming() as (incoming, temporary):
            if isinstance(content, bytes):
                digest, size = hashlib.sha256(content).hexdigest(), len(content)
                self.check_size(size, shown)
                if not self._has(digest, size):
                    incoming.write(content)
            else:
                digest, size = self._copy(content, incoming, shown)
            self.admit(incoming, temporary, Note(owner, digest, size, media_type, shown, mark))
        return _PREFIX + digest

    def _copy(self, source: Path, incoming: IO[bytes], shown: str) -> tuple[str, int]:
        """Copy a file that may be anything and may change meanwhile; what was copied is what counts."""
        digest, size = hashlib.sha256(), 0
        try:
            descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise BadInput("sessions.not_a_file", name=shown) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise BadInput("sessions.not_a_file", name=shown)
        with os.fdopen(descriptor, "rb") as file:
            while block := file.read(_BLOCK):
                size += len(block)
                self.check_size(size, shown)
                digest.update(block)
                incoming.write(block)
        return digest.hexdigest(), size

    def check_size(self, size: int, shown: str) -> None:
        """Raise StorageFull for a file that has no room whatever else is kept."""
        if size > self.max_bytes:
            raise StorageFull("sessions.artifact_too_large", name=shown, limit=self.max_bytes)
        if self.quota is not None and size > self.quota:
            raise self._over_quota()

    def admit(self, incoming: IO[bytes], temporary: Path, note: Note) -> None:
        """Put the written file in its place and note whose it is; raises StorageFull when its owner has no room."""
        turn = self._turns[int(self._owner_folder(note.owner).name, 16) % len(self._turns)]
        with turn:
            self._check_room(note)
            self._write_note(note)
        try:
            self._settle(incoming, temporary, note)
        except BaseException:
            if not self._has(note.digest, note.size):
                self._note_path(note).unlink(missing_ok=True)
            raise

    def _check_room(self, note: Note) -> None:
        if self.quota is None or self._note_path(replace(note, mark="")).exists():
            return
        kept = self._kept(note.owner)
        if note.digest not in kept and sum(kept.values()) + note.size > self.quota:
            raise self._over_quota()

    def _over_quota(self) -> StorageFull:
        return StorageFull("sessions.quota", limit=self.quota, days=max(1, math.ceil(self.days)))

    def _settle(self, incoming: IO[bytes], temporary: Path, note: Note) -> None:
        """Put the written file in its place, or take note that it is there already."""
        place = self._content(note.digest)
        if self._has(note.digest, note.size):
            os.utime(place)
            return
        incoming.flush()
        os.fsync(incoming.fileno())
        temporary.chmod(0o400)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.replace(place)

    def _write_note(self, note: Note) -> None:
        path = self._note_path(note)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = {"owner": note.owner, "name": note.name, "media_type": note.media_type[:200], "at": time.time()}
        with self.incoming() as (incoming, temporary):
            incoming.write(json.dumps(said).encode("ascii"))
            incoming.flush()
            temporary.replace(path)

    def end_trial(self, owner: str, mark: str, *, granted: bool) -> None:
        """Keep what an owner put under `mark` like anything else, or let go of it; harmless when repeated."""
        # Not by a pattern of its own: each would be compiled, and kept for a while.
        for note in self._owner_folder(owner).glob("*.*.json"):
            if not note.name.endswith(f".{mark}.json"):
                continue
            with suppress(FileNotFoundError), _told(self.folder):
                if granted:
                    note.replace(note.with_name(note.name.replace(f".{mark}.", ".")))
                else:
                    note.unlink(missing_ok=True)

    @contextmanager
    def incoming(self) -> Iterator[tuple[IO[bytes], Path]]:
        """Give a new file to write to; it is gone afterwards, unless it was moved to its place."""
        make_private_folder(self.folder)
        folder = self.folder / "incoming"
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, path = tempfile.mkstemp(dir=folder)
        temporary = Path(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file, temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _read(self, reference: str) -> bytes:
        path = self._path(reference)
        with _told(self.folder):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:  # swept meanwhile
                raise NotFound("sessions.no_artifact", artifact=reference) from error

    def _path(self, reference: str) -> Path:
        path = self._content(_digest(reference))
        if not path.is_file():
            raise NotFound("sessions.no_artifact", artifact=reference)
        return path

    def _info(self, reference: str, owner: str | None) -> ArtifactInfo:
        digest = _digest(reference)
        self._path(reference)
        own = [] if owner is None else list(self._owner_folder(owner).glob(f"{digest}-*.json"))
        for note in own or sorted(self.folder.glob(f"owners/*/{digest}-*.json")):
            with suppress(OSError, ValueError):
                said = json.loads(note.read_text(encoding="ascii"))
                return ArtifactInfo(
                    reference, said["name"], said["media_type"], _size_in(note), said["owner"], said["at"]
                )
        raise NotFound("sessions.no_artifact", artifact=reference)

    def _used(self, owner: str) -> int:
        return sum(self._kept(owner).values())

    def _kept(self, owner: str) -> dict[str, int]:
        """Return what an owner keeps, on trial or not, by digest."""
        return {note.name[:64]: _size_in(note) for note in self._owner_folder(owner).glob("*.json")}

    def _sweep(self, in_use: frozenset[str], older_than: float) -> int:
        removed = 0
        with _told(self.folder):
            for trial in self.folder.glob("owners/*/*.*.json"):
                if _is_older(trial, STRAY_SECONDS):
                    trial.unlink(missing_ok=True)
                    removed += 1
            noted = {note.name[:64] for note in self.folder.glob("owners/*/*.json")}
            for path in self.folder.glob("content/*/*"):
                enough = older_than if path.name in noted else min(older_than, STRAY_SECONDS)
                if _PREFIX + path.name not in in_use and _is_older(path, enough):
                    path.unlink(missing_ok=True)
                    removed += 1
                    for note in self.folder.glob(f"owners/*/{path.name}-*.json"):
                        note.unlink(missing_ok=True)
            for stray in self.folder.glob("incoming/*"):
                if _is_older(stray, STRAY_SECONDS):
                    stray.unlink(missing_ok=True)
        return removed

    def _has(self, digest: str, size: int) -> bool:
        """Tell whether the content is there, and whole: a power cut may have left a shorter file."""
        try:
            return self._content(digest).stat().st_size == size
        except OSError:
            return False

    def _content(self, digest: str) -> Path:
        return self.folder / "content" / digest[:2] / digest

    def _owner_folder(self, owner: str) -> Path:
        return self.folder / "owners" / hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _note_path(self, note: Note) -> Path:
        mark = f".{note.mark}" if note.mark else ""
        return self._owner_folder(note.owner) / f"{note.digest}-{note.size}{mark}.json"


def _digest(reference: str) -> str:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise NotFound("sessions.no_artifact", artifact=reference[:100])
    return found[1]


def _shown_name(name: str) -> str:
    """Return the last part of a name without control characters, at most 200 characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(character for character in last if character.isprintable())[:200]
    return shown if shown.strip(".") else "file"


def _size_in(note: Path) -> int:
    size = note.name[65:].partition(".")[0]
    return int(size) if size.isdecimal() else 0


def _is_older(path: Path, seconds: float) -> bool:
    try:
        return path.stat().st_mtime < time.time() - seconds
    except OSError:
        return False


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the system says into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("sessions.artifacts_full", path=str(folder)) from error
        raise StoreUnreachable("sessions.artifacts_failed", path=str(folder), reason=error.strerror or "") from error
