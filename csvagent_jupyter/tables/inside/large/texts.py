"""A block of rows as columns of text: by Arrow where it is regular, by the tolerant parser where it is not.

Arrow reads a block many times faster and says which rows have too many cells or too few. These, rows without any cell,
headers in the middle, and whatever is quoted irregularly go through `rows`, together with the rows around them, by
which they are mended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ....messages import Dialect
from ..encoding.utf8 import is_utf8
from ..layout.repairs import Repairs
from ..layout.rows import parse
from .blocks import Block, one_byte, row_starts

SECTION: Final = 500
"""Rows that go together where one of them has to be mended."""
TEXT: Final = pa.large_string()
_BOM: Final = b"\xef\xbb\xbf"


class NotUtf8(Exception):
    """Some bytes are no UTF-8, or files were joined: the text has to be decoded with care."""


class Wider(Exception):
    """A row has more cells than the table has columns, and they are not empty."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.width = width


@dataclass(frozen=True, slots=True)
class Texts:
    """The cells of a block by column; the lines of `repairs` are counted from 1 at the block's first one."""

    columns: list[Any]
    rows: int
    repairs: Repairs


@dataclass(slots=True)
class TextReader:
    """Reads blocks of a table with `total` columns, `width` in most rows; several threads may use it at once."""

    dialect: Dialect
    width: int
    total: int
    header: Sequence[str]
    body: Dialect = field(init=False)
    _names: list[str] = field(init=False)
    _native: bool = field(init=False)

    def __post_init__(self) -> None:
        marks = (self.dialect.delimiter, self.dialect.quotechar, self.dialect.escapechar)
        self._native = not self.dialect.repeated and all(len(mark) <= 1 and mark < "\x80" for mark in marks)
        self._names = [str(number) for number in range(self.width)]
        self.body = replace(self.dialect, header_rows=0, skipped_rows=0, footer_rows=0)

    def read(self, block: Block) -> Texts:
        """Return the cells of a block; raises Wider and NotUtf8."""
        if b"\r" in block.data and b"\n" not in block.data and not _has(block.data, self.dialect.quotechar):
            block = replace(block, data=block.data.replace(b"\r", b"\n"))
        if not is_utf8(block.data) or (b"\xef" in block.data and _BOM in block.data):
            raise NotUtf8
        try:
            return self._read(block)
        except pa.ArrowInvalid:
            return self._gathered([self._by_rows(block.data, 0, len(block.data))])

    def _read(self, block: Block) -> Texts:
        data = block.data
        if not self._native or b"\0" in data or _has_lone_returns(data):
            return self._gathered([self._by_rows(data, 0, len(data))])
        pieces: list[tuple[list[Any], int, Repairs]] = []
        for begin, end, odd in self._parts(block):
            if odd:
                pieces.append(self._by_rows(data, begin, end))
            elif end > begin:
                pieces += self._regular(data, begin, end)
        return self._gathered(pieces)

    def _gathered(self, pieces: Sequence[tuple[list[Any], int, Repairs]]) -> Texts:
        repairs = Repairs()
        for _, _, more in pieces:
            repairs.join(more)
        if len(pieces) == 1:
            return Texts(self._whole(pieces[0][0], pieces[0][1]), pieces[0][1], repairs)
        whole = [self._whole(columns, rows) for columns, rows, _ in pieces]
        columns = [pa.concat_arrays([part[n] for part in whole]) for n in range(self.total)] if pieces else []
        return Texts(columns or self._whole(self._empty(), 0), sum(piece[1] for piece in pieces), repairs)

    def _whole(self, columns: list[Any], rows: int) -> list[Any]:
        """Return the columns with empty ones for those that only few rows have."""
        missing = self.total - len(columns)
        return [*columns, *[pa.repeat(pa.scalar("", TEXT), rows)] * missing] if missing else columns

    def _empty(self) -> list[Any]:
        return [pa.array([], TEXT) for _ in range(self.width)]

    def _parts(self, block: Block) -> list[tuple[int, int, bool]]:
        """Return the parts of a block, regular or not; some rows before and behind what is odd belong to it."""
        parts: list[tuple[int, int, bool]] = []
        at = 0
        quote = one_byte(self.dialect.quotechar)
        for number, (begin, end) in enumerate(block.odd):
            starts = row_starts(block.data[at:begin], quote)[0]
            before = at + int(starts[max(0, len(starts) - 1 - SECTION)]) if begin > at else begin
            last = block.odd[number + 1][0] if number + 1 < len(block.odd) else len(block.data)
            behind = row_starts(block.data[end:last], quote)[0]
            after = end + int(behind[min(SECTION, len(behind) - 1)]) if last > end else end
            if parts and before <= parts[-1][0]:
                parts[-1] = (parts[-1][0], after, True)
            else:
                parts += [(at, before, False), (before, after, True)]
            at = after
        return [*parts, (at, len(block.data), False)]

    def _regular(self, data: bytes, begin: int, end: int) -> list[tuple[list[Any], int, Repairs]]:
        """Read a part whose quotes are regular; the sections in which a row does not fit are read again."""
        bad: list[int] = []
        piece = pa.py_buffer(data).slice(begin, end - begin)
        table = self._arrow(piece, bad)
        columns = [
            column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) for column in table.columns
        ]
        if not table.num_rows:
            columns = self._empty()
        numbers = np.array(bad, np.int64) - 1
        dropped = self._dropped(columns)
        if not len(numbers) and dropped is None:
            return [(columns, len(columns[0]), Repairs())]
        kept = np.delete(np.arange(len(columns[0]) + len(numbers)), numbers)
        if dropped is not None:
            numbers = np.sort(np.concatenate([numbers, kept[dropped]]))
        starts, _ = row_starts(data[begin:end], one_byte(self.dialect.quotechar))
        if starts[-1] < end - begin:
            starts = np.append(starts, end - begin)
        pieces: list[tuple[list[Any], int, Repairs]] = []
        done = 0
        for section in _sections(numbers):
            first, last = section[0] * SECTION, min((section[1] + 1) * SECTION, len(starts) - 1)
            pieces += self._between(columns, kept, done, first)
            pieces.append(self._by_rows(data, begin + int(starts[first]), begin + int(starts[last])))
            done = last
        return pieces + self._between(columns, kept, done, len(kept) + len(numbers) + 1)

    def _between(self, columns: list[Any], kept: Any, first: int, last: int) -> list[tuple[list[Any], int, Repairs]]:
        """Return the rows from number `first` up to `last`, all of which Arrow has read."""
        at, end = (int(np.searchsorted(kept, number)) for number in (first, last))
        return [([column.slice(at, end - at) for column in columns], end - at, Repairs())] if end > at else []

    def _arrow(self, piece: Any, bad: list[int]) -> Any:
        def unfit(row: Any) -> Literal["skip"]:
            bad.append(row.number)
            return "skip"

        return pa_csv.read_csv(
            pa.BufferReader(piece),  # type: ignore[arg-type]
            pa_csv.ReadOptions(column_names=self._names, use_threads=False, block_size=max(len(piece) + 1, 1 << 20)),
            pa_csv.ParseOptions(
                delimiter=self.dialect.delimiter,
                quote_char=self.dialect.quotechar or False,
                double_quote=bool(self.dialect.quotechar),
                escape_char=self.dialect.escapechar or False,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=unfit,
            ),
            pa_csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(self._names, TEXT), strings_can_be_null=False
            ),
        )

    def _dropped(self, columns: list[Any]) -> Any:
        """Return which rows the tolerant parser would leave out: without any cell, like the header, remarks."""
        if not len(columns[0]):
            return None
        first = columns[0]
        sizes = pc.binary_length(first).to_numpy()
        found = np.zeros(len(first), np.bool_)
        if self.width == 1:
            found |= _same(pc.binary_length(pc.utf8_trim_whitespace(first)), 0)
        else:
            found[_alike(columns, np.flatnonzero(sizes == 0), [""] * self.width)] = True
            if self.header:
                found[_alike(columns, np.flatnonzero(sizes == len(self.header[0].encode())), self.header)] = True
        if self.dialect.comment:
            found |= pc.starts_with(first, self.dialect.comment).to_numpy(False)
        return np.flatnonzero(found) if found.any() else None

    def _count_blank_lines(self, repairs: Repairs, data: bytes, end: int) -> None:
        """Count the blank lines before `end`: at the end of a whole text they would be nothing to tell of."""
        filled = len(data[:end].rstrip(b"\r\n"))
        first = data.count(b"\n", 0, filled) + 2
        for line in range(first, data.count(b"\n", 0, end) + 1):
            repairs.add("blank", line)

    def _by_rows(self, data: bytes, begin: int, end: int) -> tuple[list[Any], int, Repairs]:
        line = data.count(b"\n", 0, begin) + 1
        rows = parse(data[begin:end].decode("utf-8"), self.body, self.width, line)
        if end < len(data):
            self._count_blank_lines(rows.repairs, data, end)
        if rows.width > self.total:
            raise Wider(rows.width)
        cells = rows.cells
        header = list(self.header)
        if self.width > 1 and header in cells:
            for row, at in zip(cells, rows.lines, strict=True):
                if row == header:
                    rows.repairs.add("header_again", at)
            cells = [row for row in cells if row != header]
        columns = [pa.array(column, TEXT) for column in zip(*cells, strict=True)] if cells else self._empty()
        return columns, len(cells), rows.repairs


def _sections(numbers: Any) -> list[tuple[int, int]]:
    """Return the first and last section of every run of sections that have one of these rows."""
    sections = np.unique(numbers // SECTION)
    breaks = np.flatnonzero(np.diff(sections) > 1)
    firsts = sections[np.concatenate([[0], breaks + 1])]
    lasts = sections[np.concatenate([breaks, [len(sections) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _alike(columns: Sequence[Any], at: Any, cells: Sequence[str]) -> Any:
    """Return those of the rows `at` that consist of these cells."""
    for column, cell in zip(columns, cells, strict=False):
        if not len(at):
            break
        at = at[_same(column.take(pa.array(at)), cell)]
    return at


def _same(column: Any, cell: object) -> Any:
    return pc.equal(column, pa.scalar(cell, column.type)).to_numpy(False)


def _has_lone_returns(data: bytes) -> bool:
    return b"\r" in data and (data.count(b"\r") != data.count(b"\r\n") or b"\r\r\n" in data)


def _has(data: bytes, mark: str) -> bool:
    return bool(mark) and mark.encode() in data
