"""Measured values as text: the median, the spread beside it, and how far it is from its aim."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

# The aims were set where the stock kernel took this long; on another machine, and at another hour, they scale with it.
STOCK_OF_THE_AIMS = 1.14


class Sample:
    """Times in seconds; written in milliseconds, as the median (least–most)."""

    def __init__(self, seconds: Sequence[float]) -> None:
        self.seconds = seconds

    @property
    def median(self) -> float:
        return median(self.seconds)

    def __str__(self) -> str:
        least, most = min(self.seconds) * 1e3, max(self.seconds) * 1e3
        return f"{self.median * 1e3:.1f} ms ({least:.1f}–{most:.1f})"


class Aims:
    """Figures beside what they should be; it remembers which were missed."""

    def __init__(self, stock: Sample) -> None:
        self.stock = stock
        self.missed: list[str] = []
        self.count = 0

    def time(self, name: str, took: Sample, aim: float) -> str:
        """Return the line of a time that should take `aim` seconds where the stock kernel takes 1140 ms."""
        ratio, wanted = took.median / self.stock.median, aim / STOCK_OF_THE_AIMS
        verdict = self._verdict(name, ratio <= wanted)
        return f"{name:46} {took!s:26} {ratio:.4f} of stock, aim {wanted:.4f} ({aim * 1e3:.0f} ms): {verdict}"

    def size(self, name: str, size: int, aim: int) -> str:
        """Return the line of a size that should be at most `aim` bytes, on any machine."""
        return f"{name:46} {megabytes(size):26} aim {megabytes(aim)}: {self._verdict(name, size <= aim)}"

    def summary(self) -> str:
        """Return how many aims were reached, and which were not."""
        missed = f"; missed: {', '.join(self.missed)}" if self.missed else ""
        return f"{self.count - len(self.missed)} of {self.count} aims reached{missed}"

    def _verdict(self, name: str, reached: bool) -> str:
        self.count += 1
        if not reached:
            self.missed.append(name.strip())
        return "reached" if reached else "MISSED"


def megabytes(size: int) -> str:
    return f"{size / 2**20:.0f} MB"
