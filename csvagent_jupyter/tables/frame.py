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
from typing import Any, get_args

import pyarrow as pa

from ..messages import Kind
from .names import printable

KIND = b"csvagent.kind"
NOTES = b"csvagent.notes"
_PANDAS = b"pandas"
_KINDS = frozenset(get_args(Kind))
_LONGEST_NOTE = 1_000
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


def kept_notes(schema: pa.Schema) -> list[Said]:
    """Return the notes that travelled with a file of ours: what there is to be said of a DataFrame, nothing else.

    Whoever asks has to know that the file is ours.
    """
    try:
        kept: Any = json.loads((schema.metadata or {}).get(NOTES, b"[]"))
        return [
            (key, {name: printable(value[:_LONGEST_NOTE]) for name, value in values.items() if name == "names"})
            for key, values in kept[: len(_OF_FRAMES)]
            if key in _OF_FRAMES
        ]
    except (ValueError, TypeError, AttributeError, RecursionError, KeyError):
        return []


def own_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with nothing in it that another program says, but the types in pandas that fit ours.

    What a file says to pandas is obeyed there, however wrong.
    """
    told = _told_types((schema.metadata or {}).get(_PANDAS, b"{}"))
    fields: list[Any] = []
    columns: list[dict[str, Any]] = []
    field: Any
    for field in schema:
        kind = (field.metadata or {}).get(KIND, b"").decode("ascii", "replace")
        fields.append(field.with_metadata({KIND: kind.encode()} if kind in _KINDS else None))
        if numpy_type := _fitting(told.get(field.name, ""), field.type):
            columns.append(_described(field, numpy_type))
    metadata = {
        "index_columns": [],
        "column_indexes": [],
        "columns": columns,
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "3",
    }
    return pa.schema(fields, metadata={_PANDAS: json.dumps(metadata).encode()} if columns else None)


def _told_types(data: bytes) -> dict[str, str]:
    """Return the types in pandas by the names of the columns; none when nothing sensible is told."""
    try:
        told: Any = json.loads(data)
        pairs = [(column.get("field_name") or column["name"], column["numpy_type"]) for column in told["columns"]]
        return {name: kind for name, kind in pairs if isinstance(name, str) and isinstance(kind, str)}
    except (ValueError, TypeError, AttributeError, RecursionError, KeyError):
        return {}


def _fitting(told: str, kind: Any) -> str:
    """Return the type in pandas that is told, when it is one that Arrow cells of that type can have; else ""."""
    types = pa.types
    if types.is_boolean(kind):
        return told if told in {"bool", "boolean"} else ""
    if types.is_integer(kind):
        return told if told.lower() == str(kind) or told == "float64" else ""
    if types.is_floating(kind):
        return told if told.lower() == f"float{kind.bit_width}" else ""
    if types.is_string(kind) or types.is_large_string(kind):
        return told if told in {"str", "string", "object", "string[python]", "string[pyarrow]"} else ""
    if types.is_timestamp(kind):
        return f"datetime64[{kind.unit}]" if told.startswith("datetime64") else ""
    return ""


def _described(field: Any, numpy_type: str) -> dict[str, Any]:
    pandas_type, more = numpy_type.lower(), None
    if pa.types.is_timestamp(field.type):
        pandas_type = "datetime"
        if field.type.tz is not None:
            pandas_type, more = "datetimetz", {"timezone": field.type.tz}
    elif numpy_type.startswith(("str", "obj")):
        pandas_type = "unicode"
    elif numpy_type == "boolean":
        pandas_type = "bool"
    return {
        "name": field.name,
        "field_name": field.name,
        "pandas_type": pandas_type,
        "numpy_type": numpy_type,
        "metadata": more,
    }


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
