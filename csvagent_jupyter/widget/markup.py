"""HTML that is escaped unless it says otherwise: what a cell, a file name or a model wrote can never become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# Control characters, and the marks that turn the direction of text around and so can hide what it says.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_VOID: Final = frozenset({"img", "br", "col"})


class Html(str):
    """A piece of HTML that is made by this module; every other str is text and gets escaped."""

    __slots__ = ()


def clean(text: str) -> str:
    """Return text that is safe to show anywhere: no terminal commands, no control characters, no lone surrogates."""
    text = _UNSEEN.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))
    return text.encode("utf-8", "replace").decode("utf-8")


def shorten(text: str, limit: int) -> str:
    """Cut a text to `limit` characters, with an ellipsis in place of what is left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def tag(name: str, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """Return one element; str children are escaped, Html children are not, None children are left out.

    An attribute that is None or False is left out, True stands alone; a trailing underscore is dropped (``class_``).
    """
    start = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{start}>")
    return Html(f"<{name}{start}>{join(children)}</{name}>")


def join(children: Iterable[str | None], between: str = "") -> Html:
    """Return the children one after the other, escaped where they are not Html."""
    return Html(between.join(_child(child) for child in children if child is not None))


def prose(text: str) -> Html:
    """Return one of our own sentences with what stands in backticks set as code."""
    pieces = clean(text).split("`")
    return join(tag("code", piece) if index % 2 else piece for index, piece in enumerate(pieces))


def fold(summary: str, *children: str | None, opened: bool = False, class_: str | None = None) -> Html:
    """Return a part that is folded until it is clicked; it needs no script."""
    return tag("details", tag("summary", summary), *children, open=opened, class_=class_)


def _child(child: str) -> str:
    return child if isinstance(child, Html) else escape(clean(child))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(clean(str(value)))}"'
