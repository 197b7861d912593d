"""A part of a measured server: makes news inside its process, each with the time at which it was made."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import authenticated

from csvagent_jupyter.messages import Event, Progress

if TYPE_CHECKING:
    from csvagent_jupyter.sessions.base import SessionStore

PAUSE = 0.02


async def append(store: SessionStore, session_id: str, count: int) -> None:
    """Append events, one after another; all processes of a host have the clock of `perf_counter` in common."""
    for _ in range(count):
        await asyncio.sleep(PAUSE)
        meta = Progress(repr(perf_counter()), "generating")
        await store.append(session_id, Event("progress", status="PROCESSING", meta=meta))


class AppendHandler(APIHandler):
    @authenticated
    async def post(self, session_id: str, count: str) -> None:
        """Append so many events to a session."""
        manager = await self.settings["csvagent"].manager()
        await append(manager.store, session_id, int(count))
        self.finish({})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "benchmarks.appending"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    route = url_path_join(serverapp.base_url, "benchmark", "([^/]+)", "([0-9]+)")
    serverapp.web_app.add_handlers(".*$", [(route, AppendHandler)])
