"""The rows of a table as they come in: what each becomes part of, and how wide the table is in the end."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .cutting import is_rule
from .lines import COMMENTS, Script
from .repairs import Kind, Repairs


@dataclass(slots=True)
class Rows:
    """The rows of a text, each of `width` cells; `lines` are those they begin on, from 1.

    `header` are the header rows as they stand. `repairs` is what was done to rows that were not regular.
    """

    header: list[list[str]] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    width: int = 0
    repairs: Repairs = field(default_factory=Repairs)


class Gathering:
    """Takes rows one after the other, or many at once when they are known to be regular.

    A row keeps up to `most` cells; what is beyond them becomes one.
    """

    def __init__(self, width: int, header_rows: int, script: Script, repairs: Repairs, most: int) -> None:
        self.width = width
        self.most = most
        self.header_left = header_rows
        self.script = script
        self.repairs = repairs
        self.found = Rows(repairs=repairs)
        self.blanks: deque[int] = deque(maxlen=8)

    @property
    def last_header(self) -> list[str] | None:
        """The row of names, once it was met."""
        return self.found.header[-1] if self.found.header else None

    def take(self, rows: list[list[str]], lines: Iterable[int]) -> None:
        """Take regular rows and the lines they begin on."""
        if self.script.is_exchanged:
            rows = [[self.script.restored(cell) for cell in row] for row in rows]
        self.found.cells += rows
        self.found.lines += lines

    def add(self, row: list[str], line: int, kinds: Sequence[Kind], *, truncated: bool = False) -> None:
        """Take a row into the table, the header, or the counts; `kinds` is what was already done to it."""
        if self.script.is_exchanged:
            row = [self.script.restored(cell) for cell in row]
        if not row or (not any(row) and len(row) > 1) or (len(row) == 1 and row[0] and not row[0].strip()):
            self.repairs.add("blank", line)
            self.blanks.append(line)
            return
        for kind in kinds:
            self.repairs.add(kind, line)
        if self.header_left:
            self.header_left -= 1
            if len(row) == self.width + 1 and row[0] in COMMENTS:
                row = row[1:]
            if len(row) > self.width == sum(1 for cell in row if cell):
                row = [cell for cell in row if cell]
                self.repairs.add("emptied", line)
            self.found.header.append(row)
            return
        if self.found.header and not self.found.cells and is_rule(row):
            self.repairs.add("between", line)
            return
        if self.width > 1 and row == self.last_header:
            self._again(line)
            return
        if len(row) < self.width:
            self.repairs.add("truncated" if truncated else "padded", line)
            row = row + [""] * (self.width - len(row))
        elif len(row) > self.width:
            row = self._fewer(row, line)
        self.found.cells.append(row)
        self.found.lines.append(line)

    def _fewer(self, row: list[str], line: int) -> list[str]:
        """Drop the empty cells beyond the width; the others stay, the last of very many as one."""
        filled = len(row)
        while filled > self.width and row[filled - 1] == "":
            filled -= 1
        if filled < len(row):
            self.repairs.add("emptied", line)
        if filled > self.width:
            self.repairs.add("extra", line)
        if filled > self.most:
            return [*row[: self.most - 1], self.script.written_delimiter.join(row[self.most - 1 : filled])]
        return row[:filled]

    def _again(self, line: int) -> None:
        """Count a header in the middle, and the titles between blank rows right above it, which belong to it."""
        self.repairs.add("header_again", line)
        cells, lines = self.found.cells, self.found.lines
        while cells and not any(cells[-1][1:]) and lines[-1] - 1 in self.blanks:
            self.repairs.add("between", lines.pop())
            cells.pop()

    def rows(self, first_line: int) -> Rows:
        """Return everything, all rows as wide as the widest, or as the header where nothing stands beyond it."""
        found, head = self.found, max(map(len, self.found.header), default=0)
        named = max((number for row in found.header for number, cell in enumerate(row, 1) if cell.strip()), default=0)
        width = max(self.width, head)
        if self.repairs.count("extra"):
            width = max(width, max(map(len, found.cells), default=0))
        if found.header and head < width and not any(any(row[head:]) for row in found.cells):
            if found.cells and self.width > head:
                self.repairs.add("emptied", found.lines[0], len(found.cells))
            width = head
            found.cells = [row[:head] for row in found.cells]
        elif found.header and head == width - 1 == self.width - 1 and self._has_row_names():
            found.header = [["", *row] for row in found.header]
            self.repairs.add("halved" if self._has_halves() else "shifted", first_line)
        if 0 < named < head == width and not any(any(row[named:]) for row in found.cells):
            self.repairs.add("nameless", first_line, width - named)
        found.header = [row + [""] * (width - len(row)) for row in found.header]
        if any(len(row) < width for row in found.cells):
            found.cells = [row + [""] * (width - len(row)) for row in found.cells]
        found.width = width
        return found

    def _has_halves(self) -> bool:
        """Tell whether two neighbouring columns are numbers cut at their decimal comma: second halves like 05."""
        if self.script.written_delimiter != ",":
            return False
        columns = list(zip(*self.found.cells, strict=True))
        for whole, part in itertools.pairwise(columns):
            parts = {cell for cell in part if cell}
            cents = bool(parts) and all(len(cell) == 2 and cell.isdecimal() for cell in parts)
            if cents and any(cell[0] == "0" for cell in parts) and all(cell.lstrip("-").isdecimal() for cell in whole):
                return True
        return False

    def _has_row_names(self) -> bool:
        """Tell whether the first column is what R writes in front of each row, without a name in the header."""
        cells = self.found.cells
        if len(cells) < 2 or self.repairs.count("extra") or not all(row[-1].strip() for row in cells):
            return False
        return len({row[0] for row in cells}) == len(cells) and all(row[0] for row in cells)
