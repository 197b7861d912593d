"""Rows that hold totals of other rows: the right ones at the end, which are cut off, and those among the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .shapes import TYPED, look

LABELS_IN = 3
"""Labels of totals stand in one of so many first columns."""
LONGEST_LABEL = 80
LEAST_ROWS = 3
TOTALS = re.compile(
    r"(?:(?:grand|sub|overall)[ -]?)?totals?\b|sum\b|итого|всего|сумма|gesamt|summe|totale|suma\b|合计",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\W*(?:(?:(?:grand|sub|overall)[ -]?)?totals?(?: (?:for|of|by|per|in)\b.*)?"
    r"|(?:общий |промежуточный )?ито(?:го|ги?)(?: (?:по|за|на|для|в)\b.*)?|всего(?: (?:по|за|на|для|в)\b.*)?"
    r"|gesamt(?:summe)?|zwischensumme|totale|合计|总计|小计)\W*",
    re.IGNORECASE,
)
_AT_END = re.compile(
    r"\W*(?:sum|сумма|summe|suma|average|avg|mean|средн(?:ее|ий|яя)(?: [^\W\d]+){0,2})\W*", re.IGNORECASE
)
_OF_GROUP = re.compile(r"(.+\S) (?:total|итог)", re.IGNORECASE)


def totals_among(rows: Sequence[Sequence[str]], lines: Sequence[int], *, whole: bool = True) -> list[int]:
    """Return the lines of rows that look like totals of others: labelled so, or a last one that adds up.

    The last row is the table's last one only when the rows are the `whole` table.
    """
    if len(rows) < LEAST_ROWS:
        return []
    found: set[int] = set()
    for column in range(min(LABELS_IN, len(rows[0]) - 1 if len(rows[0]) > 1 else 0)):
        labelled = _labelled([row[column] for row in rows], whole=whole)
        found.update(number for number in labelled if any(look(cell) == "number" for cell in rows[number]))
    if whole and len(rows) - 1 not in found and _adds_up_unnamed(rows):
        found.add(len(rows) - 1)
    return [lines[number] for number in sorted(found)] if 2 * len(found) <= len(rows) else []


def _labelled(cells: Sequence[str], *, whole: bool) -> Iterator[int]:
    """Yield the rows that a column calls totals."""
    named = {cell for cell in set(cells) if len(cell) <= LONGEST_LABEL and _LABEL.fullmatch(cell)}
    groups = {cell: match[1] for cell in set(cells) if (match := _OF_GROUP.fullmatch(cell[:LONGEST_LABEL].strip()))}
    before = ""
    if named or groups:
        for number, cell in enumerate(cells):
            if cell in named or (cell in groups and groups[cell] == before):
                yield number
            before = cell.strip() or before
    if whole and len(cells[-1]) <= LONGEST_LABEL and _AT_END.fullmatch(cells[-1]) and cells.count(cells[-1]) == 1:
        yield len(cells) - 1


def _adds_up_unnamed(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the last row has nothing but numbers that add up, under columns that are full above it."""
    last = rows[-1]
    if any(cell.strip() and look(cell) != "number" for cell in last):
        return False
    gaps = [n for n, cell in enumerate(last) if not cell.strip()]
    if not any(all(row[n].strip() for row in rows[:-1]) for n in gaps):
        return False
    return len(rows) > LEAST_ROWS and _adds_up(rows) and any(number_in(cell) for cell in last)


def totals_below(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the last row is the sum of those above it: labelled so, and right in every column of numbers."""
    if len(rows) < 3:
        return False
    last = rows[-1]
    label = next((cell.strip() for cell in last if cell.strip() and look(cell) not in TYPED), "")
    if not TOTALS.match(label) or any(TOTALS.match(row[0].strip()) for row in rows[:-1] if row):
        return False
    return _adds_up(rows)


def _adds_up(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the last row is the sum of the others wherever it has a number."""
    last = rows[-1]
    right = 0
    for position, cell in enumerate(last):
        if look(cell) != "number":
            continue
        total = number_in(cell)
        values = [number_in(row[position]) for row in rows[:-1] if position < len(row) and row[position].strip()]
        known = [value for value in values if value is not None]
        if total is None or not known or len(known) < len(values):
            continue
        if abs(sum(known) - total) > 0.006 * len(known) + 1e-6 * abs(total):
            return False
        right += 1
    return right > 0


def number_in(cell: str) -> float | None:
    """Return the number that a cell holds, whatever marks it is written with; None when it is none."""
    text = re.sub(r"[^\d.,()eE+−-]", "", cell).replace("−", "-")
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    marks = [mark for mark in text if mark in ".,"]
    if marks:
        decimal = marks[-1]
        if marks.count(decimal) > 1 or (
            len(set(marks)) == 1 and re.fullmatch(r"-?\d{1,3}(?:[.,]\d{3})+", text) and decimal == ","
        ):
            decimal = ""
        text = "".join("." if mark == decimal else mark for mark in text if mark not in ".," or mark == decimal)
    try:
        return float(text)
    except ValueError:
        return None
