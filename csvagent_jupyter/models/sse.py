"""Server-sent events as they come in bytes, read with bounds and with patience for junk."""

from __future__ import annotations

import json
import re
from typing import Any, Final

MAX_LINE: Final = 1 << 20
DONE: Final[dict[str, Any]] = {"type": "[DONE]"}
_BREAK = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TooLargeError(Exception):
    """A line, a reply or a stream is larger than any honest one."""


class EventParser:
    """Cuts a stream of bytes into the JSON objects of its ``data:`` fields, wherever the bytes are split.

    An event is given out as soon as its data line is whole JSON, without waiting for the blank line that some servers
    leave out; data over several lines waits for it. Comments, other fields and what is not a JSON object are passed
    over. ``[DONE]`` is the object `DONE`.
    """

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._rest = bytearray()
        self._pending = bytearray()
        self._after_return = False
        self._started = False

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take the next bytes and return the events that they complete. Raises TooLargeError."""
        if self._after_return and data.startswith(b"\n"):
            data = data[1:]
        if not data:
            return []
        self._after_return = data.endswith(b"\r")
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if not end:
            self._rest += data
            self._check(self._rest)
            return []
        lines = _BREAK.split(bytes(self._rest) + data[: end - 1])
        self._rest = bytearray(data[end:])
        return [event for line in lines for event in self._line(line)]

    def close(self) -> list[dict[str, Any]]:
        """Return what the last line holds when the stream ends without a line break."""
        last, self._rest = bytes(self._rest), bytearray()
        return self._line(last) + self._line(b"")

    def _line(self, line: bytes) -> list[dict[str, Any]]:
        self._check(line)
        if not self._started:
            self._started = True
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            event = _json_object(bytes(self._pending))
            self._pending.clear()
            return [] if event is None else [event]
        if line.startswith(b"{"):
            value = line
        else:
            name, _, value = line.partition(b":")
            if name != b"data":
                return []
            value = value.removeprefix(b" ")
        if value.strip() == b"[DONE]":
            return [DONE]
        event = _json_object(value)
        if event is not None:
            return [event]
        self._pending += value + b"\n"
        self._check(self._pending)
        return []

    def _check(self, held: bytes | bytearray) -> None:
        if len(held) > self._max_line:
            raise TooLargeError


def _json_object(data: bytes) -> dict[str, Any] | None:
    if not data.strip():
        return None
    try:
        value = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
