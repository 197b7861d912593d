"""From an execution to what the answer shows: kept plots, tables and files, and words where the code printed none."""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, Final

from ..exceptions import StorageFull
from ..messages import Chart, Execution, Plot, ResultFile, ResultTable
from ..translations import Language, catalogue, number, say
from .desk import Keep

ARROW: Final = "application/vnd.apache.arrow.file"
MAX_SAID: Final = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """The large parts of a result as references ``artifact:<sha256>``.

    With a `trouble` there was no room for them: plots stand for themselves, as data URLs, and written files are lost.
    """

    plots: tuple[str, ...]
    plots_svg: tuple[str, ...]
    tables: tuple[ResultTable, ...]
    files: tuple[ResultFile, ...]
    trouble: StorageFull | None = None


async def keep_result(execution: Execution, keep: Keep) -> Kept:
    """Keep plots, tables and written files as artifacts."""
    try:
        return await _keep_all(execution, keep)
    except StorageFull as trouble:
        pictures = [b64encode(plot.png).decode("ascii") for plot in execution.plots]
        return Kept(
            tuple(f"data:image/png;base64,{picture}" for picture in pictures),
            ("",) * len(pictures),
            tuple(replace(table, path="") for table in execution.tables),
            (),
            trouble,
        )


async def _keep_all(execution: Execution, keep: Keep) -> Kept:
    plots = [await keep(plot.png, "image/png", f"plot-{n}.png") for n, plot in enumerate(execution.plots, 1)]
    drawings = [await _keep_svg(plot, n, keep) for n, plot in enumerate(execution.plots, 1)]
    tables = [
        replace(table, path="", artifact=await keep(Path(table.path), ARROW, f"table-{n}.arrow") if table.path else "")
        for n, table in enumerate(execution.tables, 1)
    ]
    files = [await _keep_file(file, keep) for file in execution.files if _is_plain_file(file)]
    return Kept(tuple(plots), tuple(drawings), tuple(tables), tuple(files))


async def _keep_svg(plot: Plot, figure: int, keep: Keep) -> str:
    return await keep(plot.svg, "image/svg+xml", f"plot-{figure}.svg") if plot.svg else ""


async def _keep_file(file: ResultFile, keep: Keep) -> ResultFile:
    name = PurePath(file.name).name
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return replace(file, path="", artifact=await keep(Path(file.path), media_type, name))


def _is_plain_file(file: ResultFile) -> bool:
    """Leave out links: the code may have pointed them at files that are none of its business."""
    path = Path(file.path)
    return bool(PurePath(file.name).name) and not path.is_symlink() and path.is_file()


# --- words ----------------------------------------------------------------------------------------------------------


def text_of(execution: Execution, language: Language) -> str:
    """Return what the code printed, or else its result in words; never empty when there is a result."""
    if printed := execution.stdout.strip():
        return printed
    said = [
        _value_in_words(execution, language),
        _plots_in_words(execution, language),
        _files_in_words(execution.files, language),
    ]
    return "\n".join(text for text in said if text)


def _value_in_words(execution: Execution, language: Language) -> str:
    value = execution.value
    if isinstance(value, dict) and "rows" in value and "columns" in value:
        return _table_in_words(value["columns"], value["rows"], value.get("total_rows", 0), language)
    if isinstance(value, list):
        shown = ", ".join(_cell(item, language) for item in value[:MAX_SAID]) + ("…" if len(value) > MAX_SAID else "")
        return say("agent.said_list", language, count=len(value), values=shown)
    if value is not None:
        return say("agent.said_value", language, value=_cell(value, language))
    if execution.tables:
        table = execution.tables[-1]
        return _table_in_words(table.columns, table.rows, table.total_rows, language)
    text = execution.value_text.strip()
    return say("agent.said_value", language, value=text[:2_000]) if text and not execution.plots else ""


def _table_in_words(columns: Sequence[Any], rows: Sequence[Any], total: int, language: Language) -> str:
    if total == 1 and rows and len(columns) <= MAX_SAID:
        cells = (f"{name} {_cell(cell, language)}" for name, cell in zip(columns, rows[0], strict=False))
        return say("agent.said_row", language, cells=", ".join(cells))
    return say("agent.said_table", language, rows=total, columns=len(columns))


def _plots_in_words(execution: Execution, language: Language) -> str:
    if not execution.plots:
        return ""
    if len(execution.plots) == 1 and len(execution.charts) == 1:
        return say("agent.said_chart", language, alt=alt_text(execution.charts[0], language))
    return say("agent.said_plots", language, plots=len(execution.plots))


def _files_in_words(files: Sequence[ResultFile], language: Language) -> str:
    return say("agent.said_files", language, names=", ".join(file.name for file in files)) if files else ""


def _cell(value: Any, language: Language) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, language)
    return "—" if value is None else str(value)[:200]


# --- what a plot shows ----------------------------------------------------------------------------------------------


def alt_texts(execution: Execution, language: Language) -> tuple[str, ...]:
    """Return a text for each plot that says what a reader would see: the kind, the names, the numbers or extremes."""
    if len(execution.charts) == len(execution.plots):
        return tuple(alt_text(chart, language) for chart in execution.charts)
    if len(execution.plots) == 1 and execution.charts:
        return (" ".join(alt_text(chart, language) for chart in execution.charts[:4]),)
    return tuple(say("agent.alt_other", language) for _ in execution.plots)


def alt_text(chart: Chart, language: Language) -> str:
    """Say in words what one chart shows."""
    key = f"alt_{chart.kind}" if f"alt_{chart.kind}" in catalogue("agent") else "alt_other"
    parts = [say(f"agent.{key}", language)]
    if chart.title:
        parts[0] = say("agent.alt_titled", language, kind=parts[0], title=chart.title)
    if chart.x_label and chart.y_label:
        parts.append(say("agent.alt_axes", language, x=chart.x_label, y=chart.y_label))
    return ", ".join(parts) + _data_in_words(chart, language) + "."


def _data_in_words(chart: Chart, language: Language) -> str:
    points = [point for point in chart.data if len(point) >= 2 and _is_real(point[1])]
    if not points or chart.kind in ("box", "heatmap", "other"):
        return ""
    one_series = len({point[2] for point in points if len(point) > 2}) <= 1
    if one_series and len(points) <= 6 and len(points) == chart.total_points and chart.kind != "scatter":
        said = (say("agent.alt_all", language, label=_cell(p[0], language), value=p[1]) for p in points)
        return ". " + ", ".join(said)
    counted = ". " + say("agent.alt_points", language, points=chart.total_points)
    if chart.kind == "scatter" or not one_series or len(points) < chart.total_points:
        return counted
    highest, lowest = max(points, key=lambda point: point[1]), min(points, key=lambda point: point[1])
    extremes = (
        say("agent.alt_highest", language, label=_label(highest[0]), value=highest[1]),
        say("agent.alt_lowest", language, label=_label(lowest[0]), value=lowest[1]),
    )
    return f"{counted}, {', '.join(extremes)}"


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(value: Any) -> str:
    return str(value)[:80]
