"""What of a streamed reply is text for the agent: not the reasoning before it, and never without end."""

from __future__ import annotations

import re
from typing import Final

from .sse import TooLargeError

MAX_REPLY: Final = 1_000_000
_MARK = re.compile(r"<think(?:ing)?>|```")
_CLOSING = re.compile(r"</think(?:ing)?>")
_MARKS: Final = ("<think>", "<thinking>", "```")
_LONGEST_CLOSING: Final = len("</thinking>")
_SURROGATE = re.compile("[\ud800-\udfff]")


class ReplyText:
    """Takes the pieces of a reply and gives out its text, as early as it can.

    A ``<think>`` passage ahead of the code is reasoning and left out. What could be the beginning of such a mark, or
    half of a character, is held back until the next piece. Text beyond `limit` characters raises TooLargeError.
    """

    def __init__(self, limit: int = MAX_REPLY) -> None:
        self._limit = limit
        self._held = ""
        self._half = ""
        self._thinking = False
        self._in_code = False
        self._begun = False
        self.length = 0

    def feed(self, piece: str) -> str:
        """Take the next piece and return the text that is certain by now."""
        self.length += len(piece)
        if self.length > self._limit:
            raise TooLargeError
        self._held += self._whole(piece)
        text = "".join(self._certain())
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    def close(self) -> str:
        """Return what was held back; reasoning that never ended is left out."""
        held, self._held = ("" if self._thinking else self._held), ""
        return held + ("\ufffd" if self._half else "")

    def _whole(self, piece: str) -> str:
        """Join a character that was written as two escaped halves in two pieces; replace a half that stays alone."""
        piece, self._half = self._half + piece, ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        if _SURROGATE.search(piece):
            piece = piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return piece

    def _certain(self) -> list[str]:
        certain: list[str] = []
        while self._held:
            if self._in_code:
                certain.append(self._held)
                self._held = ""
            elif self._thinking:
                closing = _CLOSING.search(self._held)
                if closing is None:
                    self._held = self._held[-_LONGEST_CLOSING:]
                    break
                self._held, self._thinking = self._held[closing.end() :], False
            else:
                mark = _MARK.search(self._held)
                if mark is None:
                    keep = _beginning_of_mark(self._held)
                    certain.append(self._held[: len(self._held) - keep])
                    self._held = self._held[len(self._held) - keep :]
                    break
                certain.append(self._held[: mark.start()])
                self._held = self._held[mark.start() :]
                if mark[0] == "```":
                    self._in_code = True
                else:
                    self._held, self._thinking = self._held[len(mark[0]) :], True
        return certain


def _beginning_of_mark(text: str) -> int:
    """How many characters at the end of `text` could be the beginning of a mark."""
    for length in range(min(len(text), len(_MARKS[1]) - 1), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in _MARKS):
            return length
    return 0
