"""Makes a file that shows a fault smaller, as long as it shows the same one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shows = Callable[[bytes, dict[str, Any]], bool]


def smaller(data: bytes, options: dict[str, Any], shows: Shows, tries: int = 400) -> tuple[bytes, dict[str, Any]]:
    """Return a file and options that still show the fault, after at most so many tries: fewer options, lines, bytes."""
    left = [tries]

    def still(candidate: bytes, stated: dict[str, Any]) -> bool:
        left[0] -= 1
        return left[0] >= 0 and shows(candidate, stated)

    for name in sorted(options):
        fewer = {key: value for key, value in options.items() if key != name}
        if still(data, fewer):
            options = fewer
    for parts in (data.splitlines(keepends=True), None):
        pieces = parts if parts is not None else [data[at : at + 1] for at in range(len(data))]
        data = b"".join(_without(pieces, lambda kept: still(b"".join(kept), options)))
    return data, options


def _without(pieces: list[bytes], still: Callable[[list[bytes]], bool]) -> list[bytes]:
    """Leave out ever smaller runs of pieces."""
    size = max(1, len(pieces) // 2)
    while pieces:
        at = 0
        while at < len(pieces):
            kept = pieces[:at] + pieces[at + size :]
            if kept and still(kept):
                pieces = kept
            else:
                at += size
        if size == 1:
            break
        size //= 2
    return pieces
