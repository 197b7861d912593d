"""What was repaired while rows were read: how often, and on which lines, so that it can be told or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from ....exceptions import Unreadable

if TYPE_CHECKING:
    from .dialect import Examined

LINES_TOLD = 20
Kind = Literal[
    "unquoted", "unwrapped", "other_delimiter", "split", "merged", "joined", "emptied", "padded", "extra", "shifted",
    "nul", "truncated", "halved", "nameless", "header_again", "between", "blank", "comment",
]  # fmt: skip
"""unquoted: a quote that belongs to no pair is part of the cell; unwrapped: the row as a whole stood in quotes;
other_delimiter: this row has another delimiter; split: a delimiter was missing; merged: a delimiter belonged to a cell;
joined: a line end belonged to a cell; emptied: empty cells too many were dropped; padded: cells too few; extra: cells
too many, kept at the end; shifted: the header has no name for the first column; halved: nor has it here, but numbers
may have been cut at their decimal comma; nameless: so many last columns have no name and no cell, and are kept;
nul: zero characters were dropped;
truncated: the last line breaks off; header_again: a header in the middle was dropped; between: remarks in the middle
were dropped; blank: rows without any cell were dropped; comment: remark lines were dropped."""
HARMLESS: frozenset[Kind] = frozenset({"blank", "shifted", "nameless"})
"""What a strict reading does not refuse: nothing that stands in the file is changed or dropped."""
QUIET: frozenset[Kind] = frozenset(
    {"blank", "comment", "header_again", "between", "shifted", "nameless", "emptied", "unwrapped"}
)
"""What is told as information and not as a warning."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(slots=True)
class Repair:
    """How often something was repaired, and the first lines where."""

    count: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Repairs:
    """All repairs of a text, by kind."""

    kinds: dict[Kind, Repair] = field(default_factory=dict)

    def add(self, kind: Kind, line: int, count: int = 1) -> None:
        """Count one repair of a line."""
        repair = self.kinds.setdefault(kind, Repair())
        repair.count += count
        if len(repair.lines) < LINES_TOLD:
            repair.lines.append(line)

    def join(self, other: Repairs) -> None:
        """Add what was counted in a later part of the same file."""
        for kind, later in other.kinds.items():
            repair = self.kinds.setdefault(kind, Repair())
            repair.count += later.count
            repair.lines = [*repair.lines, *later.lines][:LINES_TOLD]

    def count(self, kind: Kind) -> int:
        """Return how often this was repaired."""
        return self.kinds[kind].count if kind in self.kinds else 0

    @property
    def breaks(self) -> dict[Kind, Repair]:
        """The repairs that a strict reading refuses."""
        return {kind: repair for kind, repair in self.kinds.items() if kind not in HARMLESS}

    def first(self, stated: Collection[str] = ()) -> tuple[Kind, int] | None:
        """Return the first repair that a strict reading refuses, and its line; what was `stated` is no repair."""
        found = [(repair.lines[0], kind) for kind, repair in self.breaks.items() if repair.lines and kind not in stated]
        return (min(found)[1], min(found)[0]) if found else None

    def said(self, kinds: Iterable[Kind] = KINDS) -> list[tuple[Literal["info", "warning"], str, dict[str, object]]]:
        """Return what is to be told: level, key of the text, and what fills it."""
        told: list[tuple[Literal["info", "warning"], str, dict[str, object]]] = []
        for kind in kinds:
            if kind in self.kinds:
                repair = self.kinds[kind]
                level: Literal["info", "warning"] = "info" if kind in QUIET else "warning"
                told.append((level, f"note_row_{kind}", {"rows": repair.count, "lines": lines_text(repair)}))
        return told


def refuse(repairs: Repairs, name: str, stated: Collection[str] = ()) -> None:
    """Refuse a file whose rows had to be repaired or left out; does nothing when none had.

    `stated` are the options that are stated. Raises Unreadable, which names the first such line and what is wrong.
    """
    found = repairs.first(stated)
    if found is not None:
        kind, line = found
        raise Unreadable(f"tables.strict_{kind}", name=name, line=line)


def refuse_left_out(examined: Examined, name: str, stated: Collection[str]) -> None:
    """Refuse a file of which something would be left out that nobody stated: above, below, or another table.

    Raises Unreadable, which says what it is and what to state.
    """
    dialect = examined.dialect
    if examined.tables and "table" not in stated:
        raise Unreadable("tables.strict_tables", name=name, tables=len(examined.tables))
    if examined.tables:
        return
    if examined.above and "skipped_rows" not in stated:
        raise Unreadable("tables.strict_above", name=name, rows=dialect.skipped_rows)
    if examined.totals_line:
        raise Unreadable("tables.strict_totals", name=name, line=examined.totals_line, rows=dialect.footer_rows)
    if examined.below and "footer_rows" not in stated:
        raise Unreadable("tables.strict_below", name=name, rows=dialect.footer_rows)


def lines_text(repair: Repair) -> str:
    """Return the lines of a repair as they are told."""
    return ", ".join(map(str, repair.lines)) + (", …" if repair.count > len(repair.lines) else "")
