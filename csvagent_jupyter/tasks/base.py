"""When and where a question runs: the queue's interface, and the run itself, which never raises."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, Literal, Protocol, Self

from ..agent.desk import Desk
from ..exceptions import CSVAgentError, LeaseLost, NotFound, StoreError
from ..messages import Answer, Event, Question, Task
from ..sessions.base import SessionStore
from . import outcome

LEASE_SECONDS: Final = 60.0
CLEANUP_SECONDS: Final = 3.0


class Running(Protocol):
    """A question on its way to an answer; `agent.loop.Run` is one."""

    def events(self) -> AsyncGenerator[Event, None]:
        """Yield the progress of the run and, last, its result; only cancellation passes through."""

    def cancelled_answer(self) -> Answer:
        """Return what was done until the run was stopped."""


Answering = Callable[[Question, Desk], Running]
Prepare = Callable[[Task], Awaitable[Desk]]
Observer = Callable[[Task, Event], None]
"""Is told of each event that a queue of this process has written down; it returns at once."""

Reason = Literal["stopped", "runner_ended", "left"]
"""Why a run is stopped: by a person, because this process ends, or to be left to another runner."""

_log = logging.getLogger(__name__)


class TaskQueue(ABC):
    """Takes questions and sees to it that each runs once, in its session's order."""

    def __init__(self) -> None:
        self.observers: list[Observer] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    async def start(self) -> None:
        """Begin to run tasks; called once, on the loop that all later calls come from."""

    @abstractmethod
    async def submit(self, question: Question, *, session_id: str, owner: str, outlives_runner: bool = False) -> Task:
        """Put a question in its session's line; its events come through ``store.follow(session_id)``.

        With `outlives_runner` another runner takes the task up when this process is gone; without, it then ends as
        REVOKED. Raises Busy when the line is full, NotFound when there is no such session.
        """

    @abstractmethod
    async def cancel(self, task_id: str) -> Task:
        """Stop a task, waiting or running, wherever it runs; returns at once, the result event follows."""

    @abstractmethod
    async def stop(self) -> None:
        """End what runs here: a task that outlives its runner is left to others, any other ends as REVOKED."""

    @property
    @abstractmethod
    def running(self) -> int:
        """How many tasks run here now."""

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How many tasks of this process wait for their turn."""

    def tell(self, task: Task, *events: Event) -> None:
        """Tell the observers what was written down; the work goes on whatever becomes of them."""
        for observer in self.observers:
            try:
                for event in events:
                    observer(task, event)
            except Exception as error:  # the outer edge: who only looks on must not harm a run
                note_unexpected("an observer", error)


async def run_question(
    task: Task,
    store: SessionStore,
    prepare: Prepare,
    *,
    stop: asyncio.Future[Reason],
    answer: Answering,
    lease: float = LEASE_SECONDS,
    tell: Observer = lambda _task, _event: None,
) -> None:
    """Run a claimed task until its one result event is written; never raises.

    `prepare` lays out the desk, `answer` is the agent (`agent.loop.Run`). Setting `stop` to a reason ends the run:
    what was done so far goes into the answer. When the lease is lost the run ends without a word, because somebody
    else speaks for the task now. `tell` is told of each event once it is written.
    """
    run = _Run(task, store, lease, tell)
    driving = asyncio.create_task(run.drive(prepare, answer), name=f"csvagent-run-{task.task_id}")
    renewing = asyncio.create_task(run.renew(), name=f"csvagent-lease-{task.task_id}")
    ends: set[asyncio.Future[Any]] = {driving, renewing, stop}
    cut = False
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        cut = True
    driving.cancel()
    ending = asyncio.create_task(run.end(driving, renewing, stop, cut), name=f"csvagent-end-{task.task_id}")
    await _settled(ending)
    renewing.cancel()
    await _settled(driving, renewing)
    _note_trouble(task, ending)


class _Run:
    """One run's state: its task, and when it began."""

    def __init__(self, task: Task, store: SessionStore, lease: float, tell: Observer) -> None:
        self.task = task
        self.store = store
        self.lease = lease
        self.tell = tell
        self.began = time.monotonic()
        self.running: Running | None = None
        self.language = outcome.language_for(task.question)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    async def drive(self, prepare: Prepare, answer: Answering) -> Event:
        """Write down the loop's events as they come and return its last, the result."""
        self.running = answer(self.task.question, await prepare(self.task))
        async with aclosing(self.running.events()) as events:
            async for event in events:
                if event.type == "result":
                    return event
                await self.store.append(self.task.session_id, event, fence=self.task.fence)
                self.tell(self.task, event)
        raise RuntimeError("the loop ended without a result")

    async def renew(self) -> Reason:
        """Keep the lease; returns only when a person wants the task to end. Raises LeaseLost."""
        while True:
            await asyncio.sleep(self.lease / 3)
            try:
                task = await self.store.renew(self.task.task_id, self.task.fence, self.lease)
            except (LeaseLost, NotFound):
                raise
            except StoreError as error:
                _log.warning("the lease of task %s was not renewed: %s", self.task.task_id, error.key)
            else:
                if task.cancel_requested:
                    return "stopped"

    async def end(
        self,
        driving: asyncio.Task[Event],
        renewing: asyncio.Task[Reason],
        stop: asyncio.Future[Reason],
        cut: bool,
    ) -> None:
        """Find out how the run ended, wait for its cleaning up within reason, and write the result."""
        await asyncio.wait({driving}, timeout=CLEANUP_SECONDS)
        reason: Reason | None = "runner_ended" if cut else None
        for signal in (renewing, stop):
            if signal.done() and not signal.cancelled() and signal.exception() is None:
                reason = signal.result()
        event = await self._event(driving, reason)
        if event is not None:
            await self._finish(event)

    async def _event(self, driving: asyncio.Task[Event], reason: Reason | None) -> Event | None:
        """Return the result event; None when there is nothing for this runner to say."""
        if driving.done() and not driving.cancelled():
            error = driving.exception()
            if error is None:
                return driving.result()
            if reason is None:
                return await self._failed(error)
        return None if reason == "left" else await self._cancelled(reason or "stopped")

    async def _cancelled(self, reason: Reason) -> Event:
        answer = self.running.cancelled_answer() if self.running is not None else None
        return outcome.cancelled(
            self.task, await self._events(), self.language, reason=reason, seconds=self.seconds, answer=answer
        )

    async def _failed(self, error: BaseException) -> Event:
        if not isinstance(error, CSVAgentError):
            error = note_unexpected(f"task {self.task.task_id}", error)
        return outcome.failed(self.task, await self._events(), error, self.language, self.seconds)

    async def _events(self) -> tuple[Event, ...]:
        try:
            return await self.store.read(self.task.session_id, task_id=self.task.task_id, limit=100_000)
        except StoreError:
            return ()

    async def _finish(self, event: Event) -> None:
        """Write the result, unless somebody else speaks for the task now.

        One that cannot be written is at least told to the readers in this process.
        """
        status = outcome.STATUSES[event.status or "error"]
        try:
            await self.store.finish(self.task.task_id, self.task.fence, event, status)
        except (LeaseLost, NotFound):
            return
        except Exception as error:  # the outer edge: whatever it is, the reader gets an end
            if not isinstance(error, CSVAgentError):
                error = note_unexpected(f"task {self.task.task_id}", error)
            if not isinstance(error, StoreError):
                event = outcome.failed(self.task, (), error, self.language, self.seconds)
                await self.store.finish(self.task.task_id, self.task.fence, event, "FAILURE")
            else:
                event = outcome.unkept(self.task, event, error, self.language)
                self.store.announce(event)
        self.tell(self.task, event)


def note_unexpected(where: str, error: BaseException) -> CSVAgentError:
    """Log an error of ours by its kind and place, without its text, which may hold data, and return it for a person."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('csvagent_jupyter')[2].lstrip('/')}:{frame.lineno}" for frame in frames]
    _log.error("%s: %s at %s", where, type(error).__name__, " > ".join(places))
    return CSVAgentError("tasks.internal", name=type(error).__name__, place=places[-1] if places else "?")


async def _settled(*tasks: asyncio.Task[Any]) -> None:
    """Wait until the tasks are done, whoever cancels the wait, and take note of how they ended."""
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError:
            continue
    for task in tasks:
        if not task.cancelled():
            task.exception()


def _note_trouble(task: Task, ending: asyncio.Task[None]) -> None:
    if not ending.cancelled() and (error := ending.exception()) is not None:
        note_unexpected(f"task {task.task_id}", error)
