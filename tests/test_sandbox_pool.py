"""The pool keeps kernels for their sessions, bounds their number and lets idle ones go."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox import KernelPool, SandboxKernel
from csvagent_jupyter.sandbox.memory import _group, half_of_all, used_by
from csvagent_jupyter.sandbox.pool import REHEARSAL


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


async def test_nothing_is_left_of_what_a_spare_kernel_rehearsed() -> None:
    async with KernelPool(spare=True) as pool:
        pool.prewarm()
        assert pool._spare is not None and await pool._spare.started()
        rehearsed = await pool._spare.kernel.execute(REHEARSAL, timeout=30, keep=False)
        assert rehearsed.error is None
        async with pool.acquire("one") as lease, pool.acquire("two") as other:
            names = "sorted(name for name in dir() if name[0] != '_')"
            assert await value(lease.kernel, names) == await value(other.kernel, names)
            assert [list((lease.kernel.folder / part).iterdir()) for part in ("work", "data", "out")] == [[], [], []]


async def test_a_spare_kernel_that_is_not_waited_for_any_more_is_kept_for_the_next_one() -> None:
    async with KernelPool(spare=True) as pool:
        pool.prewarm()
        assert pool._spare is not None
        spare = pool._spare.kernel
        asking = asyncio.ensure_future(pool.acquire("one").__aenter__())
        while pool._spare is not None:  # until it was taken
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        async with pool.acquire("two") as lease:
            assert lease.kernel is spare and lease.fresh
            assert await value(lease.kernel, "1 + 1") == 2


async def test_a_pool_that_ends_while_its_spare_kernel_starts_ends_it_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool = KernelPool(spare=True)
    pool.prewarm()
    asking = asyncio.ensure_future(pool.acquire("one").__aenter__())
    while pool._spare is not None:
        await asyncio.sleep(0)
    await pool.close_all()
    asking.cancel()
    await asyncio.wait({asking})
    del asking, pool
    gc.collect()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_spare_kernel_that_died_is_no_harm() -> None:
    async with KernelPool(spare=True) as pool:
        pool.prewarm()
        assert pool._spare is not None
        assert await pool._spare.started()
        spare = pool._spare.kernel
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


HOLD = "import numpy\nheld = numpy.ones(30 * 2**20)"  # 240 MB
MUCH = 120 * 2**20


async def test_what_kernels_take_is_known() -> None:
    async with KernelPool() as pool:
        assert await pool.memory() == 0
        async with pool.acquire("one") as lease:
            few = await pool.memory()
            assert 0 < few < MUCH
            await value(lease.kernel, HOLD)
            assert lease.kernel.memory > MUCH
            assert await pool.memory() > MUCH
        await pool.discard("one")
        assert lease.kernel.memory == await pool.memory() == 0
    assert used_by(2**22 + 1) == 0  # no process has such a number


async def test_the_kernels_idle_for_longest_go_until_the_rest_have_memory_enough() -> None:
    async with KernelPool(max_memory=5 * MUCH) as pool:
        async with pool.acquire("small") as small:
            pass
        async with pool.acquire("old") as old:
            await value(old.kernel, HOLD)
        async with pool.acquire("new") as new:
            assert small.kernel.alive and old.kernel.alive
            await value(new.kernel, HOLD + "\nmore = numpy.ones(20 * 2**20)")
            assert await pool.memory() > 5 * MUCH
        await until(lambda: not small.kernel.alive and not old.kernel.alive)
        assert new.kernel.alive and len(pool) == 1
        async with pool.acquire("old") as lease:
            assert lease.fresh and await value(lease.kernel, "1") == 1


async def test_a_kernel_that_takes_too_much_by_itself_goes_when_it_is_idle() -> None:
    async with KernelPool(max_memory=MUCH) as pool:
        async with pool.acquire("one") as lease:
            await value(lease.kernel, HOLD)
        await until(lambda: not lease.kernel.alive)
        assert len(pool) == 0


async def test_an_asker_waits_while_those_at_work_take_too_much_memory() -> None:
    async with KernelPool(max_memory=MUCH) as pool:
        async with pool.acquire("one") as lease:
            await value(lease.kernel, HOLD)
            other = asyncio.ensure_future(pool.acquire("two").__aenter__())
            done, _ = await asyncio.wait({other}, timeout=0.3)
            assert not done and lease.kernel.alive
        second = await asyncio.wait_for(other, 60)
        assert await value(second.kernel, "1") == 1
        assert not lease.kernel.alive


async def test_a_spare_kernel_goes_before_one_with_a_session() -> None:
    async with KernelPool(spare=True, max_memory=3 * MUCH) as pool:
        async with pool.acquire("one") as lease:
            await value(lease.kernel, HOLD)
        assert pool._kernels() == [lease.kernel]  # the answer comes first
        await until(lambda: pool._spare is not None)
        assert pool._spare is not None and await pool._spare.started()
        spare = pool._spare.kernel
        await value(spare, HOLD)
        async with pool.acquire("one") as lease:
            pass
        await until(lambda: not spare.alive)
        assert lease.kernel.alive


async def test_many_sessions_at_once_share_few_kernels_and_each_is_answered() -> None:
    async with KernelPool(max_kernels=2, spare=True, max_memory=2 * MUCH) as pool:

        async def ask(number: int) -> object:
            async with pool.acquire(str(number % 5)) as lease:
                assert len(pool) <= 2
                return await value(lease.kernel, f"{number} * 2")

        assert await asyncio.gather(*(ask(number) for number in range(15))) == [2 * number for number in range(15)]


async def test_a_closed_pool_lends_nothing() -> None:
    pool = KernelPool(max_kernels=1)
    async with pool.acquire("one"):
        waiting = asyncio.ensure_future(pool.acquire("two").__aenter__())
        await asyncio.sleep(0)
        await pool.close_all()
        with pytest.raises(KernelDied):
            await waiting
    with pytest.raises(KernelDied):
        async with pool.acquire("one"):
            pass


@pytest.mark.parametrize(
    ("lines", "files", "limit"),
    [
        ("0::/", {"memory.max": "2000"}, 2000),
        ("0::/a/b", {"a/memory.max": "3000", "a/b/memory.max": "max"}, 3000),
        ("0::/a/b", {"a/memory.max": "3000", "a/b/memory.max": "5000"}, 3000),
        ("4:cpu,memory:/a\n0::/", {"memory/a/memory.limit_in_bytes": "4000"}, 4000),
        ("4:cpu:/a\n0::/", {"memory/a/memory.limit_in_bytes": "4000"}, 0),
        ("nonsense", {"memory.max": "many"}, 0),
    ],
)
def test_the_limit_of_a_control_group_is_found(tmp_path: Path, lines: str, files: dict[str, str], limit: int) -> None:
    (tmp_path / "own").write_text(lines)
    for name, text in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert _group(tmp_path / "own", tmp_path / "groups") == limit
    assert _group(tmp_path / "not there", tmp_path / "groups") == 0


def test_half_of_what_there_is_is_the_usual_bound() -> None:
    half = half_of_all()
    assert half is not None and 0 < half < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the pool does in the background."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
