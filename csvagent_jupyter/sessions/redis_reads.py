"""One read for all who want the same at the same moment: a hundred readers of a session are woken together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class SharedReads(Generic[Key, Found]):
    """Gathers what is asked for before a read has begun; who asks later gets a newer one."""

    def __init__(self, read: Callable[[Key], Awaitable[Found]]) -> None:
        self._read = read
        self._gathering: dict[Key, asyncio.Task[Found]] = {}
        self._under_way: set[asyncio.Task[Found]] = set()

    async def get(self, key: Key) -> Found:
        """Read `key`, together with whoever else asks for it right now."""
        task = self._gathering.get(key)
        if task is None:
            task = self._gathering[key] = asyncio.create_task(self._begin(key), name="csvagent-shared-read")
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def _begin(self, key: Key) -> Found:
        # From here on a reader may have been woken by something that this read does not see.
        del self._gathering[key]
        return await self._read(key)

    def _done(self, task: asyncio.Task[Found]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()

    async def stop(self) -> None:
        """Wait for the reads under way; the store that they ask ends them."""
        if self._under_way:
            await asyncio.wait(self._under_way)
