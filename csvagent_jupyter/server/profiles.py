"""How a file is read and what is in it, before anything is asked: guesses can be overridden and looked at again."""

from __future__ import annotations

from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ..exceptions import BadInput
from ..tables.option_words import with_stated
from .analyses import AskingHandler, Profiled


class ProfileHandler(AskingHandler):
    @authenticated
    @authorized("execute")
    async def post(self) -> None:
        """Profile one file, which comes along or is named, with the given overrides; nothing is asked about it."""
        async with self.parts(Profiled) as (asked, sources, _):
            if len(sources) != 1:
                raise BadInput("server.one_file", files=len(sources))
            (source,) = with_stated(sources, asked.dialect)
            manager = await self.manager()
            profile, preview = await manager.profile(source, self.language, glance=asked.glance)
        shown = profile.to_dict() | {
            "notes": [note.text for note in profile.notes],
            "preview": {"columns": preview.columns, "rows": preview.rows, "total_rows": preview.total_rows},
        }
        self.reply(shown)


ROUTES: Final[tuple[tuple[str, Any], ...]] = ((r"api/profile", ProfileHandler),)
