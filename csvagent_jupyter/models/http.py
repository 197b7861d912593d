"""One request to a model server over HTTP: sent, streamed back, tried again where that is safe, and let go at once."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from math import ceil, isfinite
from typing import Any, ClassVar, Final

import httpx

from ..messages import Prompt, Usage
from .base import ChatModel, Chunk, Price
from .reply import ReplyText
from .secret import Secret
from .sse import EventParser, TooLargeError
from .trouble import Server, Trouble, error_object, from_error, from_status, refused, unreachable

MAX_STREAM: Final = 64 << 20
MAX_BODY: Final = 2 << 20
MAX_ERROR_BODY: Final = 64 << 10
_END: Final[dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to try again.

    `first` is the time until the reply's first token (a model that thinks, or is loaded first, needs some), `between`
    the time from one token to the next. A request is repeated up to `retries` times, after a pause that doubles from
    `pause` and is never longer than `longest_pause`; when a server asks for more than that, the run ends and says so.
    """

    connect: float = 10.0
    first: float = 300.0
    between: float = 90.0
    ending: float = 5.0
    retries: int = 3
    pause: float = 0.5
    longest_pause: float = 30.0


@dataclass(slots=True)
class Reading:
    """How far the reading of one reply has come.

    `begun` is true from the first token, reasoning included: from then on it costs money and is never asked for
    again. `finish` is the server's reason for the end, `ended` says that its closing event was seen.
    """

    text: ReplyText = field(default_factory=ReplyText)
    begun: bool = False
    finish: str = ""
    ended: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    unseen: int = 0

    def usage(self, prompt: Prompt, price: Price | None) -> Usage:
        """Return what the server told; tokens that it did not tell are estimated at four characters each.

        The count of written tokens is only told at the end, so a reply that broke off is estimated too.
        """
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
    key_header: ClassVar[tuple[str, str]] = ("Authorization", "Bearer ")
    extra_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, server: Server, model: str, *, patience: Patience | None = None, price: Price | None = None
    ) -> None:
        self.server = server
        self.model = model
        self.name = f"{server.provider}:{model}"
        self.patience = patience or Patience()
        self.price = price
        self.unwanted: set[str] = set()
        self._tls: ssl.SSLContext | None = None

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
            reading = Reading()
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
                yield Chunk(usage=reading.usage(prompt, self.price))
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
            async with asyncio.timeout(self.patience.connect), self._response("GET", path, b"") as response:
                body = await _whole(response, MAX_BODY)
            return json.loads(body)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            trouble = self._on_the_way(error, begun=False)
        except (ValueError, RecursionError, TooLargeError):
            trouble = refused(self.server, "no_api", self.model, variable=self.server.address_variable)
        raise trouble

    async def _attempt(self, prompt: Prompt, reading: Reading) -> AsyncGenerator[Chunk, None]:
        trouble = None
        try:
            async with aclosing(self._events(prompt, reading)) as events:
                async for event in events:
                    text = reading.text.feed(self.read(event, reading))
                    if text:
                        yield Chunk(text)
                    if reading.ended:
                        break
        except TimeoutError:
            reason = "stopped_writing" if reading.begun else "no_first_token"
            seconds = self.patience.between if reading.begun else self.patience.first
            trouble = unreachable(self.server, reason, seconds=round(seconds))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            trouble = self._on_the_way(error, begun=reading.begun)
        except TooLargeError:
            trouble = unreachable(self.server, "too_large")
        if reading.finish:
            trouble = self._filtered(reading)
        elif trouble is None and not reading.ended:
            trouble = unreachable(self.server, "cut", passing=True)
        rest = reading.text.close()
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
            yield self._whole_reply(await _whole(response, MAX_BODY))
            return
        if kind in ("text/html", "application/xhtml+xml"):
            raise refused(self.server, "no_api", self.model, variable=self.server.address_variable)
        parser, size = EventParser(), 0
        async for data in response.aiter_raw():
            size += len(data)
            if size > MAX_STREAM:
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
            raise refused(self.server, "no_api", self.model, variable=self.server.address_variable)
        return event

    def in_stream(self, event: Mapping[str, Any], status: int) -> Trouble:
        """Read an error that came inside a stream; `status` is the HTTP status that it stands for."""
        return from_error(self.server, self.model, status, error_object(event) or {})

    @asynccontextmanager
    async def _response(self, method: str, path: str, body: bytes) -> AsyncIterator[httpx.Response]:
        """Send one request; leaving the block closes its connection, whatever is still under way.

        Raises Trouble for any status but 200, and httpx's errors, which must not be chained: they hold the request
        with the key in its headers.
        """
        server = self.server
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "csvagent-jupyter",
            **self.extra_headers,
        }
        auth = KeyAuth(server.key, *self.key_header) if server.key is not None else None
        async with self._client() as client:
            request = client.build_request(method, server.address + path, content=body or None, headers=headers)
            response = await client.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                if response.status_code != 200:
                    said = await _beginning(response, MAX_ERROR_BODY)
                    raise from_status(server, self.model, response.status_code, said, response.headers)
                if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                    raise unreachable(server, "unreadable_reply")
                yield response
            finally:
                await response.aclose()

    def _client(self) -> httpx.AsyncClient:
        """Make a client with the machine's proxy and CA settings; a server on this machine needs no proxy."""
        patience = self.patience
        times = httpx.Timeout(None, connect=patience.connect, write=patience.connect * 3)
        trouble = None
        try:
            if self._tls is None:
                self._tls = httpx.create_ssl_context()
            return httpx.AsyncClient(
                verify=self._tls,
                timeout=times,
                trust_env=not on_this_machine(self.server.address),
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            trouble = unreachable(self.server, "bad_proxy")
        except OSError:
            trouble = unreachable(self.server, "bad_ca")
        raise trouble

    def _on_the_way(self, error: Exception, *, begun: bool) -> Trouble:
        """Say in our words what httpx met; its own error is let go."""
        server = self.server
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError | httpx.InvalidURL):
            return unreachable(server, "bad_address")
        if isinstance(error, httpx.ProxyError):
            return unreachable(server, "proxy")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | TimeoutError):
            if _about_certificate(error):
                return unreachable(server, "certificate")
            if on_this_machine(server.address):
                return unreachable(server, "not_running_ollama" if server.provider == "ollama" else "not_running")
            return unreachable(server, "unreachable", passing=True)
        return unreachable(server, "cut" if begun else "dropped", passing=True)

    def _pause(self, tries: int, wish: float | None) -> float:
        """Seconds before the next try: doubling, with jitter so that many runs do not come back at one moment."""
        jitter = 0.5 + secrets.randbelow(501) / 1_000
        pause: float = min(self.patience.pause * 2**tries, self.patience.longest_pause) * jitter
        return max(pause, wish or 0.0)


class KeyAuth(httpx.Auth):
    """Puts the key into the request at the last moment, so that no variable of ours holds it in the open."""

    def __init__(self, key: Secret, header: str, prefix: str) -> None:
        self._key, self._header, self._prefix = key, header, prefix

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._header] = self._prefix + self._key.reveal()
        yield request


def on_this_machine(address: str) -> bool:
    """Tell whether an address points to this very machine."""
    host = httpx.URL(address).host
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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


def _about_certificate(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


async def _beginning(response: httpx.Response, limit: int) -> bytes:
    """Read at most `limit` bytes of an error; what cannot be read is not needed."""
    body = bytearray()
    try:
        async with asyncio.timeout(10):
            async for data in response.aiter_raw():
                body += data
                if len(body) >= limit:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    return bytes(body[:limit])


async def _whole(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for data in response.aiter_raw():
        body += data
        if len(body) > limit:
            raise TooLargeError
    return bytes(body)
