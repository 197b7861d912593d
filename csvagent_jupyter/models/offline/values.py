"""Which cells of the table the words of a question name: "in Moscow" finds the column that holds Moscow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...messages import Column, Profile
from .columns import TEXTUAL
from .lexicon import concept
from .words import Token, stems

FindValues = Callable[[str], list[tuple[str, str, str]]]
Cell = tuple[str, str]  # column, cell

MAX_LOOKUPS = 24
MAX_CELL_WORDS = 6


class ValueIndex:
    """The cells of one table that this question could mean.

    Only cells which begin like some word of the question are looked at, so that the index costs little on wide tables.
    """

    def __init__(self, profile: Profile, tokens: list[Token], find_values: FindValues | None = None) -> None:
        self.profile = profile
        self._find = find_values
        self._lookups = 0
        self._text_columns = {column.name for column in profile.columns if column.type in (*TEXTUAL, "mixed")}
        self._cells: dict[tuple[str, ...], set[Cell]] = {}
        beginnings = {concept(t.stem)[:3] for t in tokens if t.stem} | {t.stem[:3] for t in tokens if t.stem}
        beginnings |= {stems(t.text)[0][:3] for t in tokens if t.kind == "quoted" and stems(t.text)}
        for column in profile.columns:
            if column.name in self._text_columns:
                for cell in _cells_of(column):
                    self._enter(column.name, cell, beginnings)

    def _enter(self, column: str, cell: str, beginnings: set[str]) -> None:
        if not cell.strip() or len(cell) > 80:
            return
        words = stems(cell)
        if (
            words
            and (words[0][:3] in beginnings or concept(words[0])[:3] in beginnings)
            and len(words) <= MAX_CELL_WORDS
        ):
            self._cells.setdefault(words, set()).add((column, cell))
            self._cells.setdefault(tuple(concept(word) for word in words), set()).add((column, cell))

    def find(self, words: tuple[str, ...]) -> list[Cell]:
        """Return the (column, cell) pairs whose words are exactly these stems."""
        return sorted(self._cells.get(words, ()))

    def look_up(self, text: str) -> list[Cell]:
        """Ask the table itself for a term that the profile does not show; cells must be the term, inflection aside."""
        wanted = stems(text)
        if not wanted or len(text) < 2:
            return []
        found = self.find(wanted) or self.find(tuple(concept(word) for word in wanted))
        for term in dict.fromkeys((text, max(wanted, key=len))):
            if found or self._find is None or self._lookups >= MAX_LOOKUPS:
                break
            self._lookups += 1
            for table, column, cell in self._find(term):
                if table == self.profile.name and column in self._text_columns and stems(cell) == wanted:
                    found.append((column, cell))
        return sorted(set(found))


def _cells_of(column: Column) -> Iterator[str]:
    for cell, _ in column.frequent:
        yield cell
    yield from column.examples
