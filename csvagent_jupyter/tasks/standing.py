"""How a task stands, for who asks now and then instead of following its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ..messages import FINAL, Answer, Event, Message, Stage, Status, Task
from ..sessions.base import SessionStore
from ..translations import say
from .outcome import language_for

MOST_EVENTS: Final = 100_000


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


async def look(store: SessionStore, task: Task) -> Standing:
    """Look up how a task stands; one whose end could be told and not be written down has ended, too."""
    task = await store.task(task.task_id)
    result = await store.result(task.task_id)
    events = await store.read(task.session_id, task_id=task.task_id, limit=MOST_EVENTS)
    if result is not None and task.status not in FINAL:
        task = await store.task(task.task_id)  # it has ended in between
    return standing(task, events, result)


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
        if status not in FINAL:
            status = _status_of(result)
        code = result.final_code or code
        if result.error is not None:
            words = result.error.message
    if status in FINAL:
        stage = "done"
    return Standing(task.task_id, task.session_id, status, Meta(words, stage, attempt, most, code), result)


def _status_of(result: Answer) -> Status:
    if result.success:
        return "SUCCESS"
    return "REVOKED" if result.error is not None and result.error.kind == "cancelled" else "FAILURE"
