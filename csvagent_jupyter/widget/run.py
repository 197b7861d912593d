"""One run as its watcher sees it: events come in, steps with their state and time come out. It knows no front end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from ..messages import Answer, Attempt, Event, Profile, Progress
from ..translations import Language, say
from .markup import clean

StepName = Literal["reading", "profiling", "writing", "running", "checking"]
State = Literal["waiting", "under_way", "done", "broken_off"]

STEPS: Final[tuple[StepName, ...]] = ("reading", "profiling", "writing", "running", "checking")
_STEP_OF: Final[dict[str, StepName]] = {
    "reading": "reading",
    "profiling": "profiling",
    "generating": "writing",
    "repairing": "writing",
    "executing": "running",
    "checking": "checking",
}
MAX_CODE: Final = 20_000


@dataclass
class Step:
    """One thing that a run does; `seconds` is how long it took, or has taken so far."""

    name: StepName
    state: State = "waiting"
    began: float = 0.0
    seconds: float = 0.0


@dataclass
class Run:
    """What is known of a run so far, folded from its events.

    `code` is what the model has written in this attempt, cut at the front when it grows past any reader's patience;
    `far` is how many hundredths of a file were read; `failed` are the attempts that did not work.
    """

    language: Language = "en"
    clock: Callable[[], float] = time.monotonic
    task_id: str = ""
    attempt: int = 0
    max_attempts: int = 0
    model: str | None = None
    status: str = ""
    code: str = ""
    profiles: tuple[Profile, ...] = ()
    far: tuple[str, int] | None = None
    failed: list[Attempt] = field(default_factory=list)
    steps: dict[StepName, Step] = field(default_factory=lambda: {name: Step(name) for name in STEPS})
    answer: Answer | None = None
    stopping: bool = False
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the question was asked."""
        return self.clock() - self.began

    @property
    def current(self) -> Step | None:
        """The step under way, or None while the run waits in line or when it has ended."""
        return next((step for step in self.steps.values() if step.state == "under_way"), None)

    def see(self, event: Event) -> None:
        """Take one event in; events of a kind that says nothing about progress are passed over."""
        self.task_id = event.task_id or self.task_id
        if event.meta is not None:
            self._progress(event.meta)
        if event.result is not None:
            self._end(event.result)

    def headline(self) -> str:
        """Say in one line what is happening now."""
        if self.stopping and self.answer is None:
            return say("view.stopping", self.language)
        step = self.current
        if step is None:
            return say("view.waiting", self.language)
        doing = say(f"view.doing_{step.name}", self.language)
        if step.name == "reading" and self.far is not None:
            doing = say("view.doing_reading_far", self.language, name=self.far[0], percent=self.far[1])
        if self.attempt and self.max_attempts:
            return say("view.attempt", self.language, number=self.attempt, of=self.max_attempts, doing=doing)
        return doing[:1].upper() + doing[1:]

    def _progress(self, meta: Progress) -> None:
        self.status = meta.status or self.status
        self.model = meta.model or self.model
        self.max_attempts = meta.max_attempts or self.max_attempts
        self.profiles = meta.profiles or self.profiles
        if meta.bytes_total:
            self.far = clean(meta.file), 100 * meta.bytes_read // meta.bytes_total
        if meta.failed is not None and all(past.number != meta.failed.number for past in self.failed):
            self.failed.append(meta.failed)
        if meta.attempt and meta.attempt != self.attempt:
            self.attempt, self.code = meta.attempt, ""
            for name in STEPS[2:]:
                self.steps[name] = Step(name)
        if meta.code:
            self.code = meta.code
        elif meta.code_delta:
            self.code = (self.code + meta.code_delta)[-MAX_CODE:]
        begun = _STEP_OF.get(meta.stage)
        if begun is not None:
            self._begin(begun)

    def _begin(self, name: StepName) -> None:
        now = self.clock()
        position = STEPS.index(name)
        for index, step in enumerate(self.steps.values()):
            if step.state == "under_way" and step.name != name:
                step.state, step.seconds = "done", now - step.began
            elif index < position and step.state == "waiting":
                step.state = "done"
        step = self.steps[name]
        if step.state != "under_way":
            step.state, step.began = "under_way", now

    def _end(self, answer: Answer) -> None:
        self.answer = answer
        self.profiles = self.profiles or answer.profiles
        step = self.current
        if step is not None:
            step.seconds = self.clock() - step.began
            step.state = "done" if answer.success else "broken_off"
