"""Starts a fork server when it is first needed, and asks it for processes.

May be used from several threads and event loops.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import math
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from .connection import CannotFork, Connection, Refused, ServerGone, Spawned

__all__ = ["CannotFork", "ForkServer", "Refused", "Spawned"]

READY_WITHIN: Final = 120.0
ANSWERS_WITHIN: Final = 10.0
TRIES_AGAIN_AFTER: Final = 30.0
T = TypeVar("T")


class ForkServer:
    """A fork server of this process: started when first asked, again when it is gone, ended with this process.

    `preload` names a function, as ``module:function``, that imports and warms what the processes will need; it must
    leave no thread behind. `environment` gets the server's own folder and returns its environment. The server is ended
    when it had no child and no request for `idle_seconds`, which may change and holds from the next fork on; and by
    force when it hangs, `answers_within` seconds after a request. One that ended while it prepared, which may have been
    killed, is started again when it is asked `tries_again_after` seconds later. `outer` is put before its command line,
    and its folder is made in `place`.
    """

    def __init__(
        self,
        preload: str,
        environment: Callable[[Path], Mapping[str, str]],
        idle_seconds: float = 900.0,
        outer: tuple[str, ...] = (),
        place: Path | None = None,
        answers_within: float = ANSWERS_WITHIN,
        tries_again_after: float = TRIES_AGAIN_AFTER,
    ) -> None:
        self.refusal = ""
        self.tries_again_after = tries_again_after
        self._tries_again_at = 0.0
        self.answers_within = answers_within
        self._preload = preload
        self._environment = environment
        self.idle_seconds = idle_seconds
        self._outer = outer
        self._place = place
        self._connection: Connection | None = None
        self._askers: set[object] = set()
        self._lock = threading.Lock()
        _servers.add(self)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        connection = self._connection
        return connection.process.pid if connection is not None and not connection.gone else None

    async def start(self) -> None:
        """Start the server if it does not run, and return when it can fork; raises CannotFork."""
        await self._asked_of(self._started)

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
        standard: tuple[int, int] | None = None,
    ) -> Spawned:
        """Return a new process in which ``module:function`` is called with `argument`, which must fit into JSON.

        It works in `folder`, which the server removes should this process end without doing so. Descriptor 2 of it is
        `errors`, 3 is `report`; 0 and 1 are those of `standard`, or lead nowhere. Raises CannotFork, also when the
        server hangs, which is then ended.
        """
        order = {"do": "fork", "entry": entry, "argument": argument, "environment": dict(environment)}
        order["idle_seconds"] = self.idle_seconds
        order["folder"] = str(folder) if folder is not None else None

        async def fork(connection: Connection) -> Spawned:
            return await connection.fork(order, [errors, report, *(standard or ())], self.answers_within)

        return await self._asked_of(fork)

    def close(self) -> None:
        """End the server and all processes that it made."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def _asked_of(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        """Ask a server that is ready, and another one when it goes before it has answered; raises CannotFork."""
        asker = object()
        self._askers.add(asker)  # it does not go for being idle now
        try:
            for _ in range(2):
                with contextlib.suppress(ServerGone):
                    return await ask(await self._ready())
        finally:
            self._askers.discard(asker)
        raise CannotFork("the server for new processes ended again and again")

    async def _started(self, _: Connection) -> None:
        """Ask nothing more of a server that is ready."""

    async def _ready(self) -> Connection:
        connection = await asyncio.to_thread(self._connected) if self.pid is None else self._connection
        assert connection is not None
        try:
            await connection.answer(connection.ready, READY_WITHIN)
        except CannotFork as error:
            self._remember(error)
            await asyncio.to_thread(connection.close)
            raise
        self.refusal = ""
        return connection

    def _connected(self) -> Connection:
        with self._lock:
            if self._connection is None or self._connection.gone:
                if self.refusal and time.monotonic() < self._tries_again_at:
                    raise CannotFork(self.refusal)
                try:
                    self._connection = Connection(self._environment, self._outer, self._place, self._askers)
                    self._connection.tell(do="prepare", preload=self._preload, idle_seconds=self.idle_seconds)
                except CannotFork as error:
                    self._remember(error)
                    raise
                except OSError as error:
                    raise CannotFork(error.strerror or str(error)) from error
            return self._connection

    def _remember(self, error: CannotFork) -> None:
        """Have the reason at hand for who asks next: for ever when the server refused, else for a while."""
        self.refusal = str(error)
        lasts = math.inf if isinstance(error, Refused) else self.tries_again_after
        self._tries_again_at = time.monotonic() + lasts

    def _forget_in_fork(self) -> None:
        """In a fork of this process: the server is not ours, and must not be kept alive by us."""
        self._lock = threading.Lock()
        self._askers = set()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abandon()


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
