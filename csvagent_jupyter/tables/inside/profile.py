"""The profile of a table: per column its type, gaps, distinct values, range and examples, all bounded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from ...messages import Column, Kind, Profile
from ...translations import Language
from ..frame import kind_of

if TYPE_CHECKING:
    from ..reader import Table

MAX_COLUMNS = 1_000
EXACT_ROWS = 1_000_000
MAX_CELL = 60
EXAMPLES = 3
FREQUENT = 20
CATEGORY_VALUES = 50
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_FOUND = 50
MAX_SEARCHED = 500_000
_KINDS = frozenset(get_args(Kind))


def profile_of(table: Table, language: Language = "en") -> Profile:
    """Return the profile of `table`; its first `MAX_COLUMNS` columns are described, the others counted."""
    arrow = table.arrow
    shown = arrow.column_names[:MAX_COLUMNS]
    columns = tuple(_column(arrow.field(position), arrow.column(position)) for position in range(len(shown)))
    return Profile(
        path=table.source_path,
        name=table.name,
        rows=arrow.num_rows,
        columns=columns,
        dialect=table.dialect,
        notes=table.notes,
        columns_left_out=arrow.num_columns - len(shown),
    )


def find_values(table: Table, term: str) -> list[tuple[str, str, str]]:
    """Return up to `MAX_FOUND` (table, column, cell) triples whose cell holds `term`, whatever its case.

    Cells equal to the term come first, then those that begin with it, then those that hold it anywhere.
    """
    wanted = term.strip().casefold()
    if not wanted:
        return []
    ranked: list[tuple[int, int, str, str]] = []
    for position, field in enumerate(table.arrow.schema):
        if not _is_text(field.type):
            continue
        for cell in _holding(table.arrow.column(position), term.strip()):
            folded = cell.strip().casefold()
            rank = 0 if folded == wanted else 1 if folded.startswith(wanted) else 2
            ranked.append((rank, len(cell), field.name, cell))
    ranked.sort(key=lambda found: found[:2])
    return [(table.name, name, cell) for _, _, name, cell in ranked[:MAX_FOUND]]


def _holding(column: Any, term: str) -> list[str]:
    """Return the distinct cells that hold `term`; only the first `MAX_SEARCHED` rows of a long column are looked at."""
    cells = pc.unique(_plain_text(column.slice(0, MAX_SEARCHED)))
    held = pc.match_substring(cells, term, ignore_case=True).fill_null(False)
    found: list[str] = pc.filter(cells, held).slice(0, MAX_FOUND * 20).to_pylist()
    return found


def _column(field: Any, column: Any) -> Column:
    nulls = column.null_count
    dtype = _dtype(field, column)
    filled = column.drop_null()
    base = Column(field.name, _kind(field, column), nulls=nulls, dtype=dtype)
    if not len(filled):
        return _changed(base, type="empty")
    if _is_text(field.type):
        return _text_column(base, _plain_text(filled))
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        filled = filled.cast(kind)
    distinct, approximate = _distinct(filled)
    base = _changed(base, distinct=distinct, distinct_is_approximate=approximate, examples=_examples(filled))
    if distinct <= FREQUENT and not approximate:
        base = _changed(base, frequent=_frequent(filled))
    if pa.types.is_boolean(kind):
        return base
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number_column(base, filled)
    if pa.types.is_temporal(kind):
        return _date_column(base, filled)
    return base


def _changed(column: Column, **values: Any) -> Column:
    from dataclasses import replace

    return replace(column, **values)


def _kind(field: Any, column: Any) -> Kind:
    """Return the kind kept with the column, else what its type says."""
    kept = kind_of(field)
    if kept in _KINDS:
        kind: Kind = kept  # type: ignore[assignment]
        return kind
    kinds: list[tuple[Any, Kind]] = [
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_dictionary, "category"),
        (pa.types.is_duration, "duration"),
        (pa.types.is_time, "time"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "datetime"),
        (_is_text, "text"),
        (pa.types.is_null, "empty"),
    ]
    found: Kind = next((kind for fits, kind in kinds if fits(field.type)), "mixed")
    if found == "datetime" and field.type.tz is None and _midnights(column):
        return "date"
    return found


def _midnights(column: Any) -> bool:
    """Tell dates from points in time: every one of them is a midnight."""
    filled = column.drop_null()
    return bool(len(filled)) and bool(pc.all(pc.equal(filled, pc.floor_temporal(filled, unit="day"))).as_py())


def _dtype(field: Any, column: Any) -> str:
    """Return the name of the type that the column has in the kernel's DataFrame."""
    return str(column.slice(0, 0).to_pandas().dtype)


def _text_column(base: Column, cells: Any) -> Column:
    counted = pc.value_counts(cells.slice(0, EXACT_ROWS))
    words, counts = counted.field("values"), counted.field("counts")
    distinct = len(words)
    approximate = len(cells) > EXACT_ROWS
    kind = base.type
    few = distinct <= CATEGORY_VALUES and distinct * 2 <= len(cells)
    if kind == "text" and few:
        kind = "category"
    lengths = pc.utf8_length(words)
    frequent: tuple[tuple[str, int], ...] = ()
    if few and not approximate and pc.max(lengths).as_py() <= 1_000:
        top = pc.select_k_unstable(counts, k=FREQUENT, sort_keys=[("", "descending")])
        frequent = tuple(
            (_cut(word), count)
            for word, count in zip(words.take(top).to_pylist(), counts.take(top).to_pylist(), strict=True)
        )
    return _changed(
        base,
        type=kind,
        distinct=distinct,
        distinct_is_approximate=approximate,
        examples=tuple(_cut(word) for word in words.slice(0, EXAMPLES).to_pylist()),
        frequent=frequent,
    )


def _number_column(base: Column, filled: Any) -> Column:
    numbers = filled.cast(pa.float64(), safe=False) if pa.types.is_decimal(filled.type) else filled
    finite = pc.filter(numbers, pc.is_finite(numbers)) if pa.types.is_floating(numbers.type) else numbers
    if not len(finite):
        return base
    bounds: Any = pc.min_max(finite).as_py()
    quantiles: list[Any] = pc.quantile(finite, q=QUANTILES).to_pylist()  # type: ignore[arg-type]
    whole = base.type == "integer"
    return _changed(
        base,
        min=_number(bounds["min"], whole),
        max=_number(bounds["max"], whole),
        mean=_number(pc.mean(finite).as_py(), False),
        quantiles=tuple(_number(value, whole and float(value).is_integer()) for value in quantiles),
    )


def _date_column(base: Column, filled: Any) -> Column:
    ticks = filled.cast(pa.int64()) if pa.types.is_duration(filled.type) else filled
    found: Any = pc.min_max(ticks).as_py()
    bounds = {name: pa.scalar(tick, filled.type).as_py() for name, tick in found.items()}
    return _changed(base, min=_moment(bounds["min"], base.type), max=_moment(bounds["max"], base.type))


def _number(value: Any, whole: bool) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if whole else value


def _moment(value: Any, kind: str) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text[:10] if kind == "date" else text


def _distinct(filled: Any) -> tuple[int, bool]:
    seen = filled.slice(0, EXACT_ROWS)
    return int(pc.count_distinct(seen).as_py()), len(filled) > len(seen)


def _examples(filled: Any) -> tuple[str, ...]:
    cells = pc.unique(filled.slice(0, 100)).slice(0, EXAMPLES).to_pylist()
    return tuple(_shown(cell) for cell in cells)


def _frequent(filled: Any) -> tuple[tuple[str, int], ...]:
    counted = [(item["values"], item["counts"]) for item in pc.value_counts(filled).to_pylist()]
    counted.sort(key=lambda pair: -pair[1])
    return tuple((_shown(cell), count) for cell, count in counted)


def _shown(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    text = str(cell)
    return _cut(text.removesuffix(" 00:00:00"))


def _cut(text: str) -> str:
    line = " ".join(text[: MAX_CELL * 4].split())
    return line if len(line) <= MAX_CELL and len(text) <= MAX_CELL * 4 else line[: MAX_CELL - 1] + "…"


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain_text(column: Any) -> Any:
    return column.cast(pa.large_string()) if not pa.types.is_large_string(column.type) else column
