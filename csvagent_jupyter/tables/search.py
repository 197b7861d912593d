"""Looks cells up in a table, by a word that a person wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from .reader import Table

MAX_FOUND = 50
MAX_SEARCHED = 500_000


def find_values(table: Table, term: str) -> list[tuple[str, str, str]]:
    """Return up to `MAX_FOUND` (table, column, cell) triples whose cell holds `term`, whatever its case.

    Cells equal to the term come first, then those that begin with it, then those that hold it anywhere.
    """
    wanted = term.strip().casefold()
    if not wanted:
        return []
    ranked: list[tuple[int, int, str, str]] = []
    for position, field in enumerate(table.arrow.schema):
        if not is_text(field.type):
            continue
        for cell in _holding(table.arrow.column(position), term.strip()):
            folded = cell.strip().casefold()
            rank = 0 if folded == wanted else 1 if folded.startswith(wanted) else 2
            ranked.append((rank, len(cell), field.name, cell))
    ranked.sort(key=lambda found: found[:2])
    return [(table.name, name, cell) for _, _, name, cell in ranked[:MAX_FOUND]]


def _holding(column: Any, term: str) -> list[str]:
    """Return the distinct cells that hold `term`; only the first `MAX_SEARCHED` rows of a long column are looked at."""
    cells = pc.unique(plain_text(column.slice(0, MAX_SEARCHED)))
    held = pc.match_substring(cells, term, ignore_case=True).fill_null(False)
    found: list[str] = pc.filter(cells, held).slice(0, MAX_FOUND * 20).to_pylist()
    return found


def is_text(kind: Any) -> bool:
    """Tell whether an Arrow type holds text, be it as categories."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def plain_text(column: Any) -> Any:
    """Return a column of text as the one type that every function of Arrow takes."""
    return column.cast(pa.large_string()) if not pa.types.is_large_string(column.type) else column
