"""Checks an Arrow stream from a kernel before anything is unfolded, and writes it anew as an Arrow file.

An Arrow message can claim to unpack to any size: compressed buffers, nulls without buffers, nested and view types.
So only uncompressed batches of flat columns are taken, with the names and the number of rows that the reply gave.
The message headers are FlatBuffers tables; where "compression" stands in them is fixed by Arrow's format
(format/Message.fbs: Message.header_type and header are fields 1 and 2, RecordBatch.compression is field 3).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

RECORD_BATCH = 3
SCHEMA = 1
MAX_COLUMNS = 1_010


def check_table(stream: Path, columns: tuple[str, ...], rows: int) -> Path | None:
    """Return the table as an Arrow IPC file beside the stream, which is removed; None when it is not what it should be.

    Only the file's pages are looked at, which the system takes back when it needs them: nothing is read into memory.
    The stream has to be a copy of ours, which nobody else can shorten meanwhile.
    """
    import pyarrow as pa

    place = stream.with_name(f"{stream.name}.arrow")
    try:
        table = _read(stream, columns, rows)
        if table is None:
            return None
        with pa.OSFile(str(place), "wb") as sink, pa.ipc.new_file(sink, table.schema.remove_metadata()) as writer:
            writer.write_table(table)
    except (pa.ArrowException, OSError, ValueError):
        place.unlink(missing_ok=True)
        return None
    finally:
        stream.unlink(missing_ok=True)
    return place


def _read(stream: Path, columns: tuple[str, ...], rows: int) -> Any:
    """Return the table of a stream that is mapped into memory, None when it is another than was told."""
    import pyarrow as pa

    if not stream.stat().st_size:
        return None
    with pa.memory_map(str(stream)) as source:
        content = source.read_buffer()
    if not _only_plain_batches(content):
        return None
    with pa.ipc.open_stream(content) as reader:
        if not _is_flat(reader.schema, pa) or len(reader.schema) != len(columns):
            return None
        table = reader.read_all()
    table.validate(full=True)
    return table if table.num_rows == rows and table.nbytes <= content.size else None


def _only_plain_batches(stream: Any) -> bool:
    """Walk the messages of a stream: one schema, then record batches whose buffers are not compressed."""
    import pyarrow as pa

    source, seen = pa.BufferReader(stream), 0
    while True:
        try:
            message = pa.ipc.read_message(source)
        except EOFError:
            return seen > 0
        except (pa.ArrowException, OSError):
            return False
        try:
            kind, compressed = _header(message.metadata.to_pybytes())
        except (struct.error, IndexError):
            return False
        if kind != (SCHEMA if seen == 0 else RECORD_BATCH) or compressed:
            return False
        seen += 1


def _header(metadata: bytes) -> tuple[int, bool]:
    """Return the type of a message and whether its batch says that it is compressed."""
    root = struct.unpack_from("<I", metadata, 0)[0]
    kind_at, header_at = _field(metadata, root, 1), _field(metadata, root, 2)
    if not kind_at or not header_at:
        return 0, True
    header = header_at + struct.unpack_from("<I", metadata, header_at)[0]
    kind = metadata[kind_at]
    return kind, kind == RECORD_BATCH and _field(metadata, header, 3) != 0


def _field(data: bytes, table: int, number: int) -> int:
    """Return the position of a table's field, or 0 when the table does not have it."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if vtable < 0:
        raise struct.error("vtable before the message")
    slot = 4 + 2 * number
    if slot >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset: int = struct.unpack_from("<H", data, vtable + slot)[0]
    return table + offset if offset else 0


def _is_flat(schema: object, pa: object) -> bool:
    types = pa.types  # type: ignore[attr-defined]
    tests = (
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
    return all(any(test(field.type) for test in tests) for field in schema)  # type: ignore[attr-defined]
