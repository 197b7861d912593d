"""Whose turn it is: nobody's many questions hold up another's one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ..messages import Task


class Turns:
    """Orders owners as a store's `claim` does, for tasks that are taken up one by one, by their ids."""

    def __init__(self) -> None:
        self._served: dict[str, float] = {}

    def took(self, task: Task) -> None:
        """Note that a task of its owner begins."""
        self._served[task.owner] = time.monotonic()

    def next(self, unfinished: Sequence[Task], choice: Collection[str], running: Iterable[Task]) -> Task | None:
        """Return the task of `choice` that is to begin; None when each waits for an earlier one of its session.

        The owner with the fewest of the `running` tasks goes first, then who was served longest ago; of one owner's
        tasks the oldest. `unfinished` are all tasks in the line, the last submitted first.
        """
        first: dict[str, Task] = {}
        for task in reversed(unfinished):
            first.setdefault(task.session_id, task)
        busy = Counter(task.owner for task in running)
        ready = [task for task in first.values() if task.task_id in choice]
        return min(ready, key=lambda task: (busy[task.owner], self._served.get(task.owner, 0.0)), default=None)
