"""Dates and times read by a stated format, all cells at once: what cannot be (31 February, 25:00) is not read.

A format is written as for ``pandas.to_datetime``, and means the same here; ``%N`` alone is ours: the name of a month,
English or Russian, full, short or in the genitive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ISO = "ISO8601"
Unit = Literal["us", "ns"]
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_OTHERS = (
    (*_FULL[:8], "sept", "oct", "nov", "dec"),
    (
        *("январь", "февраль", "март", "апрель", "май", "июнь"),
        *("июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
    ),
    (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
    ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"),
    ("янв", "февр", "мар", "апр", "мая", "июн", "июл", "авг", "сент", "окт", "нояб", "дек"),
)
_MONTHS = {name: number for names in (_SHORT, _FULL, *_OTHERS) for number, name in enumerate(names, start=1)}
_DAYS = "mon|tue|wed|thu|fri|sat|sun"
_ISO_PATTERN = (
    r"(?P<Y>\d{4})-(?P<m>\d{2})(?:-(?P<d>\d{2})(?:[T ](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<f>\d{1,9}))?)?"
    r"(?P<z>Z|[+-]\d{2}:?\d{2})?)?)?"
)
_PARTS = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp][Mm])",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2})",
    "Z": r"(?:UTC|GMT)",
    "a": f"(?i:{_DAYS})",
    "b": f"(?P<b>(?i:{'|'.join(_SHORT)}))",
    "B": f"(?P<b>(?i:{'|'.join(_FULL)}))",
    "N": rf"(?P<b>(?i:{'|'.join(sorted(_MONTHS, key=len, reverse=True))}))\.?",
}
_DAY = 86_400_000_000
_EARLIEST, _LATEST = 1678, 2261
"""The years between which nanoseconds fit into 64 bits."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What was read: ticks since 1970 (numpy int64, UTC where there are zones), and which words were read at all."""

    ticks: Any
    read: Any
    months: Any
    days: Any


def date_pattern(form: str) -> str:
    """Return the regular expression of one date in this format."""
    if form == ISO:
        return _ISO_PATTERN
    return _pattern(form)


@lru_cache(256)
def _pattern(form: str) -> str:
    if re.fullmatch(r"(%[YmdHMS]){3,}", form):  # digits alone are as many as can be
        return "".join(rf"(?P<{letter}>\d{{{4 if letter == 'Y' else 2}}})" for letter in form[1::2])
    pieces = re.split(r"%(.)", form)
    return "".join(_PARTS[piece] if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))


def read_moments(words: Any, form: str, unit: Unit = "us") -> Moments:
    """Read an Arrow array of text; words that are no date in `form` have ``read`` false and tick 0."""
    fields = pc.extract_regex(words, f"^(?:{date_pattern(form)})$")
    size = len(words)
    have = pc.is_valid(fields).to_numpy(False)
    names = {fields.type.field(n).name for n in range(fields.type.num_fields)}
    if not have.any():
        return Moments(np.zeros(size, np.int64), have, np.zeros(size, np.int64), np.zeros(size, np.int64))

    def number(name: str, default: int = 0) -> Any:
        return _numbers(fields.field(name), size, default) if name in names else np.full(size, default, np.int64)

    years = _years(number, names)
    months = _months(fields, size) if "b" in names else number("m", 1)
    days = number("d", 1)
    hours = _hours(fields, size) if "p" in names else number("H")
    minutes, seconds = number("M"), number("S")
    ok = (
        have
        & (years > 0)
        & (months >= 1)
        & (months <= 12)
        & (hours >= 0)
        & (hours < 24)
        & (minutes < 60)
        & (seconds < 60)
    )
    month = np.where(ok, (years - 1970) * 12 + months - 1, 0).astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    ok &= (days >= 1) & (days <= ((month + 1).astype("datetime64[D]") - first).astype(np.int64))
    ticks = (first.astype(np.int64) + days - 1) * _DAY + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000
    if "z" in names:
        offsets, fitting = _offsets(fields.field("z"), size)
        ticks -= offsets
        ok &= fitting
    if unit == "ns":
        ok &= (years >= _EARLIEST) & (years <= _LATEST)
        ticks = ticks * 1_000
    if "f" in names:
        parts = _numbers(pc.utf8_rpad(fields.field("f"), 9, "0"), size, 0)
        ticks += parts if unit == "ns" else parts // 1_000
    return Moments(np.where(ok, ticks, 0), ok, months, days)


def month_directive(name: str) -> str:
    """Return the part of a format that the name of a month is written for, "" when it is no month."""
    folded = name.lower()
    if folded in _SHORT:
        return "%b"
    if folded in _FULL:
        return "%B"
    return "%N" if folded.rstrip(".") in _MONTHS else ""


def has_zone(form: str, words: Any) -> bool:
    """Tell whether dates in this format say their zone."""
    if form == ISO:
        return bool(pc.any(pc.match_substring_regex(words, r":\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})$")).as_py())
    return "%z" in form or "%Z" in form


def has_clock(form: str, words: Any) -> bool:
    """Tell whether dates in this format say the time of day."""
    return bool(pc.any(pc.match_substring(words, ":")).as_py()) if form == ISO else "%M" in form


def finest(form: str, words: Any) -> Unit:
    """Return the unit that keeps all digits of the seconds."""
    if form != ISO and "%f" not in form:
        return "us"
    return "ns" if pc.any(pc.match_substring_regex(words, r"[.,]\d{7,9}(?:\D|$)")).as_py() else "us"


def _numbers(texts: Any, size: int, default: int) -> Any:
    blank: Any = pc.is_in(texts, value_set=pa.array([""], texts.type))
    filled = pc.if_else(blank, str(default), texts).fill_null(str(default))
    numbers = filled.cast(pa.int64()).to_numpy(False)
    return numbers if len(numbers) == size else np.zeros(size, np.int64)


def _years(number: Any, names: set[str]) -> Any:
    if "Y" in names:
        return number("Y")
    short = number("y")
    return np.where(short < 69, short + 2000, short + 1900)


def _months(fields: Any, size: int) -> Any:
    names = pc.utf8_lower(fields.field("b"))
    known = pa.array(list(_MONTHS), names.type)
    numbers = np.array([*_MONTHS.values(), 0], np.int64)
    return numbers[pc.index_in(names, known).fill_null(len(_MONTHS)).to_numpy(False)]


def _hours(fields: Any, size: int) -> Any:
    """Return the hours of a twelve-hour clock, -1 for those that cannot be."""
    hours = _numbers(fields.field("I"), size, 0)
    after = pc.starts_with(pc.utf8_lower(fields.field("p")), "p").fill_null(False).to_numpy(False)
    return np.where((hours < 1) | (hours > 12), -1, hours % 12 + 12 * after)


def _offsets(zones: Any, size: int) -> tuple[Any, Any]:
    """Return the offsets from UTC in microseconds, and which of them can be."""
    digits = pc.replace_substring(pc.utf8_replace_slice(zones, 0, 1, ""), ":", "")
    packed = _numbers(digits, size, 0)
    minutes = packed // 100 * 60 + packed % 100
    behind = pc.starts_with(zones, "-").fill_null(False).to_numpy(False)
    return np.where(behind, -minutes, minutes) * 60_000_000, (packed % 100 < 60) & (packed // 100 < 24)
