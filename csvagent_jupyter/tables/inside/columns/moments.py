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
_ISO_FORMS = (
    *("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"),
    *("%Y-%m-%d %H:%M:%S.%3f", "%Y-%m-%d %H:%M:%S.%6f", "%Y-%m-%dT%H:%M:%SZ"),
)
_DAY = 86_400_000_000
_AT_ONCE = 1 << 16
_FIRST_DAYS = np.arange("0001-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
"""The day, counted from 1970, on which each month since the year 1 begins."""
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


def read_moments(words: Any, form: str, unit: Unit = "us", *, zones: bool = True) -> Moments:
    """Read an Arrow array of text; words that are no date in `form` have ``read`` false and tick 0.

    More digits of a second than `unit` keeps are no date in it, and neither are zones without `zones`.
    """
    size = len(words)
    found = read_fixed(words, form, unit, zones=zones)
    if found is not None and found.read.all():
        return found
    if found is None:
        return _by_pattern(words, form, unit, zones)
    rest = np.flatnonzero(~found.read)
    _fill(found, rest, _by_pattern(words if len(rest) == size else words.take(pa.array(rest)), form, unit, zones))
    return found


def read_fixed(words: Any, form: str, unit: Unit = "us", *, zones: bool = True) -> Moments | None:
    """Read only the words that are padded to the width of `form`, by the places of their digits; None when none is."""
    size = len(words)
    found = Moments(*(np.zeros(size, kind) for kind in (np.int64, np.bool_, np.int64, np.int64)))
    data, offsets = buffers(words)
    lengths = np.diff(offsets)
    some = False
    for each in _ISO_FORMS if form == ISO else (form,):
        layout = _layout(each)
        if layout is None or (each.endswith("Z") and not zones):
            continue
        rows = np.flatnonzero((lengths == layout.width) & ~found.read)
        some = some or len(rows) > 0
        for start in range(0, len(rows), _AT_ONCE):
            chosen = rows[start : start + _AT_ONCE]
            _fill(found, chosen, _moments(_cut(data, offsets[chosen], layout), unit))
    return found if some else None


def _fill(found: Moments, rows: Any, part: Moments) -> None:
    found.ticks[rows], found.read[rows] = part.ticks, part.read
    found.months[rows], found.days[rows] = part.months, part.days


def _by_pattern(words: Any, form: str, unit: Unit, zones: bool) -> Moments:
    """Read the parts of each date by a regular expression."""
    fields = pc.extract_regex(words, f"^(?:{date_pattern(form)})$")
    have = pc.is_valid(fields).to_numpy(False)
    names = {fields.type.field(n).name for n in range(fields.type.num_fields)}
    if not have.any():
        empty = np.zeros(len(words), np.int64)
        return Moments(empty, have, empty, empty)
    parts = {name: _numbers(fields.field(name)) for name in names & set("YymdHIMS")}
    parts["fits"] = have
    if "b" in names:
        parts["m"] = _months(fields)
    if "p" in names:
        parts["H"] = _hours(parts["I"], fields)
    if "f" in names:
        parts["f"] = _numbers(pc.utf8_rpad(fields.field("f"), 9, "0"))
    if "z" in names:
        parts["z"], fitting = _offsets(fields.field("z"))
        parts["fits"] = have & fitting & (zones | _blank(fields.field("z")))
    if "d" in names:
        parts["d"] = np.where(parts["d"] == 0, np.where(_blank(fields.field("d")), 1, 0), parts["d"])
    return _moments(parts, unit)


def _moments(parts: dict[str, Any], unit: Unit) -> Moments:
    """Put dates together: a day that its month does not have, or an hour beyond 23, is not read."""
    ok = parts["fits"]
    nothing = np.zeros(len(ok), np.int64)
    years = parts["Y"] if "Y" in parts else np.where(parts["y"] < 69, parts["y"] + 2000, parts["y"] + 1900)
    months, days = parts["m"], parts.get("d", nothing + 1)
    hours, minutes, seconds = (parts.get(name, nothing) for name in "HMS")
    ok = (
        ok
        & (years > 0)
        & (months >= 1)
        & (months <= 12)
        & (hours >= 0)
        & (hours < 24)
        & (minutes < 60)
        & (seconds < 60)
    )
    month = np.where(ok, years * 12 + months - 13, 0)
    first = _FIRST_DAYS[month]
    ok &= (days >= 1) & (days <= _FIRST_DAYS[month + 1] - first)
    ticks = (first + days - 1) * _DAY + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000
    if "z" in parts:
        ticks -= parts["z"]
    if unit == "ns":
        ok &= (years >= _EARLIEST) & (years <= _LATEST)
        ticks = np.where(ok, ticks, 0) * 1_000
    if "f" in parts:
        ticks = ticks + (parts["f"] if unit == "ns" else parts["f"] // 1_000)
        ok &= (unit == "ns") | (parts["f"] % 1_000 == 0)
    return Moments(np.where(ok, ticks, 0), ok, months, days)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The width of padded dates, where their parts stand (place, length), and the marks between them (place, byte)."""

    width: int
    places: dict[str, tuple[int, int]]
    marks: tuple[tuple[int, int], ...]


@lru_cache(256)
def _layout(form: str) -> _Layout | None:
    width, places, marks = 0, {}, []
    for piece in re.findall(r"%\d?.|.", form):
        if piece[0] == "%":
            length = 4 if piece == "%Y" else int(piece[1]) if len(piece) == 3 else 2
            if piece[-1] not in ("f" if len(piece) == 3 else "YymdHMS"):
                return None
            places[piece[-1]] = width, length
            width += length
        elif piece.isascii():
            marks.append((width, ord(piece)))
            width += 1
        else:
            return None
    return _Layout(width, places, tuple(marks))


def _cut(data: Any, starts: Any, layout: _Layout) -> dict[str, Any]:
    """Cut dates of one width into their parts; ``fits`` says which have digits and marks where they belong."""
    if len(starts) * layout.width == starts[-1] - starts[0] + layout.width:
        cells = data[starts[0] : starts[-1] + layout.width].reshape(-1, layout.width)
    else:
        cells = data[starts[:, None] + np.arange(layout.width)]
    columns = np.ascontiguousarray(cells.T)
    fits = np.ones(len(starts), np.bool_)
    parts: dict[str, Any] = {}
    for place, mark in layout.marks:
        fits &= columns[place] == mark
    for name, (place, length) in layout.places.items():
        number = np.zeros(len(starts), np.int64)
        for digits in columns[place : place + length] - 48:
            fits &= digits <= 9
            number = number * 10 + digits
        parts[name] = number * 10 ** (9 - length) if name == "f" else number
    return parts | {"fits": fits}


def buffers(array: Any) -> tuple[Any, Any]:
    """Return the bytes of all cells of an Arrow array of text and where each begins, as numpy views of its memory."""
    wide = pa.types.is_large_string(array.type)
    _, starts, data = array.buffers()
    offsets: Any = np.frombuffer(starts, np.int64 if wide else np.int32)[array.offset : array.offset + len(array) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    held = np.frombuffer(data, np.uint8)[first:last] if data is not None else np.zeros(0, np.uint8)
    return held, offsets - first


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


def finest(words: Any) -> Unit:
    """Return the unit that keeps all digits of the seconds."""
    return "ns" if pc.any(pc.match_substring_regex(words, r":\d{2}[.,]\d{7,9}(?:\D|$)")).as_py() else "us"


def _blank(texts: Any) -> Any:
    return pc.is_in(texts, value_set=pa.array(["", None], texts.type)).to_numpy(False)


def _numbers(texts: Any) -> Any:
    filled = pc.if_else(pa.array(_blank(texts)), "0", texts)
    return filled.cast(pa.int64()).to_numpy(False)


def _months(fields: Any) -> Any:
    names = pc.utf8_lower(fields.field("b"))
    known = pa.array(list(_MONTHS), names.type)
    numbers = np.array([*_MONTHS.values(), 0], np.int64)
    return numbers[pc.index_in(names, known).fill_null(len(_MONTHS)).to_numpy(False)]


def _hours(hours: Any, fields: Any) -> Any:
    """Return the hours of a twelve-hour clock, -1 for those that cannot be."""
    after = pc.starts_with(pc.utf8_lower(fields.field("p")), "p").fill_null(False).to_numpy(False)
    return np.where((hours < 1) | (hours > 12), -1, hours % 12 + 12 * after)


def _offsets(zones: Any) -> tuple[Any, Any]:
    """Return the offsets from UTC in microseconds, and which of them can be."""
    digits = pc.replace_substring(pc.utf8_replace_slice(zones, 0, 1, ""), ":", "")
    packed = _numbers(digits)
    minutes = packed // 100 * 60 + packed % 100
    behind = pc.starts_with(zones, "-").fill_null(False).to_numpy(False)
    return np.where(behind, -minutes, minutes) * 60_000_000, (packed % 100 < 60) & (packed // 100 < 24)
