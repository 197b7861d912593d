"""What can be seen of a text file before its cells are read: its encoding, how it is laid out, what its columns are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Final

from ...exceptions import Unreadable
from ...messages import Dialect
from ..names import column_names, shown
from ..options import dialect_of
from ..order import Order
from .encoding.decoder import Decoder
from .encoding.finding import Decoded, decode, find
from .large.streams import Source
from .layout.dialect import Examined, examine
from .layout.header import adds_to_names
from .layout.rows import Rows, parse

FIRST_LINES: Final = 2_000
WIDEST: Final = 100_000
"""Columns of a table: more are a mistaken delimiter, or take longer to plan than anybody waits."""
_PACKED: Final = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip"}
_MARKUP = re.compile(r"<(?:(!doctype html|html|head)|\?xml|[a-z]+:)", re.IGNORECASE)
_JSON = re.compile(r"(\{\s*[\"}]|\[\s*[\[{\"\]\d]).*[}\]]\s*", re.DOTALL)
_MARKS: Final = frozenset(",;|#:")
_FOUND: Final = ("encoding", "compression")


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: `rows` are all of a small file, of a large one the first. `text` is what was looked at.

    `names` are the columns', as they are called from now on; `renamed` says what stood there.
    """

    source: Source
    decoded: Decoded
    examined: Examined
    dialect: Dialect
    given: Dialect
    fixed: frozenset[str]
    text: str
    rows: Rows
    names: list[str]
    renamed: dict[str, str]
    other: str = ""

    @property
    def name(self) -> str:
        """The file's name as it can stand in a sentence."""
        return shown(self.source.name)


def look(source: Source, order: Order) -> Look:
    """Look at a file; raises Unreadable when it is no table of text, or has no column that something is stated of."""
    given, fixed = dialect_of(order.options)
    name = shown(order.name)
    stated = given.encoding if "encoding" in fixed else ""
    decoded, text, other = _decoded(source, name, stated)
    _refuse_other_text(text, name)
    line = text.strip()
    if line[:1] in _MARKS and not line.replace(line[0], "").strip(" \t"):
        raise Unreadable("tables.only_marks", name=name, mark=line[0])
    suffix = _suffix(source.member or order.name)
    examined = examine(text, suffix=suffix, given=given, fixed=fixed, whole=not source.large)
    said: dict[str, Any] = {key: getattr(given, key) for key in (*given.stated, "stated") if key not in _FOUND}
    dialect = replace(examined.dialect, encoding=decoded.encoding, compression=source.compression, **said)
    rows = _first(text, dialect) if source.large else parse(text, dialect)
    if not rows.header and not rows.cells:
        raise Unreadable("tables.nothing_below", name=name, rows=dialect.skipped_rows)
    if len(rows.header) < dialect.header_rows:
        raise Unreadable("tables.header_too_long", name=name, rows=dialect.header_rows)
    if rows.width > WIDEST:
        raise Unreadable("tables.too_many_columns", name=name, columns=rows.width, most=WIDEST)
    names, renamed = _names(rows, dialect)
    for column in given.types:
        if column not in names:
            columns = ", ".join(map(shown, names[:20]))
            raise Unreadable("tables.no_such_column", name=name, column=shown(column), columns=columns)
    return Look(source, decoded, examined, dialect, given, fixed, text, rows, names, renamed, other)


def _decoded(source: Source, name: str, stated: str) -> tuple[Decoded, str, str]:
    """Return how the file is encoded, the text of it (of a large one: beginning and end), and a second encoding."""
    if not source.large:
        decoded = decode(source.start, name, stated)
        return decoded, decoded.text.removeprefix("\ufeff"), ""
    encoding, other, guessed = stated, "", False
    if not stated:
        found = find(source.head, source.tail, source.middle)
        encoding, other, guessed = found.name, found.other, found.guessed
    if not encoding:
        raise Unreadable("tables.binary_unknown", name=name)
    endless = b"\n" not in source.head and b"\r" not in source.head
    head = _up_to_line_end(Decoder(encoding, other or None).text(source.head, final=endless)).removeprefix("\ufeff")
    tail = ""
    if source.tail and not encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        tail = Decoder(encoding, other or None).text(source.tail, final=True)
        tail = tail[max(tail.find("\n"), tail.find("\r") if "\n" not in tail else -1) + 1 :]
    return Decoded("", encoding, guessed), head + tail, other


def _first(text: str, dialect: Dialect) -> Rows:
    """Return the first rows of a large file, with its header."""
    lines = text.splitlines(keepends=True)[: dialect.skipped_rows + FIRST_LINES]
    return parse("".join(lines), replace(dialect, footer_rows=0, strict=False))


def _names(rows: Rows, dialect: Dialect) -> tuple[list[str], dict[str, str]]:
    """Return one name for each column, and the new ones with what stood there."""
    if not rows.header:
        return [f"column_{number}" for number in range(1, rows.width + 1)], {}
    told = [row for number, row in enumerate(rows.header) if not number or adds_to_names(row)]
    header = [[*row, *[""] * (rows.width - len(row))] for row in told]
    stood = header[0] if len(header) == 1 else _joined(header, rows.width)
    named = max((number for number, cell in enumerate(stood, 1) if cell.strip()), default=0)
    names, renamed = column_names(stood)
    beyond = set(names[named:])
    return names, {new: old for new, old in renamed.items() if new not in beyond}


def _joined(header: list[list[str]], width: int) -> list[str]:
    """Return one name per column from several header rows; a group reaches over the gaps to its right."""
    padded = [[cell.strip() for cell in row] for row in header]
    for row in padded[:-1]:
        for position in range(1, width):
            if not row[position] and padded[-1][position]:
                row[position] = row[position - 1]
    columns = zip(*padded, strict=True)
    return [" ".join(dict.fromkeys(part for part in parts if part)) for parts in columns]


def _suffix(name: str) -> str:
    suffixes = [part.lower() for part in PurePath(name).suffixes if part.lower() not in _PACKED]
    return suffixes[-1] if suffixes else ""


def _up_to_line_end(text: str) -> str:
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end > 0 else text


def _refuse_other_text(text: str, name: str) -> None:
    start = text[:200].lstrip()
    if not start:
        raise Unreadable("tables.empty_file", name=name)
    if found := _MARKUP.match(start):
        raise Unreadable("tables.web_page" if found[1] else "tables.xml", name=name)
    if start[0] in "{[" and _JSON.fullmatch(text[:100].lstrip() + text[-100:]):
        raise Unreadable("tables.json", name=name)
