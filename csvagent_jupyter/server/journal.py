"""Log lines of tasks, with the ids that find them again, and never a question, a file's content, an answer or a key."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..messages import Event, Task

PACKAGE: Final = "csvagent_jupyter"
_FIELDS: Final = "csvagent"


class Journal:
    """Writes a line when a task is put in line, enters a stage and ends; `observe` is its observer."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._json: logging.Handler | None = None

    def start(self, *, as_json: bool) -> None:
        """With `as_json` write all lines of this package as JSON, one object each, to standard error."""
        if not as_json:
            return
        self._json = logging.StreamHandler(sys.stderr)
        self._json.setFormatter(JSONLines())
        self._log = logging.getLogger(f"{PACKAGE}.server")
        package = logging.getLogger(PACKAGE)
        package.addHandler(self._json)
        package.setLevel(logging.INFO)
        package.propagate = False

    def stop(self) -> None:
        """Give the loggers back as they were."""
        if self._json is not None:
            package = logging.getLogger(PACKAGE)
            package.removeHandler(self._json)
            package.setLevel(logging.NOTSET)
            package.propagate = True
            self._json = None

    def observe(self, task: Task, event: Event) -> None:
        """Write what happened to a task."""
        if event.type == "task_started":
            self._write("task asked", task)
        elif event.meta is not None and not event.meta.code_delta:
            self._write("task stage", task, logging.DEBUG, stage=event.meta.stage, attempt=event.meta.attempt)
        elif event.result is not None:
            answer = event.result
            self._write(
                "task ended",
                task,
                status=event.status,
                error=None if answer.error is None else answer.error.kind,
                attempts=answer.attempts_count,
                seconds=round(answer.seconds, 3),
                input_tokens=answer.usage.input_tokens,
                output_tokens=answer.usage.output_tokens,
                isolation=answer.isolation,
            )

    def note(self, what: str, level: int = logging.INFO, **fields: Any) -> None:
        """Write a line about something that is no task."""
        told = {name: value for name, value in fields.items() if value is not None}
        words = "".join(f" {name}={value}" for name, value in told.items())
        self._log.log(level, "csvagent: %s%s", what, words, extra={_FIELDS: {"message": what, **told}})

    def _write(self, what: str, task: Task, level: int = logging.INFO, **fields: Any) -> None:
        self.note(what, level, task_id=task.task_id, session_id=task.session_id, **fields)


class JSONLines(logging.Formatter):
    """Writes a record as one JSON object on one line; what a line of ours is about becomes keys of it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        line |= getattr(record, _FIELDS, None) or {"message": record.getMessage()}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__  # its text may hold data
        return json.dumps(line, ensure_ascii=False, default=str)
