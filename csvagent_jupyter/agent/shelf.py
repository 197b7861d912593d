"""Tables that were read lately, with their profiles: a file is not read again for each session that asks about it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from ..messages import Profile
from ..translations import Language

if TYPE_CHECKING:
    from ..tables import Table

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_TABLES: Final = 64


class Shelf:
    """Holds tables by the state of their files, and lets those go that nobody asked for longest.

    A table is never changed, and each kernel gets a copy of its own. All of them together have at most `most_bytes`.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, Language], tuple[Table, Profile | None]] = OrderedDict()

    def table(self, mark: str, language: Language) -> Table | None:
        """Return the table of a file in this very state; `mark` tells it from every other."""
        found = self._kept.get((mark, language))
        if found is None:
            return None
        self._kept.move_to_end((mark, language))
        return found[0]

    def profile(self, mark: str, table: Table, language: Language) -> Profile | None:
        """Return what was found in that table, unless it was another that had this mark."""
        found = self._kept.get((mark, language))
        return found[1] if found is not None and found[0] is table else None

    def add_profile(self, mark: str, table: Table, language: Language, profile: Profile) -> None:
        """Keep the profile of a table that is kept."""
        found = self._kept.get((mark, language))
        if found is not None and found[0] is table:
            self._kept[mark, language] = (table, profile)

    def put(self, mark: str, table: Table, language: Language) -> None:
        """Keep a table, if it is small enough, in the place of those that were not asked for."""
        if table.arrow.nbytes > self.most_bytes:
            return
        self._kept[mark, language] = (table, None)
        self._kept.move_to_end((mark, language))
        while len(self._kept) > MOST_TABLES or self._bytes() > self.most_bytes:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Let all of them go."""
        self._kept.clear()

    def _bytes(self) -> int:
        """Return what the tables take; one that is kept in two languages was read twice."""
        return sum(table.arrow.nbytes for table, _ in self._kept.values())
