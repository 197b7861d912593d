"""The pool keeps kernels for their sessions, bounds their number and lets idle ones go."""

from __future__ import annotations

import asyncio

import pytest

from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox import KernelPool, SandboxKernel


async def value(kernel: SandboxKernel, code: str) -> object:
    return (await kernel.execute(code, timeout=30)).value


async def test_a_session_gets_its_kernel_again() -> None:
    async with KernelPool() as pool:
        async with pool.acquire("one") as lease:
            assert lease.fresh
            first = lease.kernel
            await value(first, "x = 5")
        async with pool.acquire("one") as lease:
            assert (lease.kernel, lease.fresh) == (first, False)
            assert await value(lease.kernel, "x") == 5
    assert not first.alive


async def test_a_kernel_that_was_not_prepared_is_still_fresh_and_a_dead_one_is_replaced() -> None:
    async with KernelPool() as pool:
        with pytest.raises(RuntimeError):
            async with pool.acquire("one") as lease:
                first = lease.kernel
                raise RuntimeError("the preparation failed")
        async with pool.acquire("one") as lease:
            assert (lease.kernel, lease.fresh) == (first, True)
        with pytest.raises(KernelDied):
            async with pool.acquire("one") as lease:
                await lease.kernel.execute("import os; os._exit(1)", timeout=30)
        async with pool.acquire("one") as lease:
            assert lease.kernel is not first and lease.fresh
            assert await value(lease.kernel, "1") == 1


async def test_the_kernel_idle_for_longest_makes_room_and_an_asker_waits_for_one_at_work() -> None:
    async with KernelPool(max_kernels=1) as pool:
        async with pool.acquire("one") as lease:
            first = lease.kernel
            waiting = asyncio.ensure_future(pool.acquire("two").__aenter__())
            await asyncio.sleep(0)
            assert await value(first, "1") == 1
            assert not waiting.done()
        second = await asyncio.wait_for(waiting, 60)
        assert second.fresh and second.kernel is not first
        assert (len(pool), first.alive) == (1, False)


async def test_two_askers_of_one_session_take_turns() -> None:
    async with KernelPool() as pool:
        turns: list[tuple[str, bool]] = []

        async def ask(name: str) -> None:
            async with pool.acquire("one") as lease:
                turns.append((name, lease.fresh))
                await value(lease.kernel, "1")
                turns.append((name, lease.fresh))

        await asyncio.gather(ask("a"), ask("b"))
        assert turns == [("a", True), ("a", True), ("b", False), ("b", False)]


async def test_an_idle_kernel_is_stopped_by_itself() -> None:
    stopped = asyncio.Event()

    class Noted(SandboxKernel):
        async def stop(self) -> None:
            was_alive = self._manager is not None
            await super().stop()
            if was_alive:
                stopped.set()

    async with KernelPool(idle_seconds=0.05, make=Noted) as pool:
        async with pool.acquire("one") as lease:
            assert await value(lease.kernel, "1") == 1
        await asyncio.wait_for(stopped.wait(), 30)
        assert not lease.kernel.alive
        assert len(pool) == 0


async def test_a_kernel_taken_while_another_idle_one_ends_is_left_alone() -> None:
    """Both are idle for too long; while the first one takes its time to end, somebody comes for the second."""
    ending, may_end = asyncio.Event(), asyncio.Event()

    class Slow(SandboxKernel):
        runs = False

        async def start(self) -> None:
            self.runs = True

        async def stop(self) -> None:
            if self.runs and not ending.is_set():
                ending.set()
                await may_end.wait()
            self.runs = False

        @property
        def alive(self) -> bool:
            return self.runs

    async with KernelPool(idle_seconds=0.05, make=Slow) as pool:
        async with pool.acquire("one"), pool.acquire("two"):
            pass
        await asyncio.wait_for(ending.wait(), 30)
        (left,) = pool._kept
        async with pool.acquire(left) as lease:
            may_end.set()
            for _ in range(10):  # nothing here waits for anything but its turn
                await asyncio.sleep(0)
            assert lease.kernel.alive


async def test_a_discarded_kernel_is_fresh_the_next_time() -> None:
    async with KernelPool() as pool:
        async with pool.acquire("one") as lease:
            first = lease.kernel
        await pool.discard("one")
        await pool.discard("never there")
        assert not first.alive
        async with pool.acquire("one") as lease:
            assert lease.fresh


async def test_a_spare_kernel_is_taken_at_once_and_another_one_follows() -> None:
    made: list[SandboxKernel] = []

    def make() -> SandboxKernel:
        made.append(SandboxKernel())
        return made[-1]

    async with KernelPool(make=make, spare=True) as pool:
        pool.prewarm()
        pool.prewarm()
        (first,) = made
        async with pool.acquire("one") as lease:
            assert lease.kernel is first and lease.fresh
            assert await value(lease.kernel, "1 + 1") == 2
            assert len(pool) == 1
        async with pool.acquire("two") as lease:
            assert lease.kernel.alive and lease.kernel is not first
            assert first.alive
    assert not any(kernel.alive for kernel in made)


async def test_a_spare_kernel_that_died_is_no_harm() -> None:
    async with KernelPool(spare=True) as pool:
        pool.prewarm()
        assert pool._spare is not None
        spare = await pool._spare.started()
        assert spare is not None
        with pytest.raises(KernelDied):
            await spare.execute("import os; os._exit(1)", timeout=30)
        async with pool.acquire("one") as lease:
            assert lease.kernel is not spare
            assert await value(lease.kernel, "1") == 1


async def test_an_idle_spare_kernel_is_stopped_by_itself_and_a_pool_that_ends_takes_it_along() -> None:
    stopped = asyncio.Event()

    class Noted(SandboxKernel):
        async def stop(self) -> None:
            await super().stop()
            stopped.set()

    async with KernelPool(idle_seconds=0.05, make=Noted, spare=True) as pool:
        pool.prewarm()
        await asyncio.wait_for(stopped.wait(), 30)
        stopped.clear()
        pool.idle_seconds = 900
        pool.prewarm()
        await pool.close_all()
        assert stopped.is_set()
        pool.prewarm()
        assert len(pool) == 0
