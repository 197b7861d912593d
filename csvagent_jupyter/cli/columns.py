"""Columns of text, aligned for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Return the rows as lines with aligned columns; those whose numbers are in `right` end flush."""
    widths = [max(_width(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(_line(row, widths, right) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    cells = zip(row, widths, strict=True)
    return "  ".join(_padded(cell, width, index in right) for index, (cell, width) in enumerate(cells)).rstrip()


def _width(text: str) -> int:
    """Count the terminal cells of a text: wide letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
