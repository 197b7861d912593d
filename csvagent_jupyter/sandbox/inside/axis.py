"""Reads positions on an axis back into what they stand for: a category's name, a date, or the number itself."""

from __future__ import annotations

import datetime
import functools
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.category import StrCategoryConverter, UnitData
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

from .guarded import clip, guarded
from .values import cell

_NEAR = 0.51


class Reader:
    """What the positions on one axis mean."""

    def __init__(self, axis: Any) -> None:
        self._period = getattr(axis.axes, "freq", None) if axis.axis_name == "x" else None
        none: dict[float, str] = {}
        self._names = guarded(lambda: _category_names(axis), none)
        self.has_names = bool(self._names)
        self.has_dates = self._period is not None or _is_date_axis(axis)

    def value(self, position: Any) -> Any:
        """Return the meaning of a drawn coordinate."""
        number = cell(position)
        if number is None or isinstance(number, str):
            return number
        if self._names and float(number).is_integer() and number in self._names:
            return self._names[number]
        return self._date(number) if self.has_dates else _tidy(number)

    def category(self, position: float) -> Any:
        """Return the name of the category nearest to the middle of a bar; without names the position itself."""
        if self._names:
            nearest = min(self._names, key=lambda at: abs(at - position))
            if abs(nearest - position) <= _NEAR:
                return self._names[nearest]
        return self.value(position)

    def _date(self, number: float) -> Any:
        if self._period is not None:
            return guarded(lambda: cell(pd.Period(ordinal=round(number), freq=self._period).to_timestamp()), number)
        return guarded(lambda: _date_text(number), number)


def _category_names(axis: Any) -> dict[float, str]:
    units = axis.units
    if isinstance(units, UnitData) and isinstance(axis.get_converter(), StrCategoryConverter):
        return {float(at): clip(name, 200) for name, at in units._mapping.items()}
    formatter, locator = axis.get_major_formatter(), axis.get_major_locator()
    if not isinstance(locator, FixedLocator):
        return {}
    places: Any = vars(locator)["locs"]
    if isinstance(formatter, FixedFormatter):
        return {float(at): clip(text, 200) for at, text in zip(places, formatter.seq, strict=False) if text}
    if isinstance(formatter, FuncFormatter) and isinstance(formatter.func, functools.partial):
        return {float(at): clip(text, 200) for at, text in formatter.func.args[0].items() if text}
    return {}


def _is_date_axis(axis: Any) -> bool:
    converter = axis.get_converter()
    name = type(converter).__name__
    return "Date" in name or isinstance(axis.get_major_formatter(), mdates.DateFormatter | mdates.AutoDateFormatter)


def _date_text(number: float) -> Any:
    moment: datetime.datetime = mdates.num2date(number)  # type: ignore[no-untyped-call]
    rounded = (moment + datetime.timedelta(microseconds=500)).replace(tzinfo=None)
    return cell(rounded.replace(microsecond=rounded.microsecond // 1000 * 1000))


def _tidy(number: float) -> float:
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number
