"""How a text is laid out: delimiter, quotes, what stands above and below the table, which rows name its columns.

`examine` looks at the beginning and the end of a text (at all of it, when it is short) and decides; `rows.parse` then
reads it as decided, whole or block by block.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ....messages import Dialect
from .cutting import Cut, cut, is_empty, is_rule
from .delimiters import SAMPLE, find_marks
from .header import header_rows
from .lines import COMMENTS, prepared, split_lines
from .regions import Region, remarks_below, stacked, titles_above, usual_width
from .shapes import is_typed
from .totals import totals_below

SHORT = 300_000
"""A text up to this length is looked at as a whole; of a longer one the beginning and the end."""
WITH_GAPS = 4_000_000
"""Up to this length also a text with blank lines in the middle is looked at as a whole."""
GAP_LINES = 60_000
HEAD_LINES = 3_000
TAIL_LINES = 300
HEADER_SAMPLE = 200
MOST_TABLES = 50
CLEAR = 0.6
"""Several tables must hold this share of all rows: what is in pieces for other reasons is read as one."""
NEARLY = 0.8
"""A later table is read instead of the first one when the first has fewer of its rows than this."""
_SEP = re.compile(r"\"?sep=([^\r\n\"]{1,8}|\")\"?[ \t,;]*(?:\r\n|\r|\n)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several tables in a text: its lines, from 1, how many rows it has, and the names of its columns."""

    first_line: int
    last_line: int
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen: the dialect to read with, the tables (one or more), what stands above and below the one read.

    `totals_line` is the line of the totals row that was cut off, 0 when none was.
    """

    dialect: Dialect
    tables: tuple[Part, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    totals_line: int = 0


def detect(
    text: str,
    *,
    suffix: str = "",
    given: Dialect | None = None,
    fixed: frozenset[str] = frozenset(),
    whole: bool = True,
) -> Dialect:
    """Return the dialect of `text`; the fields named in `fixed` are taken from `given` as they are."""
    return examine(text, suffix=suffix, given=given, fixed=fixed, whole=whole).dialect


def examine(
    text: str,
    *,
    suffix: str = "",
    given: Dialect | None = None,
    fixed: frozenset[str] = frozenset(),
    whole: bool = True,
) -> Examined:
    """Look at a text, or (not `whole`) at the beginning and the end of one, joined at the ends of lines.

    Sums are not checked on a part of a text, so no row of totals is cut off there.
    """
    given = given or Dialect()
    text = text.replace("\0", "") if "\0" in text else text
    sep = _SEP.match(text) if "skipped_rows" not in fixed else None
    if sep is not None and "delimiter" not in fixed:
        given, fixed = replace(given, delimiter=sep[1].replace("\\t", "\t")), fixed | {"delimiter"}
    start = sep.end() if sep is not None else 0
    sample = _sample(text, start)
    found = find_marks(_without_remarks(sample, given, fixed), suffix, given, fixed)
    names = {"encoding", "delimiter", "quotechar", "escapechar", "decimal", "thousands", "comment", "missing", "types"}
    found = replace(found, **{name: getattr(given, name) for name in fixed & names})
    return _Layout(text, found, given, fixed, sep is not None, whole).examined()


def _sample(text: str, start: int) -> str:
    if len(text) - start <= SAMPLE:
        return text[start:]
    end = max(text.rfind("\n", start, start + SAMPLE), text.rfind("\r", start, start + SAMPLE))
    return text[start : end + 1] if end > start else text[start : start + SAMPLE]


def _without_remarks(sample: str, given: Dialect, fixed: frozenset[str]) -> str:
    """Return the sample without lines that begin with a mark of remarks, unless most do."""
    marks = (given.comment,) if "comment" in fixed and given.comment else COMMENTS[:-1]
    lines = split_lines(sample)
    kept = [line for line in lines if not line.startswith(marks)]
    return "".join(kept) if 2 * len(kept) > len(lines) or len(kept) > HEADER_SAMPLE else sample


class _Layout:
    """The layout of one text whose delimiter and quotes are known."""

    def __init__(
        self, text: str, dialect: Dialect, given: Dialect, fixed: frozenset[str], has_sep: bool, whole: bool
    ) -> None:
        self.dialect, self.given, self.fixed, self.whole = dialect, given, fixed, whole
        self.has_sep = int(has_sep)
        self.lines, self.script = prepared(text, dialect)
        self.top = given.skipped_rows if "skipped_rows" in fixed else int(has_sep)
        self.bottom = len(self.lines)
        if "footer_rows" in fixed:
            self.bottom = max(self.top, self.bottom - given.footer_rows)
        self.tail_from = self.bottom
        self.below_keys = 0
        if "skipped_rows" not in fixed:
            self.top = self._below_remarks()
        self.rows = self._cut(len(text) if len(self.lines) <= GAP_LINES else WITH_GAPS + 1)
        self.comment = dialect.comment if "comment" in fixed else self._comment()
        if self.comment:
            self.rows = [row for row in self.rows if not self.lines[row.line].startswith(self.comment)]

    def _below_remarks(self) -> int:
        """Return the first line below the remarks at the top; their last line is the header when it is as wide."""
        top = self.top
        while top < self.bottom and (self.lines[top].startswith(COMMENTS[:-1]) or not self.lines[top].strip()):
            top += 1
        if top == self.top or top >= self.bottom:
            return self.top
        rows = cut(self.lines[top - 1 : top + HEADER_SAMPLE], self.script, top - 1)
        width, first = usual_width(rows[1:]), rows[0].cells
        as_wide = len(first) == width or (len(first) == width + 1 and first[0] in COMMENTS)
        values = [cell for cell in rows[1].cells if is_typed(cell)]
        unnamed = header_rows([row.cells for row in rows[1:]]) == 0 or len(values) == width
        return top - 1 if width > 1 and as_wide and unnamed and not any(map(is_typed, first)) else top

    def _cut(self, size: int) -> list[Cut]:
        top, bottom = self.top, self.bottom
        if size <= SHORT or (size <= WITH_GAPS and self._has_gaps()) or bottom - top <= HEAD_LINES + TAIL_LINES:
            return self._restored(cut(self.lines[top:bottom], self.script, top))
        self.tail_from = bottom - TAIL_LINES
        head = cut(self.lines[top : top + HEAD_LINES], self.script, top)
        return self._restored(head + cut(self.lines[self.tail_from : bottom], self.script, self.tail_from))

    def _restored(self, rows: list[Cut]) -> list[Cut]:
        if not self.script.is_exchanged:
            return rows
        return [replace(row, cells=[self.script.restored(cell) for cell in row.cells]) for row in rows]

    def _has_gaps(self) -> bool:
        """Tell whether blank lines stand between others; not of very many lines, which would take long to look at."""
        if len(self.lines) > GAP_LINES:
            return False
        nothing = self.script.delimiter + " \t\r\n"
        first = next((n for n, line in enumerate(self.lines[self.top :]) if line.strip(nothing)), 0)
        last = next((n for n, line in enumerate(reversed(self.lines)) if line.strip(nothing)), 0)
        return any(not line.strip(nothing) for line in self.lines[self.top + first : len(self.lines) - last])

    def _comment(self) -> str:
        """Return the mark that begins remark lines below the first row of the table; "" when there are none."""
        width = usual_width(self.rows)
        top = titles_above(self.rows)
        for mark in COMMENTS:
            if mark[0] == self.script.delimiter[:1] or self.script.quote == mark:
                continue
            below = [row for row in self.rows[top + 1 :] if not is_rule(row.cells)]
            marked = [row for row in below if self.lines[row.line].startswith(mark)]
            fits = [row for row in marked if len(row.cells) == width and width > 1]
            enough = len(mark) > 1 or mark == "#" or len(marked) > 1
            if marked and not fits and enough and len(marked) * 2 < len(self.rows) and width > 1:
                return mark
        return ""

    def examined(self) -> Examined:
        """Return everything that was seen."""
        rows = self.rows
        dialect = replace(self.dialect, comment=self.comment)
        regions = self._tables() if "skipped_rows" not in self.fixed else []
        if not any(not is_empty(row.cells) for row in rows):
            return Examined(self._settled(dialect))
        number = self._chosen(regions)
        several = len(regions) > 1
        if several:
            first, last = regions[number - 1].first, regions[number - 1].last
        else:
            first = 0 if "skipped_rows" in self.fixed else self.below_keys or titles_above(rows)
            last = len(rows) - 1
        while first < last and is_empty(rows[first].cells):
            first += 1
        table = rows[first : last + 1]
        body = [row.cells for row in table if not is_empty(row.cells) and not is_rule(row.cells)]
        many = header_rows(body[:HEADER_SAMPLE]) if "header_rows" not in self.fixed else self.given.header_rows
        kept, totals = self._without_footer(table, many)
        end = table[kept - 1].end if kept else self.bottom
        skipped = rows[first].line
        footer = len(self.lines) - end if self._cuts_something(end) else 0
        dialect = replace(
            dialect,
            skipped_rows=skipped,
            header_rows=many,
            footer_rows=footer,
            table=number if several else 1,
        )
        parts = tuple(self._part(region) for region in regions) if several else ()
        return Examined(
            self._settled(dialect), parts, self._told(self.has_sep, skipped), self._told(end, len(self.lines)), totals
        )

    def _tables(self) -> list[Region]:
        """Return the tables; keys with their values and remark lines above or below a larger one are none."""
        regions = stacked(self.rows)
        if len(regions) < 2:
            return regions
        filled = sum(1 for row in self.rows if not is_empty(row.cells))
        if len(regions) > MOST_TABLES or sum(region.rows + 1 for region in regions) < CLEAR * filled:
            return []
        main = max(regions, key=lambda region: region.rows * region.width)
        tables = [region for region in regions if region is main or not self._is_metadata(region, main)]
        if tables == [main] and main is regions[-1]:
            self.below_keys = main.first
        return tables

    def _is_metadata(self, region: Region, main: Region) -> bool:
        line = self.lines[self.rows[region.first].line]
        if line.startswith(COMMENTS[:-1]):
            return True
        cells = [row.cells for row in self.rows[region.first : region.last + 1]]
        if region.width == 2 and all(row[0].rstrip().endswith(":") for row in cells if row):
            return True
        keys = region.width < min(3, main.width) or ":" in region.header[0]
        return keys and region.rows * 3 < main.rows

    def _settled(self, dialect: Dialect) -> Dialect:
        return replace(dialect, **{name: getattr(self.given, name) for name in self.fixed})

    def _chosen(self, regions: Sequence[Region]) -> int:
        """Return the number of the table to read, from 1: the stated one, else the largest; the first when in doubt."""
        if "table" in self.fixed:
            return min(self.given.table, max(1, len(regions)))
        if len(regions) < 2:
            return 1
        most = max(region.rows for region in regions)
        return 1 + next(n for n, region in enumerate(regions) if region.rows >= NEARLY * most)

    def _without_footer(self, table: Sequence[Cut], many: int) -> tuple[int, int]:
        """Return how many rows of the table stay, and the line of a row of totals that does not."""
        if "footer_rows" in self.fixed:
            return len(table), 0
        width = usual_width(table)
        kept = len(table) - remarks_below(table[many:], width)
        filled = [row for row in table[many:kept] if not is_empty(row.cells)]
        if self.whole and filled and self.tail_from == self.bottom and totals_below([row.cells for row in filled]):
            last = filled[-1]
            return next(n for n, row in enumerate(table) if row is last), last.line + 1
        return kept, 0

    def _cuts_something(self, end: int) -> bool:
        return any(line.strip(self.script.delimiter + " \t\r\n") for line in self.lines[end : self.bottom])

    def _part(self, region: Region) -> Part:
        rows = self.rows
        return Part(rows[region.first].line + 1, rows[region.last].end, region.rows, region.header)

    def _told(self, first: int, last: int) -> tuple[str, ...]:
        nothing = self.script.delimiter + ' "\t\r\n'
        found = [self.script.restored(line.strip(nothing)) for line in self.lines[first:last][:20]]
        return tuple(line[:200] for line in found if line)
