"""What the cells of a column are: decided on all of its cells as text, and said as a plan of how to read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc

from ....messages import Kind
from .booleans import FALSE, TRUE, find_truth
from .dates import DatesFound, find_dates
from .deciding import numbers_settled, other_style
from .missing import EXTRA, STANDARD, WORDLIKE, sentinel, words_for
from .moments import ISO
from .plans import ColumnPlan, Misfits, Why
from .quantities import MINUS, NumbersFound, NumberStyle, find_numbers
from .words import LONG, Words

__all__ = ["EXTRA", "STANDARD", "ColumnPlan", "plan_columns", "settle_words"]

EXAMPLES = 3
EXEMPLARS = 30
_FEWEST, _MOST = 2, 0.5
"""From so many cells, and such a share of all, a column is told to be numbers (or dates) with exceptions."""
_EXACT, _LONGEST = 2**53, 2**63
_LEADING_ZERO = r"[+-]?0\d+"
_PHONE = r"\+\d{9,}"
TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?"
_ORDER = re.compile(r"(?:%a,? )?(%[dm])[./-]%[dm]")
_CYRILLIC = re.compile("[А-Яа-яЁё]")
_VERSION = re.compile(r"version|release|section|chapter|верси|раздел|пункт", re.IGNORECASE)
_DAY_AND_MONTH = r"(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])"
TRUTHLIKE = frozenset({"нет", "Нет"})
"""Words that are missing among numbers, and one of two answers beside its opposite."""
_PANDAS_TYPED = re.compile(
    r"\s*[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d{1,3})?\s*|[+-]?inf(?:inity)?|true|false", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a person stated of how the cells are written; empty fields are found."""

    decimal: str = ""
    thousands: str = ""
    dayfirst: bool | None = None
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class Cells:
    """The cells of one column: as they stand, and without the spaces around them."""

    name: str
    texts: Any
    raw: Words
    trimmed: Words
    padded: bool
    blank: int
    blanks: frozenset[str]
    options: Options

    def missing(self, textual: bool, verbatim: bool = False) -> tuple[Words, frozenset[str], int]:
        """Return the words that are values, the words met that mean missing, and the count of missing cells."""
        words = self.raw if textual else self.trimmed
        rest, found, count = words.without(words_for(textual, self.options.missing, verbatim=verbatim))
        return rest, found if textual else found | self.blanks, count + self.blank


def plan_columns(
    texts: Mapping[str, Any],
    *,
    delimiter: str = ",",
    decimal: str = "",
    thousands: str = "",
    dayfirst: bool | None = None,
    missing: Sequence[str] = (),
    types: Mapping[str, Kind] | None = None,
) -> list[ColumnPlan]:
    """Decide for each column (name → Arrow array of text) what it holds.

    A stated `decimal`, `thousands` or `dayfirst` is followed; `missing` are words that mean missing besides the
    usual ones; `types` fixes what columns are. Columns that can be read in two ways follow those that cannot; where
    there are none, a comma in a number is a decimal sign in files delimited by semicolons, else a thousands mark.
    """
    options = Options(decimal, thousands, dayfirst, tuple(missing))
    stated = types or {}
    plans, open_dates, numbers = [], {}, {}
    for name, array in texts.items():
        cells = _cells(name, array, options)
        plan = _stated(cells, stated[name]) if name in stated else _plan(cells)
        if plan.ambiguous and plan.formats:
            open_dates[name] = cells
        elif plan.kind in {"integer", "number"} and (
            plan.either or (plan.style.decimal == "," and not plan.style.whole)
        ):
            numbers[name] = cells.missing(textual=False)[0]
        plans.append(plan)
    plans = numbers_settled(plans, delimiter, numbers)
    plans = [_date_settled(plan, plans, open_dates, delimiter) for plan in plans]
    return [replace(plan, overruled=True) if _overrules(plan, dayfirst) else plan for plan in plans]


def settle_words(plans: Sequence[ColumnPlan]) -> list[ColumnPlan]:
    """Decide what NA and None mean in columns of text: missing where the file's numbers use them so, else words."""
    if not any(plan.missing & WORDLIKE for plan in plans if not plan.textual):
        return list(plans)
    return [
        replace(plan, wordlike=True, missing=plan.missing | plan.kept_words, kept_words=frozenset())
        if plan.textual and not plan.verbatim
        else plan
        for plan in plans
    ]


def _cells(name: str, texts: Any, options: Options) -> Cells:
    raw, blank, blanks = Words.of(texts)
    trimmed, padded = raw.trimmed()
    return Cells(name, texts, raw, trimmed, padded, blank, blanks, options)


def _plan(cells: Cells) -> ColumnPlan:
    if not len(cells.raw):
        return _done(cells, ColumnPlan(cells.name, "empty"), cells.blanks, cells.blank)
    plan = _boolean(cells)
    if plan is not None:
        return plan
    rest, found, count = cells.missing(textual=False)
    if not len(rest):
        words = found - cells.blanks - frozenset(cells.options.missing)
        if words and (not words <= STANDARD or words <= WORDLIKE):
            return _text(cells)
        return _done(cells, ColumnPlan(cells.name, "empty"), found, count)
    numbers = find_numbers(rest, cells.options.decimal, cells.options.thousands, _MOST)
    if numbers is not None and numbers.fits.all():
        return _done(cells, _number(cells, rest, numbers), found, count)
    dates = find_dates(rest, cells.name, cells.options.dayfirst, _MOST)
    if dates is not None and dates.fits.all():
        return _done(cells, _date(cells.name, dates), found, count)
    if numbers is not None:
        kind: Kind = "integer" if numbers.style.whole else "number"
        return _text(cells, misfits=_misfits(cells, rest, numbers.fits, kind))
    if dates is not None:
        return _text(cells, misfits=_misfits(cells, rest, dates.fits, dates.kind))
    return _text(cells)


def _stated(cells: Cells, kind: Kind) -> ColumnPlan:
    """Plan a column whose type a person stated; cells that do not fit it are missing, and counted."""
    rest, found, count = cells.missing(textual=kind == "text")
    if kind == "boolean":
        words = (words_for(False) - TRUTHLIKE).union(cells.options.missing)
        rest, found, count = cells.trimmed.without(words)
        found, count = found | cells.blanks, count + cells.blank
    if kind in {"text", "time"}:
        plan = replace(_text(cells, verbatim=kind == "text"), kind=kind, stated=True, explicit=True)
        return replace(plan, why_text="")
    plan = _of_kind(cells.name, kind, rest, cells.options)
    return replace(_done(cells, plan, found, count), stated=True, kind=kind, explicit=True)


def _of_kind(name: str, kind: Kind, words: Words, options: Options) -> ColumnPlan:
    """Return the plan of that kind that reads the most words."""
    if kind in {"integer", "number"}:
        found = find_numbers(words, options.decimal, options.thousands, enough=0) if len(words) else None
        style = found.style if found else NumberStyle(options.decimal or ".")
        if found and found.either == "." and kind == "integer":
            style = other_style(style)
        style = replace(style, whole=kind == "integer", scales=style.scales if kind == "number" else ())
        big = kind == "integer" and len(words) > 0 and _longest(words) > 15
        return ColumnPlan(name, kind, style=style, nullable_integer=big)
    if kind == "boolean":
        true, false = (words.kept(words.fits(each)).sample() for each in (TRUE, FALSE))
        return ColumnPlan(name, kind, truth=(frozenset(true or ["true"]), frozenset(false or ["false"])))
    dates = find_dates(words, "date", options.dayfirst, enough=0) if len(words) else None
    return replace(_date(name, dates), kind=kind) if dates else ColumnPlan(name, kind, formats=(ISO,))


def _done(cells: Cells, plan: ColumnPlan, found: frozenset[str], count: int) -> ColumnPlan:
    if plan.textual:
        return _text(cells, plan.why_text)
    return replace(
        plan,
        missing=found,
        missing_count=count,
        missing_also=cells.options.missing,
        padded=cells.padded,
        exemplars=_exemplars(cells.trimmed, plan),
    )


def _exemplars(words: Words, plan: ColumnPlan) -> tuple[str, ...]:
    """Return a few cells from the whole column, among them the ones that decided something."""
    telling = [word for word in (plan.either, plan.because) if word]
    return (*telling, *(word for word in words.sample(EXEMPLARS) if len(word) <= 100))


def _boolean(cells: Cells) -> ColumnPlan | None:
    if len(cells.trimmed) > 60 or not (truthlike := cells.trimmed.any_fits(r"[a-zA-Zа-яА-Я]{1,6}\.?")):
        return None
    words = (words_for(False) - (TRUTHLIKE if truthlike else frozenset())).union(cells.options.missing)
    rest, found, count = cells.trimmed.without(words)
    truth = find_truth(rest) if len(rest) else None
    if truth is None:
        return None
    return _done(cells, ColumnPlan(cells.name, "boolean", truth=truth), found | cells.blanks, count + cells.blank)


def _number(cells: Cells, words: Words, found: NumbersFound) -> ColumnPlan:
    style = found.style
    either = next((word for word in words.sample() if found.either and found.either in word), "")
    if not style.whole:
        if style.plain and (why := _codes(cells.name, words)):
            return _kept(cells.name, why)
        rounded = _longest(words) >= 18 and words.any_fits(r"[^eE]*[1-9](?:[^\deE]?\d){17,}.*")
        return ColumnPlan(cells.name, "number", style=style, either=either, rounded=rounded)
    if not style.thousands and not style.marks:
        if words.any_fits(_LEADING_ZERO):
            return _kept(cells.name, "leading_zeros")
        if words.all_fit(_PHONE):
            return _kept(cells.name, "phone")
        dates = find_dates(words, cells.name)
        if dates is not None and dates.fits.all():
            return _date(cells.name, dates)
    big = False
    longest = _longest(words)
    if longest > LONG:  # Python itself refuses to read numbers of several thousand digits
        return _kept(cells.name, "long_digits")
    if longest > 15:
        numbers = [_whole(word) for word in words.sample(len(words)) if len(word) > 15]
        if not all(-_LONGEST <= number < _LONGEST for number in numbers):
            return _kept(cells.name, "long_digits")
        big = any(abs(number) > _EXACT for number in numbers)
    return ColumnPlan(cells.name, "integer", style=style, either=either, nullable_integer=big, sentinel=sentinel(words))


def _whole(word: str) -> int:
    number = int("".join(filter(str.isdigit, word)))
    return -number if any(sign in word for sign in ("-", MINUS, "(")) else number


def _longest(words: Words) -> int:
    few = words.sample(len(words)) if len(words) <= 2_000 else None
    return max(map(len, few)) if few is not None else int(pc.max(pc.utf8_length(words.array)).as_py() or 0)


def _codes(name: str, words: Words) -> Why:
    """Return why numbers with a point are codes: 1.10 is not 1.1 among versions, and 05.01 may be a day and a month."""
    if _VERSION.search(name) and words.all_fit(r"\d{1,3}\.\d{1,3}"):
        return "versions"
    if words.all_fit(_DAY_AND_MONTH) and words.any_fits(r"0.*"):
        return "leading_zeros"
    return ""


def _kept(name: str, why: Why) -> ColumnPlan:
    return ColumnPlan(name, "text", why_text=why)


def _date(name: str, found: DatesFound) -> ColumnPlan:
    return ColumnPlan(
        name,
        found.kind,
        formats=found.formats,
        unit=found.unit,
        utc=found.utc,
        either=found.either,
        because=found.because,
    )


def _text(cells: Cells, why: Why = "", misfits: Misfits | None = None, verbatim: bool = False) -> ColumnPlan:
    """Plan a text column: the words that only ever mean missing are missing, "NA" and "None" are decided later."""
    rest, found, count = cells.missing(textual=True, verbatim=verbatim)
    values, wordlike, _ = rest.without(STANDARD if verbatim else WORDLIKE)
    kind: Kind = "time" if len(values) and values.all_fit(rf"\s*{TIME}\s*") else "text"
    numeric = len(values) and all(_PANDAS_TYPED.fullmatch(word) for word in values.sample(50))
    return ColumnPlan(
        cells.name,
        kind,
        missing=found,
        missing_also=cells.options.missing,
        verbatim=verbatim,
        kept_words=wordlike,
        met_extra=cells.raw.without(STANDARD | EXTRA)[1] - STANDARD - found | cells.blanks,
        looks_typed=bool(numeric),
        missing_count=count,
        why_text=why,
        misfits=misfits,
    )


def _misfits(cells: Cells, words: Words, fits: Any, kind: Kind) -> Misfits | None:
    """Return the cells that do not fit the others; None for a few cells, of which nothing can be said."""
    rest = words.kept(~fits)
    fitting = int(words.counts[fits].sum())
    if fitting < _FEWEST or fitting <= _MOST * words.cells:
        return None
    texts = pc.utf8_trim_whitespace(cells.texts) if cells.padded else cells.texts
    found = sorted((int(pc.index(texts, word).as_py()) + 1, word[:80]) for word in rest.sample(len(rest))[:EXAMPLES])
    percent = 100 * (1 - rest.cells / words.cells)
    return Misfits(kind, rest.cells, percent, tuple(found))


def _overrules(plan: ColumnPlan, dayfirst: bool | None) -> bool:
    """Tell whether the dates of a column are all written in the other order of day and month than was stated."""
    starts = [start[1] for form in plan.formats if (start := _ORDER.match(form))]
    return dayfirst is not None and bool(starts) and ("%d" if dayfirst else "%m") not in starts


def day_first(formats: Sequence[str]) -> bool:
    """Tell whether the first format in which day and month could be exchanged has the day first; else true."""
    starts = (_ORDER.match(form) for form in formats)
    return next((start[1] == "%d" for start in starts if start is not None), True)


def _is_day_first(plans: Sequence[ColumnPlan], delimiter: str) -> bool:
    """Tell whether a file comes from where people write the day first: Russian names, decimal commas, semicolons."""
    commas = any(plan.kind == "number" and plan.style.decimal == "," for plan in plans)
    return commas or delimiter == ";" or any(_CYRILLIC.search(plan.name) for plan in plans)


def _date_settled(
    plan: ColumnPlan, plans: Sequence[ColumnPlan], open_: Mapping[str, Cells], delimiter: str
) -> ColumnPlan:
    """Read dates that leave day and month open in the order of the file's other dates, else of where it comes from."""
    if plan.name not in open_:
        return plan
    orders: list[tuple[str, Literal["%d", "%m"]]] = []
    for other in plans:
        if other.formats and not other.ambiguous:
            start = _ORDER.match(other.formats[0])
            if start is not None:
                orders.append((other.name, "%d" if start[1] == "%d" else "%m"))
    cells = open_[plan.name]
    if not orders and (cells.options.dayfirst is not None or not _is_day_first(plans, delimiter)):
        return plan
    name, first = orders[0] if orders else ("", "%d")
    found = find_dates(cells.missing(textual=False)[0], plan.name, first == "%d")
    if found is None or not np.all(found.fits):
        return plan
    return replace(plan, formats=found.formats, because_column=name)
