"""Is the answer believable? Each check has a formula, and says what it found in words that the reader can judge.

A severe finding costs an attempt, and the model is told a hint that quotes no data. If it still stands at the end, and
for every other finding, the reader gets a Note.
"""

from __future__ import annotations

import ast
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from ..messages import Chart, Execution, Note, Plot, ResultTable, RowLoss
from ..translations import Language, number, say
from .names import parse

MAX_PIXELS: Final = 50_000_000
_TOTAL = re.compile(r"^\W*(?:grand |sub)?totals?\W*$|^\W*(?:всего|итого|итог)\W*$|^\W*overall\W*$", re.IGNORECASE)
_NOT_ADDITIVE = re.compile(
    r"mean|avg|average|median|std|min|max|rate|ratio|share|percent|%|price|unique|distinct|per |_per_|quantile"
    r"|сред|медиан|мин|макс|дол[яи]|процент|цен[аы]|уникальн|доход на",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(
    r"\b(?:rows?|records?|lines?)\b.*\b(?:without|missing|not|excluded|dropped|left|ignored|skipped|unmatched)\b"
    r"|\b(?:excluded|dropped|left out|ignored|skipped)\b.*\b(?:rows?|records?|lines?)\b"
    r"|\b(?:строк|строки|строка|запис)\w*\b.*(?:\bбез\b|пропу|не вошл|исключ|отброш)",
    re.IGNORECASE,
)
_WHOLE_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?:[,  \u202f]\d{3})+(?![\d.])|(?<![\d.,])\d+(?![\d]|[.,]\d)")
_WIDE_JOIN = re.compile(r"""how\s*=\s*["'](?:outer|cross)["']""")
_MISSING_TEXT = re.compile(r"^(?:np\.float64\()?(?:nan|NaT|<NA>)\)?$")

HINTS: Final[Mapping[str, str]] = {
    "check_nothing": "The code printed nothing and its last expression has no value. Print the answer in a sentence "
    "and let the last expression be the result.",
    "check_empty": "The result has no rows. Look at how the values are really written and at the types before "
    "filtering, and correct the condition. If nothing fits indeed, handle that in the code and print so.",
    "check_missing": "Every value of the result is missing. Look at the types and at the alignment of the indexes.",
    "check_no_ink": "A figure is blank. Draw into the figure that stays open, and do not clear it.",
    "check_no_data": "A figure has axes and no data. Check what is plotted.",
    "check_join": "A join has more rows than either side: keys repeat on both sides. Aggregate one side first, or join "
    "on the full key.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `key` is its text in the catalogue, filled with `values`."""

    key: str
    severe: bool = False
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def hint(self) -> str:
        """What the model is told: it quotes no data, so it may leave at every share level."""
        return HINTS[self.key]

    def note(self, language: Language) -> Note:
        values = {
            key: number(value, language) if isinstance(value, float) else value for key, value in self.values.items()
        }
        return Note("warning", say(f"agent.{self.key}", language, **values))


def check(execution: Execution, code: str) -> tuple[Finding, ...]:
    """Return what is doubtful about a successful execution, severe findings first."""
    found = chain(
        _nothing(execution),
        _empty(execution, code),
        _figures(execution.plots, execution.charts),
        _losses(execution.losses, code, execution.stdout),
        _totals(execution.tables),
        _charts_beside_tables(execution.charts, execution.tables),
    )
    different = {repr(finding): finding for finding in found}
    return tuple(sorted(different.values(), key=lambda finding: not finding.severe))


# --- no result ------------------------------------------------------------------------------------------------------


def _nothing(execution: Execution) -> Iterator[Finding]:
    """Nothing printed, no value, no table, no figure, no file."""
    said = execution.stdout.strip() or (execution.value_text.strip() not in ("", "None"))
    if not (said or execution.value is not None or execution.plots or execution.tables or execution.files):
        yield Finding("check_nothing", severe=True)


def _empty(execution: Execution, code: str) -> Iterator[Finding]:
    """The value is a table of no rows or an empty list, or every value in it is missing.

    Code that asks itself whether something is empty has thought of it: then it is told, and costs no attempt.
    """
    severe = not _handles_empty(code)
    value = execution.value
    if isinstance(value, dict) and "rows" in value:
        if value.get("total_rows") == 0:
            yield Finding("check_empty", severe)
        elif _all_missing(value["rows"]):
            yield Finding("check_missing", severe)
    elif isinstance(value, list):
        if not value:
            yield Finding("check_empty", severe)
        elif _all_missing([value]):
            yield Finding("check_missing", severe)
    elif value is None and _MISSING_TEXT.match(execution.value_text.strip()):
        yield Finding("check_missing", severe)
    elif value is None and execution.tables and all(table.total_rows == 0 for table in execution.tables):
        yield Finding("check_empty", severe)


def _all_missing(rows: Any) -> bool:
    """Tell whether no cell holds a value; the labels of a table's rows (its first column) do not count."""
    cells = [row[1:] if isinstance(row, list | tuple) and len(row) > 1 else row for row in rows]
    flat = [cell for row in cells for cell in (row if isinstance(row, list | tuple) else [row])]
    return bool(flat) and all(cell is None for cell in flat)


def _handles_empty(code: str) -> bool:
    """Tell whether the code asks if something is empty, by ``.empty`` or by comparing a length with 0."""
    try:
        tree = parse(code)
    except SyntaxError:
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "empty":
            return True
        if isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Call | ast.Compare | ast.UnaryOp):
            calls = [part.func for part in ast.walk(node.test) if isinstance(part, ast.Call)]
            if any(isinstance(name, ast.Name) and name.id == "len" for name in calls):
                return True
    return False


# --- figures --------------------------------------------------------------------------------------------------------


def _figures(plots: tuple[Plot, ...], charts: tuple[Chart, ...]) -> Iterator[Finding]:
    """A figure whose pixels all have one colour, or whose chart has no points."""
    blank = [figure for figure, plot in enumerate(plots, 1) if not has_ink(plot.png)]
    for figure in blank:
        yield Finding("check_no_ink", severe=True, values={"figure": figure})
    if len(charts) == len(plots):
        for figure, chart in enumerate(charts, 1):
            if chart.total_points == 0 and chart.kind != "other" and figure not in blank:
                yield Finding("check_no_data", severe=True, values={"figure": figure})


def has_ink(png: bytes) -> bool:
    """Tell whether an image has more than one colour; one that cannot be read gets the benefit of the doubt."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            if image.width * image.height > MAX_PIXELS:
                return True
            extremes = image.convert("RGBA").getextrema()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return True
    return any(low != high for low, high in extremes)  # type: ignore[misc]


# --- rows that went missing, or too many of them --------------------------------------------------------------------


def _losses(losses: tuple[RowLoss, ...], code: str, stdout: str) -> Iterator[Finding]:
    """Rows before minus rows after, per operation; a join with more rows than its longer side is severe.

    Rows that the code itself says it left out are accounted for.
    An outer or cross join may have more rows by right. A left join leaves rows of its right table out by right.
    """
    told = _rows_told(stdout)
    for loss in losses:
        lost = loss.rows_before - loss.rows_after
        if loss.operation == "merge adds rows":
            if not _WIDE_JOIN.search(code):
                yield Finding("check_join", severe=True, values={"before": loss.rows_before, "after": loss.rows_after})
        elif loss.operation.startswith("left") and loss.operation.endswith("right table"):
            continue
        elif lost > 0 and lost not in told:
            yield _loss(loss.operation, lost, loss.column)


def _rows_told(stdout: str) -> frozenset[int]:
    """Return the whole numbers in those lines of the output that speak of rows which are missing or left out."""
    numbers = (
        re.sub(r"\D", "", written)
        for line in stdout.splitlines()
        if _LEFT_OUT.search(line)
        for written in _WHOLE_NUMBER.findall(line)
    )
    return frozenset(int(digits) for digits in numbers if len(digits) < 16)


def _loss(operation: str, lost: int, column: str) -> Finding:
    if "merge" in operation or "join" in operation:
        return Finding("loss_join", values={"rows": lost})
    key = {"to_datetime": "loss_date", "to_numeric": "loss_number"}.get(operation)
    if key is None:
        key = "loss_missing" if column else "loss_any"
    elif not column:
        key += "_any"
    return Finding(key, values={"rows": lost, "column": column})


# --- sums -----------------------------------------------------------------------------------------------------------


def _totals(tables: tuple[ResultTable, ...]) -> Iterator[Finding]:
    """In a table shown whole with one row called total: its number against the sum of the others, per column.

    They differ when they are further apart than rounding explains: half a unit of the last shown place per row, and a
    millionth. Columns whose name says that they do not add up (means, shares, prices, distinct counts) are passed over.
    """
    for table in tables:
        if table.total_rows != len(table.rows) or len(table.rows) < 3:
            continue
        marked = [row for row in table.rows if any(isinstance(cell, str) and _TOTAL.match(cell) for cell in row)]
        if len(marked) != 1:
            continue
        parts = [row for row in table.rows if row is not marked[0]]
        for index, column in enumerate(table.columns):
            cells = [row[index] for row in parts if row[index] is not None]
            total = marked[0][index]
            if _NOT_ADDITIVE.search(column) or not _is_number(total) or not all(map(_is_number, cells)):
                continue
            summed = math.fsum(cells)
            if len(cells) > 1 and abs(total - summed) > _rounding([*cells, total]) * len(cells) + abs(total) * 1e-6:
                values = {"column": column, "total": float(total), "parts": float(summed)}
                yield Finding("check_total", values=values)


def _rounding(cells: list[float]) -> float:
    """Return half a unit of the last decimal place that the numbers have; whole numbers were not rounded."""
    if all(isinstance(cell, int) for cell in cells):
        return 0.0
    places = max(len(repr(float(cell)).partition(".")[2].rstrip("0")) for cell in cells)
    return 0.5 * 10.0 ** -min(places, 6)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell)


# --- charts beside tables -------------------------------------------------------------------------------------------


def _charts_beside_tables(charts: tuple[Chart, ...], tables: tuple[ResultTable, ...]) -> Iterator[Finding]:
    """A one-series chart and a table with the same labels: some column has to hold the drawn numbers.

    Scaled by a constant is the same (thousands, percent); so are shares and running sums. Only where a column comes
    close (half of the labels agree, or all within a third) and yet differs, there is something to tell.
    """
    for chart in charts:
        drawn = _series(chart)
        for table in tables:
            columns = _columns_by_label(table, drawn)
            if len(drawn) < 2 or not columns or any(_agree(drawn, column) for column in columns.values()):
                continue
            for column in columns.values():
                if label := _differing_label(drawn, column):
                    values = {"title": chart.title or chart.y_label, "label": label}
                    yield Finding("check_chart", values=values | {"drawn": drawn[label], "shown": column[label]})
                    break


def _series(chart: Chart) -> dict[str, float]:
    """Return label → number of a chart with one series of named points; else nothing."""
    if (
        chart.kind not in ("bar", "line", "pie", "area")
        or len({point[2] for point in chart.data if len(point) > 2}) > 1
    ):
        return {}
    points = {str(point[0]): float(point[1]) for point in chart.data if len(point) > 1 and _is_number(point[1])}
    return points if len(points) == len(chart.data) == chart.total_points else {}


def _columns_by_label(table: ResultTable, drawn: dict[str, float]) -> dict[int, dict[str, float]]:
    """Return the number columns of a table as label → number, when one of its columns has all the drawn labels."""
    for index in range(len(table.columns)):
        labels = [str(row[index]) for row in table.rows]
        if len(set(labels)) == len(labels) and set(drawn) <= set(labels):
            return {
                other: {label: float(row[other]) for label, row in zip(labels, table.rows, strict=True)}
                for other in range(len(table.columns))
                if other != index and all(_is_number(row[other]) for row in table.rows)
            }
    return {}


def _agree(drawn: dict[str, float], column: dict[str, float]) -> bool:
    """Tell whether the drawn numbers are the column's, up to a constant factor and rounding to three digits, or its
    running sum."""
    running = 0.0
    sums = {label: (running := running + value) for label, value in column.items()}
    for numbers in (column, sums):
        factors = [drawn[label] / numbers[label] for label in drawn if numbers[label]]
        zeros = all(abs(drawn[label]) < 1e-9 for label in drawn if not numbers[label])
        if zeros and (not factors or max(factors) - min(factors) <= 0.011 * max(map(abs, factors))):
            return True
    return False


def _differing_label(drawn: dict[str, float], column: dict[str, float]) -> str:
    """Return where a column that comes close to the drawn numbers differs from them; else an empty text."""
    apart = {label: abs(drawn[label] - column[label]) / (abs(column[label]) or 1.0) for label in drawn}
    differing = [label for label, distance in apart.items() if distance > 0.005]
    if differing and (2 * len(differing) <= len(drawn) or max(apart.values()) < 1 / 3):
        return max(differing, key=lambda label: apart[label])
    return ""
