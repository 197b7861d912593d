"""Which code page a text is in: each candidate's decoding is read, and the most plausible one wins."""

from __future__ import annotations

import codecs
from math import inf

from .codepages import CJK, CODE_PAGES, CodePage
from .plausible import alphabets, cost, tokens

FIRST_LOOK = 800
SECOND_LOOK = 1 << 13
KEPT = 8
MARGIN = 100.0
"""Bits by which a candidate may be behind and still be worth a closer look."""
BELIEVABLE = 9.0
"""Bits for each letter above which a decoding is no text in any language known."""
_BY_NAME = {page.name: page for page in CODE_PAGES}


def ranked(sample: bytes) -> list[tuple[float, str]]:
    """Return the code pages with what the sample costs in each, in bits, the most plausible first.

    `sample` should be the lines that have bytes beyond ASCII; its first 800 bytes choose the candidates, its first
    8 KB the winner.
    """
    first = _cut(sample, FIRST_LOOK)
    least = inf
    found = []
    for page in CODE_PAGES:
        bits = _cost(first, page, least + MARGIN)
        least = min(least, bits)
        found.append((bits, page.name))
    found.sort()
    if len(first) < len(sample):
        first = _cut(sample, SECOND_LOOK)
        found = sorted((_cost(first, _BY_NAME[name]), name) for _, name in found[:KEPT])
    return _usual_first(first, found)


def _usual_first(sample: bytes, found: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Put the most usual one of those that give the winner's text first: it fits the rest of the file best."""
    text = sample.decode(found[0][1], "replace")
    same = [each for each in found[:KEPT] if sample.decode(each[1], "replace") == text]
    best = min(same, key=lambda each: _BY_NAME[each[1]].unusual)
    return [best, *(each for each in found if each is not best)]


def believable(sample: bytes, encoding: str) -> bool:
    """Say whether the sample reads like text of a language the code page is for."""
    page = _BY_NAME.get(encoding)
    if page is None:
        return True
    sample = _cut(sample, FIRST_LOOK)
    found = tokens(_text(sample, encoding))
    letters = sum(len(token) * min(3, count) for token, count in found.items())
    return cost(found, page.languages) < BELIEVABLE * (letters + 1)


def readable_as_utf8(sample: bytes, encoding: str) -> bool:
    """Say whether lines that are valid UTF-8 read better so than in a code page, where that happens by chance."""
    page = _BY_NAME.get(encoding, _BY_NAME["cp1252"])
    return cost_as_utf8(sample) < _cost(sample, page) - page.unusual


def cost_as_utf8(sample: bytes) -> float:
    """Return what a sample costs as UTF-8, in bits: each word in the language that suits it best."""
    found = tokens(_cut(sample, SECOND_LOOK).decode("utf-8", "replace"))
    return cost(found, tuple(alphabets()))


def _cost(sample: bytes, page: CodePage, limit: float = inf) -> float:
    return page.unusual + cost(tokens(_text(sample, page.name)), page.languages, limit)


def _text(sample: bytes, encoding: str) -> str:
    """Return the sample's text; a character that its end cuts off speaks neither for nor against an encoding."""
    if encoding in CJK:
        return codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    return sample.decode(encoding, "replace")


def _cut(sample: bytes, size: int) -> bytes:
    """Return the sample's start, up to the end of a line, so that no character is cut."""
    if len(sample) <= size:
        return sample
    end = sample.rfind(b"\n", 0, size)
    return sample[: end + 1] if end > 0 else sample[:size]
