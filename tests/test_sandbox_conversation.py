"""How the process of a kernel ended, as it is told to who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox import SandboxKernel


@asynccontextmanager
async def started(*, forked: bool) -> AsyncIterator[SandboxKernel]:
    kernel = SandboxKernel(forked=forked)
    await kernel.start()
    try:
        yield kernel
    finally:
        await kernel.stop()


DEATHS = {
    "exit": ("import os\nos._exit(0)", ("sandbox.ended", "os._exit", "os._exit")),
    "failed exit": ("import os\nos._exit(137)", ("sandbox.ended", "ended its own process", "собственный процесс")),
    "terminated": ("signal.raise_signal(signal.SIGTERM)", ("sandbox.ended", "from outside", "извне")),
    "segfault": ("import ctypes\nctypes.string_at(0)", ("sandbox.crashed", "(SIGSEGV)", "внутри библиотеки (SIGSEGV)")),
    "abort": ("import os\nos.abort()", ("sandbox.crashed", "(SIGABRT)", "(SIGABRT)")),
    "killed": ("signal.raise_signal(signal.SIGKILL)", ("sandbox.died", "kernel_memory", "не хватило памяти")),
}


@pytest.mark.parametrize("forked", [True, False])
@pytest.mark.parametrize(("code", "told"), DEATHS.values(), ids=DEATHS)
async def test_how_a_process_ended_is_told_and_memory_only_where_it_may_be_the_reason(
    code: str, told: tuple[str, str, str], forked: bool
) -> None:
    async with started(forked=forked) as kernel:
        with pytest.raises(KernelDied) as caught:
            await kernel.execute(f"import signal\n{code}", timeout=60)
    english, russian = caught.value.say("en"), caught.value.say("ru")
    assert caught.value.key == told[0] and told[1] in english and told[2] in russian
    assert ("memory" in english, "памят" in russian) == (told[0] == "sandbox.died",) * 2
    assert "ask again" in english and "повторите вопрос" in russian
