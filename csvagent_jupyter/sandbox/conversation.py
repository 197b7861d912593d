"""One exchange with a kernel: send an order, pass on what is printed, return the reply; within bounds.

A kernel is not trusted with our memory: its bytes are counted before they are collected (`relay`), its messages before
they are parsed, and text beyond the cap is dropped.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from ..confinement import Limits
from ..exceptions import KernelDied, LimitExceeded
from ..messages import LimitHit
from .outputs import limit_hit
from .relay import Relay
from .watch import Watch

REQUEST = "csvagent"
OUTPUT_PAUSE = 0.1
DEATH_PAUSE = 0.5
_SIGNALS = {
    getattr(signal, name): limit
    for name, limit in {"SIGXCPU": "cpu_seconds", "SIGXFSZ": "file_size"}.items()
    if hasattr(signal, name)
}
_CRASHES = {
    int(getattr(signal, name)): name
    for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS")
    if hasattr(signal, name)
}
# What the system sends to who takes more memory than there is.
_KILLED = int(getattr(signal, "SIGKILL", 9))


class LiveText:
    """Passes printed text on, a few times a second, up to a number of characters."""

    def __init__(self, on_output: Callable[[str], None] | None, limit: int) -> None:
        self._on_output = on_output
        self._left = limit
        self._waiting = ""
        self._sent = 0
        self._last = 0.0
        self._later: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        """Take a piece of output from the kernel; what comes too soon after the last piece waits its time."""
        if self._on_output is None:
            return
        text = text[: self._left]
        self._left -= len(text)
        self._waiting += text
        loop = asyncio.get_running_loop()
        if self._waiting and self._later is None:
            self._later = loop.call_at(max(loop.time(), self._last + OUTPUT_PAUSE), self._send)

    def finish(self, whole: str | None) -> None:
        """Pass on what is still missing of the whole output, which came with the reply; None when none came."""
        if self._later is not None:
            self._later.cancel()
        if whole is not None:
            self._waiting = whole[self._sent :]
        self._send()

    def _send(self) -> None:
        self._later = None
        text, self._waiting = self._waiting, ""
        if text and self._on_output is not None:
            self._sent += len(text)
            self._last = asyncio.get_running_loop().time()
            self._on_output(text)


class Conversation:
    """The channels of a kernel, read with a budget."""

    def __init__(
        self,
        client: AsyncKernelClient,
        ended: Callable[[], Awaitable[int | None]],
        watch: Watch,
        limits: Limits,
        relay: Relay | None,
    ) -> None:
        self._session = client.session
        self._shell: Any = client.shell_channel.socket
        self._iopub: Any = client.iopub_channel.socket
        self._ended = ended
        self._watch = watch
        self._limits = limits
        self._relay = relay
        self._budget = 0
        self._iopub.setsockopt(zmq.UNSUBSCRIBE, b"")
        self._iopub.setsockopt(zmq.SUBSCRIBE, b"stream.stdout")
        self._monitors = [socket.get_monitor_socket(zmq.EVENT_DISCONNECTED) for socket in (self._shell, self._iopub)]

    def close(self) -> None:
        """Give back the sockets that watch the channels; the channels themselves belong to the client."""
        self._watch.close()
        for socket, monitor in zip((self._shell, self._iopub), self._monitors, strict=True):
            socket.disable_monitor()
            monitor.close(linger=0)

    async def ask(self, order: dict[str, Any], code: str, live: LiveText) -> object:
        """Send an order and return what the reply says; raises KernelDied when the kernel ends, or breaks a bound."""
        self._budget = self._limits.traffic
        if self._relay is not None:
            self._relay.allow()
        self._watch.begin()
        asked = await self._send(order, code)
        reply = asyncio.ensure_future(self._reply(asked))
        ended = asyncio.ensure_future(self._ended())
        listening = asyncio.ensure_future(self._listen(asked, live))
        cut_off = [asyncio.ensure_future(monitor.recv_multipart()) for monitor in self._monitors]
        exceeded = asyncio.ensure_future(self._watch.exceeded())
        tasks: list[asyncio.Future[Any]] = [reply, ended, listening, exceeded, *cut_off]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reply.done():
                if hit := await self._watch.finish():
                    raise _exceeded(hit)
                return reply.result()
            if listening.done():
                listening.result()
            if exceeded.done():
                raise _exceeded(exceeded.result())
            if not ended.done():
                await asyncio.wait({ended}, timeout=DEATH_PAUSE)
            if ended.done():
                raise self._died(ended.result())
            # The connection is cut by the relay, or by ZMQ when a message is larger than allowed.
            raise self._too_much("traffic" if self._relay is not None and self._relay.flooded else "message")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._watch.rest()

    async def _send(self, order: dict[str, Any], code: str) -> str:
        content = {
            "code": code,
            "silent": True,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._session.msg("execute_request", content, metadata={REQUEST: order})
        await self._shell.send_multipart(self._session.serialize(message))
        asked: str = message["header"]["msg_id"]
        return asked

    async def _reply(self, asked: str) -> object:
        while True:
            message = await self._receive(self._shell)
            if message["parent_header"].get("msg_id") == asked and message["msg_type"] == "execute_reply":
                return message["content"].get(REQUEST)

    async def _listen(self, asked: str, live: LiveText) -> None:
        while True:
            message = await self._receive(self._iopub)
            text = message["content"].get("text")
            if message["parent_header"].get("msg_id") == asked and isinstance(text, str):
                live.add(text)

    async def _receive(self, socket: Any) -> dict[str, Any]:
        """Receive one message; its bytes are counted against the budget before they are parsed."""
        frames: list[bytes] = await socket.recv_multipart()
        self._budget -= sum(map(len, frames))
        if self._budget < 0:
            raise self._too_much("traffic")
        try:
            _, parts = self._session.feed_identities(frames)
            message: dict[str, Any] = self._session.deserialize(parts)
            if not isinstance(message["content"], dict) or not isinstance(message["parent_header"], dict):
                raise KernelDied("sandbox.garbled")
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise KernelDied("sandbox.garbled") from error
        return message

    def _died(self, status: int | None) -> KernelDied:
        """Return what is said of a process that ended by itself; some signals tell why."""
        number = _KILLED if status is None else -status
        if number in _SIGNALS:
            return self._too_much(_SIGNALS[number])
        if number in _CRASHES:
            return KernelDied("sandbox.crashed", signal=_CRASHES[number])
        if number == _KILLED:
            return KernelDied("sandbox.died", **limit_hit("memory", self._limits).values)
        return KernelDied("sandbox.ended")

    def _too_much(self, limit: str) -> LimitExceeded:
        return _exceeded(limit_hit(limit, self._limits))


def _exceeded(hit: LimitHit) -> LimitExceeded:
    return LimitExceeded(hit.key, **hit.values)
