"""One process's connection to Redis: every call ends within a bound, and what went wrong is told in words."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..exceptions import BadInput, Busy, CSVAgentError, LeaseLost, NotFound, StorageFull, StoreError, StoreUnreachable
from .base import MAX_WAITING
from .redis_address import RedisAddress

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")

CALL_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 5.0
CONNECT_SECONDS: Final = 2.0
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 2.0
CONNECTIONS: Final = 32
ANSWER: Final = "csvagent:answer:"

Key = str | bytes
Argument = str | bytes | int | float


class RedisClient:
    """Calls Redis and tries again with growing, jittered pauses while it is out of reach.

    A write can be sent again without harm: it carries a name, and Redis answers the same name as it did before.
    """

    def __init__(self, address: RedisAddress) -> None:
        self.address = address
        self.channels = f"csvagent:{address.db}:"
        self._redis: Redis | None = None
        self._closing = asyncio.Event()
        self._attempts: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        """Connect; raises StoreError when that is not possible within a few seconds."""
        self._closing.clear()
        self._redis = self.connection(CONNECTIONS)
        try:
            await self.run(lambda redis: awaited(redis.ping()))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; calls that wait for Redis end with StoreUnreachable."""
        self._closing.set()
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose(close_connection_pool=True)
        if self._attempts:
            await asyncio.wait(set(self._attempts), timeout=ANSWER_SECONDS)

    def connection(self, most: int) -> Redis:
        """Make a client of redis-py that tries nothing twice by itself; whoever asked for it closes it."""
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        options: dict[str, Any] = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
        if "path" not in self.address.options:
            options |= {"socket_keepalive": True, "socket_keepalive_options": _keepalive()}
        options |= self.address.options
        # Half a surrogate pair, as in an undecodable file name, must not end a call, nor must what others wrote.
        fixed = {"decode_responses": True, "encoding_errors": "replace", "protocol": 2, "retry": Retry(NoBackoff(), 0)}
        try:
            pool = BlockingConnectionPool(max_connections=most, timeout=ANSWER_SECONDS, **(options | fixed))
            pool.connection_class(**pool.connection_kwargs)
        except (TypeError, ValueError):
            pool = None
        if pool is None:
            raise StoreError("sessions.redis_address")
        return Redis(connection_pool=pool)

    async def ping(self, timeout: float) -> float:
        """Return the seconds that an answer takes; raises StoreUnreachable when none comes in time."""
        began = time.monotonic()
        await self.run(lambda redis: awaited(redis.ping()), until=began + timeout)
        return time.monotonic() - began

    async def run(self, work: Callable[[Redis], Awaitable[T]], *, until: float | None = None) -> T:
        """Do `work`, which may happen twice, again and again until it is answered or the time is up."""
        from redis.exceptions import RedisError

        until = time.monotonic() + CALL_SECONDS if until is None else until
        pause = FIRST_PAUSE
        while True:
            redis = self._redis
            if redis is None:
                raise StoreUnreachable("sessions.closed")
            trouble: Exception | None = None
            # In a task of its own: redis-py may swallow a cancellation, and a write under way is better not cut short.
            attempt = asyncio.ensure_future(work(redis))
            self._attempts.add(attempt)
            attempt.add_done_callback(self._attempted)
            left = max(until - time.monotonic(), FIRST_PAUSE)
            await asyncio.wait({attempt}, timeout=min(left, ANSWER_SECONDS))
            if not attempt.done():
                attempt.cancel()
            else:
                try:
                    return attempt.result()
                except (RedisError, OSError) as error:
                    trouble = self._told(error)
            # Raised out here, so that no chain of errors leads to what redis-py knows of the password.
            if trouble is not None:
                raise trouble
            wait = pause * random.uniform(0.5, 1.0)  # noqa: S311
            if time.monotonic() + wait >= until:
                raise StoreUnreachable("sessions.redis_gone", where=self.address.where)
            await self.rest(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _attempted(self, attempt: asyncio.Future[Any]) -> None:
        self._attempts.discard(attempt)
        if not attempt.cancelled():
            attempt.exception()

    async def rest(self, seconds: float) -> None:
        """Wait, but not beyond the end of the store."""
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def read(self, name: str, keys: Sequence[Key], *args: Argument, until: float | None = None) -> Any:
        """Ask one of the scripts' reads."""
        return await self._script(name, (ANSWER, *keys), args, {}, 0.0, until)

    async def write(
        self,
        name: str,
        keys: Sequence[Key],
        *args: Argument,
        about: Mapping[str, Any] | None = None,
        expire: float | None = None,
        until: float | None = None,
        call: str | None = None,
    ) -> str:
        """Do one of the scripts' writes, once however often it has to be sent.

        `about` fills the text of a refusal: which session, which task. `call` names a write that is tried again later.
        """
        call = ANSWER + (call or uuid.uuid4().hex)
        return str(await self._script(name, (call, *keys), args, about or {}, expire or 0.0, until))

    async def _script(
        self,
        name: str,
        keys: Sequence[Key],
        args: Sequence[Argument],
        about: Mapping[str, Any],
        expire: float,
        until: float | None,
    ) -> Any:
        from redis.exceptions import NoScriptError

        script, digest = scripts()
        given = (*keys, name, round(expire * 1000), self.channels, *args)

        async def call(redis: Redis) -> Any:
            try:
                return await awaited(redis.evalsha(digest, len(keys), *given))
            except NoScriptError:
                return await awaited(redis.eval(script, len(keys), *given))

        try:
            return await self.run(call, until=until)
        except _Refused as refused:
            kind, key = _REFUSALS[refused.word]
        raise kind(key, waiting=MAX_WAITING, **about)

    def _told(self, error: Exception) -> Exception | None:
        """Return an error as the one that a person gets; None when Redis is out of reach, and may come back."""
        from redis import exceptions as redis

        where, text = self.address.where, str(error)
        word = text.partition(" ")[0]
        if self._redis is None:
            return StoreUnreachable("sessions.closed")
        if isinstance(error, redis.AuthenticationError) or word in _NO_PASSWORD:
            return StoreUnreachable("sessions.redis_password", where=where)
        if _is_about_certificates(error):
            return StoreUnreachable("sessions.redis_certificate", where=where)
        if isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError) or word in _NOT_YET:
            return None
        if isinstance(error, redis.ReadOnlyError | redis.BusyLoadingError):
            return None
        if word in _REFUSALS:
            return _Refused(word)
        if "OOM command" in text or "MISCONF" in text:
            return StorageFull("sessions.redis_full", where=where)
        if isinstance(error, redis.NoPermissionError) or "NOPERM" in text or "can't access at least one" in text:
            return StoreUnreachable("sessions.redis_forbidden", where=where)
        return StoreError("sessions.redis_failed", where=where, reason=_short(text))


class _Refused(Exception):
    """A script's own word for why it did nothing."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


_REFUSALS: Final[dict[str, tuple[type[CSVAgentError], str]]] = {
    "NOSESSION": (NotFound, "sessions.no_session"),
    "NOTASK": (NotFound, "sessions.no_task"),
    "LEASELOST": (LeaseLost, "sessions.lease_lost"),
    "LINEFULL": (Busy, "sessions.line_full"),
    "SESSIONTAKEN": (BadInput, "sessions.session_taken"),
    "TASKTAKEN": (BadInput, "sessions.task_taken"),
    "LINKTAKEN": (BadInput, "sessions.link_taken"),
}
_NO_PASSWORD: Final = ("NOAUTH", "WRONGPASS")
_NOT_YET: Final = ("LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN")


def _is_about_certificates(error: BaseException) -> bool:
    """Tell whether TLS refuses the other side, which no waiting mends."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _keepalive() -> dict[int, int]:
    """Have the system notice within a minute that the other side is gone; not every platform can be told."""
    wished = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
    return {getattr(socket, name): value for name, value in wished if hasattr(socket, name)}


def _short(text: str) -> str:
    """Return the first words of what Redis says, without the place in the script."""
    return " ".join(text.split())[:200]


async def awaited(answer: Any) -> Any:
    """Await what redis-py's stubs call an answer or an awaitable of one."""
    return await answer


@cache
def scripts() -> tuple[str, str]:
    """Return the scripts as Redis takes them, in one piece, and the name by which it knows them afterwards."""
    folder = Path(__file__).parent
    names = ("redis_log.lua", "redis_line.lua", "redis_books.lua")
    whole = "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
    return whole, hashlib.sha1(whole.encode("utf-8"), usedforsecurity=False).hexdigest()
