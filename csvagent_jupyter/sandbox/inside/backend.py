"""A matplotlib backend without a window: what is shown or saved is handed to the collector of the running code."""

from __future__ import annotations

import functools
from typing import Any, BinaryIO

import numpy as np
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from . import figures, png


class FigureManager(FigureManagerBase):
    """Shows a figure by collecting it."""

    def show(self) -> None:
        """Called by `figure.show()`."""
        figures.collect(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Called by `plt.show()`: collect all open figures and close them, as a notebook does."""
        for manager in Gcf.get_all_fig_managers():
            figure = manager.canvas.figure
            figures.collect(figure)
            Gcf.destroy(manager)
            figure.show = functools.partial(figures.collect, figure)  # type: ignore[method-assign]


class FigureCanvas(FigureCanvasAgg):
    """A canvas that remembers that its figure was written to a file."""

    manager_class = FigureManager

    def print_figure(self, *args: Any, **kwargs: Any) -> Any:
        """Write the figure to a file, as `savefig` does."""
        figures.remember(self.figure)
        return super().print_figure(*args, **kwargs)

    def print_picture(self, file: BinaryIO, **_: Any) -> None:
        """Write the figure, whose background must be opaque, as PNG: `savefig(format="picture")`."""
        FigureCanvasAgg.draw(self)  # type: ignore[no-untyped-call]
        file.write(png.encode(np.asarray(self.buffer_rgba())))  # type: ignore[no-untyped-call]
