"""The embedded store: one SQLite file in the Jupyter data folder, shared by a person's processes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Concatenate, Final, Literal, ParamSpec, Self, TypeVar

from ..exceptions import StoreError, StoreUnreachable
from ..messages import Answer, Event, Feedback, Grant, LedgerEntry, SavedAnalysis, Session, Status, Task, Turn
from ..translations import Language
from . import sqlite_books as books
from . import sqlite_line as line
from . import sqlite_log as log
from .base import SessionStore, take_back
from .codec import write_json
from .file_bell import FileBell
from .sqlite_file import SQLiteFile
from .wakeups import LINE, Wakeups, shares_of

P = ParamSpec("P")
T = TypeVar("T")

UNDO_SECONDS: Final = 24 * 3600.0
_PAGE: Final = 200
_PAGE_CHARACTERS: Final = 2_000_000


def default_folder() -> Path:
    """Return the folder for the store and the artifacts: ``csvagent`` in Jupyter's data folder."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "csvagent"


class SQLiteStore(SessionStore):
    """Keeps everything in one file; several processes of one host may have it open (on a network home, of several).

    A deleted session can be restored for `undo_seconds`. Nothing expires unless `expire_seconds` is given; it counts
    from a session's last use. `max_bytes` bounds the file. `journal` overrules the choice of ``wal`` or ``delete``.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        undo_seconds: float = UNDO_SECONDS,
        expire_seconds: float | None = None,
        max_bytes: int | None = None,
        journal: Literal["wal", "delete"] | None = None,
    ) -> None:
        self.path = default_folder() / "sessions.sqlite" if path is None else Path(path)
        self._undo_seconds = undo_seconds
        self._expire_seconds = expire_seconds
        self._file = SQLiteFile(self.path, max_bytes=max_bytes, journal=journal)
        self._wakeups = Wakeups(self._look)
        self._bell = FileBell(self.path)
        self._is_open = False
        self._announced: defaultdict[str, list[Event | None]] = defaultdict(list)
        self._seen_version = -1
        self._seen: dict[str, int] = {}

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        return cls(folder / "sessions.sqlite")

    @property
    def journal(self) -> str:
        """How the open file is written: ``wal``, or ``delete`` where that does not work."""
        return self._file.journal

    async def open(self) -> None:
        await self._file.open()
        if self.journal != "wal":
            # Looking costs a round trip to the file's host then.
            self._wakeups.lively_seconds = 0.1
        else:
            self._wakeups.heard = self._bell.heard
        self._wakeups.start()
        self._is_open = True
        try:
            await self._write(log.purge, self._undo_seconds)
        except StoreError:
            await self.close()
            raise

    async def close(self) -> None:
        self._is_open = False
        await self._wakeups.stop()
        await self._file.close()

    async def ping(self, timeout: float) -> float:
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                await self._read(lambda connection: connection.execute("PRAGMA schema_version").fetchone())
        except TimeoutError:
            raise StoreUnreachable("sessions.locked", path=str(self.path)) from None
        return time.monotonic() - began

    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._file.read(work, *args, **kwargs)

    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._file.write(partial(self._ring, ()), work, *args, **kwargs)

    def _ring(self, topics: tuple[str, ...], result: object) -> None:
        """Tell other processes of a transaction, and this one's readers what it has moved, also from its result."""
        if self.journal == "wal":
            self._bell.ring()
        self._wakeups.ring_from_thread(*topics)
        match result:
            case Event(session_id=str(session_id), type="result"):
                self._wakeups.ring_from_thread(session_id, LINE)
            case Event(session_id=str(session_id)):
                self._wakeups.ring_from_thread(session_id)
            case Task(session_id=session_id):
                self._wakeups.ring_from_thread(session_id, LINE)
            case _:
                pass

    async def _look(self, topics: frozenset[str]) -> list[str]:
        try:
            return await self._read(self._moved, topics)
        except StoreError:
            return []

    def _moved(self, connection: Connection, topics: frozenset[str]) -> list[str]:
        """Return the topics that another process has moved: SQLite says for next to nothing whether one wrote."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen_version and topics <= self._seen.keys():
            return []
        now = log.last_numbers(connection, {topic for topic in topics if not topic.startswith("\0")})
        now |= {topic: books.shares_mark(connection, topic.partition(":")[2]) for topic in topics if ":" in topic}
        if LINE in topics:
            now[LINE] = connection.execute("SELECT value FROM marks WHERE name = 'line'").fetchone()[0]
        moved = [topic for topic, number in now.items() if self._seen.get(topic) != number]
        self._seen_version = version
        self._seen = dict.fromkeys(topics, -1) | now
        return moved

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def create_session(
        self, owner: str, *, title: str = "", language: Language | None = None, session_id: str | None = None
    ) -> Session:
        return await self._write(log.create, owner, title, language, session_id, self._expire_seconds)

    async def session(self, session_id: str) -> Session:
        return await self._read(log.get, session_id)

    async def sessions(self, owner: str, *, named: str | None = None, limit: int = 100) -> tuple[Session, ...]:
        return await self._read(log.list_of, owner, named, limit)

    async def rename_session(self, session_id: str, title: str) -> Session:
        return await self._write(log.rename, session_id, title)

    async def touch_session(self, session_id: str) -> Session:
        return await self._write(log.touch, session_id, self._expire_seconds)

    async def delete_session(self, session_id: str) -> None:
        await self._file.write(partial(self._ring, (LINE,)), log.delete, session_id)
        await self._write(log.purge, self._undo_seconds)

    async def restore_session(self, session_id: str, *, owner: str | None = None) -> Session:
        return await self._write(log.restore, session_id, owner, self._expire_seconds)

    # --- events -----------------------------------------------------------------------------------------------------

    async def append(self, session_id: str, event: Event, *, fence: int | None = None) -> Event:
        if event.type == "result":
            raise ValueError("a result is written by finish")
        return await self._write(log.append, session_id, event, write_json(event), fence, self._expire_seconds)

    async def read(
        self, session_id: str, after: int = 0, *, task_id: str | None = None, limit: int = 1_000
    ) -> tuple[Event, ...]:
        return (await self._read(log.read, session_id, after, task_id, limit)).events

    async def follow(
        self, session_id: str, after: int = 0, *, task_id: str | None = None
    ) -> AsyncGenerator[Event, None]:
        await self.session(session_id)
        announced = 0
        with self._wakeups.listen(session_id) as bell:
            while self._is_open:
                bell.clear()
                try:
                    events, after, is_full = await self._read(
                        log.read, session_id, after, task_id, _PAGE, _PAGE_CHARACTERS
                    )
                except StoreError:
                    if self._is_open:
                        raise
                    return
                for event in events:
                    yield event
                if is_full:
                    continue
                for told in self._announced.get(session_id, [])[announced:]:
                    announced += 1
                    if told is not None and task_id in (None, told.task_id):
                        yield told
                if not bell.is_set():
                    await bell.wait()

    async def last_seq(self, session_id: str) -> int:
        await self.session(session_id)
        return (await self._read(log.last_numbers, [session_id])).get(session_id, 0)

    async def turns(self, session_id: str) -> tuple[Turn, ...]:
        return await self._read(log.turns, session_id)

    # --- tasks ------------------------------------------------------------------------------------------------------

    async def submit(self, task: Task, *events: Event, lease: float = 60.0) -> Task:
        written = tuple((event, write_json(event)) for event in events)
        return await self._write(line.submit, task, written, lease, self._expire_seconds)

    async def task(self, task_id: str) -> Task:
        return await self._read(line.get, task_id)

    async def tasks(
        self, *, owner: str | None = None, session_id: str | None = None, unfinished: bool = False, limit: int = 100
    ) -> tuple[Task, ...]:
        return await self._read(line.list_of, owner, session_id, unfinished, limit)

    async def claim(
        self, runner: str, lease: float, *, task_id: str | None = None, take_over: bool = False
    ) -> Task | None:
        return await self._write(line.claim, runner, lease, task_id, take_over)

    async def renew(self, task_id: str, fence: int, lease: float) -> Task:
        return await self._write(line.renew, task_id, fence, lease)

    async def renew_waiting(self, runner: str, lease: float) -> None:
        await self._write(line.renew_waiting, runner, lease)

    async def abandon(self, runner: str) -> int:
        return await self._write(line.abandon, runner)

    async def request_cancel(self, task_id: str) -> Task:
        return await self._write(line.request_cancel, task_id)

    async def finish(self, task_id: str, fence: int, event: Event, status: Status) -> Event:
        written = await self._write(line.finish, task_id, fence, event, write_json(event), status, self._expire_seconds)
        take_back(self._announced, task_id)
        return written

    async def result(self, task_id: str) -> Answer | None:
        unwritten = (
            event.result
            for events in self._announced.values()
            for event in events
            if event is not None and event.task_id == task_id
        )
        return next(unwritten, None) or await self._read(log.result, task_id)

    def watch_line(self) -> AsyncGenerator[None, None]:
        return self._watch(LINE)

    async def _watch(self, topic: str) -> AsyncGenerator[None, None]:
        with self._wakeups.listen(topic) as bell:
            while self._is_open:
                bell.clear()
                yield
                await bell.wait()

    # --- ledger and counters ----------------------------------------------------------------------------------------

    async def record(self, entry: LedgerEntry) -> None:
        await self._write(books.record, entry, write_json(entry))

    async def ledger(self, task_id: str) -> tuple[LedgerEntry, ...]:
        return await self._read(books.ledger, task_id)

    async def add(self, name: str, amount: float = 1.0, *, window: float | None = None) -> float:
        return await self._write(books.add, name, amount, window)

    async def reserve(self, name: str, amount: float, limit: float) -> bool:
        return await self._write(books.reserve, name, amount, limit)

    # --- shares, saved analyses, feedback ---------------------------------------------------------------------------

    async def set_grants(self, session_id: str, grants: Sequence[Grant]) -> None:
        await self._file.write(partial(self._ring, (shares_of(session_id),)), books.set_grants, session_id, grants)

    async def remove_grants(self, session_id: str, named: Collection[str]) -> None:
        await self._file.write(partial(self._ring, (shares_of(session_id),)), books.remove_grants, session_id, named)

    async def grants(self, session_id: str) -> tuple[Grant, ...]:
        return await self._read(books.grants, session_id)

    def watch_shares(self, session_id: str) -> AsyncGenerator[None, None]:
        return self._watch(shares_of(session_id))

    async def shared_with(self, name: str) -> tuple[tuple[Session, Literal["read", "ask"]], ...]:
        return await self._read(log.list_shared, name)

    async def linked(self, link: str) -> tuple[Session, Literal["read", "ask"]]:
        return await self._read(books.linked, link)

    async def save_analysis(self, analysis: SavedAnalysis) -> SavedAnalysis:
        return await self._write(books.save_analysis, analysis)

    async def analysis(self, analysis_id: str) -> SavedAnalysis:
        return await self._read(books.analysis, analysis_id)

    async def analyses(self, owner: str) -> tuple[SavedAnalysis, ...]:
        return await self._read(books.analyses, owner)

    async def delete_analysis(self, analysis_id: str) -> None:
        await self._write(books.delete_analysis, analysis_id)

    async def give_feedback(self, feedback: Feedback) -> Feedback:
        return await self._write(books.give_feedback, feedback)

    async def feedback(self, task_id: str) -> tuple[Feedback, ...]:
        return await self._read(books.feedback, task_id)

    # --- what could not be written ----------------------------------------------------------------------------------

    def announce(self, event: Event) -> None:
        if event.session_id is None:
            raise ValueError("the event has no session")
        self._announced[event.session_id].append(event)
        self._wakeups.ring((event.session_id,))

    # --- artifacts --------------------------------------------------------------------------------------------------

    async def artifacts_in_use(self) -> frozenset[str]:
        await self._write(log.purge, self._undo_seconds)
        return await self._read(books.artifacts_in_use)
