"""The cells of a table: at hand, or in an Arrow file of the reading process, mapped and checked before they are used.

That process looked at a file that may be hostile, and Arrow trusts the numbers in a file where it reads: one that was
not checked could make this process read outside of its memory.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .names import is_column_name

if TYPE_CHECKING:
    import pyarrow as pa

AT_HAND: Final = 8 * 2**20
"""Bytes up to which a file is held in memory; a larger one is mapped."""
LOOKED_AT: Final = 128 * 2**20
"""Bytes up to which all cells of a table are looked at for a word."""
_PIECE: Final = 2**22


class Cells:
    """One table's cells. `path` is a file that holds the same, and is never written again; it may be gone."""

    def __init__(self, arrow: pa.Table | None = None, *, buffer: bytes | mmap.mmap = b"", path: Path | None = None):
        self.path = path
        self._arrow = arrow
        self._buffer = buffer
        self._lock = threading.Lock()

    @classmethod
    def of_file(cls, file: int, size: int, path: Path | None = None) -> Cells:
        """Return the cells in a file of `size` bytes, of which only the descriptor is needed, and only now."""
        if size <= AT_HAND:
            return cls(buffer=_read(file, size), path=path)
        return cls(buffer=mmap.mmap(file, size, access=mmap.ACCESS_READ), path=path)

    @property
    def nbytes(self) -> int:
        """How many bytes of memory or of a mapped file they take."""
        return self._arrow.nbytes if self._arrow is not None and not self._buffer else len(self._buffer)

    @property
    def held(self) -> int:
        """How many bytes of this process's own memory they take."""
        return 0 if isinstance(self._buffer, mmap.mmap) else self.nbytes

    @property
    def arrow(self) -> pa.Table:
        """The Arrow table; raises ValueError when the file is not what it should be."""
        with self._lock:
            if self._arrow is None:
                self._arrow = _checked(self._buffer)
            return self._arrow

    def give(self, path: Path, *, shared: bool = False) -> None:
        """Put them into a new Arrow file at `path`, in the place of one that was there.

        With `shared` it may be the very file that others get: only for who cannot write there.
        """
        path.unlink(missing_ok=True)
        if shared and self.path is not None:
            with contextlib.suppress(OSError):
                os.link(self.path, path)
                return
        if not self._buffer:
            from .frame import write_arrow

            write_arrow(self.arrow, path)
            return
        with path.open("xb") as file, memoryview(self._buffer) as whole:
            for start in range(0, len(whole), _PIECE):
                file.write(whole[start : start + _PIECE])


def _read(file: int, size: int) -> bytes:
    with os.fdopen(file, "rb", closefd=False) as opened:
        opened.seek(0)
        return opened.read(size)


def _checked(buffer: bytes | mmap.mmap) -> pa.Table:
    """Return the table of an Arrow file once every offset in it is known to be inside; raises ValueError.

    What it says beside its cells is not believed: what pandas is told is written anew.
    """
    import pyarrow as pa

    from .frame import own_schema
    from .plain import read_plain

    try:
        table = read_plain(buffer)
        table.validate(full=True)
        names = table.schema.names
        if len(set(names)) < len(names) or not all(map(is_column_name, names)):
            raise ValueError("names that no table of ours has")
        return pa.Table.from_arrays(table.columns, schema=own_schema(table.schema)) if names else table
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError):
        raise ValueError("no table") from None
