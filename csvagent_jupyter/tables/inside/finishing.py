"""The cells of a table that is in memory: written, and described."""

from __future__ import annotations

import os
from typing import IO, Any, cast

import msgspec
import pyarrow as pa

from ..order import Reply
from .profile.exact import columns_of


def finished(table: pa.Table, reply: Reply, out: IO[bytes]) -> Reply:
    """Write the cells of a table, and describe them."""
    columns, left_out = columns_of(table)
    write(table, out)
    size = os.fstat(out.fileno()).st_size
    return msgspec.structs.replace(reply, rows=table.num_rows, columns=columns, columns_left_out=left_out, size=size)


def write(table: pa.Table, out: IO[bytes]) -> None:
    """Write an Arrow file that is not compressed."""
    with writer(table.schema, out) as to:
        to.write_table(table)


def writer(schema: pa.Schema, out: IO[bytes]) -> Any:
    """Return what writes the batches of an Arrow file; it leaves the file open."""
    return pa.ipc.new_file(pa.PythonFile(cast(Any, out), "w"), schema)
