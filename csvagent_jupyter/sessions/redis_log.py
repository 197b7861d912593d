"""Sessions and their events in Redis: a session is JSON, its log a Stream whose ids are the events' numbers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ..exceptions import BadInput, NotFound
from ..messages import Answer, Event, Session, Turn
from ..translations import Language
from . import redis_keys as keys
from .codec import iso, mentioned_artifacts, read_json, storable, turn_of, write_json
from .redis_client import RedisClient, awaited
from .redis_writers import Writers
from .sqlite_log import SESSION_ID

READ_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 2.0
"""How long an append waits for its number before the run goes on without."""


class Page(NamedTuple):
    """A piece of a log: its events, the last number it covers, whether there may be more, and what log it is of."""

    events: tuple[Event, ...]
    last: int
    is_full: bool
    end: int
    made: str


class Living(NamedTuple):
    """A session that is neither deleted nor expired, its last use (microseconds, sixteen digits) and last number."""

    used: str
    last_seq: int
    session: Session


class RedisLog:
    """The log's calls; `expire` is in seconds from a session's last use, None for never."""

    def __init__(self, client: RedisClient, expire: float | None) -> None:
        self.client = client
        self.expire = expire
        self.writers = Writers(client)
        self._name = uuid.uuid4().hex[:12]
        self._numbers = 0

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def create(self, owner: str, title: str, language: Language | None, session_id: str | None) -> Session:
        session_id = str(uuid.uuid4()) if session_id is None else session_id
        if not SESSION_ID.fullmatch(session_id):
            raise BadInput("sessions.bad_session_id", session_id=session_id)
        extra = keys.sessions_of(owner)
        return await self._change("create", session_id, session_id, owner, title, language or "", extra=(extra,))

    async def get(self, session_id: str) -> Session:
        return (await self._found(session_id)).session

    async def last_seq(self, session_id: str) -> int:
        return (await self._found(session_id)).last_seq

    async def _found(self, session_id: str) -> Living:
        key = keys.session_keys(session_id)[0]
        text = await self.client.run(lambda redis: awaited(redis.get(key)))
        found = None if text is None else self._living(str(text))
        if found is None:
            raise NotFound("sessions.no_session", session_id=session_id)
        return found

    async def list_of(self, owner: str, named: str | None, limit: int) -> tuple[Session, ...]:
        found = await self.of_index(keys.sessions_of(owner))
        if named is not None:
            found = [one for one in found if storable(named) in (one.title, one.session_id)]
        return tuple(one for one in found if one.owner == owner)[:limit]

    async def of_index(self, index: str) -> list[Session]:
        """Return the living sessions of a set, the last used first; those that are gone leave the set."""
        members = await self.client.run(lambda redis: awaited(redis.smembers(index)))
        ids = [str(member) for member in members if SESSION_ID.fullmatch(str(member))]
        if not ids:
            return []
        texts = await self.client.run(lambda redis: awaited(redis.mget([keys.session_keys(one)[0] for one in ids])))
        await self.prune("set", index, [one for one, text in zip(ids, texts, strict=True) if text is None])
        found = [living for text in texts if text is not None and (living := self._living(str(text))) is not None]
        return [one.session for one in sorted(found, key=lambda one: one.used, reverse=True)]

    async def prune(self, kind: Literal["hash", "set", "zset"], index: str, members: list[str]) -> None:
        """Take those members out of an index whose sessions are gone; a member begins with its session's id."""
        if members:
            gone = [keys.session_keys(member.partition(" ")[0])[0] for member in members]
            await self.client.write("prune", (*keys.SHARED, index, *gone), kind, *members)

    async def touch(self, session_id: str) -> Session:
        return await self._change("touch", session_id)

    async def rename(self, session_id: str, title: str) -> Session:
        return await self._change("rename", session_id, title)

    async def restore(self, session_id: str, owner: str | None) -> Session:
        return await self._change("restore", session_id, owner or "")

    async def delete(self, session_id: str) -> None:
        await self._write("delete", session_id)

    async def keep(self, session_ids: Iterable[str]) -> None:
        """Put off the expiry of sessions whose tasks wait."""
        for session_id in session_ids:
            await self._write("keep", session_id)

    # --- events -----------------------------------------------------------------------------------------------------

    async def append(self, session_id: str, event: Event, fence: int | None) -> Event:
        """Add an event; while Redis is out of reach it waits in line here, and is returned without a number."""
        task_id, kind, body = written(event)
        self._numbers += 1
        args = (task_id, kind, body, "" if fence is None else fence, self._name, self._numbers)
        artifacts = mentioned_artifacts(body)

        async def send(until: float) -> str:
            return await self._write("append", session_id, *args, *artifacts, until=until, task_id=task_id)

        patience = 0.0 if self.writers.is_stuck(session_id) else PATIENCE_SECONDS
        answer = await self.writers.write(session_id, send, size=len(body), patience=patience)
        return replace(event, session_id=session_id) if answer is None else appended(event, session_id, answer)

    async def read(
        self, session_id: str, after: int, task_id: str | None, limit: int, *, until: float | None = None
    ) -> Page | None:
        """Return a piece of a log; None when there is no such session."""
        try:
            session = keys.session_keys(session_id)
        except NotFound:
            return None
        args = (max(after, 0), task_id or "", limit)
        found = await self.client.read("read", (*keys.SHARED, *session), *args, until=until)
        if not found:
            return None
        made, end, *flat = map(str, found)
        rows = list(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))
        events = tuple(event for row in rows if (event := _event(session_id, *row)) is not None)
        return Page(events, int(rows[-1][0]) if rows else after, len(rows) == limit, int(end), made)

    async def turns(self, session_id: str) -> tuple[Turn, ...]:
        try:
            session = keys.session_keys(session_id)
        except NotFound:
            return ()
        bodies = await self.client.read("turns", (*keys.SHARED, *session))
        answers = (_answer(str(body)) for body in bodies)
        return tuple(turn_of(answer) for answer in answers if answer is not None)

    # --- within -----------------------------------------------------------------------------------------------------

    async def _change(self, name: str, session_id: str, *args: str, extra: tuple[str, ...] = ()) -> Session:
        text = await self._write(name, session_id, *args, extra=extra)
        return keys.decoded(Session, text, self.client.address.where)

    async def _write(
        self,
        name: str,
        session_id: str,
        *args: str | int,
        extra: tuple[str, ...] = (),
        until: float | None = None,
        task_id: str | None = None,
    ) -> str:
        session = keys.session_keys(session_id)
        about = {"session_id": session_id, "task_id": task_id}
        return await self.client.write(
            name, (*keys.SHARED, *session, *extra), *args, about=about, expire=self.expire, until=until
        )

    def _living(self, text: str) -> Living | None:
        """Return what a session's key holds; None for a deleted one."""
        fields = keys.fields_of(text, self.client.address.where)
        if fields.get("deleted_at"):
            return None
        session = keys.decoded(Session, text, self.client.address.where)
        return Living(str(fields.get("used", "")), int(fields.get("last_seq", 0)), session)


def written(event: Event) -> tuple[str, str, str]:
    """Return an event as the scripts take it: its task, its kind and its text."""
    meta, result = event.meta, event.result
    kind = "event"
    if event.type == "result":
        kind = "turn" if result is not None and result.success else "result"
    elif meta is not None and meta.stage == "executing" and event.task_id:
        kind = "whole"
    elif meta is not None and meta.code_delta:
        kind = "delta"
    return event.task_id or "", kind, write_json(event)


def appended(event: Event, session_id: str, answer: str) -> Event:
    """Return an event with the number and the time that a script answered."""
    seq, _, at = answer.partition(" ")
    return replace(event, session_id=session_id, seq=int(seq), at=iso(int(at) / 1000))


def _event(session_id: str, seq: str, at: str, body: str) -> Event | None:
    """Build an event; None for one of a newer version with words that this one does not know."""
    try:
        return replace(read_json(Event, body), session_id=session_id, seq=int(seq), at=iso(int(at) / 1000))
    except (msgspec.MsgspecError, ValueError):
        return None


def _answer(body: Any) -> Answer | None:
    try:
        return read_json(Event, body).result
    except (msgspec.MsgspecError, ValueError):
        return None


def answer_of(body: str, where: str) -> Answer | None:
    """Return the answer of a result event's text."""
    return keys.decoded(Event, body, where).result
