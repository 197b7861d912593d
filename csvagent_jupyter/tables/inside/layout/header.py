"""Which rows name the columns: none, one, or several (groups over names, units under them, the same names again)."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from .shapes import is_typed, look

MOST_HEADER_ROWS = 5
MANY = 5
"""Fewer numbers in a row, as 1, 2, 3, may be values just as well."""
ENOUGH = 0.8
"""The share of a column's cells that makes it one of numbers or dates."""
FEW_VALUES = 0.5
"""A column with fewer distinct cells than this share has values that come again."""
Row = Sequence[str]
_NUMBERED = re.compile(r"(.*?)[\W_]?\d{1,3}(?:[_.]\d{1,3})?[a-z]?")
_LETTERS = ("абвгдежзиклмн", "abcdefghijklmn")


def header_rows(rows: Sequence[Row]) -> int:
    """Return how many of the first rows name the columns.

    A column whose other cells are numbers or dates votes: for a header when its first cell is a word. Where there is no
    such column, a first row whose words come again below is data, like the rest.
    """
    if len(rows) < 2:
        return 1 if not rows or not all(is_typed(cell) for cell in rows[0]) else 0
    first, body = rows[0], rows[1:]
    if is_group(first, body):
        return 2 + _units(rows[1:])
    body = [row for row in body if list(row) != list(first)] or body
    named, data = 0, 0
    for position, cell in enumerate(first):
        if not cell.strip() or not is_typed_column(body, position):
            continue
        if is_typed(cell):
            data += 1
        elif look(cell) != "missing":
            named += 1
    if data > named and not counts_up([cell for cell in first if is_typed(cell)]):
        return 0
    if not named and not data and not _names_columns(first, body):
        return 0
    return 1 + _same_again(rows) + (_units(rows[_same_again(rows) :]) or _explained(rows))


def _same_again(rows: Sequence[Row]) -> int:
    """Return how often the names come again right under themselves."""
    return sum(1 for _ in itertools.takewhile(lambda row: list(row) == list(rows[0]), rows[1:MOST_HEADER_ROWS]))


def _units(rows: Sequence[Row]) -> int:
    """Return 1 when the row under the first one has units or remarks, no values: words over columns of numbers."""
    if len(rows) < 4:
        return 0
    under, body = rows[1], rows[2:]
    typed = [n for n in range(len(under)) if is_typed_column(body, n)]
    words = [n for n in typed if look(under[n]) in {"word", "text", "code"} and not is_typed(under[n])]
    others = [n for n in typed if n not in words and under[n].strip()]
    return int(len(typed) > 1 and not others and len(words) * 2 > len(typed))


def adds_to_names(cells: Row) -> bool:
    """Tell whether a header row that is not the first says something of its columns: no number, no mark."""
    return not _is_numbering(cells) and not _is_imported(cells)


def _explained(rows: Sequence[Row]) -> int:
    """Return how many rows under the first one explain it: questions under numbered names, marks, column numbers."""
    if len(rows) < 4:
        return 0
    first, under, body = rows[0], rows[1], rows[2:]
    if _is_imported(body[0]):
        return 2
    if len(under) != len(first) or not all(cell.strip() for cell in (*first, *under)):
        return 0
    typed = [n for n in range(len(first)) if is_typed_column(body, n)]
    if _is_numbering(under):
        letters = [n for n, cell in enumerate(under) if not cell.strip().isdecimal()]
        if any(len(row[n].strip()) == 1 and row[n].strip().isalpha() for row in body for n in letters if n < len(row)):
            return 0
        others = [n for n in range(len(first)) if n not in typed and n not in letters]
        return int(bool(letters and typed) or len(others) > 1)
    stems = [match[1] for cell in first if (match := _NUMBERED.fullmatch(cell.strip()))]
    if len(stems) < max(2, len(first) // 2 + 1) or len(set(stems)) > 1 + len(stems) // 4 or not typed:
        return 0
    words = all(look(cell) in {"word", "text"} for cell in under)
    again = any(row[n] == cell for row in body for n, cell in enumerate(under) if n < len(row))
    return int(words and not again)


def _is_numbering(cells: Row) -> bool:
    """Tell a row that numbers the columns of a form: letters in their order, then 1, 2, 3; or numbers alone."""
    words = [cell.strip().casefold() for cell in cells]
    letters = "".join(itertools.takewhile(lambda word: len(word) == 1 and word.isalpha(), words))
    if len(words) < 3 or not any(letters == alphabet[: len(letters)] for alphabet in _LETTERS):
        return False
    return words[len(letters) :] == [str(number) for number in range(1, len(words) - len(letters) + 1)]


def _is_imported(cells: Row) -> bool:
    """Tell the row of marks that survey programs write under the questions."""
    return all(cell.lstrip().startswith('{"ImportId"') for cell in cells if cell.strip()) and any(cells)


def _names_columns(first: Row, body: Sequence[Row]) -> bool:
    """Tell whether a row of words over words names them: its words do not come again, where those below do."""
    names, values = 0.0, 0.0
    for position, cell in enumerate(first):
        word = cell.strip()
        below = [row[position].strip() for row in body if position < len(row) and row[position].strip()]
        if not word or not below:
            continue
        counts = Counter(below)
        comes_again = counts[word] > 0
        few = len(counts) <= FEW_VALUES * len(below)
        if comes_again:
            values += 1.0 if few or len(below) < 6 else 0.5
        elif few and len(below) > 3:
            names += 1.0
        lengths = sorted(map(len, below))
        if len(below) > 4 and not lengths[0] <= len(word) <= lengths[-1]:
            names += 0.5
        names += 0.5 * _written_otherwise(word, below)
    if any(not cell.strip() for cell in first) and not names:
        values += 0.5
    return values <= names


def _written_otherwise(word: str, below: Sequence[str]) -> bool:
    """Tell whether a word is written like a name (lower case, underscores) and those below are not, or the reverse."""
    ways = {_way(cell) for cell in below}
    return len(ways) == 1 and _way(word) not in ways


def _way(word: str) -> str:
    if "@" in word or "/" in word or any(letter.isdigit() for letter in word):
        return "mixed"
    return "upper" if word.isupper() and len(word) > 1 else "lower" if word.islower() else "title"


def is_group(first: Row, body: Sequence[Row]) -> bool:
    """Tell a row of groups with gaps over a row of names that fills every gap: "Travel", "" over "Air", "Rail"."""
    second, rest = body[0], body[1:]
    if not rest or len(second) != len(first) or any(is_typed(cell) for cell in first if not _is_year(cell)):
        return False
    if any(is_typed(cell) for cell in second if not _is_year(cell)):
        return False
    gaps = [not cell.strip() for cell in first]
    covered = all(upper.strip() or lower.strip() for upper, lower in zip(first, second, strict=True))
    left_open = sum(1 for cell in second if not cell.strip())
    typed = any(is_typed_column(rest, position) for position in range(len(first)))
    years = any(_is_year(cell) for cell in second)
    if years and not (left_open and all(_is_year(cell) or not is_typed(cell) for cell in second)):
        return False
    few = sum(gaps) < len(gaps) - 1
    return (
        typed
        and covered
        and any(gaps[1:])
        and few
        and (not gaps[0] or left_open == 0)
        and (left_open > 0 or sum(gaps) > 1)
    )


def _is_year(cell: str) -> bool:
    word = cell.strip()
    return len(word) == 4 and word.isdecimal() and 1900 <= int(word) <= 2100


def is_typed_column(body: Sequence[Row], position: int) -> bool:
    """Tell whether nearly all cells of a column are numbers, dates or times."""
    looks = [look(row[position]) for row in body if position < len(row)]
    filled = [found for found in looks if found not in {"empty", "missing"}]
    return bool(filled) and sum(1 for found in filled if found in {"number", "date", "time"}) >= ENOUGH * len(filled)


def counts_up(cells: Sequence[str]) -> bool:
    """Tell column names that are numbers in a row: years, many, or from 0 on, as programs number columns."""
    if len(cells) < 2 or not all(cell.strip().isdecimal() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells if len(cell) < 20]
    if len(numbers) < len(cells) or any(after - before != 1 for before, after in itertools.pairwise(numbers)):
        return False
    return numbers[0] == 0 or len(numbers) >= MANY or all(map(_is_year, cells))
