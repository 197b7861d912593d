"""Catches what generated code displays, instead of sending it to a notebook that is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .guarded import safe_text
from .values import table_behind

Show = Callable[[Any], None]
MAX_DISPLAYED = 20_000


@contextmanager
def displaying(shell: Any, show: Show) -> Iterator[None]:
    """Route IPython's `display` to `show` (tables and figures) and to standard output (the rest)."""
    formatter = shell.display_formatter.ipython_display_formatter
    routes: dict[type, Callable[[Any], None]] = {
        pd.DataFrame: show,
        pd.Series: show,
        Figure: show,
        Axes: lambda axes: show(axes.get_figure(root=True)),
        object: lambda value: _other(value, show),
    }
    for kind, route in routes.items():
        formatter.for_type(kind, route)
    try:
        yield
    finally:
        for kind in routes:
            formatter.pop(kind, None)


def _other(value: Any, show: Show) -> None:
    """Show a table of another kind, print the text of anything that has one, and leave markup out."""
    if table_behind(value) is not None:
        show(value)
    elif type(value).__module__ == "IPython.core.display":
        text = getattr(value, "data", None)
        if type(value).__name__ in ("Markdown", "Pretty", "Latex", "Math") and isinstance(text, str):
            print(safe_text(text, MAX_DISPLAYED))
    else:
        print(safe_text(value, MAX_DISPLAYED))
