"""What an idle session keeps in memory after one question, beside a bare kernel with the same libraries loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from .figures import megabytes

ASKING = """
import os
from tests.benchmarks.overhead import asking
from pathlib import Path
from tempfile import TemporaryDirectory
with TemporaryDirectory() as folder:
    asked = asking(Path(folder))
    asked.ask()
    print("ready", flush=True)
    input()
    asked.stop()
"""
BARE = """
from tests.benchmarks.overhead import bare_kernel
manager, run = bare_kernel()
run("import pandas, pyarrow, matplotlib.pyplot")
print("ready", flush=True)
input()
manager.shutdown_kernel(now=True)
"""


def report() -> Iterator[str]:
    """Yield the lines of this part: resident memory, and the share of it that no other process uses too."""
    own, kernels = _held(ASKING)
    _, bare = _held(BARE)
    yield f"manager of an idle session   {_both(own)}"
    yield f"its dedicated kernel         {_both(kernels)}"
    yield f"a bare kernel with pandas    {_both(bare)}"
    yield f"ratio of the kernels (PSS)   {kernels[1] / bare[1]:.2f}"


def _both(sizes: tuple[int, int]) -> str:
    return f"{megabytes(sizes[0])} resident, {megabytes(sizes[1])} proportional (PSS)"


def _held(program: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Run a program until it is idle; return the (RSS, PSS) of its process and of all its children together."""
    import psutil

    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        for line in process.stdout:
            if line == "ready\n":
                break
        top = psutil.Process(process.pid)
        own = _sizes([top])
        children = _sizes(top.children(recursive=True))
        process.stdin.write("\n")
        process.stdin.flush()
    return own, children


def _sizes(processes: list[object]) -> tuple[int, int]:
    found = [process.memory_full_info() for process in processes]  # type: ignore[attr-defined]
    return sum(info.rss for info in found), sum(info.pss for info in found)
