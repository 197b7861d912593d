"""Makes a file that shows a fault smaller, as long as it shows the same one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shows = Callable[[bytes, dict[str, Any]], bool]
LONGEST = 20_000
"""Bytes up to which single ones are left out."""


def smaller(data: bytes, options: dict[str, Any], shows: Shows, tries: int = 300) -> tuple[bytes, dict[str, Any]]:
    """Return a file and options that still show the fault, after at most so many tries: fewer options, lines, bytes."""
    hunt = _Hunt(shows, tries)
    for name in sorted(options):
        fewer = {key: value for key, value in options.items() if key != name}
        if hunt.still(data, fewer):
            options = fewer
    data = b"".join(hunt.without(data.splitlines(keepends=True), options))
    if len(data) <= LONGEST:
        data = b"".join(hunt.without([data[at : at + 1] for at in range(len(data))], options))
    return data, options


class _Hunt:
    def __init__(self, shows: Shows, tries: int) -> None:
        self.shows = shows
        self.left = tries

    def still(self, data: bytes, options: dict[str, Any]) -> bool:
        self.left -= 1
        return self.shows(data, options)

    def without(self, pieces: list[bytes], options: dict[str, Any]) -> list[bytes]:
        """Leave out ever smaller runs of pieces."""
        size = max(1, len(pieces) // 2)
        while True:
            at = 0
            while at < len(pieces) and self.left > 0:
                kept = pieces[:at] + pieces[at + size :]
                if kept and self.still(b"".join(kept), options):
                    pieces = kept
                else:
                    at += size
            if size == 1 or self.left <= 0:
                return pieces
            size //= 2
