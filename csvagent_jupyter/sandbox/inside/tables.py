"""Whole tables out of the kernel and sources into it, as Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from .guarded import guarded, safe_text
from .values import Table

MOST_BLOCKS = 100
"""From so many columns in pieces of their own on, pandas warns of a frame in fragments."""


def read_source(path: Path) -> pd.DataFrame:
    """Return the DataFrame of an Arrow file; the same conversion as `Table.to_pandas()` makes outside.

    The file is mapped: text stays there until code changes it. Numbers of a table in several batches are put together
    in one step; of a table in one batch they would be the file's own, which pandas cannot write to, so they are copied.
    """
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        split = reader.num_record_batches > 1 and len(reader.schema) <= MOST_BLOCKS
        frame: pd.DataFrame = reader.read_all().to_pandas(split_blocks=split)
    return frame


def write_table(table: Table, path: Path, limit: int) -> bool:
    """Write a table as an uncompressed Arrow stream of plain columns; False when it does not fit into `limit` bytes."""
    whole = pa.table([_plain_column(column) for column in table.columns], names=table.names)
    if whole.nbytes > limit:
        return False
    with path.open("wb") as file, pa.ipc.new_stream(file, whole.schema) as writer:
        writer.write_table(whole)
    return True


def _plain_column(column: pd.Series[Any]) -> Any:
    """Return a column as one of Arrow's flat types; anything else becomes text."""
    array = guarded(lambda: pa.array(column, from_pandas=True), None)
    if array is not None and pa.types.is_dictionary(array.type):
        array = guarded(array.dictionary_decode, None)
    if array is None or not _is_flat(array.type):
        array = pa.array([None if _is_missing(item) else safe_text(item) for item in column], pa.string())
    return array


def _is_missing(item: object) -> bool:
    return item is None or item is pd.NaT or item is pd.NA or (isinstance(item, float) and item != item)


def _is_flat(kind: Any) -> bool:
    types = pa.types
    return any(
        test(kind)
        for test in (
            types.is_boolean,
            types.is_integer,
            types.is_floating,
            types.is_decimal,
            types.is_string,
            types.is_large_string,
            types.is_date,
            types.is_time,
            types.is_timestamp,
            types.is_duration,
            types.is_null,
        )
    )
