"""The dedicated kernel of a session, as the agent uses it: start, load, execute, interrupt, stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import logging
import os
import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets.config import Config

from ..confinement import Limits, own_folder, remove_folder, room_for_data
from ..confinement.outer import usual_place
from ..exceptions import DeadlineExceeded, KernelDied
from ..messages import Execution, Isolation
from ..translations import Language, say
from . import processes
from .conversation import Conversation, LiveText
from .endings import ENDS_WITHIN, end_at_once, end_unasked, kill, settle, to_the_end
from .forking import IDLE_SECONDS, ForkedProcess
from .intake import OutFolder, Taken, WorkFolder
from .layout import make_folder, put_file, sandbox_environment
from .memory import resident, used_by
from .outputs import Reply, clip, read_reply, to_execution
from .provisioner import OUR_GAPS, Report
from .relay import Relay
from .specs import KERNEL_NAME, make_context, make_manager, register_provisioner
from .watch import Watch

INTERRUPT_GRACE = 1.0
LOAD_SECONDS = 120.0
NO_MEANS = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})

log = logging.getLogger("csvagent_jupyter.sandbox")
log.addHandler(logging.NullHandler())


class SandboxKernel:
    """A real Jupyter kernel in a process of its own, driven by an ordinary AsyncKernelManager.

    It belongs to the event loop in which it was started. `folder` is where its working folder is made (default: the
    system's temporary folder); everything in it is gone after `stop`. `confined` and `forked` may be switched off to
    see what confinement and fork server do; where the system does not have them, they are off by themselves. The fork
    server ends when it was not needed for `server_idle_seconds`. `outer_layer` None is what the environment says.
    `provisioner` is the name of the entry point of a kernel provisioner that starts the process in the place of ours.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        folder: Path | None = None,
        kernel_name: str = KERNEL_NAME,
        *,
        confined: bool = True,
        forked: bool = True,
        server_idle_seconds: float = IDLE_SECONDS,
        outer_layer: str | None = None,
        provisioner: str = KERNEL_NAME,
    ) -> None:
        self.limits = limits or Limits()
        self.kernel_name = kernel_name
        options = {"confined": confined, "forked": forked, "server_idle_seconds": server_idle_seconds}
        layer = {"outer_layer": outer_layer} if outer_layer is not None else {}
        self._config = Config({"SandboxProvisioner": options | layer})
        self._outer_layer, self._provisioner_name = outer_layer, provisioner
        self._parent = folder
        self._manager: AsyncKernelManager | None = None
        self._conversation: Conversation | None = None
        self._client: AsyncKernelClient | None = None
        self._context: zmq.asyncio.Context | None = None
        self._relay: Relay | None = None
        self._folder: Path | None = None
        self._last_resort: weakref.finalize[Any, Any] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._executions = 0
        self._busy = asyncio.Lock()

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether the process runs; a kernel that died or was killed is not started again."""
        provisioner = self._provisioner
        if provisioner is None:
            return False
        return bool(getattr(provisioner, "running", provisioner.has_process))

    @property
    def isolation(self) -> Isolation:
        """The level at which this kernel really runs, as it reported before any foreign code."""
        return "confined" if self._report.isolation == "confined" else "process"

    @property
    def isolation_gaps(self) -> tuple[str, ...]:
        """What stays open at this level, in English; `say_gaps` has the other languages."""
        return self.say_gaps("en")

    def say_gaps(self, language: Language = "en") -> tuple[str, ...]:
        return tuple(say(gap, language) if gap in OUR_GAPS else gap for gap in self._report.gaps)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The data libraries that are there, as "pandas 3.1.1"."""
        return self._report.libraries

    @property
    def memory(self) -> int:
        """Bytes of memory that the process takes now; 0 where the system does not tell."""
        return used_by(self._process)

    @property
    def most_memory(self) -> int:
        """What `memory` is at most, which is found in no time: pages that several processes share count in full."""
        return resident(self._process)

    @property
    def _process(self) -> int:
        return int(getattr(self._provisioner, "pid", None) or 0) if self.alive else 0

    @property
    def folder(self) -> Path:
        """The sandbox's folder: `data/`, `work/`, and what else it needs."""
        if self._folder is None:
            raise KernelDied("sandbox.stopped")
        return self._folder

    @property
    def connection_file(self) -> Path:
        """For ``jupyter console --existing``."""
        return self.folder / "kernel.json"

    # --- its life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the process and return when it is ready; raises KernelDied when it does not start, or is stopped."""
        register_provisioner()
        self._starting = starting = asyncio.ensure_future(self._start())
        try:
            await asyncio.wait({starting})
            if starting.cancelled():
                raise KernelDied("sandbox.stopped")
            starting.result()
        except OSError as error:
            await self.stop()
            reason = error.strerror or str(error)
            if error.errno in NO_MEANS:
                raise KernelDied("sandbox.not_started", detail=reason) from error
            raise KernelDied("sandbox.no_folder", error=reason) from error
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        parent = self._parent or usual_place(self._outer_layer)
        self._folder = folder = own_folder(parent=parent)
        make_folder(folder)
        self._context = make_context(self.limits)
        self._manager = make_manager(
            self.kernel_name, folder, self._context, self._provisioner_name, config=self._config, log=log
        )
        environment = sandbox_environment(os.environ, folder, self.limits)
        try:
            await self._manager.start_kernel(cwd=str(folder / "work"), env=environment)
        except ImportError as error:
            raise KernelDied("sandbox.no_provisioner", name=self._provisioner_name, error=str(error)) from error
        self._last_resort = weakref.finalize(self, end_unasked, os.getpid(), self._end_process, folder)
        self._client = self._manager.client(context=self._context)
        if self._manager.transport == "ipc":
            self._relay = Relay(self.limits.traffic)
            await self._relay.stand_between(self._manager, self._client, folder)
        self._client.start_channels(stdin=False, hb=False, control=False)
        watch = Watch(folder, self._process, self.limits, self._end_process)
        self._conversation = Conversation(self._client, self._ended, watch, self.limits, self._relay)

    async def stop(self) -> None:
        """End the process and all that it started; no process, socket or folder stays behind. May be called twice.

        It comes to its end also when its caller is cancelled, who hears of that afterwards; a start is given up.
        """
        if self._ending is None or self._ending.done():
            self._ending = asyncio.ensure_future(self._end())
        await to_the_end(self._ending)

    async def _end(self) -> None:
        """End everything in good order; what that could not do, because the loop itself ends, is done at once."""
        try:
            if self._starting is not None:
                await settle(self._starting)
            provisioner = self._provisioner
            if provisioner is not None:
                await provisioner.kill()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle(), INTERRUPT_GRACE)  # who waits for the code hears that it died
            self._close_channels()
            if self._relay is not None:
                await self._relay.close()
            if self._manager is not None:
                await self._kill()
                await self._manager.shutdown_kernel(now=True)
        finally:
            self._let_go()

    def _close_channels(self) -> None:
        conversation, self._conversation = self._conversation, None
        client, self._client = self._client, None
        if conversation is not None:
            conversation.close()
        if client is not None:
            client.stop_channels()

    def _let_go(self) -> None:
        """Release all that is still held, without waiting for the loop, and the rest also when one of it fails."""
        with contextlib.ExitStack() as last_first:
            if self._last_resort is not None:
                last_first.callback(self._last_resort.detach)
            if self._folder is not None:
                last_first.callback(remove_folder, self._folder)
            if self._context is not None:
                last_first.callback(self._context.destroy, linger=0)
            if self._provisioner is not None and self._folder is not None:
                last_first.callback(end_at_once, self._provisioner, self._end_process, self._folder)
            if self._relay is not None:
                last_first.callback(self._relay.cut)
            last_first.callback(self._close_channels)
            self._starting = self._manager = self._relay = self._context = self._folder = self._last_resort = None

    async def interrupt(self) -> None:
        """Ask the running code to stop, and end the kernel when it does not within a second; no code, no effect."""
        if not self._busy.locked():
            return
        await self._interrupt_or_kill()

    # --- its work ----------------------------------------------------------------------------------------------------

    async def load(self, sources: Mapping[str, Path]) -> None:
        """Give the kernel its tables from Arrow files: `tables` by name, and the first of them as `df`."""
        places = []
        for number, (name, path) in enumerate(sources.items(), 1):
            place = self.folder / "data" / f"{number}.arrow"
            try:
                place.unlink(missing_ok=True)
                await asyncio.to_thread(put_file, path, place)
            except OSError as error:
                raise KernelDied("sandbox.not_loaded", error=error.strerror or str(error)) from error
            places.append([name, place.name])
        async with self._turn():
            self._make_room(sum((self.folder / "data" / place).stat().st_size for _, place in places))
            reply = await self._ask({"do": "load", "sources": places}, "", LOAD_SECONDS, None)
            self._make_room(0)
        if reply.error is not None:
            raise KernelDied("sandbox.not_loaded", error=clip(f"{reply.error.ename}: {reply.error.evalue}", 300))

    async def execute(
        self,
        code: str,
        *,
        timeout: float,
        on_output: Callable[[str], None] | None = None,
        keep: bool = True,
    ) -> Execution:
        """Run code and return all that came of it; an error of the code is in `Execution.error`.

        The names in the kernel stay as they were when the code failed, or when `keep` is false. `on_output` gets what
        the code prints, while it runs. Raises DeadlineExceeded after `timeout` seconds (the code was interrupted; a
        kernel that went on was killed) and KernelDied. When the caller is cancelled, the code is stopped first.
        """
        async with self._turn():
            self._executions += 1
            number = self._executions
            taken = Taken(self.folder / "taken")
            out = OutFolder(self.folder / "out", taken)
            work = WorkFolder(self.folder / "work", taken, self.limits)
            work.note()
            order = {"do": "execute", "number": number, "keep": keep}
            reply = await self._ask(order, code, timeout, on_output)
            return await asyncio.to_thread(self._gather, reply, taken, out, work)

    def _gather(self, reply: Reply, taken: Taken, out: OutFolder, work: WorkFolder) -> Execution:
        try:
            if not reply.error:  # an attempt that failed leaves the files of an earlier one where they are
                taken.clear()
            return to_execution(reply, out, () if reply.error else work.written(), self.limits)
        finally:
            out.clear()

    async def _ask(
        self, order: dict[str, Any], code: str, timeout: float, on_output: Callable[[str], None] | None
    ) -> Reply:
        conversation = self._conversation
        if conversation is None or not self.alive:
            raise KernelDied("sandbox.stopped")
        live = LiveText(on_output, self.limits.output)
        reply: Reply | None = None
        asking = asyncio.ensure_future(conversation.ask(order, code, live))
        try:
            done, _ = await asyncio.wait({asking}, timeout=timeout)
            if not done:
                await self._interrupt_or_kill(asking)
                raise DeadlineExceeded("sandbox.deadline", seconds=round(timeout, 1))
            reply = read_reply(asking.result())
        except DeadlineExceeded:
            raise
        except KernelDied:
            await self._kill()
            raise
        except BaseException:  # the caller was cancelled, or its `on_output` failed
            await self._end_now(asking)
            raise
        finally:
            await settle(asking)
            live.finish(reply.stdout if reply is not None else None)
        return reply

    async def _end_now(self, asking: asyncio.Future[Any]) -> None:
        """Stop the code of a caller who went away; one who is cancelled a second time does not wait for it."""
        try:
            await self._interrupt_or_kill(asking)
        except asyncio.CancelledError:
            await to_the_end(self._kill())
            raise

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._busy.locked():
            raise KernelDied("sandbox.busy")
        async with self._busy:
            yield

    async def _interrupt_or_kill(self, asking: asyncio.Future[Any] | None = None) -> None:
        """Interrupt; when the running code has not ended after the grace, kill (C code does not hear interrupts)."""
        if self._manager is None or not self.alive:
            return
        await self._manager.interrupt_kernel()
        ended = asking or asyncio.ensure_future(self._idle())
        done, _ = await asyncio.wait({ended}, timeout=INTERRUPT_GRACE)
        if asking is None:
            await settle(ended)
        if not done:
            await self._kill()

    async def _idle(self) -> None:
        async with self._busy:
            return

    async def _kill(self) -> None:
        if self._provisioner is not None:
            await kill(self._provisioner, ENDS_WITHIN)

    @property
    def _provisioner(self) -> Any:
        """What holds the process: None before there is one, and when all has ended."""
        return self._manager.provisioner if self._manager is not None else None

    def _make_room(self, mapped: int) -> None:
        """Let the kernel have its data on top of its memory; a confined one may not do that itself."""
        if self._process:
            room_for_data(self.limits, mapped, self._process)

    @property
    def _end_process(self) -> Callable[[], None]:
        """What ends the process and its group at once; it does not keep this object alive."""
        process = getattr(self._provisioner, "process", None)
        if isinstance(process, ForkedProcess):
            return process.kill
        return functools.partial(processes.kill_group, int(getattr(self._provisioner, "pgid", None) or 0))

    @property
    def _report(self) -> Report:
        """What the kernel reported; a provisioner that an operator put in the place of ours may have nothing to say."""
        if self._manager is None:
            raise KernelDied("sandbox.stopped")
        report: Report = getattr(self._provisioner, "report", None) or Report()
        return report

    async def _ended(self) -> int | None:
        """Return the status of the process when it has ended."""
        provisioner = self._provisioner
        if hasattr(provisioner, "ended"):
            await provisioner.ended()
        while provisioner is not None:
            status: int | None = await provisioner.poll()
            if status is not None:
                return status
            await asyncio.sleep(0.1)
        return None
