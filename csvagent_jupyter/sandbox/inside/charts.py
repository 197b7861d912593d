"""What a figure shows, read from its artists: kind, labels and the data in drawing order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Wedge

from .axis import Reader
from .guarded import clip, safe_text
from .plotted import BOXES, NUMBERS, SHARES, Box
from .values import cell

MAX_POINTS = 2_000
_SHARE_DIGITS = 6


@dataclass(slots=True)
class Chart:
    """A figure as data; each point is [x, y] or [x, y, series]."""

    kind: str = "other"
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    data: list[list[Any]] = field(default_factory=list)
    total_points: int = 0


@dataclass(slots=True)
class Series:
    """One drawn series: its kind, its name in the legend and its points."""

    kind: str
    name: str
    points: list[tuple[Any, Any]]
    total: int


def read_chart(figure: Figure) -> Chart:
    """Return what a figure shows; several axes become one chart whose series carry the names of the axes."""
    shown = [axes for axes in figure.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]
    series = [(axes, one) for axes in shown for one in _series(axes)]
    chart = Chart(kind=series[0][1].kind if series else "other", title=_title(figure, shown))
    if shown:
        chart.x_label, chart.y_label = _labels(shown[0])
    several = len(series) > 1
    panels = len({axes.get_title() for axes in shown}) > 1
    for axes, one in series:
        name = one.name
        if not name and several and len(shown) > 1 and not panels:
            name = axes.get_ylabel()
        if panels and (title := axes.get_title()):
            name = f"{title}: {name}" if name else title
        chart.total_points += one.total
        for x, y in one.points:
            if len(chart.data) < MAX_POINTS:
                chart.data.append([x, y, clip(name, 200)] if several else [x, y])
    return chart


def count_points(figure: Figure) -> int:
    """Return about how many points a figure draws, to know whether it is fit for a vector format."""
    count = 0
    for axes in figure.axes:
        count += sum(np.size(line.get_xdata(orig=False)) for line in axes.lines) + len(axes.patches)
        for collection in axes.collections:
            if isinstance(collection, QuadMesh):
                count += 4 * np.ma.asarray(collection.get_array()).size
            else:
                corners = sum(np.size(path.vertices) for path in collection.get_paths()[:500])
                count += max(np.size(collection.get_offsets()) // 2, corners)
    return count


def _title(figure: Figure, shown: list[Axes]) -> str:
    above = figure.get_suptitle()
    return clip(above or next((axes.get_title() for axes in shown if axes.get_title()), ""), 500)


def _labels(axes: Axes) -> tuple[str, str]:
    labels = axes.get_xlabel(), axes.get_ylabel()
    if any(isinstance(one, BarContainer) and one.orientation == "horizontal" for one in axes.containers):
        labels = labels[1], labels[0]
    return clip(labels[0], 500), clip(labels[1], 500)


def _series(axes: Axes) -> list[Series]:
    boxes: list[Box] = getattr(axes, BOXES, [])
    if boxes:
        return _boxes(axes, boxes)
    wedges = [patch for patch in axes.patches if isinstance(patch, Wedge)]
    if wedges:
        return [_pie(wedges, getattr(axes, SHARES, None))]
    found = [*_heatmaps(axes), *_bars(axes), *_areas(axes)]
    areas = [one for one in found if one.kind == "area"]
    found += _scatters(axes)
    lines = [one for one in _lines(axes) if not (found and _is_error_bar(one))]
    if areas and len(areas) == len(lines):
        for area, line in zip(areas, lines, strict=True):
            area.name = area.name or line.name
        return found
    return found + lines


def _boxes(axes: Axes, boxes: list[Box]) -> list[Series]:
    """Name each box by its place on the axis that has names, which is the upright one in a sideways plot."""
    across, up = Reader(axes.xaxis), Reader(axes.yaxis)
    reader = up if up.has_names and not across.has_names else across
    return [
        Series("box", name, [(reader.category(at), numbers[key])], 1)
        for at, numbers in boxes[: MAX_POINTS // len(NUMBERS)]
        for key, name in NUMBERS.items()
    ]


def _pie(wedges: list[Wedge], values: list[Any] | None) -> Series:
    """Read a pie by the values it was made from; where they are not known, by each wedge's share of the circle."""
    if values is None or len(values) != len(wedges):
        values = [round((wedge.theta2 - wedge.theta1) / 360, _SHARE_DIGITS) for wedge in wedges]
    points = [
        (_name(wedge) or str(number), value)
        for number, (wedge, value) in enumerate(zip(wedges, values, strict=False), 1)
    ]
    return Series("pie", "", points[:MAX_POINTS], len(points))


def _bars(axes: Axes) -> Iterator[Series]:
    containers = [one for one in axes.containers if isinstance(one, BarContainer) and len(one.patches)]
    stacked = any(abs(_base(one, bar)) > 1e-12 for one in containers[1:] for bar in one.patches)
    for container in containers:
        upright = container.orientation != "horizontal"
        reader = Reader(axes.xaxis if upright else axes.yaxis)
        bars = container.patches
        spans = [_span(bar, upright) for bar in bars]
        histogram = not reader.has_names and not reader.has_dates and _touching(spans)
        points = []
        for bar, (start, width) in zip(bars[:MAX_POINTS], spans, strict=False):
            height = bar.get_height() if upright else bar.get_width()
            where = f"{start:g}–{start + width:g}" if histogram else reader.category(start + width / 2)
            points.append((where, cell(height)))
        kind = "hist" if histogram else "stacked bar" if stacked else "bar"
        yield Series(kind, _name(container), points, len(bars))


def _span(bar: Any, upright: bool) -> tuple[float, float]:
    return (bar.get_x(), bar.get_width()) if upright else (bar.get_y(), bar.get_height())


def _base(container: BarContainer, bar: Any) -> float:
    return float(bar.get_x() if container.orientation == "horizontal" else bar.get_y())


def _touching(spans: list[tuple[float, float]]) -> bool:
    ends = itertools.pairwise(spans)
    return len(spans) > 1 and all(
        abs(x + width - after) <= 1e-6 * max(1.0, abs(after)) for (x, width), (after, _) in ends
    )


def _heatmaps(axes: Axes) -> Iterator[Series]:
    meshes = [one for one in axes.collections if isinstance(one, QuadMesh)]
    for picture in [*axes.images, *meshes]:
        grid = picture.get_array()
        if grid is None or (isinstance(picture, QuadMesh) and grid.ndim == 1):
            continue
        if grid.ndim != 2:
            yield Series("other", "", [], 0)
            continue
        columns, rows = _middles(picture, grid.shape)
        across, down = Reader(axes.xaxis), Reader(axes.yaxis)
        shown = min(grid.shape[0], MAX_POINTS // max(1, grid.shape[1]) + 1)
        cells: Any = np.ma.filled(np.ma.asarray(grid, dtype=float), np.nan)
        for number in range(shown):
            points = [(across.category(at), cell(value)) for at, value in zip(columns, cells[number], strict=False)]
            total = len(points) if number < shown - 1 else grid.size - number * grid.shape[1]
            yield Series("heatmap", safe_text(down.category(rows[number]), 200), points, total)
        return


def _middles(picture: Any, shape: tuple[int, int]) -> tuple[list[float], list[float]]:
    """Return the middle of each column and row of a heatmap, in the coordinates of its axes."""
    if isinstance(picture, QuadMesh):
        corners: Any = picture.get_coordinates()
        across, up = corners[0, :, 0], corners[:, 0, 1]
        if len(across) == shape[1]:
            return across.tolist(), up.tolist()
        return ((across[:-1] + across[1:]) / 2).tolist(), ((up[:-1] + up[1:]) / 2).tolist()
    left, right, bottom, top = picture.get_extent()
    first, last = (top, bottom) if picture.origin == "upper" else (bottom, top)
    return _steps(left, right, shape[1]), _steps(first, last, shape[0])


def _steps(start: float, end: float, count: int) -> list[float]:
    return [start + (number + 0.5) * (end - start) / count for number in range(count)]


def _scatters(axes: Axes) -> Iterator[Series]:
    for collection in axes.collections:
        if isinstance(collection, PathCollection):
            offsets: Any = np.ma.filled(np.ma.asarray(collection.get_offsets(), dtype=float), np.nan)
            yield _xy("scatter", _name(collection), offsets[:, 0], offsets[:, 1], axes)


def _lines(axes: Axes) -> Iterator[Series]:
    for line in axes.lines:
        if line.get_transform() != axes.transData or not line.get_visible():
            continue  # axhline and its like: a mark, not data
        dots = line.get_linestyle() in ("None", "none", "", " ") and line.get_marker() not in (
            "None",
            "none",
            "",
            " ",
            None,
        )
        x, y = (np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False)))
        yield _xy("scatter" if dots else "line", _name(line), x, y, axes)


def _is_error_bar(line: Series) -> bool:
    """Tell whether a line is only a mark of uncertainty at one place: unnamed, and straight up or straight across."""
    across, up = {x for x, _ in line.points}, {y for _, y in line.points}
    return not line.name and len(line.points) <= 3 and (len(across) == 1 or len(up) == 1)


def _areas(axes: Axes) -> Iterator[Series]:
    """Read filled areas by their upper and lower edge; a pale one over a line is a band of confidence, not data."""
    fills = [
        one
        for one in axes.collections
        if isinstance(one, PolyCollection) and not isinstance(one, QuadMesh) and len(one.get_paths()) == 1
    ]
    if axes.lines and any((one.get_alpha() or 1.0) <= 0.35 for one in fills):
        return
    for fill in fills:
        corners: Any = fill.get_paths()[0].vertices
        count = (len(corners) - 3) // 2
        if count < 1:
            continue
        low, high = corners[1 : count + 1], corners[count + 2 : 2 * count + 2][::-1]
        gap = high[:, 1] - low[:, 1]
        yield _xy("area", _name(fill), low[:, 0], -gap if (gap <= 0).all() else gap, axes)


def _xy(kind: str, name: str, x: Any, y: Any, axes: Axes) -> Series:
    across, up = Reader(axes.xaxis), Reader(axes.yaxis)
    points = [(across.value(a), up.value(b)) for a, b in zip(x[:MAX_POINTS], y[:MAX_POINTS], strict=False)]
    return Series(kind, name, points, len(x))


def _name(artist: Any) -> str:
    label = artist.get_label()
    return "" if not isinstance(label, str) or label.startswith("_") else clip(label, 200)
