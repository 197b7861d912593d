"""Dialogues: make, list, rename, share, delete, bring back."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ..messages import Session
from .handler import CSVAgentAPIHandler


class NewSession(msgspec.Struct, forbid_unknown_fields=True):
    """What may be said of a session when it is made."""

    title: str = ""


class SessionsHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """List the sessions of who asks, the last used first."""
        manager = await self.manager()
        self.reply({"sessions": [_shown(session) for session in await manager.sessions(self.owner)]})

    @authenticated
    @authorized("execute")
    async def post(self) -> None:
        """Make a session."""
        asked = self.read_json(NewSession)
        manager = await self.manager()
        session = await manager.store.create_session(self.owner, title=asked.title)
        self.reply(_shown(session), 201)


def _shown(session: Session) -> dict[str, Any]:
    """Return a session as CONTRACT shows it."""
    return session.to_dict()


ROUTES: Final[tuple[tuple[str, type], ...]] = ((r"api/sessions", SessionsHandler),)
