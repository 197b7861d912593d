"""Kept files that nothing mentions any more are removed: now and then, and when somebody needs the room."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from ..exceptions import StoreError
from .artifacts import Artifacts
from .base import SessionStore

SWEEP_SECONDS: Final = 3_600.0
LEAST_SECONDS: Final = 30.0
_LOG: Final = logging.getLogger(__name__)


class Sweeper:
    """Sweeps once an hour from `start` to `stop`, and when there is no room, though not each time.

    What `beside` removes, in a thread, has its turn once an hour, too; it raises nothing.
    """

    def __init__(
        self,
        store: SessionStore,
        artifacts: Artifacts,
        *,
        least_seconds: float = LEAST_SECONDS,
        beside: Callable[[], None] | None = None,
    ) -> None:
        self._beside = beside
        self._store = store
        self._artifacts = artifacts
        self._least_seconds = least_seconds
        self._turn = asyncio.Lock()
        self._swept = -float("inf")
        self._task: asyncio.Task[None] | None = None
        artifacts.make_room = self.make_room

    def start(self, every: float = SWEEP_SECONDS) -> None:
        self._task = asyncio.create_task(self._go_on(every), name="csvagent-sweep")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def make_room(self) -> int:
        """Sweep, unless that was done just now; returns how much was removed."""
        asked = time.monotonic()
        async with self._turn:
            if asked - self._swept < self._least_seconds:
                # Somebody else may have made the room while this one waited for its turn.
                return int(self._swept >= asked)
            return await self._sweep()

    async def _go_on(self, every: float) -> None:
        while True:
            async with self._turn:
                await self._sweep()
            if self._beside is not None:
                await asyncio.to_thread(self._beside)
            await asyncio.sleep(every)

    async def _sweep(self) -> int:
        """Remove what nothing mentions; a trouble with it is no reason to stop."""
        try:
            in_use = await self._store.artifacts_in_use()
            return await self._artifacts.sweep(in_use, older_than=self._artifacts.days * 86_400)
        except StoreError as error:
            _LOG.warning("kept files were not swept: %s", error.key)
            return 0
        finally:
            self._swept = time.monotonic()
