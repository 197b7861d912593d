"""Between pandas and Arrow: the one place that says how, for this process and for the dedicated kernel alike.

A table travels as an Arrow IPC file with pandas' own metadata in its schema. The kernel turns it into the DataFrame
that `Table.to_pandas` gives with ``pyarrow.ipc.open_file(path).read_all().to_pandas()``, without any option:
the metadata restores the types Arrow alone would not (Int64, boolean, categories).

Which types a frame has is decided so that ordinary pandas and matplotlib code works on it:

- whole numbers are int64; with missing cells float64 as in pandas itself, because nullable integers fail in
  ``plt.bar``, ``np.where``, ``apply`` and ``fillna(median)``; only numbers beyond 2**53, which a float64 would round,
  are Int64;
- truth values with missing cells are boolean (nullable), dates are datetime64, text is pandas' str.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..messages import Kind

KIND = b"csvagent.kind"
NOTES = b"csvagent.notes"
_OF_FRAMES = {"note_index_kept", "note_index_dropped", "note_renamed", "note_as_text", "note_as_number"}
Said = tuple[str, dict[str, object]]
"""The key of a note about the table, and its values: told anew in the language of whoever reads the file."""


def to_frame(table: pa.Table) -> Any:
    """Return the DataFrame of an Arrow table, as the dedicated kernel gets it."""
    return table.to_pandas()


def to_arrow(frame: Any, kinds: Mapping[str, Kind] | None = None) -> pa.Table:
    """Return the Arrow table of a DataFrame; `kinds` says what columns are beyond their type."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if not kinds:
        return table
    fields: list[Any] = [
        column.with_metadata({KIND: kinds[column.name].encode()}) if column.name in kinds else column
        for column in table.schema
    ]
    metadata: Any = table.schema.metadata
    return table.cast(pa.schema(fields, metadata=metadata))


def with_notes(table: pa.Table, said: Sequence[Said]) -> pa.Table:
    """Return the table with notes in its metadata, which travel with the file."""
    metadata: Any = {**(table.schema.metadata or {}), NOTES: json.dumps(said).encode()}
    return table.replace_schema_metadata(metadata) if said else table


def kept_notes(table: pa.Table) -> list[Said]:
    """Return the notes that travelled with the file: what there is to be said of a DataFrame, and nothing else."""
    kept: list[Said] = json.loads((table.schema.metadata or {}).get(NOTES, b"[]"))
    return [(key, values) for key, values in kept if key in _OF_FRAMES]


def kind_of(column: Any) -> str:
    """Return the kind kept in the metadata of an Arrow field, "" when there is none."""
    kept: bytes = (column.metadata or {}).get(KIND, b"")
    return kept.decode()


def write_arrow(table: pa.Table, path: Path) -> None:
    """Write an uncompressed Arrow IPC file, which a kernel can map into memory."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def arrow_bytes(table: pa.Table) -> bytes:
    """Return the bytes of an uncompressed Arrow IPC file."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
