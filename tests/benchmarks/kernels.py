"""What a kernel costs: from the fork server, from the pool, fifty at once, beside the stock kernel with its imports."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from jupyter_client.manager import AsyncKernelManager

from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox import KernelPool, SandboxKernel
from csvagent_jupyter.sandbox.forking import usual_server, why_not

from . import overhead
from .figures import Aims, Sample

ROUNDS, RUNS, POOLED, MANY, MANY_RUNS = 5, 4, 15, 50, 3
IMPORTS = "import numpy, pandas, pyarrow, matplotlib.pyplot"
PLOT = "pd.DataFrame({'region': ['N', 'S', 'W'], 'sum': [3, 1, 2]}).plot.bar(x='region', title='By region')\nNone"
WITHOUT_SVG = "from csvagent_jupyter.sandbox.inside import figures\nfigures.MAX_SVG_POINTS = -1"


def report() -> Iterator[str]:
    """Yield the lines of this part."""
    yield from asyncio.run(_report())


async def _report() -> list[str]:
    """Measure in rounds, so that the stock kernel and ours have the same neighbours."""
    if reason := await why_not():
        return [f"no fork server here: {reason}"]
    await _fresh()
    stock, fresh, plots, pictures, deaths = [], [], [], [], []
    for _ in range(ROUNDS):
        stock.append(await _stock())
        fresh += [await _fresh() for _ in range(RUNS)]
        plots += [await _first_plot("1") for _ in range(RUNS)]
        pictures += [await _first_plot(WITHOUT_SVG) for _ in range(RUNS)]
        deaths += [await _death() for _ in range(RUNS)]
    pooled = await _pooled()
    many = [await _many() for _ in range(MANY_RUNS)]
    level = many[0][2]
    times, memory = Sample([one[0] for one in many]), max(one[1] for one in many)
    question, bare = await asyncio.to_thread(overhead.fresh_sessions)
    aims = Aims(Sample(stock))
    return [
        f"{'stock kernel, first reply after its imports':46} {aims.stock}",
        aims.time(f"fresh kernel, {level}, first reply", Sample(fresh), 0.060),
        aims.time("kernel from the pool, first reply", Sample(pooled), 0.005),
        aims.time(f"{MANY} kernels at once, first reply of the last", times, 2.0),
        aims.size("  memory of them and their server (PSS)", memory, 800 * 2**20),
        aims.time("first plot in a fresh kernel, PNG and SVG", Sample(plots), 0.050),
        aims.time("  without its SVG, as the prototype had it", Sample(pictures), 0.050),
        aims.time("a killed kernel is noticed after", Sample(deaths), 0.020),
        aims.time("a question over its bare code, kernel of pool", question, 0.030),
        f"{'  the same code in a warm kernel':46} {bare}",
        aims.summary() if level == "confined" else f"{aims.summary()}, but at the level {level}",
    ]


async def _stock() -> float:
    manager = AsyncKernelManager(kernel_name="python3")
    begin = perf_counter()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        await client.execute(IMPORTS, reply=True, timeout=60)
        return perf_counter() - begin
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def _fresh() -> float:
    kernel = SandboxKernel()
    begin = perf_counter()
    await kernel.start()
    await kernel.execute("1", timeout=60)
    took = perf_counter() - begin
    await kernel.stop()
    return took


async def _pooled() -> list[float]:
    times = []
    async with KernelPool(spare=True) as pool:
        for number in range(POOLED):
            pool.prewarm()
            assert pool._spare is not None
            await pool._spare.started()
            begin = perf_counter()
            async with pool.acquire(str(number)) as lease:
                await lease.kernel.execute("1", timeout=60)
                times.append(perf_counter() - begin)
            await pool.discard(str(number))
    return times


async def _first_plot(before: str) -> float:
    kernel = SandboxKernel()
    await kernel.start()
    await kernel.execute(before, timeout=60)
    begin = perf_counter()
    done = await kernel.execute(PLOT, timeout=60)
    took = perf_counter() - begin
    assert len(done.plots) == 1
    await kernel.stop()
    return took


async def _death() -> float:
    kernel = SandboxKernel()
    await kernel.start()
    pid = (await kernel.execute("import os; os.getpid()", timeout=60)).value
    running = asyncio.Event()
    code = "import time\nprint('on', flush=True)\ntime.sleep(60)"
    asking = asyncio.ensure_future(kernel.execute(code, timeout=60, on_output=lambda _: running.set()))
    await running.wait()
    begin = perf_counter()
    os.kill(pid, signal.SIGKILL)
    try:
        await asking
    except KernelDied:
        return perf_counter() - begin
    finally:
        await kernel.stop()
    raise AssertionError("the death was not noticed")


async def _many() -> tuple[float, int, str]:
    """Start many kernels at once; return seconds until all have replied, bytes of memory, and their level."""
    kernels = [SandboxKernel() for _ in range(MANY)]

    async def use(kernel: SandboxKernel) -> int:
        await kernel.start()
        return int((await kernel.execute("import os; os.getpid()", timeout=120)).value)

    begin = perf_counter()
    pids = await asyncio.gather(*(use(kernel) for kernel in kernels))
    took = perf_counter() - begin
    server = usual_server().server.pid
    assert server is not None
    memory = sum(_proportional_size(pid) for pid in (*pids, server))
    level = kernels[0].isolation
    await asyncio.gather(*(kernel.stop() for kernel in kernels))
    return took, memory, level


def _proportional_size(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
