"""What only the shared store does: expiry, other processes, many readers, and what it leaves in Redis."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from redis_server import RedisServer

from csvagent_jupyter.exceptions import BadInput, NotFound
from csvagent_jupyter.messages import (
    Answer,
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
)
from csvagent_jupyter.sessions.redis import RedisStore

ARTIFACT = "artifact:" + "ab" * 32


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[RedisStore]:
    async with RedisStore(redis_server.url) as opened:
        yield opened


def progress(text: str = "…", task_id: str = "t1") -> Event:
    return Event("progress", task_id, status="PROCESSING", meta=Progress(text, "generating"))


async def take(store: RedisStore, session_id: str, count: int) -> list[Event]:
    async with aclosing(store.follow(session_id)) as events:
        return [await anext(events) for _ in range(count)]


async def fill(store: RedisStore, session_id: str) -> None:
    """Put something into each of the session's keys."""
    asked = Question("?", sources=(Source("df", artifact=ARTIFACT),))
    await store.submit(Task("t1", session_id, "os:ann", asked, runner="r1"), progress())
    claimed = await store.claim("r1", 60)
    assert claimed is not None
    answer = Answer(True, "t1", question="?", text_output="42")
    await store.finish("t1", claimed.fence, Event("result", "t1", status="success", result=answer), "SUCCESS")
    message = (ChatMessage("user", "?"),)
    await store.record(LedgerEntry("t1", session_id, 1, "openai:m", "schema", message, "2026-11-20T10:00:00.001Z"))
    await store.set_grants(session_id, [Grant("read", name="os:bob"), Grant("ask", link="secret")])


async def test_a_session_is_json_with_an_expiry_and_its_log_a_stream(
    redis_server: RedisServer, store: RedisStore
) -> None:
    session = await store.create_session("os:ann", title="Продажи", language="ru")
    await store.append(session.session_id, progress())
    with redis_server.client() as client:
        text = client.get(f"session:{session.session_id}")
        assert json.loads(str(text)).items() >= {"owner": "os:ann", "title": "Продажи", "language": "ru"}.items()
        assert client.type(f"session:{session.session_id}:events") == "stream"
        assert 3_590_000 < client.pttl(f"session:{session.session_id}") <= 3_600_000  # type: ignore[operator]


async def test_every_use_puts_the_end_off_for_all_that_the_session_has(
    redis_server: RedisServer, store: RedisStore
) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    await fill(store, session_id)
    await store.submit(Task("t2", session_id, "os:ann", Question("?"), runner="r1"))
    with redis_server.client() as client:
        own = sorted(str(key) for key in client.keys(f"session:{session_id}*"))  # type: ignore[union-attr]
        assert len(own) == 7
        assert all(client.pttl(key) > 3_500_000 for key in own)  # type: ignore[operator]
        claimed = await store.claim("r2", 60, take_over=True)
        assert claimed is None
        for use in (
            lambda: store.append(session_id, progress()),
            lambda: store.touch_session(session_id),
            lambda: store.renew_waiting("r1", 60),
        ):
            for key in own:
                client.pexpire(key, 60_000)
            await use()
            assert all(client.pttl(key) > 3_500_000 for key in own)  # type: ignore[operator]
        session = await store.session(session_id)
    assert session.expires_at is not None and session.expires_at > session.updated_at


async def test_an_expired_session_is_gone_with_all_it_had_and_analyses_stay(redis_server: RedisServer) -> None:
    async with RedisStore(redis_server.url, expire_seconds=0.4) as store:
        session_id = (await store.create_session("os:ann", session_id="short")).session_id
        await fill(store, session_id)
        saved = await store.save_analysis(SavedAnalysis("a1", "os:ann", "Monthly", Question("?"), "print(1)"))
        said = await store.give_feedback(Feedback("t1", "os:ann", True))
        await store.submit(Task("t2", session_id, "os:ann", Question("?"), runner="r1"))
        with pytest.raises(NotFound) as caught:
            async with asyncio.timeout(60):
                async with aclosing(store.follow(session_id)) as events:
                    async for _ in events:
                        with redis_server.client() as client:
                            while client.exists(f"session:{session_id}"):
                                await asyncio.sleep(0.05)
                        store._wakeups.ring((session_id,))
        assert caught.value.key == "sessions.session_gone"
        assert await store.sessions("os:ann") == () and await store.tasks() == () == await store.tasks(owner="os:ann")
        assert await store.shared_with("os:bob") == () and await store.ledger("t1") == ()
        for call in (store.session(session_id), store.task("t1"), store.linked("secret"), store.grants(session_id)):
            with pytest.raises(NotFound):
                await call
        assert await store.result("t1") is None and await store.artifacts_in_use() == frozenset()
        assert await store.claim("r1", 60) is None and await store.tasks(unfinished=True) == ()
        assert await store.analysis("a1") == saved and await store.feedback("t1") == (said,)
        assert (await store.create_session("os:eve", session_id="short")).owner == "os:eve"
        assert await store.read("short") == () and await store.sessions("os:ann") == ()


async def test_what_expired_leaves_the_indexes(redis_server: RedisServer, store: RedisStore) -> None:
    living = (await store.create_session("os:ann", session_id="living")).session_id
    gone = (await store.create_session("os:ann", session_id="gone")).session_id
    await store.submit(Task("t0", living, "os:ann", Question("?"), runner="r1"))
    await store.claim("r1", 60)
    await fill(store, gone)
    with redis_server.client() as client:
        client.delete(*client.keys("session:gone*"))  # type: ignore[misc]
        await store._books.tidy()
        assert client.hgetall("csvagent:tasks") == {"t0": "living"}
        assert client.zrange("csvagent:tasks-of-all", 0, -1) == ["living t0"]
        assert client.zrange("csvagent:tasks-of:os:ann", 0, -1) == ["living t0"]
        assert client.smembers("csvagent:sessions-of:os:ann") == {"living"}
        left = {str(key) for key in client.keys("csvagent:*")}  # type: ignore[union-attr]
    assert not left & {"csvagent:links", "csvagent:ledgers", "csvagent:shared-with:os:bob"}


async def test_a_deleted_session_can_be_restored_until_it_expires(redis_server: RedisServer) -> None:
    async with RedisStore(redis_server.url, expire_seconds=None) as store:
        session_id = (await store.create_session("os:ann")).session_id
        with redis_server.client() as client:
            assert client.pttl(f"session:{session_id}") == -1
            await store.delete_session(session_id)
            assert 0 < client.pttl(f"session:{session_id}") <= 86_400_000  # type: ignore[operator]
            assert (await store.restore_session(session_id)).expires_at is None
            assert client.pttl(f"session:{session_id}") == -1


WRITER = """
import asyncio, sys
from csvagent_jupyter.messages import Event, Progress
from csvagent_jupyter.sessions.redis import RedisStore

async def main():
    async with RedisStore() as store:
        sys.stdin.readline()
        for number in range(int(sys.argv[2])):
            await store.append(sys.argv[1], Event("progress", "there", meta=Progress(str(number), "generating")))

asyncio.run(main())
"""


async def test_two_processes_see_each_other_live(redis_server: RedisServer, store: RedisStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, session_id, "50"),
        env=os.environ | redis_server.environment,
        stdin=asyncio.subprocess.PIPE,
    )
    reading = asyncio.create_task(take(store, session_id, 100))
    assert other.stdin is not None
    other.stdin.write(b"go\n")
    for number in range(50):
        await store.append(session_id, progress(str(number), "here"))
    seen = await reading
    assert await other.wait() == 0
    assert [event.seq for event in seen] == list(range(1, 101))
    for name in ("here", "there"):
        texts = [event.meta.status for event in seen if event.task_id == name and event.meta]
        assert texts == [str(number) for number in range(50)]


async def test_a_hundred_readers_cost_one_connection_and_one_read_each_time(
    redis_server: RedisServer, store: RedisStore
) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    seen = [0] * 100

    async def read_all(reader: int) -> list[int | None]:
        numbers = []
        async with aclosing(store.follow(session_id)) as events:
            async for event in events:
                numbers.append(event.seq)
                seen[reader] = len(numbers)
                if len(numbers) == 30:
                    return numbers
        return numbers

    reading = [asyncio.create_task(read_all(reader)) for reader in range(100)]
    with redis_server.client() as client:
        for number in range(30):
            if number == 1:
                before = int(client.info("commandstats")["cmdstat_evalsha"]["calls"])  # type: ignore[index]
            await store.append(session_id, progress(str(number)))
            async with asyncio.timeout(30):
                while min(seen) <= number:
                    await asyncio.sleep(0)
        calls = int(client.info("commandstats")["cmdstat_evalsha"]["calls"]) - before  # type: ignore[index]
        connections = [one for one in client.client_list() if one["sub"] != "0"]
    assert await asyncio.gather(*reading) == [list(range(1, 31))] * 100
    assert calls < 29 * 4 and len(connections) <= 1


async def test_writes_of_one_process_keep_their_order(store: RedisStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    written = await asyncio.gather(*(store.append(session_id, progress(str(number))) for number in range(100)))
    assert [event.seq for event in written] == list(range(1, 101))
    texts = [event.meta.status for event in await store.read(session_id) if event.meta]
    assert texts == [str(number) for number in range(100)]


async def test_very_many_processes_may_have_written(redis_server: RedisServer, store: RedisStore) -> None:
    session_id = (await store.create_session("os:ann")).session_id
    for number in range(250):
        store._log._name = f"writer{number}"
        await store.append(session_id, progress(str(number)))
    assert (await store.session(session_id)).session_id == session_id
    assert [event.seq for event in await store.read(session_id)] == list(range(1, 251))
    with redis_server.client() as client:
        assert len(str(client.get(f"session:{session_id}"))) < 20_000


async def test_a_shorter_log_is_read_on_from_its_end(redis_server: RedisServer, store: RedisStore) -> None:
    """As after the fall of a host: what Redis wrote in its last second is not there."""
    session_id = (await store.create_session("os:ann")).session_id
    async with aclosing(store.follow(session_id)) as events:
        await store.append(session_id, progress("1"))
        assert (await anext(events)).seq == 1
        with redis_server.client() as client:
            text = str(client.get(f"session:{session_id}"))
            for number in (2, 3):
                await store.append(session_id, progress(str(number)))
                assert (await anext(events)).seq == number
            client.set(f"session:{session_id}", text)
            client.delete(f"session:{session_id}:events", f"session:{session_id}:index")
        waiting = asyncio.ensure_future(anext(events))
        store._wakeups.ring((session_id,))
        while store._reads._under_way or store._reads._gathering:
            await asyncio.sleep(0.01)
        await asyncio.wait({waiting}, timeout=0.1)
        assert (await store.append(session_id, progress("two again"))).seq == 2
        assert (await waiting).seq == 2


async def test_a_link_opens_one_session_alone(store: RedisStore) -> None:
    one, two = [(await store.create_session("os:ann")).session_id for _ in range(2)]
    await store.set_grants(one, [Grant("read", link="secret")])
    await store.set_grants(one, [Grant("ask", link="secret"), Grant("read", name="os:\udcff")])
    with pytest.raises(BadInput):
        await store.set_grants(two, [Grant("read", link="secret")])
    assert (await store.linked("secret"))[0].session_id == one
    await store.set_grants(one, ())
    await store.set_grants(two, [Grant("read", link="secret")])
    assert (await store.linked("secret"))[0].session_id == two


async def test_the_books_do_not_mix_people(store: RedisStore) -> None:
    saved = await store.save_analysis(SavedAnalysis("a1", "os:ann", "x", Question("?"), "1"))
    await store.save_analysis(replace(saved, owner="os:bob"))
    assert await store.analyses("os:ann") == ()
    assert [one.owner for one in await store.analyses("os:bob")] == ["os:bob"]


def test_redis_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, csvagent_jupyter.sessions.redis, csvagent_jupyter.settings; assert 'redis' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
