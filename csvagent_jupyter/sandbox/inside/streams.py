"""Standard output and error of the kernel, cut at a number of characters per execution."""

from __future__ import annotations

from io import StringIO

from ipykernel.iostream import OutStream


class Capture:
    """Keeps the text that one execution writes, up to its cap."""

    def __init__(self, cap: int) -> None:
        self.left = cap
        self.cut = False
        self._text = StringIO()

    def take(self, text: str) -> str:
        """Keep `text` as far as there is room, and return what was kept."""
        if len(text) > self.left:
            self.cut = True
            text = text[: self.left]
        self.left -= len(text)
        self._text.write(text)
        return text

    def text(self) -> str:
        return self._text.getvalue()


class AnswerStream(OutStream):
    """A stream that is sent live as any notebook's, and beside that kept for the reply."""

    capture: Capture | None = None

    def write(self, string: str) -> int:
        """Write text; what is beyond the cap is dropped, as if it had been written."""
        capture = self.capture
        if capture is None or not isinstance(string, str):
            return super().write(string) or 0
        kept = capture.take(string)
        if kept:
            super().write(kept)
        return len(string)
