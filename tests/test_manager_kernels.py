"""A session's kernel is a cache: when it is gone, the next question finds its tables and what earlier answers made."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from model_server import ScriptedServer

from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Question, Source
from csvagent_jupyter.sandbox import SandboxKernel
from csvagent_jupyter.sandbox.forking import usual_server
from csvagent_jupyter.sandbox.provisioner import SandboxProvisioner

FIRST = 'Total by city.\n```python\ntotals = df.groupby("city")["price"].sum()\nprint("Totals:", len(totals))\n```'
SECOND = 'The largest total.\n```python\nprint("Largest:", totals.idxmax(), totals.max())\n```'


Goes = Callable[[CSVAgentManager, SandboxKernel], Awaitable[None]]


@pytest_asyncio.fixture
async def manager(
    tmp_path: Path, model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CSVAgentManager]:
    for name, value in model_server.environ().items():
        monkeypatch.setenv(name, value)
    manager = CSVAgentManager(
        data_folder=str(tmp_path / "data"), model="openai:test", spare_kernel=False, kernel_idle_seconds=1.0
    )
    yield manager
    await manager.stop()


@pytest.mark.parametrize("layer", [None, "off", "required"])
async def test_the_outer_layer_that_is_set_is_that_of_every_kernel(
    manager: CSVAgentManager, monkeypatch: pytest.MonkeyPatch, layer: str | None
) -> None:
    monkeypatch.setenv("CSVAGENT_OUTER_LAYER", "bubblewrap")
    manager.kernel_outer_layer = layer
    await manager.start(warm=False)
    provisioner = SandboxProvisioner(config=manager.workshop.kernels._make()._config)
    assert provisioner.outer_layer == (layer or "bubblewrap")


async def is_idle_for_too_long(manager: CSVAgentManager, kernel: SandboxKernel) -> None:
    await until(lambda: not kernel.alive)


async def takes_too_much_together(manager: CSVAgentManager, kernel: SandboxKernel) -> None:
    pool = manager.workshop.kernels
    pool.idle_seconds = 900
    pool.max_memory = 2**20
    async with pool.acquire("another session") as lease:
        assert lease.fresh and not kernel.alive


async def is_killed(manager: CSVAgentManager, kernel: SandboxKernel) -> None:
    os.kill(kernel._provisioner.pid, signal.SIGKILL)
    await until(lambda: not kernel.alive)


async def loses_its_fork_server(manager: CSVAgentManager, kernel: SandboxKernel) -> None:
    server = usual_server().server.pid
    assert server is not None
    os.kill(server, signal.SIGKILL)
    await until(lambda: not kernel.alive)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "goes",
    [is_idle_for_too_long, takes_too_much_together, is_killed, loses_its_fork_server],
    ids=lambda one: one.__name__,
)
async def test_a_session_whose_kernel_is_gone_goes_on(
    manager: CSVAgentManager, model_server: ScriptedServer, tmp_path: Path, goes: Goes
) -> None:
    (tmp_path / "cities.csv").write_text("city,price\nOslo,10\nRiga,20\nOslo,30\n", encoding="utf-8")
    await manager.start()
    model_server.script(FIRST, SECOND)
    source = Source("cities.csv", path=str(tmp_path / "cities.csv"))
    task = await manager.ask(Question("totals by city?", (source,)))
    first = await manager.result(task.task_id)
    assert first.success and "Totals: 2" in first.text_output
    place = manager.workshop.place(task.session_id)
    assert place is not None
    kernel = place.kernel
    assert isinstance(kernel, SandboxKernel)
    await goes(manager, kernel)
    task = await manager.ask(Question("which is largest?"), session_id=task.session_id)
    second = await manager.result(task.task_id)
    assert second.success and "Largest: Oslo 40" in second.text_output
    assert second.attempts_count <= 1
    place = manager.workshop.place(task.session_id)
    assert place is not None and place.kernel is not kernel
