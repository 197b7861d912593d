"""One life of a fork server, seen from the process that started it: what it was asked, and what it tells.

A thread of ours reads what the server tells; several threads and event loops may ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from .folders import own_folder, remove_folder
from .forkserver import PACKET

LOG_TAIL: Final = 2_000
ENDS_WITHIN: Final = 5.0
KILLED: Final = -int(getattr(signal, "SIGKILL", 9))
T = TypeVar("T")
_log = logging.getLogger(__name__)


class CannotFork(Exception):
    """There is no fork server here, and why; the process has to be started in another way."""


class Refused(CannotFork):
    """There is none here, and will be none as long as this process runs."""


class ServerGone(Exception):
    """The server ended before it answered; another one may do it."""


class Spawned:
    """A process that a fork server made for us."""

    def __init__(self, server: Connection, number: int, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._number = number
        self._status: Future[int] = _held_future()
        self._waiting: set[Callable[[], object]] = set()
        self._status.add_done_callback(partial(_wake, self._waiting))

    @property
    def status(self) -> int | None:
        """How it ended: an exit code, or a signal's number below zero; None while it runs."""
        return self._status.result() if self._status.done() else None

    async def wait(self) -> int:
        """Return its status when it has ended."""
        over = asyncio.Event()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
        # Not `wrap_future`: a wait that is cancelled would leave a callback for as long as the process runs.
        self._waiting.add(wake)
        try:
            if not self._status.done():
                await over.wait()
        finally:
            self._waiting.discard(wake)
        return self._status.result()

    def join(self, timeout: float | None = None) -> int:
        """Wait without an event loop, and return its status; raises TimeoutError."""
        return self._status.result(timeout)

    def end_server(self) -> None:
        """End the server by force, and with it all that it made; for one that does not do what it is told."""
        self._server.kill()

    def send_signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal to the process, or to its process group; to one that has ended nothing is sent."""
        if not self._status.done():
            self._server.tell(do="signal", number=self._number, signal=int(number), group=group)


class Connection:
    """One life of a server: its process, the socket to it, and what it was asked.

    While there are `askers`, somebody is about to ask.
    """

    def __init__(
        self,
        environment: Callable[[Path], Mapping[str, str]],
        outer: tuple[str, ...],
        place: Path | None,
        askers: set[object],
    ) -> None:
        if sys.platform != "linux":
            raise Refused("only Linux has what a server for new processes needs")
        self.gone = False
        self.ready: Future[None] = _held_future()
        self._askers = askers
        self._asked: dict[int, Future[Spawned]] = {}
        self._children: dict[int, Spawned] = {}
        self._number = 0
        self._lock = threading.Lock()
        self.folder = own_folder("server-", place)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        command = [*outer, sys.executable, "-P", "-m", f"{__package__}.forkserver", str(theirs.fileno())]
        try:
            with theirs, (self.folder / "server.log").open("wb") as log:
                self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command,
                    pass_fds=[theirs.fileno()],
                    env=dict(environment(self.folder)),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError:
            ours.close()
            remove_folder(self.folder)
            raise
        self._reader = threading.Thread(target=self._read, name="csvagent-forkserver", daemon=True)
        self._reader.start()

    async def fork(self, order: dict[str, Any], descriptors: list[int], within: float) -> Spawned:
        asked: Future[Spawned] = _held_future()
        with self._lock:
            if self.gone:
                raise ServerGone
            self._number += 1
            number = self._number
            self._asked[number] = asked
        packet = json.dumps(order | {"number": number}).encode()
        if len(packet) > PACKET:
            raise ValueError("a request to the fork server is too large")
        try:
            await self._send(packet, descriptors, within)
            return await self.answer(asked, within)
        except asyncio.CancelledError:
            asked.add_done_callback(_end_unwanted)
            with contextlib.suppress(CannotFork, ServerGone):
                await self.answer((await self.answer(asked, within))._status, within)
            raise

    async def _send(self, packet: bytes, descriptors: list[int], within: float) -> None:
        try:
            try:
                socket.send_fds(self._socket, [packet], descriptors, socket.MSG_DONTWAIT)
            except BlockingIOError:  # many at once
                loop = asyncio.get_running_loop()
                sending = loop.run_in_executor(None, socket.send_fds, self._socket, [packet], descriptors)
                await self.answer(sending, within)
        except OSError:
            raise ServerGone from None

    async def answer(self, future: Future[T] | asyncio.Future[T], within: float) -> T:
        """Return what the server has to answer; one that hangs for so many seconds is ended, and CannotFork raised.

        The time is waited in two halves: it may be that we did not run ourselves, as a laptop that was asleep.
        """
        if future.done():
            return future.result()
        waiting = asyncio.wrap_future(future)
        try:
            for _ in range(2):
                await asyncio.wait({waiting}, timeout=within / 2)
                if waiting.done():
                    return waiting.result()
        finally:
            if not waiting.cancel() and not waiting.cancelled():
                waiting.exception()
        reason = f"the server for new processes did not answer within {within:g} seconds"
        self._end_hung(reason)
        raise (Refused if future is self.ready else CannotFork)(reason)  # imports that hang do so again

    def _end_hung(self, reason: str) -> None:
        """End a server that hangs; who asks next starts another one, unless it hung in its imports."""
        with self._lock:
            first, self.gone = not self.gone, True
        if first:
            _log.warning("%s, and was ended, with all processes that it had made", reason)
        _settle(self.ready, error=CannotFork(reason))
        self.kill()

    def tell(self, **order: Any) -> None:
        try:
            self._socket.send(json.dumps(order).encode())
        except OSError:
            return  # it is gone, which its reader tells everybody

    def close(self) -> None:
        """End the server, and return when it has ended."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if not self.ready.done():
            self.kill()  # it would not look up from its imports
        if self._reader is not threading.current_thread():
            self._reader.join(ENDS_WITHIN)

    def kill(self) -> None:
        """End the server by force, and what was put before its command line."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def abandon(self) -> None:
        self.gone = True
        self._socket.close()
        self.process.returncode = 0  # it is not our child

    def _read(self) -> None:
        """Read what the server tells, in a thread of its own, until it is gone; then tell everybody who waits."""
        while True:
            try:
                packet = self._socket.recv(PACKET)
            except OSError:
                packet = b""
            if not packet:
                break
            self._take(json.loads(packet))
        with self._lock:
            self.gone = True
            asked, self._asked = list(self._asked.values()), {}
        detail = self._end_process()
        _settle(self.ready, error=CannotFork(detail or "the server for new processes did not start"))
        for one in asked:
            _settle(one, error=ServerGone())
        for child in list(self._children.values()):
            _settle(child._status, KILLED)  # a server's children end with it
        self._children.clear()

    def _take(self, event: dict[str, Any]) -> None:
        kind, number = event["event"], event.get("number", 0)
        if kind == "ready":
            _settle(self.ready)
        elif kind == "refused":
            _settle(self.ready, error=Refused(event["reason"]))
        elif kind == "idle":
            self._end_idle()
        elif kind == "ended":
            _settle(self._children.pop(number)._status, event["status"])
        else:
            with self._lock:
                asked = self._asked.pop(number)
            if kind == "failed":
                _settle(asked, error=CannotFork(event["reason"]))
                return
            self._children[number] = child = Spawned(self, number, event["pid"])
            if not _settle(asked, child):
                child.send_signal(-KILLED, group=True)

    def _end_idle(self) -> None:
        """End a server that has nothing to do, unless somebody has asked meanwhile or is about to."""
        with self._lock:
            if self._asked or self._askers:
                return
            self.gone = True
        self.tell(do="end")

    def _end_process(self) -> str:
        """See the server's process off, and return its last words."""
        try:
            self.process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
        self._socket.close()
        try:
            detail = (self.folder / "server.log").read_text("utf-8", "replace")[-LOG_TAIL:].strip()
        except OSError:
            detail = ""
        remove_folder(self.folder)
        return detail


def _wake(waiting: set[Callable[[], object]], _status: Future[int]) -> None:
    """Wake all who wait for a process that has ended."""
    for wake in tuple(waiting):
        with contextlib.suppress(RuntimeError):  # its event loop is closed
            wake()


def _end_unwanted(asked: Future[Spawned]) -> None:
    """End a process whose asker went away just when it came."""
    if not asked.cancelled() and asked.exception() is None:
        asked.result().send_signal(-KILLED, group=True)


def _held_future() -> Future[Any]:
    """Return a future that nobody who waits for it can cancel."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


def _settle(future: Future[Any], result: Any = None, error: Exception | None = None) -> bool:
    """Give a future its outcome; False when it was cancelled."""
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
    except InvalidStateError:
        return False
    return True
