"""Code that breaks what a reply is made with is answered, or its asker told at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox import SandboxKernel


@asynccontextmanager
async def started() -> AsyncIterator[SandboxKernel]:
    kernel = SandboxKernel()
    await kernel.start()
    try:
        yield kernel
    finally:
        await kernel.stop()


BROKEN = (
    "import json\njson.dumps = None\nprint(1)",
    "import json, json.encoder\njson.JSONEncoder = json.loads = json.encoder.JSONEncoder = None\nprint(1)",
    "import builtins, io\nbuiltins.open = io.open = None\nprint(1)",
    "print(1)\nimport builtins\nbuiltins.str = builtins.len = builtins.isinstance = builtins.BaseException = None",
    "print(1)\nimport builtins\nvars(builtins).clear()",
    "import os, time, traceback\nprint(1)\nos.chdir = os.getpid = time.perf_counter = traceback.walk_tb = None\n",
    "import json\nclass Odd:\n    def __repr__(self):\n        json.dumps = None\n        return ''\nprint(1)\nOdd()",
)


@pytest.mark.parametrize("code", BROKEN)
async def test_code_that_breaks_what_a_reply_takes_is_answered_and_so_is_the_next(code: str) -> None:
    async with started() as kernel:
        done = await kernel.execute(code, timeout=60)
        assert (done.error, done.stdout) == (None, "1\n")
        failed = await kernel.execute(f"{code}\nraise ZeroDivisionError()", timeout=60)
        assert failed.error is not None
        again = await kernel.execute("import json\nopen('a', 'w').write(json.dumps(str(7)))", timeout=60)
        assert (again.error, again.value) == (None, 3)


async def test_a_kernel_that_cannot_reply_any_more_ends_and_its_asker_need_not_wait() -> None:
    async with started() as kernel:
        with pytest.raises(KernelDied) as caught:
            await kernel.execute("import json\njson.JSONEncoder.encode = None", timeout=60)
        assert (caught.value.key, kernel.alive) == ("sandbox.ended", False)
