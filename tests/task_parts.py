"""Parts for the tests of tasks: an agent that does what a test tells it, step by step, and a desk for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from csvagent_jupyter.agent.desk import Desk
from csvagent_jupyter.messages import Answer, AnswerError, Event, Progress, Question, Task
from csvagent_jupyter.sessions.base import SessionStore

Script = Callable[["Agent"], AsyncGenerator[Event, None]]


class Agent:
    """Stands where `agent.loop.Run` does; `script` is its walk."""

    def __init__(self, script: Script, question: Question, desk: Desk) -> None:
        self.script = script
        self.question = question
        self.desk = desk
        self.halted = asyncio.Event()

    async def events(self) -> AsyncGenerator[Event, None]:
        async with aclosing(self.script(self)) as steps:
            async for step in steps:
                yield step

    def cancelled_answer(self) -> Answer:
        error = AnswerError("cancelled", "Stopped.")
        return Answer(False, self.desk.task_id, self.desk.session_id, text_output="half", error=error)

    def progress(self, **meta: Any) -> Event:
        return Event(
            "progress", self.desk.task_id, status="PROCESSING", meta=Progress("…", **{"stage": "generating"} | meta)
        )

    def result(self, **answer: Any) -> Event:
        fields = {"success": True, "task_id": self.desk.task_id, "question": self.question.text} | answer
        return Event(
            "result", self.desk.task_id, status="success" if fields["success"] else "error", result=Answer(**fields)
        )


async def prepare(task: Task) -> Desk:
    """Lay out a desk with nothing on it: the agents of these tests need no model and no kernel."""

    async def nothing(*_: object) -> Any:
        raise AssertionError("the test's agent asks for nothing")

    return Desk(
        task_id=task.task_id,
        session_id=task.session_id,
        model=None,
        acquire=nothing,
        release=nothing,
        open_source=nothing,
        keep=nothing,
        record=nothing,
    )


async def answer_at_once(agent: Agent) -> AsyncGenerator[Event, None]:
    yield agent.progress()
    yield agent.result(text_output=agent.question.text)


async def wait_for_ever(agent: Agent) -> AsyncGenerator[Event, None]:
    yield agent.progress(code_delta="x = ")
    try:
        await asyncio.Event().wait()
    finally:
        agent.halted.set()
    yield agent.result()


async def until(store: SessionStore, session_id: str, count: int = 1, kind: str = "result") -> list[Event]:
    """Follow the session's log until `count` events of a kind are there; return all of them."""
    found: list[Event] = []
    async with aclosing(store.follow(session_id)) as events:
        async for event in events:
            found.append(event)
            if sum(event.type == kind for event in found) == count:
                break
    return found


def store_path(folder: Path) -> Path:
    return folder / "store" / "sessions.sqlite"
