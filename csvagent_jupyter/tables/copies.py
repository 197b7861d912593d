"""Columnar copies of files that were read."""

from __future__ import annotations

import tempfile

from .cells import Cells
from .opening import State
from .order import Bounds, Order, Reply
from .process import Progress, Readers


class Copies:
    """Gives the table of a file."""

    async def table(
        self, readers: Readers, order: Order, source: int, state: State, bounds: Bounds, progress: Progress | None
    ) -> tuple[Reply, Cells]:
        """Return what is in the file `source`, which is in this `state`; raises Unreadable."""
        with tempfile.TemporaryFile() as sink:
            reply = await readers.read(order, source, sink.fileno(), bounds, progress)
            return reply, Cells.of_file(sink.fileno(), reply.size)
