"""A large file seen in samples from its whole length: what its columns seem to be, and its first rows.

What was only sampled says so; a reading of the whole verifies every cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from ....messages import Dialect, Kind
from ..columns.plans import ColumnPlan
from ..columns.schema import typed_table
from ..columns.typed import convert, widen
from ..columns.values import plan_columns, settle_words
from ..encoding.decoder import Decoder
from ..layout.lines import prepared
from ..layout.rows import parse
from . import streams
from .blocks import after_lines
from .streams import PIECE, Source
from .texts import TEXT

HEAD: Final = 256 << 10
SHOWN: Final = 1_000
LOOKED: Final = 400


@dataclass(frozen=True, slots=True)
class Glance:
    """What samples of a file show: its columns and the `sampled` rows, of which the `first` ones begin the file.

    `rows` is how many the file has, about; None where that cannot be told.
    """

    plans: list[ColumnPlan]
    first: pa.Table
    sampled: pa.Table
    rows: int | None


def planned(source: Source, dialect: Dialect, names: Sequence[str], encoding: str, body_line: int) -> list[ColumnPlan]:
    """Return what the columns are, as samples show."""
    return _planned(sampled_rows(source, dialect, len(names), encoding, body_line), dialect, names)


def _planned(pieces: Iterable[list[list[str]]], dialect: Dialect, names: Sequence[str]) -> list[ColumnPlan]:
    if dialect.as_text:
        return [ColumnPlan(name, "text", verbatim=True) for name in names]
    cells = [row for rows in pieces for row in rows]
    columns: list[Any] = [pa.array(column, TEXT) for column in zip(*cells, strict=True)] if cells else []
    columns = columns or [pa.array([], TEXT) for _ in names]
    stated = frozenset(dialect.stated)
    types: Mapping[str, Kind] = dialect.types  # type: ignore[assignment]
    plans = plan_columns(
        dict(zip(names, columns, strict=True)),
        delimiter=dialect.delimiter,
        decimal=dialect.decimal if "decimal" in stated else "",
        thousands=dialect.thousands if "thousands" in stated else "",
        dayfirst=dialect.dayfirst,
        missing=dialect.missing,
        types=types,
    )
    return settle_words(plans)


def usual_width(
    source: Source, dialect: Dialect, columns: int, header: Sequence[str], encoding: str, body_line: int
) -> int:
    """Return how many cells most rows have; the last of the `columns` may stand in few rows only, and in no header."""
    text = _head(source, encoding, body_line).decode("utf-8", "replace")
    lines, script = prepared(text, replace(dialect, header_rows=0, skipped_rows=0, footer_rows=0))
    rows = [row for row in islice(script.reader(lines, strict=False), LOOKED) if row]
    usual = Counter(map(len, rows)).most_common(1)[0][0] if rows else columns
    named = max((number for number, name in enumerate(header, 1) if name), default=0)
    return min(columns, max(usual, named, 1))


def glance(source: Source, dialect: Dialect, names: Sequence[str], encoding: str, body_line: int) -> Glance:
    """Return the first rows of a large file and what its columns seem to be, without reading all of it."""
    pieces = list(sampled_rows(source, dialect, len(names), encoding, body_line))
    plans = _planned(pieces, dialect, names)
    cells = [row for rows in pieces for row in rows]
    columns: list[Any] = [pa.array(column, TEXT) for column in zip(*cells, strict=True)]
    found = [
        _fitting(plan, column) for plan, column in zip(plans, columns or [pa.array([], TEXT)] * len(names), strict=True)
    ]
    plans = [plan for plan, _ in found]
    sampled = typed_table(plans, [array for _, array in found])
    first = sampled.slice(0, min(SHOWN, len(pieces[0])))
    return Glance(plans, first, sampled, _estimated(source, len(pieces[0]), body_line))


def _estimated(source: Source, first: int, body_line: int) -> int | None:
    """Return how many rows a file has, about: from the length of lines everywhere, and how many the `first` rows take.

    How long a packed file is unpacked, is not known.
    """
    if source.compression:
        return None
    head = source.start[: max(HEAD, _enough(source.start, body_line))]
    body = head[max(0, after_lines(head, body_line - 1)) :]
    lines = max(1, body.count(b"\n") or body.count(b"\r"))
    line = row_bytes(b"".join((*source.middle, source.tail)) or body)
    above = len(head) - len(body)
    return max(first, round((source.size - above) / max(1, line) * first / lines))


def _fitting(plan: ColumnPlan, column: Any) -> tuple[ColumnPlan, Any]:
    """Return the plan, widened until all cells fit, and the cells."""
    found = convert(plan, column)
    while found.unfit and not plan.stated:
        plan = widen(plan, found.unfit_words, unfit=found.unfit, cells=len(column))
        found = convert(plan, column)
    return plan, found.array


def sampled_rows(
    source: Source, dialect: Dialect, width: int, encoding: str, body_line: int
) -> Iterator[list[list[str]]]:
    """Yield rows from the start of the file, then from other places in it."""
    body = replace(dialect, header_rows=0, skipped_rows=0, footer_rows=0, strict=False)
    yield _rows(_head(source, encoding, body_line), body, width)
    size = len(source.start) // 24
    others = source.middle or tuple(source.start[size * n : size * n + PIECE] for n in range(4, 24))
    for piece in (*others, source.tail):
        if encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")):
            continue
        text = _text(piece, encoding)
        begin = text.find(b"\n") + 1 or text.find(b"\r") + 1
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if begin < end:
            yield _regular_rows(text[begin:end], body, width)


def _head(source: Source, encoding: str, body_line: int) -> bytes:
    """Return the first rows of the table, in UTF-8."""
    size = max(HEAD, _enough(source.start, body_line))
    whole = size >= len(source.start) < streams.HEAD
    head = Decoder(encoding).utf8(source.start[:size], final=whole)
    if not whole:
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1] or head
    return head[max(0, after_lines(head, body_line - 1)) :]


def _enough(start: bytes, body_line: int) -> int:
    """Return how many bytes hold the header and some rows below it."""
    at = after_lines(start, body_line - 1)
    end = start.find(b"\n", max(at, 0) + HEAD)
    return len(start) if end < 0 else end + 1


def _rows(text: bytes, body: Dialect, width: int) -> list[list[str]]:
    rows = parse(text.decode("utf-8", "replace"), body, width)
    return [row[:width] for row in rows.cells]


def _regular_rows(text: bytes, body: Dialect, width: int) -> list[list[str]]:
    """Return the rows of a piece that may begin within a cell: those that had to be mended are of no use."""
    rows = parse(text.decode("utf-8", "replace"), body, width)
    mended = {line for repair in rows.repairs.breaks.values() for line in repair.lines}
    return [row[:width] for row, line in zip(rows.cells, rows.lines, strict=True) if line not in mended][1:]


def _text(piece: bytes, encoding: str) -> bytes:
    return Decoder(encoding).utf8(piece, final=True)


def row_bytes(head: bytes) -> int:
    """Return how long a row is, about."""
    return len(head) // max(1, head.count(b"\n") or head.count(b"\r"))
