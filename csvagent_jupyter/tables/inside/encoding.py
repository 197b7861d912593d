"""Bytes to text: marks at the start, UTF-8, then what charset-normalizer finds among the encodings tables come in."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from ...exceptions import Unreadable

SAMPLE = 64 << 10
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_USUAL = [
    *("cp1251", "cp866", "koi8_r", "cp1252", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp1257", "cp850", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
_LATIN = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "cp850"})
_NOT_WESTERN = re.compile(r"[šžŠŽðþÐÞýÝ³¹¼¾\ufffd]|[^\W\d_][¿£¥±¶¯¬‚„†‡•›]+[^\W\d_]")
"""What Central European, Baltic and Turkish letters look like when they are taken for western ones."""
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MOSTLY_UTF8 = 0.02


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text; `guessed` when nothing but statistics speaks for the encoding, `replaced` counts lost bytes."""

    text: str
    encoding: str
    guessed: bool = False
    replaced: int = 0


def decode(data: bytes, name: str, encoding: str = "") -> Decoded:
    """Return the text of `data`, in the stated `encoding` or the one found.

    Raises Unreadable when the bytes are not text, or the stated encoding is unknown.
    """
    if encoding:
        return _stated(data, name, encoding)
    mark = next((found for start, found in _MARKS if data.startswith(start)), "")
    if mark or (mark := _wide(data)):
        return _strict_or_replaced(data, mark)
    if len(_CONTROLS.findall(data[:SAMPLE])) > len(data[:SAMPLE]) // 100:
        raise Unreadable("tables.binary_unknown", name=name)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _eight_bit(data)


def _stated(data: bytes, name: str, encoding: str) -> Decoded:
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError):  # the latter for a name with a zero character
        raise Unreadable("tables.unknown_encoding", name=name, encoding=encoding) from None
    if not getattr(found, "_is_text_encoding", True):
        raise Unreadable("tables.unknown_encoding", name=name, encoding=encoding)
    if found.name == "utf-8" and data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    return _strict_or_replaced(data, encoding)


def _strict_or_replaced(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        return Decoded(text, encoding, replaced=max(1, text.count("\ufffd")))


def _wide(data: bytes) -> str:
    """Tell UTF-16 without a mark by where its zero bytes are: every second byte of delimiters, digits and line ends."""
    sample = data[:SAMPLE]
    pairs = len(sample) // 2
    if len(data) % 2 or pairs < 2:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < max(1, pairs // 10) or min(even, odd) > pairs // 50:
        return ""
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return ""
    return encoding


def _eight_bit(data: bytes) -> Decoded:
    """Find the encoding by statistics; a mostly valid UTF-8 file stays one, with its few bad bytes replaced."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    beyond_ascii = sum(1 for letter in text[: SAMPLE * 4] if letter > "\x7f")
    if bad < max(1.0, MOSTLY_UTF8 * beyond_ascii):
        return Decoded(text, "utf-8", replaced=bad)
    encoding = _by_statistics(_telling(data))
    for candidate in (encoding, "cp1252", "latin-1"):
        try:
            return Decoded(data.decode(candidate), candidate, guessed=True)
        except (UnicodeDecodeError, LookupError):
            continue
    raise AssertionError("latin-1 decodes every byte")


def _telling(data: bytes) -> bytes:
    """Return the lines that have bytes beyond ASCII, which alone tell encodings apart, up to the sample's size."""
    kept: list[bytes] = []
    size = 0
    for match in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*[\r\n]*", data):
        kept.append(match.group()[:4096])
        size += len(kept[-1])
        if size > SAMPLE // 2:
            break
    return b"".join(kept)


def _by_statistics(sample: bytes) -> str:
    """Ask charset-normalizer; among Latin alphabets, which it can hardly tell apart, the western one goes first."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_USUAL).best()
    found = "cp1252" if best is None else str(best.encoding)
    if found not in _LATIN:
        return found
    foreign = _NOT_WESTERN.search(sample.decode("cp1252", "replace"))
    if foreign is None:
        return "cp1252"
    return "cp1250" if found == "cp1252" else found
