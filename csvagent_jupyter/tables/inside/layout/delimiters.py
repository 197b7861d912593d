"""What stands between cells and around them: every candidate cuts a sample, and the most regular table wins.

How regular a table is: how many rows have the usual width, and how many cells look like something (a number, a date, a
word) and like the cells above and below them; after van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by
detecting row and type patterns" (2019), with columns taken into account and without search over all quotes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ....messages import Dialect
from .cutting import Cut, cut, is_empty
from .header import is_typed_column
from .lines import CLOSING, Script, prepared, split_lines
from .shapes import Look, is_typed, look

SAMPLE = 1 << 16
SAMPLE_LINES = 250
STRONG = {",": 1.0, ";": 1.02, "\t": 1.05, "|": 1.02}
WEAK = {":": 0.5, " ": 0.55, "~": 0.8, "^": 0.8}
"""Marks that are more often part of a cell: believed only where every row has as many of them."""
LEAST_UNUSUAL = 0.45
OUTSIDE = 0.3
"""How much a row above or below the table counts against it."""
_NEVER = frozenset("\"'`“”„«»‘’‚‹›.-_+@/=\\ \t\r\n,;|:~^()[]{}$€£¥%\0\ufeff\ufffd")
_AROUND = ("{0}{0}", " {0} ", "{0} ", "{0}~{0}", "~{0}~", "{0}*{0}", "<{0}>", "{0}&{0}")
_WORTH: dict[Look, float] = {
    **dict.fromkeys(("number", "date", "time", "link"), 1.0),
    **{"code": 0.9, "missing": 0.9, "word": 0.9, "empty": 0.6, "text": 0.6},
}


@dataclass(frozen=True, slots=True)
class Scored:
    """A way to cut a sample, and how regular a table that makes; 0 is none."""

    dialect: Dialect
    score: float
    width: int
    share: float


def find_marks(sample: str, suffix: str, given: Dialect, fixed: frozenset[str]) -> Dialect:
    """Return the dialect with the delimiter, quote and escape of the sample; one that occurs nowhere for one column."""
    stated = "delimiter" in fixed
    lines = [line for line in split_lines(sample) if line.strip()][:SAMPLE_LINES]
    best: Scored | None = None
    for delimiter, prior in _stated(given.delimiter) if stated else _candidates(sample, lines, suffix):
        for dialect in _quoted(sample, delimiter, given, fixed):
            scored = score(sample, dialect, prior)
            if best is None or scored.score > best.score:
                best = scored
    if best is None or (not best.score and not stated):
        return _one_column(sample, given, fixed)
    found = best.dialect
    if not stated:
        found = _longer(sample, best)
    if "escapechar" not in fixed:
        found = replace(found, escapechar=_escape(sample, found))
    return found


def _stated(delimiter: str) -> Iterator[tuple[str, float]]:
    yield delimiter, 1.0


def _candidates(sample: str, lines: Sequence[str], suffix: str) -> Iterator[tuple[str, float]]:
    for mark, prior in STRONG.items():
        if mark in sample:
            yield mark, prior * (1.5 if mark == "\t" and suffix in {".tsv", ".tab"} else 1.0)
    for mark, prior in WEAK.items():
        if mark in sample:
            yield mark, prior
    if "  " in sample:
        yield "  ", 0.75
    if "::" in sample:
        yield "::", 0.95
    yield from ((mark, _prior(mark)) for mark in _unusual(lines))


def _prior(mark: str) -> float:
    return 1.05 if mark < " " or mark == "\x7f" else 0.9 if mark in "§¦¬¶¤•¨" else LEAST_UNUSUAL


def _unusual(lines: Sequence[str]) -> list[str]:
    """Return the other marks of which nearly every line has the same number."""
    counted = [Counter(mark for mark in line if not mark.isalnum() and mark not in _NEVER) for line in lines[:50]]
    marks = {mark for counts in counted for mark in counts}
    found = []
    for mark in sorted(marks):
        counts = Counter(line[mark] for line in counted)
        usual, often = counts.most_common(1)[0]
        if usual and often >= 0.9 * len(counted) and len(counted) > 1:
            found.append(mark)
    return found[:8]


def _quoted(sample: str, delimiter: str, given: Dialect, fixed: frozenset[str]) -> Iterator[Dialect]:
    """Yield the ways to quote that fit a delimiter, the likeliest only; a run of blanks as one delimiter apart."""
    quote = given.quotechar if "quotechar" in fixed else quotechar(sample, delimiter)
    escape = given.escapechar if "escapechar" in fixed else ""
    dialect = Dialect(delimiter=delimiter, quotechar=quote, escapechar=escape)
    if delimiter.strip(" ") or not delimiter:
        yield dialect
        return
    yield replace(dialect, repeated=True)
    if len(delimiter) == 1:
        yield dialect


def quotechar(sample: str, delimiter: str) -> str:
    """Return the quote that stands where cells begin and end; apostrophes inside words do not count.

    Where quotes begin cells and never end them, there is none.
    """
    mark = re.escape(delimiter)
    pairs: dict[str, int] = {}
    for begin in ('"', "'", "“", "„", "«", "»", "‘", "‚", "`"):
        if begin in sample:
            end = CLOSING.get(begin, begin)
            whole = rf"(?:^|{mark}) ?{begin}[^{begin}{end}]*{end}(?= ?(?:{mark}|[\r\n]|\Z))"
            pairs[begin] = len(re.findall(whole, sample, re.MULTILINE))
    best = max(pairs, key=lambda begin: (pairs[begin], begin == '"'), default='"')
    if pairs.get(best):
        return best
    opened = len(re.findall(rf"(?:^|{mark})\"(?!\")", sample, re.MULTILINE))
    closed = len(re.findall(rf"\"(?={mark}|[\r\n]|\Z)", sample))
    return "" if opened > 2 and not closed else '"'


def score(sample: str, dialect: Dialect, prior: float = 1.0) -> Scored:
    """Return how regular a table the dialect makes of a sample."""
    none = Scored(dialect, 0.0, 1, 0.0)
    lines, script = prepared(sample[:SAMPLE], dialect)
    rows = [row for row in cut(lines[:SAMPLE_LINES], script) if not is_empty(row.cells)]
    widths = Counter(len(row.cells) for row in rows)
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return none
    width = max(wide, key=lambda width: (wide[width], width))
    first = next(n for n, row in enumerate(rows) if len(row.cells) == width)
    last = next(n for n in reversed(range(len(rows))) if len(rows[n].cells) == width)
    share = wide[width] / (last - first + 1 + OUTSIDE * (len(rows) - (last - first + 1)))
    if not _believed(dialect, rows, widths, width) or _is_one_column([lines[row.line] for row in rows], rows, script):
        return none
    table = [row.cells for row in rows if len(row.cells) == width]
    worth = sum(_worth(cell, dialect.delimiter) for row in table for cell in row) / (len(table) * width)
    alike = _alike(table, width)
    total = share**2 * (1 - 0.5 / width) * (0.3 + 0.7 * worth) * (0.5 + 0.5 * alike) * prior
    return Scored(dialect, total, width, share)


def _believed(dialect: Dialect, rows: Sequence[Cut], widths: Counter[int], width: int) -> bool:
    """Tell whether the delimiter really makes columns: not when most rows have one cell, or 1,5 is one number."""
    if dialect.delimiter[:1] in {":", " ", "~", "^"} or dialect.delimiter[:1] not in STRONG:
        return len(widths) == 1 and len(rows) > 1 and not _is_part_of_values(dialect.delimiter, rows)
    halves = dialect.delimiter == "," and len(rows[0].cells) == 1 and len(widths) == 2 and width == 2
    if halves and all("".join(row.cells).strip().isdecimal() for row in rows[1:]):
        return False
    return len(widths) == 1 or len(rows[0].cells) > 1 or widths[1] * 2 <= len(rows) or _is_preamble(rows, width)


def _is_one_column(lines: Sequence[str], rows: Sequence[Cut], script: Script) -> bool:
    """Tell a name over cells that hold commas ("Smith, John" or 12,50 €) from a title over a table."""
    if script.written_delimiter not in {",", ", "} or len(rows) < 3 or len(rows[0].cells) > 1:
        return False
    if any(len(row.cells) < 2 or row.line != rows[0].line + n for n, row in enumerate(rows[1:], 1)):
        return False
    body = [line.strip() for line in lines[1:]]
    quote = script.quote
    if quote and all(line[0] == line[-1] == quote and quote not in line[1:-1] for line in body):
        return True
    own = re.escape(script.delimiter)
    if all(re.fullmatch(rf"[^\d{own}]{{0,8}}\d[\d\s.'’]*{own}\d+[^\d{own}]{{0,8}}", line) for line in body):
        return True
    table = [row.cells for row in rows[1:]]
    prose = script.written_delimiter != "," or not any(re.search(rf"{own}\S", line) for line in body)
    typed = [n for n in range(len(table[0])) if is_typed_column(table[1:], n)]
    return prose and not any(map(is_typed, (table[0][n] for n in typed if n == 0))) and not _is_named(table[0], typed)


def _is_named(first: Sequence[str], typed: Sequence[int]) -> bool:
    """Tell whether a row has words over columns of numbers."""
    return any(n < len(first) and not is_typed(first[n]) for n in typed)


def _is_part_of_values(delimiter: str, rows: Sequence[Cut]) -> bool:
    """Tell whether a mark only ever stands in dates with times, in times, and in addresses."""
    whole = [delimiter.join(row.cells) for row in rows]
    single = sum(1 for line in whole if look(line) in {"date", "time", "link"})
    if single >= 0.9 * len(whole):
        return True
    if delimiter != ":":
        return False
    count = sum(line.count(":") for line in whole)
    return 2 * sum(len(re.findall(r"\d:(?=\d\d(?!\d))|:(?=//)", line)) for line in whole) > count


def _is_preamble(rows: Sequence[Cut], width: int) -> bool:
    """Tell whether the rows of one cell all stand above a table of several rows, or below it."""
    table = [n for n, row in enumerate(rows) if len(row.cells) == width]
    return len(table) > 3 and len(table) >= 0.9 * (table[-1] - table[0] + 1)


def _worth(cell: str, delimiter: str) -> float:
    """Return how much a cell looks like one; one that holds other delimiters was probably not cut enough."""
    found = look(cell)
    if found != "text":
        return _WORTH[found]
    text = cell.strip()
    if text[0] in "\"'" and text[-1] != text[0]:
        return 0.0
    if any(mark in text for mark in ";|\t" if mark != delimiter) or re.search(r",\S", text):
        return 0.2
    return _WORTH["text"]


def _alike(table: Sequence[Sequence[str]], width: int) -> float:
    """Return the share of cells that look like most others of their column."""
    body = table[1:] or table
    same = 0
    for position in range(width):
        looks = Counter("words" if (found := look(row[position])) in {"word", "text"} else found for row in body)
        same += max(looks.values())
    return same / (len(body) * width)


def _longer(sample: str, best: Scored) -> Dialect:
    """Return the delimiter of several characters when the one found always stands in it."""
    found = best.dialect
    mark = found.delimiter
    if mark not in STRONG and mark != ":":
        return found
    quote = found.quotechar
    bare = re.sub(f"{re.escape(quote)}[^{re.escape(quote)}]*{re.escape(quote)}", quote * 2, sample) if quote else sample
    count = bare.count(mark)
    for form in _AROUND:
        token = form.format(mark)
        often = bare.count(token)
        if form.endswith(" ") and form[0] == "{":
            often += len(re.findall(re.escape(mark) + r"(?=[\r\n]|\Z)", bare))
        if not often or often * token.count(mark) != count:
            continue
        if form == "{0} " and bare.count(token) < count / 2:
            continue
        quoted = quotechar(sample, token)
        scored = score(sample, replace(found, delimiter=token, quotechar=quoted))
        if scored.share >= best.share and scored.width > 1:
            return scored.dialect
    return found


def _one_column(sample: str, given: Dialect, fixed: frozenset[str]) -> Dialect:
    """Return a dialect whose delimiter does not occur, for a text of one column."""
    mark = next((mark for mark in (",", ";", "\t", "|") if mark not in sample), "\x1f")
    quote = given.quotechar if "quotechar" in fixed else quotechar(sample, mark)
    return Dialect(delimiter=mark, quotechar=quote if quote in {"", '"', "'"} else '"')


def _escape(sample: str, dialect: Dialect) -> str:
    r"""Return the backslash when quotes inside quoted cells are written \" and never doubled, or delimiters are \,."""
    quote, mark = dialect.quotechar, dialect.delimiter
    if quote and f"\\{quote}" in sample:
        inner, outer = re.escape(quote), re.escape(mark[:1])
        within = rf"(?:^|{re.escape(mark)}){inner}[^{inner}\r\n]*[^{inner}\\\r\n]\\{inner}[^\r\n{inner}{outer}]"
        if re.search(within, sample, re.MULTILINE) and not re.search(rf"\w{inner}{inner}[\w ]", sample):
            return "\\"
    if f"\\{mark}" in sample and len(mark) == 1:
        escaped = score(sample, replace(dialect, escapechar="\\"))
        if escaped.share > score(sample, dialect).share and escaped.share > 0.9:
            return "\\"
    return ""
