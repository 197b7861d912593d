"""What the reader gets right and what the product costs, beside yardsticks of the same run: ``make bench``.

Figures are medians with (least–most) of all runs; only the ratios carry over to another machine. A missed aim is said
to be missed.
"""

from __future__ import annotations

import os
import platform
from time import perf_counter

from . import kernels, large, loading, memory, overhead, scores, server
from .figures import Sample


def main() -> None:
    """Measure everything and print it."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}")
    print(f"noise of this machine: a fixed loop takes {noise()}\n")
    for part in (scores, loading, large, kernels, overhead, memory, server):
        print("\n".join(part.report()), end="\n\n", flush=True)


def noise(runs: int = 15) -> Sample:
    """Time a loop that always does the same; what it varies by is the machine's doing."""
    times = []
    for _ in range(runs):
        begin = perf_counter()
        sum(number * number for number in range(200_000))
        times.append(perf_counter() - begin)
    return Sample(times)


if __name__ == "__main__":
    main()
