"""Keeps the numbers behind box plots, which matplotlib draws and forgets."""

from __future__ import annotations

import functools
from typing import Any

from matplotlib.axes import Axes

from .charts import BOXES, Series
from .guarded import guarded, safe_text
from .values import cell

_NUMBERS = {"whislo": "low", "q1": "q1", "med": "median", "q3": "q3", "whishi": "high"}


def note_boxes() -> None:
    """Make each box plot leave its statistics on its axes; done once, when the kernel starts."""
    original = Axes.bxp
    if getattr(original, BOXES, False):
        return

    @functools.wraps(original)
    def bxp(self: Axes, bxpstats: Any, *args: Any, **kwargs: Any) -> Any:
        drawn = original(self, bxpstats, *args, **kwargs)
        known: list[Series] = getattr(self, BOXES, [])
        nothing: list[Series] = []
        setattr(self, BOXES, known + guarded(lambda: _series(bxpstats, len(known)), nothing))
        return drawn

    setattr(bxp, BOXES, True)
    Axes.bxp = bxp  # type: ignore[method-assign]


def _series(stats: Any, already: int) -> list[Series]:
    found = []
    for number, one in enumerate(stats, already + 1):
        label = safe_text(one.get("label") or number, 200)
        points = [(label, cell(one.get(key))) for key in _NUMBERS]
        found += [Series("box", name, [point], 1) for name, point in zip(_NUMBERS.values(), points, strict=True)]
    return found
