"""How a task stands, for who asks now and then instead of following its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from ..messages import FINAL, Answer, Event, Message, Stage, Status, Task
from ..translations import say
from .outcome import language_for


@dataclass(frozen=True, slots=True)
class Meta(Message):
    """Where the work is: `status` is a sentence in the question's language, `code` what was written so far."""

    status: str
    stage: Stage
    attempt: int = 0
    max_attempts: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Standing(Message):
    """A task as CONTRACT shows it; `result` is there once it has ended."""

    task_id: str
    session_id: str
    status: Status
    meta: Meta
    result: Answer | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        plain["result"] = None if self.result is None else self.result.to_dict()
        return plain


def standing(task: Task, events: Iterable[Event], result: Answer | None) -> Standing:
    """Read from the log how a task stands."""
    language = language_for(task.question)
    words, attempt, most, code = say("tasks.starting", language), 0, 0, ""
    stage: Stage = "queued"
    for event in events:
        meta = event.meta
        if meta is None:
            continue
        if meta.attempt != attempt:
            code = ""
        code = meta.code or code + meta.code_delta
        words, stage = meta.status, meta.stage
        attempt, most = meta.attempt or attempt, meta.max_attempts or most
    status = task.status
    if result is not None:
        if status not in FINAL:  # the end could be told, and not be written down
            status = "SUCCESS" if result.success else "FAILURE"
        code = result.final_code or code
        if result.error is not None:
            words = result.error.message
    if status in FINAL:
        stage = "done"
    return Standing(task.task_id, task.session_id, status, Meta(words, stage, attempt, most, code), result)
