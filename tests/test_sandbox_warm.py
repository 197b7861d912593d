"""What the fork server does once is done for its kernels, and they see nothing of it."""

from __future__ import annotations

from csvagent_jupyter.sandbox import SandboxKernel
from csvagent_jupyter.sandbox.forking import why_not

LOOK = """
import sys
names = {"total", "df"} & set(globals())
number = plt.figure().number
plt.close("all")
[number, len(names), "pyarrow.pandas_compat" in sys.modules, "matplotlib.backends.backend_svg" in sys.modules]
"""
RANDOM = "import random\n[random.random(), np.random.random()]"


async def test_a_kernel_finds_the_rehearsal_done_and_nothing_of_it() -> None:
    assert await why_not() == ""
    kernels = [SandboxKernel(), SandboxKernel()]
    try:
        for kernel in kernels:
            await kernel.start()
        seen = [await kernel.execute(LOOK, timeout=60) for kernel in kernels]
        assert [done.value for done in seen] == [[1, 0, True, True]] * 2
        assert all(done.plots == () for done in seen)
        drawn = [await kernel.execute(RANDOM, timeout=60) for kernel in kernels]
        one, other = (done.value for done in drawn)
        assert one[0] != other[0] and one[1] != other[1]
    finally:
        for kernel in kernels:
            await kernel.stop()
