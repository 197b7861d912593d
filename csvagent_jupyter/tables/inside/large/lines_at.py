"""Which line of the file a block begins on: counted afterwards, and only for files that had to be repaired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..layout.repairs import LINES_TOLD, Repair, Repairs


def first_lines(pieces: Iterable[bytes], offsets: Sequence[int]) -> list[int]:
    """Return the number of the line (from 1) that is at each of the ascending `offsets` of a text."""
    found: list[int] = []
    line, at, last = 1, 0, b""
    for piece in pieces:
        if len(found) == len(offsets):
            break
        begin = 0
        while len(found) < len(offsets) and offsets[len(found)] <= at + len(piece):
            end = offsets[len(found)] - at
            line += _line_ends(piece[begin:end], last)
            last = piece[end - 1 : end] or last
            begin = end
            found.append(line)
        line += _line_ends(piece[begin:], last)
        last = piece[-1:] or last
        at += len(piece)
    return found


def _line_ends(piece: bytes, last: bytes) -> int:
    count = piece.count(b"\n")
    if b"\r" in piece:
        count += piece.count(b"\r") - piece.count(b"\r\n")
    return count - (last == b"\r" and piece.startswith(b"\n"))


def above(repairs: Repairs, line: int) -> Repairs:
    """Return those of the repairs that were made above a line: in the header and around it."""
    kept = Repairs()
    for kind, repair in repairs.kinds.items():
        lines = [number for number in repair.lines if number < line]
        if lines:
            all_above = len(lines) == len(repair.lines) < LINES_TOLD
            kept.kinds[kind] = Repair(repair.count if all_above else len(lines), lines)
    return kept


def shifted(parts: Sequence[tuple[int, Repairs]], lines: Sequence[int]) -> Repairs:
    """Return the repairs of all blocks, each of which begins on one of `lines`, by the lines of the file."""
    joined = Repairs()
    for (_, repairs), first in zip(parts, lines, strict=True):
        moved = {
            kind: Repair(repair.count, [line + first - 1 for line in repair.lines])
            for kind, repair in repairs.kinds.items()
        }
        joined.join(Repairs(moved))
    return joined
