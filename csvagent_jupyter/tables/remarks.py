"""What a person should know of how a file was read, as notes that can be told in any language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from .inside.layout.totals import totals_among
from .names import MAX_COLUMN_NAME
from .order import Said, Scalar, Value

if TYPE_CHECKING:
    from .inside.encoding.decoder import Wrong
    from .inside.layout.repairs import Repairs
    from .inside.looking import Look

NAMES_TOLD = 5
TEXT_TOLD = 80
MOST_LINES = 20
Level = Literal["info", "warning"]


def about_structure(seen: Look, repairs: Repairs, wrong: Wrong, names: Sequence[str], rows: int) -> list[Said]:
    """Return the notes on how a file is written, and on every row that was repaired, dropped or passed over.

    `names` are the columns that came of it, `rows` is how many rows there are.
    """
    notes: list[Said] = []

    def add(level: Level, key: str, **values: Value) -> None:
        notes.append(Said(level, key, values))

    if seen.source.others:
        add("warning", "note_member", member=cut(seen.source.member), others=listed(seen.source.others))
    notes += _about_encoding(seen, wrong)
    examined = seen.examined
    above, below = examined.above, examined.below[1 if examined.totals_line else 0 :]
    if above and seen.dialect.table == 1:
        rows_above = len(above) if seen.dialect.skipped_rows <= MOST_LINES else seen.dialect.skipped_rows
        add("info", "note_skipped", rows=rows_above, text=cut(" ".join(above)))
    if below and seen.dialect.table >= len(examined.tables):
        rows_below = len(below) if seen.dialect.footer_rows <= MOST_LINES else seen.dialect.footer_rows
        add("info", "note_footer", rows=rows_below, text=cut(" ".join(below)))
    if examined.totals_line:
        add("info", "note_totals", line=examined.totals_line)
    totals = totals_among(seen.rows.cells, seen.rows.lines, whole=not seen.source.large)
    if totals and not ("footer_rows" in seen.dialect.stated and totals == seen.rows.lines[-1:]):
        add("warning", "note_totals_among", rows=len(totals), lines=lines(totals[:MOST_LINES]))
    if examined.tables:
        others = [part for number, part in enumerate(examined.tables, 1) if number != seen.dialect.table]
        told = "; ".join(f"{part.first_line}–{part.last_line} ({listed(part.columns)})" for part in others[:NAMES_TOLD])
        add("warning", "note_tables", table=seen.dialect.table, tables=len(examined.tables), others=told)
    if not seen.dialect.header_rows and "header_rows" not in seen.dialect.stated:
        add("info", "note_no_header")
    notes += about_names(seen.renamed)
    notes += [Said(level, key, cast("dict[str, Value]", values)) for level, key, values in repairs.said()]
    if not rows:
        add("warning", "note_no_rows")
    return notes


def about_names(renamed: Mapping[str, str]) -> list[Said]:
    """Return the notes on columns that are not called what stood there."""
    notes: list[Said] = []
    shortened = [new for new, old in renamed.items() if len(old) > len(new) >= MAX_COLUMN_NAME]
    others = [(new, old) for new, old in renamed.items() if not len(old) > len(new) >= MAX_COLUMN_NAME]
    pairs = [(cut(old), new) for new, old in others if cut(old) != cut(new)]
    tidied = [new for new, old in others if cut(old) == cut(new)]
    if shortened:
        notes.append(Said("warning", "note_names_cut", {"names": listed(shortened), "most": MAX_COLUMN_NAME}))
    if pairs:
        notes.append(Said("info", "note_renamed", {"names": _pairs(pairs)}))
    if tidied:
        notes.append(Said("info", "note_tidied", {"names": listed(tidied)}))
    return notes


def _about_encoding(seen: Look, wrong: Wrong) -> list[Said]:
    notes: list[Said] = []
    encoding = seen.decoded.encoding
    if seen.decoded.guessed:
        notes.append(Said("info", "note_encoding_guessed", {"encoding": encoding}))
    if wrong.count:
        values: dict[str, Any] = {"count": wrong.count, "encoding": encoding, "lines": lines(wrong.lines)}
        notes.append(Said("warning", "note_replaced", values))
    if wrong.other_count:
        values = {"count": wrong.other_count, "encoding": encoding, "other": wrong.other_encoding}
        notes.append(Said("warning", "note_two_encodings", values | {"lines": lines(wrong.other_lines)}))
    if wrong.marks:
        notes.append(Said("info", "note_marks_inside", {"count": wrong.marks, "lines": lines(wrong.mark_lines)}))
    if (double := seen.decoded.double) is not None:
        values = {"count": double.count, "encoding": double.encoding, "seems": double.seems, "meant": double.is_meant}
        notes.append(Said("warning", "note_encoded_twice", values))
    return notes


def listed(names: Iterable[str]) -> str:
    """Join names with commas; beyond a few, how many more there are."""
    every = [cut(name) for name in names]
    if len(every) <= NAMES_TOLD:
        return ", ".join(every)
    return ", ".join(every[:NAMES_TOLD]) + f", … (+{len(every) - NAMES_TOLD})"


def _pairs(pairs: Sequence[tuple[str, str]]) -> Value:
    """Return old and new names; a name that was empty is told in the reader's language."""
    parts: list[Scalar | dict[str, str]] = []
    for old, new in pairs[:NAMES_TOLD]:
        parts += [", " if parts else "", old or {"say": "note_unnamed"}, f" → {cut(new)}"]
    if len(pairs) > NAMES_TOLD:
        parts.append(f", … (+{len(pairs) - NAMES_TOLD})")
    return parts


def cut(text: str, length: int = TEXT_TOLD) -> str:
    """Return `text` on one line and of a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def lines(numbers: Sequence[int]) -> str:
    """Return the numbers of lines, of which only the first are kept, as they are told."""
    return ", ".join(map(str, numbers)) + (", …" if len(numbers) >= 20 else "")
