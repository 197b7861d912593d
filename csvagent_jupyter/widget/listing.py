"""Short lists that a word of ``%csvagent`` answers with: as HTML and as text."""

from __future__ import annotations

from collections.abc import Sequence

from ..translations import Language
from .markup import Html, clean, prose, shorten, tag
from .style import STYLE

MAX_CELL = 400


def listing_html(
    title: str, rows: Sequence[Sequence[str]], language: Language, *, head: Sequence[str] = (), under: str = ""
) -> Html:
    """Return a title, rows of text and a line below; ``code`` in backticks is set as code."""
    top = tag("thead", tag("tr", *(tag("th", text) for text in head))) if head else None
    body = tag("tbody", *(tag("tr", *(tag("td", prose(shorten(text, MAX_CELL))) for text in row)) for row in rows))
    table = tag("table", top, body) if rows else None
    below = tag("p", prose(under), class_="muted") if under else None
    return tag("div", STYLE, tag("p", prose(title)), table, below, class_="csvagent", lang=language)


def listing_text(title: str, rows: Sequence[Sequence[str]], *, head: Sequence[str] = (), under: str = "") -> str:
    """Return the same as text, in columns."""
    shown = [[shorten(text.replace("\n", " "), MAX_CELL) for text in row] for row in (*([head] if head else []), *rows)]
    widths = [max(len(row[index]) for row in shown) for index in range(len(shown[0]))] if shown else []
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in shown]
    return clean("\n".join([title, *lines, *([under] if under else [])])).replace("`", "")
