"""Measured values as text: the median, and the spread beside it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


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


def megabytes(size: int) -> str:
    return f"{size / 2**20:.0f} MB"
