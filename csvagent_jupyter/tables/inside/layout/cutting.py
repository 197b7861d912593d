"""A sample of a text cut into rows without knowing yet how wide they should be: for looking, not for keeping."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from .lines import Script
from .mending import LONGEST_LINE, leniently

MOST_LINES_OF_A_ROW = 60


@dataclass(frozen=True, slots=True)
class Cut:
    """One row of a sample: its cells, the line it begins on (from 0) and the line behind it."""

    cells: list[str]
    line: int
    end: int

    @property
    def filled(self) -> int:
        """How many cells are not empty."""
        return sum(1 for cell in self.cells if cell.strip())


def cut(lines: Sequence[str], script: Script, first: int = 0) -> list[Cut]:
    """Return the rows in `lines`; one whose quotes do not match up is taken from its first line alone."""
    if not script.quote or not any(script.quote in line for line in lines):
        return [Cut(_plain(line, script), first + n, first + n + 1) for n, line in enumerate(lines)]
    rows: list[Cut] = []
    listed = list(lines)
    at = 0
    while at < len(listed):
        feed = iter(listed[at : at + MOST_LINES_OF_A_ROW])
        try:
            cells: list[str] = next(script.reader(feed), [])
            end = at + len(listed[at : at + MOST_LINES_OF_A_ROW]) - feed.__length_hint__()  # type: ignore[attr-defined]
        except csv.Error:
            line = listed[at].rstrip("\r\n")
            cells = leniently(line, script)[0] if len(line) <= LONGEST_LINE else line.split(script.delimiter)
            end = at + 1
        if len(cells) == 1 and script.delimiter in cells[0] and listed[at].startswith(script.quote):
            cells = _unwrapped(cells, script)
        rows.append(Cut(cells, first + at, first + end))
        at = end
    return rows


def _plain(line: str, script: Script) -> list[str]:
    body = line.rstrip("\r\n")
    if script.escape and script.escape in body:
        cells: list[str] = next(script.reader([line], strict=False), [])
        return cells
    return body.split(script.delimiter) if body else []


def _unwrapped(cells: list[str], script: Script) -> list[str]:
    try:
        inner: list[str] = next(script.reader([cells[0]]), [])
    except csv.Error:
        return cells
    return inner if len(inner) > 1 else cells


def is_rule(cells: Sequence[str]) -> bool:
    """Tell whether a row is a line drawn under names: dashes or equal signs in every cell but an empty outer one."""
    drawn = cells[not cells[0].strip() : len(cells) - (not cells[-1].strip())] if len(cells) > 1 else cells
    many = len(drawn) > 1 or any("-+-" in cell for cell in drawn)
    return many and all(len(cell) > 1 and not cell.strip(" -=+:") and cell.strip(" :+") for cell in drawn)


def is_empty(cells: Sequence[str]) -> bool:
    """Tell whether nothing stands in a row."""
    return not any(cell.strip() for cell in cells)
