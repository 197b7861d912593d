"""For who looks after the server and who asks it: health, figures, log lines."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from tornado.web import authenticated

from ..exceptions import NotFound
from ..messages import FINAL, Task
from ..sessions.ownership import kernel_key
from .handler import CSVAgentAPIHandler
from .health import Health
from .journal import Journal
from .metrics import Metrics

if TYPE_CHECKING:
    from ..manager import CSVAgentManager
    from .app import CSVAgentExtension

MOST_COUNTED: Final = 1_000
MOST_REMEMBERED: Final = 20_000
AT_A_TIME: Final = 50


@dataclass(frozen=True, slots=True)
class Spent:
    """What one task has taken."""

    attempts: int
    input_tokens: int
    output_tokens: int
    cost: float | None


class Monitor:
    """Looks on: the observers of the queue, and what they and the parts have to tell."""

    def __init__(self, extension: CSVAgentExtension) -> None:
        self.metrics = Metrics()
        self.health = Health(extension)
        self.journal = Journal(extension.log)
        self._extension = extension
        self._spent: OrderedDict[str, Spent] = OrderedDict()
        self._is_started = False
        self.metrics.gauge("kernels", "Dedicated kernels of this process.", lambda: self._number("kernels"))
        self.metrics.gauge("running_tasks", "Tasks that run in this process.", lambda: self._number("running"))
        self.metrics.gauge(
            "waiting_tasks", "Tasks put in line by this process that wait.", lambda: self._number("waiting")
        )
        self.metrics.gauge("readers", "Readers of events, over SSE and WebSocket.", lambda: extension.feeds.readers)

    def start(self) -> None:
        """Join Jupyter's metrics and log."""
        self._is_started = True
        self.metrics.start()
        self.journal.start(as_json=self._extension.log_json)

    def watch(self, manager: CSVAgentManager) -> None:
        """Be told of what the queue of a manager does; called before it starts."""
        manager.observers += [self.metrics.observe, self.journal.observe]

    async def stop(self) -> None:
        """Leave Jupyter's metrics and log."""
        await self.health.close()
        if self._is_started:
            self._is_started = False
            self.metrics.stop()
            self.journal.stop()

    def _number(self, what: str) -> int:
        manager = self._extension.opened
        if manager is None:
            return 0
        if what == "kernels":
            return len(manager.workshop.kernels)
        return manager.queue.running if what == "running" else manager.queue.waiting

    async def spent(self, manager: CSVAgentManager, task: Task) -> Spent | None:
        """Return what an ended task has taken, None when nobody knows any more; it is read once."""
        if task.status not in FINAL:
            return None
        if task.task_id not in self._spent:
            try:
                answer = await manager.store.result(task.task_id)
            except NotFound:
                return None
            if answer is None:
                return None
            usage = answer.usage
            self._spent[task.task_id] = Spent(
                answer.attempts_count, usage.input_tokens, usage.output_tokens, usage.cost
            )
            if len(self._spent) > MOST_REMEMBERED:
                self._spent.popitem(last=False)
        return self._spent[task.task_id]


class HealthHandler(CSVAgentAPIHandler):
    _track_activity = False

    @allow_unauthenticated
    async def get(self) -> None:
        """Tell how the server is: to anybody in one word, to who is signed in part by part."""
        report = await self.extension.monitor.health.report()
        shown = report.to_dict(self.language) if await self._may_read() else {"status": report.status}
        self.set_header("Cache-Control", "no-store")
        self.reply(shown, 503 if report.status == "unhealthy" else 200)

    async def _may_read(self) -> bool:
        user = self.current_user
        return bool(user and await ensure_async(self.authorizer.is_authorized(self, user, "read", self.auth_resource)))


class StatsHandler(CSVAgentAPIHandler):
    _track_activity = False

    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """Sum up the last questions of who asks: how they ended, attempts, tokens, and what waits."""
        manager = await self.manager()
        tasks = await manager.store.tasks(owner=self.owner, limit=MOST_COUNTED)
        spent = await self._spent(manager, tasks)
        by_status = Counter(task.status for task in tasks)
        decided = by_status["SUCCESS"] + by_status["FAILURE"]
        attempts = sum(one.attempts for one in spent)
        costs = [one.cost for one in spent if one.cost is not None]
        sessions = await manager.access.sessions(self.owner, self.link)
        keys = {kernel_key(session, self.owner) for session, _ in sessions}
        shown: dict[str, Any] = {
            "tasks": {"total": len(tasks), **{name: by_status[name] for name in _STATUSES}},
            "success_rate": by_status["SUCCESS"] / decided if decided else None,
            "attempts": {"total": attempts, "mean": attempts / len(spent) if spent else None},
            "tokens": {
                "input": sum(one.input_tokens for one in spent),
                "output": sum(one.output_tokens for one in spent),
                "cost": sum(costs) if costs else None,
            },
            "queue": {"waiting": by_status["PENDING"], "running": by_status["PROCESSING"]},
            "kernels": sum(key in manager.workshop.kernels for key in keys),
            "at_most": MOST_COUNTED,
        }
        self.reply(shown)

    async def _spent(self, manager: CSVAgentManager, tasks: tuple[Task, ...]) -> list[Spent]:
        monitor = self.extension.monitor
        found: list[Spent | None] = []
        for begin in range(0, len(tasks), AT_A_TIME):
            some = tasks[begin : begin + AT_A_TIME]
            found += await asyncio.gather(*(monitor.spent(manager, task) for task in some))
        return [one for one in found if one is not None]


_STATUSES: Final = ("PENDING", "PROCESSING", "SUCCESS", "FAILURE", "REVOKED")

ROUTES: Final[tuple[tuple[str, type], ...]] = (
    (r"health", HealthHandler),
    (r"api/stats", StatsHandler),
)
