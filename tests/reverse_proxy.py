"""A small reverse proxy in front of a Jupyter server, as an operator's nginx would be: one prefix, nothing buffered.

with ReverseProxy("/team/", host.port) as proxy:
    httpx.get(f"http://127.0.0.1:{proxy.port}/team/csvagent/api/sessions", …)
    proxy.drop()                    # cuts all connections that are open now
    proxy.is_down = True            # and takes no new ones
    proxy.is_frozen = True          # keeps all open, and passes nothing on any more
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self


class ReverseProxy:
    """Passes on what is asked beneath `prefix`, WebSockets too, byte by byte as it comes; anything else is 404."""

    def __init__(self, prefix: str, upstream: int) -> None:
        self.prefix = prefix
        self.upstream = upstream
        self.port = 0
        self.is_down = False
        self.is_frozen = False
        self.passed: list[str] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="reverse-proxy", daemon=True)

    def drop(self) -> None:
        """Cut every connection that is open, on both sides."""
        self._loop.call_soon_threadsafe(self._cut)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await self._pass_on(reader, writer)
            finally:
                tasks.discard(task)
                self._open.discard(writer)
                writer.transport.abort()

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one request on, and its answer back; each connection has one."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        path = lines[0].split(" ")[1]
        if self.is_down:
            return
        if not path.startswith(self.prefix):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        self.passed.append(lines[0])
        is_upgrade = any(line.lower().startswith("upgrade:") for line in lines)
        if not is_upgrade:
            lines = [line for line in lines if not line.lower().startswith("connection:")] + ["Connection: close"]
        lines += ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http"]
        ahead, behind = await asyncio.open_connection("127.0.0.1", self.upstream)
        self._open |= {writer, behind}
        try:
            behind.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            asking = asyncio.create_task(self._pump(reader, behind))
            await self._pump(ahead, writer)
            asking.cancel()
            await asyncio.wait({asking})
        finally:
            self._open.discard(behind)
            behind.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while block := await reader.read(65_536):
                if self.is_frozen:
                    continue
                writer.write(block)
                await writer.drain()
