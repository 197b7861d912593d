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
import tempfile
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE
from typing import Any

import msgspec
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from ..confinement import Limits, clean_environment, remove_folder
from ..exceptions import KernelDied
from . import processes

START_SECONDS = 60.0
LOG_TAIL = 2_000
LIMITS = "CSVAGENT_LIMITS"


class Report(msgspec.Struct, frozen=True):
    """What a kernel says of itself before it runs any foreign code."""

    isolation: str = "process"
    gaps: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


def make_folder(folder: Path) -> None:
    """Lay out a sandbox's folder: what it may read, where it writes, its home, and its sockets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ("data", "work", "out", "tmp", "ipc", "home", "home/matplotlib", "home/ipython", "home/jupyter"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)


def sandbox_environment(environ: Mapping[str, str], folder: Path, limits: Limits) -> dict[str, str]:
    """Return a clean environment that tells a kernel its folder and its limits."""
    told = {processes.MARK: str(folder), LIMITS: json.dumps(limits.to_dict())}
    return clean_environment(environ, folder, limits) | told


class SandboxProvisioner(LocalProvisioner):
    """Launches the kernel in its folder, waits for its report, and leaves nothing of it when it ends.

    Folder and limits come in the environment that the kernel manager passes on; who starts the kernelspec without
    them, as a Jupyter server does, gets a folder of the provisioner's own and the usual limits.
    """

    report: Report | None = None
    folder: Path | None = None
    _own_folder = False

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Called by the kernel manager before the start: lay out the folder and clean the environment."""
        given = kwargs.pop("env", None) or os.environ
        limits = Limits.from_dict(json.loads(given.get(LIMITS, "{}")))
        if processes.MARK in given:
            self.folder = Path(given[processes.MARK])
        elif self.folder is None:
            self.folder, self._own_folder = Path(tempfile.mkdtemp(prefix="csvagent-")), True
        make_folder(self.folder)
        kwargs |= {"cwd": str(self.folder / "work"), "env": sandbox_environment(given, self.folder, limits)}
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the process and return when it is ready; raises KernelDied with the end of its log when it is not."""
        assert self.folder is not None
        log = self.folder / "kernel.log"
        with log.open("ab") as errors:
            info: KernelConnectionInfo = await super().launch_kernel(
                cmd, **kwargs, stdin=PIPE, stdout=PIPE, stderr=errors
            )
        try:
            line = await asyncio.wait_for(self._first_line(), START_SECONDS)
            self.report = msgspec.json.decode(line, type=Report)
        except (TimeoutError, msgspec.DecodeError, ValueError) as error:
            await self.kill()
            await self.wait()
            raise KernelDied("sandbox.not_started", detail=_tail(log)) from error
        except asyncio.CancelledError:
            await self.kill()
            await self.wait()
            raise
        return info

    async def _first_line(self) -> bytes:
        assert self.process is not None
        reader = asyncio.StreamReader(limit=1 << 16)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self.process.stdout
        )
        try:
            return await reader.readline()
        finally:
            transport.close()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    async def ended(self) -> None:
        """Return when the process has ended; noticed at once where the system has process descriptors."""
        if self.process is not None and self.process.poll() is None:
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


def _tail(log: Path) -> str:
    try:
        text = log.read_text("utf-8", "replace")
    except OSError:
        return ""
    return text[-LOG_TAIL:].strip()
