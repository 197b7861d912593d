"""Damage at random: to the bytes of a file, and to the options it is read with."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .seeds import DELIMITERS, ENCODINGS, WORDS, packed

Random = random.Random
LARGEST = 2_000_000
TOKENS = (
    *(b'"', b"'", b'""', b"\\", b'\\"', b",", b";", b"\t", b"|", b" ", b"\n", b"\r", b"\r\n", b"\n\n\n", b"\x00"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\x00\x00", b"\x85", b"\xe2\x80\xa8", b"\x0b\x0c"),
    *(b"\xff", b"\x1a", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"1e999", b"-0", b"0x1F", b"1_000"),
    *(b"9" * 40, b"nan", b"inf", b"NaT", b"31.02.2024", b"00/00/0000", b"9999-12-31", b"0001-01-01", b"24:00"),
    *(b"#", b"//", b"--", b"<html>", b"sep=;\n", b"{", b"[", b"=", b"%", b"\xe2\x82\xac", b"\xc2\xa0"),
    *(b"\xe2\x80\xaf", b"\xe2\x80\x8b", b"PK\x03\x04", b"\x1f\x8b\x08", b"\xff\xfe\xff", b"\xd8\x00", b"(1)"),
    *(b"1/2/03", b"12:60", b"+7 495", b"1e5", b"1.", b".5"),
)


def damaged(random: Random, data: bytes, other: bytes) -> bytes:
    """Return `data` after one to a few blows; `other` is a file that parts may come from."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        data = random.choice(BLOWS)(random, data, other)[:LARGEST]
    return data


def _place(random: Random, data: bytes) -> int:
    return random.randint(0, len(data))


def _span(random: Random, data: bytes) -> tuple[int, int]:
    start = _place(random, data)
    return start, min(len(data), start + random.choice((1, 1, 2, 10, 100, 1000)))


def _flip(random: Random, data: bytes, other: bytes) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _insert(random: Random, data: bytes, other: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.choice(TOKENS) * random.choice((1, 1, 1, 2, 50)) + data[at:]


def _noise(random: Random, data: bytes, other: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.randbytes(random.choice((1, 3, 30, 300))) + data[at:]


def _delete(random: Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[end:]


def _duplicate(random: Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 20)) + data[end:]


def _replace(random: Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:start] + random.choice(TOKENS) + data[end:]


def _truncate(random: Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(random, data)] if random.random() < 0.7 else data[_place(random, data) :]


def _splice(random: Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(random, data)] + other[_place(random, other) :]


def _swap_lines(random: Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


def _swap_mark(random: Random, data: bytes, other: bytes) -> bytes:
    """Replace one mark by another, everywhere or the first few times."""
    old = random.choice((b",", b";", b"\n", b"\r\n", b'"', b".", b"\t", b"0"))
    return data.replace(old, random.choice(TOKENS), random.choice((-1, 1, 5)))


def _huge_cell(random: Random, data: bytes, other: bytes) -> bytes:
    at = _place(random, data)
    cell = random.choice((b"x", b"9", b'"', b'""', b",", b"\n", b" ", b"a,", b'"\n', b"\0", "я".encode(), b"1;"))
    return data[:at] + cell * (random.choice((1_000, 20_000, 200_000)) // len(cell)) + data[at:]


def _mark_at_start(random: Random, data: bytes, other: bytes) -> bytes:
    return (
        random.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\n", b"\0"))
        + data
    )


def _packed(random: Random, data: bytes, other: bytes) -> bytes:
    return packed(random, data)


def _end_of_quote(random: Random, data: bytes, other: bytes) -> bytes:
    """Leave a quoted cell open near the end."""
    at = max(0, len(data) - random.choice((1, 10, 200)))
    return data[:at] + b'"' + data[at:]


Blow = Callable[[Random, bytes, bytes], bytes]
BLOWS: tuple[Blow, ...] = (
    *(_flip, _insert, _insert, _insert, _noise, _delete, _delete, _duplicate, _replace, _replace, _truncate, _splice),
    *(_swap_lines, _swap_mark, _swap_mark, _huge_cell, _mark_at_start, _packed, _end_of_quote),
)

NAMES = ("a.csv", "a.csv", "a.csv", "a.tsv", "a.txt", "a.tab", "a", "a.csv.gz", "a.zip", "a.dat", "it's {a}; drop.csv")


def _types(random: Random) -> dict[str, str]:
    names = ("id", "name", "Дата", "price", "column_1", "a", "DATE", "Qty", "x")
    kinds = ("text", "integer", "number", "boolean", "date", "datetime", "time")
    return {random.choice(names): random.choice(kinds) for _ in range(random.randint(0, 2))}


OPTIONS: dict[str, Callable[[Random], Any]] = {
    "encoding": lambda r: r.choice((*ENCODINGS, "ascii", "utf-7", "idna", "punycode", "utf_8_sig", "cp65001")),
    "delimiter": lambda r: r.choice((*DELIMITERS, "a", "1", "||||", "\\", "^|^", ".*", "\r", '"')),
    "quotechar": lambda r: r.choice(("", '"', "'", "`", "«", "“", "$", "\\", "|")),
    "escapechar": lambda r: r.choice(("", "\\", "^", "/", '"', "\u00a0")),
    "comment": lambda r: r.choice(("", "#", "//", "--", "%", "D", '"', ";")),
    "header_rows": lambda r: r.choice((0, 1, 2, 3, 50, 100)),
    "skipped_rows": lambda r: r.choice((0, 1, 2, 5, 100, 10**9)),
    "footer_rows": lambda r: r.choice((0, 1, 3, 1000)),
    "decimal": lambda r: r.choice((".", ",", "٫", "'", " ")),
    "thousands": lambda r: r.choice(("", ",", ".", " ", "'", "\u202f", "_")),
    "dayfirst": lambda r: r.random() < 0.5,
    "missing": lambda r: r.sample(WORDS, r.randint(0, 3)),
    "types": _types,
    "table": lambda r: r.choice((1, 2, 3, 10)),
    "strict": lambda r: r.random() < 0.8,
    "as_text": lambda r: r.random() < 0.8,
}


def options(random: Random) -> dict[str, Any]:
    """Return what is stated of the file: mostly nothing."""
    if random.random() < 0.6:
        return {}
    names = random.sample(sorted(OPTIONS), random.choice((1, 1, 2, 3, 6)))
    return {name: OPTIONS[name](random) for name in names}
