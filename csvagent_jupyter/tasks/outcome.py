"""The answers that the loop cannot give itself: a task that was stopped, whose runner ended, or that went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..exceptions import CSVAgentError
from ..messages import (
    Answer,
    AnswerError,
    Attempt,
    Event,
    ExecutionError,
    Note,
    Profile,
    Progress,
    Question,
    Status,
    Task,
)
from ..translations import Language, language_of, say

STATUSES: dict[str, Status] = {"success": "SUCCESS", "error": "FAILURE", "cancelled": "REVOKED"}


@dataclass(slots=True)
class SoFar:
    """What the events of a task tell about the work that was done."""

    attempts: tuple[Attempt, ...] = ()
    number: int = 0
    code: str = ""
    model: str | None = None
    profiles: tuple[Profile, ...] = ()

    @classmethod
    def read(cls, events: Iterable[Event]) -> SoFar:
        so_far = cls()
        for event in events:
            if event.meta is not None:
                so_far._take(event.meta)
        return so_far

    def _take(self, meta: Progress) -> None:
        if meta.failed is not None:
            self.attempts += (meta.failed,)
            self.code = ""
            return
        if meta.attempt != self.number:
            self.number, self.code = meta.attempt, ""
        self.code = meta.code or self.code + meta.code_delta
        self.model = meta.model or self.model
        self.profiles = meta.profiles or self.profiles


def language_for(question: Question, default: Language = "en") -> Language:
    """Return the language of the answer: the one that was asked for, else the question's own."""
    return question.language or language_of(question.text, default)


def cancelled(
    task: Task,
    events: Iterable[Event],
    language: Language,
    *,
    reason: str,
    seconds: float,
    answer: Answer | None = None,
) -> Event:
    """Return the result event of a stopped task, with what was done so far.

    `reason` is a key of the catalogue. `answer` is what the loop says of it, when there is one to ask; else the
    task's `events` tell it.
    """
    error = AnswerError("cancelled", say(f"tasks.{reason}", language, seconds=round(seconds, 1)))
    if answer is None:
        answer = _unanswered(task, SoFar.read(events), error, language, seconds)
    elif reason != "stopped":
        answer = replace(answer, error=error)
    answer = replace(answer, cancelled_after=round(seconds, 1))
    return Event("result", task.task_id, task.session_id, "cancelled", result=answer)


def failed(
    task: Task, events: Iterable[Event], error: CSVAgentError, language: Language, seconds: float = 0.0
) -> Event:
    """Return the result event of a task that ended with `error` before the loop could say so."""
    said = AnswerError(error.kind, error.say(language))
    answer = _unanswered(task, SoFar.read(events), said, language, seconds)
    answer = replace(answer, suggestions=error.suggestions)
    return Event("result", task.task_id, task.session_id, "error", result=answer)


def unkept(task: Task, event: Event, error: CSVAgentError, language: Language) -> Event:
    """Return a result event that the store could not take, with a note that says so: its reader still gets it."""
    result = event.result or Answer(success=False, task_id=task.task_id)
    notes = (*result.notes, Note("warning", error.say(language)))
    return replace(event, session_id=task.session_id, result=replace(result, notes=notes))


def ended(task: Task, answer: Answer) -> Event:
    """Return the result event of a task that ended with `answer`."""
    stopped = answer.error is not None and answer.error.kind == "cancelled"
    status = "success" if answer.success else "cancelled" if stopped else "error"
    return Event("result", task.task_id, task.session_id, status, result=answer)


def _unanswered(task: Task, so_far: SoFar, error: AnswerError, language: Language, seconds: float) -> Answer:
    attempts = so_far.attempts
    if so_far.code:
        attempts += (Attempt(so_far.number, so_far.code, ExecutionError("Stopped", error.message)),)
    return Answer(
        False,
        task.task_id,
        task.session_id,
        task.question.text,
        final_code=attempts[-1].code if attempts else "",
        attempts=attempts,
        model=so_far.model or task.question.model,
        profiles=so_far.profiles,
        seconds=seconds,
        error=error,
        language=language,
        share=task.question.share,
    )
