"""What a kernel says came of an execution, read as from an enemy, into an `Execution`.

The reply is JSON text of a fixed shape; pictures and whole tables are files in the sandbox's `out` folder. Everything
has a bound, every text is clipped, and what does not fit is left out rather than believed.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from ..confinement import Limits
from ..exceptions import KernelDied
from ..messages import (
    MAX_CHART_POINTS,
    MAX_TABLE_ROWS,
    Chart,
    Execution,
    ExecutionError,
    LimitHit,
    Plot,
    ResultFile,
    ResultTable,
    RowLoss,
)
from .arrow_stream import check_table
from .intake import OutFolder
from .svg import clean_svg

MAX_TEXT = 20_000
MAX_NAME = 500
MAX_COLUMNS = 1_000
MAX_PNG = 8 * 2**20
MAX_SVG = 2**20
MAX_PIXELS = 10_000
# What only the kernel itself can know. That it says so is no proof, and all that comes of it is a text of ours.
_CUTS = ("output", "figures", "tables", "table_size")
_STOPS = ("memory", "cpu_seconds", "tasks", "open_files", "file_size")
_PNG = b"\x89PNG\r\n\x1a\n"

Scalar = str | int | float | bool | None


class FigureReply(msgspec.Struct, frozen=True):
    png: str
    svg: str = ""


class ChartReply(msgspec.Struct, frozen=True):
    kind: str
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    data: list[list[Scalar]] = []
    total_points: int = 0


class TableReply(msgspec.Struct, frozen=True):
    columns: list[str]
    rows: list[list[Scalar]]
    total_rows: int
    arrow: str = ""


class ErrorReply(msgspec.Struct, frozen=True):
    ename: str
    evalue: str
    traceback: str = ""
    line_number: int | None = None
    limit: str = ""


class LossReply(msgspec.Struct, frozen=True):
    operation: str
    rows_before: int
    rows_after: int
    column: str = ""
    line_number: int | None = None


class Reply(msgspec.Struct, frozen=True):
    """The reply as the kernel writes it."""

    stdout: str = ""
    value: Scalar | list[Scalar] | TableReply = None
    value_text: str = ""
    figures: list[FigureReply] = []
    charts: list[ChartReply] = []
    tables: list[TableReply] = []
    losses: list[LossReply] = []
    error: ErrorReply | None = None
    seconds: float = 0.0
    limits: list[str] = []


def read_reply(text: object) -> Reply:
    """Parse a reply strictly; raises KernelDied for anything else than its shape."""
    if text is None:
        raise KernelDied("sandbox.not_ours")
    try:
        if not isinstance(text, str):
            raise msgspec.ValidationError("no reply")
        return msgspec.json.decode(text, type=Reply)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise KernelDied("sandbox.garbled") from error


def to_execution(reply: Reply, folder: OutFolder, files: tuple[ResultFile, ...], limits: Limits) -> Execution:
    """Return the Execution, with the pictures and tables that are really there and are what they claim to be."""
    error = reply.error and ExecutionError(
        clip(reply.error.ename, MAX_NAME),
        clip(reply.error.evalue),
        clip(reply.error.traceback),
        reply.error.line_number,
    )
    hit = [name for name in _CUTS if name in reply.limits]
    stopped_at = [name for name in _STOPS if reply.error is not None and name == reply.error.limit]
    pairs = [
        (plot, _chart(chart))
        for picture, chart in zip(reply.figures[: limits.figures], reply.charts, strict=False)
        if (plot := _plot(picture, folder)) is not None
    ]
    return Execution(
        stdout=clip(reply.stdout, limits.output),
        value_text=clip(reply.value_text),
        value=_value(reply.value),
        plots=tuple(plot for plot, _ in pairs),
        charts=tuple(chart for _, chart in pairs),
        tables=tuple(_table(one, folder, limits, error is not None) for one in reply.tables[: limits.tables]),
        files=files,
        losses=tuple(_loss(one) for one in reply.losses[:100]),
        error=error or None,
        seconds=reply.seconds if math.isfinite(reply.seconds) and reply.seconds >= 0 else 0.0,
        cut=bool(hit),
        limits=tuple(limit_hit(name, limits) for name in (*stopped_at, *hit)),
    )


def limit_hit(name: str, limits: Limits) -> LimitHit:
    """Return what is said when code ran into the limit of that name."""
    return LimitHit(name, getattr(limits, name))


def clip(text: str, limit: int = MAX_TEXT) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _value(value: Scalar | list[Scalar] | TableReply) -> Any:
    if isinstance(value, TableReply):
        columns, rows = _cells(value)
        return {
            "columns": list(columns),
            "rows": [list(row) for row in rows],
            "total_rows": max(value.total_rows, len(rows)),
        }
    if isinstance(value, list):
        return [_cell(item) for item in value[:MAX_TABLE_ROWS]]
    return _cell(value)


def _cell(value: Scalar) -> Scalar:
    return clip(value) if isinstance(value, str) else value


def _cells(table: TableReply) -> tuple[tuple[str, ...], tuple[tuple[Scalar, ...], ...]]:
    columns = tuple(clip(name, MAX_NAME) for name in table.columns[:MAX_COLUMNS])
    rows = tuple(tuple(_cell(item) for item in row) for row in table.rows[:MAX_TABLE_ROWS] if len(row) == len(columns))
    return columns, rows


def _table(table: TableReply, folder: OutFolder, limits: Limits, failed: bool) -> ResultTable:
    columns, rows = _cells(table)
    whole = None
    if table.arrow and not failed:
        copy = folder.take(table.arrow, ".arrow", limits.table_size)
        whole = check_table(copy, columns, table.total_rows) if copy is not None else None
    return ResultTable(columns, rows, max(table.total_rows, len(rows)), str(whole or ""))


def _plot(picture: FigureReply, folder: OutFolder) -> Plot | None:
    png = folder.read(picture.png, ".png", MAX_PNG)
    if not _is_png(png):
        return None
    svg = clean_svg(folder.read(picture.svg, ".svg", MAX_SVG)) if picture.svg else b""
    return Plot(png, svg)


def _is_png(data: bytes) -> bool:
    """Tell whether bytes are a PNG of a size that a page can show (its header says width and height)."""
    if len(data) < 33 or not data.startswith(_PNG) or data[12:16] != b"IHDR":
        return False
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return 0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS


def _chart(chart: ChartReply) -> Chart:
    data = tuple(
        tuple(_cell(item) for item in point) for point in chart.data[:MAX_CHART_POINTS] if len(point) in (2, 3)
    )
    return Chart(
        clip(chart.kind, 50),
        clip(chart.title, MAX_NAME),
        clip(chart.x_label, MAX_NAME),
        clip(chart.y_label, MAX_NAME),
        data,
        max(chart.total_points, len(data)),
    )


def _loss(loss: LossReply) -> RowLoss:
    return RowLoss(
        clip(loss.operation, 100), loss.rows_before, loss.rows_after, clip(loss.column, MAX_NAME), loss.line_number
    )
