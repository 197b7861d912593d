"""Finds text that was encoded twice: UTF-8 taken for a code page and saved as UTF-8 again, as "Ã©" and "РџСЂРё"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUN = re.compile("[\x80-\U0010ffff]{2,100}")
_PAGES = ("cp1252", "cp1251", "cp1250", "cp1254", "cp1253", "cp866", "cp850", "mac_roman", "koi8_r")
LOOKED_AT = 8 << 20
_RARE = "\u0800"
_SIGNS = ("\u2000", "\u2122")
"""One letter beyond the first and outside the second is chance: three Russian letters in cp866 make one, as "янв"."""


@dataclass(frozen=True, slots=True)
class Doubled:
    """Text that was encoded twice: `count` runs of letters in the first 8 million; what one `seems` and would be."""

    encoding: str
    count: int
    seems: str
    is_meant: str


def doubled(text: str) -> Doubled | None:
    """Return what was encoded twice, when it is at least half of what is beyond ASCII; nothing is repaired."""
    if text.isascii():
        return None
    runs = _RUN.findall(text[:LOOKED_AT])
    if not runs:
        return None
    sample = list(dict.fromkeys(runs[:2000]))
    for page in _PAGES:
        meant = [(run, once) for run in sample if (once := undone(run, page))]
        if 2 * len(meant) >= len(sample):
            count = sum(undone(run, page) != "" for run in runs)
            seems, once = max(meant, key=lambda pair: len(pair[1]))
            return Doubled(page, count, seems[:40], once[:20])
    return None


def undone(run: str, page: str) -> str:
    """Return what a run of letters was before it was taken for the code page, or "" when it was not."""
    try:
        data = b"".join(_byte(letter, page) for letter in run)
        once = data.decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return ""
    if len(once) >= len(run) or not all(letter.isprintable() or letter == "\xa0" for letter in once):
        return ""
    return once if len(once) > 1 or once < _RARE or _SIGNS[0] <= once <= _SIGNS[1] else ""


def _byte(letter: str, page: str) -> bytes:
    """Return the letter's byte; what a Windows page leaves undefined was kept as the control character of that byte."""
    if "\x80" <= letter <= "\x9f":
        return letter.encode("latin-1")
    return letter.encode(page)
