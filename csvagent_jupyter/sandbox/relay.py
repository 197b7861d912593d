"""Stands between a kernel's sockets and ours, and counts what the kernel sends before ZMQ collects it.

ZMQ hands a message over only when all of its parts are there, and bounds each part but not their number: a kernel that
writes parts without an end would fill our memory unseen. So its bytes come through here, and end at a number.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from ..exceptions import KernelDied

PIECE = 256 * 1024
LISTENS_WITHIN = 60.0
LOOKS_EVERY = 0.02


class Relay:
    """Passes bytes on both ways between sockets of ours and a kernel's; cut off once the kernel sent too many."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._left = allowed
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def flooded(self) -> bool:
        """Whether the kernel sent more than was allowed; nothing passes any more then."""
        return self._left < 0

    def allow(self) -> None:
        """Begin to count anew, unless it was too much already."""
        if not self.flooded:
            self._left = self._allowed

    async def stand_between(self, manager: AsyncKernelManager, client: AsyncKernelClient, folder: Path) -> None:
        """Lead the client to sockets of ours in `folder`, behind which are the kernel's, as soon as these are there."""
        client.ip = str(folder / "ipc" / "r")
        for port in (client.shell_port, client.iopub_port):
            kernels = Path(f"{manager.ip}-{port}")
            await _listened_to(kernels, manager)
            await self.join(Path(f"{client.ip}-{port}"), kernels)

    async def join(self, ours: Path, kernels: Path) -> None:
        """Make a socket at `ours` that leads to the one at `kernels`."""

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = asyncio.ensure_future(self._serve(reader, writer, kernels))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

        server = await asyncio.start_unix_server(connected, ours, start_serving=False)
        self._servers.append(server)  # before anything is waited for that could be cancelled
        await server.start_serving()

    async def close(self) -> None:
        """End all connections and take the sockets away."""
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def cut(self) -> None:
        """Begin to end all connections, without waiting for it."""
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kernels: Path) -> None:
        try:
            with suppress(OSError):
                there, back = await asyncio.open_unix_connection(kernels)
                try:
                    await _either(_pass_on(reader, back), _pass_on(there, writer, self._count))
                finally:
                    back.transport.abort()
        finally:
            writer.transport.abort()

    def _count(self, size: int) -> bool:
        self._left -= size
        return not self.flooded


async def _listened_to(socket: Path, manager: AsyncKernelManager) -> None:
    """Return when a kernel listens there; ours does when it reports, one of another provisioner some time later."""
    deadline = time.monotonic() + LISTENS_WITHIN
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_unix_connection(socket)
            writer.transport.abort()
            return
        if time.monotonic() > deadline or not await manager.is_alive():
            raise KernelDied("sandbox.not_started", detail=f"no socket {socket.name}")
        await asyncio.sleep(LOOKS_EVERY)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, may: Callable[[int], bool] | None = None
) -> None:
    """Pass bytes on until one side ends, or until `may` says that these are too many."""
    with suppress(OSError):
        while data := await reader.read(PIECE):
            if may is not None and not may(len(data)):
                return
            writer.write(data)
            await writer.drain()


async def _either(*ways: Coroutine[Any, Any, None]) -> None:
    """Wait until one of the two ways has ended, and end the other."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
