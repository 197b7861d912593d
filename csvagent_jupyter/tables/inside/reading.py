"""The steps of reading a file, in the process that does nothing else: bytes, text, rows, values, and the columnar copy.

The file comes as an open descriptor, and so does the one that the copy is written into.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import IO, Any, Final, cast

import pyarrow as pa

from ...exceptions import Unreadable
from ...messages import Kind
from ..names import shown
from ..order import Order, Reply, Said
from ..plain import MAGIC
from ..recipe import recipe_data
from ..remarks import about_structure
from ..value_remarks import about_values
from .columns.plans import ColumnPlan
from .columns.schema import typed_table
from .columns.typed import converted_columns
from .columns.values import plan_columns, settle_words
from .conversion import recipe_for
from .finishing import finished, write
from .foreign import read_foreign
from .large.lines_at import above
from .large.reading import read_large
from .large.sampling import glance
from .large.streams import open_source
from .layout.repairs import Repairs, refuse, refuse_left_out
from .looking import Look, look
from .profile.exact import columns_of
from .showing import code_for, reader_call

MOST_UNPACKED: Final = 2**40


def read(source: int, sink: int, order: Order) -> Reply:
    """Read the file of the descriptor `source` as it is ordered, and write its cells into `sink` as an Arrow file.

    Raises Unreadable, whose text says what to do.
    """
    with (
        os.fdopen(source, "rb", buffering=0, closefd=False) as file,
        os.fdopen(sink, "w+b", buffering=0, closefd=False) as out,
    ):
        start = file.read(len(MAGIC))
        file.seek(0)
        if start == MAGIC:
            return read_foreign(file, out, order)
        seen = look(open_source(file, order.name, limit=MOST_UNPACKED), order)
        if seen.given.strict:
            refuse_left_out(seen.examined, seen.name, seen.fixed)
        if seen.source.large and order.glance:
            return _glanced(seen, out)
        if seen.source.large:
            return _of_large_text(seen, out, order)
        return finished(*_of_text(seen, order), out)


def _of_text(seen: Look, order: Order) -> tuple[pa.Table, Reply]:
    """Return the table of a small file, whose rows are in memory."""
    if seen.given.strict:
        refuse(seen.rows.repairs, seen.name, seen.fixed)
        if seen.decoded.wrong.count:
            raise Unreadable("tables.strict_bytes", name=seen.name, line=seen.decoded.wrong.lines[0])
    columns = list(zip(*seen.rows.cells, strict=True)) or [()] * len(seen.names)
    texts = [pa.array(cells, pa.large_string()) for cells in columns]
    plans, arrays = [ColumnPlan(name, "text") for name in seen.names], texts
    if not seen.given.as_text:
        plans, arrays = _converted(seen, texts)
    table = typed_table(plans, arrays)
    said = [
        *about_structure(seen, seen.rows.repairs, seen.decoded.wrong, seen.names, table.num_rows),
        *about_values(plans),
    ]
    dialect = seen.dialect
    if not seen.given.as_text:
        marks = recipe_for("", {}, plans).options
        dialect = replace(dialect, decimal=marks.get("decimal", "."), thousands=marks.get("thousands", ""))
    recipe = recipe_data(code_for(seen, plans, table, order.suffix))
    return table, Reply(dialect=dialect, said=tuple(said), recipe=recipe)


def _converted(seen: Look, texts: list[Any]) -> tuple[list[ColumnPlan], list[Any]]:
    given, fixed = seen.given, seen.fixed
    plans = settle_words(
        plan_columns(
            dict(zip(seen.names, texts, strict=True)),
            delimiter=seen.dialect.delimiter,
            decimal=given.decimal if "decimal" in fixed else "",
            thousands=given.thousands if "thousands" in fixed else "",
            dayfirst=given.dayfirst,
            missing=given.missing,
            types={column: cast(Kind, kind) for column, kind in given.types.items()},
        )
    )
    plans, arrays = converted_columns(plans, texts)
    if given.strict:
        _refuse_unfit(seen, plans)
    return plans, arrays


def _refuse_unfit(seen: Look, plans: list[ColumnPlan]) -> None:
    for plan in plans:
        if plan.stated and plan.unfit:
            raise Unreadable("tables.strict_unfit", name=seen.name, column=shown(plan.name), cells=plan.unfit)


def _glanced(seen: Look, out: IO[bytes]) -> Reply:
    """Describe a large file from samples of it, and say so."""
    body, header = _begin(seen)
    found = glance(seen.source, seen.dialect, seen.names, seen.decoded.encoding, body)
    write(found.first, out)
    columns, left_out = columns_of(found.sampled)
    columns = tuple(
        replace(column, distinct_is_approximate=True, quantiles_are_approximate=bool(column.quantiles))
        for column in columns
    )
    marks = recipe_for("", {}, found.plans).options
    dialect = replace(seen.dialect, decimal=marks.get("decimal", "."), thousands=marks.get("thousands", ""))
    sampled = found.sampled.num_rows
    return Reply(
        rows=found.rows or sampled,
        rows_are="about" if found.rows else "at least",
        columns=columns,
        columns_left_out=left_out,
        dialect=dialect,
        said=(
            _about_glance(found.rows, sampled),
            *about_structure(seen, header, seen.decoded.wrong, seen.names, sampled),
            *about_values(found.plans),
        ),
        recipe=recipe_data(reader_call(seen, seen.decoded.wrong)),
        size=os.fstat(out.fileno()).st_size,
    )


def _about_glance(rows: int | None, sampled: int) -> Said:
    if rows is None:
        return Said("warning", "note_glance_packed", {"sampled": sampled})
    return Said("warning", "note_glance", {"sampled": sampled, "rows": rows})


def _begin(seen: Look) -> tuple[int, Repairs]:
    """Return the line that the rows of a large file begin on, and what was repaired above it."""
    body = seen.rows.lines[0] if seen.rows.lines else seen.dialect.skipped_rows + len(seen.rows.header) + 1
    header = above(seen.rows.repairs, body)
    if seen.given.strict:
        refuse(header if seen.rows.cells else seen.rows.repairs, seen.name, seen.fixed)
    return body, header


def _of_large_text(seen: Look, out: IO[bytes], order: Order) -> Reply:
    """Read a large file block by block."""
    body, repairs = _begin(seen)
    large = read_large(
        seen.source,
        seen.dialect,
        seen.names,
        body_line=body,
        encoding=seen.decoded.encoding,
        other=seen.other or None,
        header=seen.rows.header[-1] if seen.rows.header else (),
        sink=out if order.whole else None,
        memory=order.kernel,
        threads=order.threads,
        largest=order.largest,
    )
    repairs.join(large.repairs)
    if seen.given.strict:
        if large.wrong.count:
            raise Unreadable("tables.strict_bytes", name=seen.name, line=large.wrong.lines[0])
        _refuse_unfit(seen, large.plans)
    if not order.whole:
        write(glance(seen.source, seen.dialect, seen.names, seen.decoded.encoding, body).first, out)
    marks = recipe_for("", {}, large.plans).options
    dialect = replace(seen.dialect, decimal=marks.get("decimal", "."), thousands=marks.get("thousands", ""))
    return Reply(
        rows=large.rows,
        columns=large.columns,
        columns_left_out=large.columns_left_out,
        dialect=dialect,
        said=(
            *about_structure(seen, repairs, large.wrong, large.schema.names, large.rows),
            *about_values(large.plans),
        ),
        recipe=recipe_data(reader_call(seen, large.wrong)),
        size=os.fstat(out.fileno()).st_size,
        needed=large.memory_needed,
    )
