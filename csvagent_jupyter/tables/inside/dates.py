"""Dates in text: the one format in which every cell of a column is a date, and whether it is the only one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import pyarrow.compute as pc

_CLOCK = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_DAY_FIRST = ("%d{s}%m{s}%Y", "%d{s}%m{s}%y")
_MONTH_FIRST = ("%m{s}%d{s}%Y", "%m{s}%d{s}%y")
_NAMED = (
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%d/%b/%Y", "%b-%Y", "%b %Y", "%B %Y", "%b-%y"),
)
_YEAR_FIRST = ("%Y/%m/%d", "%Y.%m.%d")
_ISO = re.compile(r"\d{4}-\d{2}(-\d{2})?([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?")
_DIGITS = re.compile(r"\d")
_DATE_NAME = re.compile(r"date|day|дата|день|datum|fecha|jour", re.IGNORECASE)
ISO = "ISO8601"


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A format for pandas.to_datetime; `ambiguous` when every cell is also a date with day and month exchanged."""

    format: str
    kind: Literal["date", "datetime"]
    ambiguous: bool = False
    utc: bool = False


def date_format(words: Any, dayfirst: bool | None, name: str) -> DateFormat | None:
    """Return the format in which all `words` (an Arrow array of distinct cells) are dates; None when there is none.

    Eight digits alone are a date only in a column named like one.
    """
    sample = [str(word) for word in words.slice(0, 50).to_pylist()]
    first = sample[0]
    if not _DIGITS.search(first) or len(first) > 40:
        return None
    if all(re.fullmatch(r"\d{8}", word) for word in sample):
        return _tried(words, "%Y%m%d", "date") if _DATE_NAME.search(name) else None
    if first.isdecimal():
        return None
    if all(_ISO.fullmatch(word) for word in sample):
        kind: Literal["date", "datetime"] = "datetime" if any(":" in word for word in sample) else "date"
        return _tried(words, ISO, kind)
    return _by_marks(words, sample, dayfirst)


def _by_marks(words: Any, sample: list[str], dayfirst: bool | None) -> DateFormat | None:
    shape = re.match(r"(\d{1,2})([./-])\d{1,2}\2(\d{4}|\d{2})(?!\d)", sample[0])
    if shape is None:
        candidates = _NAMED if re.search(r"[^\W\d_]{3}", sample[0]) else _YEAR_FIRST
        return next((found for form in candidates for found in _with_clock(words, sample, form)), None)
    years = 0 if len(shape[3]) == 4 else 1
    mark = shape[2]
    day = next(_with_clock(words, sample, _DAY_FIRST[years].format(s=mark)), None)
    month = next(_with_clock(words, sample, _MONTH_FIRST[years].format(s=mark)), None)
    if day is None or month is None:
        return day or month
    first_is_day = dayfirst if dayfirst is not None else mark == "."
    chosen = day if first_is_day else month
    return replace(chosen, ambiguous=dayfirst is None and mark != ".")


def _with_clock(words: Any, sample: list[str], form: str) -> Iterator[DateFormat]:
    for clock in _CLOCK:
        if bool(clock) != (":" in sample[0]) or not _begins_well(sample, form + clock):
            continue
        found = _tried(words, form + clock, "datetime" if clock else "date")
        if found is not None:
            yield found


def _begins_well(sample: list[str], form: str) -> bool:
    """Try a few cells by the standard library, which refuses in microseconds what pandas refuses in milliseconds."""
    try:
        for word in sample[:3]:
            datetime.strptime(word, form)
    except ValueError:
        return False
    return True


def _tried(words: Any, form: str, kind: Literal["date", "datetime"]) -> DateFormat | None:
    """Return the format if pandas reads every word by it."""
    import pandas as pd

    zone = _has_zone(words)
    for part in (words.slice(0, 50), words):
        texts = pd.Series(part.to_pandas(), dtype="str")
        try:
            read = pd.to_datetime(texts, format=form, utc=zone)
        except (ValueError, OverflowError):
            return None
        if read.isna().any():
            return None
    return DateFormat(form, kind, utc=zone)


def _has_zone(words: Any) -> bool:
    return bool(pc.any(pc.match_substring_regex(words, r"\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})$")).as_py())
