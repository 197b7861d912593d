"""The line of tasks in Redis: who may run what, and until when."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Any, Final

import msgspec

from ..exceptions import LeaseLost, NotFound, StoreError, StoreUnreachable
from ..messages import FINAL, Answer, Event, Status, Task
from . import redis_keys as keys
from .base import MAX_WAITING
from .codec import mentioned_artifacts, read_question, write_json
from .redis_client import RedisClient, awaited
from .redis_log import RedisLog, answer_of, appended, written

MOST_REMEMBERED: Final = 10_000


class RedisLine:
    """The line's calls. A task's session never changes, so it is remembered once it is known."""

    def __init__(self, client: RedisClient, log: RedisLog) -> None:
        self.client = client
        self.log = log
        self._session_of: dict[str, str] = {}

    async def submit(self, task: Task, events: tuple[Event, ...], lease: float) -> Task:
        question = write_json(task.question)
        args: tuple[str | int, ...] = (
            *(task.task_id, task.owner, question, task.runner, round(lease * 1000), int(task.outlives_runner)),
            *(MAX_WAITING, int(task.cancel_requested), len(events)),
            *(part for event in events for part in written(event)),
            *sorted(mentioned_artifacts(question).union(*(mentioned_artifacts(write_json(one)) for one in events))),
        )
        indexes = (keys.TASKS, keys.ALL_TASKS, keys.tasks_of(task.owner), keys.POSITION)
        about = {"session_id": task.session_id, "task_id": task.task_id}
        session = keys.session_keys(task.session_id)
        text = await self.client.write(
            "submit", (*keys.SHARED, *session, *indexes), *args, about=about, expire=self.log.expire
        )
        self._remember(task.task_id, task.session_id)
        return self._task(text, question)

    async def get(self, task_id: str) -> Task:
        found = await self._with_questions([(await self._session(task_id), task_id)])
        if found[0] is None:
            raise NotFound("sessions.no_task", task_id=task_id)
        return found[0]

    async def list_of(self, owner: str | None, session_id: str | None, unfinished: bool, limit: int) -> list[Task]:
        if unfinished:
            return await self._in_line(owner, session_id, limit)
        if session_id is not None:
            found = await self._of_session(session_id)
            return [task for task in found if owner in (None, task.owner)][:limit]
        return await self._of_index(keys.ALL_TASKS if owner is None else keys.tasks_of(owner), limit)

    async def claim(self, runner: str, lease: float, task_id: str | None, take_over: bool) -> Task | None:
        while True:
            args = (runner, round(lease * 1000), task_id or "", int(take_over))
            text = await self.client.write("claim", keys.SHARED, *args)
            if not text:
                return None
            fields = self._fields(text)
            task_key = keys.tasks_key(str(fields["session_id"]))
            name = f"q:{fields['task_id']}"
            question = await self.client.run(lambda redis: awaited(redis.hget(task_key, name)))  # noqa: B023
            if question is not None:
                self._remember(str(fields["task_id"]), str(fields["session_id"]))
                return self._task(text, str(question))
            await self._drop(str(fields["session_id"]), str(fields["task_id"]))

    async def renew(self, task_id: str, fence: int, lease: float) -> Task:
        session_id = await self._session(task_id, LeaseLost("sessions.lease_lost", task_id=task_id))
        text = await self._write("renew", session_id, task_id, fence, round(lease * 1000))
        return await self._whole(session_id, task_id, text)

    async def renew_waiting(self, runner: str, lease: float) -> None:
        answer = await self.client.write("renew_waiting", keys.SHARED, runner, round(lease * 1000))
        await self.log.keep(sorted(set(answer.split())))

    async def abandon(self, runner: str) -> int:
        return int(await self.client.write("abandon", keys.SHARED, runner))

    async def request_cancel(self, task_id: str) -> Task:
        session_id = await self._session(task_id)
        return await self._whole(session_id, task_id, await self._write("request_cancel", session_id, task_id))

    async def finish(self, task_id: str, fence: int, event: Event, status: Status, patience: float) -> Event:
        """Write a task's end behind what waits of its session; unwritten for too long, it waits on all the same."""
        until = time.monotonic() + patience
        session_id = await self._session(task_id, LeaseLost("sessions.lease_lost", task_id=task_id), until=until)
        _, kind, body = written(event)
        args: tuple[str | int, ...] = (fence, kind, body, status, *mentioned_artifacts(body))
        call = uuid.uuid4().hex

        async def send(until: float) -> str:
            return await self._write("finish", session_id, task_id, *args, until=until, call=call)

        left = max(until - time.monotonic(), 0.0)
        answer = await self.log.writers.write(session_id, send, size=len(body), patience=left)
        if answer is None:
            raise StoreUnreachable("sessions.redis_gone", where=self.client.address.where)
        return appended(event, session_id, answer)

    async def result(self, task_id: str) -> Answer | None:
        try:
            session_id = await self._session(task_id)
        except NotFound:
            return None
        body = await self.client.read("result", (*keys.SHARED, *keys.session_keys(session_id)), task_id)
        return None if body is None else answer_of(str(body), self.client.address.where)

    # --- lists ------------------------------------------------------------------------------------------------------

    async def _in_line(self, owner: str | None, session_id: str | None, limit: int) -> list[Task]:
        line = await self.client.run(lambda redis: awaited(redis.hgetall(keys.LINE)))
        wanted = [
            fields
            for fields in map(self._fields, map(str, line.values()))
            if owner in (None, fields["owner"]) and session_id in (None, fields["session_id"])
        ]
        wanted.sort(key=lambda fields: fields["position"], reverse=True)
        pairs = [(str(fields["session_id"]), str(fields["task_id"])) for fields in wanted[:limit]]
        found = await self._with_questions(pairs)
        for pair, task in zip(pairs, found, strict=True):
            if task is None:
                await self._drop(*pair)
        return [task for task in found if task is not None and task.status not in FINAL]

    async def _of_session(self, session_id: str) -> list[Task]:
        key = keys.tasks_key(session_id)
        names = await self.client.run(lambda redis: awaited(redis.hkeys(key)))
        pairs = [(session_id, str(name)[2:]) for name in names if str(name).startswith("m:")]
        found = await self._with_positions(pairs)
        return [task for _, task in sorted(found, key=lambda one: one[0], reverse=True)]

    async def _of_index(self, index: str, limit: int) -> list[Task]:
        """Return the last tasks of an index; those whose sessions are gone leave it."""
        tasks: list[Task] = []
        start = 0
        while len(tasks) < limit:
            first, last = start, start + limit - 1
            members = await self.client.run(lambda redis: awaited(redis.zrevrange(index, first, last)))  # noqa: B023
            pairs = [(one[0], one[2]) for one in (str(member).partition(" ") for member in members)]
            found = await self._with_questions(pairs)
            gone = [" ".join(pair) for pair, task in zip(pairs, found, strict=True) if task is None]
            await self.log.prune("zset", index, gone)
            tasks += [task for task in found if task is not None]
            start += len(members) - len(gone)
            if len(members) < limit:
                break
        return tasks[:limit]

    async def _with_questions(self, pairs: list[tuple[str, str]]) -> list[Task | None]:
        rows = await self._rows(pairs)
        return [None if last is None else self._task(now or last, question) for now, last, question in rows]

    async def _with_positions(self, pairs: list[tuple[str, str]]) -> list[tuple[int, Task]]:
        rows = await self._rows(pairs)
        return [
            (int(self._fields(last)["position"]), self._task(now or last, question))
            for now, last, question in rows
            if last is not None
        ]

    async def _rows(self, pairs: list[tuple[str, str]]) -> list[tuple[str | None, str | None, str]]:
        """Return of each task how it stands in the line, how it stood last in its session, and its question."""
        if not pairs:
            return []

        async def work(redis: Any) -> list[Any]:
            async with redis.pipeline(transaction=True) as pipe:
                for session_id, task_id in pairs:
                    pipe.hget(keys.LINE, task_id)
                    pipe.hmget(keys.tasks_key(session_id), [f"m:{task_id}", f"q:{task_id}"])
                return list(await pipe.execute())

        flat = await self.client.run(work)
        return [(now, last, question or "") for now, (last, question) in zip(flat[0::2], flat[1::2], strict=True)]

    # --- within -----------------------------------------------------------------------------------------------------

    async def _write(
        self,
        name: str,
        session_id: str,
        task_id: str,
        *args: str | int,
        until: float | None = None,
        call: str | None = None,
    ) -> str:
        about = {"session_id": session_id, "task_id": task_id}
        session = keys.session_keys(session_id)
        return await self.client.write(
            name, (*keys.SHARED, *session), task_id, *args, about=about, expire=self.log.expire, until=until, call=call
        )

    async def _whole(self, session_id: str, task_id: str, text: str) -> Task:
        rows = await self._rows([(session_id, task_id)])
        return self._task(text, rows[0][2])

    async def _drop(self, session_id: str, task_id: str) -> None:
        """Take a task out of the line whose session has expired, or was lost."""
        await self._write("drop", session_id, task_id)

    async def _session(self, task_id: str, otherwise: StoreError | None = None, until: float | None = None) -> str:
        """Return a task's session; raises `otherwise`, else NotFound, when there is no such task."""
        if task_id not in self._session_of:
            found = await self.client.run(lambda redis: awaited(redis.hget(keys.TASKS, task_id)), until=until)
            if found is None:
                raise otherwise or NotFound("sessions.no_task", task_id=task_id)
            self._remember(task_id, str(found))
        return self._session_of[task_id]

    def _remember(self, task_id: str, session_id: str) -> None:
        if len(self._session_of) >= MOST_REMEMBERED:
            self._session_of.clear()
        self._session_of[task_id] = session_id

    def _fields(self, text: str) -> dict[str, Any]:
        return keys.fields_of(text, self.client.address.where)

    def _task(self, text: str, question: str) -> Task:
        fields = self._fields(text)
        try:
            fields["lease_until"] = fields["lease_until"] / 1000
            task = Task.from_dict(fields | {"question": {"text": ""}})
        except (KeyError, TypeError, msgspec.MsgspecError):
            raise StoreError("sessions.newer_entry", path=self.client.address.where) from None
        return replace(task, question=read_question(question))
