"""Keeps the numbers behind box plots and pies, which matplotlib draws and forgets."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .guarded import guarded
from .values import cell

BOXES = "_csvagent_boxes"
SHARES = "_csvagent_shares"
NUMBERS = {"whislo": "low", "q1": "q1", "med": "median", "q3": "q3", "whishi": "high"}

Box = tuple[float, dict[str, Any]]


def remember_numbers() -> None:
    """Make each box plot and pie leave its numbers on its axes; done once, when the kernel starts."""
    if not hasattr(Axes.bxp, BOXES):
        Axes.bxp = _noting_boxes(Axes.bxp)  # type: ignore[method-assign]
        Axes.pie = _noting_shares(Axes.pie)  # type: ignore[method-assign]


def _noting_boxes(original: Any) -> Any:
    @functools.wraps(original)
    def bxp(self: Axes, bxpstats: Any, positions: Any = None, *args: Any, **kwargs: Any) -> Any:
        drawn = original(self, bxpstats, positions, *args, **kwargs)
        nothing: list[Box] = []
        setattr(self, BOXES, getattr(self, BOXES, nothing) + guarded(lambda: _boxes(bxpstats, positions), nothing))
        return drawn

    setattr(bxp, BOXES, True)
    return bxp


def _noting_shares(original: Any) -> Any:
    @functools.wraps(original)
    def pie(self: Axes, x: Any, *args: Any, **kwargs: Any) -> Any:
        drawn = original(self, x, *args, **kwargs)
        setattr(self, SHARES, guarded(lambda: [cell(value) for value in np.asarray(x).ravel().tolist()], None))
        return drawn

    return pie


def _boxes(stats: Any, positions: Any) -> list[Box]:
    places = range(1, len(stats) + 1) if positions is None else positions
    return [(float(at), {key: cell(one.get(key)) for key in NUMBERS}) for at, one in zip(places, stats, strict=False)]
