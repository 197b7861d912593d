"""Conditions on dates and years: ranges of months, before and after, "in March 2023", "year 2023"."""

from __future__ import annotations

from typing import get_args

from ...messages import Column
from .columns import TEMPORAL, is_year
from .intent import Condition, Operator
from .moments import Moment, date_column, moment_at
from .sentence import NotUnderstoodError, Sentence

LINKS = frozenset({"stop", "in", "than", "unit", "only", "which"})


def operator_of(word: str) -> Operator:
    if word not in get_args(Operator):
        raise NotUnderstoodError(word)
    return word  # type: ignore[return-value]


def month_range(s: Sentence, at: int, first: int | None, skip: frozenset[str]) -> Condition | None:
    """Read "January to March", of any year, or of the year that stands after the second month only."""
    if first is None or s.kind(first) != "month" or moment_at(s, first) is not None:
        return None
    second = s.after(first, skip=skip)
    if second is None or s.kind(second) != "month":
        return None
    low, high = int(s.tags[first].value), int(s.tags[second].value)
    past = moment_at(s, second)
    if past is not None:
        start = f"{int(past.first[:4]) - (low > high)}-{low:02d}-01"
        return time_span(s, at, Moment(start, start, first, first), past)
    column, named = date_column(s, at)
    s.use(*range(at, second + 1), *([named] if named is not None else []))
    return Condition(column.name, "month", tuple((low - 1 + step) % 12 + 1 for step in range((high - low) % 12 + 1)))


def time_span(s: Sentence, at: int, low: Moment, high: Moment) -> Condition:
    years = _year_column(s, at)
    if years is not None and low.year and high.year:
        s.use(*range(at, high.end + 1))
        return Condition(years.name, "between", (low.year, high.year))
    words = s.tags[at].text
    column, named = date_column(s, at, word=words)
    s.use(*range(at, high.end + 1), *([named] if named is not None else []))
    return Condition(column.name, "span", (low.first, high.past))


def time_comparison(s: Sentence, at: int, moment: Moment, operator: str) -> Condition:
    years = _year_column(s, at)
    if years is not None and moment.year:
        s.use(*range(at, moment.end + 1))
        return Condition(years.name, operator_of(operator), (moment.year,))
    column, named = date_column(s, at)
    s.use(*range(at, moment.end + 1), *([named] if named is not None else []))
    if operator in (">", "<="):
        return Condition(column.name, ">=" if operator == ">" else "<", (moment.past,))
    return Condition(column.name, operator_of(operator), (moment.first,))


def _year_column(s: Sentence, at: int) -> Column | None:
    """Return the column of whole years when there is no date column to be meant."""
    years = s.index.years()
    return years[0] if len(years) == 1 and not s.index.dates() else None


def read_times(s: Sentence) -> list[Condition]:
    found: list[Condition] = []
    years: dict[str, list[int]] = {}
    for at in s.unused("date", "month", "quarter", "number", "grain"):
        before = s.before(at, skip=LINKS)
        moment = moment_at(s, at) if at not in s.used else None
        if moment is None or s.kind(before) in ("top", "bottom", "head"):
            continue
        if not (s.index.dates() or s.index.years()) and s.kind(at - 1) == "column":
            continue
        named_years = _years_named(s, at) if moment.year else None
        if named_years is not None and moment.year:
            place, column = named_years
            years.setdefault(column.name, []).append(moment.year)
            s.use(*range(at, moment.end + 1), place)
            continue
        column_of_years = _year_column(s, at)
        if column_of_years is not None and moment.year:
            years.setdefault(column_of_years.name, []).append(moment.year)
            s.use(*range(at, moment.end + 1))
            continue
        column, named = date_column(s, at)
        s.use(*range(at, moment.end + 1), *([named] if named is not None and _only_for_time(s, named) else []))
        if moment.year:
            years.setdefault(column.name, []).append(moment.year)
        else:
            found.append(Condition(column.name, "span", (moment.first, moment.past)))
    for name, listed in years.items():
        whole = s.index[name].type not in TEMPORAL
        found.append(Condition(name, ("in" if len(listed) > 1 else "==") if whole else "year", tuple(listed)))
    months: dict[str, list[int]] = {}
    for at in s.unused("month"):
        column, named = date_column(s, at)
        s.use(at)
        months.setdefault(column.name, []).append(int(s.tags[at].value))
    found += [Condition(name, "month", tuple(dict.fromkeys(listed))) for name, listed in months.items()]
    return found


def _years_named(s: Sentence, at: int) -> tuple[int, Column] | None:
    """Return the column of years that stands right beside a year: "year 2023", «2023 год»."""
    for place in (s.before(at), s.after(at)):
        column = s.column(place, is_year) if place is not None and s.kind(place) == "column" else None
        if place is not None and column is not None and s.kind(s.before(place)) != "by":
            return place, column
    return None


def _only_for_time(s: Sentence, named: int) -> bool:
    """A date column that is grouped by stays for the grouping."""
    return s.kind(s.before(named)) not in ("by", "grain", "trend")
