"""The one place where errors of foreign objects are swallowed: their `__str__`, their artists, their odd columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

MAX_TEXT = 2_000


def guarded(call: Callable[[], Result], default: Result) -> Result:
    """Return what `call` returns, or `default` when it fails: looking at a result must not break the result.

    Any exception may come, because foreign classes are looked at; those that end the process pass through.
    """
    try:
        return call()
    except Exception:
        return default


def safe_text(value: object, limit: int = MAX_TEXT) -> str:
    """Return `str(value)`, clipped; a value that has no text is named by its type."""
    text = guarded(lambda: str(value), f"<{type(value).__name__}>")
    if type(text) is not str:
        text = f"<{type(value).__name__}>"
    return clip(text, limit)


def clip(text: str, limit: int = MAX_TEXT) -> str:
    """Cut a text to `limit` characters; lone surrogates, which JSON and UTF-8 refuse, become question marks."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")
