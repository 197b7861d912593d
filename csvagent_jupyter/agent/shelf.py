"""Tables that were read lately: a file is not read again for each session that asks about it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..tables import Table

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_TABLES: Final = 64


class Shelf:
    """Holds tables by the state of their files, and lets those go that nobody asked for longest.

    A table is never changed. All of them together take at most `most_bytes` of memory; one that is mapped takes none.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[str, Table] = OrderedDict()

    def table(self, mark: str) -> Table | None:
        """Return the table of a file in this very state; `mark` tells it from every other."""
        found = self._kept.get(mark)
        if found is not None:
            self._kept.move_to_end(mark)
        return found

    def put(self, mark: str, table: Table) -> None:
        """Keep a table, if it is small enough, in the place of those that were not asked for."""
        if table.cells.held > self.most_bytes:
            return
        self._kept[mark] = table
        self._kept.move_to_end(mark)
        while len(self._kept) > MOST_TABLES or self._bytes() > self.most_bytes:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Let all of them go."""
        self._kept.clear()

    def _bytes(self) -> int:
        return sum(table.cells.held for table in self._kept.values())
