"""Tells whether an Arrow file is plain: no larger in memory than it is on the disk, before anything of it is unfolded.

An Arrow message can claim to unpack to any size: compressed buffers, nulls without buffers, runs, and views of the same
bytes. The message headers are FlatBuffers tables; where "compression" stands in them is fixed by Arrow's format
(format/Message.fbs: Message.header_type and header are fields 1 and 2, RecordBatch.compression is field 3,
DictionaryBatch.data and isDelta are fields 1 and 2).
"""

from __future__ import annotations

import re
import struct
import zoneinfo
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA: Final = 1
DICTIONARY: Final = 2
RECORD_BATCH: Final = 3
ROWS_PER_BYTE: Final = 8
MAGIC: Final = b"ARROW1"
"""How an Arrow file begins."""
_START: Final = MAGIC + b"\0\0"
_OFFSET: Final = re.compile(r"[+-]([01]\d|2[0-3]):[0-5]\d")


def read_plain(buffer: Any) -> pa.Table:
    """Return the table in an Arrow file, whose buffers lie in the file itself; raises ValueError for any other.

    The batches are those that follow each other from the start on: its table of contents, which could name other
    places, is not looked at.
    """
    import pyarrow as pa

    whole = pa.py_buffer(buffer)
    if whole.size < len(_START) or whole.slice(0, len(_START)).to_pybytes() != _START:
        raise ValueError("not an Arrow file")
    stream = whole.slice(len(_START))
    _check_messages(stream)
    with pa.ipc.open_stream(stream) as reader:
        if not all(is_flat(field.type) for field in reader.schema):
            raise ValueError("a type that no table of ours has")
        table = reader.read_all()
    if table.num_rows > ROWS_PER_BYTE * whole.size:
        raise ValueError("more rows than bits")
    return table


def _check_messages(stream: Any) -> None:
    """Raise ValueError unless there is one schema, then batches whose buffers are not compressed."""
    import pyarrow as pa

    source, seen = pa.BufferReader(stream), 0
    while True:
        try:
            message = pa.ipc.read_message(source)
        except EOFError:
            break
        try:
            kind, plain = _header(message.metadata.to_pybytes())
        except (struct.error, IndexError) as error:
            raise ValueError("not a message") from error
        if not plain or (kind == SCHEMA) != (seen == 0):
            raise ValueError("a message that no table of ours has")
        seen += 1
    if not seen:
        raise ValueError("no table")


def _header(metadata: bytes) -> tuple[int, bool]:
    """Return the kind of a message, and whether it takes no more room than it shows."""
    (root,) = struct.unpack_from("<I", metadata, 0)
    kind_at, header = table_in(metadata, root, 1, follow=False), table_in(metadata, root, 2)
    kind = metadata[kind_at] if kind_at else 0
    if kind == DICTIONARY and header:
        if (delta := table_in(metadata, header, 2, follow=False)) and metadata[delta]:
            return kind, False
        header = table_in(metadata, header, 1)
    if not header or kind not in (SCHEMA, DICTIONARY, RECORD_BATCH):
        return kind, False
    return kind, kind == SCHEMA or (not table_in(metadata, header, 3, follow=False) and _apart(metadata, header))


def table_in(data: bytes, table: int, number: int, *, follow: bool = True) -> int:
    """Return the position of the table that a field of a FlatBuffers table leads to, or of the field itself.

    It is 0 when the table does not have the field. Raises struct.error or IndexError outside of the data.
    """
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if vtable < 0:
        raise struct.error("vtable before the message")
    slot = 4 + 2 * number
    if slot >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset: int = struct.unpack_from("<H", data, vtable + slot)[0]
    if not offset:
        return 0
    at = table + offset
    return at + int(struct.unpack_from("<I", data, at)[0]) if follow else at


def vector_in(data: bytes, table: int, number: int) -> tuple[int, int]:
    """Return where the first member of a vector is, and how many there are."""
    at = table_in(data, table, number)
    return (at + 4, int(struct.unpack_from("<I", data, at)[0])) if at else (0, 0)


def _apart(data: bytes, batch: int) -> bool:
    """Tell whether the buffers of a batch follow each other, so that no bytes are shown twice."""
    at, count = vector_in(data, batch, 2)
    ends = 0
    for start, length in struct.iter_unpack("<qq", data[at : at + 16 * count]):
        if start < ends or length < 0:
            return False
        ends = start + length
    return True


def is_flat(kind: Any) -> bool:
    """Tell whether a type is one that our tables have: every cell of it takes room of its own, and none holds others.

    Of categories only those of such a type are.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return is_flat(kind.value_type) and not pa.types.is_dictionary(kind.value_type)
    if pa.types.is_timestamp(kind):
        return kind.tz is None or is_zone(kind.tz)
    tests = (
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_date,
        pa.types.is_time,
        pa.types.is_duration,
    )
    return any(test(kind) for test in tests) and not isinstance(kind, pa.BaseExtensionType)


def is_zone(name: str) -> bool:
    """Tell whether pandas can tell the time of a zone."""
    if _OFFSET.fullmatch(name):
        return True
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True
