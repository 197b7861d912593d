"""What every session store must do; each store and mode that there is runs through the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import BadInput, Busy, LeaseLost, NotFound, StoreUnreachable
from csvagent_jupyter.messages import (
    Answer,
    AnswerError,
    ChatMessage,
    Event,
    Feedback,
    Grant,
    LedgerEntry,
    Progress,
    Question,
    SavedAnalysis,
    Source,
    Task,
    Usage,
)
from csvagent_jupyter.sessions.base import MAX_WAITING, SessionStore
from csvagent_jupyter.sessions.redis import RedisStore
from csvagent_jupyter.sessions.sqlite import SQLiteStore

ARTIFACT = "artifact:" + "ab" * 32
MakeStore = Callable[[], SessionStore]


@pytest.fixture(params=["wal", "delete", "redis"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Return a function that makes one more store, in this process, on the same data."""
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        return lambda: RedisStore(server.url)
    return lambda: SQLiteStore(tmp_path / "private" / "sessions.sqlite", journal=request.param)


@pytest.fixture
async def store(make_store: MakeStore) -> AsyncIterator[SessionStore]:
    async with make_store() as opened:
        yield opened


def task(session_id: str, task_id: str = "t1", owner: str = "os:ann", runner: str = "r1", **more: object) -> Task:
    return Task(task_id, session_id, owner, Question(f"question {task_id}"), runner=runner, **more)  # type: ignore[arg-type]


def result(task_id: str, *, success: bool = True, text: str = "42") -> Event:
    error = None if success else AnswerError("failed", "No.")
    answer = Answer(success, task_id, question=f"q {task_id}", final_code="x = 1", text_output=text, error=error)
    return Event("result", task_id, status="success" if success else "error", result=answer)


def progress(task_id: str = "t1", **meta: object) -> Event:
    return Event("progress", task_id, status="PROCESSING", meta=Progress("…", "generating", **meta))  # type: ignore[arg-type]


async def take(store: SessionStore, session_id: str, count: int, after: int = 0) -> list[Event]:
    taken: list[Event] = []
    async with aclosing(store.follow(session_id, after)) as events:
        async for event in events:
            taken.append(event)
            if len(taken) == count:
                break
    return taken


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_a_session_is_made_renamed_listed_and_touched(store: SessionStore) -> None:
    first = await store.create_session("os:ann", title="Sales", language="ru")
    second = await store.create_session("os:ann")
    await store.create_session("os:bob")
    assert await store.session(first.session_id) == first
    assert (first.title, first.language, first.owner) == ("Sales", "ru", "os:ann")
    assert [one.session_id for one in await store.sessions("os:ann")] == [second.session_id, first.session_id]
    renamed = await store.rename_session(first.session_id, "Продажи")
    assert renamed.title == "Продажи"
    assert (await store.rename_session(second.session_id, "odd \udcff.csv")).title.startswith("odd ")
    await store.touch_session(first.session_id)
    assert [one.session_id for one in await store.sessions("os:ann")] == [first.session_id, second.session_id]
    assert len(await store.sessions("os:ann", limit=1)) == 1


async def test_a_session_is_found_by_its_name_however_old_it_is(store: SessionStore) -> None:
    wanted = await store.create_session("os:ann", title="work \udcff")
    await store.create_session("os:bob", title="work \udcff")
    for number in range(101):
        await store.create_session("os:ann", title=f"other {number}")
    assert await store.sessions("os:ann", named="work \udcff") == (wanted,)
    assert await store.sessions("os:ann", named=wanted.session_id) == (wanted,)
    assert await store.sessions("os:ann", named="work") == ()


async def test_a_chosen_session_id_is_checked(store: SessionStore) -> None:
    made = await store.create_session("os:ann", session_id="my-session.1")
    assert made.session_id == "my-session.1"
    for bad in ("my-session.1", "", "../x", "a b", "x" * 65, ".hidden", "line\n", "\0line"):
        with pytest.raises(BadInput):
            await store.create_session("os:ann", session_id=bad)


async def test_a_deleted_session_can_be_restored(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.append(session_id, progress())
    await store.delete_session(session_id)
    with pytest.raises(NotFound):
        await store.session(session_id)
    with pytest.raises(NotFound):
        await store.rename_session(session_id, "x")
    with pytest.raises(NotFound):
        await store.submit(task(session_id))
    assert await store.sessions("os:ann") == ()
    with pytest.raises(NotFound):
        await store.restore_session(session_id, owner="os:bob")
    with pytest.raises(NotFound):
        await store.session(session_id)
    assert (await store.restore_session(session_id, owner="os:ann")).session_id == session_id
    assert len(await store.read(session_id)) == 1
    with pytest.raises(NotFound):
        await store.restore_session(session_id, owner="os:bob")
    assert (await store.restore_session(session_id)).session_id == session_id


async def test_deleting_a_session_asks_its_tasks_to_end_and_lets_them(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(task(session_id))
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    await store.delete_session(session_id)
    assert (await store.task("t1")).cancel_requested
    ended = await store.finish("t1", claimed.fence, result("t1", success=False), "REVOKED")
    assert ended.seq == 1


async def test_what_is_not_there_is_not_found(store: SessionStore) -> None:
    for call in (
        store.session("none"),
        store.rename_session("none", "x"),
        store.touch_session("none"),
        store.delete_session("none"),
        store.restore_session("none"),
        store.append("none", progress()),
        store.task("none"),
        store.submit(task("none")),
        store.request_cancel("none"),
        store.analysis("none"),
        store.delete_analysis("none"),
        store.set_grants("none", ()),
        store.remove_grants("none", ()),
        store.grants("none"),
        store.linked("none"),
        store.linked(""),
        anext(store.follow("none")),
    ):
        with pytest.raises(NotFound):
            await call
    assert await store.read("none") == await store.turns("none") == await store.ledger("none") == ()
    assert await store.result("none") is None


# --- events ---------------------------------------------------------------------------------------------------------


async def test_events_are_numbered_by_session_and_come_back_whole(store: SessionStore) -> None:
    one, two = [(await store.create_session("os:ann")).session_id for _ in range(2)]
    sent = [progress(code="a"), progress("t2", code="b\u2028 \x00 \udc80"), Event("error", message="Упс")]
    written = [await store.append(one, event) for event in sent]
    assert [event.seq for event in written] == [1, 2, 3]
    assert (await store.append(two, progress())).seq == 1
    read = await store.read(one)
    assert list(read) == written
    assert [replace(event, seq=None, at=None, session_id=None) for event in read] == sent
    assert await store.read(one, 1) == read[1:]
    assert await store.read(one, limit=2) == read[:2]
    assert await store.read(one, task_id="t2") == read[1:2]


async def test_a_follower_gets_what_was_and_then_what_comes(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    for number in range(450):
        await store.append(session_id, progress(code=str(number)))
    readers = [asyncio.create_task(take(store, session_id, 452)) for _ in range(5)]
    resumed = asyncio.create_task(take(store, session_id, 3, after=449))
    await store.append(session_id, progress(code="450"))
    await store.append(session_id, progress(code="451"))
    for taken in await asyncio.gather(*readers):
        assert [event.meta.code for event in taken if event.meta] == [str(number) for number in range(452)]
    assert [event.seq for event in await resumed] == [450, 451, 452]


async def test_one_task_of_a_session_can_be_followed(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id

    async def follow() -> list[int | None]:
        async with aclosing(store.follow(session_id, task_id="t2")) as events:
            return [(await anext(events)).seq for _ in range(4)]

    for number in range(6):
        await store.append(session_id, progress(f"t{1 + number % 2}"))
    reader = asyncio.create_task(follow())
    for task_id in ("t1", "t3", "t2"):
        await store.append(session_id, progress(task_id))
    assert await reader == [2, 4, 6, 9]


async def test_a_follower_hears_of_another_store_on_the_same_data(make_store: MakeStore) -> None:
    async with make_store() as here, make_store() as there:
        session_id = (await here.create_session("os:ann")).session_id
        reader = asyncio.create_task(take(here, session_id, 20))
        for number in range(10):
            await here.append(session_id, progress(code=f"here {number}"))
            await there.append(session_id, progress(code=f"there {number}"))
        assert [event.seq for event in await reader] == list(range(1, 21))


async def test_the_store_tells_how_long_an_answer_takes_and_that_it_is_closed(make_store: MakeStore) -> None:
    async with make_store() as store:
        assert 0 < await store.ping(10) < 10
    with pytest.raises(StoreUnreachable):
        await store.ping(1)
    with pytest.raises(StoreUnreachable):
        await store.sessions("os:ann")


async def test_the_last_number_of_a_log_is_known(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    assert await store.last_seq(session_id) == 0
    for number in range(3):
        await store.append(session_id, progress(code=str(number)))
    assert await store.last_seq(session_id) == 3
    with pytest.raises(NotFound):
        await store.last_seq("none")


async def test_a_follower_without_news_can_be_let_go_at_any_moment(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    for steps in range(30):
        reading = asyncio.create_task(take(store, session_id, 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    await store.append(session_id, progress())
    assert [event.seq for event in await take(store, session_id, 1)] == [1]


async def test_closing_the_store_ends_its_followers(make_store: MakeStore) -> None:
    store = make_store()
    await store.open()
    session_id = (await store.create_session("os:ann")).session_id
    await store.append(session_id, progress())
    arrived = asyncio.Barrier(3)

    async def follow() -> list[int | None]:
        seen = []
        async for event in store.follow(session_id):
            seen.append(event.seq)
            await arrived.wait()
        return seen

    async def watch() -> int:
        moves = 0
        async for _ in store.watch_line():
            moves += 1
            await arrived.wait()
        return moves

    followers = [asyncio.create_task(follow()), asyncio.create_task(watch())]
    await arrived.wait()
    await store.close()
    assert (await followers[0], await followers[1]) == ([1], 1)
    await store.close()


async def test_pieces_of_code_go_once_the_whole_of_it_runs(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.append(session_id, progress(code_delta="x ="))
    await store.append(session_id, progress(code_delta=" 1"))
    await store.append(session_id, progress("other", code_delta="y"))
    running = replace(progress(), meta=Progress("…", "executing", code="x = 1"))
    await store.append(session_id, running)
    assert [event.seq for event in await store.read(session_id)] == [3, 4]
    assert (await store.append(session_id, progress())).seq == 5


async def test_turns_are_the_answered_questions_in_order(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    for number, success in enumerate((True, False, True)):
        await store.submit(task(session_id, f"t{number}"))
        claimed = await store.claim("r1", 60)
        assert claimed is not None
        status = "SUCCESS" if success else "FAILURE"
        await store.finish(claimed.task_id, claimed.fence, result(claimed.task_id, success=success), status)  # type: ignore[arg-type]
    turns = await store.turns(session_id)
    assert [(turn.task_id, turn.question, turn.code, turn.text_output) for turn in turns] == [
        ("t0", "q t0", "x = 1", "42"),
        ("t2", "q t2", "x = 1", "42"),
    ]


# --- tasks ----------------------------------------------------------------------------------------------------------


async def test_a_task_goes_from_waiting_to_its_answer(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    question = Question("Как?", sources=(Source("x.csv", path="/data/\udcff.csv"),), max_attempts=2, language="ru")
    started = Event("task_started", "t1")
    submitted = await store.submit(Task("t1", session_id, "os:ann", question, runner="r1"), started)
    assert (submitted.status, submitted.fence, submitted.question) == ("PENDING", 0, question)
    assert await store.task("t1") == submitted
    assert [event.type for event in await store.read(session_id)] == ["task_started"]
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    assert (claimed.status, claimed.fence, claimed.question) == ("PROCESSING", 1, question)
    await store.append(session_id, progress(), fence=1)
    assert await store.result("t1") is None
    ended = await store.finish("t1", 1, result("t1"), "SUCCESS")
    assert (ended.seq, ended.session_id) == (3, session_id)
    answer = await store.result("t1")
    assert answer is not None and answer.text_output == "42"
    assert (await store.task("t1")).status == "SUCCESS"
    assert await store.claim("r1", 60) is None


async def test_tasks_are_listed_by_owner_session_and_state(store: SessionStore) -> None:
    one, two = [(await store.create_session("os:ann")).session_id for _ in range(2)]
    await store.submit(task(one, "t1"))
    await store.submit(task(two, "t2", owner="os:bob"))
    await store.submit(task(one, "t3"))
    claimed = await store.claim("r1", 60, task_id="t1")
    assert claimed is not None
    await store.finish("t1", claimed.fence, result("t1"), "SUCCESS")

    async def ids(**which: object) -> list[str]:
        return [found.task_id for found in await store.tasks(**which)]  # type: ignore[arg-type]

    assert await ids() == ["t3", "t2", "t1"]
    assert await ids(owner="os:ann") == await ids(session_id=one) == ["t3", "t1"]
    assert await ids(unfinished=True) == ["t3", "t2"]
    assert await ids(owner="os:ann", unfinished=True, limit=1) == ["t3"]


async def test_one_task_of_a_session_runs_at_a_time_in_order(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    for number in range(3):
        await store.submit(task(session_id, f"t{number}"))
    for number in range(3):
        claimed = await store.claim("r1", 60)
        assert claimed is not None and claimed.task_id == f"t{number}"
        assert await store.claim("r1", 60) is None
        assert await store.claim("r1", 60, task_id="t2") is None
        await store.finish(claimed.task_id, claimed.fence, result(claimed.task_id), "SUCCESS")


async def test_the_line_of_a_session_is_bounded(store: SessionStore) -> None:
    one, two = [(await store.create_session("os:ann")).session_id for _ in range(2)]
    for number in range(MAX_WAITING + 1):
        await store.submit(task(one, f"t{number}"))
    with pytest.raises(Busy):
        await store.submit(task(one, "too-many"))
    await store.submit(task(two, "elsewhere"))
    with pytest.raises(BadInput):
        await store.submit(task(two, "elsewhere"))


async def test_owners_take_turns(store: SessionStore) -> None:
    for number in range(3):
        session_id = (await store.create_session("os:ann")).session_id
        await store.submit(task(session_id, f"ann{number}"))
    session_id = (await store.create_session("os:bob")).session_id
    await store.submit(task(session_id, "bob0", owner="os:bob"))
    order = []
    for _ in range(4):
        claimed = await store.claim("r1", 60)
        assert claimed is not None
        order.append(claimed.task_id)
        await store.finish(claimed.task_id, claimed.fence, result(claimed.task_id), "SUCCESS")
    assert order == ["ann0", "bob0", "ann1", "ann2"]


async def test_a_task_is_for_its_runner_until_the_lease_is_over(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(task(session_id, "t1"), lease=60)
    assert await store.claim("r2", 60, take_over=True) is None
    await store.abandon("r1")
    assert await store.claim("r2", 60) is None
    claimed = await store.claim("r2", 60, take_over=True)
    assert claimed is not None and (claimed.runner, claimed.fence) == ("r2", 1)
    assert await store.claim("r1", 60, take_over=True) is None


async def test_anybody_may_run_a_task_without_a_runner(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(task(session_id, runner=""))
    claimed = await store.claim("r9", 60)
    assert claimed is not None and claimed.runner == "r9"


async def test_an_old_fence_is_refused_everywhere(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(task(session_id))
    old = await store.claim("r1", -1)
    new = await store.claim("r2", 60, take_over=True)
    assert old is not None and new is not None and new.fence == old.fence + 1
    for call in (
        store.append(session_id, progress(), fence=old.fence),
        store.renew("t1", old.fence, 60),
        store.finish("t1", old.fence, result("t1"), "SUCCESS"),
        store.append(session_id, progress("unknown"), fence=1),
    ):
        with pytest.raises(LeaseLost):
            await call
    assert await store.read(session_id) == ()
    await store.append(session_id, progress(), fence=new.fence)
    await store.finish("t1", new.fence, result("t1"), "SUCCESS")


async def test_a_task_ends_once(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(task(session_id))
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    with pytest.raises(ValueError, match="finish"):
        await store.append(session_id, result("t1"), fence=claimed.fence)
    endings = [store.finish("t1", claimed.fence, result("t1"), "SUCCESS") for _ in range(5)]
    outcomes = await asyncio.gather(*endings, return_exceptions=True)
    assert sum(isinstance(outcome, Event) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, LeaseLost) for outcome in outcomes) == 4
    with pytest.raises(LeaseLost):
        await store.append(session_id, progress(), fence=claimed.fence)
    with pytest.raises(LeaseLost):
        await store.renew("t1", claimed.fence, 60)
    assert [event.type for event in await store.read(session_id)] == ["result"]


async def test_a_renewed_lease_is_not_taken_up(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(task(session_id), lease=-1)
    await store.renew_waiting("r1", 60)
    assert await store.claim("r2", 60, take_over=True) is None
    claimed = await store.claim("r1", -1)
    assert claimed is not None
    assert (await store.renew("t1", claimed.fence, 60)).lease_until > claimed.lease_until
    assert await store.claim("r2", 60, take_over=True) is None
    assert await store.abandon("r1") == 1
    assert await store.claim("r2", 60, take_over=True) is not None


async def test_a_cancelled_task_does_not_wait_for_its_turn(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    for number in range(3):
        await store.submit(task(session_id, f"t{number}"))
    running = await store.claim("r1", 60)
    assert running is not None
    assert (await store.request_cancel("t1")).cancel_requested
    claimed = await store.claim("r1", 60)
    assert claimed is not None and claimed.task_id == "t1" and claimed.cancel_requested
    await store.finish("t1", claimed.fence, result("t1", success=False), "REVOKED")
    assert (await store.request_cancel("t1")).status == "REVOKED"
    assert await store.claim("r1", 60) is None
    assert (await store.request_cancel("t0")).cancel_requested
    assert (await store.renew("t0", running.fence, 60)).cancel_requested


async def test_the_line_is_watched_from_here_and_elsewhere(make_store: MakeStore) -> None:
    async with make_store() as here, make_store() as there, aclosing(here.watch_line()) as moves:
        session_id = (await here.create_session("os:ann")).session_id

        async def moved_by(call: Awaitable[object]) -> None:
            """Let the watcher fall silent, make the call, and wait until it is heard of."""
            hearing = asyncio.ensure_future(anext(moves))
            while (await asyncio.wait({hearing}, timeout=0.6))[0]:
                hearing = asyncio.ensure_future(anext(moves))
            await call
            await hearing

        await moved_by(here.submit(task(session_id, "t1")))
        await moved_by(there.submit(task(session_id, "t2")))
        await moved_by(there.request_cancel("t1"))
        await moved_by(there.claim("r1", 60))
        await moved_by(there.finish("t1", 1, result("t1"), "REVOKED"))


async def test_who_may_read_is_watched_from_here_and_elsewhere(make_store: MakeStore) -> None:
    async with make_store() as here, make_store() as there:
        session_id = (await here.create_session("os:ann")).session_id
        other_id = (await here.create_session("os:ann")).session_id
        async with aclosing(here.watch_shares(session_id)) as changes:

            async def heard(call: Awaitable[object]) -> None:
                """Let the watcher fall silent, make the call, and wait until it is heard of."""
                hearing = await silence()
                await call
                await hearing

            async def silence() -> asyncio.Future[None]:
                hearing = asyncio.ensure_future(anext(changes))
                while (await asyncio.wait({hearing}, timeout=0.4))[0]:
                    hearing = asyncio.ensure_future(anext(changes))
                return hearing

            quiet = await silence()
            await there.append(session_id, progress())
            await there.set_grants(other_id, [Grant("read", name="os:bob")])
            assert not (await asyncio.wait({quiet}, timeout=0.4))[0]
            await here.set_grants(session_id, [])
            await quiet
            await heard(here.set_grants(session_id, [Grant("read", name="os:bob")]))
            await heard(there.set_grants(session_id, [Grant("ask", name="os:bob")]))
            await heard(there.set_grants(session_id, []))
        async with aclosing(here.watch_shares(session_id)) as changes:
            await anext(changes)
            waiting = asyncio.ensure_future(anext(changes, "over"))
            await asyncio.sleep(0)
            await here.close()
            assert await waiting in (None, "over")


# --- ledger and counters --------------------------------------------------------------------------------------------


async def test_the_ledger_keeps_requests_word_for_word(store: SessionStore) -> None:
    messages = (ChatMessage("system", "Ты пишешь код."), ChatMessage("user", '{braces} "quotes" \u0000'))
    sent = LedgerEntry("t1", "s1", 1, "openai:m", "schema", messages, "2026-11-20T10:00:00.001Z")
    again = replace(sent, attempt=2, at="2026-11-20T10:00:01.001Z")
    await store.record(sent)
    await store.record(again)
    await store.record(replace(again, task_id="t2"))
    answered = replace(sent, usage=Usage(10, 20, 0.001), outcome="answered")
    await store.record(answered)
    assert await store.ledger("t1") == (answered, again)


async def test_counters_add_up_in_their_window(store: SessionStore) -> None:
    assert await store.add("asks:ann", 2) == 2
    assert await store.add("asks:ann") == 3
    assert await store.add("asks:ann", 0) == 3
    assert await store.add("asks:bob") == 1
    year = 3_155_760_000.0
    assert await store.add("rate", window=year) == 1
    assert await store.add("rate", window=year) == 2
    await store.add("short", 5, window=0.000_001)
    assert await store.add("short", 1, window=0.000_001) == 1


async def test_a_budget_cannot_be_overdrawn(store: SessionStore) -> None:
    granted = await asyncio.gather(*(store.reserve("cost:ann", 0.4, 1.0) for _ in range(5)))
    assert sum(granted) == 2
    assert await store.add("cost:ann", 0.1 - 0.4) == pytest.approx(0.5)
    assert await store.reserve("cost:ann", 0.5, 1.0)
    assert not await store.reserve("cost:ann", 0.01, 1.0)


async def test_what_cannot_be_written_still_reaches_the_readers_here(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.append(session_id, progress())
    reader = asyncio.create_task(take(store, session_id, 3))
    lost = replace(result("t1", success=False), session_id=session_id)
    store.announce(lost)
    await store.append(session_id, progress())
    assert {event.seq for event in await reader} == {1, 2, None}
    assert (await take(store, session_id, 3))[-1] == lost
    assert await store.result("t1") == lost.result
    with pytest.raises(ValueError, match="session"):
        store.announce(result("t1"))


async def test_what_was_announced_is_the_logs_once_it_could_be_written(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.submit(Task("t1", session_id, "os:ann", Question("?"), runner="r"))
    claimed = await store.claim("r", 60)
    assert claimed is not None
    store.announce(replace(result("t1", success=False), session_id=session_id))
    written = await store.finish("t1", claimed.fence, result("t1"), "SUCCESS")
    assert written.result == await store.result("t1")
    assert await take(store, session_id, 1) == [written]
    last = await store.append(session_id, progress())
    assert await take(store, session_id, 2) == [written, last]


# --- shares, saved analyses, feedback, artifacts --------------------------------------------------------------------


async def test_a_session_is_shared_by_name_and_by_link(store: SessionStore) -> None:
    session = await store.create_session("os:ann")
    grants = (Grant("read", name="os:bob"), Grant("ask", name="os:eve"), Grant("read", link="secret"))
    await store.set_grants(session.session_id, grants)
    assert await store.grants(session.session_id) == grants
    assert [(found.session_id, may) for found, may in await store.shared_with("os:eve")] == [
        (session.session_id, "ask")
    ]
    assert (await store.linked("secret"))[1] == "read"
    assert await store.shared_with("") == ()
    await store.set_grants(session.session_id, grants[:1])
    assert await store.shared_with("os:eve") == ()
    with pytest.raises(NotFound):
        await store.linked("secret")
    await store.delete_session(session.session_id)
    assert await store.shared_with("os:bob") == ()


async def test_shares_are_taken_back_one_by_one_or_all_at_once(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await store.remove_grants(session_id, ())
    bob, eve, link = Grant("read", name="os:bob"), Grant("ask", name="os:eve"), Grant("read", link="secret")
    await store.set_grants(session_id, (bob, eve, link))
    with pytest.raises(NotFound):
        await store.remove_grants(session_id, {"os:bob", "os:mallory"})
    assert await store.grants(session_id) == (bob, eve, link)
    await store.remove_grants(session_id, {"os:bob", "secret"})
    assert await store.grants(session_id) == (eve,)
    with pytest.raises(NotFound):
        await store.linked("secret")
    await store.remove_grants(session_id, ())
    assert await store.grants(session_id) == () == await store.shared_with("os:eve")


async def test_shares_that_are_taken_back_at_the_same_time_do_not_come_back(make_store: MakeStore) -> None:
    grants = [Grant("read", name=f"os:{number}") for number in range(12)]
    async with make_store() as one, make_store() as two:
        session_id = (await one.create_session("os:ann")).session_id
        await one.set_grants(session_id, grants)
        stores = (one, two) * 6
        await asyncio.gather(
            *(store.remove_grants(session_id, {grant.name}) for store, grant in zip(stores, grants[:-1], strict=False))
        )
        assert await one.grants(session_id) == (grants[-1],)


async def test_a_saved_analysis_is_kept_replaced_and_removed(store: SessionStore) -> None:
    question = Question("Total?", sources=(Source("s.csv", artifact=ARTIFACT),))
    saved = await store.save_analysis(SavedAnalysis("a1", "os:ann", "Monthly", question, "print(1)"))
    assert saved.created_at and await store.analysis("a1") == saved
    await store.save_analysis(replace(saved, analysis_id="a2"))
    newer = await store.save_analysis(replace(saved, title="Weekly"))
    assert await store.analyses("os:ann") == (newer, await store.analysis("a2"))
    assert await store.artifacts_in_use() == {ARTIFACT}
    await store.delete_analysis("a1")
    await store.delete_analysis("a2")
    assert await store.analyses("os:ann") == ()
    assert await store.artifacts_in_use() == frozenset()


async def test_feedback_is_one_per_person(store: SessionStore) -> None:
    await store.give_feedback(Feedback("t1", "os:ann", False, "wrong month"))
    better = await store.give_feedback(Feedback("t1", "os:ann", True))
    other = await store.give_feedback(Feedback("t1", "os:bob", True, "да"))
    assert await store.feedback("t1") == (better, other)
    assert await store.feedback("t2") == ()


async def test_artifacts_of_events_and_questions_are_in_use(store: SessionStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    other = "artifact:" + "cd" * 32
    asked = replace(task(session_id), question=Question("?", sources=(Source("df", artifact=ARTIFACT),)))
    await store.submit(asked)
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    answered = result("t1")
    assert answered.result is not None
    answered = replace(answered, result=replace(answered.result, plots=(other,)))
    await store.finish("t1", claimed.fence, answered, "SUCCESS")
    assert await store.artifacts_in_use() == {ARTIFACT, other}
