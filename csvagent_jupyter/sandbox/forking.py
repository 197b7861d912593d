"""Kernels from a fork server: there in a blink, because all that they import is imported once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ..confinement import Limits, clean_environment, own_folder, remove_folder
from ..confinement.outer import command_in, usual_place
from ..confinement.probe import lay_out
from ..confinement.spawning import CannotFork, ForkServer, Spawned
from ..exceptions import KernelDied
from .layout import CONFINED, ONE_THREAD, make_folder, share_font_list

IDLE_SECONDS: Final = 900.0
MEASURED_WITHIN: Final = 60.0
_WARM: Final = f"{__package__}.inside.warm"
# A fork cannot make up for what its server read from these when it started.
_READ_AT_START: Final = ("PYTHONPATH", "PYTHONUSERBASE", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE")


class ForkedProcess:
    """A kernel from the fork server, with the face of a `subprocess.Popen` as far as jupyter_client looks at it."""

    stdin = stdout = stderr = None

    def __init__(self, spawned: Spawned) -> None:
        self.pid = spawned.pid
        self._spawned = spawned

    @property
    def returncode(self) -> int | None:
        return self._spawned.status

    def poll(self) -> int | None:
        return self._spawned.status

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait without the event loop, and return its status; raises TimeoutError."""
        return self._spawned.join(timeout)

    async def ended(self) -> None:
        await self._spawned.wait()

    def send_signal(self, number: int) -> None:
        """An interrupt is meant for the kernel alone, anything else for all that it started too."""
        self._spawned.send_signal(number, group=number != signal.SIGINT)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def end_server(self) -> None:
        """End the server that it came from, which does not answer any more; all that it forked ends with it."""
        self._spawned.end_server()


class KernelServer:
    """A fork server for kernels, and what was measured of a process that it forks and that confines itself.

    With `place` it is in the outer layer, and of the sandboxes sees those that are made there.
    """

    def __init__(self, environ: Mapping[str, str], place: Path | None = None) -> None:
        outer = command_in(place) if place is not None else ()
        self.server = ForkServer(f"{_WARM}:warm", partial(_lay_out, dict(environ)), IDLE_SECONDS, outer, place)
        self._outer = place is not None
        self._refused: Future[dict[str, bool]] | None = None

    async def fork(
        self, arguments: list[str], environment: Mapping[str, str], folder: Path, errors: int, report: int
    ) -> ForkedProcess:
        """Return a new kernel in `folder`, started with the arguments of a kernelspec; raises CannotFork."""
        confined = environment.get(CONFINED) == "1"
        refused = await self._measured(environment, folder, errors) if confined else {}
        spawned = await self.server.spawn(
            f"{_WARM}:start_kernel",
            {"arguments": arguments, "refused": refused},
            errors=errors,
            report=report,
            folder=folder,
            environment=environment,
        )
        return ForkedProcess(spawned)

    def forget(self) -> None:
        """Have it measured anew: nothing may be asked of what was begun in another process."""
        self._refused = None

    async def _measured(self, environment: Mapping[str, str], folder: Path, errors: int) -> dict[str, bool]:
        """Return what a confined fork is refused: measured once, in one that is thrown away."""
        while True:
            with _lock:
                measuring = self._refused
                if measuring is None:
                    self._refused = Future()
                    break
            measured: dict[str, bool] = await asyncio.shield(asyncio.wrap_future(measuring))
            if measured:
                return measured  # else who measured was cancelled
        found: dict[str, bool] = {}
        try:
            found = await self._measure(environment, folder, errors)
        finally:
            with _lock:
                measuring, self._refused = self._refused, self._refused if found else None
            assert measuring is not None
            measuring.set_result(found)
        return found

    async def _measure(self, environment: Mapping[str, str], folder: Path, errors: int) -> dict[str, bool]:
        begin, end = os.pipe()
        with os.fdopen(begin, "rb", buffering=0) as report, contextlib.ExitStack() as cleaning:
            outside = own_folder("probe-")
            cleaning.callback(remove_folder, outside)
            lay_out(outside)
            try:
                spawned = await self.server.spawn(
                    f"{_WARM}:measure_confinement",
                    str(outside) if self._outer else None,
                    errors=errors,
                    report=end,
                    folder=folder,
                    environment=environment,
                )
            finally:
                os.close(end)
            try:
                await asyncio.wait_for(spawned.wait(), MEASURED_WITHIN)
            except TimeoutError:
                spawned.end_server()
                raise CannotFork("nothing was measured in the time for it") from None
            except asyncio.CancelledError:
                spawned.send_signal(signal.SIGKILL, group=True)
                await spawned.wait()
                raise
            line = report.readline()
        return msgspec.json.decode(line, type=dict[str, bool]) if line else {}


def server_for(
    environ: Mapping[str, str], idle_seconds: float | None = None, place: Path | None = None
) -> KernelServer:
    """Return the fork server of this process for kernels in such an environment; it starts when it is first asked.

    It ends by itself when it was not needed for `idle_seconds`; who asked last has the say.
    With `place`, in which the sandboxes are made, it is one in the outer layer.
    """
    key = (place, *(environ.get(name, "") for name in _READ_AT_START))
    with _lock:
        if key not in _servers:
            _servers[key] = KernelServer(environ, place)
        if idle_seconds is not None:
            _servers[key].server.idle_seconds = idle_seconds
        return _servers[key]


def prewarm(outer_layer: str | None = None) -> None:
    """Have the fork server started, so that the first kernel finds it; does not wait for it."""
    with contextlib.suppress(KernelDied, OSError):  # an outer layer that cannot be; the first kernel says so
        usual_server(outer_layer).server.begin()


async def why_not(outer_layer: str | None = None) -> str:
    """Start the fork server, and return why there can be none; empty when there is."""
    try:
        await usual_server(outer_layer).server.start()
    except (CannotFork, KernelDied, OSError) as reason:
        return str(reason)
    return ""


def usual_server(outer_layer: str | None = None) -> KernelServer:
    """Return the server for kernels whose environment is made from this process's own, in that outer layer.

    None: the one that the environment asks for. Raises KernelDied or OSError when that is not known or not ours.
    """
    return server_for(clean_environment(os.environ, Path(os.sep), Limits()), place=usual_place(outer_layer))


def _lay_out(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Lay out the server's own folder, and return its environment."""
    make_folder(folder)
    share_font_list(folder)
    return clean_environment(environ, folder, Limits()) | ONE_THREAD


def _forget_in_fork() -> None:
    """In a fork of this process: who held the lock, or was measuring, is not here to let go of it."""
    global _lock  # it may be held for ever
    _lock = threading.Lock()
    for server in _servers.values():
        server.forget()


_servers: dict[tuple[Path | str | None, ...], KernelServer] = {}
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_fork)
