"""The queue of one process: order, fairness, stopping, and the tasks of runners that are gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from task_parts import Agent, Script, answer_at_once, prepare, store_path, until, wait_for_ever

from csvagent_jupyter.exceptions import Busy, NotFound, StoreError, StoreUnreachable
from csvagent_jupyter.messages import Event, Question, Task
from csvagent_jupyter.sessions.base import MAX_WAITING
from csvagent_jupyter.sessions.sqlite import SQLiteStore
from csvagent_jupyter.tasks.inprocess import InProcessQueue
from csvagent_jupyter.tasks.runner import is_gone, runner_name

MakeQueue = Callable[..., InProcessQueue]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    async with SQLiteStore(store_path(tmp_path)) as opened:
        yield opened


@dataclass
class Gate:
    """An agent's walk that notes when it starts and goes on only when it is let."""

    started: list[str] = field(default_factory=list)
    going: int = 0
    most: int = 0
    opened: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def __call__(self, agent: Agent) -> AsyncGenerator[Event, None]:
        self.started.append(agent.question.text)
        self.going += 1
        self.most = max(self.most, self.going)
        try:
            yield agent.progress()
            await self.opened.acquire()
        finally:
            self.going -= 1
        yield agent.result()


def queue_for(store: SQLiteStore, script: Script = answer_at_once, **options: object) -> InProcessQueue:
    return InProcessQueue(store, prepare, partial(Agent, script), **options)  # type: ignore[arg-type]


async def ask(queue: InProcessQueue, session_id: str, text: str = "How many?", **options: object) -> Task:
    return await queue.submit(Question(text), session_id=session_id, owner="os:ann", **options)  # type: ignore[arg-type]


async def new_session(store: SQLiteStore, owner: str = "os:ann") -> str:
    return (await store.create_session(owner)).session_id


async def ended(store: SQLiteStore, task: Task) -> str:
    """Wait for a task's result and return its status."""
    async with aclosing(store.follow(task.session_id)) as events:
        async for event in events:
            if event.type == "result" and event.task_id == task.task_id:
                break
    return (await store.task(task.task_id)).status


# --- the way of a question ------------------------------------------------------------------------------------------


async def test_a_question_is_run_and_answered(store: SQLiteStore) -> None:
    async with queue_for(store) as queue:
        session_id = await new_session(store)
        task = await ask(queue, session_id)
        events = await until(store, session_id)
    assert [event.type for event in events] == ["task_started", "progress", "progress", "result"]
    assert [event.task_id for event in events] == [task.task_id] * 4
    assert events[1].status == "PENDING" and events[1].meta is not None and events[1].meta.stage == "queued"
    assert (await store.task(task.task_id)).status == "SUCCESS"


async def test_observers_are_told_what_was_written_and_cannot_harm_a_run(store: SQLiteStore) -> None:
    told: list[tuple[str, str]] = []

    def observer(task: Task, event: Event) -> None:
        told.append((task.task_id, event.type))
        raise RuntimeError("an observer of no use")

    gate = Gate()
    async with queue_for(store, gate, max_running=1) as queue:
        queue.observers.append(observer)
        session_id = await new_session(store)
        first, second = await ask(queue, session_id), await ask(queue, session_id)
        asked = [task_id for task_id, kind in told if kind == "task_started"]
        assert asked == [first.task_id, second.task_id]
        queue.observers = [lambda task, event: told.append((task.task_id, event.type))]
        gate.opened.release()
        assert await ended(store, first) == "SUCCESS"
        await queue.cancel(second.task_id)
        assert await ended(store, second) == "REVOKED"
    assert (first.task_id, "result") in told
    assert told.count((second.task_id, "result")) == 1


async def test_a_session_runs_one_question_after_the_other(store: SQLiteStore) -> None:
    gate = Gate()
    async with queue_for(store, gate) as queue:
        session_id = await new_session(store)
        for number in range(3):
            await ask(queue, session_id, f"question {number}")
        waiting = [event for event in await store.read(session_id) if event.status == "PENDING"]
        assert waiting[2].meta is not None and "2 questions" in waiting[2].meta.status
        for _ in range(3):
            gate.opened.release()
        await until(store, session_id, count=3)
    assert gate.started == [f"question {number}" for number in range(3)]
    assert gate.most == 1


async def test_no_more_than_the_bound_run_at_a_time(store: SQLiteStore) -> None:
    gate = Gate()
    async with queue_for(store, gate, max_running=2) as queue:
        tasks = [await ask(queue, await new_session(store)) for _ in range(5)]
        await until(store, tasks[1].session_id, kind="progress", count=2)
        for _ in tasks:
            gate.opened.release()
        assert {await ended(store, task) for task in tasks} == {"SUCCESS"}
    assert gate.most == 2


async def test_owners_take_turns(store: SQLiteStore) -> None:
    gate = Gate()
    async with queue_for(store, gate, max_running=1) as queue:
        tasks = [await ask(queue, await new_session(store), f"ann {number}") for number in range(3)]
        await until(store, tasks[0].session_id, kind="progress", count=2)
        bobs = await new_session(store, "os:bob")
        await queue.submit(Question("bob"), session_id=bobs, owner="os:bob")
        for _ in range(4):
            gate.opened.release()
        await ended(store, tasks[2])
        await until(store, bobs)
    assert gate.started == ["ann 0", "bob", "ann 1", "ann 2"]


async def test_a_refused_question_leaves_nothing_behind(store: SQLiteStore) -> None:
    async with queue_for(store, wait_for_ever) as queue:
        with pytest.raises(NotFound):
            await ask(queue, "no-such-session")
        session_id = await new_session(store)
        for _ in range(MAX_WAITING + 1):
            await ask(queue, session_id)
        with pytest.raises(Busy):
            await ask(queue, session_id)
        assert len(await store.tasks()) == MAX_WAITING + 1
    assert {task.status for task in await store.tasks()} == {"REVOKED"}


async def test_a_cell_and_a_panel_share_a_sessions_line(store: SQLiteStore) -> None:
    """Two processes ask in one session: the second one's question runs when the first one's has ended."""
    async with (
        SQLiteStore(store.path) as other,
        queue_for(store, wait_for_ever) as cell,
        queue_for(other, answer_at_once) as panel,
    ):
        session_id = await new_session(store)
        first = await ask(cell, session_id)
        await until(store, session_id, kind="progress", count=2)
        second = await ask(panel, session_id)
        assert (await store.task(second.task_id)).status == "PENDING"
        await panel.cancel(first.task_id)
        assert await ended(store, first) == "REVOKED"
        assert await ended(store, second) == "SUCCESS"


# --- stopping -------------------------------------------------------------------------------------------------------


async def test_a_running_question_is_stopped_here_and_from_elsewhere(store: SQLiteStore) -> None:
    async with queue_for(store, wait_for_ever) as queue, SQLiteStore(store.path) as elsewhere:
        for stop in (queue.cancel, elsewhere.request_cancel):
            session_id = await new_session(store)
            task = await ask(queue, session_id)
            await until(store, session_id, kind="progress", count=2)
            await stop(task.task_id)
            last = (await until(store, session_id))[-1]
            assert last.status == "cancelled" and last.result is not None and last.result.text_output == "half"
            assert (await store.task(task.task_id)).status == "REVOKED"


async def test_a_waiting_question_is_stopped_at_once(store: SQLiteStore) -> None:
    async with queue_for(store, wait_for_ever) as queue:
        session_id = await new_session(store)
        first, second, third = [await ask(queue, session_id) for _ in range(3)]
        await queue.cancel(second.task_id)
        assert await ended(store, second) == "REVOKED"
        answer = await store.result(second.task_id)
        assert answer is not None and answer.error is not None and answer.error.message == "Stopped before it began."
        await queue.cancel(first.task_id)
        assert await ended(store, first) == "REVOKED"
        await queue.cancel(third.task_id)
        assert await ended(store, third) == "REVOKED"
        assert (await queue.cancel(third.task_id)).status == "REVOKED"
        with pytest.raises(NotFound):
            await queue.cancel("no-such-task")


async def test_stopping_at_any_moment_gives_one_result(store: SQLiteStore) -> None:
    async with queue_for(store, wait_for_ever) as queue:
        for steps in range(12):
            session_id = await new_session(store)
            task = await ask(queue, session_id)
            for _ in range(steps):
                await asyncio.sleep(0)
            await queue.cancel(task.task_id)
            assert await ended(store, task) == "REVOKED"
            assert sum(event.type == "result" for event in await store.read(session_id)) == 1


async def test_a_question_whose_asker_gave_up_is_not_run(store: SQLiteStore) -> None:
    gate = Gate()
    async with queue_for(store, gate) as queue:
        session_id = await new_session(store)
        for steps in range(1, 8):
            asking = asyncio.create_task(ask(queue, session_id))
            for _ in range(steps):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait({asking})
            assert asking.cancelled()
        gate.opened.release()
        last = await ask(queue, session_id, "the last")
        assert await ended(store, last) == "SUCCESS"
    assert gate.started == ["the last"]


async def test_deleting_a_session_stops_its_question(store: SQLiteStore) -> None:
    async with queue_for(store, wait_for_ever) as queue:
        session_id = await new_session(store)
        task = await ask(queue, session_id)
        await until(store, session_id, kind="progress", count=2)
        async with aclosing(store.follow(session_id)) as events:
            await anext(events)
            await store.delete_session(session_id)
            while (await anext(events)).type != "result":
                pass
    assert (await store.task(task.task_id)).status == "REVOKED"


async def test_the_end_of_the_queue_is_the_end_of_its_tasks(store: SQLiteStore) -> None:
    before = set(asyncio.all_tasks())
    queue = queue_for(store, wait_for_ever)
    await queue.start()
    session_id = await new_session(store)
    running, waiting = [await ask(queue, session_id) for _ in range(2)]
    left = await ask(queue, await new_session(store), outlives_runner=True)
    await until(store, session_id, kind="progress", count=3)
    await until(store, left.session_id, kind="progress", count=2)
    await queue.stop()
    for task in (running, waiting):
        answer = await store.result(task.task_id)
        assert answer is not None and answer.error is not None and "notebook kernel" in answer.error.message
    assert (await store.task(left.task_id)).status == "PROCESSING"
    async with queue_for(store, answer_at_once, adopts=True):
        assert await ended(store, left) == "SUCCESS"
    await asyncio.sleep(0)
    assert {task for task in set(asyncio.all_tasks()) - before if "watcher" not in task.get_name()} == set()


# --- runners that are gone ------------------------------------------------------------------------------------------

ENDS_SUDDENLY = """
import asyncio, os, sys
from functools import partial
sys.path.insert(0, sys.argv[2])
from task_parts import Agent, prepare, until, wait_for_ever
from csvagent_jupyter.messages import Question
from csvagent_jupyter.sessions.sqlite import SQLiteStore
from csvagent_jupyter.tasks.inprocess import InProcessQueue

async def main():
    store = SQLiteStore(sys.argv[1])
    await store.open()
    queue = InProcessQueue(store, prepare, partial(Agent, wait_for_ever))
    await queue.start()
    for outlives in (False, True):
        session_id = "outlives" if outlives else "ends"
        await store.create_session("os:ann", session_id=session_id)
        for _ in range(2):
            await queue.submit(Question("Q"), session_id=session_id, owner="os:ann", outlives_runner=outlives)
        await until(store, session_id, count=3, kind="progress")
    print("running", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_tasks_of_a_killed_process_end_or_go_on_elsewhere(store: SQLiteStore) -> None:
    here = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", ENDS_SUDDENLY, str(store.path), here], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "running\n"
        async with queue_for(store, adopts=True):
            pass
        assert {task.status for task in await store.tasks(unfinished=True)} == {"PENDING", "PROCESSING"}
        assert len(await store.tasks(unfinished=True)) == 4
        process.send_signal(signal.SIGKILL)
        process.wait()
    async with queue_for(store):
        events = await until(store, "ends", count=2)
        revoked = [event.result for event in events if event.type == "result"]
        assert all(answer is not None and "notebook kernel" in str(answer.error) for answer in revoked)
        assert revoked[0] is not None and revoked[0].final_code == "x = "
        assert await store.tasks(session_id="outlives", unfinished=True) != ()
    async with queue_for(store, adopts=True):
        events = await until(store, "outlives", count=2)
        assert [event.status for event in events if event.type == "result"] == ["success", "success"]


async def test_what_a_gone_process_left_takes_turns_with_what_is_new(store: SQLiteStore) -> None:
    queue = queue_for(store, wait_for_ever, max_running=1)
    await queue.start()
    for number in range(4):
        await ask(queue, await new_session(store), f"ann {number}", outlives_runner=True)
    await queue.stop()
    gate = Gate()
    async with queue_for(store, gate, max_running=1, adopts=True) as queue:
        while not gate.started:
            await asyncio.sleep(0.01)
        tasks = [
            await queue.submit(Question(f"bob {number}"), session_id=await new_session(store), owner="os:bob")
            for number in range(2)
        ]
        for _ in range(6):
            gate.opened.release()
        assert [await ended(store, task) for task in tasks] == ["SUCCESS", "SUCCESS"]
        for task in await store.tasks(unfinished=True):
            await ended(store, task)
    assert gate.started == ["ann 0", "bob 0", "ann 1", "bob 1", "ann 2", "ann 3"] and gate.most == 1


async def test_a_question_behind_a_killed_process_does_not_wait_long(store: SQLiteStore) -> None:
    here = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", ENDS_SUDDENLY, str(store.path), here], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "running\n"
        async with queue_for(store) as queue:
            task = await ask(queue, "ends")
            process.kill()
            process.wait()
            async with asyncio.timeout(30):
                assert await ended(store, task) == "SUCCESS"


async def test_a_stopped_queue_takes_nothing(store: SQLiteStore) -> None:
    async with queue_for(store) as queue:
        session_id = await new_session(store)
    with pytest.raises(StoreError):
        await ask(queue, session_id)
    assert await store.tasks() == ()


class Unhurried(SQLiteStore):
    """Has the list of what is unfinished ready before it hands it over, as a store with several connections may."""

    listed = asyncio.Event()
    handed = asyncio.Event()

    async def tasks(self, **which: object) -> tuple[Task, ...]:
        found = await super().tasks(**which)  # type: ignore[arg-type]
        if "session_id" not in which and not self.handed.is_set():
            self.listed.set()
            await self.handed.wait()
        return found


async def test_what_is_submitted_while_the_queue_looks_around_is_run(tmp_path: Path) -> None:
    Unhurried.listed, Unhurried.handed = asyncio.Event(), asyncio.Event()
    async with Unhurried(store_path(tmp_path)) as store, queue_for(store) as queue:
        await Unhurried.listed.wait()
        task = await ask(queue, await new_session(store))
        Unhurried.handed.set()
        async with asyncio.timeout(30):
            assert await ended(store, task) == "SUCCESS"


class Unanswering(SQLiteStore):
    """Submits the first task and does not answer, as when the connection breaks in that moment."""

    broken = True

    async def submit(self, task: Task, *events: Event, lease: float = 60.0) -> Task:
        submitted = await super().submit(task, *events, lease=lease)
        if self.broken:
            self.broken = False
            raise StoreUnreachable("sessions.closed")
        return submitted


async def test_a_question_whose_fate_is_unknown_is_not_run(tmp_path: Path) -> None:
    async with Unanswering(store_path(tmp_path)) as store, queue_for(store) as queue:
        session_id = await new_session(store)
        with pytest.raises(StoreUnreachable):
            await ask(queue, session_id, "lost")
        assert await ended(store, await ask(queue, session_id, "next")) == "SUCCESS"
        assert {task.question.text: task.status for task in await store.tasks()} == {
            "lost": "REVOKED",
            "next": "SUCCESS",
        }


async def test_a_lease_that_just_ran_out_is_given_time(store: SQLiteStore) -> None:
    """After a laptop wakes up all leases have run out, and every runner needs a moment to renew its own."""
    session_id = await new_session(store)
    await store.submit(Task("t1", session_id, "os:ann", Question("Q"), runner="another-host"), lease=-1)
    async with queue_for(store) as queue:
        assert await ended(store, await ask(queue, await new_session(store))) == "SUCCESS"
        assert (await store.task("t1")).status == "PENDING"


async def test_a_lease_that_ran_out_is_taken_up_without_knowing_the_process(store: SQLiteStore) -> None:
    session_id = await new_session(store)
    await store.submit(Task("t1", session_id, "os:ann", Question("Q"), runner="another-host"), lease=-1)
    async with queue_for(store, lease=0.3):
        assert await ended(store, await store.task("t1")) == "REVOKED"


def test_a_process_is_known_to_be_gone_only_when_it_is() -> None:
    mine = runner_name()
    assert not is_gone(mine) and mine != runner_name()
    host, table, pid, started, nonce = mine.split("/")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert is_gone("/".join((host, table, str(process.pid), started, nonce)))
    assert is_gone("/".join((host, table, pid, str(int(started) - 1), nonce)))
    assert not is_gone("/".join(("elsewhere", table, str(process.pid), started, nonce)))
    assert not is_gone("/".join((host, "", str(process.pid), "", nonce)))
    assert not is_gone("r1") and not is_gone("") and not is_gone("/".join((host, table, "x", started, nonce)))
    assert os.getpid() == int(pid)


# --- around it ------------------------------------------------------------------------------------------------------


def test_all_of_it_runs_on_the_loop_of_another_thread(tmp_path: Path) -> None:
    outcomes: list[str] = []

    async def main() -> None:
        async with SQLiteStore(store_path(tmp_path)) as store, queue_for(store) as queue:
            outcomes.append(await ended(store, await ask(queue, await new_session(store))))

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    thread.join(30)
    assert outcomes == ["SUCCESS"]
    left = {one.name for one in threading.enumerate() if one.name.startswith("csvagent")}
    assert left <= {"csvagent-forkserver"}  # it serves the whole process


async def test_an_idle_queue_does_not_watch_the_line(store: SQLiteStore) -> None:
    def watchers() -> list[str]:
        return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "csvagent-queue-listener"]

    async with queue_for(store) as queue:
        assert watchers() == []
        task = await ask(queue, await new_session(store))
        await ended(store, task)
        for _ in range(1_000):
            await asyncio.sleep(0.01)
            if not watchers():
                break
        assert watchers() == []
