"""What a person sees of a question in a notebook: the live view of its run, and the lasting display of its answer.

Importing this imports no widget library: the screens look it up when the first one opens.
"""

from __future__ import annotations

from .lasting import answer_html
from .listing import listing_html, listing_text
from .live import Display, Screen, hear_clicks, open_screen
from .plain import answer_text
from .progress import so_far
from .pump import watch
from .run import Run

__all__ = [
    "Display",
    "Run",
    "Screen",
    "answer_html",
    "answer_text",
    "hear_clicks",
    "listing_html",
    "listing_text",
    "open_screen",
    "so_far",
    "watch",
]
