"""The queue of one process: its tasks run on the process's own event loop."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Final

from ..exceptions import LeaseLost, NotFound, StoreError, StoreUnreachable
from ..messages import Event, Progress, Question, Task
from ..sessions.base import SessionStore
from ..translations import say
from . import outcome
from .base import LEASE_SECONDS, Answering, Prepare, Reason, TaskQueue, note_unexpected, run_question
from .runner import is_gone, runner_name
from .turns import Turns

RETRY_SECONDS: Final = 1.0
WAITING_SECONDS: Final = 2.0
MOST_LISTED: Final = 1_000
_log = logging.getLogger(__name__)


class InProcessQueue(TaskQueue):
    """Runs at most `max_running` tasks at a time, one of each session, owners in turn.

    It claims what was submitted here. A task whose runner is gone ends as REVOKED; one that outlives its runner is
    taken up again by a queue that `adopts` (a server's does, a notebook's does not).
    """

    def __init__(
        self,
        store: SessionStore,
        prepare: Prepare,
        answer: Answering,
        *,
        max_running: int = 4,
        lease: float = LEASE_SECONDS,
        adopts: bool = False,
    ) -> None:
        super().__init__()
        self.runner = runner_name()
        self._store = store
        self._prepare = prepare
        self._answer = answer
        self._max_running = max_running
        self._lease = lease
        self._adopts = adopts
        self._own: set[str] = set()
        self._submitting: set[str] = set()
        self._withdrawn: set[str] = set()
        self._stopping = False
        self._running: dict[str, tuple[asyncio.Task[None], asyncio.Future[Reason], Task]] = {}
        self._wake = asyncio.Event()
        self._server: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._clock = _SteadyClock()
        self._more = False
        self._adopting = False
        self._turns = Turns()

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._own - self._running.keys())

    async def start(self) -> None:
        self._server = asyncio.create_task(self._serve(), name="csvagent-queue")

    async def submit(self, question: Question, *, session_id: str, owner: str, outlives_runner: bool = False) -> Task:
        if self._stopping:
            raise StoreUnreachable("sessions.closed")
        task_id = str(uuid.uuid4())
        before = len(await self._store.tasks(session_id=session_id, unfinished=True))
        task = Task(task_id, session_id, owner, question, runner=self.runner, outlives_runner=outlives_runner)
        language = outcome.language_for(question)
        words = say("tasks.waiting", language, before=before) if before else say("tasks.starting", language)
        queued = Event("progress", task_id, session_id, "PENDING", meta=Progress(words, "queued", model=question.model))
        events = (Event("task_started", task_id), queued)
        self._own.add(task_id)
        self._submitting.add(task_id)
        try:
            task = await self._store.submit(task, *events, lease=self._lease)
        except StoreUnreachable:
            self._own.discard(task_id)
            self._withdrawn.add(task_id)
            raise
        except StoreError:
            self._own.discard(task_id)
            raise
        except asyncio.CancelledError:
            # It may be in the line all the same: whoever asked must not pay for what nobody waits for.
            self._withdrawn.add(task_id)
            raise
        finally:
            self._submitting.discard(task_id)
            self._wake.set()
        self._own.add(task_id)
        self.tell(task, *events)
        return task

    async def cancel(self, task_id: str) -> Task:
        self._stop_run(task_id, "stopped")
        task = await self._store.request_cancel(task_id)
        self._wake.set()
        return task

    async def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._server is not None:
            # Not cancelled: a claim that is under way in the store must not get lost.
            await asyncio.wait({self._server})
        await self._hush()
        unfinished: tuple[Task, ...] = ()
        with suppress(StoreError):
            unfinished = await self._store.tasks(unfinished=True, limit=MOST_LISTED)
        mine = {task.task_id: task for task in unfinished if task.runner == self.runner}
        for task_id in self._running:
            outlives = task_id in mine and mine[task_id].outlives_runner
            self._stop_run(task_id, "left" if outlives else "runner_ended")
        await asyncio.gather(*(run for run, _, _ in self._running.values()))
        with suppress(StoreError):
            for task in mine.values():
                if task.status == "PENDING" and not task.outlives_runner:
                    await self._revoke_waiting(task.task_id)
            await self._store.abandon(self.runner)

    # --- serving ----------------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Look after the line: at every move of it as long as something of ours is in it, and now and then."""
        looked_around = float("-inf")
        while not self._stopping:
            try:
                if self._more or time.monotonic() >= looked_around + self._look_seconds():
                    looked_around = time.monotonic()
                    await self._look_around()
                await self._stop_cancelled()
                if not self._adopting:
                    await self._claim()
                await self._listen()
                pause = max(looked_around + self._look_seconds() - time.monotonic(), 0.0)
            except StoreError as error:
                _log.warning("the line of tasks is out of reach: %s", error.key)
                pause = RETRY_SECONDS
            except Exception as error:  # the outer edge: the other tasks go on
                note_unexpected("the line of tasks", error)
                pause = RETRY_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()

    def _look_seconds(self) -> float:
        """Return how often to look for runners that are gone: soon when one may hold up what waits here."""
        waits = len(self._own) > len(self._running)
        return min(WAITING_SECONDS, self._lease / 3) if waits else self._lease / 3

    async def _listen(self) -> None:
        """Watch the line only while a task of ours is in it, so that an idle process does nothing."""
        if not self._own:
            await self._hush()
        elif self._listener is None:
            self._listener = asyncio.create_task(self._hear(), name="csvagent-queue-listener")

    async def _hush(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.cancel()
            await asyncio.wait({listener})

    async def _hear(self) -> None:
        async with aclosing(self._store.watch_line()) as moves:
            async for _ in moves:
                self._wake.set()

    async def _claim(self) -> None:
        while self._own and len(self._running) < self._max_running:
            task = await self._store.claim(self.runner, self._lease)
            if task is None:
                return
            await self._begin(task)

    async def _begin(self, task: Task) -> None:
        """Run a claimed task; or end it, when it was cancelled in the line."""
        if task.cancel_requested or task.task_id in self._withdrawn:
            await self._revoke(task, "stopped_waiting")
            return
        stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
        run = asyncio.create_task(
            run_question(
                task, self._store, self._prepare, stop=stop, answer=self._answer, lease=self._lease, tell=self.tell
            ),
            name=f"csvagent-task-{task.task_id}",
        )
        self._own.add(task.task_id)
        self._turns.took(task)
        self._running[task.task_id] = (run, stop, task)
        run.add_done_callback(lambda _: self._ran(task.task_id))

    def _ran(self, task_id: str) -> None:
        del self._running[task_id]
        self._own.discard(task_id)
        self._wake.set()

    async def _revoke(self, task: Task, reason: str) -> None:
        events = await self._store.read(task.session_id, task_id=task.task_id, limit=100_000)
        event = outcome.cancelled(task, events, outcome.language_for(task.question), reason=reason, seconds=0.0)
        self._own.discard(task.task_id)
        with suppress(LeaseLost, NotFound):
            await self._store.finish(task.task_id, task.fence, event, "REVOKED")
            self.tell(task, event)

    async def _revoke_waiting(self, task_id: str) -> None:
        await self._store.request_cancel(task_id)
        claimed = await self._store.claim(self.runner, self._lease, task_id=task_id)
        if claimed is not None:
            await self._revoke(claimed, "runner_ended")

    # --- stopping ---------------------------------------------------------------------------------------------------

    def _stop_run(self, task_id: str, reason: Reason) -> None:
        if task_id in self._running:
            _, stop, _ = self._running[task_id]
            if not stop.done():
                stop.set_result(reason)

    async def _stop_cancelled(self) -> None:
        """Stop what another process asked to stop."""
        if self._running:
            for task in await self._store.tasks(unfinished=True, limit=MOST_LISTED):
                if task.cancel_requested:
                    self._stop_run(task.task_id, "stopped")

    # --- other runners ----------------------------------------------------------------------------------------------

    async def _look_around(self) -> None:
        """Keep our hold on what waits, and see to the tasks whose runners are gone."""
        await self._store.renew_waiting(self.runner, self._lease)
        # What is submitted meanwhile need not be in the list: a store may answer calls in another order than they came.
        settled = self._own - self._submitting
        tasks = await self._store.tasks(unfinished=True, limit=MOST_LISTED)
        if len(tasks) < MOST_LISTED:
            self._own -= settled - {task.task_id for task in tasks}
        for task in tasks:
            if task.runner == self.runner and task.status == "PROCESSING" and task.task_id not in self._running:
                await self._write_end(task)
        others = [task for task in reversed(tasks) if task.runner != self.runner]
        gone = {runner for runner in {task.runner for task in others} if is_gone(runner)}
        for runner in gone:
            await self._store.abandon(runner)
        steady = self._clock.steady_for() >= self._lease
        # A lease of 0 was ended by its holder: nobody has to be waited for.
        left = [
            task
            for task in others
            if task.runner in gone or not task.lease_until or (steady and task.lease_until < time.time())
        ]
        self._more = False
        for task in left:
            if not task.outlives_runner or (self._adopts and task.cancel_requested):
                await self._end_left(task)
        if self._adopts:
            await self._adopt({task.task_id for task in left if task.outlives_runner}, tasks)

    async def _write_end(self, task: Task) -> None:
        """Write down an end that could not be when it came, as on a full disk: the rest of its session waits for it."""
        answer = await self._store.result(task.task_id)
        if answer is not None:
            event = outcome.ended(task, answer)
            with suppress(LeaseLost, NotFound):
                await self._store.finish(task.task_id, task.fence, event, outcome.STATUSES[event.status or "error"])

    async def _end_left(self, task: Task) -> None:
        """End a task that was to end with its runner, or anyhow."""
        claimed = await self._store.claim(self.runner, self._lease, task_id=task.task_id, take_over=True)
        if claimed is None:
            self._more = True
        else:
            await self._revoke(claimed, "stopped_waiting" if claimed.cancel_requested else "runner_ended")

    async def _adopt(self, left: set[str], unfinished: Sequence[Task]) -> None:
        """Run what was left to others, in turns with what waits here."""
        here = {task.task_id for task in unfinished if task.runner in ("", self.runner)}
        choice = left | (here - self._running.keys())
        while left and len(self._running) < self._max_running:
            task = self._turns.next(unfinished, choice, (running for _, _, running in self._running.values()))
            if task is None:
                break
            take_over = task.task_id in left
            choice.discard(task.task_id)
            left.discard(task.task_id)
            claimed = await self._store.claim(self.runner, self._lease, task_id=task.task_id, take_over=take_over)
            if claimed is not None:
                await self._begin(claimed)
        self._adopting = bool(left)
        self._more = self._more or self._adopting


class _SteadyClock:
    """Tells for how long this host has run without a pause.

    After a laptop wakes up every lease has expired, its own among them: nobody's task may be taken up before each
    runner has had the time to renew.
    """

    def __init__(self) -> None:
        self._since = self._monotonic = time.monotonic()
        self._wall = time.time()

    def steady_for(self) -> float:
        monotonic, wall = time.monotonic(), time.time()
        if abs((wall - self._wall) - (monotonic - self._monotonic)) > 5:
            self._since = monotonic
        self._monotonic, self._wall = monotonic, wall
        return monotonic - self._since
