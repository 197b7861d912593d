"""What was done for a question so far, and how it is told: as events on the way, as an Answer at any end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

from ..exceptions import Cancelled, CSVAgentError, NotAnswered
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
    Share,
    Stage,
)
from ..tables.names import shown
from ..translations import say
from .code import partial
from .desk import Desk, Kernel
from .generation import Generation, Spending
from .reading import Far
from .reading_notes import reading_notes

MAX_HEARD: Final = 20_000
_PROGRESS_FIELDS: Final = frozenset(
    {"code", "code_delta", "model", "profiles", "failed", "file", "bytes_read", "bytes_total"}
)


class Account:
    """The state of one run that an answer is made of, whether it succeeds, fails or is stopped."""

    def __init__(self, question: Question, desk: Desk, share: Share | None) -> None:
        self.question = question
        self.desk = desk
        self.share = share
        self.attempts: list[Attempt] = []
        self.notes: list[Note] = []
        self.profiles: tuple[Profile, ...] = ()
        self.interpretation: str | None = None
        self.spending = Spending()
        self.kernel: Kernel | None = None
        self.heard = ""
        self.number = 0
        self.code = ""
        self.generation: Generation | None = None
        self._clock = asyncio.get_running_loop().time
        self.started = self._clock()

    @property
    def seconds(self) -> float:
        """The time since the run began."""
        return self._clock() - self.started

    def begin_attempt(self, number: int) -> None:
        self.number, self.code, self.heard = number, "", ""

    def hear(self, text: str) -> None:
        """Keep what the code prints while it runs."""
        self.heard = (self.heard + text)[:MAX_HEARD]

    # --- events -----------------------------------------------------------------------------------------------------

    def progress(self, stage: Stage, *, key: str = "", **values: Any) -> Event:
        """Return a progress event; `values` are fields of Progress, or fill its sentence."""
        fields = {name: values.pop(name) for name in _PROGRESS_FIELDS & set(values)}
        attempt, most = self.number, self.desk.max_attempts
        sentence = say(f"agent.{key or stage}", self.desk.language, attempt=attempt, max_attempts=most, **values)
        meta = Progress(status=sentence, stage=stage, attempt=attempt, max_attempts=most, **fields)
        return self.event(type="progress", status="PROCESSING", meta=meta)

    def reading(self, far: Far | None = None) -> Event:
        """Say that the files are read; of one that takes long, how far."""
        if far is None:
            names = ", ".join(source.name for source in self.question.sources[:5])
            return self.progress("reading", names=names)
        name, read, total = shown(far.name), far.bytes_read, far.bytes_total
        return self.progress(
            "reading",
            key="reading_far",
            name=name,
            percent=100 * read // max(total, 1),
            file=far.name,
            bytes_read=read,
            bytes_total=total,
        )

    def profiled(self) -> Event:
        """Say that the tables were looked at, and show what was seen."""
        if len(self.profiles) > 1:
            return self.progress("profiling", key="profiled_many", tables=len(self.profiles), profiles=self.profiles)
        profile = self.profiles[0]
        columns = len(profile.columns) + profile.columns_left_out
        name = self.question.sources[0].name
        return self.progress(
            "profiling", key="profiled", name=name, rows=profile.rows, columns=columns, profiles=self.profiles
        )

    def event(self, **fields: Any) -> Event:
        return Event(task_id=self.desk.task_id, session_id=self.desk.session_id, **fields)

    # --- answers ----------------------------------------------------------------------------------------------------

    def unanswered(self, error: CSVAgentError) -> Answer:
        """Return the answer of a run that ended with `error`, with all that was done until then."""
        message = AnswerError(error.kind, error.say(self.desk.language))
        return self.answer(success=False, error=message, suggestions=error.suggestions or self._suggestions(error))

    def cancelled(self) -> Answer:
        """Return what was done until the run was stopped; the attempt that was under way is among the attempts."""
        seconds = round(self.seconds, 1)
        error = AnswerError(Cancelled.kind, say("agent.cancelled", self.desk.language, seconds=seconds))
        return replace(self.answer(success=False, error=error), cancelled_after=seconds)

    def answer(self, *, success: bool, error: AnswerError | None = None, suggestions: tuple[str, ...] = ()) -> Answer:
        """Return what is true of every answer of this run, however it ended."""
        kernel = self.kernel
        return Answer(
            success=success,
            task_id=self.desk.task_id,
            session_id=self.desk.session_id,
            question=self.question.text,
            interpretation=self.interpretation,
            text_output="" if success else self.heard.strip(),
            attempts=(*self.attempts, *self._under_way(success)),
            notes=(*self.notes, *reading_notes(self.profiles, self.desk.turns, self.desk.language)),
            suggestions=suggestions,
            model=self.desk.model.name if self.desk.model is not None else None,
            isolation=kernel.isolation if kernel is not None else "process",
            isolation_gaps=kernel.say_gaps(self.desk.language) if kernel is not None else (),
            usage=self.spending.told,
            seconds=round(self.seconds, 3),
            error=error,
            language=self.desk.language,
            share=self.share,
            profiles=self.profiles,
        )

    def _under_way(self, success: bool) -> tuple[Attempt, ...]:
        """Return the attempt that was cut short, with as much of its code as there is."""
        if success or len(self.attempts) >= self.number:
            return ()
        written = self.generation is not None
        code = partial(self.generation.text) if self.generation is not None else self.code
        text = say("agent.unfinished" if written else "agent.unfinished_run", self.desk.language)
        return (Attempt(self.number, code, ExecutionError("Stopped", text)),) if code else ()

    def _suggestions(self, error: CSVAgentError) -> tuple[str, ...]:
        """Return questions that can be answered about these tables, when the one that was asked could not be."""
        if not self.profiles or not isinstance(error, NotAnswered) or self.desk.original is not None:
            return ()
        from ..models.offline import suggest

        return suggest(self.profiles, self.desk.language)
