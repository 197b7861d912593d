"""What the cells of a column are: decided on all of its cells as text, and said as a plan of how to read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from ...messages import Kind
from .dates import date_format

STANDARD = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""The words that pandas reads as missing by default."""
EXTRA = frozenset(
    {"-", "--", "—", "–", "?", ".", "..", "…", "н/д", "Н/Д", "нд", "нет данных", "n.a.", "N.A.", "#ЗНАЧ!"}
)
"""Words that mean missing among numbers and dates, and something else among words."""
WORDLIKE = frozenset({"NA", "None"})
"""Words pandas takes for missing that are also names: Namibia's code, an answer in a survey."""
EXACT = 2**53
LONGEST = 2**63

_SIGN = r"[+-]?"
_INTEGER = rf"^\s*{_SIGN}\d+\s*$"
_SHAPES: Mapping[tuple[str, str], str] = {
    (".", ""): rf"^\s*{_SIGN}(\d+\.?\d*|\.\d+)([eE][+-]?\d{{1,3}})?\s*$",
    (",", ""): rf"^\s*{_SIGN}(\d+,?\d*|,\d+)([eE][+-]?\d{{1,3}})?\s*$",
    (".", ","): rf"^\s*{_SIGN}(\d{{1,3}}(,\d{{3}})+|\d+)(\.\d*)?\s*$",
    (",", "."): rf"^\s*{_SIGN}(\d{{1,3}}(\.\d{{3}})+|\d+)(,\d*)?\s*$",
    (".", " "): rf"^\s*{_SIGN}(\d{{1,3}}([ \x{{a0}}\x{{202f}}\x{{2009}}]\d{{3}})+|\d+)(\.\d*)?\s*$",
    (",", " "): rf"^\s*{_SIGN}(\d{{1,3}}([ \x{{a0}}\x{{202f}}\x{{2009}}]\d{{3}})+|\d+)(,\d*)?\s*$",
    (".", "'"): rf"^\s*{_SIGN}(\d{{1,3}}(['’]\d{{3}})+|\d+)(\.\d*)?\s*$",
}
_MARK = r"[$€£¥₽₴₸₹%]|руб\.?|EUR|USD|RUB"
_MARKED = rf"^\s*({_MARK})?\s*{_SIGN}\s*({_MARK})?\s*[\d.,' \x{{a0}}\x{{202f}}\x{{2009}}’]*\d[.,]?\s*({_MARK})?\s*$"
_LEADING_ZERO = rf"^\s*{_SIGN}0\d+\s*$"
_BOOLEAN = r"^(?:True|TRUE|true|False|FALSE|false)$"
_TIME = r"^\s*([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*$"
_PHONE = r"^\s*\+\d{9,}\s*$"

Why = Literal["", "leading_zeros", "long_digits", "phone"]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How one column is read; `decimal` and `thousands` are how its numbers are written.

    `marks` are signs of currency or percent to take away, `missing` the words in it that mean missing, `why_text` the
    reason for keeping digits as text, `ambiguous` that days and months, or thousands and decimals, may be exchanged,
    `explicit` that pandas would read the column differently unless told.
    """

    name: str
    kind: Kind
    decimal: str = "."
    thousands: str = ""
    marks: tuple[str, ...] = ()
    date_format: str = ""
    utc: bool = False
    nullable_integer: bool = False
    missing: frozenset[str] = frozenset()
    kept_words: frozenset[str] = frozenset()
    met_extra: frozenset[str] = frozenset()
    why_text: Why = ""
    ambiguous: bool = False
    looks_numeric: bool = False
    missing_count: int = 0
    explicit: bool = False


@dataclass(slots=True)
class Cells:
    """The distinct cells of one column, and how often each stands in it."""

    name: str
    words: Any
    counts: Any
    blank: int = 0
    extra: frozenset[str] = field(default_factory=frozenset)


def plan_columns(
    texts: Mapping[str, Any],
    *,
    delimiter: str = ",",
    decimal: str = "",
    thousands: str = "",
    dayfirst: bool | None = None,
) -> list[ColumnPlan]:
    """Decide for each column (name → Arrow array of text) what it holds.

    A stated `decimal` or `thousands` is followed. Columns that can be read in two ways follow those that cannot; where
    there are none, a comma in a number is a decimal sign in files delimited by semicolons, else a thousands mark.
    """
    columns = [_distinct(name, array) for name, array in texts.items()]
    first = [_plan(cells, decimal, thousands, dayfirst) for cells in columns]
    sure = [plan for plan in first if not plan.ambiguous]
    usual = next((plan.decimal for plan in sure if plan.kind == "number" and plan.decimal == ","), "")
    if not usual and any(plan.thousands == "," or (plan.kind == "number" and plan.decimal == ".") for plan in sure):
        usual = "."
    followed = bool(usual or decimal)
    if not followed:
        usual = "," if delimiter == ";" else "."
    if dayfirst is None:
        formats = [plan.date_format for plan in sure if plan.date_format[:2] in {"%d", "%m"}]
        dayfirst = formats[0].startswith("%d") if formats else None
    plans = [
        _plan(cells, decimal or usual, thousands, dayfirst) if plan.ambiguous else plan
        for cells, plan in zip(columns, first, strict=True)
    ]
    if followed or delimiter == ",":
        return plans
    numbers = {"integer", "number"}
    return [
        replace(after, ambiguous=True) if before.ambiguous and before.kind in numbers else after
        for before, after in zip(first, plans, strict=True)
    ]


def _distinct(name: str, array: Any) -> Cells:
    counted: Any = pc.value_counts(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)
    words: Any = counted.field("values")
    counts: Any = counted.field("counts")
    empty: Any = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(words)), pa.scalar(0))
    empty = empty.fill_null(True)
    blank = int(pc.sum(pc.filter(counts, empty)).as_py() or 0)
    blanks = frozenset(w for w in pc.filter(words, empty).to_pylist() if w)
    filled = pc.invert(empty)
    return Cells(name, pc.filter(words, filled), pc.filter(counts, filled), blank, blanks)


def _plan(cells: Cells, decimal: str, thousands: str, dayfirst: bool | None) -> ColumnPlan:
    if not len(cells.words):
        return ColumnPlan(cells.name, "empty", missing=cells.extra, missing_count=cells.blank)
    for missing in (STANDARD, STANDARD | EXTRA):
        rest, found, count = _without(cells, missing)
        if not len(rest):
            if missing is STANDARD and not found <= WORDLIKE:
                return ColumnPlan(cells.name, "empty", missing=cells.extra | found, missing_count=cells.blank + count)
            break
        typed = _typed(cells.name, rest, decimal, thousands, dayfirst)
        if typed is not None:
            return _with_missing(typed, cells, found, count)
        if not _has_any(cells, EXTRA):
            break
    return _text(cells)


def _with_missing(plan: ColumnPlan, cells: Cells, found: frozenset[str], count: int) -> ColumnPlan:
    words = found | cells.extra
    return replace(plan, missing=words, missing_count=cells.blank + count)


def _text(cells: Cells) -> ColumnPlan:
    """Plan a text column: the words that only ever mean missing are missing, "NA" and "None" are decided later."""
    _, found, count = _without(cells, STANDARD - WORDLIKE)
    _, wordlike, _ = _without(cells, WORDLIKE)
    rest, _, _ = _without(cells, STANDARD)
    kind: Kind = "time" if len(rest) and _all(rest, _TIME) else "text"
    numeric = bool(len(rest)) and _all(rest, r"^[\s\d.,+'’eE\x{a0}-]+$")
    return ColumnPlan(
        cells.name,
        kind,
        missing=found,
        kept_words=wordlike,
        met_extra=_without(cells, EXTRA)[1] | cells.extra,
        looks_numeric=numeric,
        missing_count=cells.blank + count,
    )


def _typed(name: str, words: Any, decimal: str, thousands: str, dayfirst: bool | None) -> ColumnPlan | None:
    """Plan a column of numbers, dates or truth values; None when its words are none of these."""
    if _all(words, _BOOLEAN):
        return ColumnPlan(name, "boolean")
    if _all(words, _INTEGER):
        return _integer(name, words, dayfirst)
    for found in _number_shapes(words, decimal, thousands):
        return _number(name, words, found, bool(decimal or thousands))
    date = date_format(words, dayfirst, name)
    if date is not None:
        return ColumnPlan(name, date.kind, date_format=date.format, utc=date.utc, ambiguous=date.ambiguous)
    if _all(words, _MARKED):
        return _marked(name, words, decimal, thousands)
    return None


def _integer(name: str, words: Any, dayfirst: bool | None) -> ColumnPlan:
    if _any(words, _LEADING_ZERO):
        return ColumnPlan(name, "text", why_text="leading_zeros", looks_numeric=True)
    if _all(words, _PHONE):
        return ColumnPlan(name, "text", why_text="phone", looks_numeric=True)
    date = date_format(words, dayfirst, name)
    if date is not None:
        return ColumnPlan(name, date.kind, date_format=date.format)
    longest = pc.max(pc.utf8_length(words)).as_py()
    if longest < 16:
        return ColumnPlan(name, "integer")
    numbers = [int(word) for word in words.to_pylist()]
    if not all(-LONGEST <= number < LONGEST for number in numbers):
        return ColumnPlan(name, "text", why_text="long_digits", looks_numeric=True)
    return ColumnPlan(name, "integer", nullable_integer=any(abs(number) > EXACT for number in numbers))


def _number_shapes(words: Any, decimal: str, thousands: str) -> list[tuple[str, str]]:
    shapes = [shape for shape in _SHAPES if (not thousands or shape[1] in {"", _space(thousands)})]
    if decimal:
        shapes = [shape for shape in shapes if shape[0] == decimal]
    return [shape for shape in shapes if _all(words, _SHAPES[shape])]


def _space(mark: str) -> str:
    return " " if mark.isspace() else mark.replace("’", "'")


def _number(name: str, words: Any, shape: tuple[str, str], stated: bool, marks: tuple[str, ...] = ()) -> ColumnPlan:
    """Plan a column of numbers; 1,234 alone may be a thousand or a decimal."""
    decimal, thousands = shape
    ambiguous = False
    if shape == (",", "") and _all(words, rf"^\s*{_SIGN}[1-9]\d{{0,2}}(,\d{{3}})?\s*$"):
        ambiguous = not stated
        if not stated:
            decimal, thousands = ".", ","
    kind: Kind = "number"
    if thousands and not _any(words, re.escape(decimal)):
        kind = "integer"
    return ColumnPlan(name, kind, decimal=decimal, thousands=thousands, marks=marks, ambiguous=ambiguous)


def _marked(name: str, words: Any, decimal: str, thousands: str) -> ColumnPlan | None:
    """Plan numbers written with one sign of currency or percent; two different signs are not to be added up."""
    marks = {mark for word in words.to_pylist() for mark in re.findall(_MARK, word)}
    if len(marks) != 1:
        return None
    mark = marks.pop()
    bare = pc.utf8_trim_whitespace(pc.replace_substring(words, mark, ""))
    for shape in _number_shapes(bare, decimal, thousands):
        return _number(name, bare, shape, bool(decimal or thousands), (mark,))
    if _all(bare, _INTEGER):
        return _number(name, bare, (".", ""), True, (mark,))
    return None


def _without(cells: Cells, words: frozenset[str]) -> tuple[Any, frozenset[str], int]:
    """Return the cells that are none of `words`, the words that were met, and in how many cells."""
    met = pc.is_in(cells.words, value_set=pa.array(sorted(words), type=cells.words.type))
    found = frozenset(pc.filter(cells.words, met).to_pylist())
    count = int(pc.sum(pc.filter(cells.counts, met)).as_py() or 0)
    return pc.filter(cells.words, pc.invert(met)), found, count


def _has_any(cells: Cells, words: frozenset[str]) -> bool:
    return bool(_without(cells, words)[1])


def _all(words: Any, pattern: str) -> bool:
    if not pc.all(pc.match_substring_regex(words.slice(0, 50), pattern)).as_py():
        return False
    return bool(pc.all(pc.match_substring_regex(words, pattern)).as_py())


def _any(words: Any, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(words, pattern)).as_py())


def wordlike_are_missing(plans: Sequence[ColumnPlan]) -> bool:
    """Tell whether the file writes NA or None for missing numbers and dates, as R and Python do."""
    return any(plan.missing & WORDLIKE for plan in plans if plan.kind not in {"text", "category", "time"})
