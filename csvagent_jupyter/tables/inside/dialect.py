"""How a text table is written: delimiter, quoting, preamble and header, found by CleverCSV and by looking at its rows.

`detect` decides, `scan` counts: every row of the file is walked once, so that what does not fit is told by line number.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...messages import Dialect

SAMPLE = 12_000
SAMPLE_ROWS = 200
WEAK = frozenset({":", "~", "^", " "})
"""Marks that are more often part of a cell: believed only when every line has as many of them."""
DELIMITERS = (",", ";", "\t", "|", *sorted(WEAK))
MAX_LINES_TOLD = 5
csv.field_size_limit(1 << 30)

_NUMBER = re.compile(r"[-+(]?[$€£¥₽]?\s?\d[\d\s.,'’]*(e[-+]?\d+)?\s?[%$€£¥₽)]?", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?.*")
_WORDS = frozenset({"true", "false", "nan", "null", "na", "n/a", "none", "-"})


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


def detect(
    text: str, *, suffix: str = "", given: Dialect | None = None, fixed: frozenset[str] = frozenset()
) -> Dialect:
    """Return the dialect of `text`; the fields named in `fixed` are taken from `given` as they are."""
    given = given or Dialect()
    sample = _sample(text)
    found = _written(sample, suffix)
    if "delimiter" in fixed or "quotechar" in fixed:
        found = replace(found, **{name: getattr(given, name) for name in fixed & {"delimiter", "quotechar"}})
    if "escapechar" not in fixed:
        found = replace(found, escapechar=_escape(text, found.quotechar))
    found = replace(found, **{name: getattr(given, name) for name in fixed})
    rows = list(itertools.islice(rows_of(text, found), SAMPLE_ROWS))
    filled = [row for row in rows if not is_blank(row.cells)]
    if not filled:
        return found
    top = 0
    if "skipped_rows" not in fixed:
        top = _preamble(filled)
        found = replace(found, skipped_rows=filled[top].number if top else 0)
    else:
        top = next((n for n, row in enumerate(filled) if row.number >= given.skipped_rows), 0)
    if "header_rows" not in fixed:
        found = replace(found, header_rows=_header_rows([row.cells for row in filled[top:]]))
    return found


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
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quotechar or None,
        escapechar=dialect.escapechar or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quotechar else csv.QUOTE_NONE,
    )


def _sample(text: str) -> str:
    if len(text) <= SAMPLE:
        return text
    end = text.rfind("\n", 0, SAMPLE)
    return text[: end + 1] if end > 0 else text[:SAMPLE]


def _written(sample: str, suffix: str) -> Dialect:
    """Ask CleverCSV for the delimiter, and believe it only where the lines bear it out."""
    import clevercsv

    delimiters = [mark for mark in DELIMITERS if mark in sample]
    if suffix in {".tsv", ".tab"}:
        delimiters = ["\t"]
    if not delimiters:
        return Dialect()
    found = clevercsv.Detector().detect(sample.replace("\0", ""), delimiters=delimiters)
    delimiter = found.delimiter if found is not None and found.delimiter else _most_even(sample, delimiters)
    dialect = Dialect(delimiter=delimiter, quotechar=_quotechar(sample, delimiter))
    rows = [row.cells for row in itertools.islice(rows_of(sample, dialect), SAMPLE_ROWS) if not is_blank(row.cells)]
    return dialect if _divides(rows, delimiter) else Dialect(delimiter=_absent(sample))


def _divides(rows: Sequence[tuple[str, ...]], delimiter: str) -> bool:
    """Tell whether the delimiter really makes columns: not when most rows have one cell, or 1,5 is one number."""
    widths = Counter(len(row) for row in rows)
    if not rows or len(widths) == 1:
        return True
    if delimiter in WEAK:
        return False
    if len(rows[0]) == 1 and delimiter == "," and all(len(row) == 2 and "".join(row).isdecimal() for row in rows[1:]):
        return False
    return len(rows[0]) > 1 or widths[1] * 2 <= len(rows)


def _absent(sample: str) -> str:
    """Return a delimiter that does not occur, for a text of one column."""
    return next((mark for mark in (",", ";", "\t", "|") if mark not in sample), "\x1f")


def _quotechar(sample: str, delimiter: str) -> str:
    """Return the quote that stands where cells begin and end; apostrophes inside words do not count."""
    mark = re.escape(delimiter)
    pairs = {
        quote: len(re.findall(rf"(?:^|{mark}){quote}[^{quote}\n]*{quote}(?={mark}|\r|$)", sample, re.MULTILINE))
        for quote in ('"', "'")
    }
    return "'" if pairs["'"] > pairs['"'] else '"'


def _most_even(sample: str, delimiters: Iterable[str]) -> str:
    """Return the delimiter that cuts most lines into the same number of cells, "," when none does."""
    lines = [line for line in sample.splitlines() if line.strip()][:SAMPLE_ROWS]
    best, best_share = ",", 0.0
    for mark in delimiters:
        if mark in WEAK:
            continue
        counts = Counter(line.count(mark) for line in lines)
        count, lines_with = counts.most_common(1)[0]
        if count and lines_with / len(lines) > best_share:
            best, best_share = mark, lines_with / len(lines)
    return best


def _escape(text: str, quotechar: str) -> str:
    r"""Return the backslash when quotes inside quoted cells are written \" and never doubled."""
    if not quotechar or f"\\{quotechar}" not in text:
        return ""
    inner = re.escape(quotechar)
    return "\\" if re.search(rf"[^\n{inner}\\]\\{inner}[^\n{inner},;\t|]", text) else ""


def _preamble(rows: Sequence[Row]) -> int:
    """Return how many filled rows stand above the table: titles and remarks, narrower than the rows that follow.

    A last row that is wider than all others is no table with everything else above it.
    """
    widths = Counter(len(row.cells) for row in rows)
    usual = max(widths, key=lambda width: (widths[width], width))
    if usual < 2 or len(rows) < 3:
        return 0
    for number, row in enumerate(rows[:30]):
        filled = sum(1 for cell in row.cells if cell.strip())
        if len(row.cells) >= usual - 1 and filled > max(1, usual // 2):
            return number if number < len(rows) - 1 else 0
    return 0


def _header_rows(rows: Sequence[tuple[str, ...]]) -> int:
    """Return how many rows name the columns: 0 when the first is data like the rest, 2 for groups over names.

    A column whose other cells are numbers or dates votes: for a header when its first cell is a word.
    """
    first, body = rows[0], rows[1:]
    if not body:
        return 1
    if _is_group(first, body):
        return 2
    named, data = 0, 0
    for position, cell in enumerate(first):
        if not _column_is_typed(body, position):
            continue
        if _is_typed(cell.strip()):
            data += 1
        elif cell.strip():
            named += 1
    if data > named and not _counts_up([cell for cell in first if _is_typed(cell.strip())]):
        return 0
    return 1


def _is_group(first: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> bool:
    """Tell a row of groups with gaps over a row of names that fills every gap: "Travel", "" over "Air", "Rail"."""
    second, rest = body[0], body[1:]
    if not rest or len(second) != len(first) or any(_is_typed(cell.strip()) for cell in (*first, *second)):
        return False
    gaps = [not cell.strip() for cell in first]
    covered = all(upper.strip() or lower.strip() for upper, lower in zip(first, second, strict=True))
    left_open = sum(1 for cell in second if not cell.strip())
    typed = any(_column_is_typed(rest, position) for position in range(len(first)))
    return typed and covered and any(gaps[1:]) and not gaps[0] and (left_open > 0 or sum(gaps) > 1)


def _column_is_typed(body: Sequence[tuple[str, ...]], position: int) -> bool:
    values = [row[position].strip() for row in body if position < len(row) and row[position].strip()]
    return bool(values) and sum(1 for value in values if _is_typed(value)) >= 0.8 * len(values)


def _is_typed(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell)) or cell.casefold() in _WORDS


def _counts_up(cells: Sequence[str]) -> bool:
    """Tell column names that are numbers in a row: 2019, 2020, 2021."""
    if len(cells) < 2 or not all(cell.strip().isdecimal() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return all(after - before == 1 for before, after in itertools.pairwise(numbers))
