"""Tells UTF-16 and UTF-32 without a mark, and encodings that shift between alphabets, from everything else."""

from __future__ import annotations

import re
import unicodedata

SAMPLE = 1 << 14
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_SHIFTS = (
    ("iso2022_jp", re.compile(rb"\x1b\$[@B][\x21-\x7e]{2}")),
    ("iso2022_jp_2", re.compile(rb"\x1b\$\([CD][\x21-\x7e]{2}|\x1b\$A[\x21-\x7e]{2}")),
    ("iso2022_kr", re.compile(rb"\x1b\$\)C")),
    ("hz", re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}")),
)
MOST_BAD = 0.02


def wide(data: bytes) -> str:
    """Return the encoding whose characters are two or four bytes each, or "".

    Zero bytes alone do not tell: Russian and Chinese have few of them in UTF-16, and a damaged file of single bytes may
    have some. What comes out must be characters that exist, with plain delimiters or line ends among them.
    """
    sample = data[:SAMPLE]
    zeros = sample.count(0)
    if not zeros or len(sample) < 4:
        return ""
    for encoding, highest in (("utf-32-le", 3), ("utf-32-be", 0)):
        whole = sample[: len(sample) // 4 * 4]
        if whole[highest::4].count(0) * 50 >= len(whole) // 4 * 49 and _bad(whole.decode(encoding, "replace")) == 0:
            return encoding
    if zeros < 0.3 * len(sample) and _clean(sample.replace(b"\x00", b"")):
        return ""
    even = sample[: len(sample) // 2 * 2]
    found = []
    for encoding in ("utf-16-le", "utf-16-be"):
        text = even.decode(encoding, "ignore" if len(data) > SAMPLE else "replace")
        plain = sum(letter < "\x80" for letter in text)
        if plain and _bad(text) <= MOST_BAD * len(text):
            found.append((plain, encoding))
    return max(found)[1] if found else ""


def readable(data: bytes, encoding: str) -> bool:
    """Say whether the data's start is text in an encoding of wide characters that a mark speaks for."""
    text = data[: SAMPLE // 4 * 4].decode(encoding, "ignore")
    return _bad(text) <= MOST_BAD * len(text) + 1


def shifting(data: bytes) -> str:
    """Return the seven-bit encoding of Japanese, Korean or Chinese whose signals of shifting are there, or ""."""
    if (b"\x1b$" not in data and b"~{" not in data) or not data[:SAMPLE].isascii():
        return ""
    for encoding, signal in _SHIFTS:
        if signal.search(data):
            text = data.decode(encoding, "replace")
            if text.count("\ufffd") * 50 <= len(text) and not text.isascii():
                return encoding
    return ""


def is_binary(data: bytes) -> bool:
    """Say whether the data's start has more control characters than any text; a few zero bytes are no sign."""
    sample = data[: SAMPLE * 4]
    if len(_CONTROLS.findall(sample)) > len(sample) // 100:
        return True
    return sample.count(0) > 0.3 * len(sample)


def _clean(sample: bytes) -> bool:
    """Say whether the sample is UTF-8 without control characters; its last character may be cut."""
    if _CONTROLS.search(sample):
        return False
    try:
        sample[: max(0, len(sample) - 4)].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 8 > 0
    return True


def _bad(text: str) -> int:
    """Count the characters that no table has: controls, surrogates, private and unassigned ones."""
    return sum(
        unicodedata.category(letter) in {"Cc", "Cn", "Co", "Cs"} and letter not in "\t\n\r\x0b\x0c\x1a"
        for letter in text
    ) + text.count("\ufffd")
