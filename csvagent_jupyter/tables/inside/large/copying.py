"""The columnar copy of a table: an Arrow file that is written batch by batch, and that a kernel can map.

What pandas has to be told of the columns is known only when all cells were seen. Room is kept for it in the schema, and
filled in the end: the file is written once.
"""

from __future__ import annotations

import errno
import io
from typing import IO, Any, Final

import pyarrow as pa

from ....exceptions import Unreadable
from ...names import shown

_MARK: Final = b'{"room": "'
_PANDAS: Final = b"pandas"


class Copy:
    """An Arrow file in the making; raises Unreadable when there is no room for it: who ordered it says how much."""

    def __init__(self, sink: IO[bytes], schema: pa.Schema, name: str, *, largest: int, room: int) -> None:
        self.name = name
        self._file = _Sink(sink, room)
        self._room = room
        self._largest = largest
        self._written = 0
        metadata: Any = {**(schema.metadata or {}), _PANDAS: self._file.mark}
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, "w"), schema.with_metadata(metadata))

    def check(self, expected: int) -> None:
        """Refuse a copy of so many bytes when there is no room for it."""
        if expected > self._largest:
            raise self._refusal(expected, self._largest)

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the next rows."""
        self._written += batch.nbytes
        if self._written > self._largest:
            raise self._refusal(self._written, self._largest)
        try:
            self._writer.write_batch(batch)
        except OSError as error:
            raise self._told(error) from None

    def finish(self, schema: pa.Schema) -> int:
        """Write the end with what `schema` says of pandas; return the size of the file."""
        told = (schema.metadata or {}).get(_PANDAS, b"{}")
        try:
            self._file.fill(told.ljust(self._room))
            self._writer.close()
            return self._file.done()
        except OSError as error:
            raise self._told(error) from None

    def _refusal(self, needed: int, free: int) -> Unreadable:
        return Unreadable("tables.copy_no_room", name=shown(self.name), needed=needed >> 20, free=max(0, free) >> 20)

    def _told(self, error: OSError) -> Unreadable:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            return self._refusal(self._written, self._largest if error.errno == errno.EFBIG else 0)
        return Unreadable("tables.cannot_open", name=shown(self.name), reason=error.strerror or str(error))


def room_for(schema: pa.Schema) -> int:
    """Return how many bytes the words for pandas may come to take: the types in it change by a few letters."""
    told = (schema.metadata or {}).get(_PANDAS, b"{}")
    return max(len(told) + 8 * len(schema), len(_MARK) + 2)


class _Sink(io.RawIOBase):
    """Passes on what is written, with the words for pandas in the place that was kept for them."""

    def __init__(self, sink: IO[bytes], room: int) -> None:
        super().__init__()
        self._sink = sink
        self.mark = _MARK + b"." * (room - len(_MARK) - 2) + b'"}'
        self._place: int | None = None
        self._told = b""
        sink.seek(0)
        sink.truncate()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._sink.tell()

    def write(self, data: Any) -> int:
        if self._place is not None and not self._told:
            _all(self._sink, data)
            return len(data)
        block = bytes(data)
        if self._told:
            block = block.replace(self.mark, self._told)
        elif (at := block.find(self.mark)) >= 0:
            self._place = self._sink.tell() + at
        _all(self._sink, block)
        return len(block)

    def fill(self, told: bytes) -> None:
        """Put the words for pandas into the beginning, and into what is still to come: all of it, when no row came."""
        if len(told) != len(self.mark):
            raise ValueError("no room was kept for this")
        self._told = told
        if self._place is None:
            return
        end = self._sink.tell()
        self._sink.seek(self._place)
        _all(self._sink, told)
        self._sink.seek(end)

    def done(self) -> int:
        self._sink.flush()
        return self._sink.tell()


def _all(sink: IO[bytes], data: Any) -> None:
    """Write all of the data: a file without a buffer may take a part of it only."""
    rest = memoryview(data)
    while rest:
        rest = rest[sink.write(rest) :]
