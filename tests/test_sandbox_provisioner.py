"""Another provisioner than ours starts the kernel, and a kernel that is not ours is told."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from model_server import ScriptedServer
from other_provisioner import SAID, PlainProvisioner

from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Question, Source
from csvagent_jupyter.sandbox import SandboxKernel

CODE = 'The total.\n```python\nprint("Total:", df["price"].sum())\n```'


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """Have the entry points that a package would bring."""
    known = KernelProvisionerFactory.instance().provisioners
    group = KernelProvisionerFactory.GROUP_NAME
    known["plain"] = EntryPoint("plain", "other_provisioner:PlainProvisioner", group)
    known["reporting"] = EntryPoint("reporting", "other_provisioner:ReportingProvisioner", group)
    known["broken"] = EntryPoint("broken", "no_such_module_at_all:Provisioner", group)
    PlainProvisioner.started.clear()
    yield
    for name in ("plain", "reporting", "broken"):
        del known[name]


@pytest.mark.parametrize(("provisioner", "level"), [("plain", "process"), ("reporting", "confined")])
async def test_a_question_is_answered_by_a_kernel_of_another_provisioner(
    tmp_path: Path,
    model_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    provisioner: str,
    level: str,
) -> None:
    for name, value in model_server.environ().items():
        monkeypatch.setenv(name, value)
    (tmp_path / "cities.csv").write_text("city,price\nOslo,10\nRiga,20\n", encoding="utf-8")
    manager = CSVAgentManager(data_folder=str(tmp_path / "data"), model="openai:test", spare_kernel=False)
    manager.kernel_provisioner, manager.minimum_isolation = provisioner, level
    await manager.start(warm=False)
    try:
        model_server.script(CODE)
        task = await manager.ask(Question("total?", (Source("cities.csv", path=str(tmp_path / "cities.csv")),)))
        answer = await manager.result(task.task_id)
    finally:
        await manager.stop()
    assert answer.success and "Total: 30" in answer.text_output
    assert answer.isolation == level
    assert len(PlainProvisioner.started) == 1
    assert (SAID in answer.isolation_gaps) == (provisioner == "reporting")
    assert "isolation" not in capfd.readouterr().out  # what ours is told on a pipe is not printed


async def test_a_kernel_of_another_provisioner_leaves_nothing(tmp_path: Path) -> None:
    kernel = SandboxKernel(folder=tmp_path, provisioner="plain")
    await kernel.start()
    assert (await kernel.execute("1 + 1", timeout=30)).value == 2
    with pytest.raises(KernelDied):
        await kernel.execute("import os; os._exit(3)", timeout=30)
    assert not kernel.alive
    await kernel.stop()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["nobody's", "broken"])
async def test_a_provisioner_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    kernel = SandboxKernel(folder=tmp_path, provisioner=name)
    with pytest.raises(KernelDied) as failed:
        await kernel.start()
    assert failed.value.key == "sandbox.no_provisioner"
    assert name in failed.value.say("en") and "kernel_provisioner" in failed.value.say("ru")
    assert list(tmp_path.iterdir()) == []


async def test_a_kernel_that_is_not_ours_is_told(tmp_path: Path) -> None:
    kernel = SandboxKernel(folder=tmp_path, kernel_name="python3")
    await kernel.start()
    try:
        with pytest.raises(KernelDied) as failed:
            await kernel.execute("1 + 1", timeout=60)
        assert failed.value.key == "sandbox.not_ours"
    finally:
        await kernel.stop()
    assert list(tmp_path.iterdir()) == []
