"""Stretches of time that a question names (2023, March 2023, Q2 2022, 2023-05-01) and the date column meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ...messages import Column
from .columns import TEMPORAL
from .sentence import NotUnderstoodError, Sentence, UnclearError


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of time, from a day to a day not included; `year` when it is a plain year, `start`, `end` its tags."""

    first: str
    past: str
    start: int
    end: int
    year: int | None = None


def moment_at(s: Sentence, at: int | None) -> Moment | None:
    """Read a stretch of time that begins at this tag."""
    if at is None:
        return None
    kind = s.kind(at)
    if kind == "date":
        first, past = _bounds(s.tags[at].value)
        return Moment(first, past, at, at)
    if kind in ("month", "quarter"):
        year_at = _year_at(s, s.after(at))
        if year_at is None:
            return None
        year = int(s.tags[year_at].number or 0)
        step = 1 if kind == "month" else 3
        month = (int(s.tags[at].value) - 1) * step + 1
        first, past = _bounds(f"{year}-{month:02d}", step)
        return Moment(first, past, at, _with_year_word(s, year_at))
    if kind == "number" and _year_at(s, at) is not None:
        year = int(s.tags[at].number or 0)
        return Moment(f"{year}-01-01", f"{year + 1}-01-01", at, _with_year_word(s, at), year)
    if kind == "grain" and s.tags[at].value == "year" and _year_at(s, at + 1) is not None:
        inner = moment_at(s, at + 1)
        return None if inner is None else Moment(inner.first, inner.past, at, inner.end, inner.year)
    return None


def date_column(s: Sentence, near: int, *, word: str = "") -> tuple[Column, int | None]:
    """Return the date column that a time near this tag is about, and the tag that names it, if one does."""
    for at in (s.before(near), s.after(near)):
        if at is not None and s.kind(at) == "column":
            column = s.column(at, lambda c: c.type in TEMPORAL)
            if column is not None:
                return column, at
    named = {at: c for at in s.columns() if (c := s.column(at, lambda c: c.type in TEMPORAL)) is not None}
    if len(named) == 1:
        at, column = next(iter(named.items()))
        return column, at
    dates = s.index.dates()
    if len(dates) == 1:
        return dates[0], None
    tag = s.tags[near]
    if not dates:
        raise NotUnderstoodError(tag.text, "offline.no_dates")
    raise UnclearError(tag.text, tag.start, tag.end, tuple(f'"{c.name}" {word or tag.text}' for c in dates))


def _year_at(s: Sentence, at: int | None) -> int | None:
    if at is None or s.kind(at) != "number":
        return None
    number = s.tags[at].number
    return at if isinstance(number, int) and 1800 <= number <= 2100 and s.tags[at].text == str(number) else None


def _with_year_word(s: Sentence, at: int) -> int:
    """Take the word "year" that follows a year along (2023 году)."""
    return at + 1 if s.kind(at + 1) == "grain" and s.tags[at + 1].value == "year" else at


def _bounds(iso: str, months: int = 1) -> tuple[str, str]:
    parts = [int(part) for part in iso.split("-")]
    if len(parts) == 3:
        try:
            day = date(*parts)
        except ValueError:
            raise NotUnderstoodError(iso) from None
        return day.isoformat(), (day + timedelta(days=1)).isoformat()
    year, month = parts
    past = year * 12 + month - 1 + months
    return date(year, month, 1).isoformat(), date(past // 12, past % 12 + 1, 1).isoformat()
