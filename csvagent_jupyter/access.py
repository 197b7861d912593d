"""Who may do what with a session: its owner everything, others what was shared with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from .exceptions import NotFound

if TYPE_CHECKING:
    from .messages import Session, Task
    from .sessions.base import SessionStore

May = Literal["read", "ask", "own"]

_RIGHTS: Final[tuple[May, ...]] = ("read", "ask", "own")


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
