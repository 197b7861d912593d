"""Collects the figures of the running code: shown, displayed, saved or left open, each once and in order."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from .charts import Chart, count_points, read_chart
from .guarded import guarded

BACKEND = "module://csvagent_jupyter.sandbox.inside.backend"
SCREEN_SCALE = 2.0
MAX_SIDE = 4_000
PADDING = 0.1
MAX_BYTES = 6 * 2**20
MAX_SVG_BYTES = 2**20
MAX_SVG_POINTS = 20_000
_CONTRAST = 0.25


@dataclass(slots=True)
class Drawn:
    """A figure that was noticed; it has no picture until it was shown, or until the code is through."""

    figure: Figure
    png: bytes = b""
    svg: bytes = b""
    chart: Chart | None = None


class Collector:
    """What was drawn so far, at most `limit` figures; `cut` tells that there were more."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.cut = False
        self.drawn: list[Drawn] = []
        self._rendering = False

    def collect(self, figure: Figure) -> None:
        """Take a figure's picture now. The same figure again is a new picture only when it shows other data."""
        if self._rendering or (not figure.axes and not figure.texts and not figure.images):
            return
        chart = guarded(lambda: read_chart(figure), Chart())
        entry = self._entry(figure)
        if entry is not None and entry.chart is not None and entry.chart.data != chart.data:
            entry = None
        if entry is None:
            if len(self.drawn) >= self.limit:
                self.cut = True
                return
            entry = Drawn(figure)
            self.drawn.append(entry)
        self._rendering = True
        try:
            entry.png, entry.svg = render(figure)
        finally:
            self._rendering = False
        entry.chart = chart

    def remember(self, figure: Figure) -> None:
        """Note a figure that is written to a file; its picture is taken at the end unless it is shown before."""
        if self._rendering or self._entry(figure) is not None:
            return
        if len(self.drawn) < self.limit:
            self.drawn.append(Drawn(figure))

    def finish(self) -> None:
        """Take the pictures of all figures that are still open, or were only saved."""
        for number in plt.get_fignums():
            self.collect(plt.figure(number))
        for entry in list(self.drawn):
            if not entry.png:
                self.collect(entry.figure)
        self.drawn = [entry for entry in self.drawn if entry.png]

    def write(self, folder: Path, prefix: str) -> list[dict[str, str]]:
        """Write the pictures into `folder` and return their names."""
        names = []
        for number, entry in enumerate(self.drawn, 1):
            named = {"png": f"{prefix}-figure-{number}.png", "svg": ""}
            (folder / named["png"]).write_bytes(entry.png)
            if entry.svg:
                named["svg"] = f"{prefix}-figure-{number}.svg"
                (folder / named["svg"]).write_bytes(entry.svg)
            names.append(named)
        return names

    def _entry(self, figure: Figure) -> Drawn | None:
        return next((entry for entry in reversed(self.drawn) if entry.figure is figure), None)


_collector = Collector(0)


def start(limit: int) -> Collector:
    """Begin an execution: close what is open and count figures anew."""
    global _collector
    plt.close("all")
    _collector = Collector(limit)
    return _collector


def collect(figure: Any) -> None:
    """Hand a shown figure to the collector of the running code."""
    _collector.collect(figure)


def remember(figure: Any) -> None:
    """Hand a saved figure to the collector of the running code."""
    _collector.remember(figure)


def render(figure: Figure) -> tuple[bytes, bytes]:
    """Return a figure as PNG, sharp on dense screens, and as SVG where that is not too large (else empty)."""
    background = readable_background(figure)
    width, height = figure.get_size_inches()
    dpi = min(figure.dpi * SCREEN_SCALE, MAX_SIDE / max(width, height, 0.1))
    with _laid_out(figure):
        # One place where the drawing ends for all formats; it is found without drawing, on a canvas of no size.
        frame = figure.get_tightbbox(RendererAgg(1, 1, figure.dpi)).padded(PADDING)  # type: ignore[no-untyped-call]
        png = _save(figure, "picture", dpi, frame, background)
        while len(png) > MAX_BYTES and dpi > 20:
            dpi /= 2
            png = _save(figure, "picture", dpi, frame, background)
        if guarded(lambda: count_points(figure), MAX_SVG_POINTS + 1) > MAX_SVG_POINTS:
            return png, b""
        svg = _save(figure, "svg", figure.dpi, frame, background)
    return png, svg if len(svg) <= MAX_SVG_BYTES else b""


@contextmanager
def _laid_out(figure: Figure) -> Iterator[None]:
    """Let a figure lay itself out once; each format would do it again, and draw everything once more for that."""
    engine = figure.get_layout_engine()
    if engine is None:
        yield
        return
    figure.draw_without_rendering()
    with mpl.rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)


def _save(figure: Figure, kind: str, dpi: float, frame: Bbox, background: Any) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {"metadata": {"Date": None, "Creator": None}} if kind == "svg" else {"backend": BACKEND}
    with mpl.rc_context({"svg.hashsalt": "csvagent", "svg.fonttype": "path"}):
        figure.savefig(out, format=kind, dpi=dpi, bbox_inches=frame, facecolor=background, edgecolor="none", **options)
    return out.getvalue()


def readable_background(figure: Figure) -> Any:
    """Return the figure's own background, or a plain one on which its labels can be read.

    A transparent figure is seen on whatever page it lands on, so it gets a background too, and none shines through.
    """
    face = to_rgba(figure.get_facecolor())
    ink = _ink(figure)
    if face[3] > 0.5 and abs(_lightness(face) - ink) > _CONTRAST:
        return tuple(colour * face[3] + 1 - face[3] for colour in face[:3])
    return "white" if ink < 0.5 else "#111111"


def _ink(figure: Figure) -> float:
    """Return the mean lightness of the axes' labels, which are drawn on the figure's background."""
    colors = [
        label.get_color()
        for axes in figure.axes
        for label in (axes.title, axes.xaxis.label, axes.yaxis.label, *axes.xaxis.get_ticklabels()[:2])
    ]
    shades = [_lightness(to_rgba(color)) for color in colors]
    return sum(shades) / len(shades) if shades else 0.0


def _lightness(color: tuple[float, float, float, float]) -> float:
    """Return a colour's luma (ITU-R BT.601), 0 for black and 1 for white."""
    red, green, blue, _ = color
    return 0.299 * red + 0.587 * green + 0.114 * blue
