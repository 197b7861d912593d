"""Starts a fork server when it is first needed, and asks it for processes.

May be used from several threads and event loops. A thread of ours reads what the server tells.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import Any, Final

from .folders import remove_folder
from .forkserver import PACKET

LOG_TAIL: Final = 2_000
ENDS_WITHIN: Final = 5.0
KILLED: Final = -int(getattr(signal, "SIGKILL", 9))


class CannotFork(Exception):
    """There is no fork server here, and why; the process has to be started in another way."""


class _ServerGone(Exception):
    """The server ended before it answered; another one may do it."""


class Spawned:
    """A process that a fork server made for us."""

    def __init__(self, server: _Connection, number: int, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._number = number
        self._status: Future[int] = _held_future()

    @property
    def status(self) -> int | None:
        """How it ended: an exit code, or a signal's number below zero; None while it runs."""
        return self._status.result() if self._status.done() else None

    async def wait(self) -> int:
        """Return its status when it has ended."""
        return await asyncio.wrap_future(self._status)

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


class ForkServer:
    """A fork server of this process: started when first asked, again when it is gone, ended with this process.

    `preload` names a function, as ``module:function``, that imports and warms what the processes will need; it must
    leave no thread behind. `environment` gets the server's own folder and returns its environment. The server ends by
    itself when it had no child and no request for `idle_seconds`, which may change and holds from the next fork on.
    `outer` is put before its command line, and its folder is made in `place`.
    """

    def __init__(
        self,
        preload: str,
        environment: Callable[[Path], Mapping[str, str]],
        idle_seconds: float = 900.0,
        outer: tuple[str, ...] = (),
        place: Path | None = None,
    ) -> None:
        self.refusal = ""
        self._preload = preload
        self._environment = environment
        self.idle_seconds = idle_seconds
        self._outer = outer
        self._place = place
        self._connection: _Connection | None = None
        self._lock = threading.Lock()
        _servers.add(self)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        connection = self._connection
        return connection.process.pid if connection is not None and not connection.gone else None

    async def start(self) -> None:
        """Start the server if it does not run, and return when it can fork; raises CannotFork."""
        for _ in range(2):
            try:
                await self._ready()
                return
            except _ServerGone:
                continue
        raise CannotFork("the server for new processes ended again and again")

    def begin(self) -> None:
        """Start the server if it does not run, without waiting for it; where it cannot be, `spawn` says so."""
        with contextlib.suppress(CannotFork):
            self._connected()

    async def spawn(
        self,
        entry: str,
        argument: Any,
        *,
        errors: int,
        report: int,
        folder: Path | None,
        environment: Mapping[str, str],
    ) -> Spawned:
        """Return a new process in which ``module:function`` is called with `argument`, which must fit into JSON.

        It works in `folder`, which the server removes should this process end without doing so. Descriptor 2 of it is
        `errors`, 3 is `report`. Raises CannotFork.
        """
        order = {"do": "fork", "entry": entry, "argument": argument, "environment": dict(environment)}
        order["idle_seconds"] = self.idle_seconds
        order["folder"] = str(folder) if folder is not None else None
        for _ in range(2):
            try:
                connection = await self._ready()
                return await connection.fork(order, [errors, report])
            except _ServerGone:
                continue
        raise CannotFork("the server for new processes ended again and again")

    def close(self) -> None:
        """End the server and all processes that it made."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def _ready(self) -> _Connection:
        if self.refusal:
            raise CannotFork(self.refusal)
        connection = await asyncio.to_thread(self._connected) if self.pid is None else self._connection
        assert connection is not None
        try:
            await asyncio.wrap_future(connection.ready)
        except CannotFork as error:
            self.refusal = str(error)
            await asyncio.to_thread(connection.close)
            raise
        return connection

    def _connected(self) -> _Connection:
        with self._lock:
            if self._connection is None or self._connection.gone:
                try:
                    self._connection = _Connection(self._environment, self._outer, self._place)
                    self._connection.tell(do="prepare", preload=self._preload, idle_seconds=self.idle_seconds)
                except CannotFork as error:
                    self.refusal = str(error)
                    raise
                except OSError as error:
                    raise CannotFork(error.strerror or str(error)) from error
            return self._connection

    def _forget_in_fork(self) -> None:
        """In a fork of this process: the server is not ours, and must not be kept alive by us."""
        self._lock = threading.Lock()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abandon()


class _Connection:
    """One life of a server: its process, the socket to it, and what it was asked."""

    def __init__(
        self, environment: Callable[[Path], Mapping[str, str]], outer: tuple[str, ...], place: Path | None
    ) -> None:
        if sys.platform != "linux":
            raise CannotFork("only Linux has what a server for new processes needs")
        self.gone = False
        self.ready: Future[None] = _held_future()
        self._asked: dict[int, Future[Spawned]] = {}
        self._children: dict[int, Spawned] = {}
        self._number = 0
        self._lock = threading.Lock()
        self.folder = Path(tempfile.mkdtemp(prefix="csvagent-server-", dir=place))
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

    async def fork(self, order: dict[str, Any], descriptors: list[int]) -> Spawned:
        asked: Future[Spawned] = _held_future()
        with self._lock:
            if self.gone:
                raise _ServerGone
            self._number += 1
            number = self._number
            self._asked[number] = asked
        packet = json.dumps(order | {"number": number}).encode()
        if len(packet) > PACKET:
            raise ValueError("a request to the fork server is too large")
        try:
            try:
                socket.send_fds(self._socket, [packet], descriptors, socket.MSG_DONTWAIT)
            except BlockingIOError:  # many at once
                await asyncio.to_thread(socket.send_fds, self._socket, [packet], descriptors)
        except OSError:
            raise _ServerGone from None
        try:
            return await asyncio.wrap_future(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(_end_unwanted)
            with contextlib.suppress(CannotFork, _ServerGone):
                await (await asyncio.wrap_future(asked)).wait()
            raise

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
        if not self.ready.done():
            self.ready.set_exception(CannotFork(detail or "the server for new processes did not start"))
        for one in asked:
            _settle(one, error=_ServerGone())
        for child in list(self._children.values()):
            _settle(child._status, KILLED)  # a server's children end with it
        self._children.clear()

    def _take(self, event: dict[str, Any]) -> None:
        kind, number = event["event"], event.get("number", 0)
        if kind == "ready":
            self.ready.set_result(None)
        elif kind == "refused":
            self.ready.set_exception(CannotFork(event["reason"]))
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


_servers: weakref.WeakSet[ForkServer] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for server in list(_servers):
        server.close()


def _forget_all() -> None:
    for server in list(_servers):
        server._forget_in_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
