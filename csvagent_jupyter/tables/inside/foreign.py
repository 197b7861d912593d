"""Arrow files, ours and those of other programs, read batch by batch and made into the types that a copy may have.

What a file says of itself beyond its types is another program's: of it only what `frame` knows is kept. How much a file
takes when it is unfolded is known from the heads of its batches before any of it is.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ...exceptions import Unreadable
from ..frame import kept_notes, own_schema
from ..names import column_names, shown
from ..order import Order, Reply, Said
from ..plain import is_flat, is_zone, table_in, vector_in
from ..remarks import about_names, listed
from .finishing import finished, writer
from .profile.batches import Profiler
from .profile.exact import BATCH

_AT_ONCE: Final = 128 << 20
"""Bytes up to which a table is put together, and described exactly."""
_DAMAGED: Final = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
_END: Final = 10
_LONGEST_FOOTER: Final = 256 << 20
_CELL_OF_TEXT: Final = 16
_BLOCK: Final = 24


def read_foreign(file: IO[bytes], out: IO[bytes], order: Order) -> Reply:
    """Read an Arrow file, and write its cells anew; raises Unreadable."""
    name = shown(order.name)
    try:
        found = open_foreign(file, order)
        if order.kernel and found.needed > order.kernel:
            needed, memory = found.needed >> 20, order.kernel >> 20
            raise Unreadable("tables.kernel_too_small", name=name, needed=needed, memory=memory)
        if found.needed > order.largest:
            needed, free = found.needed >> 20, order.largest >> 20
            raise Unreadable("tables.copy_no_room", name=name, needed=needed, free=free)
        said = found.said
        if not found.rows:
            said.append(Said("warning", "note_no_rows"))
        if order.options:
            said.append(Said("warning", "note_options_unused", {"options": ", ".join(order.options)}))
        reply = Reply(said=tuple(said), needed=found.needed)
        if found.needed <= _AT_ONCE:
            return finished(pa.Table.from_batches(found.batches(), found.schema), reply, out)
        return _by_batches(found, reply, out)
    except MemoryError:  # one of Arrow's own is among the others, too
        raise
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise Unreadable("tables.damaged_arrow", name=name) from None


def _by_batches(found: Foreign, reply: Reply, out: IO[bytes]) -> Reply:
    """Read a large file with no more than one batch of it in memory."""
    profiler, rows = Profiler(found.schema), 0
    with writer(found.schema, out) as to:
        for batch in found.batches():
            rows += batch.num_rows
            to.write_batch(batch)
            for start in range(0, batch.num_rows, BATCH):
                profiler.add(batch.slice(start, BATCH))
    return msgspec.structs.replace(
        reply,
        rows=rows,
        columns=profiler.columns(),
        columns_left_out=profiler.columns_left_out,
        size=os.fstat(out.fileno()).st_size,
    )


@dataclass
class Foreign:
    """An Arrow file: how many `rows` it has, and about how many bytes of memory it takes."""

    reader: Any
    schema: pa.Schema
    rows: int
    needed: int
    said: list[Said] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches as they are written; raises ArrowException or ValueError where one is damaged."""
        for number in range(self.reader.num_record_batches):
            batch = self.reader.get_batch(number)
            batch.validate(full=True)
            columns = [_flat(column, kind.type) for column, kind in zip(batch.columns, self.schema, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema) if columns else batch


def open_foreign(file: IO[bytes], order: Order) -> Foreign:
    """Look at an Arrow file; raises ArrowException, OSError or ValueError when it is damaged."""
    size = os.fstat(file.fileno()).st_size
    rows, unfolded = _room(lambda start, length: _read(file, start, length), size)
    file.seek(0)
    reader = pa.ipc.open_file(pa.PythonFile(cast(Any, file), "r"))
    before: Any = reader.schema
    kinds = [_flat_type(each.type) for each in before]
    names, renamed = column_names(before.names)
    fields = [pa.field(name, kind, metadata=old.metadata) for name, kind, old in zip(names, kinds, before, strict=True)]
    schema = own_schema(pa.schema(fields, metadata=before.metadata))
    needed = max(unfolded, rows * sum(_width(kind) for kind in kinds))
    said = [Said("info", key, cast(Any, values)) for key, values in kept_notes(before)] if order.own else []
    said += about_names(renamed)
    texts = [name for name, kind, old in zip(names, kinds, before, strict=True) if _becomes_text(kind, old.type)]
    zones = [name for name, kind, old in zip(names, kinds, before, strict=True) if _moves(kind, old.type)]
    if texts:
        said.append(Said("info", "note_nested_as_text", {"names": listed(texts)}))
    if zones:
        said.append(Said("warning", "note_zone_unknown", {"names": listed(zones)}))
    return Foreign(reader, schema, rows, needed, said)


def _read(file: IO[bytes], start: int, length: int) -> bytes:
    file.seek(start)
    found = b""
    while len(found) < length and (block := file.read(length - len(found))):
        found += block
    if len(found) < length:
        raise ValueError("a file that is cut off")
    return found


def _room(read: Callable[[int, int], bytes], size: int) -> tuple[int, int]:
    """Return how many rows an Arrow file has, and how many bytes its batches take when they are unfolded.

    Its table of contents is the FlatBuffers table Footer of format/File.fbs: dictionaries and recordBatches are fields
    2 and 3, blocks of offset, length of the head, length of the body.
    """
    if size < 2 * _END:
        raise ValueError("no file")
    (length,) = struct.unpack("<i", read(size - _END, 4))
    if not 0 < length <= min(size, _LONGEST_FOOTER):
        raise ValueError("no table of contents")
    footer = read(size - _END - length, length)
    rows = room = 0
    try:
        (root,) = struct.unpack_from("<I", footer)
        for number in (2, 3):
            at, count = vector_in(footer, root, number)
            for block in range(count):
                start, head, body = struct.unpack_from("<qi4xq", footer, at + block * _BLOCK)
                if start < 0 or head < 0 or body < 0 or start + head + body > size:
                    raise ValueError("a batch outside of the file")
                of_batch, bytes_of_batch = _room_of_batch(read, start, head, body)
                rows += of_batch if number == 3 else 0
                room += bytes_of_batch
    except (struct.error, IndexError):
        raise ValueError("a head that is none") from None
    return rows, room


def _room_of_batch(read: Callable[[int, int], bytes], start: int, head: int, body: int) -> tuple[int, int]:
    """Return the rows and the unfolded bytes of one batch: each compressed buffer begins with its length."""
    data = read(start, head)
    data = data[8 if data[:4] == b"\xff\xff\xff\xff" else 4 :]
    (root,) = struct.unpack_from("<I", data)
    batch = table_in(data, root, 2)
    kind_at = table_in(data, root, 1, follow=False)
    if kind_at and data[kind_at] == 2:
        batch = table_in(data, batch, 1)
    rows_at = table_in(data, batch, 0, follow=False)
    rows = struct.unpack_from("<q", data, rows_at)[0] if rows_at else 0
    if rows < 0:
        raise ValueError("fewer rows than none")
    if not table_in(data, batch, 3, follow=False):
        return rows, body
    room = 0
    at, count = vector_in(data, batch, 2)
    for number in range(count):
        offset, length = struct.unpack_from("<qq", data, at + 16 * number)
        if offset < 0 or length < 0 or offset + length > body:
            raise ValueError("a buffer outside of the batch")
        if length >= 8:
            (unfolded,) = struct.unpack("<q", read(start + head + offset, 8))
            room += max(unfolded, length - 8)
    return rows, room


def _flat_type(kind: Any) -> Any:
    """Return the type that the cells get: their own, where a copy may have it."""
    if pa.types.is_run_end_encoded(kind) and is_flat(kind.value_type):
        kind = kind.value_type
    if pa.types.is_dictionary(kind) and not is_flat(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind) and kind.tz is not None and not is_zone(kind.tz):
        return pa.timestamp(kind.unit, "UTC")
    return kind if is_flat(kind) else pa.large_string()


def _flat(column: Any, kind: Any) -> Any:
    """Return the cells of a column in that type; what has none, such as a list, as it is written."""
    if column.type == kind:
        return column
    if pa.types.is_run_end_encoded(column.type):
        decode: Any = pc.run_end_decode  # type: ignore[attr-defined]
        return _flat(decode(column), kind)
    if pa.types.is_dictionary(column.type):
        return _flat(column.dictionary_decode(), kind)
    if pa.types.is_string_view(column.type) or pa.types.is_null(column.type) or not pa.types.is_large_string(kind):
        return column.cast(kind)
    cells = column.to_pandas().tolist() if isinstance(column, pa.ExtensionArray) else column.to_pylist()
    return pa.array([_text(cell) for cell in cells], kind)


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _becomes_text(kind: Any, before: Any) -> bool:
    plain = (pa.types.is_null, pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    while pa.types.is_dictionary(before) or pa.types.is_run_end_encoded(before):
        before = before.value_type
    return bool(pa.types.is_large_string(kind)) and not any(test(before) for test in plain)


def _moves(kind: Any, before: Any) -> bool:
    while pa.types.is_dictionary(before) or pa.types.is_run_end_encoded(before):
        before = before.value_type
    return bool(pa.types.is_timestamp(kind) and pa.types.is_timestamp(before) and kind.tz != before.tz)


def _width(kind: Any) -> int:
    """Return about how many bytes a cell takes in pandas at the least."""
    if pa.types.is_dictionary(kind):
        kind = kind.index_type
    try:
        return max(1, int(kind.bit_width) // 8)
    except ValueError:
        return _CELL_OF_TEXT
