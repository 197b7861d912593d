"""Tells whether an Arrow file is plain: no larger in memory than it is on the disk, before anything of it is unfolded.

An Arrow message can claim to unpack to any size: compressed buffers, nulls without buffers, runs, and views of the same
bytes. The message headers are FlatBuffers tables; where "compression" stands in them is fixed by Arrow's format
(format/Message.fbs: Message.header_type and header are fields 1 and 2, RecordBatch.compression is field 3,
DictionaryBatch.data and isDelta are fields 1 and 2).
"""

from __future__ import annotations

import struct
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
        for field in reader.schema:
            _check_type(field.type)
        table = reader.read_all()
    if table.num_rows > ROWS_PER_BYTE * whole.size:
        raise ValueError("more rows than bits")
    return table


def unfolded(table: pa.Table) -> pa.Table:
    """Return a table of other programs in the types that a plain file may have, as far as there are such."""
    import pyarrow as pa
    import pyarrow.compute as pc

    decode: Any = pc.run_end_decode  # type: ignore[attr-defined]
    plain: dict[Any, Any] = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    for number, field in enumerate(table.schema):
        if pa.types.is_run_end_encoded(field.type):
            runs = [decode(chunk) for chunk in table.column(number).chunks]
            cells = pa.chunked_array(runs, field.type.value_type)
            table = table.set_column(number, field.with_type(field.type.value_type), cells)
        elif field.type in plain:
            cells = table.column(number).cast(plain[field.type])
            table = table.set_column(number, field.with_type(plain[field.type]), cells)
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
    kind_at, header = _field(metadata, root, 1), _table(metadata, root, 2)
    kind = metadata[kind_at] if kind_at else 0
    if kind == DICTIONARY and header:
        if (delta := _field(metadata, header, 2)) and metadata[delta]:
            return kind, False
        header = _table(metadata, header, 1)
    if not header or kind not in (SCHEMA, DICTIONARY, RECORD_BATCH):
        return kind, False
    return kind, kind == SCHEMA or not _field(metadata, header, 3)


def _table(data: bytes, table: int, number: int) -> int:
    """Return the position of the table that a field leads to, or 0."""
    at = _field(data, table, number)
    return at + int(struct.unpack_from("<I", data, at)[0]) if at else 0


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


def _check_type(type_: Any) -> None:
    """Raise ValueError for a type whose cells may share what they show, or are told once for many."""
    import pyarrow as pa

    shares = (
        pa.types.is_run_end_encoded,
        pa.types.is_string_view,
        pa.types.is_binary_view,
        pa.types.is_list_view,
        pa.types.is_large_list_view,
    )
    if any(test(type_) for test in shares):
        raise ValueError("a type that no table of ours has")
    for number in range(type_.num_fields):
        _check_type(type_.field(number).type)
    if pa.types.is_dictionary(type_):
        _check_type(type_.value_type)
