"""Writes that wait for Redis: a run goes on while it is away, and its events are written in their order afterwards."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ..exceptions import CSVAgentError, StoreUnreachable
from .redis_client import FIRST_PAUSE, LONGEST_PAUSE, RedisClient

MOST_WRITES: Final = 5_000
MOST_BYTES: Final = 64 * 1024 * 1024
CLOSING_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)

Try = Callable[[float], Awaitable[str]]
"""Sends a write once, until the given time; sent again it is not done again."""


@dataclass(slots=True)
class _Write:
    send: Try
    size: int
    answer: asyncio.Future[str]


class Writers:
    """One line of writes for each session of this process; a line is there as long as something is in it."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._lines: dict[str, deque[_Write]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._stuck: set[str] = set()
        self._bytes = 0

    async def write(self, session_id: str, send: Try, *, size: int, patience: float) -> str | None:
        """Write behind whatever waits, and return Redis's answer; None when it did not come within `patience`.

        What is not answered stays in the line, whoever still waits for it. Raises StoreUnreachable when the line is
        full, and what Redis says against the write.
        """
        line = self._lines.get(session_id)
        if line is not None and (len(line) >= MOST_WRITES or self._bytes + size > MOST_BYTES):
            raise StoreUnreachable("sessions.redis_gone", where=self._client.address.where)
        write = _Write(send, size, asyncio.get_running_loop().create_future())
        self._bytes += size
        if line is None:
            self._lines[session_id] = deque((write,))
            worker = asyncio.create_task(self._work(session_id), name=f"csvagent-writer-{session_id}")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        else:
            line.append(write)
        done, _ = await asyncio.wait({write.answer}, timeout=patience)
        return write.answer.result() if done else None

    def is_stuck(self, session_id: str) -> bool:
        """Tell whether the first of the line has found Redis out of reach."""
        return session_id in self._stuck

    async def drain(self) -> None:
        """Let what waits be written, for a moment."""
        if self._workers:
            await asyncio.wait(set(self._workers), timeout=CLOSING_SECONDS)

    async def stop(self) -> None:
        """Wait for the workers, which end when the connection is closed."""
        if self._workers:
            await asyncio.wait(set(self._workers))

    async def _work(self, session_id: str) -> None:
        """Send the writes of a session, one after the other, each until Redis has answered it."""
        line = self._lines[session_id]
        lost = 0
        while line:
            write = line[0]
            try:
                write.answer.set_result(await self._sent(session_id, write))
            except Exception as error:  # the outer edge of the line: who waits for this write gets it, the others go on
                lost += isinstance(error, CSVAgentError) and error.key == "sessions.closed"
                write.answer.set_exception(error)
                write.answer.exception()
            line.popleft()
            self._bytes -= write.size
        del self._lines[session_id]
        if lost:
            _log.warning("%d writes to session %s were lost: Redis did not come back in time", lost, session_id)

    async def _sent(self, session_id: str, write: _Write) -> str:
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    return await write.send(time.monotonic())
                except StoreUnreachable as error:
                    if error.key != "sessions.redis_gone":
                        raise
                self._stuck.add(session_id)
                await self._client.rest(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._stuck.discard(session_id)
