"""When and where a question runs: the queue's interface, and the run itself, which never raises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from ..messages import Question, Task


class TaskQueue(ABC):
    """Takes questions and sees to it that each runs once, in its session's order."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    async def start(self) -> None:
        """Begin to run tasks; called once, on the loop that all later calls come from."""

    @abstractmethod
    async def submit(self, question: Question, *, session_id: str, owner: str, outlives_runner: bool = False) -> Task:
        """Put a question in its session's line; its events come through ``store.follow(session_id)``.

        With `outlives_runner` another runner takes the task up when this process is gone; without, it then ends as
        REVOKED. Raises Busy when the line is full, NotFound when there is no such session.
        """

    @abstractmethod
    async def cancel(self, task_id: str) -> Task:
        """Stop a task, waiting or running, wherever it runs; returns at once, the result event follows."""

    @abstractmethod
    async def stop(self) -> None:
        """End what runs here: a task that outlives its runner is left to others, any other ends as REVOKED."""
