"""How a request travels to a model server and is let go of: one connection, the machine's settings, no key in sight."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import httpx

from .secret import Secret, keep_out_of_logs
from .sse import TooLargeError
from .trouble import Server, Trouble, from_status, unreachable

MAX_BODY: Final = 2 << 20
MAX_ERROR_BODY: Final = 64 << 10
ON_THE_WAY: Final = (TimeoutError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to try again.

    `first` is the time until the reply's first token (a model that thinks, or is loaded first, needs some), `between`
    the time from one token to the next, `ending` the time for token counts after the last one. A request is repeated
    up to `retries` times, after a pause that doubles from `pause` and is never longer than `longest_pause`; when a
    server asks for more than that, the run ends and says so.
    """

    connect: float = 10.0
    first: float = 300.0
    between: float = 90.0
    ending: float = 5.0
    retries: int = 3
    pause: float = 0.5
    longest_pause: float = 30.0


class Transport:
    """Sends requests to one server, each on a connection of its own.

    With no connection kept between requests, any number of runs and event loops can share it, nothing is left to
    close, and no request meets a connection that the server has meanwhile given up.
    """

    def __init__(self, server: Server, patience: Patience) -> None:
        self.server = server
        self.patience = patience
        self._tls: ssl.SSLContext | None = None
        if server.key is not None:
            keep_out_of_logs(server.key)

    @asynccontextmanager
    async def response(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        model: str,
        key_header: tuple[str, str],
        headers: Mapping[str, str],
    ) -> AsyncIterator[httpx.Response]:
        """Send one request; leaving the block closes its connection at once, whatever is still under way.

        Redirects are not followed, so that the key goes nowhere else. Raises Trouble for any status but 200 (told with
        the name of `model`), and the errors of `ON_THE_WAY`, which are to be translated by `met` and never chained:
        they hold the request with the key in its headers.
        """
        server = self.server
        sent = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "csvagent-jupyter",
            **headers,
        }
        auth = KeyAuth(server.key, *key_header) if server.key is not None else None
        async with self._client() as client:
            request = client.build_request(method, server.address + path, content=body or None, headers=sent)
            response = await client.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                if response.status_code != 200:
                    said = await _beginning(response)
                    raise from_status(server, model, response.status_code, said, response.headers)
                if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                    raise unreachable(server, "unreadable_reply")  # unpacked, a small bomb could fill the memory
                yield response
            finally:
                await response.aclose()

    def met(self, error: Exception, *, begun: bool) -> Trouble:
        """Say in our words what httpx met on the way; its own error is let go."""
        server = self.server
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError | httpx.InvalidURL):
            return unreachable(server, "bad_address")
        if isinstance(error, httpx.ProxyError):
            return unreachable(server, "proxy")
        if isinstance(error, httpx.ConnectError | httpx.TimeoutException | TimeoutError):
            if _about_certificate(error):
                return unreachable(server, "certificate")
            if on_this_machine(server.address):
                return unreachable(server, "not_running_ollama" if server.provider == "ollama" else "not_running")
            return unreachable(server, "unreachable", passing=isinstance(error, httpx.ConnectError))
        return unreachable(server, "cut" if begun else "dropped", passing=True)

    def _client(self) -> httpx.AsyncClient:
        """Make a client with the machine's proxy and CA settings; a server on this machine needs no proxy.

        Loading the certificates takes 50 ms, so it is done once, and not for a server that is asked without TLS.
        """
        try:
            near = on_this_machine(self.server.address)
            if self._tls is None:
                plain = near and self.server.address.startswith("http:")
                self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else httpx.create_ssl_context()
            return httpx.AsyncClient(
                verify=self._tls,
                timeout=httpx.Timeout(None, connect=self.patience.connect),
                trust_env=not near,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            reason = "bad_proxy"
        except OSError:
            reason = "bad_ca"
        raise unreachable(self.server, reason)


class KeyAuth(httpx.Auth):
    """Puts the key into the request at the last moment, so that no variable of ours holds it in the open."""

    def __init__(self, key: Secret, header: str, prefix: str) -> None:
        self._key, self._header, self._prefix = key, header, prefix

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._header] = self._prefix + self._key.reveal()
        yield request


def on_this_machine(address: str) -> bool:
    """Tell whether an address points to this very machine."""
    try:
        host = httpx.URL(address).host
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except (ValueError, httpx.InvalidURL):
        return False


async def whole(response: httpx.Response) -> bytes:
    """Read a body of at most MAX_BODY bytes. Raises TooLargeError."""
    body = bytearray()
    async for data in response.aiter_raw():
        body += data
        if len(body) > MAX_BODY:
            raise TooLargeError
    return bytes(body)


async def _beginning(response: httpx.Response) -> bytes:
    """Read as much of an error as is worth reading; what does not come is not needed."""
    body = bytearray()
    try:
        async with asyncio.timeout(10):
            async for data in response.aiter_raw():
                body += data
                if len(body) >= MAX_ERROR_BODY:
                    break
    except ON_THE_WAY:
        pass
    return bytes(body[:MAX_ERROR_BODY])


def _about_certificate(error: BaseException | None) -> bool:
    for _ in range(10):
        if error is None:
            break
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
