"""Keeps a session's kernel for its next question: a cache, bounded in number, that idle kernels leave by themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Self

from .kernel import SandboxKernel

FIRST_SECONDS = 30.0


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
        await self.kernel.execute("", timeout=FIRST_SECONDS, keep=False)  # the first time costs more than any other

    async def started(self) -> SandboxKernel | None:
        """Return the kernel when it is ready, None when it did not start or has died since."""
        await asyncio.wait({self._starting})
        if not self._starting.cancelled() and self._starting.exception() is None and self.kernel.alive:
            return self.kernel
        await self.stop()
        return None

    async def stop(self) -> None:
        self._starting.cancel()
        await asyncio.wait({self._starting})
        if not self._starting.cancelled():
            self._starting.exception()  # it is told to whoever starts the next one
        await self.kernel.stop()


class KernelPool:
    """Kernels by key (a session's id), at most `max_kernels`; one that nobody used for `idle_seconds` is stopped.

    When there is no room, the kernel that was idle for longest goes; when all are at work, `acquire` waits. With
    `spare`, one more is started ahead by `prewarm` and after each use, for the next session that comes.
    """

    def __init__(
        self,
        max_kernels: int = 4,
        idle_seconds: float = 900.0,
        make: Callable[[], SandboxKernel] = SandboxKernel,
        *,
        spare: bool = False,
    ) -> None:
        self.max_kernels = max_kernels
        self.idle_seconds = idle_seconds
        self._make = make
        self._wants_spare = spare
        self._closing = False
        self._spare: _Spare | None = None
        self._kept: dict[str, _Kept] = {}
        self._room = asyncio.Condition()
        self._sweeper: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many kernels there are, at work or idle."""
        return len(self._kept)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_all()

    @contextlib.asynccontextmanager
    async def acquire(self, key: str) -> AsyncIterator[Lease]:
        """Lend the kernel of `key`, starting one when there is none; two askers of one key take turns.

        A kernel counts as fresh until a lease ended without an exception: only then has it surely been prepared.
        """
        kept, leaving = await self._enter(key)
        try:
            if leaving is not None:
                await leaving.kernel.stop()
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
            await kept.kernel.stop()
            await self._tell()

    async def close_all(self) -> None:
        """Stop all kernels, those at work too; the pool is not used again."""
        self._closing = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None
        await self._drop_spare()
        kept, self._kept = list(self._kept.values()), {}
        await asyncio.gather(*(one.kernel.stop() for one in kept))
        await self._tell()

    async def _enter(self, key: str) -> tuple[_Kept, _Kept | None]:
        """Take a place in the pool, and say who has to leave for it."""
        leaving: _Kept | None = None
        async with self._room:
            while key not in self._kept and len(self._kept) >= self.max_kernels:
                idle = [name for name, one in self._kept.items() if not one.waiting]
                if idle:
                    leaving = self._kept.pop(min(idle, key=lambda name: self._kept[name].used_until))
                else:
                    await self._room.wait()
            kept = self._kept.setdefault(key, _Kept(self._make()))
            kept.waiting += 1
        return kept, leaving

    async def _renew(self, kept: _Kept) -> None:
        """Start the kernel for the first time, or another in the place of one that died."""
        await kept.kernel.stop()
        ready = await self._take_spare()
        kept.kernel, kept.fresh = ready or self._make(), True
        if ready is None:
            await kept.kernel.start()

    async def _take_spare(self) -> SandboxKernel | None:
        spare, self._spare = self._spare, None
        if spare is None:
            return None
        try:
            return await spare.started()
        except asyncio.CancelledError:
            if self._spare is None and not self._closing:
                self._spare = spare  # for the next one
            else:
                await spare.stop()
            raise

    async def _leave(self, key: str, kept: _Kept) -> None:
        kept.waiting -= 1
        kept.used_until = asyncio.get_running_loop().time()
        if self._kept.get(key) is not kept:
            await kept.kernel.stop()
        elif not kept.kernel.alive and not kept.waiting:
            del self._kept[key]
            await kept.kernel.stop()
        else:
            self.prewarm()
            self._watch()
        await self._tell()

    def _watch(self) -> None:
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.ensure_future(self._sweep())

    async def _drop_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            await spare.stop()

    async def _tell(self) -> None:
        async with self._room:
            self._room.notify_all()

    async def _sweep(self) -> None:
        """Stop what is idle for too long; ends when there is nothing left to watch."""
        loop = asyncio.get_running_loop()
        while not self._closing and (self._kept or self._spare is not None):
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
            if self._closing:  # the end of a kernel may have swallowed our cancellation
                return
            await asyncio.sleep(max(0.01, next_time - loop.time()))
