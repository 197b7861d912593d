"""What a person should know of how a file was read, as notes that can be told in any language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from ..messages import Dialect
from .inside.contents import Contents
from .inside.conversion import Shape
from .inside.dialect import MAX_LINES_TOLD, Layout
from .inside.encoding import Decoded
from .order import Said, Scalar, Value

NAMES_TOLD = 5
TEXT_TOLD = 80


def about_structure(
    contents: Contents,
    decoded: Decoded,
    dialect: Dialect,
    layout: Layout,
    shape: Shape,
    renamed: dict[str, str],
    above: str,
) -> list[Said]:
    """Return the notes on encoding, header, rows that do not fit, and what was passed over."""
    notes: list[Said] = []

    def add(level: Literal["info", "warning"], key: str, **values: Value) -> None:
        notes.append(Said(level, key, values))

    if contents.others:
        others = listed(contents.others)
        add("warning", "note_member", member=contents.member, others=others)
    if decoded.guessed:
        add("info", "note_encoding_guessed", encoding=decoded.encoding)
    if decoded.replaced:
        add("warning", "note_replaced", count=decoded.replaced, encoding=decoded.encoding)
    if dialect.skipped_rows:
        add("info", "note_skipped", rows=dialect.skipped_rows, text=cut(above))
    if not dialect.header_rows:
        add("info", "note_no_header")
    if renamed:
        pairs = [(cut(old), new) for new, old in renamed.items() if cut(old) != cut(new)]
        tidied = [new for new, old in renamed.items() if cut(old) == cut(new)]
        if pairs:
            add("info", "note_renamed", names=_pairs(pairs))
        if tidied:
            add("info", "note_tidied", names=listed(tidied))
    if layout.short_count:
        add("warning", "note_short_rows", rows=layout.short_count, lines=_lines(layout.short, layout.short_count))
    if layout.long_count:
        names = listed(shape.names[len(shape.names) - shape.extra :])
        add(
            "warning",
            "note_long_rows",
            rows=layout.long_count,
            lines=_lines(layout.long, layout.long_count),
            names=names,
        )
    if layout.blank_count and len(shape.names) == 1:
        add("info", "note_blank_lines", rows=layout.blank_count)
    if not layout.rows:
        add("warning", "note_no_rows")
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


def _lines(lines: Sequence[int], count: int) -> str:
    return ", ".join(map(str, lines)) + (", …" if count > MAX_LINES_TOLD else "")
