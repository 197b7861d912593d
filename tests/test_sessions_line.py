"""The line of tasks under any order of calls: what must hold after each of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_server import RedisServer

from csvagent_jupyter.exceptions import Busy, LeaseLost
from csvagent_jupyter.messages import Answer, Event, Progress, Question, Task
from csvagent_jupyter.sessions.base import SessionStore
from csvagent_jupyter.sessions.redis import RedisStore
from csvagent_jupyter.sessions.sqlite import SQLiteStore

SESSIONS = ("s0", "s1")
RUNNERS = ("r0", "r1", "r2")

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["submit", "claim", "take over", "append", "renew", "cancel", "finish", "abandon", "old fence"]
        ),
        st.integers(0, 5),
    ),
    min_size=10,
    max_size=60,
)


@dataclass
class Room:
    """Runners who claim, work and finish as they are told, and what each of them holds."""

    stores: tuple[SessionStore, ...]
    held: list[Task] = field(default_factory=list)
    lost: list[Task] = field(default_factory=list)
    submitted: int = 0

    async def take(self, word: str, number: int) -> None:
        store, runner = self.stores[number % 2], RUNNERS[number % 3]
        held = self.held[number % len(self.held)] if self.held else None
        if word == "submit":
            await self._submit(store, SESSIONS[number % 2], runner)
        elif word in ("claim", "take over"):
            if word == "take over":
                await asyncio.gather(*(store.abandon(other) for other in RUNNERS))
            claimed = await store.claim(runner, 60, take_over=word == "take over")
            if claimed is not None:
                self.lost += [task for task in self.held if task.task_id == claimed.task_id]
                self.held = [task for task in self.held if task.task_id != claimed.task_id] + [claimed]
        elif held is not None:
            await self._work(store, word, held)
        if self.lost:
            await self._speak_late(store, self.lost[number % len(self.lost)])

    async def _submit(self, store: SessionStore, session_id: str, runner: str) -> None:
        self.submitted += 1
        try:
            await store.submit(Task(f"t{self.submitted}", session_id, f"os:{runner}", Question("?"), runner=runner))
        except Busy:
            assert len(await store.tasks(session_id=session_id, unfinished=True)) == 11

    async def _work(self, store: SessionStore, word: str, task: Task) -> None:
        if word == "append":
            event = Event("progress", task.task_id, meta=Progress("…", "generating"))
            await store.append(task.session_id, event, fence=task.fence)
        elif word == "renew":
            await store.renew(task.task_id, task.fence, 60)
        elif word == "cancel":
            await store.request_cancel(task.task_id)
        elif word == "finish":
            await store.finish(task.task_id, task.fence, _result(task), "SUCCESS")
            self.held.remove(task)

    async def _speak_late(self, store: SessionStore, task: Task) -> None:
        for call in (
            store.renew(task.task_id, task.fence, 60),
            store.append(task.session_id, Event("progress", task.task_id), fence=task.fence),
            store.finish(task.task_id, task.fence, _result(task), "SUCCESS"),
        ):
            try:
                await call
            except LeaseLost:
                continue
            raise AssertionError("an old fence was let through")

    async def check(self) -> None:
        """At most one task of a session runs besides those that are only claimed to be cancelled."""
        tasks = await self.stores[0].tasks(limit=1_000)
        running = [task for task in tasks if task.status == "PROCESSING"]
        assert {(task.task_id, task.fence) for task in running} == {(task.task_id, task.fence) for task in self.held}
        working = Counter(task.session_id for task in running if not task.cancel_requested)
        assert all(count == 1 for count in working.values())
        for session_id in SESSIONS:
            events = await self.stores[1].read(session_id)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            ends = Counter(event.task_id for event in events if event.type == "result")
            assert ends == Counter(
                task.task_id for task in tasks if task.status == "SUCCESS" and task.session_id == session_id
            )


def _result(task: Task) -> Event:
    return Event("result", task.task_id, status="success", result=Answer(True, task.task_id))


async def _walk(make_store: Callable[[], SessionStore], steps: list[tuple[str, int]]) -> None:
    async with make_store() as one, make_store() as two:
        for session_id in SESSIONS:
            await one.create_session("os:ann", session_id=session_id)
        room = Room((one, two))
        for word, number in steps:
            await room.take(word, number)
            await room.check()


@settings(max_examples=40, deadline=None)
@given(steps)
def test_the_line_holds_under_any_order_of_calls(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_walk(lambda: SQLiteStore(Path(folder) / "sessions.sqlite"), steps))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_the_line_holds_in_redis_too(redis_server: RedisServer, steps: list[tuple[str, int]]) -> None:
    with redis_server.client() as client:
        client.flushall()
    asyncio.run(_walk(lambda: RedisStore(redis_server.url), steps))
