"""Where the command line writes: the answer to standard output, all else to standard error."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from ..exceptions import CSVAgentError, StorageFull
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
            with contextlib.suppress(StorageFull):
                self.json(answer.to_dict())
        self.progress(message)

    def _write(self, stream: TextIO | None, text: str) -> None:
        """Write a line at once; a stream that the caller had closed takes nothing.

        Raises StorageFull when the answer cannot be written; a message that cannot be is left out.
        """
        if stream is None:
            return
        try:
            stream.write(text + "\n")
            stream.flush()
        except OSError as error:
            _let_go_of(stream)
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                raise StorageFull("cli.not_written", reason=error.strerror or str(error)) from error


def _let_go_of(stream: TextIO) -> None:
    """Lead a stream into nothing, so that what it still holds is no trouble when the interpreter ends."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), stream.fileno())
