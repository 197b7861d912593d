"""A text as lines that Python's csv module can take: one character between cells, one kind of quote.

Delimiters of several characters and quotes that come in pairs are exchanged for single characters that do not occur in
the text; `Script.restored` puts back what was no delimiter and no quote after all.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ....messages import Dialect

CLOSING = {"“": "”", "„": "“", "«": "»", "»": "«", "‘": "’", "‚": "‘", "‹": "›", "”": "”", "’": "’"}
"""Quotes of print, and what ends a cell that one of them begins."""
COMMENTS = ("#", "//", "--", "%", "!", ";")
"""What remark lines begin with."""
_UNUSED = "\x1f\x1e\x1d\x1c\x01\x02\x03\x04\x05\x06\x07\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a"
csv.field_size_limit(1 << 30)


@dataclass(frozen=True, slots=True)
class Script:
    """How lines are written once they are prepared: what `csv.reader` is told."""

    delimiter: str
    quote: str
    escape: str
    written_delimiter: str
    written_quotes: tuple[str, str] = ("", "")

    def reader(self, lines: Iterable[str], *, strict: bool = True) -> Any:
        """Return Python's reader over `lines`."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            escapechar=self.escape or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=strict,
        )

    def is_open(self, line: str, *, inside: bool = False) -> bool:
        """Tell whether a quoted cell goes on behind this line, which begins `inside` one or not."""
        if not self.quote or self.quote not in line:
            return inside
        bare = re.sub(f"{re.escape(self.escape)}.", "", line, flags=re.DOTALL) if self.escape else line
        if bare.count(self.quote) % 2 == 0:
            return inside
        begins = f"(?:^|{re.escape(self.delimiter)}) *{re.escape(self.quote)}"
        return not inside and re.search(begins, bare) is not None

    @property
    def is_exchanged(self) -> bool:
        """Tell whether something may have to be put back in cells."""
        return self.delimiter != self.written_delimiter or bool(self.written_quotes[0])

    def restored(self, cell: str) -> str:
        """Return a cell with what stands in the file in the place of our characters."""
        if self.delimiter != self.written_delimiter and self.delimiter in cell:
            cell = cell.replace(self.delimiter, self.written_delimiter)
        if self.written_quotes[0] and self.quote in cell:
            pieces = cell.split(self.quote)
            marks = itertools.cycle(self.written_quotes)
            cell = pieces[0] + "".join(next(marks) + piece for piece in pieces[1:])
        return cell


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends: line feed, carriage return, both, or (everywhere) two and one."""
    if 10 * text.count("\r\r\n") > 9 * text.count("\n"):
        text = text.replace("\r\r\n", "\r\n")
    return list(io.StringIO(text, newline=""))


def prepared(text: str, dialect: Dialect) -> tuple[list[str], Script]:
    """Return the lines of a text as `csv.reader` can take them, and how they are written."""
    delimiter, quote = dialect.delimiter, dialect.quotechar
    spare = (mark for mark in itertools.chain(_UNUSED, map(chr, range(0xE000, 0xF8FF))) if mark not in text)
    pair = ("", "")
    if quote in CLOSING:
        pair = (quote, CLOSING[quote])
        quote = next(spare)
        text = _with_one_quote(text, pair, quote, delimiter)
    if dialect.repeated and delimiter.isspace():
        own = next(spare)
        lines = [_one_mark(line, delimiter, own, quote) for line in split_lines(text)]
        return lines, Script(own, quote, dialect.escapechar, delimiter, pair)
    own = delimiter
    if len(delimiter) > 1:
        own = next(spare)
        text = text.replace(delimiter, own)
    escape = "" if dialect.escapechar in {quote, own} else dialect.escapechar
    script = Script(own, quote, escape, delimiter, pair)
    lines = split_lines(text)
    loses_blanks = delimiter.endswith(" ") and delimiter.strip(" ") != ""
    return list(_cut_at_ends(lines, script)) if loses_blanks else lines, script


def _cut_at_ends(lines: Iterable[str], script: Script) -> Iterator[str]:
    """Take a delimiter that lost its blanks at the end of a line for one, but not inside a quoted cell."""
    end = re.compile(re.escape(script.written_delimiter.rstrip(" ")) + r"(?=[\r\n]*\Z)")
    inside = False
    for line in lines:
        inside = script.is_open(line, inside=inside)
        yield line if inside else end.sub(script.delimiter, line)


def _with_one_quote(text: str, pair: tuple[str, str], quote: str, delimiter: str) -> str:
    """Exchange the quotes of print where cells begin and end."""
    begin, end = pair
    mark = re.escape(delimiter)
    text = re.sub(rf"(^|[\r\n]|{mark}){begin}", rf"\g<1>{quote}", text)
    return re.sub(rf"{end}(?=$|[\r\n]|{mark})", quote, text)


def _one_mark(line: str, delimiter: str, own: str, quote: str) -> str:
    """Exchange every run of blanks between cells for one character; blanks in quotes stay."""
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    least = len(delimiter)
    blank = "[ \t]" if delimiter == " " else re.escape(delimiter[0])
    run = re.compile(f"{blank}{{{least},}}")
    body = body.strip(" \t")
    if not quote or quote not in body:
        return run.sub(own, body) + end
    parts = body.split(quote)
    parts[::2] = [run.sub(own, part) for part in parts[::2]]
    return quote.join(parts) + end


def chunks(lines: list[str], size: int) -> Iterator[list[str]]:
    """Yield `lines` in lists of at most `size`."""
    for start in range(0, len(lines), size):
        yield lines[start : start + size]
