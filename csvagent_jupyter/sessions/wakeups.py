"""Waking the readers of this process when a log or the line has moved, here or in another process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Final

LINE: Final = "\0line"
"""The topic of the line of tasks. A session's log has its id for a topic, which has no such first character."""

LIVELY_SECONDS: Final = 0.02
QUIET_SECONDS: Final = 0.25
LIVELY_ROUNDS: Final = 250
LEAST_SECONDS: Final = 0.002


Heard = Callable[[Callable[[], object]], AbstractContextManager[None]]


def shares_of(session_id: str) -> str:
    """Return the topic of who may read a session."""
    return f"\0shares:{session_id}"


def _unheard(_: Callable[[], object]) -> AbstractContextManager[None]:
    return nullcontext()


class Wakeups:
    """Bells by topic, and one watcher that rings them for other processes, only while somebody listens.

    `look` is asked what has moved whenever `heard` tells that something may have, and without that at intervals: every
    `lively_seconds` for a while after it found news of which nothing was heard, else every 250 ms, so that an open
    panel costs next to nothing (0.2 % of a core).
    """

    def __init__(self, look: Callable[[frozenset[str]], Awaitable[Iterable[str]]]) -> None:
        self.lively_seconds = LIVELY_SECONDS
        self.heard: Heard = _unheard
        self._look = look
        self._bells: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        self._watcher: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lively = 0
        self._is_told = False

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """End the watcher, and ring every bell a last time so that its reader sees that the store is closed."""
        self._loop = None
        for topic in self._bells:
            self.ring((topic,))
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    def ring_from_thread(self, *topics: str) -> None:
        """Ring from the store's thread; nothing happens when the loop has gone meanwhile."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.ring, topics)

    def ring(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for bell in self._bells.get(topic, ()):
                bell.set()

    @contextmanager
    def listen(self, topic: str) -> Iterator[asyncio.Event]:
        """Give a bell that rings whenever the topic moves, as long as the block runs."""
        bell = asyncio.Event()
        self._bells[topic].append(bell)
        if not self._is_told:
            self._lively = LIVELY_ROUNDS
        if self._watcher is None and self._loop is not None:
            self._watcher = asyncio.create_task(self._watch(), name="csvagent-store-watcher")
        try:
            yield bell
        finally:
            self._bells[topic].remove(bell)
            if not self._bells[topic]:
                del self._bells[topic]

    async def _watch(self) -> None:
        told = asyncio.Event()
        with self.heard(told.set):
            while self._bells:
                was_told = await _comes(told, self.lively_seconds if self._lively else QUIET_SECONDS)
                told.clear()
                moved = set(await self._look(frozenset(self._bells)))
                if moved:
                    self._is_told = was_told
                    self._lively = 0 if was_told else LIVELY_ROUNDS
                elif not was_told:
                    self._lively = max(self._lively - 1, 0)
                self.ring(moved)
                await asyncio.sleep(LEAST_SECONDS)
        self._watcher = None


async def _comes(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
