"""A long text cut into blocks where rows end, outside of quotes; what is quoted irregularly is told apart.

Bytes come in, bytes go out: in UTF-8, where a quote, a delimiter and a line end are one byte each and no part of a
letter.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ....exceptions import Unreadable
from ....messages import Dialect
from ...names import shown

BLOCK: Final = 4 << 20
WIDEST: Final = 32 << 20
LONGEST_ROW: Final = 256 << 20
"""A row of more bytes than this is no row."""
_MOST_ODD: Final = 50
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_QUOTED: Final = 32 << 20
"""A quote that is open over more bytes than this begins no cell."""
_FOOTER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows of a text: their bytes, from which byte of the text on, and where in them quotes are irregular."""

    number: int
    offset: int
    data: bytes
    odd: tuple[tuple[int, int], ...] = ()


class Cutter:
    """Cuts what follows the first `skipped` lines of a text into blocks of about `size` bytes."""

    def __init__(self, dialect: Dialect, name: str, *, skipped: int = 0, size: int = BLOCK) -> None:
        self.name = name
        self.size = size
        self.quote = one_byte(dialect.quotechar)
        self.escape = one_byte(dialect.escapechar)
        self.delimiter = one_byte(dialect.delimiter)
        self.footer = dialect.footer_rows
        self._skipped = skipped
        self._number = 0
        self._offset = 0

    def blocks(self, stream: Iterable[bytes]) -> Generator[Block, None, None]:
        """Yield the blocks of a text that comes in pieces; raises Unreadable for a row without end."""
        rest = b""
        begun = False
        wanted = 0
        for piece in stream:
            if not begun:
                rest += piece
                begin = after_lines(rest, self._skipped)
                begun = begin >= 0
                self._offset = max(begin, 0)
                rest, piece = (b"", rest[begin:]) if begun else (rest, b"")
            if not begun or len(rest) + len(piece) < max(wanted, self.size):
                rest += piece
                self._check(rest)
                continue
            block, rest = self._cut(rest, piece)
            wanted = 0 if block else 2 * len(rest)
            self._check(rest)
            if block:
                yield block
        if not begun:
            self._offset = max(0, after_lines(rest, self._skipped))
            rest = rest[self._offset :] if self._offset or not self._skipped else b""
        if rest := self._without_footer(rest):
            odd, inside = odd_parts(rest, self.quote, self.delimiter, self.escape)
            yield self._block(rest, odd if inside is None else (*odd, (inside, len(rest))))

    def _check(self, rest: bytes) -> None:
        if len(rest) > LONGEST_ROW:
            raise Unreadable("tables.endless_row", name=shown(self.name), megabytes=LONGEST_ROW >> 20)

    def _cut(self, rest: bytes, piece: bytes) -> tuple[Block | None, bytes]:
        """Return the rows that are whole in `rest` and `piece`, if any, and what is left."""
        end = len(piece) - (_FOOTER if self.footer else 0)
        last = piece.rfind(b"\n", 0, max(end, 0)) + 1 or piece.rfind(b"\r", 0, max(end - 1, 0)) + 1
        if not last:
            return None, rest + piece
        with memoryview(piece) as view:
            data = b"".join((rest, view[:last]))
        left = piece[last:]
        odd, inside = odd_parts(data, self.quote, self.delimiter, self.escape)
        if inside is not None and len(data) - inside > _LONGEST_QUOTED:
            odd = (*odd, (inside, data.find(b"\n", inside) + 1))
        elif inside is not None:
            data, left = data[:inside], data[inside:] + left
        return (self._block(data, odd) if data else None), left

    def _block(self, data: bytes, odd: tuple[tuple[int, int], ...]) -> Block:
        block = Block(self._number, self._offset, data, odd)
        self._number += 1
        self._offset += len(data)
        return block

    def _without_footer(self, data: bytes) -> bytes:
        if not self.footer:
            return data
        ends = [found.end() for found in _LINE_END.finditer(data)]
        lines = len(ends) + (not ends or ends[-1] < len(data))
        kept = lines - self.footer
        return data[: ends[kept - 1]] if kept > 0 else b""


def after_lines(data: bytes, lines: int) -> int:
    """Return where the text behind so many lines begins; -1 when it has not as many."""
    at = 0
    for _ in range(lines):
        found = _LINE_END.search(data, at)
        if found is None or (found.end() == len(data) and found.group() == b"\r"):
            return -1
        at = found.end()
    return at


def row_starts(data: bytes, quote: int) -> tuple[Any, Any]:
    """Return where rows begin in regular data, and the number of line ends before each."""
    cells = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(cells == 10)
    lines = np.arange(1, len(ends) + 1)
    if quote and quote in data:
        quotes = np.flatnonzero(cells == quote)
        outside = np.searchsorted(quotes, ends) % 2 == 0
        ends, lines = ends[outside], lines[outside]
    return np.concatenate([[0], ends + 1]), np.concatenate([[0], lines])


def odd_parts(data: bytes, quote: int, delimiter: int, escape: int) -> tuple[tuple[tuple[int, int], ...], int | None]:
    """Return the parts of `data`, in whole lines, whose quotes do not pair up around cells.

    The second value is where the row begins whose quotes are still open at the end, None when there is none.
    """
    if not quote or quote not in data:
        return (), None
    cells = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(cells == quote)
    if escape and escape != quote:
        quotes = quotes[~_escaped(cells, quotes, escape)]
    odd: list[tuple[int, int]] = []
    while len(quotes):
        bad = _first_bad(cells, quotes, delimiter)
        if bad is None:
            if len(quotes) % 2 == 0:
                return tuple(odd), None
            return tuple(odd), _line_start(data, int(quotes[-1]))
        begin = _line_start(data, int(quotes[bad - bad % 2]))
        end = data.find(b"\n", int(quotes[bad])) + 1 or len(data)
        if len(odd) == _MOST_ODD:
            end = len(data)
        odd.append((begin, end))
        quotes = quotes[np.searchsorted(quotes, end) :]
    return tuple(odd), None


def _first_bad(cells: Any, quotes: Any, delimiter: int) -> int | None:
    """Return which quote neither begins nor ends a cell nor is one of two that stand for one; they alternate."""
    border = np.zeros(256, np.bool_)
    border[[10, 13, delimiter, int(cells[quotes[0]])]] = True
    opening, closing = quotes[::2], quotes[1::2]
    fits = np.ones(len(quotes), np.bool_)
    before = cells[np.maximum(opening - 1, 0)]
    fits[::2] = border[before] | (opening == 0)
    after = cells[np.minimum(closing + 1, len(cells) - 1)]
    fits[1::2] = border[after] | (closing == len(cells) - 1)
    bad = np.flatnonzero(~fits)
    return int(bad[0]) if len(bad) else None


def _escaped(cells: Any, quotes: Any, escape: int) -> Any:
    """Return which quotes an odd number of escape characters stands before."""
    found = np.zeros(len(quotes), np.bool_)
    for at in np.flatnonzero(cells[np.maximum(quotes - 1, 0)] == escape):
        run = int(quotes[at]) - 1
        while run >= 0 and cells[run] == escape:
            run -= 1
        found[at] = (int(quotes[at]) - 1 - run) % 2 == 1
    return found


def _line_start(data: bytes, at: int) -> int:
    return data.rfind(b"\n", 0, at) + 1


def one_byte(mark: str) -> int:
    """Return the byte of a mark, 0 when it has none or more."""
    return ord(mark) if len(mark) == 1 and mark < "\x80" else 0
