"""The ledger, counters, shares, saved analyses and feedback in Redis, and what is cleared away there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import msgspec

from ..exceptions import BadInput, NotFound
from ..messages import Feedback, Grant, LedgerEntry, SavedAnalysis, Session
from . import redis_keys as keys
from .base import without
from .codec import iso, mentioned_artifacts, write_json
from .redis_client import RedisClient, awaited
from .redis_log import PATIENCE_SECONDS, RedisLog
from .sqlite_log import SESSION_ID

_PAGE: Final = 500
_WHATEVER: Final = "*"
"""In the place of the body of the grants before: whichever these are."""
_INDEXES: Final[tuple[tuple[str, Literal["set", "zset"]], ...]] = (
    (keys.sessions_of("*"), "set"),
    (keys.shared_with("*"), "set"),
    (keys.tasks_of("*"), "zset"),
    (keys.ALL_TASKS, "zset"),
)


class RedisBooks:
    """The books' calls."""

    def __init__(self, client: RedisClient, log: RedisLog) -> None:
        self.client = client
        self.log = log

    # --- ledger and counters ----------------------------------------------------------------------------------------

    async def record(self, entry: LedgerEntry) -> None:
        """Write an entry down, in line with the session's events: a run does not end because Redis is away."""
        own = (*keys.SHARED, *keys.session_keys(entry.session_id), keys.LEDGERS)
        args = (entry.task_id, entry.at, write_json(entry), entry.session_id)

        async def send(until: float) -> str:
            return await self.client.write("record", own, *args, expire=self.log.expire, until=until)

        patience = 0.0 if self.log.writers.is_stuck(entry.session_id) else PATIENCE_SECONDS
        await self.log.writers.write(entry.session_id, send, size=len(args[2]), patience=patience)

    async def ledger(self, task_id: str) -> tuple[LedgerEntry, ...]:
        session_id = await self.client.run(lambda redis: awaited(redis.hget(keys.LEDGERS, task_id)))
        if session_id is None:
            return ()
        session = keys.session_keys(str(session_id))
        bodies = await self.client.read("ledger", (*keys.SHARED, *session), task_id)
        return tuple(keys.decoded(LedgerEntry, str(body), self._where) for body in bodies)

    async def add(self, name: str, amount: float, window: float | None) -> float:
        width = "" if window is None else repr(window * 1_000_000)
        return float(await self._count("add", name, window, repr(float(amount)), width))

    async def reserve(self, name: str, amount: float, limit: float) -> bool:
        return await self._count("reserve", name, None, repr(float(amount)), repr(float(limit))) == "1"

    async def _count(self, call: str, name: str, window: float | None, *args: str) -> str:
        return await self.client.write(call, (*keys.SHARED, keys.counter(name, window)), *args)

    # --- shares -----------------------------------------------------------------------------------------------------

    async def set_grants(self, session_id: str, grants: Sequence[Grant]) -> None:
        await self._share(session_id, grants, _WHATEVER)

    async def remove_grants(self, session_id: str, named: Collection[str]) -> None:
        await self.log.get(session_id)
        while True:
            before = await self._grants_body(session_id)
            if await self._share(session_id, without(self._grants_in(before), named), before):
                return

    async def _share(self, session_id: str, grants: Sequence[Grant], before: str) -> bool:
        """Put grants in the place of those in the body `before`; tells whether it was these that were there."""
        links = sorted({grant.link for grant in grants if grant.link})
        if any("\0" in link for link in links):
            raise BadInput("sessions.link_taken")
        names = sorted({grant.name for grant in grants if grant.name})
        session = (*keys.SHARED, *keys.session_keys(session_id), keys.LINKS, *map(keys.shared_with, names))
        body = msgspec.json.encode([write_json(grant) for grant in grants])
        about = {"session_id": session_id}
        expire = self.log.expire
        answer = await self.client.write("set_grants", session, body, before, *links, about=about, expire=expire)
        return answer != "changed"

    async def grants(self, session_id: str) -> tuple[Grant, ...]:
        await self.log.get(session_id)
        return await self._grants(session_id)

    async def _grants(self, session_id: str) -> tuple[Grant, ...]:
        return self._grants_in(await self._grants_body(session_id))

    async def _grants_body(self, session_id: str) -> str:
        key = keys.grants_key(session_id)
        return str(await self.client.run(lambda redis: awaited(redis.hget(key, "body"))) or "")

    def _grants_in(self, body: str) -> tuple[Grant, ...]:
        texts = msgspec.json.decode(body, type=list[str]) if body else ()
        return tuple(keys.decoded(Grant, text, self._where) for text in texts)

    async def shared_with(self, name: str) -> tuple[tuple[Session, Literal["read", "ask"]], ...]:
        if not name:
            return ()
        found: list[tuple[Session, Literal["read", "ask"]]] = []
        for session in await self.log.of_index(keys.shared_with(name)):
            may = {grant.may for grant in await self._grants(session.session_id) if grant.name == name}
            if may:
                found.append((session, "ask" if "ask" in may else "read"))
        return tuple(found)

    async def linked(self, link: str) -> tuple[Session, Literal["read", "ask"]]:
        if link:
            session_id = await self.client.run(lambda redis: awaited(redis.hget(keys.LINKS, link)))
            # What is said by the session counts; the index only tells where to look.
            for grant in () if session_id is None else await self._grants(str(session_id)):
                if grant.link == link:
                    return await self.log.get(str(session_id)), grant.may
        raise NotFound("sessions.no_link")

    # --- saved analyses and feedback --------------------------------------------------------------------------------

    async def save_analysis(self, analysis: SavedAnalysis) -> SavedAnalysis:
        now = await self._now()
        analysis = replace(analysis, created_at=iso(now / 1_000_000))
        name = analysis.analysis_id

        async def work(redis: Any) -> None:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.hset(keys.ANALYSES, name, write_json(analysis))
                pipe.zadd(keys.analyses_of(analysis.owner), {name: now})
                await pipe.execute()

        await self.client.run(work)
        return analysis

    async def analysis(self, analysis_id: str) -> SavedAnalysis:
        body = await self.client.run(lambda redis: awaited(redis.hget(keys.ANALYSES, analysis_id)))
        if body is None:
            raise NotFound("sessions.no_analysis", analysis_id=analysis_id)
        return keys.decoded(SavedAnalysis, str(body), self._where)

    async def analyses(self, owner: str) -> tuple[SavedAnalysis, ...]:
        index = keys.analyses_of(owner)
        ids = await self.client.run(lambda redis: awaited(redis.zrevrange(index, 0, -1)))
        if not ids:
            return ()
        bodies = await self.client.run(lambda redis: awaited(redis.hmget(keys.ANALYSES, ids)))
        found = (keys.decoded(SavedAnalysis, str(body), self._where) for body in bodies if body is not None)
        return tuple(one for one in found if one.owner == owner)

    async def delete_analysis(self, analysis_id: str) -> None:
        found = await self.analysis(analysis_id)
        name = analysis_id

        async def work(redis: Any) -> None:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.hdel(keys.ANALYSES, name)
                pipe.zrem(keys.analyses_of(found.owner), name)
                await pipe.execute()

        await self.client.run(work)

    async def give_feedback(self, feedback: Feedback) -> Feedback:
        feedback = replace(feedback, at=iso(await self._now() / 1_000_000))
        key, name = keys.feedback_on(feedback.task_id), feedback.owner
        await self.client.run(lambda redis: awaited(redis.hset(key, name, write_json(feedback))))
        return feedback

    async def feedback(self, task_id: str) -> tuple[Feedback, ...]:
        key = keys.feedback_on(task_id)
        found = await self.client.run(lambda redis: awaited(redis.hgetall(key)))
        return tuple(keys.decoded(Feedback, str(found[owner]), self._where) for owner in sorted(found))

    # --- what is in use, and what is not ----------------------------------------------------------------------------

    async def artifacts_in_use(self) -> frozenset[str]:
        found: set[str] = set()
        async for names in self._scan("session:*:artifacts"):
            for name in names:
                held = await self.client.run(lambda redis: awaited(redis.smembers(name)))  # noqa: B023
                found.update(map(str, held))
        bodies = await self.client.run(lambda redis: awaited(redis.hvals(keys.ANALYSES)))
        return frozenset(found.union(*(mentioned_artifacts(str(body)) for body in bodies)))

    async def tidy(self) -> None:
        """Take out of the indexes what belongs to sessions that have expired; their own keys are gone by themselves."""
        for pattern, kind in _INDEXES:
            async for names in self._scan(pattern):
                for name in names:
                    await self._tidy_index(name, kind)
        for name, part in (
            (keys.TASKS, keys.tasks_key),
            (keys.LEDGERS, keys.ledger_key),
            (keys.LINKS, keys.grants_key),
        ):
            await self._tidy_hash(name, part)

    async def _tidy_index(self, name: str, kind: Literal["set", "zset"]) -> None:
        if kind == "set":
            found = await self.client.run(lambda redis: awaited(redis.smembers(name)))
        else:
            found = await self.client.run(lambda redis: awaited(redis.zrange(name, 0, -1)))
        members = [str(member) for member in found]
        for start in range(0, len(members), _PAGE):
            await self.log.prune(kind, name, members[start : start + _PAGE])

    async def _tidy_hash(self, name: str, part: Callable[[str], str]) -> None:
        """As the other indexes, but here the session is the value; `part` names what of it is meant."""
        found = await self.client.run(lambda redis: awaited(redis.hgetall(name)))
        fields = [(str(field), str(value)) for field, value in found.items() if SESSION_ID.fullmatch(str(value))]
        for start in range(0, len(fields), _PAGE):
            page = fields[start : start + _PAGE]
            parts = [part(value) for _, value in page]
            await self.client.write("prune", (*keys.SHARED, name, *parts), "hash", *(field for field, _ in page))

    async def _scan(self, pattern: str) -> AsyncGenerator[list[str], None]:
        cursor = 0
        while True:
            at = cursor
            cursor, names = await self.client.run(
                lambda redis: awaited(redis.scan(at, match=pattern, count=_PAGE))  # noqa: B023
            )
            yield [str(name) for name in names]
            if not cursor:
                return

    async def _now(self) -> int:
        """Return Redis's own time in microseconds since the epoch."""
        seconds, rest = await self.client.run(lambda redis: awaited(redis.time()))
        return int(seconds) * 1_000_000 + int(rest)

    @property
    def _where(self) -> str:
        return self.client.address.where
