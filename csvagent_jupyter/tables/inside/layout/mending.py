"""Rows that do not come out as wide as the table: what their cells were meant to be, told by the rows around them.

The whole rows of the file say what each column looks like. A damaged row is cut in the few ways that its quotes and
delimiters allow; the one whose cells look most like their columns is taken, or none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .lines import Script
from .repairs import Kind
from .shapes import CLEAR, Look, look, mask

MOST_STATES = 20_000
"""Beyond so many cells times columns a row is not weighed: cells too few are empty, those too many stay at its end."""
LONGEST_LINE = 100_000
LONGEST_SPLIT = 64
FEW = 12
NEVER = -1e9
OTHERS = (",", ";", "\t", "|", " ")


@dataclass(slots=True)
class Column:
    """What the cells of one column look like, over the whole rows of a sample."""

    looks: Counter[Look] = field(default_factory=Counter)
    masks: Counter[str] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)
    longest: int = 0
    total: int = 0

    def add(self, cell: str) -> None:
        """Take one cell into account."""
        self.total += 1
        found = look(cell)
        self.looks[found] += 1
        if found in CLEAR:
            self.masks[mask(cell)] += 1
        self.longest = max(self.longest, len(cell))
        if len(self.words) <= FEW:
            self.words.add(cell)

    def fit(self, cell: str) -> float:
        """Return how well a cell fits, from 1 (like many others) down to -1 (like none)."""
        found = look(cell)
        share = self.looks[found] / self.total if self.total else 0.0
        if found == "empty":
            return 0.5 if share >= 0.02 else -0.5
        if len(self.words) <= FEW and self.total > 4 * FEW:
            return 1.0 if cell in self.words else -0.2
        if found in CLEAR:
            if self.masks[mask(cell)]:
                return 1.0
            return 0.6 if share >= 0.05 else -1.0
        texts = (self.looks["word"] + self.looks["text"]) / self.total if self.total else 0.0
        if texts < 0.05:
            return -1.0
        return 0.7 if len(cell) <= 2 * self.longest else 0.1


@dataclass(slots=True)
class Mended:
    """A row as it was meant: its cells, what was done to it, and how well it fits."""

    cells: list[str]
    kinds: list[Kind]
    fit: float = 0.0
    misfits: int = 0


class Columns:
    """The columns of a table as its whole rows show them."""

    def __init__(self, rows: Iterable[Sequence[str]], width: int) -> None:
        self.columns = [Column() for _ in range(width)]
        self.rows = 0
        for row in rows:
            self.rows += 1
            for column, cell in zip(self.columns, row, strict=True):
                column.add(cell)

    def judged(self, cells: list[str], kinds: list[Kind]) -> Mended:
        """Return a row with how well it fits; a quote that strayed into a cell does not count."""
        bare = [cell.strip("\"'") or cell for cell in cells] if kinds else cells
        fits = [column.fit(cell) for column, cell in zip(self.columns, bare, strict=False)]
        return Mended(cells, kinds, sum(fits), sum(1 for fit in fits if fit < 0))

    def aligned(self, cells: list[str], script: Script) -> Mended | None:
        """Return the cells as the columns want them: merged, split, without empty ones, or with some put in.

        None when there is too little to go by, or nothing fits.
        """
        width, count = len(self.columns), len(cells)
        if self.rows < 3 or width < 2 or count * width > MOST_STATES or abs(count - width) > max(width, FEW):
            return None
        return _Alignment(self, cells, script).best()


class _Alignment:
    """The best way to lay cells over columns, found step by step (dynamic programming)."""

    def __init__(self, columns: Columns, cells: list[str], script: Script) -> None:
        self.columns = columns.columns
        self.judge = columns
        self.cells = cells
        self.script = script
        self.slack = abs(len(cells) - len(self.columns)) + 1
        self.scores: dict[tuple[int, int], float] = {(0, 0): 0.0}
        self.steps: dict[tuple[int, int], tuple[tuple[int, int], list[str], Kind | None]] = {}

    def best(self) -> Mended | None:
        count, width = len(self.cells), len(self.columns)
        for i in range(count + 1):
            for j in range(max(0, i - self.slack), min(width, i + self.slack) + 1):
                if (i, j) in self.scores:
                    self._from(i, j)
        if (count, width) not in self.scores:
            return None
        cells: list[str] = []
        kinds: list[Kind] = []
        state = (count, width)
        while state != (0, 0):
            state, taken, kind = self.steps[state]
            cells[:0] = taken
            if kind is not None:
                kinds.insert(0, kind)
        return self.judge.judged(cells, list(dict.fromkeys(kinds)))

    def _from(self, i: int, j: int) -> None:
        here, cells, columns = self.scores[i, j], self.cells, self.columns
        if i < len(cells) and j < len(columns):
            self._to(i, j, 1, 1, here + columns[j].fit(cells[i]), [cells[i]], None)
            for many in range(2, min(self.slack + 1, len(cells) - i) + 1):
                parts = cells[i : i + many]
                whole = self.script.written_delimiter.join(parts)
                cost = sum(0.5 if part.startswith(" ") else 0.9 for part in parts[1:])
                self._to(i, j, many, 1, here + columns[j].fit(whole) - cost, [whole], "merged")
        if i < len(cells) and not cells[i].strip():
            self._to(i, j, 1, 0, here - (0.4 if j < len(columns) else 0.3), [], "emptied")
        if j < len(columns):
            cost = 0.3 if i == len(cells) else 0.7
            self._to(i, j, 0, 1, here + columns[j].fit("") - cost, [""], "padded")
        if i < len(cells) and j + 1 < len(columns):
            pair, score = self._halves(cells[i], j)
            if pair:
                self._to(i, j, 1, 2, here + score - 0.6, pair, "split")

    def _to(self, i: int, j: int, cells: int, columns: int, score: float, taken: list[str], kind: Kind | None) -> None:
        target = (i + cells, j + columns)
        if score > self.scores.get(target, NEVER):
            self.scores[target] = score
            self.steps[target] = ((i, j), taken, kind)
            if not cells and target[1] <= min(len(self.columns), target[0] + self.slack):
                self._from(*target)

    def _halves(self, cell: str, j: int) -> tuple[list[str], float]:
        """Return the two cells that a cell without its delimiter was, when both look like their columns."""
        left, right = self.columns[j], self.columns[j + 1]
        quote = self.script.quote
        if quote and quote in cell.strip(quote):
            for at in [n for n, letter in enumerate(cell) if letter == quote][:FEW]:
                pair = [cell[:at].strip(quote), cell[at + 1 :].strip(quote)]
                if all(pair) and " " not in (cell[at - 1], cell[at + 1 : at + 2]):
                    score = left.fit(pair[0]) + right.fit(pair[1])
                    if score > 1.2:
                        return pair, score
        best: list[str] = []
        best_score = 1.5
        if len(cell) <= LONGEST_SPLIT:
            for at in range(1, len(cell)):
                score = left.fit(cell[:at]) + right.fit(cell[at:])
                clear = look(cell[:at]) in CLEAR or look(cell[at:]) in CLEAR
                if clear and score > best_score:
                    best, best_score = [cell[:at], cell[at:]], score
        return best, best_score


def cuts(line: str, script: Script) -> Iterable[tuple[list[str], list[Kind]]]:
    """Yield the ways in which one line can be cut into cells, the likeliest first."""
    quote = script.quote
    if not quote or quote not in line:
        yield _at_delimiters(line, script), []
        return
    yield leniently(line, script)
    try:
        rows = list(script.reader([line]))
        if len(rows) == 1:
            yield rows[0], []
            if len(rows[0]) == 1 and script.delimiter in rows[0][0]:
                inner = list(script.reader([rows[0][0]], strict=False))
                if len(inner) == 1 and any(inner[0]):
                    yield inner[0], ["unwrapped"]
    except ValueError:
        pass
    except Exception as error:  # csv.Error has no narrower parent than Exception
        if type(error).__name__ != "Error":
            raise
    yield leniently(line, script, across=False)
    yield _at_delimiters(line, script), ["unquoted"]


def leniently(line: str, script: Script, *, across: bool = True) -> tuple[list[str], list[Kind]]:
    """Cut a line whose quotes do not match up; with `across` a quoted cell may hold delimiters.

    A quote that no other one closes is part of its cell, and so are quotes in the middle of a quoted cell.
    """
    delimiter, quote = script.delimiter, script.quote
    cells: list[str] = []
    strayed = False
    at, end = 0, len(line)
    while True:
        start = at
        while start < end and line[start] == " " and delimiter != " ":
            start += 1
        if start < end and line[start] == quote:
            close = _close(line, start, script, across)
            if close:
                after, inner_strays = close
                cells.append(_unescaped(line[start + 1 : after], script, doubled=True))
                strayed |= inner_strays
                at = line.find(delimiter, after + 1)
                if at < 0:
                    return cells, ["unquoted"] if strayed else []
                at += 1
                continue
            strayed = True
        after = _next(line, delimiter, at, script)
        if after < 0:
            cells.append(_unescaped(line[at:], script))
            return cells, ["unquoted"] if strayed else []
        cells.append(_unescaped(line[at:after], script))
        at = after + 1


def _at_delimiters(line: str, script: Script) -> list[str]:
    """Cut a line at every delimiter, whatever its quotes."""
    if not script.escape or script.escape not in line:
        return line.split(script.delimiter)
    cells: list[str] = []
    at = 0
    while (after := _next(line, script.delimiter, at, script)) >= 0:
        cells.append(_unescaped(line[at:after], script))
        at = after + 1
    return [*cells, _unescaped(line[at:], script)]


def _next(line: str, mark: str, at: int, script: Script) -> int:
    """Return where the next mark stands that no escape stands before, from `at` on; -1 when there is none."""
    if not script.escape:
        return line.find(mark, at)
    found = re.compile(f"{re.escape(script.escape)}.|({re.escape(mark)})", re.DOTALL)
    return next((match.start() for match in found.finditer(line, at) if match[1]), -1)


def _unescaped(cell: str, script: Script, *, doubled: bool = False) -> str:
    """Return what a cell means: an escape makes the next character plain, and `doubled` quotes are one."""
    quote, escape = script.quote, script.escape
    if not escape or escape not in cell:
        return cell.replace(quote * 2, quote) if doubled else cell
    pair = f"|{re.escape(quote)}(?={re.escape(quote)})" if doubled else ""
    return re.sub(f"{re.escape(escape)}(.){pair}", lambda match: match[1] or "", cell, flags=re.DOTALL)


def _close(line: str, start: int, script: Script, across: bool) -> tuple[int, bool] | None:
    """Return where the quoted cell that begins at `start` is closed, and whether quotes in it stand alone."""
    delimiter, quote = script.delimiter, script.quote
    strayed = False
    at = start + 1
    while True:
        at = _next(line, quote, at, script)
        if at < 0:
            return None
        run = at
        while run < len(line) and line[run] == quote:
            run += 1
        odd = (run - at) % 2 == 1
        rest = run
        while rest < len(line) and line[rest] == " " and delimiter != " ":
            rest += 1
        ends = rest >= len(line) or line[rest] == delimiter
        opened = at > start + 1 and line[at - 1] == delimiter
        if (not across or opened) and delimiter in line[start + 1 : at] and not (ends and odd and across):
            return None
        if ends and (odd or at == start + 1 or _begins(line, rest, script)):
            return run - 1, strayed or not odd
        strayed |= odd
        at = run


def _begins(line: str, at: int, script: Script) -> bool:
    """Tell whether a quoted cell begins behind the delimiter at `at`, or the line ends there."""
    rest = line[at + 1 : at + 3].lstrip(" ") if script.delimiter != " " else line[at + 1 : at + 2]
    return at >= len(line) or rest.startswith(script.quote)
