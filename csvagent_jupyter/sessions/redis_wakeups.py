"""Waking the readers of this process when Redis says that a log or the line has moved, and when it is gone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ..exceptions import StoreError
from .redis_client import FIRST_PAUSE, LONGEST_PAUSE, RedisClient
from .wakeups import Wakeups

if TYPE_CHECKING:
    from redis.asyncio.client import PubSub

SILENT_SECONDS: Final = 5.0
"""After as much silence Redis is asked whether it is there, after twice as much the connection is given up."""


class RedisWakeups(Wakeups):
    """Bells by topic, rung by the messages of one connection, however many listen.

    A bell also rings whenever the connection comes or goes: its reader looks for itself then what it has missed.
    """

    def __init__(self, client: RedisClient) -> None:
        super().__init__(self._nothing)
        self._client = client
        self._asked: set[str] = set()
        self._heard_of: set[str] = set()
        self._changed = asyncio.Event()

    @staticmethod
    async def _nothing(_: frozenset[str]) -> Iterable[str]:
        return ()

    @contextmanager
    def listen(self, topic: str) -> Iterator[asyncio.Event]:
        with super().listen(topic) as bell:
            self._changed.set()
            try:
                yield bell
            finally:
                self._changed.set()

    async def stop(self) -> None:
        watcher = self._watcher
        stopping = asyncio.ensure_future(super().stop())
        while not (await asyncio.wait({stopping}, timeout=0.1))[0]:
            # redis-py may have swallowed the first time, as it looks whether there is something to read.
            if watcher is not None:
                watcher.cancel()
        stopping.result()

    def hears(self, topic: str) -> bool:
        """Tell whether messages about the topic come in right now."""
        return topic in self._heard_of

    async def _watch(self) -> None:
        """Hear until nobody listens any more, over a new connection whenever one is lost."""
        from redis.exceptions import RedisError

        pause = FIRST_PAUSE
        while self._bells:
            redis = None
            try:
                redis = self._client.connection(1)
                async with redis.pubsub() as pubsub:
                    self._asked = set()
                    await self._hear(pubsub)
                pause = FIRST_PAUSE
            except (RedisError, OSError, StoreError):
                pause = FIRST_PAUSE if self._heard_of else min(pause * 2, LONGEST_PAUSE)
            finally:
                self._heard_of.clear()
                if redis is not None:
                    await redis.aclose(close_connection_pool=True)
            self.ring(list(self._bells))
            if self._bells:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        self._watcher = None

    async def _hear(self, pubsub: PubSub) -> None:
        """Ring as the messages come, and keep the subscriptions to what is listened to."""
        silent = False
        await self._subscribe(pubsub)
        hearing = asyncio.ensure_future(self._message(pubsub))
        changing = asyncio.ensure_future(self._changed.wait())
        try:
            while self._bells:
                await asyncio.wait({hearing, changing}, return_when=asyncio.FIRST_COMPLETED)
                if changing.done():
                    await self._subscribe(pubsub)
                    changing = asyncio.ensure_future(self._changed.wait())
                if not hearing.done():
                    continue
                message = hearing.result()
                if message is not None:
                    self._heard(message)
                elif silent:
                    raise TimeoutError
                else:
                    await pubsub.ping()
                silent = message is None
                hearing = asyncio.ensure_future(self._message(pubsub))
        finally:
            for task in (hearing, changing):
                task.cancel()
            await asyncio.wait({hearing, changing})
            if not hearing.cancelled():
                hearing.exception()

    @staticmethod
    async def _message(pubsub: PubSub) -> dict[str, Any] | None:
        message: dict[str, Any] | None = await pubsub.get_message(timeout=SILENT_SECONDS)
        return message

    async def _subscribe(self, pubsub: PubSub) -> None:
        self._changed.clear()
        wanted = {self._channel(topic) for topic in self._bells}
        new, old = wanted - self._asked, self._asked - wanted
        self._asked = wanted
        if new:
            await pubsub.subscribe(*new)
        if old:
            await pubsub.unsubscribe(*old)

    def _channel(self, topic: str) -> str:
        return self._client.channels + (topic.removeprefix("\0") if topic.startswith("\0") else f"session:{topic}")

    def _heard(self, message: dict[str, Any]) -> None:
        """Ring for a message, and for a subscription that has begun: something may have come before it."""
        name = str(message["channel"]).removeprefix(self._client.channels)
        topic = name.removeprefix("session:") if name.startswith("session:") else f"\0{name}"
        if message["type"] == "subscribe":
            self._heard_of.add(topic)
        elif message["type"] == "unsubscribe":
            self._heard_of.discard(topic)
        if message["type"] in ("message", "subscribe"):
            self.ring((topic,))
