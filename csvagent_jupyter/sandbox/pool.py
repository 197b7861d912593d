"""Keeps a session's kernel for its next question: a cache, bounded in number and memory, that idle kernels leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Self

from ..exceptions import KernelDied
from ..messages import ISOLATIONS, Isolation
from .endings import settle, to_the_end
from .kernel import SandboxKernel

FIRST_SECONDS = 30.0
SPARE_PAUSE = 0.1
REHEARSAL = """
import pandas as pd, pyarrow as pa
table = pa.Table.from_pandas(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
out = pa.BufferOutputStream()
with pa.ipc.new_file(out, table.schema) as writer:
    writer.write_table(table)
pa.ipc.open_file(out.getvalue()).read_all().to_pandas().groupby("b")["a"].sum()
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A kernel that is ours for a while; a fresh one knows nothing of the session: load its tables, run its code."""

    kernel: SandboxKernel
    fresh: bool


@dataclass(slots=True, eq=False)
class _Kept:
    """A kernel of the pool; `used_until` is when it was given back, in the loop's time."""

    kernel: SandboxKernel
    fresh: bool = True
    used_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class _Spare:
    """A kernel that is started before anybody asks for one; `until` is when it has waited long enough."""

    def __init__(self, kernel: SandboxKernel, until: float) -> None:
        self.kernel = kernel
        self.until = until
        self._starting = asyncio.ensure_future(self._start())

    async def _start(self) -> None:
        await self.kernel.start()
        # The first time costs more than any other: a fork's pages become its own when they are first written to.
        await self.kernel.execute(REHEARSAL, timeout=FIRST_SECONDS, keep=False)

    async def started(self) -> bool:
        """Wait until the kernel is ready; False when it did not start or has died since, and has ended then."""
        await asyncio.wait({self._starting})
        if not self._starting.cancelled() and self._starting.exception() is None and self.kernel.alive:
            return True
        await self.stop()  # what went wrong is told to whoever starts the next one
        return False

    async def stop(self) -> None:
        await to_the_end(self._stop())

    async def _stop(self) -> None:
        await self.kernel.stop()
        await settle(self._starting)
        await self.kernel.stop()


class KernelPool:
    """Kernels by key (a session's id), at most `max_kernels`; one that nobody used for `idle_seconds` is stopped.

    When there is no room, the kernel that was idle for longest goes; when all are at work, `acquire` waits. The same
    holds for `max_memory`, the bytes that all of them take together: it is looked at before a kernel is started and
    after each use. With `spare`, one more is started ahead by `prewarm` and soon after each use, for the next session.
    """

    def __init__(
        self,
        max_kernels: int = 4,
        idle_seconds: float = 900.0,
        make: Callable[[], SandboxKernel] = SandboxKernel,
        *,
        spare: bool = False,
        max_memory: int | None = None,
    ) -> None:
        self.max_kernels = max_kernels
        self.max_memory = max_memory
        self.idle_seconds = idle_seconds
        self._make = make
        self._wants_spare = spare
        self._closing = False
        self._spare: _Spare | None = None
        self._kept: dict[str, _Kept] = {}
        self._changed = asyncio.Event()
        self._sweeper: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many kernels there are, at work or idle."""
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        """Tell whether there is a kernel of `key`."""
        return key in self._kept

    @property
    def isolation(self) -> Isolation | None:
        """The lowest level at which a kernel here has run code and still is there; None when there is none."""
        kernels = [kept.kernel for kept in self._kept.values() if not kept.fresh]
        return min((one.isolation for one in kernels if one.alive), key=ISOLATIONS.index, default=None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_all()

    @contextlib.asynccontextmanager
    async def acquire(self, key: str) -> AsyncIterator[Lease]:
        """Lend the kernel of `key`, starting one when there is none; two askers of one key take turns.

        A kernel counts as fresh until a lease ended without an exception: only then has it surely been prepared.
        """
        kept = await self._enter(key)
        try:
            async with kept.turn:
                if not kept.kernel.alive:
                    await self._renew(kept)
                yield Lease(kept.kernel, kept.fresh)
                kept.fresh = False
        finally:
            await self._leave(key, kept)

    def prewarm(self) -> None:
        """Start the spare kernel, if there is to be one and there is none; returns at once."""
        if self._wants_spare and self._spare is None and not self._closing:
            self._spare = _Spare(self._make(), asyncio.get_running_loop().time() + self.idle_seconds)
            self._watch()

    async def discard(self, key: str) -> None:
        """Stop the kernel of `key`, if there is one; the next asker gets a fresh one."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            try:
                await to_the_end(kept.kernel.stop())
            finally:
                self._tell()

    async def close_all(self) -> None:
        """Stop all kernels, those at work too; the pool is not used again."""
        self._closing = True
        await to_the_end(self._close())

    async def _close(self) -> None:
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            await settle(sweeper)
        kept, self._kept = list(self._kept.values()), {}
        self._tell()
        await to_the_end(self._drop_spare(), *(one.kernel.stop() for one in kept))

    async def memory(self) -> int:
        """Return the bytes that all kernels take together, as far as the system tells."""
        return await self._memory(self._kernels())

    def _kernels(self) -> list[SandboxKernel]:
        return [one.kernel for one in (*self._kept.values(), self._spare) if one is not None]

    async def _memory(self, kernels: list[SandboxKernel]) -> int:
        return await asyncio.to_thread(lambda: sum(kernel.memory for kernel in kernels))

    # --- a place for a kernel ----------------------------------------------------------------------------------------

    async def _enter(self, key: str) -> _Kept:
        """Take a place in the pool; who was idle for longest leaves for it."""
        while key not in self._kept and len(self._kept) >= self.max_kernels and not self._closing:
            if not await self._drop_oldest():
                await self._changed.wait()
        if self._closing:
            raise KernelDied("sandbox.stopped")
        kept = self._kept.setdefault(key, _Kept(self._make()))
        kept.waiting += 1
        return kept

    async def _renew(self, kept: _Kept) -> None:
        """Start the kernel for the first time, or another in the place of one that died."""
        await kept.kernel.stop()
        spare, self._spare = self._spare, None
        kept.fresh = True
        if spare is not None:
            kept.kernel = spare.kernel
        changed = self._changed
        while not await self._lighten(kept.kernel) and not self._closing:
            await changed.wait()
            changed = self._changed
        if spare is not None and await self._wait_for(spare, kept):
            return
        if self._closing:
            raise KernelDied("sandbox.stopped")
        kept.kernel = self._make()
        await kept.kernel.start()

    async def _wait_for(self, spare: _Spare, kept: _Kept) -> bool:
        """Tell whether the spare kernel is ready; when nobody waits for it any more it is kept for the next one."""
        try:
            return await spare.started()
        except asyncio.CancelledError:
            kept.kernel = self._make()
            if self._spare is None and not self._closing:
                self._spare = spare
                self._watch()
            else:
                await spare.stop()
            raise

    async def _leave(self, key: str, kept: _Kept) -> None:
        kept.waiting -= 1
        kept.used_until = asyncio.get_running_loop().time()
        gone = self._kept.get(key) is not kept
        dead = not kept.kernel.alive and not kept.waiting
        if dead and not gone:
            del self._kept[key]
        if not dead and not gone:
            # Not at once: whoever waits for the answer is first.
            asyncio.get_running_loop().call_later(SPARE_PAUSE, self.prewarm)
            self._watch()
        self._tell()
        if dead or gone:
            await to_the_end(kept.kernel.stop())

    # --- who has to go -----------------------------------------------------------------------------------------------

    async def _lighten(self, starting: SandboxKernel | None = None) -> bool:
        """Let idle kernels go until the rest, without one that is to be started, have memory enough.

        The spare one goes first, because nothing is lost with it. False when those at work take too much already.
        """
        while await self._is_too_much([kernel for kernel in self._kernels() if kernel is not starting]):
            if self._spare is not None:
                await self._drop_spare()
            elif not await self._drop_oldest():
                return False
        return True

    async def _is_too_much(self, kernels: list[SandboxKernel]) -> bool:
        most = self.max_memory
        if most is None or sum(kernel.most_memory for kernel in kernels) <= most:
            return False
        return await self._memory(kernels) > most

    async def _drop_oldest(self) -> bool:
        """Stop the idle kernel that was used longest ago; False when there is none."""
        idle = [name for name, one in self._kept.items() if not one.waiting]
        if not idle:
            return False
        await self.discard(min(idle, key=lambda name: self._kept[name].used_until))
        return True

    async def _drop_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            await spare.stop()

    def _watch(self) -> None:
        if not self._closing and (self._sweeper is None or self._sweeper.done()):
            self._sweeper = asyncio.ensure_future(self._sweep())

    def _tell(self) -> None:
        """Wake everybody who waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _sweep(self) -> None:
        """Stop what is idle for too long, or takes too much memory; ends when there is nothing left to watch."""
        loop = asyncio.get_running_loop()
        while not self._closing and (self._kept or self._spare is not None):
            changed = self._changed
            await self._lighten()
            if self._spare is not None and self._spare.until <= loop.time():
                await self._drop_spare()
            idle = {name: one.used_until + self.idle_seconds for name, one in self._kept.items() if not one.waiting}
            for name in [name for name, until in idle.items() if until <= loop.time()]:
                if name in self._kept and not self._kept[name].waiting:  # another one's end took its time
                    await self.discard(name)
                del idle[name]
            if self._spare is not None:
                idle[""] = self._spare.until
            next_time = min(idle.values(), default=loop.time() + self.idle_seconds)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), max(0.01, next_time - loop.time()))
