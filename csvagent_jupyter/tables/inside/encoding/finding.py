"""Bytes to text: which encoding a file is in, and all of a small file at once."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ....exceptions import Unreadable
from .decoder import NOT_OF_FILES, Decoder, Wrong
from .doubled import Doubled, doubled
from .ranking import believable, cost_as_utf8, ranked
from .utf8 import BEYOND, SEQUENCE, is_utf8
from .wide import is_binary, readable, shifting, wide

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 64 << 10
WINDOWS = 16
LONGEST_LINE = 4096
TWO_ENCODINGS = 12.0
"""Bits of evidence it takes to believe that one file is in two encodings."""
MOSTLY = 50
"""One part in this many is taken for chance: lines that happen to be UTF-8, or a few damaged characters."""

FEW_WRONG = 2
_DAMAGE = frozenset(b"\xc2\xc3\xd0\xd1\xe2\xfe\xff")
"""What letters begin with in UTF-8, and what damage leaves: one or two of them in a single line prove nothing."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file is in: `guessed` when nothing but statistics speaks for it, `bom` the bytes of the mark at its start.

    `other` is a second encoding that some of its lines are in. `name` is "" when the bytes are no text.
    """

    name: str
    guessed: bool = False
    bom: int = 0
    other: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text; `guessed` when nothing but statistics speaks for the encoding, `replaced` counts lost bytes."""

    text: str
    encoding: str
    guessed: bool = False
    replaced: int = 0
    wrong: Wrong = field(default_factory=Wrong)
    double: Doubled | None = None


def find(head: bytes, tail: bytes = b"", middle: Sequence[bytes] = ()) -> Encoding:
    """Return the encoding of a file from its start and, where it is long, from other parts of it.

    `head` begins where the file does; the other parts may begin and end anywhere, within a character, too.
    """
    for mark, name in _MARKS:
        if head.startswith(mark) and (name == "utf-8-sig" or readable(head, name)):
            return Encoding(name, bom=len(mark))
    if name := wide(head):
        return Encoding(name)
    if is_binary(head):
        return Encoding("")
    if name := shifting(head[:SAMPLE]):
        return Encoding(name, guessed=True)
    parts = [head] if not tail and not middle else [_up_to_line_end(head), *map(_whole_lines, [*middle, tail])]
    if all(map(is_utf8, parts)):
        return Encoding("utf-8")
    return _by_lines([line for part in parts for line in _telling(part)])


def decode(data: bytes, name: str, encoding: str = "") -> Decoded:
    """Return the text of `data`, in the stated `encoding` or the one found.

    Raises Unreadable when the bytes are not text, or the stated encoding is unknown.
    """
    found = _stated(data, name, encoding) if encoding else find(data)
    if not found.name:
        raise Unreadable("tables.binary_unknown", name=name)
    decoder = Decoder(found.name, "" if encoding else found.other or None)
    text = decoder.text(data, final=True)
    return Decoded(text, found.name, found.guessed, decoder.wrong.count, decoder.wrong, doubled(text))


def _stated(data: bytes, name: str, encoding: str) -> Encoding:
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError):  # the latter for a name with a zero character
        raise Unreadable("tables.unknown_encoding", name=name, encoding=encoding) from None
    if not getattr(found, "_is_text_encoding", True) or found.name in NOT_OF_FILES:
        raise Unreadable("tables.unknown_encoding", name=name, encoding=encoding)
    if found.name == "utf-8" and data.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig", bom=len(codecs.BOM_UTF8))
    return Encoding(encoding)


def _telling(part: bytes) -> list[bytes]:
    """Return the lines that have bytes beyond ASCII, which alone tell encodings apart, from all over the part."""
    step = max(len(part) // WINDOWS, SAMPLE)
    kept: list[bytes] = []
    for start in range(0, len(part), step):
        end = min(len(part), start + step)
        beyond = np.flatnonzero(np.frombuffer(part, np.uint8, end - start, start) > 127) + start
        size, cursor = 0, start
        while size < SAMPLE // WINDOWS * 4 and (place := int(np.searchsorted(beyond, cursor))) < len(beyond):
            begin, line = _line_around(part, int(beyond[place]), cursor)
            kept.append(line)
            size += len(line)
            cursor = max(int(beyond[place]) + 1, begin + len(line))
    return kept


def _line_around(part: bytes, place: int, start: int) -> tuple[int, bytes]:
    """Return the line a byte stands in, cut to a bearable length around it, and where it begins."""
    low, high = max(start, place - LONGEST_LINE // 2), min(len(part), place + LONGEST_LINE // 2)
    begin = max(part.rfind(b"\n", low, place), part.rfind(b"\r", low, place)) + 1 or low
    ends = [end for end in (part.find(b"\n", place, high), part.find(b"\r", place, high)) if end >= 0]
    return begin, part[begin : min(ends) + 1] if ends else part[begin:high]


def _by_lines(lines: list[bytes]) -> Encoding:
    """Find the encoding of lines that are not all UTF-8: a damaged UTF-8, a code page, or both in one file."""
    valid: list[bytes] = []
    other: list[bytes] = []
    sequences = wrong = 0
    for line in lines:
        within = len(SEQUENCE.findall(line))
        if is_utf8(line):
            valid.append(line)
            sequences += within
            continue
        beside = len(BEYOND.findall(SEQUENCE.sub(b"", line)))
        wrong += beside
        if beside > within:
            other.append(line)
        else:
            sequences += within
    if not other:
        return Encoding("utf-8")
    sample = b"".join(_spread(other))
    bits, page = ranked(sample)[0]
    if not sequences or (not valid and wrong > sequences) or len(valid) * MOSTLY < len(other):
        return Encoding(page, guessed=True)
    if len(valid) < MOSTLY * len(other):
        alone, one_page = ranked(b"".join(_spread(lines)))[0]
        if alone < cost_as_utf8(b"".join(_spread(valid))) + bits + TWO_ENCODINGS:
            return Encoding(one_page, guessed=True)
    if len(other) > len(valid):
        return Encoding(page, guessed=True, other="utf-8")
    enough = len(other) > 1 or wrong > FEW_WRONG or _DAMAGE.isdisjoint(other[0])
    return Encoding("utf-8", other=page if enough and believable(sample, page) else "")


def _spread(lines: list[bytes]) -> list[bytes]:
    """Return at most some hundreds of the lines, from all over."""
    return lines[:: max(1, len(lines) // 400)]


def _up_to_line_end(part: bytes) -> bytes:
    """Return the start of a file up to its last whole line, or as it is when that would leave nothing."""
    return part[: part.rfind(b"\n") + 1] or part[: part.rfind(b"\r") + 1] or part


def _whole_lines(part: bytes) -> bytes:
    """Return the whole lines of a part that begins and ends anywhere."""
    begin = part.find(b"\n") + 1 or part.find(b"\r") + 1
    return part[begin : max(part.rfind(b"\n"), part.rfind(b"\r")) + 1] if begin else b""
