"""Where the command line writes: the answer to standard output, all else to standard error."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from ..exceptions import CSVAgentError
from ..messages import Answer, AnswerError
from ..translations import Language
from ..widget.markup import clean


class Output:
    """The two streams of one command; a reader that went away ends the writing, not the command."""

    def __init__(self, language: Language, *, as_json: bool) -> None:
        self.language = language
        self.as_json = as_json
        self._answered = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def text(self, text: str) -> None:
        """Write a text to standard output; nothing in it can steer the terminal."""
        self._write(sys.stdout, clean(text))

    def json(self, data: Mapping[str, Any]) -> None:
        """Write one JSON object to standard output."""
        encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
        self._answered = True
        self._write(sys.stdout, json.dumps(data, ensure_ascii=encoding != "utf8", indent=2))

    def progress(self, text: str) -> None:
        """Write a line to standard error."""
        self._write(sys.stderr, clean(text))

    def error(self, error: CSVAgentError) -> None:
        """Say what stopped the command; with ``--json`` also as an Answer that has it, unless one is out already."""
        message = error.say(self.language)
        if self.as_json and not self._answered:
            told = AnswerError(error.kind, message)
            answer = Answer(success=False, error=told, suggestions=error.suggestions, language=self.language)
            self.json(answer.to_dict())
        self.progress(message)

    def close(self) -> None:
        """Flush, so that a closed pipe is met here and not when the interpreter ends."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(ValueError):
                self._guarded(stream, stream.flush)

    def _write(self, stream: TextIO, text: str) -> None:
        def write() -> None:
            stream.write(text + "\n")
            stream.flush()

        self._guarded(stream, write)

    def _guarded(self, stream: TextIO, action: Any) -> None:
        try:
            action()
        except BrokenPipeError:
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), stream.fileno())
