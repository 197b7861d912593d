"""What the scripted model server says: a reply of a script, in the streaming formats of OpenAI and Anthropic."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """What the server says to one request.

    With a `status` other than 200, or with a `body`, it is one plain HTTP response. Else it streams `chunks` (or the
    words of `text`), after `reasoning`, with `delay` seconds before each. `cut_after` and `stall_after` count chunks:
    after so many the connection breaks (with `clean_cut` the response ends as if complete, without its closing
    event), or the server waits until `release` is set. `error` is an error object sent inside the stream after the
    chunks. `raw` is written as it is, piece by piece, in place of everything else. `usage` is (input, output) tokens.
    """

    text: str = ""
    chunks: Sequence[str] | None = None
    reasoning: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    cut_after: int | None = None
    clean_cut: bool = False
    stall_after: int | None = None
    delay: float = 0.0
    usage: tuple[int, int] | None = (100, 20)
    cost: float | None = None
    finish: str = "stop"
    error: Mapping[str, Any] | None = None
    raw: Sequence[bytes] | None = None
    release: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def pieces(self) -> list[str]:
        return list(self.chunks) if self.chunks is not None else re.findall(r"\s*\S+|\s+$", self.text)


@dataclass
class Recorded:
    """A request as it came, and what became of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    stalled: threading.Event = field(default_factory=threading.Event, repr=False)
    disconnected: threading.Event = field(default_factory=threading.Event, repr=False)
    finished: threading.Event = field(default_factory=threading.Event, repr=False)
    chunks_sent: int = 0

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    async def left(self, timeout: float = 10.0) -> bool:
        """Wait until the client has left before its reply was complete."""
        return await asyncio.to_thread(self.disconnected.wait, timeout)


Scripted = Reply | str | Mapping[str, Any] | Callable[[Recorded], "Reply | str"]


def as_reply(scripted: Scripted) -> Reply:
    if isinstance(scripted, Reply):
        return scripted
    if isinstance(scripted, str):
        return Reply(text=scripted)
    if callable(scripted):
        raise TypeError("a script's function gives a Reply or a text")
    values = dict(scripted)
    if "raw" in values:
        values["raw"] = [piece.encode() if isinstance(piece, str) else piece for piece in values["raw"]]
    return Reply(**values)


def error_body(path: str, status: int) -> dict[str, Any]:
    if path.endswith("/messages"):
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}
        error = {"type": kinds.get(status, "api_error"), "message": "scripted failure"}
        return {"type": "error", "error": error}
    return {"error": {"message": "scripted failure", "code": status}}


def _data(value: Any) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


async def openai_stream(reply: Reply, recorded: Recorded) -> AsyncIterator[tuple[bytes, bool]]:
    """Chat completion chunks: the words, the reason of the end, the usage if asked for, and [DONE]."""

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _data({"id": "c1", "object": "chat.completion.chunk", "model": "test", "choices": [choice]})

    for word in re.findall(r"\s*\S+", reply.reasoning):
        yield chunk({"reasoning_content": word}), False
    for word in reply.pieces():
        yield chunk({"content": word}), True
    if reply.error is not None:
        yield _data({"error": dict(reply.error)}), False
        return
    yield chunk({}, reply.finish), False
    asked = recorded.json or {}
    if reply.usage is not None and (asked.get("stream_options") or asked.get("usage")):
        taken, written = reply.usage
        usage = {"prompt_tokens": taken, "completion_tokens": written, "total_tokens": taken + written}
        yield _data({"choices": [], "usage": usage if reply.cost is None else {**usage, "cost": reply.cost}}), False
    yield b"data: [DONE]\n\n", False


async def anthropic_stream(reply: Reply, recorded: Recorded) -> AsyncIterator[tuple[bytes, bool]]:
    """Message events: start, one thinking and one text block in deltas, the reason of the end with usage, stop."""

    def event(kind: str, **values: Any) -> bytes:
        return f"event: {kind}\n".encode() + _data({"type": kind, **values})

    def block(index: int, kind: str, words: list[str]) -> Iterator[tuple[bytes, bool]]:
        yield event("content_block_start", index=index, content_block={"type": kind, kind: ""}), False
        for word in words:
            delta = {"type": f"{kind}_delta", kind: word}
            yield event("content_block_delta", index=index, delta=delta), kind == "text"
        yield event("content_block_stop", index=index), False

    taken, written = reply.usage or (0, 0)
    start = {"id": "m1", "type": "message", "role": "assistant", "content": []}
    usage = {"usage": {"input_tokens": taken, "output_tokens": 1}} if reply.usage is not None else {}
    yield event("message_start", message={**start, **usage}), False
    yield event("ping"), False
    if reply.reasoning:
        for piece in block(0, "thinking", re.findall(r"\s*\S+", reply.reasoning)):
            yield piece
    for piece in block(1, "text", reply.pieces()):
        yield piece
    if reply.error is not None:
        yield event("error", error=dict(reply.error)), False
        return
    reason = {"stop": "end_turn", "length": "max_tokens"}.get(reply.finish, reply.finish)
    ended = {"usage": {"output_tokens": written}} if reply.usage is not None else {}
    yield event("message_delta", delta={"stop_reason": reason}, **ended), False
    yield event("message_stop"), False
