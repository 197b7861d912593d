"""Who may do what with a session: its owner everything, others what was shared with them."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from .exceptions import BadInput, NotFound, RateLimited
from .messages import Grant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .messages import Session, Source, Task
    from .sessions.base import SessionStore

May = Literal["read", "ask", "own"]

_RIGHTS: Final[tuple[May, ...]] = ("read", "ask", "own")
_MINUTE: Final = 60.0
_SECRET_BYTES: Final = 32


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What an owner asks for: share with a person by `name`, or by a `link`: a new one (true), or one that is there."""

    may: Literal["read", "ask"]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    link: bool | Annotated[str, msgspec.Meta(max_length=200)] = False


class Access:
    """The one gate in front of what the store holds of others; what is refused does not exist for who asks."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    async def rights(self, session: Session, owner: str, link: str = "") -> May | None:
        """Return the most that `owner` may do with the session; `link` is the secret of a link they followed."""
        if session.owner == owner:
            return "own"
        found = [
            grant.may
            for grant in await self._store.grants(session.session_id)
            if (grant.name and grant.name == owner) or (link and grant.link and grant.link == link)
        ]
        return max(found, key=_RIGHTS.index, default=None)

    async def session(self, session_id: str, owner: str, need: May = "read", link: str = "") -> Session:
        """Return a session that `owner` may read, ask in or change as their own; raises NotFound for any other."""
        session = await self._store.session(session_id)
        rights = await self.rights(session, owner, link)
        if rights is None or _RIGHTS.index(rights) < _RIGHTS.index(need):
            raise NotFound("sessions.no_session", session_id=session_id)
        return session

    async def task(self, task_id: str, owner: str, need: May = "read", link: str = "") -> Task:
        """Return a task of such a session; who asked its question may do all with it that the session's owner may."""
        task = await self._store.task(task_id)
        try:
            await self.session(task.session_id, owner, "read" if task.owner == owner else need, link)
        except NotFound as error:
            raise NotFound("sessions.no_task", task_id=task_id) from error
        return task

    async def sessions(self, owner: str, link: str = "") -> tuple[tuple[Session, May], ...]:
        """Return the sessions of `owner` and those shared with them, each with what they may do, last used first."""
        found: dict[str, tuple[Session, May]] = {}
        with suppress(NotFound):
            if link:
                session, _ = await self._store.linked(link)
                found[session.session_id] = session, await self.rights(session, owner, link) or "read"
        for session, may in await self._store.shared_with(owner):
            found.setdefault(session.session_id, (session, may))
        found |= {session.session_id: (session, "own") for session in await self._store.sessions(owner)}
        return tuple(sorted(found.values(), key=lambda one: one[0].updated_at, reverse=True))

    async def share(self, session: Session, wishes: Sequence[Wish]) -> tuple[Grant, ...]:
        """Share a session as its owner wishes, and as nothing else; returns the grants with the links' secrets.

        A name without an issuer is that of somebody who signs in as the owner does.
        """
        links = {grant.link for grant in await self._store.grants(session.session_id) if grant.link}
        grants = {grant.name or grant.link: grant for grant in (_granted(wish, session, links) for wish in wishes)}
        await self._store.set_grants(session.session_id, tuple(grants.values()))
        return tuple(grants.values())

    async def unshare(self, session: Session, names: Sequence[str] = (), links: Sequence[str] = ()) -> None:
        """Take grants back, or all of them when none is named.

        Raises NotFound, and takes none back, when one that is named is not there: whoever mistypes a name would believe
        that its bearer reads no more.
        """
        named = {full_name(name, session.owner) for name in names} | set(links)
        await self._store.remove_grants(session.session_id, named)

    async def tasks(self, owner: str, limit: int, link: str = "") -> tuple[Task, ...]:
        """Return the questions that `owner` asked in sessions that they may still read, the last first."""
        tasks = await self._store.tasks(owner=owner, limit=limit)
        open_ones = set()
        for session_id in {task.session_id for task in tasks}:
            with suppress(NotFound):
                open_ones.add((await self.session(session_id, owner, link=link)).session_id)
        return tuple(task for task in tasks if task.session_id in open_ones)

    async def count_question(self, owner: str, per_minute: int | None) -> None:
        """Count a question of `owner` in the current minute; raises RateLimited beyond `per_minute`."""
        if per_minute is None:
            return
        if await self._store.add(f"questions:{owner}", 1, window=_MINUTE) > per_minute:
            left = _MINUTE - time.time() % _MINUTE
            seconds = max(1, round(left))
            raise RateLimited("manager.too_many_questions", limit=per_minute, seconds=seconds, retry_after=left)


def full_name(name: str, owner: str) -> str:
    """Return a person as ``issuer:name``; without an issuer it is that of `owner`."""
    return name if not name or ":" in name else f"{owner.partition(':')[0]}:{name}"


def _granted(wish: Wish, session: Session, links: set[str]) -> Grant:
    if bool(wish.name) == bool(wish.link):
        raise BadInput("manager.share_with_whom")
    if wish.name:
        return Grant(wish.may, name=full_name(wish.name, session.owner))
    if wish.link is True:
        return Grant(wish.may, link=secrets.token_urlsafe(_SECRET_BYTES))
    if wish.link not in links:
        raise BadInput("manager.foreign_link")
    return Grant(wish.may, link=str(wish.link))


def refuse_paths(sources: Iterable[Source], asked_by: str, owner: str) -> None:
    """Raise BadInput when `owner` would use somebody else's sources by path.

    A path means something only to who named it: for another person, or on another host, it may be another file.
    """
    named = [source.name for source in sources if source.path and not source.artifact]
    if asked_by != owner and named:
        raise BadInput("manager.foreign_path", names=", ".join(named[:3]))
