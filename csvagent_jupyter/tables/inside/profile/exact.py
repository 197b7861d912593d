"""The profile of a table: per column its type, gaps, distinct values, range and examples, all bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from ....messages import Column, Kind, Profile
from ....translations import Language
from ...frame import kind_of
from ...search import is_text, plain_text
from .sketch import finite

if TYPE_CHECKING:
    from ...reader import Table

MAX_COLUMNS = 1_000
EXACT_ROWS = 1_000_000
BATCH = 1 << 16
MAX_CELL = 60
MAX_COUNTED_CELL = 1_000
EXAMPLES = 3
FREQUENT = 20
CATEGORY_VALUES = 50
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_KINDS = frozenset(get_args(Kind))


def profile_of(table: Table, language: Language = "en") -> Profile:
    """Return the profile of `table`; its first `MAX_COLUMNS` columns are described, the others counted."""
    columns, left_out = columns_of(table.arrow)
    return Profile(
        path=table.source_path,
        name=table.name,
        rows=table.arrow.num_rows,
        columns=columns,
        dialect=table.dialect,
        notes=table.notes,
        columns_left_out=left_out,
    )


def columns_of(arrow: pa.Table) -> tuple[tuple[Column, ...], int]:
    """Describe the first `MAX_COLUMNS` columns of an Arrow table, and count the others.

    Up to `EXACT_ROWS` rows everything is exact; of more, what is not says so.
    """
    if arrow.num_rows <= EXACT_ROWS:
        return exact_columns(arrow)
    from .batches import Profiler

    profiler = Profiler(arrow.schema, hold=False)
    for batch in arrow.unify_dictionaries().to_batches(max_chunksize=BATCH):
        profiler.add(batch)
    return profiler.columns(), profiler.columns_left_out


def exact_columns(arrow: pa.Table) -> tuple[tuple[Column, ...], int]:
    """Describe the first `MAX_COLUMNS` columns of a table that is in memory; count the others."""
    fields = [arrow.field(position) for position in range(min(arrow.num_columns, MAX_COLUMNS))]
    nulls = [arrow.column(position).null_count for position in range(len(fields))]
    dtypes = dtypes_of(arrow.schema, nulls)
    columns = tuple(
        _column(Column(field.name, "empty", nulls=gaps, dtype=dtype), field, arrow.column(position))
        for position, (field, gaps, dtype) in enumerate(zip(fields, nulls, dtypes, strict=True))
    )
    return columns, arrow.num_columns - len(fields)


def dtypes_of(schema: pa.Schema, nulls: Sequence[int]) -> list[str]:
    """Return the names of the types that the first columns have in pandas: whole numbers with gaps are float64."""
    fields: list[Any] = [schema.field(position) for position in range(len(nulls))]
    arrays: list[Any] = []
    for field, gaps in zip(fields, nulls, strict=True):
        firm = not gaps and (pa.types.is_integer(field.type) or pa.types.is_boolean(field.type))
        arrays.append(pa.array([0], pa.int64()).cast(field.type) if firm else pa.nulls(1, field.type))
    metadata: Any = schema.metadata
    frame = pa.table(arrays, schema=pa.schema(fields, metadata=metadata)).to_pandas(use_threads=False)
    return [str(dtype) for dtype in frame.dtypes]


def _column(base: Column, field: Any, column: Any) -> Column:
    filled = column.drop_null()
    if not len(filled):
        return base
    dates = may_be_dates(field) and are_midnights(filled)
    base = replace(base, type=kind_from(field, dates))
    if is_text(field.type):
        return _text_column(base, plain_text(filled))
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        filled = filled.cast(kind)
    distinct = int(pc.count_distinct(filled).as_py())
    base = replace(base, distinct=distinct, examples=_examples(filled))
    if distinct <= FREQUENT:
        counted = pc.value_counts(filled)
        words, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
        base = replace(base, frequent=most_frequent(dict(zip(words, counts, strict=True))))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number_column(base, filled)
    if pa.types.is_temporal(kind):
        ticks: Any = filled.cast(pa.int64() if kind.bit_width == 64 else pa.int32())
        found: Any = pc.min_max(ticks).as_py()
        return with_moments(base, kind, found["min"], found["max"])
    return base


def kind_from(field: Any, dates: bool) -> Kind:
    """Return the kind kept with the column, else what its type says; `dates` tells that its times are all midnights."""
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
        (is_text, "text"),
        (pa.types.is_null, "empty"),
    ]
    found: Kind = next((kind for fits, kind in kinds if fits(field.type)), "mixed")
    return "date" if found == "datetime" and dates and may_be_dates(field) else found


def may_be_dates(field: Any) -> bool:
    """Tell whether only the cells say if a column is of dates or of points in time."""
    return pa.types.is_timestamp(field.type) and field.type.tz is None and kind_of(field) not in _KINDS


def are_midnights(filled: Any) -> bool:
    """Tell dates from points in time: every one of them is a midnight."""
    return bool(pc.all(pc.equal(filled, pc.floor_temporal(filled, unit="day"))).as_py())


def _text_column(base: Column, cells: Any) -> Column:
    counted = pc.value_counts(cells)
    words, counts = counted.field("values"), counted.field("counts")
    examples = tuple(cut_cell(word) for word in words.slice(0, EXAMPLES).to_pylist())
    base = replace(base, distinct=len(words), examples=examples)
    few = len(words) <= CATEGORY_VALUES
    return categorised(base, dict(zip(words.to_pylist(), counts.to_pylist(), strict=True)) if few else None, len(cells))


def categorised(base: Column, counts: Mapping[str, int] | None, cells: int) -> Column:
    """Return a column of text as one of categories, with the frequent ones, when the different `cells` are few."""
    if counts is None or base.distinct > CATEGORY_VALUES or base.distinct * 2 > cells:
        return base
    kind: Kind = "category" if base.type == "text" else base.type
    if max(map(len, counts)) > MAX_COUNTED_CELL:
        return replace(base, type=kind)
    top = sorted(counts.items(), key=lambda pair: -pair[1])[:FREQUENT]
    return replace(base, type=kind, frequent=tuple((cut_cell(word), count) for word, count in top))


def most_frequent(counts: Mapping[Any, int]) -> tuple[tuple[str, int], ...]:
    """Return cells that are no text with their counts, most frequent first."""
    top = sorted(counts.items(), key=lambda pair: -pair[1])
    return tuple((shown_cell(cell), count) for cell, count in top)


def _number_column(base: Column, filled: Any) -> Column:
    numbers = filled.cast(pa.float64(), safe=False) if pa.types.is_decimal(filled.type) else filled
    numbers = finite(numbers)
    if not len(numbers):
        return base
    bounds: Any = pc.min_max(numbers).as_py()
    return with_numbers(base, bounds["min"], bounds["max"], pc.mean(numbers).as_py(), quantiles_of(numbers))


def quantiles_of(column: Any) -> list[Any]:
    """Return the quantiles of numbers, none where there is no number."""
    numbers = column.cast(pa.float64(), safe=False) if pa.types.is_decimal(column.type) else column
    found: list[Any] = pc.quantile(finite(numbers.drop_null()), q=QUANTILES).to_pylist()  # type: ignore[arg-type]
    return [] if found[0] is None else found


def with_numbers(base: Column, least: Any, most: Any, mean: float, quantiles: Sequence[Any]) -> Column:
    """Return a column with the range of its numbers."""
    whole = base.type == "integer"
    return replace(
        base,
        min=_number(least, whole),
        max=_number(most, whole),
        mean=_number(mean, False),
        quantiles=tuple(_number(value, whole and float(value).is_integer()) for value in quantiles),
    )


def with_moments(base: Column, kind: Any, least: int, most: int) -> Column:
    """Return a column with the range of its dates or times, which are given as the numbers that Arrow keeps."""
    return replace(base, min=_moment(least, kind, base.type), max=_moment(most, kind, base.type))


def _number(value: Any, whole: bool) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if whole else value


def _moment(tick: int, arrow: Any, kind: str) -> str:
    value = pa.scalar(tick, arrow).as_py()
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text[:10] if kind == "date" else text


def _examples(filled: Any) -> tuple[str, ...]:
    cells = pc.unique(filled.slice(0, 100)).slice(0, EXAMPLES).to_pylist()
    return tuple(shown_cell(cell) for cell in cells)


def shown_cell(cell: Any) -> str:
    """Return a cell that is no text as it is shown."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return cut_cell(str(cell).removesuffix(" 00:00:00"))


def cut_cell(text: str) -> str:
    """Return a text on one line and of a readable length."""
    line = " ".join(text[: MAX_CELL * 4].split())
    return line if len(line) <= MAX_CELL and len(text) <= MAX_CELL * 4 else line[: MAX_CELL - 1] + "…"
