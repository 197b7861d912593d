"""What most rows of a text are like: a sample of those that stand on one line each, and how many cells they have."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

from .lines import COMMENTS, Script
from .mending import LONGEST_LINE

SAMPLE = 400
USUAL = 0.8


def usual_rows(lines: list[str], script: Script) -> list[list[str]]:
    """Return rows from all over the text that stand on one line each and are written as they should be."""
    step = max(1, len(lines) // SAMPLE)  # and not every so many lines, lest a period be taken for the whole
    spread = [n + n * 7919 % step for n in range(SAMPLE // 4, len(lines) - step, step)]
    picked = [lines[n] for n in (*_on_one_line(lines[: SAMPLE // 4], script), *spread)]
    rows: list[list[str]] = []
    for line in picked[: 2 * SAMPLE]:
        if len(line) > LONGEST_LINE or not line.strip():
            continue
        row = alone(line, script)
        if row and not any("\n" in cell or "\r" in cell for cell in row):
            rows.append(row)
    return rows


def _on_one_line(lines: list[str], script: Script) -> list[int]:
    """Return which lines are rows by themselves, no part of a quoted cell with line ends in it."""
    found: list[int] = []
    at = 0
    while at < len(lines):
        feed = iter(lines[at:])
        try:
            next(script.reader(feed), [])
            after = len(lines) - feed.__length_hint__()  # type: ignore[attr-defined]
        except csv.Error:
            after = at + 1
        found += [at] if after == at + 1 else []
        at = after
    return found


def alone(line: str, script: Script) -> list[str]:
    """Return the cells of a line by itself; none when it is not written as it should be."""
    try:
        row: list[str] = next(script.reader([line]), [])
    except csv.Error:
        return []
    if len(row) == 1 and script.delimiter in row[0] and line.startswith(script.quote or " "):
        return _unwrapped(row[0], script) or row
    return row


def _unwrapped(cell: str, script: Script) -> list[str]:
    try:
        row: list[str] = next(script.reader([cell]), [])
    except csv.Error:
        return []
    return row if any(row) else []


def usual_width(sample: Sequence[Sequence[str]], header_rows: int) -> int:
    """Return the width of most rows; the header's when it is wider, or when no width is usual."""
    body = sample[header_rows:]
    names = [row[1:] if row[0] in COMMENTS else row for row in sample[:header_rows]]
    head = max((len(row) for row in names), default=0)
    if not body:
        return head or 1
    widths = Counter(len(row) for row in body)
    usual, often = max(widths.items(), key=lambda item: (item[1], item[0]))
    if head > usual > 1 and often >= USUAL * len(body) and all(sum(map(bool, row)) == usual for row in names):
        return usual
    if head and (head >= usual or often * 2 < len(body) or widths[head] * 2 >= often):
        return head
    if head and widths[head] and not any(any(row[head:]) for row in body):
        return head
    if not head and often * 2 < len(body):
        return min(max(widths), 2 * usual + 8)
    return usual
