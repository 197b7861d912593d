"""A kernel lets go of everything, whoever is cancelled and whatever fails while it starts or ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from left_over import left_over, look

from csvagent_jupyter.exceptions import DeadlineExceeded, KernelDied
from csvagent_jupyter.sandbox import KernelPool, Limits, SandboxKernel
from csvagent_jupyter.sandbox import kernel as kernel_module
from csvagent_jupyter.sandbox.endings import settle, to_the_end
from csvagent_jupyter.sandbox.forking import usual_server
from csvagent_jupyter.sandbox.relay import Relay

PARTS = tuple(number / 12 for number in range(14))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a path short enough for sockets, in which nothing may be left."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as name:
        yield Path(name)


@pytest_asyncio.fixture
async def before(place: Path) -> Counter[str]:
    """What there is once a kernel has come and gone."""
    await life(SandboxKernel(folder=place))
    return look(place)


async def life(kernel: SandboxKernel) -> float:
    """Start and stop a kernel, and return how long its start took."""
    began = time.monotonic()
    await kernel.start()
    took = time.monotonic() - began
    await kernel.stop()
    return took


async def cancel_after(running: asyncio.Future[None], seconds: float, times: int = 1) -> bool:
    """Cancel a task after a while, again as soon as it hears of it; tells whether it was cancelled."""
    await asyncio.wait({running}, timeout=seconds)
    for _ in range(times):
        running.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
    await asyncio.wait({running})
    if not running.cancelled():
        running.result()
    return running.cancelled()


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("forked", [True, False])
async def test_a_cancelled_start_leaves_nothing(place: Path, before: Counter[str], forked: bool, times: int) -> None:
    took = await life(SandboxKernel(folder=place, forked=forked))
    cancelled = 0
    for part in PARTS if forked else PARTS[::4]:
        kernel = SandboxKernel(folder=place, forked=forked)
        if await cancel_after(asyncio.ensure_future(kernel.start()), part * took, times):
            cancelled += 1
            assert not kernel.alive
            with pytest.raises(KernelDied):
                await kernel.execute("1", timeout=5)
        await kernel.stop()
        assert not list(place.iterdir())
    assert cancelled >= 2
    assert not await left_over(place, before)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancelled_stop_comes_to_its_end(place: Path, before: Counter[str], times: int) -> None:
    cancelled = 0
    for part in PARTS:
        kernel = SandboxKernel(folder=place)
        await kernel.start()
        cancelled += await cancel_after(asyncio.ensure_future(kernel.stop()), part * 0.03, times)
        assert not kernel.alive
        if part > 0:  # a task that was cancelled before its first step did not even ask
            assert not list(place.iterdir())
        await kernel.stop()
    assert cancelled >= 2
    assert not await left_over(place, before)


async def test_stops_at_once_and_in_a_row_are_one(place: Path, before: Counter[str]) -> None:
    kernel = SandboxKernel(folder=place)
    await kernel.stop()
    await kernel.start()
    await asyncio.gather(kernel.stop(), kernel.stop(), kernel.stop())
    assert not list(place.iterdir())
    await kernel.stop()
    assert not await left_over(place, before)


async def test_a_stop_gives_up_a_start_under_way(place: Path, before: Counter[str]) -> None:
    took = await life(SandboxKernel(folder=place))
    given_up = 0
    for part in PARTS:
        kernel = SandboxKernel(folder=place)
        starting = asyncio.ensure_future(kernel.start())
        await asyncio.wait({starting}, timeout=part * took / 2)
        await kernel.stop()
        try:
            await starting  # which may have been done just before the stop
        except KernelDied:
            given_up += 1
        assert not kernel.alive and not list(place.iterdir())
    assert given_up
    assert not await left_over(place, before)


async def test_a_stop_ends_the_code_under_way_and_who_waits_for_it_hears_that(
    place: Path, before: Counter[str]
) -> None:
    kernel = SandboxKernel(folder=place)
    await kernel.start()
    working = asyncio.Event()
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('on')\nwhile True: pass"
    running = asyncio.ensure_future(kernel.execute(code, timeout=60, on_output=lambda _: working.set()))
    await asyncio.wait_for(working.wait(), 30)
    await kernel.stop()
    with pytest.raises(KernelDied):
        await running
    assert not await left_over(place, before)


async def test_an_asker_cancelled_again_and_again_leaves_nothing_behind(place: Path, before: Counter[str]) -> None:
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('on')\nwhile True: pass"
    async with KernelPool(make=lambda: SandboxKernel(folder=place)) as pool:

        async def ask() -> None:
            async with pool.acquire("one") as lease:
                await lease.kernel.execute(code, timeout=60, on_output=lambda _: working.set())

        for times in (1, 2, 5):
            working = asyncio.Event()
            asking = asyncio.ensure_future(ask())
            await asyncio.wait_for(working.wait(), 30)
            assert await cancel_after(asking, 0, times)
            async with pool.acquire("one") as lease:
                assert (await lease.kernel.execute("6 * 7", timeout=30)).value == 42
    assert not await left_over(place, before)


DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
HOG = "import ctypes, mmap\nheld = []\nwhile True: held.append(mmap.mmap(-1, 2**26)); held[-1].write(b'x' * 2**26)"
# What the code does, what is raised, and within how many seconds it is over: deadline, grace, and room for slow hosts.
TROUBLES = {
    "too long": ("import time\ntime.sleep(600)", DeadlineExceeded, 20),
    "too long and deaf": (DEAF + "while True: pass", DeadlineExceeded, 20),
    "too long in C": ("sum(range(10**12))", DeadlineExceeded, 20),
    "ends itself": ("import os\nos._exit(3)", KernelDied, 20),
    "is killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", KernelDied, 20),
    "breaks off": ("import ctypes\nctypes.string_at(0)", KernelDied, 20),
    "aborts": ("import os\nos.abort()", KernelDied, 20),
    "fills the memory": (HOG, None, 40),
    "recurses without an end": ("def again(): again()\nagain()", None, 40),
}


@pytest.mark.parametrize(("code", "raised", "within"), TROUBLES.values(), ids=TROUBLES)
async def test_after_any_trouble_nothing_is_left_and_the_next_question_works(
    place: Path, before: Counter[str], code: str, raised: type[Exception] | None, within: float
) -> None:
    limits = Limits(memory=512 * 2**20)
    async with KernelPool(make=lambda: SandboxKernel(limits, place)) as pool:
        began = time.monotonic()
        with contextlib.nullcontext() if raised is None else pytest.raises(raised):
            async with pool.acquire("one") as lease:
                done = await lease.kernel.execute(code, timeout=2 if raised is DeadlineExceeded else 30)
                assert done.error is not None and done.error.ename in ("MemoryError", "OSError", "RecursionError")
        assert time.monotonic() - began < within
        assert len(list(place.iterdir())) == lease.kernel.alive
        async with pool.acquire("one") as lease:
            assert (await lease.kernel.execute("6 * 7", timeout=30)).value == 42
    assert not await left_over(place, before)


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_pool_that_closes_while_it_starts_kernels_leaves_nothing(
    place: Path, before: Counter[str], times: int
) -> None:
    took = await life(SandboxKernel(folder=place))
    for part in PARTS:
        pool = KernelPool(make=lambda: SandboxKernel(folder=place), spare=True)
        pool.prewarm()
        asking = asyncio.ensure_future(pool.acquire("one").__aenter__())
        await asyncio.wait({asking}, timeout=part * took)
        closing = asyncio.ensure_future(pool.close_all())
        await asyncio.sleep(0)
        await cancel_after(closing, 0 if times else 30, times)
        await asyncio.wait({asking})
        assert asking.exception() is None or isinstance(asking.exception(), KernelDied)
        assert not list(place.iterdir()) and len(pool) == 0
    assert not await left_over(place, before)


async def test_what_fails_while_a_kernel_ends_does_not_keep_the_rest(
    place: Path, before: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(relay: Relay) -> None:
        raise OSError("the relay cannot be closed")

    kernel = SandboxKernel(folder=place)
    await kernel.start()
    with monkeypatch.context() as patch:
        patch.setattr(Relay, "close", fail)
        with pytest.raises(OSError, match="cannot be closed"):
            await kernel.stop()
    assert not kernel.alive and not list(place.iterdir())
    assert not await left_over(place, before)


@pytest.mark.parametrize("forked", [True, False])
def test_a_loop_that_ends_takes_its_kernels_along(place: Path, forked: bool) -> None:
    """One is just being stopped, one is just starting, and nobody waits for either."""
    kernels = [SandboxKernel(folder=place, forked=forked) for _ in range(2)]

    async def warm() -> Counter[str]:
        await life(SandboxKernel(folder=place))
        return look(place)

    async def leave() -> None:
        await kernels[0].start()
        stopping = asyncio.ensure_future(kernels[0].stop())
        starting = asyncio.ensure_future(kernels[1].start())
        await asyncio.wait({starting}, timeout=0.005)
        assert not stopping.done() and not starting.done()

    async def end() -> Counter[str]:
        return await left_over(place, at_first)

    at_first = asyncio.run(warm())
    asyncio.run(leave())
    assert not list(place.iterdir())
    assert not asyncio.run(end())


@contextlib.asynccontextmanager
async def own_server(place: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Have a fork server that no other test uses, and its process id."""
    (place / "modules").mkdir()
    patch.setenv("PYTHONPATH", str(place / "modules"))
    server = usual_server().server
    await server.start()
    assert server.pid is not None
    try:
        yield server.pid
    finally:
        server.close()


async def test_a_fork_server_that_hangs_is_ended_with_its_kernels_and_the_next_works(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_module, "ENDS_WITHIN", 0.5)
    async with own_server(place, monkeypatch) as pid:
        kernel = SandboxKernel(folder=place)
        await kernel.start()
        os.kill(pid, signal.SIGSTOP)
        await kernel.stop()
        assert not kernel.alive
        async with KernelPool(make=lambda: SandboxKernel(folder=place)) as pool, pool.acquire("one") as lease:
            assert (await lease.kernel.execute("6 * 7", timeout=30)).value == 42
            assert usual_server().server.pid not in (None, pid)
        assert [entry.name for entry in place.iterdir()] == ["modules"]


async def test_a_kernel_starts_without_a_fork_server_that_hangs(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with own_server(place, monkeypatch) as pid:
        usual_server().server.answers_within = 0.5
        os.kill(pid, signal.SIGSTOP)
        kernel = SandboxKernel(folder=place)
        try:
            await kernel.start()
            assert (await kernel.execute("6 * 7", timeout=30)).value == 42
        finally:
            await kernel.stop()
        assert "the server for new processes did not answer within 0.5 seconds" in caplog.text
        assert usual_server().server.pid is None


async def test_a_fork_server_that_dies_takes_its_kernels_along_and_the_next_question_works(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        own_server(place, monkeypatch) as pid,
        KernelPool(make=lambda: SandboxKernel(folder=place)) as pool,
    ):
        with pytest.raises(KernelDied):
            async with pool.acquire("one") as lease:
                running = asyncio.ensure_future(lease.kernel.execute("while True: pass", timeout=60))
                await asyncio.sleep(0)
                os.kill(pid, signal.SIGKILL)
                await running
        async with pool.acquire("one") as lease:
            assert lease.fresh
            assert (await lease.kernel.execute("6 * 7", timeout=30)).value == 42
        await pool.close_all()
        assert [entry.name for entry in place.iterdir()] == ["modules"]


async def test_a_fork_server_that_nobody_needs_ends_and_comes_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with own_server(place, monkeypatch) as pid:
        server = usual_server().server
        for _ in range(2):
            kernel = SandboxKernel(folder=place, server_idle_seconds=0.1)
            await kernel.start()
            assert server.pid is not None
            await asyncio.sleep(0.3)  # a kernel that is there keeps it
            assert (await kernel.execute("6 * 7", timeout=30)).value == 42
            await kernel.stop()
            async with asyncio.timeout(30):
                while server.pid is not None:
                    await asyncio.sleep(0.01)
        assert not Path(f"/proc/{pid}").exists()


async def test_work_comes_to_its_end_and_its_error_is_told() -> None:
    ended: list[str] = []

    async def work(name: str, error: Exception | None = None) -> None:
        await asyncio.sleep(0.01)
        ended.append(name)
        if error is not None:
            raise error

    with pytest.raises(ValueError, match="first"):
        await to_the_end(work("one", ValueError("first")), work("two"))
    waiting = asyncio.ensure_future(to_the_end(work("three"), work("four", ValueError("unheard"))))
    assert await cancel_after(waiting, 0, 5)
    assert sorted(ended) == ["four", "one", "three", "two"]
    left = asyncio.ensure_future(asyncio.sleep(60))
    await settle(left)
    assert left.cancelled()
