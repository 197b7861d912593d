"""Server-sent events: a log's events as they come, for EventSource and for whatever reads lines."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from ..exceptions import CSVAgentError
from ..messages import FINAL, Event
from .feed import Watcher, seq_of
from .handler import CSVAgentAPIHandler

KEEP_ALIVE_SECONDS: Final = 15.0
RETRY_MILLISECONDS: Final = 2_000


class _EventsHandler(CSVAgentAPIHandler):
    """Streams events until the client goes away or nothing more can come; nobody waits for a client that is slow."""

    _streaming: asyncio.Task[bool] | None = None
    _is_sending = False

    async def stream(self, session_id: str, task_id: str | None = None) -> None:
        """Send the events after Last-Event-ID, or after ``?after=``, or all of them."""
        after = self._after()
        manager = await self.manager()
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache, no-transform")
        self.set_header("X-Accel-Buffering", "no")
        self.write(f"retry: {RETRY_MILLISECONDS}\n\n")
        await self.flush()
        feeds = self.extension.feeds
        watcher = Watcher(self, session_id)
        self._streaming = asyncio.ensure_future(
            feeds.read(manager, session_id, after, self._send, task_id=task_id, may_go_on=watcher.may_go_on)
        )
        staying = asyncio.ensure_future(self._stay(watcher))
        try:
            await asyncio.wait({self._streaming, staying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for ended in (self._streaming, staying):
                ended.cancel()
                with suppress(asyncio.CancelledError, StreamClosedError, CSVAgentError):
                    await self._let_go(ended)

    def on_connection_close(self) -> None:
        """A closed tab costs nothing from here on."""
        super().on_connection_close()
        if self._streaming is not None:
            self._streaming.cancel()

    async def _send(self, event: Event, text: str) -> None:
        number = "" if event.seq is None else f"id: {event.seq}\n"
        self.write(f"{number}data: {text}\n\n")
        self._is_sending = True
        await self.flush()
        self._is_sending = False

    async def _stay(self, watcher: Watcher) -> None:
        """Keep proxies from closing a quiet connection; returns when the reader may not read on.

        Nothing is said while an event is on its way: of two flushes at a time tornado finishes only the later one.
        """
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            if not await watcher.may_go_on():
                return
            if not self._is_sending:
                self.write(": still here\n\n")
                self.flush()

    async def _let_go(self, reading: asyncio.Future[Any]) -> None:
        """Wait for the end; who takes nothing is cut off, since what they were sent would stay here for ever."""
        try:
            await reading
        except TimeoutError:
            self.detach().close()

    def _after(self) -> int:
        return seq_of(self.request.headers.get("Last-Event-ID") or self.get_query_argument("after", "0"))


class SessionEventsHandler(_EventsHandler):
    @authenticated
    @authorized("read")
    async def get(self, session_id: str) -> None:
        """Follow all that happens in a session."""
        session = await self.session_for(session_id)
        await self.stream(session.session_id)


class TaskEventsHandler(_EventsHandler):
    @authenticated
    @authorized("read")
    async def get(self, task_id: str) -> None:
        """Follow one task up to its result; 204, which tells an EventSource to stop, when all of it was read."""
        task = await self.task_for(task_id)
        if task.status in FINAL:
            manager = await self.manager()
            if not await manager.store.read(task.session_id, self._after(), task_id=task_id, limit=1):
                self.set_status(204)
                return
        await self.stream(task.session_id, task_id)


ROUTES: Final[tuple[tuple[str, Any], ...]] = (
    (r"api/sessions/([^/]+)/events", SessionEventsHandler),
    (r"api/tasks/([^/]+)/events", TaskEventsHandler),
)
