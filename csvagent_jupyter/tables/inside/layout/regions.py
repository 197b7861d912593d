"""Where in a text its tables stand: titles and remarks above and below them, blank rows between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .cutting import Cut, is_empty, is_rule
from .header import header_rows, is_typed_column
from .shapes import TYPED, look

MOST_TITLES = 60
LEAST_ROWS = 2
MOST_REMARKS = 30
_WORDS = (
    *("source", "note", "notes", "remark", "footnote", "legend", "generated", "exported", "created", "downloaded"),
    *("prepared", "updated", "last update", "end of", "rows?\\b", "records?\\b", "data as", "copyright", "licen[cs]e"),
    *("disclaimer", "источник", "примечани", "сноск", "выгружено", "сформировано", "данные (?:на|по)", "по данным"),
    *("подготовил", "исполнитель:", "тел(?:ефон)?[.:]", "всего (?:наименований|записей|строк|позиций)", ".*_{4,}"),
    *("дата (?:выгрузки|формирования)", "quelle", "hinweis", "stand:", "fuente", "nota"),
)
REMARK = re.compile(rf"\s*(?:\*|†|‡|¹|²|©|\[\d|\(\d\)|\(\d+ rows?\b|#|//|--|(?:{'|'.join(_WORDS)}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Region:
    """A table in a text: the rows from its header to its last one, as numbers in the list of all rows.

    `width` is how many columns it has, `rows` how many rows below the header.
    """

    first: int
    last: int
    width: int
    rows: int
    header: tuple[str, ...] = ()


def usual_width(rows: Sequence[Cut]) -> int:
    """Return how many cells most rows that have any have; the larger of two that are equally frequent."""
    widths = Counter(len(row.cells) for row in rows if not is_empty(row.cells))
    return max(widths, key=lambda width: (widths[width], width)) if widths else 1


def titles_above(rows: Sequence[Cut]) -> int:
    """Return how many rows stand above the table: titles, remarks, keys with values, blank rows.

    A last row that is wider than all others is no table with everything else above it.
    """
    filled = [n for n, row in enumerate(rows) if not is_empty(row.cells)]
    if not filled:
        return 0
    usual = usual_width(rows)
    if usual < 2 or len(filled) < 3:
        return filled[0]
    for place, number in enumerate(filled[:MOST_TITLES]):
        row = rows[number]
        if len(row.cells) >= usual - 1 and row.filled > max(1, usual // 2) and not _is_key(rows, filled, place, usual):
            return number if place < len(filled) - 1 else filled[0]
        over = len(row.cells) == usual and usual > 2 and row.filled > 1
        if over and (_over_names(rows, filled, place, usual) or _over_values(rows, filled, place)):
            return number
    return filled[0]


def _over_values(rows: Sequence[Cut], filled: Sequence[int], place: int) -> bool:
    """Tell a row of few names right over a row of numbers from a title."""
    if place + 1 >= len(filled) or filled[place + 1] != filled[place] + 1:
        return False
    under, above = rows[filled[place + 1]].cells, rows[filled[place]].cells
    typed = sum(1 for cell in under if look(cell) in TYPED)
    return 2 * typed > len(under) and not any(look(cell) in TYPED for cell in above)


def _over_names(rows: Sequence[Cut], filled: Sequence[int], place: int, usual: int) -> bool:
    """Tell a row of groups with many gaps over a full row of names from a title."""
    if place + 1 >= len(filled) or filled[place + 1] != filled[place] + 1:
        return False
    under, above = rows[filled[place + 1]].cells, rows[filled[place]].cells
    if len(under) != usual or any(look(cell) in TYPED for cell in (*above, *under)):
        return False
    return sum(1 for cell in under if cell.strip()) >= usual - 2 and sum(1 for cell in above if cell.strip()) > 1


def _is_key(rows: Sequence[Cut], filled: Sequence[int], place: int, usual: int) -> bool:
    """Tell a key with its value, or a title with a delimiter in it, from a row of the table."""
    cells = rows[filled[place]].cells
    key = cells[0].strip().endswith(":") or (":" in cells[0] and look(cells[0]) == "text")
    if len(cells) == usual == 2:
        return cells[0].strip().endswith(":")
    apart = place + 1 < len(filled) and filled[place + 1] != filled[place] + 1
    return len(cells) < usual and (key or apart)


def remarks_below(rows: Sequence[Cut], width: int) -> int:
    """Return how many of the last rows are remarks and blank rows, no rows of the table.

    `rows` begin under the header. A last line that breaks off is a row; so is every row when there is one column only.
    """
    if width < 2:
        return 0
    kept = len(rows)
    while kept and len(rows) - kept < MOST_REMARKS:
        row = rows[kept - 1]
        if not is_empty(row.cells) and not _is_remark(row, rows, kept, width):
            break
        kept -= 1
    usual = [row.filled for row in rows[:kept] if len(row.cells) >= width]
    thin = sum(1 for count in usual if count <= 1)
    return len(rows) - kept if usual and thin * 5 <= len(usual) else 0


def _is_remark(row: Cut, rows: Sequence[Cut], kept: int, width: int) -> bool:
    text = next((cell for cell in row.cells if cell.strip()), "")
    if is_rule(row.cells) and max(map(len, row.cells)) > 3:
        return True
    marked = REMARK.match(text) is not None
    if marked and _stands_apart(row.cells, text, rows[: kept - 1]):
        return True
    if row.filled > 1 and not (marked and len(text) > 8):
        return False
    if row.filled > 1 and len(row.cells) == width:
        return is_typed_column([one.cells for one in rows[: kept - 1]], 0) and look(row.cells[0]) not in TYPED
    if marked:
        return True
    above = kept - 2
    while above > 0 and rows[above].filled == len(rows[above].cells) == len(row.cells) == 1 < width:
        above -= 1
    apart = above >= 0 and is_empty(rows[above].cells)
    prose = look(text) == "text" and len(text.split()) > 2
    if row.cells and row.cells[0].strip() and is_typed_column([one.cells for one in rows[: above + 1]], 0):
        return look(text) not in TYPED and (prose or apart)
    return prose and (apart or (width > 2 and len(row.cells) == 1))


def _stands_apart(cells: Sequence[str], text: str, above: Sequence[Cut]) -> bool:
    """Tell a remark with delimiters in it, "Source: the ministry, 2024", by words where numbers stand above."""
    if not re.match(r"[^:\d]{3,40}: ", text):
        return False
    rows = [row.cells for row in above]
    typed = [n for n in range(len(cells)) if is_typed_column(rows, n)]
    return bool(typed) and any(look(cells[n]) in {"word", "text"} for n in typed)


def stacked(rows: Sequence[Cut]) -> list[Region]:
    """Return the tables that stand one under the other, with blank rows or titles between them; one is no such case.

    A part with the names of the part above, or with none and the same columns, belongs to that part.
    """
    blocks = _blocks(rows)
    found: list[Region] = []
    for first, last in blocks:
        region = _region(rows, first, last)
        if region is None:
            continue
        if found and _continues(rows, found[-1], region):
            before = found.pop()
            region = Region(before.first, region.last, before.width, before.rows + region.rows, before.header)
        found.append(region)
    return found


def _blocks(rows: Sequence[Cut]) -> list[tuple[int, int]]:
    """Return where blank rows, or a lasting change of width, cut the rows: first and last row of each block."""
    blocks: list[tuple[int, int]] = []
    first: int | None = None
    for number, row in enumerate(rows):
        if is_empty(row.cells):
            if first is not None:
                blocks.append((first, number - 1))
            first = None
        elif first is None:
            first = number
        elif _changes(rows, first, number):
            blocks.append((first, number - 1))
            first = number
    if first is not None:
        blocks.append((first, len(rows) - 1))
    return blocks


def _changes(rows: Sequence[Cut], first: int, number: int) -> bool:
    """Tell whether another table begins at a row without a blank one above it: other width, for good, own names."""
    width = len(rows[number].cells)
    before = rows[max(first, number - 3) : number]
    after = rows[number : number + 4]
    if width < 2 or len(before) < 3 or len(after) < 4 or any(len(row.cells) == width for row in before):
        return False
    if len({len(row.cells) for row in before}) > 1 or any(len(row.cells) != width for row in after):
        return False
    table = [row.cells for row in after]
    return rows[number].filled == width and header_rows(table) == 1 and _is_named(table)


def _is_named(table: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row surely has names: words over numbers."""
    typed = [n for n in range(len(table[0])) if is_typed_column(table[1:], n)]
    return bool(typed) and not any(look(cell) in TYPED for cell in table[0])


def _region(rows: Sequence[Cut], first: int, last: int) -> Region | None:
    """Return the table in a block of rows without its titles; None when it holds none."""
    block = rows[first : last + 1]
    above = titles_above(block)
    width = usual_width(block[above:])
    count = len(block) - above - 1
    if width < 2 or count < LEAST_ROWS - 1:
        return None
    return Region(first + above, last, width, count, tuple(cell.strip() for cell in block[above].cells))


def _continues(rows: Sequence[Cut], before: Region, after: Region) -> bool:
    if after.header == before.header:
        return True
    if after.width != before.width:
        return False
    above = [row.cells for row in rows[before.first + 1 : before.first + 60]]
    first = rows[after.first].cells
    typed = [n for n in range(before.width) if is_typed_column(above, n)]
    if not typed:
        return header_rows([row.cells for row in rows[after.first : after.first + 40]]) == 0
    like = sum(1 for n in typed if n < len(first) and look(first[n]) in {*TYPED, "empty", "missing"})
    return like * 2 > len(typed)
