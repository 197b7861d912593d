"""Readers of a session's events that cost little, so that there can be hundreds of them in one process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

from jupyter_host import JupyterHost
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

LONGEST_LINE = 64 * 2**20


@asynccontextmanager
async def sse(host: JupyterHost, session_id: str, *, name: str = "host", query: str = "") -> AsyncIterator[Any]:
    """Give the events of a session as JSON texts, over SSE, with nothing between us and the socket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", host.port, limit=LONGEST_LINE)
    writer.write(sse_request(host, session_id, name=name, query=query))
    assert b" 200 " in await reader.readline()
    while await reader.readline() != b"\r\n":
        pass

    async def events() -> AsyncIterator[str]:
        # The server sends one event in one chunk, whose lines therefore stand alone.
        while (line := await reader.readline()) not in (b"", b"0\r\n"):
            if line.startswith(b"data: "):
                yield line[6:].decode()

    try:
        yield events()
    finally:
        writer.transport.abort()


def sse_request(host: JupyterHost, session_id: str, *, name: str = "host", query: str = "") -> bytes:
    """Return the request for a session's events as it goes over the wire."""
    path = f"{host.base_url}csvagent/api/sessions/{session_id}/events{query}"
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(": ".join(one) for one in host.headers(name).items())]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def websocket(host: JupyterHost, session_id: str, *, name: str = "host", query: str = "") -> AsyncIterator[Any]:
    """Give the same over the WebSocket, once its greeting is there."""
    address = f"{host.url.replace('http', 'ws', 1)}/ws/analyze/{session_id}{query}"
    headers = host.headers(name)
    async with connect(address, additional_headers=headers, proxy=None, max_size=None) as connection:
        assert json.loads(await connection.recv())["type"] == "connected"
        yield connection


READERS = {"sse": sse, "websocket": websocket}


class Seen:
    """What one reader got; `has` waits until there were so many results."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    @property
    def lasting(self) -> list[dict[str, Any]]:
        """Without the pieces of code, which are dropped from the log once the whole of it is there."""
        return [event for event in self.events if not (event.get("meta") or {}).get("code_delta")]

    async def read(
        self,
        kind: Literal["sse", "websocket"],
        host: JupyterHost,
        session_id: str,
        results: int | None,
        opened: asyncio.Event,
    ) -> None:
        """Read from the session's beginning up to that many results; None: up to the end of the server."""
        with suppress(ConnectionError, ConnectionClosed):
            async with READERS[kind](host, session_id, query="?after=0") as events:
                if results is not None:
                    opened.set()
                async for text in events:
                    self.events.append(json.loads(text))
                    if results and (results := results - (self.events[-1]["type"] == "result")) == 0:
                        return
                    opened.set()
        if results is not None:
            raise AssertionError(f"{kind}: the events ended with {self.events[-1:]}")
