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

from .figures import Sample, megabytes

STOCK_RUNS, RUNS, MANY = 5, 15, 50
IMPORTS = "import numpy, pandas, pyarrow, matplotlib.pyplot"
PLOT = "pd.DataFrame({'region': ['N', 'S', 'W'], 'sum': [3, 1, 2]}).plot.bar(x='region', title='By region')\nNone"


def report() -> Iterator[str]:
    """Yield the lines of this part."""
    yield from asyncio.run(_report())


async def _report() -> list[str]:
    stock = Sample([await _stock() for _ in range(STOCK_RUNS)])
    if reason := await why_not():
        return [f"no fork server here: {reason}"]
    await _fresh()
    fresh = Sample([await _fresh() for _ in range(RUNS)])
    pooled = Sample(await _pooled())
    plots = Sample([await _first_plot() for _ in range(RUNS)])
    deaths = Sample([await _death() for _ in range(RUNS)])
    seconds, memory, level = await _many()
    return [
        f"stock kernel, first reply after its imports      {stock}",
        f"fresh kernel, {level}, first reply           {fresh}",
        f"  a {stock.median / fresh.median:.0f}th of stock",
        f"kernel from the pool, first reply                {pooled}",
        f"first plot in a fresh kernel                     {plots}",
        f"a killed kernel is noticed after                 {deaths}",
        f"{MANY} kernels at once, first reply of the last      {seconds:.2f} s",
        f"  memory of them and their server (PSS)          {megabytes(memory)}",
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
        for number in range(RUNS):
            pool.prewarm()
            assert pool._spare is not None
            await pool._spare.started()
            begin = perf_counter()
            async with pool.acquire(str(number)) as lease:
                await lease.kernel.execute("1", timeout=60)
                times.append(perf_counter() - begin)
            await pool.discard(str(number))
    return times


async def _first_plot() -> float:
    kernel = SandboxKernel()
    await kernel.start()
    await kernel.execute("1", timeout=60)
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
