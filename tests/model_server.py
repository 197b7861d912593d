"""A real HTTP model server on loopback for tests: scripted replies in the streaming formats of OpenAI and Anthropic.

In a test, take the fixture `model_server`:

    model_server.script("I count the rows.\\n```python\\nprint(len(df))\\n```", Reply(status=429))
    model = open_model("openai:test", environ=model_server.environ())
    ...
    request = model_server.wait_for_request(1)      # the first one; its raw body, its headers
    request.disconnected.wait(5)                    # the client left before the reply was complete

As a program, for tests that need the server in a process of its own (a browser, a notebook):

    python tests/model_server.py replies.json --port 8901 [--repeat]

where the file is a list of texts or of objects with the fields of `Reply`. ``GET /requests`` shows what was asked,
``POST /release`` lets stalled replies go on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_wire import Recorded, Reply, Scripted, anthropic_stream, as_reply, error_body, openai_stream

__all__ = ["KEY", "Recorded", "Reply", "ScriptedServer"]

KEY = "sk-test-0123456789abcdef-SECRET"


class ClientLeftError(Exception):
    """The client closed the connection while its reply was under way."""


class ScriptedServer:
    """Answers model requests from a script, in order, and keeps every request; use it as a context manager."""

    def __init__(
        self,
        *replies: Scripted,
        repeat: bool = False,
        models: Sequence[str] = ("test-model",),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Recorded] = []
        self.lookups: list[Recorded] = []
        self.models = list(models)
        self.repeat = repeat
        self.port = port
        self.tls = tls
        self._script: list[Scripted] = list(replies)
        self._stalled: list[Reply] = []
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="model-server", daemon=True)

    # --- what a test uses -------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def environ(self, key: str = KEY) -> dict[str, str]:
        """The environment variables under which every provider talks to this server."""
        return {
            "OPENAI_API_KEY": key,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENROUTER_API_KEY": key,
            "OPENROUTER_BASE_URL": f"{self.url}/v1",
            "ANTHROPIC_API_KEY": key,
            "ANTHROPIC_BASE_URL": self.url,
            "OLLAMA_HOST": f"127.0.0.1:{self.port}",
        }

    def script(self, *replies: Scripted) -> None:
        """Add replies to the end of the script; a callable gets the request and gives its reply."""
        self._script.extend(replies)

    def forget(self) -> None:
        """Begin anew: drop what is left of the script and what was asked."""
        self._script.clear()
        with self._changed:
            self.requests.clear()

    def wait_for_request(self, number: int = 1, timeout: float = 20.0) -> Recorded:
        """Wait for the request of that number, counted from 1."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= number, timeout):
                raise TimeoutError(f"request {number} did not come; there were {len(self.requests)}")
            return self.requests[number - 1]

    async def request(self, number: int = 1, timeout: float = 20.0) -> Recorded:
        return await asyncio.to_thread(self.wait_for_request, number, timeout)

    def release(self) -> None:
        """Let every stalled reply go on."""
        for reply in self._stalled:
            reply.release.set()

    def start(self) -> ScriptedServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the model server did not start")
        return self

    def stop(self) -> None:
        assert self._loop is not None and self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def __enter__(self) -> ScriptedServer:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    # --- the server -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                await self._connection(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ClientLeftError):
                pass
            finally:
                connections.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(connected, "127.0.0.1", self.port, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead = b""
        while True:
            head = (ahead + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            recorded = Recorded(method, path, headers, body)
            wire = Wire(writer, asyncio.create_task(reader.read(1)), recorded)
            try:
                await self._respond(wire, recorded)
                await writer.drain()
            except (ClientLeftError, ConnectionError):
                recorded.disconnected.set()
                raise
            finally:
                recorded.finished.set()
                ahead = await wire.unwatch()
            if wire.broken:
                return

    async def _respond(self, wire: Wire, recorded: Recorded) -> None:
        path = recorded.path.partition("?")[0]
        if recorded.method == "GET" or not path.endswith(("/chat/completions", "/messages")):
            self.lookups.append(recorded)
            await wire.whole(*self._look_up(path))
            return
        reply = self._next_reply(recorded)
        if reply.status != 200 or reply.body is not None:
            body = reply.body if reply.body is not None else error_body(path, reply.status)
            await wire.whole(reply.status, body, reply.headers)
            return
        if reply.raw is not None:
            await wire.begin(reply.headers)
            for piece in reply.raw:
                await wire.piece(piece, True, reply)
                if wire.broken:
                    return
        else:
            await wire.begin(reply.headers)
            stream = anthropic_stream(reply, recorded) if path.endswith("/messages") else openai_stream(reply, recorded)
            async for event, counts in stream:
                await wire.piece(event, counts, reply)
                if wire.broken:
                    return
        await wire.end()

    def _next_reply(self, recorded: Recorded) -> Reply:
        with self._changed:
            self.requests.append(recorded)
            if not self._script:
                scripted: Scripted = Reply(status=400, body={"error": {"message": "no scripted reply is left"}})
            elif self.repeat and len(self._script) == 1:
                scripted = self._script[0]
            else:
                scripted = self._script.pop(0)
            self._changed.notify_all()
        if callable(scripted):
            scripted = scripted(recorded)
        reply = as_reply(scripted)
        self._stalled.append(reply)
        return reply

    def _look_up(self, path: str) -> tuple[int, Any]:
        if path == "/release":
            self.release()
            return 200, {"released": True}
        if path == "/requests":
            shown = [{"path": r.path, "body": r.json, "disconnected": r.disconnected.is_set()} for r in self.requests]
            return 200, shown
        if path.endswith("/models"):
            return 200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
        if path == "/api/tags":
            return 200, {"models": [{"name": name, "model": name} for name in self.models]}
        return 404, {"error": {"message": f"no route {path}"}}


class Wire:
    """Writes one response and notices at once when the client leaves."""

    def __init__(self, writer: asyncio.StreamWriter, watch: asyncio.Task[bytes], recorded: Recorded) -> None:
        self.writer = writer
        self.watch = watch
        self.recorded = recorded
        self.broken = False

    async def whole(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        given = {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}
        self._head(status, given)
        self.writer.write(content)
        await self.writer.drain()

    async def begin(self, headers: Mapping[str, str]) -> None:
        self._head(200, {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked", **headers})
        await self.writer.drain()

    async def piece(self, content: bytes, counts: bool, reply: Reply) -> None:
        """Write one event, at its time; break or stall the connection where the script says so.

        Only what `counts` (a piece of the reply's text) is a chunk for `cut_after` and `stall_after`.
        """
        if reply.cut_after is not None and self.recorded.chunks_sent >= reply.cut_after:
            if reply.clean_cut:
                await self.end()
            self.broken = True
            return
        if reply.stall_after is not None and self.recorded.chunks_sent == reply.stall_after:
            self.recorded.stalled.set()
            while not reply.release.is_set():
                await self._wait(0.01)
        await self._wait(reply.delay)
        self.writer.write(b"%x\r\n%b\r\n" % (len(content), content))
        await self.writer.drain()
        self.recorded.chunks_sent += counts

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def unwatch(self) -> bytes:
        """Stop watching for the client's leaving; what it has sent meanwhile belongs to its next request."""
        self.watch.cancel()
        (seen,) = await asyncio.gather(self.watch, return_exceptions=True)
        return seen if isinstance(seen, bytes) else b""

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode())

    async def _wait(self, seconds: float) -> None:
        await asyncio.wait({self.watch}, timeout=seconds)
        if self.watch.done() and (self.watch.exception() is not None or not self.watch.result()):
            raise ClientLeftError


def main(words: Sequence[str] | None = None) -> None:
    """Serve a script of replies until the program is stopped."""
    parser = argparse.ArgumentParser(description="A scripted model server on 127.0.0.1")
    parser.add_argument("replies", type=Path, help="a JSON list of texts or of objects with the fields of Reply")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--repeat", action="store_true", help="say the last reply again and again")
    options = parser.parse_args(words)
    replies = json.loads(options.replies.read_text(encoding="utf-8"))
    with ScriptedServer(*replies, repeat=options.repeat, port=options.port) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
