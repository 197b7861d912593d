"""One loop from a session's log to any number of readers: SSE and WebSocket both read here.

A session that is read has one channel in this process: it follows the log once, writes each event as text once, and
keeps the last few. A reader that keeps up takes them from there; one that is behind reads the store at its own pace. So
a reader is never waited for, and what is kept for all of them together is bounded.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..exceptions import BadInput, NotFound, StoreError
from ..messages import Event

if TYPE_CHECKING:
    from ..manager import CSVAgentManager
    from .handler import CSVAgentHandler

KEPT_EVENTS: Final = 256
KEPT_CHARACTERS: Final = 8_000_000
PAGE: Final = 10
STALL_SECONDS: Final = 60.0
"""After so long without taking anything a reader is let go; it resumes by its last `seq` when it comes again."""

MAX_SEQ: Final = 2**53 - 1

Send = Callable[[Event, str], Awaitable[None]]
MayGoOn = Callable[[], Awaitable[bool]]


async def written(manager: CSVAgentManager, event: Event) -> str:
    """Return an event as clients get it: JSON on one line, with plots in the place of their references."""
    if event.result is not None:
        event = replace(event, result=await manager.resolve(event.result))
    return json.dumps(event.to_dict(), ensure_ascii=False)


@dataclass(slots=True)
class _Kept:
    index: int
    event: Event
    text: str


class _Channel:
    """The end of one session's log, as it grows; `floor` is the last `seq` that is not kept here any more.

    `shares` is another number whenever the session may be shared with others than before.
    """

    def __init__(self, manager: CSVAgentManager, session_id: str, floor: int) -> None:
        self.readers = 0
        self.shares = 0
        self.floor = floor
        self.kept: deque[_Kept] = deque()
        self.next_index = 0
        self.ended = False
        self.error: StoreError | None = None
        self._characters = 0
        self._manager = manager
        self._session_id = session_id
        self._news = asyncio.Event()
        self._following = asyncio.create_task(self._follow(), name=f"csvagent-channel-{session_id}")
        self._watching = asyncio.create_task(self._watch(), name=f"csvagent-shares-{session_id}")

    def next(self, index: int) -> _Kept | None:
        """Return the first kept event from `index` on, None when a reader has seen them all."""
        if not self.kept or self.next_index <= index:
            return None
        return self.kept[max(index - self.kept[0].index, 0)]

    async def news(self, index: int, shares: int) -> bool:
        """Wait for the event `index`, or until `shares` is no longer the number; False when nothing more can come.

        Raises StoreError when the store failed.
        """
        while self.next_index <= index and self.shares == shares and not self.ended:
            await self._news.wait()
        if self.next_index <= index and self.error is not None:
            raise self.error
        return not self.ended or self.next_index > index

    async def close(self) -> None:
        for task in (self._following, self._watching):
            task.cancel()
        await asyncio.wait({self._following, self._watching})

    async def _follow(self) -> None:
        try:
            async with aclosing(self._manager.store.follow(self._session_id, self.floor)) as events:
                async for event in events:
                    self._keep(event, await written(self._manager, event))
        except StoreError as error:
            self.error = error
        finally:
            self.ended = True
            self._ring()

    async def _watch(self) -> None:
        async with aclosing(self._manager.store.watch_shares(self._session_id)) as changes:
            async for _ in changes:
                self.shares += 1
                self._ring()

    def _keep(self, event: Event, text: str) -> None:
        self.kept.append(_Kept(self.next_index, event, text))
        self.next_index += 1
        self._characters += len(text)
        while len(self.kept) > KEPT_EVENTS or (self._characters > KEPT_CHARACTERS and len(self.kept) > 1):
            dropped = self.kept.popleft()
            self._characters -= len(dropped.text)
            self.floor = dropped.event.seq or self.floor
        self._ring()

    def _ring(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class _Right:
    """A reader's right to read on, which is looked at anew only when it may have changed."""

    def __init__(self, channel: _Channel, may_go_on: MayGoOn | None) -> None:
        self.seen = -1
        self.is_lost = False
        self._channel = channel
        self._may_go_on = may_go_on

    async def holds(self, *, look: bool = False) -> bool:
        if look or self.seen != self._channel.shares:
            self.seen = self._channel.shares
            if self._may_go_on is not None and not await self._may_go_on():
                self.is_lost = True
        return not self.is_lost


class Feeds:
    """The channels of this server, and how many read them."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}
        self.stall_seconds = STALL_SECONDS

    @property
    def readers(self) -> int:
        """How many readers there are now."""
        return sum(channel.readers for channel in self._channels.values())

    async def close(self) -> None:
        """End all channels, and so all readers."""
        channels, self._channels = list(self._channels.values()), {}
        await asyncio.gather(*(channel.close() for channel in channels))

    async def read(
        self,
        manager: CSVAgentManager,
        session_id: str,
        after: int,
        send: Send,
        *,
        task_id: str | None = None,
        may_go_on: MayGoOn | None = None,
        opened: asyncio.Event | None = None,
    ) -> bool:
        """Hand the events after `after` to `send`, then each new one, of one task up to its result.

        Returns true when nothing more can come, and false when `may_go_on` says no: it is asked when the session's
        shares have changed, and at the start of each task. `opened` is set once nothing that is appended from then on
        is missed. Raises TimeoutError when `send` does not take an event in `stall_seconds`, and StoreError.
        """
        async with self._channel(manager, session_id) as (channel, last):
            after = min(after, last)  # a number of another time, when the log was longer
            if opened is not None:
                opened.set()
            right = _Right(channel, may_go_on)
            async with aclosing(_events(manager, channel, session_id, after, task_id, right)) as events:
                async for event, text in events:
                    if not await right.holds(look=event.type == "task_started"):
                        return False
                    async with asyncio.timeout(self.stall_seconds):
                        await send(event, text)
                    if task_id is not None and event.type == "result":
                        return True
            return not right.is_lost

    @asynccontextmanager
    async def _channel(self, manager: CSVAgentManager, session_id: str) -> AsyncIterator[tuple[_Channel, int]]:
        last = await manager.store.last_seq(session_id)
        channel = self._channels.get(session_id)
        if channel is None or channel.ended:
            channel = self._channels[session_id] = _Channel(manager, session_id, last)
        channel.readers += 1
        try:
            yield channel, last
        finally:
            channel.readers -= 1
            if not channel.readers:
                if self._channels.get(session_id) is channel:
                    del self._channels[session_id]
                await channel.close()


def seq_of(given: str) -> int:
    """Return the number of an event as a client writes it; raises BadInput."""
    if not given.isascii() or not given.isdecimal() or len(given) > 16 or int(given) > MAX_SEQ:
        raise BadInput("server.bad_after", given=given[:40])
    return int(given)


class Watcher:
    """Looks whether a reader may still read: a session can be deleted, and a share taken back, while it is read."""

    def __init__(self, handler: CSVAgentHandler, session_id: str) -> None:
        self._handler = handler
        self._session_id = session_id

    async def may_go_on(self) -> bool:
        """Tell whether; as long as the store does not answer nothing has changed."""
        try:
            await self._handler.session_for(self._session_id)
        except NotFound:
            return False
        except StoreError:
            return True
        return True


async def _events(
    manager: CSVAgentManager, channel: _Channel, session_id: str, after: int, task_id: str | None, right: _Right
) -> AsyncGenerator[tuple[Event, str], None]:
    """Yield a reader's events as long as it may read: from the store while it is behind, else from the channel."""
    index = 0
    while await right.holds():
        if after < channel.floor:
            floor = channel.floor
            page = await manager.store.read(session_id, after, task_id=task_id, limit=PAGE)
            for event in page:
                yield event, await written(manager, event)
                after = event.seq or after
            if len(page) < PAGE:
                after = max(after, floor)
            continue
        kept = channel.next(index)
        if kept is None:
            if not await channel.news(index, right.seen):
                return
            continue
        index = kept.index + 1
        if kept.event.seq is not None and kept.event.seq <= after:
            continue
        after = kept.event.seq or after
        # What is said of the log itself, that it is out of reach for a while, is for the readers of one task too.
        if task_id is None or kept.event.task_id in (None, task_id):
            yield kept.event, kept.text
