"""Dates in text: the formats in which a column's cells are dates, and what speaks for the order of day and month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .moments import ISO, Moments, Unit, date_pattern, finest, has_clock, has_zone, month_directive, read_moments
from .quantities import ENOUGH
from .words import Words

MOST_FORMATS = 4
_NANOSECONDS = len("5.3.24 1:00:00.1234567")
LONGEST = 45
_CLOCK = re.compile(
    r"(?P<gap>[T ]|, ?|  )(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?(?P<part>[.,]\d{1,9})?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:Z|[+-]\d{2}:?\d{2}))?(?P<named> (?:UTC|GMT))?"
)
_NUMERIC = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)")
_NAME = r"[^\W\d_]{3,9}\.?"
_NAMED = (
    (re.compile(rf"\d{{1,2}}([ /.-]| ?)({_NAME})([ /.-]| ?)(\d{{4}}|\d{{2}})(?!\d)( ?г\.?)?"), "day"),
    (re.compile(rf"({_NAME})( )\d{{1,2}}(,? )(\d{{4}})(?!\d)"), "month"),
    (re.compile(rf"({_NAME})([ /-])(\d{{4}}|\d{{2}})(?!\d)"), "no_day"),
)
_WEEKDAY = re.compile(r"[A-Za-z]{3}(?P<comma>,? )")
_PACKED = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DATE_NAME = re.compile(r"date|day|дата|день|datum|fecha|jour|period|период|time|время", re.IGNORECASE)
_ISO = re.compile(date_pattern(ISO))


@dataclass(frozen=True, slots=True)
class DatesFound:
    """The formats that read the words, tried in this order, and `fits`: which of the words they read.

    `either` is a cell that is also a date with day and month exchanged, `because` the cell that decides which it is;
    without such a cell the order is only a guess.
    """

    formats: tuple[str, ...]
    kind: Literal["date", "datetime"]
    fits: Any
    utc: bool = False
    unit: Unit = "us"
    either: str = ""
    because: str = ""

    @property
    def ambiguous(self) -> bool:
        """Tell whether nothing in the column says which of day and month comes first."""
        return bool(self.either) and not self.because


def find_dates(words: Words, name: str, dayfirst: bool | None = None, enough: float = ENOUGH) -> DatesFound | None:
    """Return the formats in which at least `enough` of the cells are dates; None when they are something else.

    Digits alone are a date only in a column named like one. A stated `dayfirst` settles what the cells leave open.
    """
    sample = words.sample(20)
    likely = sum(1 for word in sample if next(_formats(word, name), None))
    if likely < enough / 2 * len(sample):
        return None
    found = _Search(words.array, dayfirst)
    found.run(words, name)
    if found.guessed and found.decided is not None:  # another format of the same column decides
        told = found.either, found.decider
        found = _Search(words.array, found.decided)
        found.run(words, name)
        found.either, found.because = told
    if not found.formats or words.counts[found.fits].sum() < enough * words.cells:
        return None
    return found.result()


class _Search:
    """The formats found so far, and the words that they read."""

    def __init__(self, array: Any, dayfirst: bool | None) -> None:
        self.array, self.dayfirst = array, dayfirst
        self.fits: Any = np.zeros(len(array), np.bool_)
        self.formats: list[str] = []
        self.tried: set[str] = set()
        self.either = self.because = ""
        self.decided: bool | None = None
        self.decider = ""
        long = pc.max(pc.binary_length(array)).as_py() or 0
        self.unit: Unit = finest(array) if long >= _NANOSECONDS else "us"
        self.guessed = False

    def run(self, words: Words, name: str) -> None:
        """Add formats until every word is read, or no further one reads any."""
        for _ in range(MOST_FORMATS * 3):
            if not self._extend(words, name):
                return

    def _extend(self, words: Words, name: str) -> bool:
        """Add the format of some word that is not read yet; False when there is none."""
        if self.fits.all() or len(self.formats) == MOST_FORMATS:
            return False
        rest = words.kept(~self.fits).sample(60)
        for word in rest:
            for form in _formats(word, name):
                if form not in self.tried:
                    self.tried.add(form)
                    self._add(form)
                    return True
        return False

    def _add(self, form: str) -> None:
        now = self._read(form)
        other_form = _exchanged(form)
        if other_form:
            self.tried.add(other_form)
            chosen = self._ordered(form, other_form, now, self._read(other_form))
        else:
            chosen = [(form, now)]
        for each, moments in chosen:
            gained = moments.read & ~self.fits
            if gained.any():
                self.formats.append(each)
                self.fits |= gained

    def _read(self, form: str) -> Moments:
        return read_moments(self.array, form, self.unit)

    def _ordered(self, day: str, month: str, by_day: Moments, by_month: Moments) -> list[tuple[str, Moments]]:
        """Decide which of day and month comes first, on all words; both orders where no word leaves it open."""
        open_ = by_day.read & by_month.read & (by_day.months != by_day.days) & ~self.fits
        only_day, only_month = by_day.read & ~by_month.read, by_month.read & ~by_day.read
        pairs = [(day, by_day), (month, by_month)]
        dotted = "%d.%m" in day
        if only_day.any() != only_month.any():
            self.decided = bool(only_day.any())
            self.decider = self._first(only_day if self.decided else only_month)
        if not open_.any():
            return pairs if int(only_day.sum()) >= int(only_month.sum()) else pairs[::-1]
        if only_day.any() or only_month.any():
            first = bool(only_day.sum() >= only_month.sum())
            if only_day.any() and only_month.any() and self.dayfirst is not None:
                first = self.dayfirst
            if not (first and dotted):
                self._tell(open_, only_day if first else only_month)
        else:
            first = dotted if self.dayfirst is None else self.dayfirst
            if self.dayfirst is None and not dotted:
                self.guessed = True
                self._tell(open_, None)
        return pairs[:1] if first else pairs[1:]

    def _tell(self, open_: Any, deciding: Any) -> None:
        self.either = self.either or self._first(open_)
        if deciding is not None and not self.because:
            self.because = self._first(deciding)

    def _first(self, mask: Any) -> str:
        return str(self.array[int(np.argmax(mask))].as_py())

    def result(self) -> DatesFound:
        read = self.array.filter(pa.array(self.fits))
        self._leave_out_what_others_read(read)
        clock = any(has_clock(form, read) for form in self.formats)
        utc = any(has_zone(form, read) for form in self.formats)
        return DatesFound(
            formats=tuple(self.formats),
            kind="datetime" if clock else "date",
            fits=self.fits,
            utc=utc,
            unit=self.unit,
            either=self.either,
            because=self.because,
        )

    def _leave_out_what_others_read(self, read: Any) -> None:
        """Drop formats that read nothing alone: "May" is a short name and a full one."""
        if len(self.formats) == 1:
            return
        by = {form: read_moments(read, form, self.unit).read for form in self.formats}
        for form in self.formats[:]:
            others = [by[other] for other in self.formats if other != form]
            if others and bool(np.logical_or.reduce(others).all()):
                self.formats.remove(form)


def _formats(word: str, name: str) -> Iterator[str]:
    """Yield the formats in which `word` may be a date; of two orders of day and month, day first."""
    if len(word) > LONGEST or not any(character.isdigit() for character in word):
        return
    if word.isdecimal():
        if word.isascii() and len(word) in _PACKED and _DATE_NAME.search(name):
            yield _PACKED[len(word)]
        return
    if _ISO.fullmatch(word):
        yield ISO
        return
    weekday = _WEEKDAY.match(word) if word[0].isascii() and word[0].isalpha() else None
    if weekday is not None and (
        weekday["comma"] == ", " or (word[weekday.end() :][:1].isdigit() and word.count(" ") > 2)
    ):
        yield from (f"%a{weekday['comma']}{form}" for form in _plain_formats(word[weekday.end() :]))
        return
    yield from _plain_formats(word)


def _plain_formats(word: str) -> Iterator[str]:
    for dates, rest in _dates(word):
        clock = _clock(rest)
        if clock is not None:
            yield from (date + clock for date in dates)


def _dates(word: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the formats of the date that `word` begins with, and what follows it."""
    numeric = _NUMERIC.match(word)
    if numeric is not None:
        yield _numeric(numeric), word[numeric.end() :]
        return
    for form, order in _NAMED:
        named = form.match(word)
        if named is not None:
            month = month_directive(next(part for part in named.groups() if part and part[0].isalpha()))
            if month:
                yield (_named(named, order, month),), word[named.end() :]


def _numeric(found: re.Match[str]) -> tuple[str, ...]:
    first, mark, _, last = found.groups()
    if len(first) == 4:
        return (f"%Y{mark}%m{mark}%d",) if len(last) <= 2 else ()
    if len(first) == 3 or len(last) == 1:
        return ()
    year = "%Y" if len(last) == 4 else "%y"
    if year == "%y" and int(first) > 31:
        return (f"%y{mark}%m{mark}%d",)
    return (f"%d{mark}%m{mark}{year}",)


def _named(found: re.Match[str], order: str, month: str) -> str:
    groups = found.groups()
    if order == "day":
        year = "%Y" if len(groups[3]) == 4 else "%y"
        return f"%d{groups[0]}{month}{groups[2]}{year}{groups[4] or ''}"
    if order == "month":
        return f"{month}{groups[1]}%d{groups[2]}%Y"
    return f"{month}{groups[1]}{'%Y' if len(groups[2]) == 4 else '%y'}"


def _clock(rest: str) -> str | None:
    """Return the format of the time of day, "" for none, None for what is no time."""
    if not rest:
        return ""
    found = _CLOCK.fullmatch(rest)
    if found is None:
        return None
    half = found["half"] or ""
    zone = found["zone"] or ""
    parts = [found["gap"], "%I" if half else "%H", ":%M", ":%S" if found["second"] else ""]
    if found["part"]:
        parts.append(f"{found['part'][0]}%f")
    parts.append(" %p" if half.startswith(" ") else "%p" if half else "")
    parts.append(" %z" if zone.startswith(" ") else "%z" if zone else "")
    parts.append(" %Z" if found["named"] else "")
    return "".join(parts)


def _exchanged(form: str) -> str:
    """Return the format with day and month exchanged, "" when the format leaves no doubt."""
    found = re.match(r"(%a,? )?%d([./-])%m\2", form)
    if found is None:
        return ""
    mark = found[2]
    return form.replace(f"%d{mark}%m{mark}", f"%m{mark}%d{mark}", 1)
