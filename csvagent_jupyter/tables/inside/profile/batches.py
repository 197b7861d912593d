"""The profile of a table that comes in batches: one look at every cell, and bounded memory however long it is.

Short tables are kept and described exactly. Of long ones the counts, gaps, ranges and means are exact, and what is not
says so: `distinct_is_approximate`, `quantiles_are_approximate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ....messages import Column
from ...search import is_text
from . import exact as profile
from .sketch import Distinct, Frequent, Sample, finite, hashes

HELD_BYTES: Final = 16 << 20
"""Up to this size in memory a table is kept whole, and its profile is exact."""
_LOOKED: Final = 100


@dataclass(slots=True)
class Part:
    """What one batch holds of one column; made in any thread."""

    nulls: int = 0
    cells: int = 0
    first: tuple[Any, ...] = ()
    counts: tuple[Any, Any] | None = None
    hashes: Any = None
    least: Any = None
    most: Any = None
    numbers: int = 0
    mean: float = 0.0
    midnights: bool = True


@dataclass(slots=True)
class Seen:
    """What was seen of one column so far."""

    field: Any
    nulls: int = 0
    cells: int = 0
    first: list[Any] = field(default_factory=list)
    frequent: Frequent = field(default_factory=Frequent)
    distinct: Distinct = field(default_factory=Distinct)
    least: Any = None
    most: Any = None
    numbers: int = 0
    mean: float = 0.0
    midnights: bool = True

    @property
    def kind(self) -> Any:
        """The type of the cells themselves."""
        return self.field.type.value_type if pa.types.is_dictionary(self.field.type) else self.field.type


class Profiler:
    """Describes the first columns of a table batch by batch.

    `add` is for one thread. Where there are several, each calls `look` on its batches, and one of them `merge` on what
    came out, in the order of the numbers.
    """

    def __init__(self, schema: pa.Schema, *, hold: bool = True) -> None:
        self.schema = schema
        self.columns_left_out = max(0, len(schema) - profile.MAX_COLUMNS)
        self.rows = 0
        self._seen = [Seen(schema.field(position)) for position in range(len(schema) - self.columns_left_out)]
        self._numeric = [n for n, seen in enumerate(self._seen) if _is_number(seen.kind)]
        self._sample = Sample(len(self._numeric))
        self._held: list[pa.RecordBatch] | None = [] if hold else None
        self._size = 0
        self._copied = 0
        self._added = 0

    @property
    def size(self) -> int:
        """How many bytes the batches so far have in memory."""
        return self._size

    @property
    def memory(self) -> int:
        """How many bytes a kernel needs for them: the copy is mapped, and pandas copies all but text."""
        return self._size + self._copied

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at the next batch."""
        self.merge(batch, self.look(batch, self._added))

    def look(self, batch: pa.RecordBatch, number: int) -> tuple[list[Part], Any]:
        """Return what the batch `number` holds; may be called by several threads at once."""
        parts = [_looked(seen, batch.column(position)) for position, seen in enumerate(self._seen)]
        picked = self._sample.pick(batch.select(self._numeric), number) if self._numeric else None
        return parts, picked

    def merge(self, batch: pa.RecordBatch, looked: tuple[list[Part], Any]) -> None:
        """Add what `look` returned for the next batch."""
        self._added += 1
        self.rows += batch.num_rows
        self._size += batch.nbytes
        self._copied += sum(column.nbytes for column in batch.columns if not is_text(column.type))
        if self._held is not None:
            self._held = [*self._held, batch] if self._size <= HELD_BYTES else None
        parts, picked = looked
        for seen, part in zip(self._seen, parts, strict=True):
            _merge(seen, part)
        if picked is not None:
            self._sample.add(picked)

    def nulls(self) -> list[int]:
        """Return how many cells are missing, by column."""
        return [seen.nulls for seen in self._seen]

    def columns(self, schema: pa.Schema | None = None) -> tuple[Column, ...]:
        """Return the profile so far; `schema` is the final one, which may say more about pandas' types."""
        final = schema or self.schema
        if self._held is not None:
            table = pa.Table.from_batches(self._held, self.schema)
            return profile.exact_columns(table.replace_schema_metadata(final.metadata))[0]
        dtypes = profile.dtypes_of(final, self.nulls())
        sampled = self._sample.table()
        found: list[Column] = []
        for position, (seen, dtype) in enumerate(zip(self._seen, dtypes, strict=True)):
            numbers = sampled.column(self._numeric.index(position)) if sampled and _is_number(seen.kind) else None
            found.append(_described(seen, dtype, numbers, self._sample.whole))
        return tuple(found)


def _looked(seen: Seen, column: Any) -> Part:
    filled = column.drop_null() if column.null_count else column
    part = Part(nulls=column.null_count, cells=len(filled))
    if not len(filled):
        return part
    if pa.types.is_dictionary(filled.type):
        filled = filled.cast(filled.type.value_type)
    if len(seen.first) < profile.EXAMPLES:
        part.first = tuple(pc.unique(filled.slice(0, _LOOKED)).slice(0, profile.EXAMPLES).to_pylist())
    if seen.frequent.alive:
        counted = pc.value_counts(filled)
        if len(counted) <= seen.frequent.most:
            part.counts = counted.field("values"), counted.field("counts")
    if part.counts is None:
        part.hashes = seen.distinct.below(filled)
    if _is_number(seen.kind):
        _look_at_numbers(part, filled)
    elif pa.types.is_temporal(seen.kind):
        _look_at_moments(part, seen, filled)
    return part


def _look_at_numbers(part: Part, filled: Any) -> None:
    numbers = filled.cast(pa.float64(), safe=False) if pa.types.is_decimal(filled.type) else filled
    mean = pc.mean(numbers).as_py()
    if mean is None or mean - mean != 0:
        numbers = finite(numbers)
        if not len(numbers):
            return
        mean = pc.mean(numbers).as_py()
    bounds: Any = pc.min_max(numbers).as_py()
    part.numbers, part.mean, part.least, part.most = len(numbers), mean, bounds["min"], bounds["max"]


def _look_at_moments(part: Part, seen: Seen, filled: Any) -> None:
    wide = pa.int64() if filled.type.bit_width == 64 else pa.int32()
    ticks: Any = filled.view(wide)
    bounds: Any = pc.min_max(ticks).as_py()
    part.least, part.most = bounds["min"], bounds["max"]
    if seen.midnights and profile.may_be_dates(seen.field):
        part.midnights = profile.are_midnights(filled)


def _merge(seen: Seen, part: Part) -> None:
    seen.nulls += part.nulls
    if not part.cells:
        return
    seen.cells += part.cells
    seen.midnights = seen.midnights and part.midnights
    seen.first += [cell for cell in part.first if cell not in seen.first][: profile.EXAMPLES - len(seen.first)]
    if part.hashes is not None and seen.frequent.alive:
        _give_up_counting(seen)
    if part.hashes is not None:
        seen.distinct.add(part.hashes)
    elif part.counts is not None and not seen.frequent.alive:
        seen.distinct.add(hashes(part.counts[0]))
    elif part.counts is not None and not seen.frequent.add(*part.counts):
        _give_up_counting(seen)
    if part.least is None:
        return
    seen.least = part.least if seen.least is None else min(seen.least, part.least)
    seen.most = part.most if seen.most is None else max(seen.most, part.most)
    if part.numbers:
        seen.numbers += part.numbers
        seen.mean += (part.mean - seen.mean) * (part.numbers / seen.numbers)


def _give_up_counting(seen: Seen) -> None:
    """Go over from counting each cell to estimating how many there are."""
    seen.frequent.alive = False
    if seen.frequent.counts:
        seen.distinct.add(hashes(pa.array(list(seen.frequent.counts), seen.kind)))
        seen.frequent.counts = {}


def _described(seen: Seen, dtype: str, sampled: Any, whole: bool) -> Column:
    base = Column(seen.field.name, profile.kind_from(seen.field, seen.midnights), nulls=seen.nulls, dtype=dtype)
    if not seen.cells:
        return replace(base, type="empty")
    counts = seen.frequent.counts if seen.frequent.alive else None
    distinct, approximate = (len(counts), False) if counts is not None else seen.distinct.estimate()
    distinct = min(distinct, seen.cells)
    base = replace(base, distinct=distinct, distinct_is_approximate=approximate)
    show = profile.cut_cell if is_text(seen.field.type) else profile.shown_cell
    base = replace(base, examples=tuple(show(cell) for cell in seen.first))
    if is_text(seen.field.type):
        return profile.categorised(base, counts, seen.cells)
    if counts is not None and distinct <= profile.FREQUENT:
        base = replace(base, frequent=profile.most_frequent(counts))
    if seen.least is None:
        return base
    if _is_number(seen.kind):
        quantiles = profile.quantiles_of(sampled)
        column = profile.with_numbers(base, seen.least, seen.most, seen.mean, quantiles)
        return replace(column, quantiles_are_approximate=bool(quantiles) and not whole)
    return profile.with_moments(base, seen.kind, seen.least, seen.most)


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
