"""Rows as pandas' own parser sees them: what it counts and skips, so that its call can be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ....messages import Dialect
from .lines import prepared

MAX_LINES_TOLD = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: its cells, its number (from 0, blank ones included), and the line (from 1) it begins on."""

    cells: tuple[str, ...]
    number: int
    line: int


@dataclass(slots=True)
class Layout:
    """What walking all rows found: `width` is the header's, the rows begin at number `body_from`.

    `short` and `long` are the lines of rows that have fewer or more cells than the header, at most a few.
    """

    width: int = 0
    rows: int = 0
    widest: int = 0
    widest_filled: int = 0
    short: list[int] = field(default_factory=list)
    short_count: int = 0
    long: list[int] = field(default_factory=list)
    long_count: int = 0
    blank_count: int = 0
    body_from: int = 0


def rows_of(text: str, dialect: Dialect) -> Iterator[Row]:
    """Walk the rows of `text` the way pandas' parser does, with their line numbers."""
    reader = _reader(text, dialect)
    before = 0
    for number, cells in enumerate(reader):
        yield Row(tuple(cells), number, before + 1)
        before = reader.line_num


def is_blank(cells: Sequence[str]) -> bool:
    """Tell whether pandas passes this row over as a blank line; an empty cell in quotes is none."""
    return not cells or (len(cells) == 1 and cells[0] != "" and not cells[0].strip(" \t"))


def scan(text: str, dialect: Dialect) -> tuple[list[tuple[str, ...]], Layout]:
    """Walk all rows; return the header rows (the first row if there is no header) and what does not fit them."""
    layout = Layout()
    header: list[tuple[str, ...]] = []
    wanted = max(dialect.header_rows, 1)
    reader = _reader(text, dialect)
    line = 0
    for number, cells in enumerate(reader):
        before, line = line, reader.line_num
        if len(cells) == layout.width > 1 and len(header) == wanted:
            layout.rows += 1
        elif number < dialect.skipped_rows:
            continue
        elif is_blank(cells):
            layout.blank_count += 1
        elif len(header) < wanted:
            header.append(tuple(cells))
            layout.width = layout.widest = max(layout.width, len(cells))
            layout.body_from = number + (1 if dialect.header_rows else 0)
            layout.rows += 0 if dialect.header_rows else 1
        else:
            _count(layout, cells, before + 1)
    return header, layout


def _count(layout: Layout, cells: Sequence[str], line: int) -> None:
    width = len(cells)
    layout.rows += 1
    layout.widest = max(layout.widest, width)
    if width < layout.width:
        layout.short_count += 1
        if len(layout.short) < MAX_LINES_TOLD:
            layout.short.append(line)
    elif width > layout.width:
        filled = max((n for n, cell in enumerate(cells, start=1) if cell.strip()), default=0)
        layout.widest_filled = max(layout.widest_filled, filled)
        if filled > layout.width:
            layout.long_count += 1
            if len(layout.long) < MAX_LINES_TOLD:
                layout.long.append(line)


def _reader(text: str, dialect: Dialect) -> Any:
    lines, script = prepared(text, dialect)
    return script.reader(lines, strict=False)
