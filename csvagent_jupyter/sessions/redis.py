"""The shared store: one Redis, in which the processes of several hosts and people meet.

What a session has expires together, `expire_seconds` after its last use; saved analyses stay. All changes are made by
scripts within Redis (the ``.lua`` files beside this one), so that each happens as a whole and by Redis's own clock.
Files are not here: where several hosts share a Redis they also need a shared data folder.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final, Literal, Self

from ..exceptions import NotFound, StoreError, StoreUnreachable
from ..messages import Answer, Event, Feedback, Grant, LedgerEntry, SavedAnalysis, Session, Status, Task, Turn
from ..translations import Language, say
from .base import SessionStore, take_back
from .redis_address import EXPIRE_SECONDS, RedisAddress, address_from, expiry_from
from .redis_books import RedisBooks
from .redis_client import RedisClient
from .redis_line import RedisLine
from .redis_log import READ_SECONDS, Page, RedisLog
from .redis_reads import SharedReads
from .redis_wakeups import RedisWakeups
from .wakeups import LINE, shares_of

FINISH_SECONDS: Final = 30.0
"""How long a run's end waits for Redis to come back, before its readers get it without."""

TIDY_SECONDS: Final = 1_800.0
ALERT_SECONDS: Final = 0.5
CALM_SECONDS: Final = 30.0
_PAGE: Final = 200


class RedisStore(SessionStore):
    """Keeps everything in a Redis (6.2 or newer, no cluster); nothing is kept in this process.

    When Redis is out of reach, calls try again for a few seconds and end with StoreUnreachable; `finish` tries for
    `finish_seconds`. Events and the ledger's entries wait in this process, in their order, and are written when Redis
    is back: `append` then returns its event without `seq`, and a run goes on. So does a result that `finish` could not
    write in time. Readers stay, and are told when they have to wait and when it goes on.
    """

    is_shared: ClassVar[bool] = True
    artifacts_folder: ClassVar[str] = "shared-artifacts"

    def __init__(
        self,
        address: RedisAddress | str | None = None,
        *,
        expire_seconds: float | None = EXPIRE_SECONDS,
        finish_seconds: float = FINISH_SECONDS,
    ) -> None:
        if find_spec("redis") is None:
            raise StoreError("sessions.redis_not_installed")
        if not isinstance(address, RedisAddress):
            address = address_from(os.environ) if address is None else RedisAddress.from_url(address)
        self.address = address
        self._client = RedisClient(address)
        self._log = RedisLog(self._client, expire_seconds)
        self._line = RedisLine(self._client, self._log)
        self._books = RedisBooks(self._client, self._log)
        self._wakeups = RedisWakeups(self._client)
        self._reads: SharedReads[tuple[str, int, str | None], Page | None] = SharedReads(self._page)
        self._announced: defaultdict[str, list[Event | None]] = defaultdict(list)
        self._is_open = False
        self._finish_seconds = finish_seconds
        self._tidying: asyncio.Task[None] | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Make the store that the environment names; `folder` has nothing of it."""
        return cls(expire_seconds=expiry_from(os.environ))

    async def open(self) -> None:
        await self._client.open()
        self._wakeups.start()
        self._is_open = True
        self._tidying = asyncio.create_task(self._tidy(), name="csvagent-redis-tidy")

    async def close(self) -> None:
        self._is_open = False
        await self._log.writers.drain()
        await self._client.close()
        await self._log.writers.stop()
        await self._wakeups.stop()
        tidying, self._tidying = self._tidying, None
        if tidying is not None:
            await asyncio.wait({tidying})
        await self._reads.stop()

    async def ping(self, timeout: float) -> float:
        return await self._client.ping(timeout)

    async def _tidy(self) -> None:
        """Clear the indexes now and then; whichever process comes to it first."""
        while self._is_open:
            with suppress(StoreError):
                await self._books.tidy()
            await self._client.rest(TIDY_SECONDS)

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def create_session(
        self, owner: str, *, title: str = "", language: Language | None = None, session_id: str | None = None
    ) -> Session:
        return await self._log.create(owner, title, language, session_id)

    async def session(self, session_id: str) -> Session:
        return await self._log.get(session_id)

    async def sessions(self, owner: str, *, named: str | None = None, limit: int = 100) -> tuple[Session, ...]:
        return await self._log.list_of(owner, named, limit)

    async def rename_session(self, session_id: str, title: str) -> Session:
        return await self._log.rename(session_id, title)

    async def touch_session(self, session_id: str) -> Session:
        return await self._log.touch(session_id)

    async def delete_session(self, session_id: str) -> None:
        """Take a session away; it can be restored until it expires (without an expiry: for a day)."""
        await self._log.delete(session_id)

    async def restore_session(self, session_id: str, *, owner: str | None = None) -> Session:
        return await self._log.restore(session_id, owner)

    # --- events -----------------------------------------------------------------------------------------------------

    async def append(self, session_id: str, event: Event, *, fence: int | None = None) -> Event:
        if event.type == "result":
            raise ValueError("a result is written by finish")
        return await self._log.append(session_id, event, fence)

    async def read(
        self, session_id: str, after: int = 0, *, task_id: str | None = None, limit: int = 1_000
    ) -> tuple[Event, ...]:
        page = await self._log.read(session_id, after, task_id, limit)
        return () if page is None else page.events

    async def follow(
        self, session_id: str, after: int = 0, *, task_id: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """Yield the log as it grows, whatever becomes of Redis.

        While Redis is out of reach the reader gets one ``error`` event without `seq` that says so, and a ``connected``
        one when it goes on, from where it stopped. Raises NotFound when the session has expired or was lost.
        """
        try:
            session = await self.session(session_id)
        except StoreUnreachable:
            if self._is_open:
                raise
            return
        language = session.language or "en"
        announced, end, made, waits = 0, 0, "", False
        with self._wakeups.listen(session_id) as bell:
            while self._is_open:
                bell.clear()
                page = await self._next_page(session_id, after, task_id)
                if not self._is_open:
                    return
                if (page is None) != waits:
                    waits = page is None
                    yield self._sign(waits, session_id, language)
                if page is not None:
                    if made not in ("", page.made):
                        raise NotFound("sessions.session_gone", session_id=session_id)
                    # A Redis that lost its last second has a shorter log, which is gone on with from its end.
                    after = page.end if page.end < end else page.last
                    end, made = page.end, page.made
                    for event in page.events:
                        yield event
                    if page.is_full:
                        continue
                for told in self._announced.get(session_id, [])[announced:]:
                    announced += 1
                    if told is not None and task_id in (None, told.task_id):
                        yield told
                if self._is_open:
                    await self._quiet(bell, session_id, waits)

    async def _next_page(self, session_id: str, after: int, task_id: str | None) -> Page | None:
        """Read on; None while Redis is out of reach. Raises NotFound when the session is there no more."""
        try:
            page = await self._reads.get((session_id, after, task_id))
        except StoreUnreachable as error:
            if self._is_open and error.key != "sessions.redis_gone":
                raise
            return None
        if page is None:
            raise NotFound("sessions.session_gone", session_id=session_id)
        return page

    async def _page(self, which: tuple[str, int, str | None]) -> Page | None:
        session_id, after, task_id = which
        return await self._log.read(session_id, after, task_id, _PAGE, until=time.monotonic() + READ_SECONDS)

    def _sign(self, waits: bool, session_id: str, language: Language) -> Event:
        """Return the event that tells a reader that it has to wait, or that it goes on."""
        if waits:
            words = say("sessions.redis_paused", language, where=self.address.where)
            return Event("error", session_id=session_id, message=words)
        return Event("connected", session_id=session_id, message=say("sessions.redis_resumed", language))

    async def _quiet(self, bell: asyncio.Event, topic: str, waits: bool = False) -> None:
        """Wait for the bell; without news one looks now and then all the same, often while messages cannot come."""
        seconds = CALM_SECONDS if self._wakeups.hears(topic) and not waits else ALERT_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await bell.wait()

    async def last_seq(self, session_id: str) -> int:
        return await self._log.last_seq(session_id)

    async def turns(self, session_id: str) -> tuple[Turn, ...]:
        return await self._log.turns(session_id)

    # --- tasks ------------------------------------------------------------------------------------------------------

    async def submit(self, task: Task, *events: Event, lease: float = 60.0) -> Task:
        return await self._line.submit(task, events, lease)

    async def task(self, task_id: str) -> Task:
        return await self._line.get(task_id)

    async def tasks(
        self, *, owner: str | None = None, session_id: str | None = None, unfinished: bool = False, limit: int = 100
    ) -> tuple[Task, ...]:
        return tuple(await self._line.list_of(owner, session_id, unfinished, limit))

    async def claim(
        self, runner: str, lease: float, *, task_id: str | None = None, take_over: bool = False
    ) -> Task | None:
        return await self._line.claim(runner, lease, task_id, take_over)

    async def renew(self, task_id: str, fence: int, lease: float) -> Task:
        return await self._line.renew(task_id, fence, lease)

    async def renew_waiting(self, runner: str, lease: float) -> None:
        await self._line.renew_waiting(runner, lease)

    async def abandon(self, runner: str) -> int:
        return await self._line.abandon(runner)

    async def request_cancel(self, task_id: str) -> Task:
        return await self._line.request_cancel(task_id)

    async def finish(self, task_id: str, fence: int, event: Event, status: Status) -> Event:
        written = await self._line.finish(task_id, fence, event, status, self._finish_seconds)
        take_back(self._announced, task_id)
        return written

    async def result(self, task_id: str) -> Answer | None:
        unwritten = (
            event.result
            for events in self._announced.values()
            for event in events
            if event is not None and event.task_id == task_id
        )
        return next(unwritten, None) or await self._line.result(task_id)

    async def watch_line(self) -> AsyncGenerator[None, None]:
        with self._wakeups.listen(LINE) as bell:
            if not self._wakeups.hears(LINE):
                await self._quiet(bell, LINE)
            while self._is_open:
                bell.clear()
                yield
                await self._quiet(bell, LINE)

    # --- ledger and counters ----------------------------------------------------------------------------------------

    async def record(self, entry: LedgerEntry) -> None:
        await self._books.record(entry)

    async def ledger(self, task_id: str) -> tuple[LedgerEntry, ...]:
        return await self._books.ledger(task_id)

    async def add(self, name: str, amount: float = 1.0, *, window: float | None = None) -> float:
        return await self._books.add(name, amount, window)

    async def reserve(self, name: str, amount: float, limit: float) -> bool:
        return await self._books.reserve(name, amount, limit)

    # --- shares, saved analyses, feedback ---------------------------------------------------------------------------

    async def set_grants(self, session_id: str, grants: Sequence[Grant]) -> None:
        await self._books.set_grants(session_id, grants)

    async def remove_grants(self, session_id: str, named: Collection[str]) -> None:
        await self._books.remove_grants(session_id, named)

    async def grants(self, session_id: str) -> tuple[Grant, ...]:
        return await self._books.grants(session_id)

    async def watch_shares(self, session_id: str) -> AsyncGenerator[None, None]:
        with self._wakeups.listen(shares_of(session_id)) as bell:
            while self._is_open:
                bell.clear()
                yield
                await bell.wait()

    async def shared_with(self, name: str) -> tuple[tuple[Session, Literal["read", "ask"]], ...]:
        return await self._books.shared_with(name)

    async def linked(self, link: str) -> tuple[Session, Literal["read", "ask"]]:
        return await self._books.linked(link)

    async def save_analysis(self, analysis: SavedAnalysis) -> SavedAnalysis:
        return await self._books.save_analysis(analysis)

    async def analysis(self, analysis_id: str) -> SavedAnalysis:
        return await self._books.analysis(analysis_id)

    async def analyses(self, owner: str) -> tuple[SavedAnalysis, ...]:
        return await self._books.analyses(owner)

    async def delete_analysis(self, analysis_id: str) -> None:
        await self._books.delete_analysis(analysis_id)

    async def give_feedback(self, feedback: Feedback) -> Feedback:
        return await self._books.give_feedback(feedback)

    async def feedback(self, task_id: str) -> tuple[Feedback, ...]:
        return await self._books.feedback(task_id)

    # --- what could not be written ----------------------------------------------------------------------------------

    def announce(self, event: Event) -> None:
        if event.session_id is None:
            raise ValueError("the event has no session")
        self._announced[event.session_id].append(event)
        self._wakeups.ring((event.session_id,))

    # --- artifacts --------------------------------------------------------------------------------------------------

    async def artifacts_in_use(self) -> frozenset[str]:
        return await self._books.artifacts_in_use()
