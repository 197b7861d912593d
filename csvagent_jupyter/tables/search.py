"""Looks cells up in a table, by a word that a person wrote, piece by piece: the cells may be many, and long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .cells import LOOKED_AT

if TYPE_CHECKING:
    from .reader import Table

MAX_FOUND: Final = 50
LONGEST_CELL: Final = 1_000
"""Letters of a cell that are looked at."""
MOST_BYTES: Final = LOOKED_AT
"""Bytes of cells that are looked at for one word; of a table that has more, the first of each column."""
_PIECE_BYTES: Final = 4 << 20
_PIECE_ROWS: Final = 1 << 16


def find_values(table: Table, term: str) -> list[tuple[str, str, str]]:
    """Return up to `MAX_FOUND` (table, column, cell) triples whose cell holds `term`, whatever its case.

    Cells equal to the term come first, then those that begin with it, then those that hold it anywhere. A long cell is
    cut.
    """
    wanted = term.strip().casefold()
    if not wanted:
        return []
    ranked: list[tuple[int, int, str, str]] = []
    columns = [(field.name, n) for n, field in enumerate(table.arrow.schema) if is_text(field.type)]
    left = MOST_BYTES
    for number, (name, position) in enumerate(columns):
        cells, looked = _holding(table.arrow.column(position), term.strip(), left // (len(columns) - number))
        left -= looked
        for cell in cells:
            folded = cell.strip().casefold()
            rank = 0 if folded == wanted else 1 if folded.startswith(wanted) else 2
            ranked.append((rank, len(cell), name, cell))
    ranked.sort(key=lambda found: found[:2])
    return [(table.name, name, cell) for _, _, name, cell in ranked[:MAX_FOUND]]


def _holding(column: Any, term: str, most: int) -> tuple[list[str], int]:
    """Return distinct cells that hold `term`, and how many bytes were looked at; the first `most` of them are."""
    found: dict[str, None] = {}
    looked = 0
    for piece in _pieces(column):
        looked += piece.nbytes
        cells = pc.unique(piece)
        held = pc.match_substring(cells, term, ignore_case=True).fill_null(False)
        found.update(dict.fromkeys(pc.filter(cells, held).slice(0, MAX_FOUND * 20).to_pylist()))
        if looked >= most or len(found) >= MAX_FOUND * 20:
            break
    return list(found)[: MAX_FOUND * 20], looked


def _pieces(column: Any) -> Iterator[Any]:
    """Yield the cells of a column of text a few at a time, each cut; of categories those that are there."""
    for chunk in column.chunks:
        if not pa.types.is_dictionary(chunk.type):
            yield from (piece for _, piece in _cut(chunk))
            continue
        used = np.sort(pc.unique(chunk.indices).drop_null().to_numpy(zero_copy_only=False))
        for start, piece in _cut(chunk.dictionary):
            here = used[(used >= start) & (used < start + len(piece))]
            yield piece.take(pa.array(here - start))


def _cut(texts: Any) -> Iterator[tuple[int, Any]]:
    """Yield (number of the first, cells), all cut, in pieces that take little memory whatever the cells are."""
    rows = _PIECE_BYTES * len(texts) // max(1, texts.nbytes)
    rows = max(1, min(rows, _PIECE_ROWS))
    for start in range(0, len(texts), rows):
        whole = texts.slice(start, rows)
        if whole.nbytes > _PIECE_BYTES * 4 and len(whole) > 1:
            yield from ((start + at, piece) for at, piece in _cut(whole))
        else:
            yield start, plain_text(pc.utf8_slice_codeunits(whole, 0, LONGEST_CELL))


def is_text(kind: Any) -> bool:
    """Tell whether an Arrow type holds text, be it as categories."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def plain_text(column: Any) -> Any:
    """Return a column of text as the one type that every function of Arrow takes."""
    return column.cast(pa.large_string()) if not pa.types.is_large_string(column.type) else column
