"""Redis gone in the middle: what was acknowledged stays, in order and once, and whoever waits is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from redis_server import RedisServer
from task_parts import Agent, prepare

from csvagent_jupyter.exceptions import LeaseLost, NotFound, StoreUnreachable
from csvagent_jupyter.messages import Answer, Event, Progress, Question, Task
from csvagent_jupyter.sessions.redis import RedisStore
from csvagent_jupyter.tasks.inprocess import InProcessQueue


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as started:
        yield started


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    async with RedisStore(server.url) as opened:
        yield opened


def progress(text: str, task_id: str = "t1") -> Event:
    return Event("progress", task_id, status="PROCESSING", meta=Progress(text, "generating"))


def result(task_id: str = "t1") -> Event:
    return Event("result", task_id, status="success", result=Answer(True, task_id, text_output="42"))


async def new_session(store: RedisStore) -> str:
    return (await store.create_session("os:ann", language="ru")).session_id


async def read_on(store: RedisStore, session_id: str, last: str, into: list[Event]) -> None:
    """Follow a session into a list until an event of that status text is there."""
    async with aclosing(store.follow(session_id)) as events:
        async for event in events:
            into.append(event)
            if event.meta is not None and event.meta.status == last:
                return


async def read_to_the_result(store: RedisStore, session_id: str, into: list[Event]) -> None:
    async with aclosing(store.follow(session_id)) as events:
        async for event in events:
            into.append(event)
            if event.type == "result":
                return


async def until(what: object, *, seconds: float = 30.0) -> None:
    """Wait until `what()` is true."""
    async with asyncio.timeout(seconds):
        while not what():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(server: RedisServer) -> None:
    async with RedisStore(server.url) as one, RedisStore(server.url) as two, RedisStore(server.url) as reading:
        session_id = await new_session(one)
        acknowledged: dict[int, str] = {}
        answered = asyncio.Event()
        stopping = asyncio.Event()

        async def write(store: RedisStore, name: str) -> int:
            number = 0
            while not stopping.is_set():
                text = f"{name} {number}"
                event = await store.append(session_id, progress(text))
                number += 1
                if event.seq is not None:
                    assert event.seq not in acknowledged
                    acknowledged[event.seq] = text
                    answered.set()
                else:
                    answered.clear()
                    await answered.wait()
            return number

        readers: list[list[Event]] = [[], [], []]
        following = [
            asyncio.create_task(read_on(store, session_id, "the end", into))
            for store, into in zip((reading, reading, one), readers, strict=True)
        ]
        writing = [
            asyncio.create_task(write(store, f"{name}{number}"))
            for name, store in (("one", one), ("two", two))
            for number in range(3)
        ]
        for _ in range(3):
            before = len(acknowledged)
            await until(lambda before=before: len(acknowledged) >= before + 200)
            server.kill()
            await asyncio.to_thread(server.start)
        before = len(acknowledged)
        await until(lambda: len(acknowledged) >= before + 50)
        stopping.set()
        counts = await asyncio.gather(*writing)
        last = await one.append(session_id, progress("the end"))
        await asyncio.gather(*following)

        log = await two.read(session_id, limit=100_000)
        assert [event.seq for event in log] == list(range(1, len(log) + 1)) and last.seq == len(log)
        texts = [event.meta.status for event in log if event.meta is not None]
        assert {seq: texts[seq - 1] for seq in acknowledged} == acknowledged
        assert len(log) == sum(counts) + 1
        for name, count in zip(
            [f"{name}{number}" for name in ("one", "two") for number in range(3)], counts, strict=True
        ):
            assert [text for text in texts if text.startswith(f"{name} ")] == [f"{name} {n}" for n in range(count)]
        for seen in readers:
            assert tuple(event for event in seen if event.seq is not None) == log


async def test_a_reader_is_told_that_it_has_to_wait_and_when_it_goes_on(server: RedisServer, store: RedisStore) -> None:
    session_id = await new_session(store)
    seen: list[Event] = []
    reading = asyncio.create_task(read_on(store, session_id, "after", seen))
    await store.append(session_id, progress("before"))
    await until(lambda: len(seen) == 1)
    server.kill()
    for number in range(5):
        assert (await store.append(session_id, progress(f"meanwhile {number}"))).seq is None
    await until(lambda: len(seen) == 2)
    assert (seen[1].type, seen[1].seq, seen[1].session_id) == ("error", None, session_id)
    assert str(server.port) in str(seen[1].message) and "Redis не отвечает" in str(seen[1].message)
    await asyncio.to_thread(server.start)
    await store.append(session_id, progress("after"))
    await reading
    assert seen[2].type == "connected" and seen[2].seq is None
    assert [event.seq for event in seen[3:]] == [2, 3, 4, 5, 6, 7]
    assert [event.meta.status for event in seen[3:8] if event.meta] == [f"meanwhile {number}" for number in range(5)]


async def test_every_call_ends_in_words_while_redis_is_gone(server: RedisServer) -> None:
    async with RedisStore(server.url, finish_seconds=1.0) as store:
        session_id = await new_session(store)
        await store.submit(Task("t1", session_id, "os:ann", Question("?"), runner="r1"))
        claimed = await store.claim("r1", 60)
        assert claimed is not None
        server.kill()
        began = time.monotonic()
        calls = (
            store.session(session_id),
            store.sessions("os:ann"),
            store.touch_session(session_id),
            store.finish("t1", 1, result(), "SUCCESS"),
            store.renew("t1", 1, 60),
            store.claim("r1", 60),
            store.tasks(unfinished=True),
            store.add("n"),
            store.artifacts_in_use(),
            anext(store.follow(session_id)),
            store.ping(0.5),
        )
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, StoreUnreachable)
            assert outcome.key == "sessions.redis_gone" and f"127.0.0.1:{server.port}" in outcome.say("ru")
        assert time.monotonic() - began < 20


async def test_a_redis_that_hangs_is_as_good_as_gone(server: RedisServer) -> None:
    async with RedisStore(server.url, finish_seconds=1.0) as store:
        session_id = await new_session(store)
        server.pause()
        try:
            began = time.monotonic()
            with pytest.raises(StoreUnreachable):
                await store.ping(0.3)
            assert time.monotonic() - began < 3
            late = asyncio.create_task(store.append(session_id, progress("late")))
            with pytest.raises(StoreUnreachable):
                await store.session(session_id)
            assert (await late).seq is None
        finally:
            server.resume()
        seen: list[Event] = []
        await store.append(session_id, progress("after"))
        await read_on(store, session_id, "after", seen)
        assert [event.meta.status for event in seen if event.meta] == ["late", "after"]


async def test_a_result_that_cannot_be_written_still_reaches_who_reads_here(server: RedisServer) -> None:
    async with RedisStore(server.url, finish_seconds=0.5) as store:
        session_id = await new_session(store)
        await store.submit(Task("t1", session_id, "os:ann", Question("?"), runner="r1"))
        await store.claim("r1", 60)
        events = store.follow(session_id, task_id="t1")
        async with aclosing(events):
            await store.append(session_id, progress("before"))
            assert (await anext(events)).seq == 1
            server.kill()
            with pytest.raises(StoreUnreachable):
                await store.finish("t1", 1, result(), "SUCCESS")
            told = Event("result", "t1", session_id, "success", result=result().result)
            store.announce(told)
            seen = [await anext(events)]
            while seen[-1].type != "result":
                seen.append(await anext(events))
        assert seen[-1] == told and [event.type for event in seen[:-1]] in ([], ["error"])
        assert await store.result("t1") == told.result
        await asyncio.to_thread(server.start)
        async with RedisStore(server.url) as elsewhere, aclosing(elsewhere.follow(session_id)) as late:
            assert [(await anext(late)).type for _ in range(2)] == ["progress", "result"]
            assert (await elsewhere.task("t1")).status == "SUCCESS"


async def test_a_run_keeps_its_lease_and_fence_over_a_restart(server: RedisServer, store: RedisStore) -> None:
    session_id = await new_session(store)
    await store.submit(Task("t1", session_id, "os:ann", Question("Сколько?"), runner="r1"), progress("queued"))
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    server.kill()
    renewing = asyncio.create_task(store.renew("t1", claimed.fence, 60))
    appending = asyncio.create_task(store.append(session_id, progress("on"), fence=claimed.fence))
    await asyncio.to_thread(server.start)
    assert (await renewing).question == Question("Сколько?")
    assert (await appending).seq in (2, None)
    assert (await store.finish("t1", claimed.fence, result(), "SUCCESS")).seq == 3
    with pytest.raises(LeaseLost):
        await store.finish("t1", claimed.fence, result(), "SUCCESS")
    answer = await store.result("t1")
    assert answer is not None and answer.text_output == "42"


async def test_a_run_goes_on_while_redis_is_away(server: RedisServer, store: RedisStore) -> None:
    gone = asyncio.Event()

    async def walk(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.progress(code="1")
        await gone.wait()
        for number in range(2, 6):
            yield agent.progress(code=str(number))
        yield agent.result()

    session_id = await new_session(store)
    async with InProcessQueue(store, prepare, lambda question, desk: Agent(walk, question, desk), lease=3.0) as queue:
        task = await queue.submit(Question("Сколько?"), session_id=session_id, owner="os:ann")
        seen: list[Event] = []
        reading = asyncio.create_task(read_to_the_result(store, session_id, seen))
        await until(lambda: any(event.meta and event.meta.code == "1" for event in seen))
        server.kill()
        gone.set()
        await until(lambda: seen[-1].type == "error")
        await asyncio.to_thread(server.start)
        await reading
        assert (await store.task(task.task_id)).status == "SUCCESS"
    kept = [event for event in seen if event.seq is not None]
    assert tuple(kept) == await store.read(session_id)
    assert [event.meta.code for event in kept if event.meta and event.meta.code] == list("12345")
    assert [event.type for event in seen if event.seq is None] == ["error", "connected"]


async def test_a_run_that_ends_while_redis_is_away_gives_its_answer_here_and_is_kept_later(server: RedisServer) -> None:
    gone = asyncio.Event()

    async def walk(agent: Agent) -> AsyncGenerator[Event, None]:
        yield agent.progress(code="1")
        await gone.wait()
        for number in range(2, 6):
            yield agent.progress(code=str(number))
        yield agent.result(text_output="the answer")

    async with RedisStore(server.url, finish_seconds=0.5) as store:
        session_id = await new_session(store)
        async with InProcessQueue(store, prepare, lambda question, desk: Agent(walk, question, desk)) as queue:
            task = await queue.submit(Question("?"), session_id=session_id, owner="os:ann")
            seen: list[Event] = []
            reading = asyncio.create_task(read_to_the_result(store, session_id, seen))
            await until(lambda: any(event.meta and event.meta.code == "1" for event in seen))
            server.kill()
            gone.set()
            await reading
            answer = seen[-1].result
            assert seen[-1].seq is None and answer is not None and answer.text_output == "the answer" and answer.notes
            await asyncio.to_thread(server.start)
            async with RedisStore(server.url) as elsewhere:
                later: list[Event] = []
                await read_to_the_result(elsewhere, session_id, later)
                assert (await elsewhere.task(task.task_id)).status == "SUCCESS"
        assert [event.meta.code for event in later if event.meta and event.meta.code] == list("12345")
        assert later[-1].result is not None and later[-1].result.text_output == "the answer"


async def test_when_the_data_are_lost_a_reader_is_told_and_new_sessions_work(
    server: RedisServer, store: RedisStore
) -> None:
    session_id = await new_session(store)
    await store.submit(Task("t1", session_id, "os:ann", Question("?"), runner="r1"))
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    seen: list[Event] = []
    reading = asyncio.create_task(read_on(store, session_id, "never", seen))
    await store.append(session_id, progress("before"))
    await until(lambda: len(seen) == 1)
    server.kill()
    server.forget()
    await asyncio.to_thread(server.start)
    with pytest.raises(NotFound) as caught:
        await reading
    assert caught.value.key == "sessions.session_gone" and "Redis" in caught.value.say("en")
    for call in (store.session(session_id), store.append(session_id, progress("x")), store.task("t1")):
        with pytest.raises(NotFound):
            await call
    for late in (
        store.renew("t1", claimed.fence, 60),
        store.finish("t1", claimed.fence, result(), "SUCCESS"),
        store.append(session_id, progress("x"), fence=claimed.fence),
    ):
        with pytest.raises(LeaseLost):
            await late
    assert await store.sessions("os:ann") == () and await store.tasks(unfinished=True) == ()
    again = await store.create_session("os:ann", session_id=session_id)
    assert (await store.append(again.session_id, progress("new"))).seq == 1


async def test_a_log_made_anew_under_the_same_id_is_not_taken_for_the_old_one(
    server: RedisServer, store: RedisStore
) -> None:
    await store.create_session("os:ann", session_id="work")
    for number in range(3):
        await store.append("work", progress(str(number)))
    async with aclosing(store.follow("work")) as events:
        assert [(await anext(events)).seq for _ in range(3)] == [1, 2, 3]
        with server.client() as client:
            client.delete(*client.keys("session:work*"))
        async with RedisStore(server.url) as other:
            await other.create_session("os:ann", session_id="work")
            await other.append("work", progress("another"))
        with pytest.raises(NotFound):
            await anext(events)


async def test_a_store_that_closes_while_redis_is_gone_closes_at_once(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisStore(server.url)
    await store.open()
    session_id = await new_session(store)
    seen: list[Event] = []
    reading = asyncio.create_task(read_on(store, session_id, "never", seen))
    await store.append(session_id, progress("before"))
    await until(lambda: len(seen) == 1)
    server.kill()
    assert (await store.append(session_id, progress("never"))).seq is None
    await until(lambda: len(seen) == 2)
    began = time.monotonic()
    await store.close()
    await reading
    assert time.monotonic() - began < 10
    assert "1 writes" in caplog.text and session_id in caplog.text and "never" not in caplog.text
