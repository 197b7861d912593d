"""Events from the manager's thread to a screen: the thread that calls `watch` is the only one that touches it."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from ..messages import Answer, AnswerError, Event
from ..translations import say
from .live import Screen
from .run import Run

TICK: Final = 0.25
PATIENCE: Final = 5.0


def watch(
    run: Run, screen: Screen, events: SimpleQueue[Event | BaseException], stop: Callable[[], None]
) -> tuple[Answer, bool]:
    """Show events as they come until the result is there; return it, and whether this thread was interrupted.

    An interrupt asks for the run's end and goes on watching until that is there, for PATIENCE seconds at the most; a
    second one leaves at once. An exception among the events is raised here.
    """
    interrupted_at: float | None = None
    while run.answer is None:
        try:
            _step(run, screen, events)
        except KeyboardInterrupt:
            if interrupted_at is not None:
                raise
            interrupted_at = run.elapsed
            run.stopping = True
            stop()
        if interrupted_at is not None and run.elapsed - interrupted_at > PATIENCE:
            return _given_up(run), True
    return run.answer, interrupted_at is not None


def _step(run: Run, screen: Screen, events: SimpleQueue[Event | BaseException]) -> None:
    """Take what has come since the last look, at least one tick's worth, and draw it once."""
    try:
        _take(run, events.get(timeout=TICK))
        while run.answer is None:
            _take(run, events.get_nowait())
    except Empty:
        screen.draw(run)


def _take(run: Run, event: Event | BaseException) -> None:
    if isinstance(event, BaseException):
        raise event
    run.see(event)


def _given_up(run: Run) -> Answer:
    """Return what can be said when the end was asked for and nobody confirms it."""
    seconds = run.elapsed
    return Answer(
        success=False,
        task_id=run.task_id,
        final_code=run.code,
        attempts=tuple(run.failed),
        model=run.model,
        seconds=seconds,
        error=AnswerError("cancelled", say("view.stopped", run.language, seconds=round(seconds, 1))),
        language=run.language,
        profiles=run.profiles,
        cancelled_after=seconds,
    )
