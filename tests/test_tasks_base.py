"""One run, from its claim to its one result event, however it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from task_parts import Agent, Script, answer_at_once, prepare, store_path, until, wait_for_ever

from csvagent_jupyter.agent.desk import Desk
from csvagent_jupyter.exceptions import ModelRefused
from csvagent_jupyter.messages import Answer, Event, Question, Task
from csvagent_jupyter.sessions.sqlite import SQLiteStore
from csvagent_jupyter.tasks.base import Prepare, Reason, run_question


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    async with SQLiteStore(store_path(tmp_path)) as opened:
        yield opened


async def claimed(store: SQLiteStore, lease: float = 60.0, text: str = "How many?") -> Task:
    session = await store.create_session("os:ann")
    await store.submit(Task("t1", session.session_id, "os:ann", Question(text), runner="r1"))
    task = await store.claim("r1", lease)
    assert task is not None
    return task


async def run(
    store: SQLiteStore,
    task: Task,
    script: Script,
    *,
    stop: asyncio.Future[Reason] | None = None,
    prepare: Prepare = prepare,
    lease: float = 60.0,
) -> None:
    stop = stop or asyncio.get_running_loop().create_future()
    await run_question(task, store, prepare, stop=stop, answer=partial(Agent, script), lease=lease)


async def outcome(store: SQLiteStore) -> tuple[str, Answer]:
    answer = await store.result("t1")
    assert answer is not None
    return (await store.task("t1")).status, answer


async def test_every_event_is_written_and_the_result_ends_the_task(store: SQLiteStore) -> None:
    task = await claimed(store)
    await run(store, task, answer_at_once)
    assert [event.type for event in await store.read(task.session_id)] == ["progress", "result"]
    status, answer = await outcome(store)
    assert (status, answer.text_output) == ("SUCCESS", "How many?")


async def test_an_answer_that_is_an_error_is_a_failure(store: SQLiteStore) -> None:
    async def fail(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.result(success=False)

    await run(store, await claimed(store), fail)
    assert (await outcome(store))[0] == "FAILURE"


async def test_a_desk_that_cannot_be_laid_out_is_told(store: SQLiteStore) -> None:
    async def refuse(_: Task) -> Desk:
        raise ModelRefused("sessions.no_task", task_id="x", suggestions=("Try another",))

    await run(store, await claimed(store, text="Сколько?"), answer_at_once, prepare=refuse)
    status, answer = await outcome(store)
    assert status == "FAILURE" and answer.error is not None
    assert (answer.error.kind, answer.error.message) == (
        "model_refused",
        "Задачи x нет. Проверьте номер: `%csvagent history` покажет задачи сессии.",
    )
    assert (answer.suggestions, answer.question, answer.language) == (("Try another",), "Сколько?", "ru")


async def test_the_unexpected_becomes_one_result_and_is_logged_without_data(
    store: SQLiteStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def stumble(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.progress(stage="executing", attempt=1, code="secret_code()")
        raise KeyError("SECRET-CELL")

    with caplog.at_level(logging.ERROR):
        await run(store, await claimed(store), stumble)
    status, answer = await outcome(store)
    assert status == "FAILURE" and answer.error is not None
    assert answer.error.kind == "internal" and "KeyError" in answer.error.message
    assert answer.final_code == "secret_code()"
    assert "SECRET" not in caplog.text + answer.error.message and "KeyError" in caplog.text


async def test_what_cannot_be_written_becomes_one_result(store: SQLiteStore) -> None:
    async def odd(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.result(value=object())

    await run(store, await claimed(store), odd)
    status, answer = await outcome(store)
    assert status == "FAILURE" and answer.error is not None and answer.error.kind == "internal"


async def test_a_loop_without_a_result_gets_one(store: SQLiteStore) -> None:
    async def end(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.progress()

    await run(store, await claimed(store), end)
    assert (await outcome(store))[0] == "FAILURE"


async def test_stopping_ends_the_loop_and_keeps_what_was_done(store: SQLiteStore) -> None:
    agents: list[Agent] = []

    async def walk(agent: Agent) -> AsyncGenerator[Event, None]:
        agents.append(agent)
        async for event in wait_for_ever(agent):
            yield event

    task = await claimed(store)
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run(store, task, walk, stop=stop))
    await until(store, task.session_id, kind="progress")
    stop.set_result("stopped")
    await running
    status, answer = await outcome(store)
    assert status == "REVOKED" and answer.error is not None
    assert (answer.error.kind, answer.text_output) == ("cancelled", "half")
    assert answer.cancelled_after is not None
    assert agents[0].halted.is_set()


@pytest.mark.parametrize("reason", ["stopped", "runner_ended"])
async def test_a_run_stopped_before_it_began_ends_as_revoked(store: SQLiteStore, reason: Reason) -> None:
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    stop.set_result(reason)
    await run(store, await claimed(store), wait_for_ever, stop=stop)
    status, answer = await outcome(store)
    assert status == "REVOKED" and answer.error is not None
    assert ("notebook kernel" in answer.error.message) == (reason == "runner_ended")


async def test_cancelling_the_run_itself_also_ends_in_order(store: SQLiteStore) -> None:
    task = await claimed(store)
    running = asyncio.create_task(run(store, task, wait_for_ever))
    await until(store, task.session_id, kind="progress")
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    await running
    assert (await outcome(store))[0] == "REVOKED"


async def test_a_loop_that_does_not_listen_does_not_hold_the_result_up(store: SQLiteStore) -> None:
    let_go = asyncio.Event()

    async def deaf(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.progress()
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()

    task = await claimed(store)
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run(store, task, deaf, stop=stop))
    await until(store, task.session_id, kind="progress")
    stop.set_result("stopped")
    await until(store, task.session_id)
    assert not running.done()
    let_go.set()
    await running
    assert (await outcome(store))[0] == "REVOKED"


async def test_a_run_that_is_left_to_others_says_nothing(store: SQLiteStore) -> None:
    task = await claimed(store)
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run(store, task, wait_for_ever, stop=stop))
    await until(store, task.session_id, kind="progress")
    stop.set_result("left")
    await running
    assert (await store.task("t1")).status == "PROCESSING"
    assert await store.result("t1") is None


@pytest.mark.parametrize("lease", [0.06, 60.0])
async def test_a_lost_lease_ends_the_run_silently(store: SQLiteStore, lease: float) -> None:
    """It is noticed when the lease is renewed, or at the latest when the next event is refused."""
    go_on = asyncio.Event()

    async def walk(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.progress()
        await go_on.wait()
        yield agent.progress()
        yield agent.result()

    task = await claimed(store, lease=-1)
    running = asyncio.create_task(run(store, task, walk, lease=lease))
    await until(store, task.session_id, kind="progress")
    await store.abandon("r1")
    other = await store.claim("r2", 60, take_over=True)
    assert other is not None
    if lease == 60.0:
        go_on.set()
    await running
    assert (await store.task("t1")).status == "PROCESSING"
    assert [event.type for event in await store.read(task.session_id)] == ["progress"]


async def test_a_lease_is_renewed_and_brings_a_cancellation(store: SQLiteStore) -> None:
    task = await claimed(store, lease=0.2)
    running = asyncio.create_task(run(store, task, wait_for_ever, lease=0.2))
    await until(store, task.session_id, kind="progress")
    while (await store.task("t1")).lease_until < task.lease_until + 0.2:
        await asyncio.sleep(0.01)
    await store.request_cancel("t1")
    await running
    assert (await outcome(store))[0] == "REVOKED"


async def test_a_full_disk_still_gives_the_reader_an_end(tmp_path: Path) -> None:
    async with SQLiteStore(store_path(tmp_path), max_bytes=300_000) as store:
        task = await claimed(store)

        async def flood(agent: Agent) -> AsyncGenerator[Event, None]:
            for _ in range(100):
                yield agent.progress(code="x" * 10_000)
            yield agent.result()

        reader = asyncio.create_task(until(store, task.session_id))
        await run(store, task, flood)
        last = (await reader)[-1]
        assert last.result is not None and last.result.error is not None
        assert last.result.error.kind == "storage_full"
        assert await store.result("t1") == last.result


async def test_an_answer_that_a_full_disk_does_not_take_still_reaches_its_reader(tmp_path: Path) -> None:
    async with SQLiteStore(store_path(tmp_path), max_bytes=300_000) as store:
        task = await claimed(store)

        async def answer(agent: Agent) -> AsyncGenerator[Event, None]:
            yield agent.result(text_output="x" * 400_000)

        reader = asyncio.create_task(until(store, task.session_id))
        await run(store, task, answer)
        last = (await reader)[-1]
        assert last.result is not None and last.result.success
        assert len(last.result.text_output) == 400_000
        assert "full" in last.result.notes[-1].text
