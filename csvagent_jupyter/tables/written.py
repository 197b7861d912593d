"""A kept table as JSON or CSV, piece by piece: however long it is, only a few rows of it are text at a time."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ..messages import ResultTable

ROWS: Final = 1_000
CELLS: Final = 50_000
_SAFE_INTEGER: Final = 2**63
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class KeptTable:
    """An Arrow file of ours, read where it lies; `with opened(path) as table` closes it."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.columns: tuple[str, ...] = tuple(reader.schema.names)
        self._sizes = [reader.get_batch(number).num_rows for number in range(reader.num_record_batches)]
        self.total_rows = sum(self._sizes)
        self._dates_only = {name for name in self.columns if self._is_dates_only(name)}

    def rows(self, offset: int = 0, limit: int | None = None) -> Iterator[list[list[Any]]]:
        """Yield the rows from `offset` on as JSON values, a piece at a time."""
        left = self.total_rows if limit is None else limit
        at_once = max(1, min(ROWS, CELLS // max(1, len(self.columns))))
        for number, size in enumerate(self._sizes):
            while offset < size and left > 0:
                piece = self._reader.get_batch(number).slice(offset, min(at_once, left))
                yield self._cells(piece)
                offset, left = offset + piece.num_rows, left - piece.num_rows
            offset = max(0, offset - size)

    def json(self, offset: int = 0, limit: int | None = None) -> Iterator[str]:
        """Yield ``{"columns", "total_rows", "offset", "rows"}`` as text."""
        head = {"columns": self.columns, "total_rows": self.total_rows, "offset": offset}
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": ['
        between = ""
        for rows in self.rows(offset, limit):
            yield between + json.dumps(rows, ensure_ascii=False, allow_nan=False)[1:-1]
            between = ", "
        yield "]}"

    def csv(self, offset: int = 0, limit: int | None = None, *, for_spreadsheet: bool = False) -> Iterator[str]:
        """Yield the rows as RFC 4180 writes them, under the names of the columns; missing cells are empty.

        Cells are written as they are. A spreadsheet takes a text that begins with ``=``, ``+``, ``-`` or ``@`` for a
        formula: with `for_spreadsheet` an apostrophe stands before it.
        """
        names = _text_only([list(self.columns)]) if for_spreadsheet else [self.columns]
        yield _csv(names)
        for rows in self.rows(offset, limit):
            yield _csv(_text_only(rows) if for_spreadsheet else rows)

    def _cells(self, piece: Any) -> list[list[Any]]:
        columns = [
            [_cell(item, name in self._dates_only) for item in column.to_pylist()]
            for name, column in zip(self.columns, piece.columns, strict=True)
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def _is_dates_only(self, name: str) -> bool:
        """Tell whether a column of times has none but midnights, so that it is written as dates."""
        kind = self._reader.schema.field(name).type
        if not pa.types.is_timestamp(kind):
            return False
        return all(
            pc.all(pc.equal(pc.floor_temporal(column, unit="day"), column), skip_nulls=True).as_py() is not False
            for column in (self._reader.get_batch(number).column(name) for number in range(len(self._sizes)))
        )


@contextmanager
def opened(path: Path) -> Iterator[KeptTable]:
    """Give the table of an Arrow file."""
    with pa.memory_map(str(path), "rb") as source:
        yield KeptTable(pa.ipc.open_file(source))


def first_rows(table: pa.Table, limit: int) -> ResultTable:
    """Return the first rows of a table as JSON values."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table.slice(0, limit))
    kept = KeptTable(pa.ipc.open_file(sink.getvalue()))
    rows = tuple(tuple(row) for piece in kept.rows() for row in piece)
    return ResultTable(kept.columns, rows, table.num_rows)


def _cell(item: Any, dates_only: bool) -> Any:
    """Return one cell as the answer shows it: what JSON does not have is text, what is missing or infinite None."""
    if item is None or isinstance(item, bool):
        return item
    if isinstance(item, int):
        return item if -_SAFE_INTEGER <= item < _SAFE_INTEGER else str(item)
    if isinstance(item, float | Decimal):
        number = float(item)
        return number if math.isfinite(number) else None
    if isinstance(item, datetime.datetime) and dates_only:
        return item.date().isoformat()
    if isinstance(item, datetime.date | datetime.time):
        return item.isoformat()
    return str(item)


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _text_only(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Keep texts from being read as formulas."""
    return [
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row] for row in rows
    ]
