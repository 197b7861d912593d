"""An exception of generated code as plain data, told in terms of that code."""

from __future__ import annotations

import traceback
from types import FrameType, TracebackType
from typing import Any

from .guarded import clip, guarded, safe_text
from .reached import reached

ANSWER = "<answer>"
EARLIER = "<earlier answer>"
MAX_TRACEBACK = 8_000


def error_data(error: BaseException, filename: str) -> dict[str, Any]:
    """Return name, message, trimmed traceback, the line (from 1) of the code compiled as `filename`, and the limit hit.

    Only frames of generated code are told: those of libraries say more about this machine than about the mistake.
    """
    if isinstance(error, SyntaxError) and error.filename == filename:
        line = error.lineno
    else:
        line = _last_line(error.__traceback__, filename)
    text = guarded(lambda: _traceback(error, filename), f"{type(error).__name__}: {safe_text(error)}")
    return {
        "ename": clip(type(error).__name__, 200),
        "evalue": safe_text(error).replace(filename, ANSWER) if filename else safe_text(error),
        "traceback": clip(text, MAX_TRACEBACK),
        "line_number": line,
        "limit": reached(error),
    }


def line_of(frame: FrameType | None, filename: str) -> int | None:
    """Return the line in the generated code from which `frame` was reached, or None."""
    while frame is not None:
        if frame.f_code.co_filename == filename:
            return frame.f_lineno
        frame = frame.f_back
    return None


def _last_line(trace: TracebackType | None, filename: str) -> int | None:
    line = None
    for frame, number in traceback.walk_tb(trace):
        if frame.f_code.co_filename == filename:
            line = number
    return line


def _traceback(error: BaseException, filename: str) -> str:
    prefix = filename.partition("-")[0]
    frames = [pair for pair in traceback.walk_tb(error.__traceback__) if pair[0].f_code.co_filename.startswith(prefix)]
    stack = traceback.StackSummary.extract(iter(frames), limit=-20)
    for summary in stack:
        summary.filename = ANSWER if summary.filename == filename else EARLIER
    lines = ["Traceback (most recent call last):\n", *stack.format()] if stack else []
    lines += traceback.format_exception_only(error)
    return "".join(lines).replace(filename or ANSWER, ANSWER).rstrip()
