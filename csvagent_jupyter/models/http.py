"""One request to a model server over HTTP: sent, streamed back, tried again where that is safe, and let go at once."""

from __future__ import annotations

import asyncio
import json
import secrets
from abc import abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Any, ClassVar, Final

import httpx

from ..messages import Prompt, Usage
from .base import ChatModel, Chunk, Price
from .reply import ReplyText
from .secret import KeyMask
from .sse import EventParser, TooLargeError
from .transport import ON_THE_WAY, Patience, Transport, whole
from .trouble import Server, Trouble, error_object, from_error, refused, unreachable

MAX_STREAM: Final = 64 << 20
_END: Final[dict[str, Any]] = {}
_UNWANTED: Final[dict[tuple[str, str], set[str]]] = {}
"""The parameters that a model of a server has refused, so that no later question pays for finding out again."""


@dataclass(slots=True)
class Reading:
    """How far the reading of one reply has come.

    `begun` is true from the first token, reasoning included: from then on it costs money and is never asked for
    again. `finish` is the server's reason for the end, `ended` says that its closing event was seen.
    """

    mask: KeyMask
    text: ReplyText = field(default_factory=ReplyText)
    begun: bool = False
    finish: str = ""
    ended: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    unseen: int = 0

    def add(self, piece: str) -> str:
        """Take the next piece of the reply and return what can be shown of it by now."""
        return self.mask.feed(self.text.feed(piece))

    def rest(self) -> str:
        """Return what was held back until the end."""
        return self.mask.feed(self.text.close()) + self.mask.close()

    def usage(self, prompt: Prompt, price: Price | None) -> Usage | None:
        """Return what the server told of the use, None when it told nothing.

        Where it told one of the two counts (a reply that broke off has no final count), the other is estimated at
        four characters a token, reasoning included.
        """
        if self.input_tokens is None and self.output_tokens is None and self.cost is None:
            return None
        sent = sum(len(message.content) for message in prompt.messages)
        taken = ceil(sent / 4) if self.input_tokens is None else self.input_tokens
        written = self.output_tokens or 0
        if self.output_tokens is None or not self.finish:
            written = max(written, ceil((self.text.length + self.unseen) / 4))
        cost = self.cost
        if cost is None and price is not None:
            cost = taken * price.input + written * price.output
        return Usage(taken, written, cost)


class HTTPModel(ChatModel):
    """A chat model behind a server that streams events; how they look is said by the classes below it.

    Holds no connection between requests, so it can serve any number of runs and event loops.
    """

    path: ClassVar[str]
    max_stream = MAX_STREAM
    key_header: ClassVar[tuple[str, str]] = ("Authorization", "Bearer ")
    extra_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, server: Server, model: str, *, patience: Patience | None = None, price: Price | None = None
    ) -> None:
        self.server = server
        self.model = model
        self.name = f"{server.provider}:{model}"
        self.price = price
        self.unwanted = _UNWANTED.setdefault((server.address, model), set())
        self._transport = Transport(server, patience or Patience())

    @property
    def patience(self) -> Patience:
        return self._transport.patience

    @patience.setter
    def patience(self, patience: Patience) -> None:
        self._transport.patience = patience

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @abstractmethod
    def payload(self, prompt: Prompt) -> dict[str, Any]:
        """Return the request as JSON values, without the parameters in `unwanted`."""

    @abstractmethod
    def read(self, event: Mapping[str, Any], reading: Reading) -> str:
        """Take one event of the stream: note in `reading` what it tells, and return the text that it adds."""

    async def prepare(self) -> None:
        """Find out what is still open before the first request; called before each."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        tries = 0
        while True:
            reading = Reading(KeyMask(self.server.key))
            trouble: Trouble | None = None
            try:
                await self.prepare()
                async with aclosing(self._attempt(prompt, reading)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except Trouble as met:
                trouble = met
            if trouble is None:
                return
            if reading.begun:
                usage = reading.usage(prompt, self.price)
                if usage is not None:
                    yield Chunk(usage=usage)
            elif trouble.unwanted and trouble.unwanted not in self.unwanted:
                self.unwanted.add(trouble.unwanted)
                continue
            elif trouble.passing and tries < self.patience.retries:
                pause = self._pause(tries, trouble.retry_after)
                if pause <= self.patience.longest_pause:
                    tries += 1
                    await asyncio.sleep(pause)
                    continue
            error, trouble = trouble.error, None  # the trouble's traceback leads to the request
            raise error

    async def look_up(self, path: str) -> Any:
        """Return the JSON that the server has at `path`. Raises Trouble."""
        try:
            async with asyncio.timeout(self.patience.connect), self._response("GET", path) as response:
                return json.loads(await whole(response))
        except ON_THE_WAY as error:
            trouble = self._transport.met(error, begun=False)
        except (ValueError, RecursionError, TooLargeError):
            trouble = self._no_api()
        raise trouble

    async def _attempt(self, prompt: Prompt, reading: Reading) -> AsyncGenerator[Chunk, None]:
        trouble = None
        try:
            async with aclosing(self._events(prompt, reading)) as events:
                async for event in events:
                    text = reading.add(self.read(event, reading))
                    if text:
                        yield Chunk(text)
                    if reading.ended:
                        break
        except TimeoutError:
            reason = "stopped_writing" if reading.begun else "no_first_token"
            seconds = self.patience.between if reading.begun else self.patience.first
            trouble = unreachable(self.server, reason, seconds=round(seconds))
        except ON_THE_WAY as error:
            trouble = self._transport.met(error, begun=reading.begun)
        except TooLargeError:
            trouble = unreachable(self.server, "too_large")
        if reading.finish:
            trouble = self._filtered(reading)
        elif trouble is None and not reading.ended:
            trouble = unreachable(self.server, "cut" if reading.begun else "dropped", passing=True)
        rest = reading.rest()
        if trouble is not None:
            if rest:
                yield Chunk(rest)
            raise trouble
        yield Chunk(rest, reading.usage(prompt, self.price), cut=reading.finish in ("length", "max_tokens"))

    def _filtered(self, reading: Reading) -> Trouble | None:
        if reading.finish in ("content_filter", "refusal"):
            return refused(self.server, "filtered", self.model)
        return None

    async def _events(self, prompt: Prompt, reading: Reading) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of one reply, each within its time."""
        body = json.dumps(self.payload(prompt), ensure_ascii=False).encode("utf-8", "replace")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience.first
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(deadline):
                response = await stack.enter_async_context(self._response("POST", self.path, body))
            events = await stack.enter_async_context(aclosing(self._parsed(response)))
            while True:
                async with asyncio.timeout_at(deadline):
                    event = await anext(events, _END)
                if event is _END:
                    return
                tokens = reading.text.length + reading.unseen
                yield event
                if reading.finish:
                    deadline = loop.time() + self.patience.ending
                elif reading.text.length + reading.unseen > tokens:
                    deadline = loop.time() + self.patience.between

    async def _parsed(self, response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            yield self._whole_reply(await whole(response))
            return
        if kind in ("text/html", "application/xhtml+xml"):
            raise self._no_api()
        parser, size = EventParser(), 0
        async for data in response.aiter_raw():
            size += len(data)
            if size > self.max_stream:
                raise TooLargeError
            for event in parser.feed(data):
                yield event
        for event in parser.close():
            yield event

    def _whole_reply(self, body: bytes) -> dict[str, Any]:
        """Read a reply that came in one piece, from a server that does not stream, or an error with status 200."""
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise self._no_api()
        return event

    def in_stream(self, event: Mapping[str, Any], status: int) -> Trouble:
        """Read an error that came inside a stream; `status` is the HTTP status that it stands for."""
        return from_error(self.server, self.model, status, error_object(event) or {})

    def _response(self, method: str, path: str, body: bytes = b"") -> AbstractAsyncContextManager[httpx.Response]:
        return self._transport.response(
            method, path, body, model=self.model, key_header=self.key_header, headers=self.extra_headers
        )

    def _no_api(self) -> Trouble:
        return refused(self.server, "no_api", self.model, variable=self.server.address_variable)

    def _pause(self, tries: int, wish: float | None) -> float:
        """Seconds before the next try: doubling, with jitter so that many runs do not come back at one moment."""
        jitter = 0.5 + secrets.randbelow(501) / 1_000
        pause: float = min(self.patience.pause * 2**tries, self.patience.longest_pause) * jitter
        return max(pause, wish or 0.0)


def tokens(value: Any) -> int | None:
    """Take a count of tokens from a server: a whole number within reason, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        return None
    return int(value)


def dollars(value: Any) -> float | None:
    """Take an amount of money from a server: finite and not negative, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        return None
    return float(value)
