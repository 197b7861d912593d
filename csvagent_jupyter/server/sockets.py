"""The WebSocket of a session: ask, cancel and watch over one connection."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..exceptions import BadInput, CSVAgentError, NotAllowed
from ..messages import Event, Source
from ..translations import say
from .asking import Wished, put_question
from .feed import Watcher, seq_of
from .handler import CSVAgentHandler

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..sessions.trial import Trial

CHECK_SECONDS: Final = 15.0


class Analyze(Wished, tag_field="type", tag="analyze", kw_only=True):
    """Ask a question, about a file that comes along, about paths, or about the session's last sources."""

    file_base64: str | None = None
    filename: str = ""


class Cancel(msgspec.Struct, tag_field="type", tag="cancel"):
    task_id: str


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    pass


class Close(msgspec.Struct, tag_field="type", tag="close"):
    pass


_DECODER: Final = msgspec.json.Decoder(Analyze | Cancel | Ping | Close)


class AnalyzeSocket(WebSocketMixin, WebSocketHandler, CSVAgentHandler):
    """``ws/analyze/{session_id}``: a bad message is answered and the connection stays open."""

    session_id = ""
    _is_closed = False
    _reading: asyncio.Task[bool] | None = None
    _checking: asyncio.Task[None] | None = None

    def set_default_headers(self) -> None:
        """A WebSocket has none of a page's headers."""

    @property
    def max_message_size(self) -> int:
        return self.extension.max_message

    @ws_authenticated
    async def get(self, session_id: str) -> None:
        """Open the connection for who may read the session; what they may do beyond is checked message by message."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", self.auth_resource)):
            raise HTTPError(403)
        self.session_id = (await self.session_for(session_id)).session_id
        self._after()
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadInput("server.no_upgrade")
        await super().get(session_id)

    async def open(self, *args: Any, **kwargs: Any) -> None:
        super().open(*args, **kwargs)
        manager = await self.manager()
        after = self._after()
        if after is None:
            after = await manager.store.last_seq(self.session_id)
        words = say("server.connected", self.language)
        await self._tell(Event("connected", session_id=self.session_id, message=words).to_dict())
        if self._is_closed:  # meanwhile; nobody would end what is begun from here on
            return
        watcher = Watcher(self, self.session_id)
        self._reading = asyncio.ensure_future(
            self.extension.feeds.read(manager, self.session_id, after, self._send, may_go_on=watcher.may_go_on)
        )
        self._reading.add_done_callback(self._read_all)
        self._checking = asyncio.ensure_future(self._check(watcher))

    async def on_message(self, message: str | bytes) -> None:
        try:
            asked = _DECODER.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            await self._refuse(BadInput("server.bad_json", problem=str(error)))
            return
        try:
            await self._obey(asked)
        except CSVAgentError as error:
            await self._refuse(error)

    def on_close(self) -> None:
        """A closed tab costs nothing from here on; what was asked goes on."""
        self._is_closed = True
        for ended in (self._reading, self._checking):
            if ended is not None:
                ended.cancel()
        super().on_close()

    # --- within -----------------------------------------------------------------------------------------------------

    async def _obey(self, asked: Analyze | Cancel | Ping | Close) -> None:
        if isinstance(asked, Ping):
            await self._tell(Event("pong").to_dict())
        elif isinstance(asked, Close):
            self.close(1000)
        elif isinstance(asked, Cancel):
            await self._must("execute")
            task = await self.task_for(asked.task_id, "own")
            await (await self.manager()).cancel(task.task_id)
        else:
            await self._must("execute")
            await self._ask(asked)

    async def _ask(self, asked: Analyze) -> None:
        from .sources import on_trial

        await self.session_for(self.session_id, "ask")
        async with on_trial(self) as trial:
            await put_question(self, asked, await self._sources(asked, trial), trial, self.session_id)

    async def _sources(self, asked: Analyze, trial: Trial) -> tuple[Source, ...]:
        from .sources import source_from_base64, sources_by_path

        if asked.file_base64 is not None:
            return (await source_from_base64(trial, asked.file_base64, asked.filename),)
        return await sources_by_path(trial, self, asked.all_paths)

    async def _must(self, action: str) -> None:
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, self.auth_resource)):
            raise NotAllowed("server.not_allowed", action=action)

    async def _check(self, watcher: Watcher) -> None:
        """End the connection of who may not read the session any more."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not await watcher.may_go_on():
                self.close(1008, "session gone")
                return

    def _read_all(self, reading: asyncio.Task[bool]) -> None:
        """The feed has ended: the server stops, the log is out of reach, the reader was too slow or lost its right."""
        if reading.cancelled():
            return
        error = reading.exception()
        if isinstance(error, TimeoutError):
            self.close(1008, "too slow")
        elif error is None and not reading.result():
            self.close(1008, "session gone")
        elif not isinstance(error, WebSocketClosedError | StreamClosedError):
            self.close(1012 if error is None else 1011)

    async def _send(self, event: Event, text: str) -> None:
        await self._write(text)

    async def _refuse(self, error: CSVAgentError) -> None:
        self.extension.monitor.metrics.refused(error.kind)
        await self._tell({"type": "error", "message": error.say(self.language), "reason": error.kind})

    async def _tell(self, content: dict[str, Any]) -> None:
        with suppress(WebSocketClosedError, StreamClosedError):
            await self._write(json.dumps(content))

    def _write(self, text: str) -> Awaitable[None]:
        """Send a message; who gives up waiting must not cancel tornado's own future, which it reports as a failure."""
        sending = self.write_message(text)
        sending.add_done_callback(lambda sent: sent.cancelled() or sent.exception())
        return asyncio.shield(sending)

    def _after(self) -> int | None:
        """Return where to go on from; None for what is new only."""
        given = self.get_query_argument("after", "")
        return seq_of(given) if given else None


ROUTES: Final[tuple[tuple[str, Any], ...]] = ((r"ws/analyze/([^/]+)", AnalyzeSocket),)
