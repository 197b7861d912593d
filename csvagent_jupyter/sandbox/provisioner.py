"""Starts and ends the process of a sandboxed kernel; jupyter_client's plug point, so an operator can put another here.

The process is an ordinary child with a clean environment and its own session. Two pipes tie it to us: its standard
input, whose end tells it that we are gone, and its standard output, on which it reports once that it is ready, and
what it is, before any code that is not ours has run.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any, BinaryIO

import msgspec
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Enum, Float, default

from ..confinement import Limits, own_folder, remove_folder
from ..confinement.outer import OUTER_LAYERS, PROGRAM, chosen, shared_place, trouble
from ..confinement.probe import ATTEMPTS
from ..confinement.spawning import CannotFork
from ..exceptions import KernelDied
from . import processes
from .endings import kill
from .forking import IDLE_SECONDS, ForkedProcess, server_for
from .layout import CONFINED, LIMITS, ONE_THREAD, empty_home, make_folder, sandbox_environment, share_font_list

START_SECONDS = 60.0
LOG_TAIL = 2_000
INSIDE = f"{__package__}.inside"
OUR_GAPS = frozenset(attempt.gap for attempt in ATTEMPTS.values())


class Report(msgspec.Struct, frozen=True):
    """What a kernel says of itself before it runs any foreign code; so does another provisioner, as its `report`.

    `isolation` is a level, `libraries` are said as "pandas 3.1.1". `gaps` are keys of our texts, and from another
    provisioner whole sentences.
    """

    isolation: str = "process"
    gaps: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


class SandboxProvisioner(LocalProvisioner):
    """Launches the kernel in its folder, waits for its report, and leaves nothing of it when it ends.

    Folder and limits come in the environment that the kernel manager passes on; who starts the kernelspec without
    them, as a Jupyter server does, gets a folder of the provisioner's own and the usual limits.
    """

    confined = Bool(True, config=True, help="Whether the kernel confines itself, as far as the system lets it.")
    forked = Bool(True, config=True, help="Whether a fork server may start the kernel, where there can be one.")
    server_idle_seconds = Float(IDLE_SECONDS, config=True, help="Seconds after which an idle fork server ends.")

    outer_layer = Enum(
        OUTER_LAYERS,
        config=True,
        help="Whether the kernel runs inside bubblewrap as well: off, bubblewrap (where that works), or required.",
    )

    process: Any = None
    report: Report | None = None
    folder: Path | None = None
    _own_folder = False

    @default("outer_layer")
    def _outer_layer_of_the_environment(self) -> str:
        return chosen()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Called by the kernel manager before the start: lay out the folder and clean the environment."""
        given = kwargs.pop("env", None) or os.environ
        limits = Limits.from_dict(json.loads(given.get(LIMITS, "{}")))
        if processes.MARK in given:
            self.folder = Path(given[processes.MARK])
        elif self.folder is None:
            self.folder, self._own_folder = own_folder(parent=self._usual_place()), True
        await asyncio.to_thread(empty_home, self.folder)
        make_folder(self.folder)
        self._place_sockets(self.folder / "ipc")
        told = {CONFINED: str(int(self.confined))}
        # It goes to where code writes once it is confined: a library would be looked for there as well.
        kwargs |= {"cwd": str(self.folder), "env": sandbox_environment(given, self.folder, limits) | told}
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the process and return when it is ready; raises KernelDied with the end of its log when it is not."""
        assert self.folder is not None
        log = self.folder / "kernel.log"
        with log.open("ab") as errors:
            info, report = await self._fork(cmd, kwargs, errors) or await self._launch(cmd, kwargs, errors)
        try:
            line = await asyncio.wait_for(_first_line(report), START_SECONDS)
            self.report = msgspec.json.decode(line, type=Report)
        except (TimeoutError, msgspec.DecodeError, ValueError) as error:
            await kill(self)
            raise KernelDied("sandbox.not_started", detail=_tail(log)) from error
        except asyncio.CancelledError:
            await kill(self)
            raise
        finally:
            report.close()  # by who was cancelled before anybody read
        return info

    def _place_sockets(self, folder: Path) -> None:
        """Have the sockets in the sandbox's own folder, whatever the manager had in mind: a kernel gets no network."""
        if os.name != "posix" or self.parent is None:
            return
        for old in folder.iterdir():
            old.unlink()
        if not Path(self.parent.ip).is_relative_to(folder):
            self.parent.transport = "ipc"
            self.parent.ip = str(folder / "k")

    async def _fork(
        self, cmd: list[str], options: dict[str, Any], errors: BinaryIO
    ) -> tuple[KernelConnectionInfo, BinaryIO] | None:
        """Ask the fork server for the kernel; None when it is not for the fork server, or there can be none."""
        ours = [sys.executable, "-P", "-m", INSIDE]
        if not self.forked or cmd[: len(ours)] != ours or self.folder is None:
            self._go_without_outer_layer("the fork server is not used")
            return None
        place = self.folder.parent if await asyncio.to_thread(self._usual_place) else None
        begin, end = os.pipe()
        report = os.fdopen(begin, "rb", buffering=0)
        try:
            process = await server_for(options["env"], self.server_idle_seconds, place).fork(
                cmd[len(ours) :], options["env"], self.folder, errors.fileno(), end
            )
        except CannotFork as reason:
            self.log.info("The kernel starts without the fork server: %s", reason)
            report.close()
            self._go_without_outer_layer(str(reason))
            return None
        except BaseException:
            report.close()
            raise
        finally:
            os.close(end)
        self.process, self.pid, self.pgid, self.cwd = process, process.pid, None, options["cwd"]
        return self.connection_info, report

    def _usual_place(self) -> Path | None:
        """Return where sandboxes are made that the outer layer is around; None where there is none, or raises."""
        if self.outer_layer == "off":
            return None
        found = trouble()
        if found is None:
            return shared_place()
        if self.outer_layer == "required":
            raise KernelDied(found.key, program=PROGRAM, detail=found.detail)
        self.log.info("%s", found.say())
        return None

    def _go_without_outer_layer(self, reason: str) -> None:
        """Go on with an ordinary start, which has no outer layer, unless that is required."""
        if self.outer_layer == "required":
            raise KernelDied("confinement.outer_not_used", detail=reason)

    async def _launch(
        self, cmd: list[str], options: dict[str, Any], errors: BinaryIO
    ) -> tuple[KernelConnectionInfo, BinaryIO]:
        """Start the kernel as an ordinary child, which imports everything by itself."""
        assert self.folder is not None
        share_font_list(self.folder)
        if self.confined:
            options = options | {"env": options["env"] | ONE_THREAD}
        info = await super().launch_kernel(cmd, **options, stdin=PIPE, stdout=PIPE, stderr=errors)
        return info, self.process.stdout

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    async def ended(self) -> None:
        """Return when the process has ended; noticed at once where the system has process descriptors."""
        if isinstance(self.process, ForkedProcess):
            await self.process.ended()
        elif self.process is not None and self.process.poll() is None:
            await processes.ended(self.process.pid)

    async def wait(self) -> int | None:
        """Wait for the process to end, and reap it."""
        await self.ended()
        code: int | None = await super().wait()
        return code

    async def kill(self, restart: bool = False) -> None:
        """Kill the process and all that it started."""
        if self.process is not None and self.process.poll() is None:
            await super().kill(restart=restart)

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the process group; the one that asks for an interrupt goes to the kernel alone."""
        if self.process is None or self.process.poll() is not None:
            return
        if signum == signal.SIGINT and os.name == "posix":
            self.process.send_signal(signum)
            return
        await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Called when the kernel is shut down: end what it left running, and remove the folder that we made."""
        if self.pgid:
            processes.kill_group(self.pgid)
        if self.folder is not None:
            processes.kill_strays(self.folder)
            if self._own_folder and not restart:
                remove_folder(self.folder)
        await super().cleanup(restart=restart)


async def _first_line(pipe: BinaryIO) -> bytes:
    reader = asyncio.StreamReader(limit=1 << 16)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await reader.readline()
    finally:
        transport.close()


def _tail(log: Path) -> str:
    try:
        text = log.read_text("utf-8", "replace")
    except OSError:
        return ""
    return text[-LOG_TAIL:].strip()
