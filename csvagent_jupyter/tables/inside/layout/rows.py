"""Rows from text, whatever state they are in: every repair is counted, with the lines it was made on.

Python's csv module reads what is regular, at its own speed; a row that comes out too short, too long, or not at all is
read again alone, and mended as the rows around it suggest.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ....messages import Dialect
from .gathering import Gathering, Rows
from .lines import Script, prepared
from .mending import LONGEST_LINE, OTHERS, Columns, cuts
from .repairs import Kind, Repairs, refuse
from .usual import alone, usual_rows, usual_width

__all__ = ["Repairs", "Rows", "parse", "refuse"]

BULK = 4096
FEW = 32
MOST_LINES = 200
"""A damaged row is looked for over at most so many lines."""
MOST_EXTRA = 2_000
MOST_CELLS = 2_000_000
"""Cells too many are kept as columns up to so many, and so many empty cells that they make in other rows."""
PATIENCE = 2_000
"""So many rows, and one in a hundred, are weighed in every detail; of more the cells stay where they are."""
WASTE = 4
"""How many times the text may be read in vain for quotes that are never closed."""


def parse(text: str, dialect: Dialect, width: int | None = None, first_line: int = 1) -> Rows:
    """Return the rows of `text` as `dialect` says they are written.

    Lines above and below the table are left out, header rows are apart. A row with more cells than `width` (found, when
    it is None) widens the table where its cells are not empty and none of them can be told to be a part of another.
    """
    return _Parser(text, dialect, width, first_line).rows()


class _Parser:
    """The parsing of one text."""

    def __init__(self, text: str, dialect: Dialect, width: int | None, first_line: int) -> None:
        self.dialect = dialect
        self.size = len(text)
        self.truncated = bool(text) and text[-1] not in "\r\n" and not dialect.footer_rows
        lines, self.script = prepared(text, dialect)
        while lines and not dialect.footer_rows and not lines[-1].strip():
            lines.pop()
        self.first = first_line + dialect.skipped_rows
        last = len(lines) - dialect.footer_rows
        if dialect.skipped_rows or dialect.footer_rows:
            lines = lines[dialect.skipped_rows : max(last, dialect.skipped_rows)]
        self.numbers: list[int] | None = None
        self.repairs = Repairs()
        self.lines = self._without_nul(lines) if "\0" in text and self.script.escape != "\0" else lines
        if dialect.comment:
            self._without_comments()
        self.sample = usual_rows(self.lines, self.script)
        self.width = width or usual_width(self.sample, dialect.header_rows)
        most = min(MOST_EXTRA, max(self.width, 8, MOST_CELLS // max(1, len(self.lines))))
        self.gathered = Gathering(self.width, dialect.header_rows, self.script, self.repairs, self.width + most)
        self.columns: Columns | None = None
        self.stray = self._stray()
        self.patience = PATIENCE + len(lines) // 100
        self.waste = WASTE * self.size + 1_000_000

    def rows(self) -> Rows:
        """Return everything that was found."""
        at = 0
        while at < len(self.lines):
            at = self._regular(at)
        return self.gathered.rows(self.first)

    # --- what stands in the lines

    def _without_nul(self, lines: list[str]) -> list[str]:
        for number, line in enumerate(lines):
            if "\0" in line:
                lines[number] = line.replace("\0", "")
                self.repairs.add("nul", self.first + number, line.count("\0"))
        return lines

    def _without_comments(self) -> None:
        """Leave out the lines that begin with the mark of remarks; not those inside a quoted cell."""
        mark = self.dialect.comment
        kept: list[str] = []
        numbers: list[int] = []
        inside = False
        for number, line in enumerate(self.lines, self.first):
            if not inside and line.startswith(mark):
                self.repairs.add("comment", number)
                continue
            inside = self.script.is_open(line, inside=inside)
            kept.append(line)
            numbers.append(number)
        self.lines, self.numbers = kept, numbers

    def _number(self, at: int) -> int:
        return self.first + at if self.numbers is None else self.numbers[at]

    def _stray(self) -> re.Pattern[str] | None:
        """Return what a quote looks like that stands inside a cell and is not doubled."""
        quote, mark = re.escape(self.script.quote), re.escape(self.script.delimiter)
        return re.compile(f"[^{mark}{quote}\\r\\n]{quote}[^{mark}{quote}\\r\\n]") if quote else None

    # --- row by row

    def _regular(self, at: int) -> int:
        """Take as many rows as are regular from line `at` on, and one that is not; return the line behind them."""
        if self.waste < 0:
            return self._one_by_one(at, at + BULK)
        feed = iter(self.lines)
        feed.__setstate__(at)  # type: ignore[attr-defined]
        reader = self.script.reader(feed)
        while True:
            bulk: list[list[str]] = []
            begin = at
            try:
                bulk.extend(islice(reader, BULK))
                failed = False
            except csv.Error:
                failed = True
            at = len(self.lines) - feed.__length_hint__()  # type: ignore[attr-defined]
            single = at - begin == len(bulk) + failed
            if single and not self.gathered.header_left and not self._is_odd(bulk, begin):
                self._take(bulk, begin)
                if failed:
                    return self._irregular(begin + len(bulk), [], begin + len(bulk))
                if not bulk:
                    return len(self.lines)
                continue
            self._spend(min(begin + BULK, at), at)
            return self._one_by_one(begin, begin + (FEW if self.gathered.header_left else BULK))

    def _is_odd(self, bulk: Sequence[list[str]], begin: int) -> bool:
        """Tell whether some row of the bulk needs a closer look."""
        if set(map(len, bulk)) - {self.width}:
            return True
        if self.width == 1:
            return any(not row[0].strip() for row in bulk)
        if not all(any(row) for row in [row for row in bulk if not row[0]]):
            return True
        header = self.gathered.last_header
        if header is not None and header in bulk:
            return True
        text = "".join(self.lines[begin : begin + len(bulk)]) if self.stray is not None else ""
        return self.stray is not None and self.script.quote in text and self.stray.search(text) is not None

    def _take(self, bulk: list[list[str]], begin: int) -> None:
        end = begin + len(bulk)
        numbers = range(self.first + begin, self.first + end) if self.numbers is None else self.numbers[begin:end]
        self.gathered.take(bulk, numbers)

    def _add(self, row: list[str], at: int, kinds: Sequence[Kind]) -> None:
        last = self.truncated and at == len(self.lines) - 1
        self.gathered.add(row, self._number(at), kinds, truncated=last)

    def _one_by_one(self, at: int, limit: int) -> int:
        """Take row after row up to line `limit`; return the line behind the last one."""
        limit = min(limit, len(self.lines))
        while at < limit:
            feed = iter(self.lines)
            feed.__setstate__(at)  # type: ignore[attr-defined]
            reader = self.script.reader(feed)
            while at < limit:
                singly = self.waste < 0
                try:
                    row = alone(self.lines[at], self.script) if singly else next(reader)
                    after = at + 1 if singly else len(self.lines) - feed.__length_hint__()  # type: ignore[attr-defined]
                except (csv.Error, StopIteration):
                    self._spend(at, len(self.lines) - feed.__length_hint__())  # type: ignore[attr-defined]
                    at = self._irregular(at, [], at)
                    break
                if self._fits(row, at, after) and (row or not singly or not self.lines[at].strip()):
                    self._add(row, at, [])
                    at = after
                    continue
                self._spend(at, after)
                before, at = at, self._irregular(at, row, after)
                if at != after or after != before + 1:
                    break
        return at

    def _fits(self, row: list[str], at: int, after: int) -> bool:
        if not row or self.gathered.header_left:
            wrapped = len(row) == 1 < self.width and self.script.delimiter in row[0]
            return not wrapped and (after == at + 1 or len(row) == self.width)
        if len(row) != self.width:
            return False
        within = self.lines[at + 1 : min(after - 1, at + 4)] if after > at + 2 and self.width > 2 else []
        if any(map(self._is_row, within)):
            return False
        quote = self.script.quote
        if after == at + 1 and quote and self.width > 1 and any(quote in cell for cell in row):
            return self._quotes_belong(row, self.lines[at])
        return True

    def _is_row(self, line: str) -> bool:
        """Tell whether a line inside a quoted cell is a row that a quote too many has swallowed."""
        row, known = alone(line, self.script), self._known()
        if len(row) != self.width:
            return False
        return self.script.quote not in line if known.rows < 3 else not known.judged(row, []).misfits

    def _quotes_belong(self, row: list[str], line: str) -> bool:
        """Tell whether quotes inside cells were written to be there: in a quoted cell, doubled; or they fit anyway."""
        quote = self.script.quote
        if sum(cell.count(quote) for cell in row) * 2 + 2 <= line.count(quote):
            return True
        return len(line) > LONGEST_LINE or not self._known().judged(row, []).misfits

    def _spend(self, at: int, after: int) -> None:
        if after > at + 1:
            self.waste -= sum(map(len, self.lines[at:after]))

    def _known(self) -> Columns:
        if self.columns is None:
            whole = [row for row in self.sample[self.dialect.header_rows :] if len(row) == self.width]
            self.columns = Columns(whole, self.width)
        return self.columns

    def _irregular(self, at: int, row: list[str], after: int) -> int:
        """Take the row that begins on line `at` and is not regular; return the line behind it.

        `row` is what Python's reader made of it, up to line `after`; empty when it could not.
        """
        line = self.lines[at].rstrip("\r\n")
        if len(line) > LONGEST_LINE:
            whole_line = row if after == at + 1 else []
            cells = whole_line or line.split(self.script.delimiter)
            self._add(cells, at, [] if whole_line else ["unquoted"])
            return at + 1
        if row and after == at + 1 and (not self.script.quote or self.script.quote not in line):
            ways = [_Way(row, [], 1)]
        else:
            ways = [_Way(cells, kinds, 1) for cells, kinds in cuts(line, self.script)]
        whole = [way for way in ways if len(way.cells) == self.width]
        if not whole and self.script.quote and line.count(self.script.quote) % 2:
            whole = self._longer(at)
            if not whole and after > at + 1 and self.width < len(row) <= self.width + 2:
                whole = [_Way(row, [], after - at)]
        if not whole and len(ways[0].cells) < self.width and not self.gathered.header_left:
            whole = self._broken(at)
        way = self._best(ways, whole, line)
        self._add(way.cells, at, way.kinds)
        return at + way.lines

    def _longer(self, at: int) -> list[_Way]:
        """Return the row with the lines that follow it, when it needs them to be whole."""
        text = ""
        for many, line in enumerate(self.lines[at : at + MOST_LINES], 1):
            text += line
            if self.waste < 0 or len(text) > LONGEST_LINE:
                break
            self.waste -= len(text)
            if many > 1 and self.script.quote in line:
                cells, kinds = next(iter(cuts(text.rstrip("\r\n"), self.script)))
                if len(cells) == self.width:
                    return [_Way(cells, kinds, many)]
                if len(cells) > self.width:
                    break
        return []

    def _broken(self, at: int) -> list[_Way]:
        """Return the row with the next line, when a line end stands in a cell without quotes.

        A lone carriage return among line feeds is one; a line feed only where the next line can be no row by itself.
        """
        if (
            at + 1 >= len(self.lines)
            or self.patience < 0
            or self._known().rows < 3
            or len(self.lines[at + 1]) > LONGEST_LINE
        ):
            return []
        lone = self.lines[at].endswith("\r") and self.lines[at + 1].endswith("\n")
        cells, kinds = next(iter(cuts(self.lines[at] + self.lines[at + 1].rstrip("\r\n"), self.script)))
        rest = alone(self.lines[at + 1], self.script)
        if len(cells) != self.width or len(rest) >= self.width or self._known().judged(cells, kinds).misfits:
            return []
        if not lone and not self._known().judged(rest, []).misfits:
            return []
        return [_Way(cells, [*kinds, "joined"], 2)]

    def _best(self, ways: Sequence[_Way], whole: Sequence[_Way], line: str) -> _Way:
        """Return the way to read a row that fits its columns best; the plainest, when that does not tell."""
        if self.gathered.header_left:
            return (whole or ways)[0]
        known = self._known()
        if not whole and len(ways[0].cells) == 1 and known.rows >= 3 and ", " not in line:
            others = [cells for cells in self._by_others(line) if len(cells) == self.width]
            fitting = [cells for cells in others if not known.judged(cells, []).misfits]
            if fitting:
                return _Way(fitting[0], ["other_delimiter"], 1)
        if whole:
            judged = [known.judged(way.cells, way.kinds).misfits for way in whole]
            least = min(judged)
            found = whole[judged.index(least)]
        else:
            found = ways[0]
            least = known.judged(found.cells, []).misfits
            if len(found.cells) > self.width and any(cell.strip() for cell in found.cells[self.width :]):
                least += 1
        self.patience -= 1
        if known.rows < 3 or least <= (1 if whole else 0) or self.patience < 0:
            return found
        options: list[tuple[list[str], list[Kind]]] = [(way.cells, way.kinds) for way in ways]
        if least > 1 or (least and 2 * len(found.cells) <= self.width):
            options += [(cells, ["other_delimiter"]) for cells in self._by_others(line)]
        for cells, kinds in options:
            mended = known.aligned(cells, self.script)
            if mended is not None and mended.misfits < least and (not mended.misfits or not kinds):
                least, found = mended.misfits, _Way(mended.cells, [*kinds, *mended.kinds], 1)
        return found

    def _by_others(self, line: str) -> list[list[str]]:
        """Return the line cut at another delimiter than the file's."""
        found: list[list[str]] = []
        for mark in OTHERS:
            if mark != self.script.delimiter and line.count(mark) >= self.width - 1:
                script = Script(mark, self.script.quote, self.script.escape, mark)
                found += [cells for cells, _ in cuts(line, script)][:2]
        return found


@dataclass(slots=True)
class _Way:
    """One way to read a damaged row, and over how many lines it goes."""

    cells: list[str]
    kinds: list[Kind]
    lines: int
