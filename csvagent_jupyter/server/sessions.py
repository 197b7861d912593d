"""Dialogues: make, list, look into, rename, share, delete, bring back."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ..access import May, Wish
from ..exceptions import BadInput
from ..messages import Answer, Grant, Session, Task
from .handler import CSVAgentAPIHandler
from .results import addressed

MOST_QUESTIONS: Final = 1_000
_JOINERS: Final = "\u200c\u200d"  # they belong to letters of some scripts, and to emoji
Title = Annotated[str, msgspec.Meta(max_length=200)]


class NewSession(msgspec.Struct, forbid_unknown_fields=True):
    """What may be said of a session when it is made."""

    title: Title = ""


class Renamed(msgspec.Struct, forbid_unknown_fields=True):
    """A session's other title."""

    title: Title


class Shares(msgspec.Struct, forbid_unknown_fields=True):
    """With whom a session is shared, all of them; these take the place of the earlier ones."""

    shares: Annotated[list[Wish], msgspec.Meta(max_length=100)]


def _clean(title: str) -> str:
    """Return a title as it is shown: on one line, without control characters."""
    seen = "".join(sign for sign in title if sign.isprintable() or sign.isspace() or sign in _JOINERS)
    return " ".join(seen.split())


class SessionsHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """List the sessions of who asks and those shared with them, the last used first."""
        manager = await self.manager()
        found = await manager.access.sessions(self.owner, self.link)
        self.reply({"sessions": [_shown(session, may) for session, may in found]})

    @authenticated
    @authorized("execute")
    async def post(self) -> None:
        """Make a session."""
        asked = self.read_json(NewSession)
        manager = await self.manager()
        session = await manager.store.create_session(self.owner, title=_clean(asked.title))
        self.reply(_shown(session, "own"), 201)


class SessionHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self, session_id: str) -> None:
        """Show a session with its questions and answers, the oldest first; `limit` keeps the last ones."""
        session = await self.session_for(session_id)
        manager = await self.manager()
        may = await manager.access.rights(session, self.owner, self.link)
        asked = await manager.history(session_id, limit=self.number("limit", MOST_QUESTIONS, most=MOST_QUESTIONS))
        history = [self._turn(task, answer) for task, answer in asked]
        self.reply(_shown(session, may or "read") | {"history": history})

    @authenticated
    @authorized("write")
    async def patch(self, session_id: str) -> None:
        """Give a session another title."""
        asked = self.read_json(Renamed)
        session = await self.session_for(session_id, "own")
        manager = await self.manager()
        self.reply(_shown(await manager.store.rename_session(session.session_id, _clean(asked.title)), "own"))

    @authenticated
    @authorized("write")
    async def delete(self, session_id: str) -> None:
        """Take a session away, and stop what runs in it; it can be brought back for a while."""
        session = await self.session_for(session_id, "own")
        manager = await self.manager()
        await manager.store.delete_session(session.session_id)
        if not await manager.store.tasks(session_id=session.session_id, unfinished=True):
            await manager.workshop.forget(session.session_id)
        self.set_status(204)
        self.finish()

    def _turn(self, task: Task, answer: Answer | None) -> dict[str, Any]:
        """Return a question with its answer, whose plots are addresses here: a long session stays light."""
        return {
            "task_id": task.task_id,
            "question": task.question.text,
            "status": task.status,
            "created_at": task.created_at,
            "asked_by": task.owner,
            "sources": [source.name for source in task.question.sources],
            "result": None if answer is None else addressed(answer, self.base_url),
        }


class RestoreHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("write")
    async def post(self, session_id: str) -> None:
        """Bring a deleted session back, for its owner."""
        manager = await self.manager()
        self.reply(_shown(await manager.store.restore_session(session_id, owner=self.owner), "own"))


class SharesHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self, session_id: str) -> None:
        """Tell its owner with whom a session is shared."""
        session = await self.session_for(session_id, "own")
        self._list(await (await self.manager()).store.grants(session.session_id))

    @authenticated
    @authorized("write")
    async def put(self, session_id: str) -> None:
        """Say with whom a session is shared, by name or by a link whose secret is made here."""
        asked = self.read_json(Shares)
        session = await self.session_for(session_id, "own")
        self._list(await (await self.manager()).access.share(session, asked.shares))

    @authenticated
    @authorized("write")
    async def delete(self, session_id: str) -> None:
        """Share a session no longer: with each `name`, by each `link`, or with neither given with nobody."""
        session = await self.session_for(session_id, "own")
        names, links = self.get_query_arguments("name"), self.get_query_arguments("link")
        if not all((*names, *links)):
            raise BadInput("server.nobody_named")
        await (await self.manager()).access.unshare(session, names, links)
        self.set_status(204)
        self.finish()

    def _list(self, grants: tuple[Grant, ...]) -> None:
        self.reply({"shares": [{key: value for key, value in grant.to_dict().items() if value} for grant in grants]})


def _shown(session: Session, may: May) -> dict[str, Any]:
    """Return a session as CONTRACT shows it, with what who asks may do in it."""
    return session.to_dict() | {"may": may}


_ONE: Final = r"api/sessions/([\w.-]+)"

ROUTES: Final[tuple[tuple[str, type], ...]] = (
    (r"api/sessions", SessionsHandler),
    (_ONE, SessionHandler),
    (rf"{_ONE}/restore", RestoreHandler),
    (rf"{_ONE}/shares", SharesHandler),
)
