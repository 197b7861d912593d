"""The extension of a Jupyter server: puts the routes in place and holds the one manager behind them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Float, Integer, Unicode

from .feed import STALL_SECONDS, Feeds
from .monitor import Monitor
from .routes import routes

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from ..manager import CSVAgentManager
    from .uploads import FormHandler

BYTES_PER_GB = 2**30
STOP_SECONDS: Final = 12.0
"""A server that is told to end does so, whatever hangs; what it leaves is taken up by the next one."""


class CSVAgentExtension(ExtensionApp):
    """Serves ``{base_url}csvagent/…``; the manager is opened beside the server's start, and kernels on first use."""

    name = "csvagent"
    extension_url = "/csvagent/demo"
    load_other_extensions = True

    max_upload = Integer(4 * BYTES_PER_GB, min=1, help="Bytes that one uploaded file may have.").tag(config=True)
    max_message = Integer(16 * 2**20, min=1024, help="Bytes that one WebSocket message may have.").tag(config=True)
    reader_seconds = Float(
        STALL_SECONDS, min=0.1, help="Seconds after which a reader of events who takes nothing is let go."
    ).tag(config=True)
    issuer = Unicode(
        help="Whose names people sign in with, as `issuer` in `issuer:name`; empty: found by the identity provider."
    ).tag(config=True)

    log_json = Bool(
        False, help="Write log lines of this package as JSON, one object a line, with the ids of task and session."
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._opening: asyncio.Task[CSVAgentManager] | None = None
        self._warmed = False
        self._stopped = False
        self.feeds = Feeds()
        self.uploads: set[FormHandler] = set()
        self.monitor = Monitor(self)

    def initialize_settings(self) -> None:
        """Keep the secrets of shared links out of the server's log."""
        known = self.settings.get("extra_log_scrub_param_keys") or []
        self.settings["extra_log_scrub_param_keys"] = [*known, "link"]

    def initialize_handlers(self) -> None:
        self.feeds.stall_seconds = self.reader_seconds
        self.handlers.extend(routes())
        if getattr(self.serverapp, "serves_at_root", False):
            self.handlers.extend(routes(""))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Take up what an earlier server left in the line, without making this one's start wait."""
        self.monitor.start()
        self._open()

    async def stop_extension(self) -> None:
        """Let go of everything when the server stops: running tasks are left to the next one.

        Neither raises nor hangs, because the server would not end then.
        """
        self._stopped = True
        stopping = asyncio.create_task(self._let_go(), name="csvagent-stop")
        await asyncio.wait({stopping}, timeout=STOP_SECONDS)
        if not stopping.done():
            self.log.warning("csvagent did not stop within %d seconds, the server ends without it", STOP_SECONDS)
            stopping.cancel()
        elif not stopping.cancelled() and (error := stopping.exception()) is not None:
            from ..tasks.base import note_unexpected

            note_unexpected("the stop", error)

    async def _let_go(self) -> None:
        await self.feeds.close()
        for upload in tuple(self.uploads):
            upload.end()
        opening, self._opening = self._opening, None
        if opening is not None:
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                await opening.result().stop()
        await self.monitor.stop()

    @property
    def opened(self) -> CSVAgentManager | None:
        """The manager, if it is there already."""
        opening = self._opening
        return opening.result() if opening is not None and opening.done() and not opening.exception() else None

    async def manager(self, *, warm: bool = True) -> CSVAgentManager:
        """Return the manager once it is open, and with `warm` have a kernel made ready; raises StoreError."""
        manager = await asyncio.shield(self._open())
        if warm and not self._warmed:
            self._warmed = True
            manager.prewarm()
        return manager

    def _open(self) -> asyncio.Task[CSVAgentManager]:
        """Open the manager, again when that failed the last time."""
        if self._opening is None or (self._opening.done() and self._opening.exception() is not None):
            self._opening = asyncio.create_task(self._opened_manager(), name="csvagent-open")
            self._opening.add_done_callback(self._note_failure)
        return self._opening

    async def _opened_manager(self) -> CSVAgentManager:
        from ..exceptions import StoreUnreachable

        if self._stopped:
            raise StoreUnreachable("sessions.closed")
        manager = await asyncio.to_thread(self._make_manager)
        self.monitor.watch(manager)
        try:
            await manager.start(warm=False)
        except BaseException:
            with suppress(Exception):
                await manager.stop()
            raise
        return manager

    def _make_manager(self) -> CSVAgentManager:
        """Import what a run needs, which takes a moment, and make the manager with this server's settings."""
        from ..agent import loop  # noqa: F401
        from ..manager import CSVAgentManager
        from ..sandbox import kernel  # noqa: F401
        from ..tasks import workshop  # noqa: F401

        return CSVAgentManager(parent=self, adopts=True)

    def _note_failure(self, opening: asyncio.Task[CSVAgentManager]) -> None:
        if not opening.cancelled() and (error := opening.exception()) is not None:
            self.log.warning("csvagent could not be opened: %s", error)
