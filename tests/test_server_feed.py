"""The one loop from a log to its readers, over a real store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import NotFound
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Answer, Event, Grant, Progress, Question, Task
from csvagent_jupyter.server import feed
from csvagent_jupyter.server.feed import Feeds
from csvagent_jupyter.sessions.sqlite import SQLiteStore


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[CSVAgentManager]:
    manager = CSVAgentManager(data_folder=str(tmp_path / "data"))
    await manager.start(warm=False)
    yield manager
    await manager.stop()


class Reader:
    """Takes what it is sent; `gate` holds it up."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.opened = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self._news = asyncio.Condition()

    async def send(self, event: Event, text: str) -> None:
        await self.gate.wait()
        async with self._news:
            self.texts.append(text)
            self._news.notify_all()

    async def has(self, count: int) -> list[int | None]:
        """Wait until so many came, and return their numbers."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.texts) >= count)
        return [json.loads(text).get("seq") for text in self.texts]


@asynccontextmanager
async def reading(
    feeds: Feeds, manager: CSVAgentManager, session_id: str, after: int = 0, task_id: str | None = None
) -> AsyncIterator[tuple[Reader, asyncio.Task[bool]]]:
    reader = Reader()
    task = asyncio.create_task(
        feeds.read(manager, session_id, after, reader.send, task_id=task_id, opened=reader.opened)
    )
    await reader.opened.wait()
    try:
        yield reader, task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def written(manager: CSVAgentManager, session_id: str, count: int, task_id: str | None = None) -> list[int]:
    """Append so many events and return their numbers."""
    found = []
    for number in range(count):
        event = Event("progress", task_id, status="PROCESSING", meta=Progress(f"step {number}", "generating"))
        found.append((await manager.store.append(session_id, event)).seq or 0)
    return found


async def test_who_comes_late_gets_all_and_then_what_is_new(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    old = await written(manager, session.session_id, 3)
    feeds = Feeds()
    async with reading(feeds, manager, session.session_id) as (reader, _):
        assert await reader.has(3) == old
        new = await written(manager, session.session_id, 3)
        assert await reader.has(6) == old + new


async def test_each_of_many_readers_sees_all_of_it_in_order(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    async with (
        reading(feeds, manager, session.session_id) as (first, _),
        reading(feeds, manager, session.session_id) as (second, _),
    ):
        seen = await written(manager, session.session_id, 20)
        async with reading(feeds, manager, session.session_id, after=seen[9]) as (third, _):
            assert feeds.readers == 3
            seen += await written(manager, session.session_id, 20)
            assert await first.has(40) == seen
            assert await second.has(40) == seen
            assert await third.has(30) == seen[10:]
    assert feeds.readers == 0


async def test_a_reader_that_does_not_take_holds_up_nobody_and_misses_nothing(
    manager: CSVAgentManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT_EVENTS", 8)
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    async with (
        reading(feeds, manager, session.session_id) as (slow, _),
        reading(feeds, manager, session.session_id) as (quick, _),
    ):
        slow.gate.clear()
        seen = await written(manager, session.session_id, 50)
        assert await quick.has(50) == seen
        channel = feeds._channels[session.session_id]
        assert len(channel.kept) == 8
        slow.gate.set()
        assert await slow.has(50) == seen


async def test_what_is_kept_is_bounded_in_size_too(manager: CSVAgentManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "KEPT_CHARACTERS", 1_000)
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    async with reading(feeds, manager, session.session_id) as (reader, _):
        await written(manager, session.session_id, 50)
        await reader.has(50)
        channel = feeds._channels[session.session_id]
        assert sum(len(kept.text) for kept in channel.kept) <= 1_000


async def test_a_reader_that_takes_nothing_for_too_long_is_let_go(
    manager: CSVAgentManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "STALL_SECONDS", 0.05)
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    async with reading(feeds, manager, session.session_id) as (reader, task):
        reader.gate.clear()
        await written(manager, session.session_id, 1)
        await asyncio.wait({task}, timeout=30)
        assert isinstance(task.exception(), TimeoutError)


async def test_a_reader_of_one_task_gets_that_task_up_to_its_result(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    question = Question("how many?")
    for task_id in ("a", "b"):
        task = Task(task_id, session.session_id, "anna", question, runner="r", outlives_runner=True)
        await manager.store.submit(task, Event("task_started", task_id))
    async with reading(feeds, manager, session.session_id, task_id="a") as (reader, task):
        claimed = await manager.store.claim("r", 60, task_id="a")
        assert claimed is not None
        await written(manager, session.session_id, 2, "b")
        await written(manager, session.session_id, 2, "a")
        await manager.store.finish("a", claimed.fence, Event("result", "a", status="cancelled"), "REVOKED")
        await asyncio.wait_for(task, 30)
    shown = [json.loads(text) for text in reader.texts]
    assert {event["task_id"] for event in shown} == {"a"}
    assert [event["type"] for event in shown] == ["task_started", "progress", "progress", "result"]


async def test_what_could_not_be_written_is_told_to_the_readers_all_the_same(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    async with reading(feeds, manager, session.session_id) as (reader, _):
        manager.store.announce(Event("result", "a", session.session_id, "error"))
        assert await reader.has(1) == [None]


async def test_readers_end_with_the_store_and_with_the_feeds(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    feeds = Feeds()
    async with reading(feeds, manager, session.session_id) as (_, task):
        await feeds.close()
        await asyncio.wait_for(task, 30)
    async with reading(feeds, manager, session.session_id) as (_, task):
        await manager.stop()
        await asyncio.wait_for(task, 30)


async def test_a_number_from_when_the_log_was_longer_does_not_make_a_reader_deaf(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    await written(manager, session.session_id, 2)
    async with reading(Feeds(), manager, session.session_id, after=10**9) as (reader, _):
        new = await written(manager, session.session_id, 3)
        assert await reader.has(3) == new


async def test_who_may_not_read_any_more_does_not_see_the_next_question(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    allowed = True

    async def may_go_on() -> bool:
        return allowed

    reader = Reader()
    reads = Feeds().read(manager, session.session_id, 0, reader.send, may_go_on=may_go_on, opened=reader.opened)
    task = asyncio.create_task(reads)
    await reader.opened.wait()
    await manager.store.append(session.session_id, Event("task_started", "a"))
    await reader.has(1)
    allowed = False
    await manager.store.append(session.session_id, Event("task_started", "b"))
    await asyncio.wait_for(task, 30)
    assert len(reader.texts) == 1


class Right:
    """Whether a reader may go on, and how often that was asked."""

    def __init__(self, manager: CSVAgentManager, session_id: str, name: str) -> None:
        self.asked = 0
        self._of = (manager, session_id, name)

    async def may_go_on(self) -> bool:
        manager, session_id, name = self._of
        self.asked += 1
        try:
            await manager.access.session(session_id, name)
        except NotFound:
            return False
        return True


@pytest.mark.parametrize("where", ["this process", "another"])
async def test_who_loses_a_share_reads_no_more_of_the_question_that_runs(manager: CSVAgentManager, where: str) -> None:
    session = await manager.store.create_session("os:anna")
    session_id = session.session_id
    await manager.store.set_grants(session_id, [Grant("read", name="os:boris"), Grant("ask", name="os:vera")])
    feeds, readers, rights, tasks = Feeds(), [], [], []
    for name in ("os:boris", "os:vera"):
        reader, right = Reader(), Right(manager, session_id, name)
        reads = feeds.read(manager, session_id, 0, reader.send, may_go_on=right.may_go_on, opened=reader.opened)
        tasks.append(asyncio.create_task(reads))
        await reader.opened.wait()
        readers.append(reader)
        rights.append(right)
    await written(manager, session_id, 20, "a")
    for reader in readers:
        await reader.has(20)
    assert all(right.asked <= 3 for right in rights)
    async with SQLiteStore.in_folder(manager.folder) as other:
        store = manager.store if where == "this process" else other
        await store.set_grants(session_id, [Grant("ask", name="os:vera")])
        assert await asyncio.wait_for(tasks[0], 30) is False
        await written(manager, session_id, 5, "a")
    await readers[1].has(25)
    assert not tasks[1].done()
    await feeds.close()
    assert await asyncio.wait_for(tasks[1], 30) is True
    assert len(readers[0].texts) == 20


async def test_a_plot_that_cannot_be_read_ends_no_reader(manager: CSVAgentManager) -> None:
    session = await manager.store.create_session("anna")
    plot = await manager.artifacts.put(b"png", media_type="image/png", name="plot.png", owner="anna")
    path = await manager.artifacts.path(plot)
    path.unlink()
    path.symlink_to("/proc/self/mem")  # a file whose reading fails
    await manager.store.submit(Task("a", session.session_id, "anna", Question("how many?"), runner="r"))
    claimed = await manager.store.claim("r", 60, task_id="a")
    assert claimed is not None
    async with reading(Feeds(), manager, session.session_id) as (reader, _):
        event = Event("result", "a", status="success", result=Answer(True, task_id="a", plots=(plot,)))
        await manager.store.finish("a", claimed.fence, event, "SUCCESS")
        await reader.has(1)
    assert json.loads(reader.texts[-1])["result"]["plots"] == [""]


async def test_there_is_nothing_to_read_where_there_is_no_session(manager: CSVAgentManager) -> None:
    with pytest.raises(NotFound):
        await Feeds().read(manager, "no-such", 0, Reader().send)
