"""The figures of this server on Jupyter's own Prometheus page, all of them named ``csvagent_…``.

No label has more than a handful of values, and none comes from a question, a file, a model or a person.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, get_args

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

from ..messages import FINAL, Stage
from ..tasks.outcome import STATUSES

if TYPE_CHECKING:
    from prometheus_client import Metric

    from ..messages import Answer, Event, Task

STAGE_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
TASK_ATTEMPTS: Final = (1, 2, 3, 5, 10)
MOST_FOLLOWED: Final = 10_000


class Metrics(Collector):
    """Counts what the queue of this process writes down; `observe` is its observer."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._stages: OrderedDict[str, tuple[Stage, float]] = OrderedDict()
        self._asked = Counter("csvagent_questions", "Questions put in line.", registry=registry)
        self._ended = Counter(
            "csvagent_tasks", "Tasks that have ended, by their status.", ["status"], registry=registry
        )
        self._seconds = Histogram(
            "csvagent_stage_seconds",
            "Seconds that tasks spent in each stage.",
            ["stage"],
            buckets=STAGE_SECONDS,
            registry=registry,
        )
        self._attempts = Histogram(
            "csvagent_task_attempts", "Attempts of each task.", buckets=TASK_ATTEMPTS, registry=registry
        )
        self._tokens = Counter("csvagent_tokens", "Tokens of all models.", ["direction"], registry=registry)
        self._cost = Counter("csvagent_cost_dollars", "US dollars, as far as prices are known.", registry=registry)
        self._refusals = Counter(
            "csvagent_refusals", "Requests that were refused, by the reason.", ["reason"], registry=registry
        )
        for status in FINAL:
            self._ended.labels(status)
        for direction in ("input", "output"):
            self._tokens.labels(direction)

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Show what `value` returns at the moment when the page is read."""
        Gauge(f"csvagent_{name}", about, registry=self._registry).set_function(value)

    def start(self) -> None:
        """Join Jupyter's page."""
        REGISTRY.register(self)

    def stop(self) -> None:
        """Leave it again."""
        REGISTRY.unregister(self)

    def describe(self) -> list[Metric]:
        """Claim no names: in the tests two servers may be in one process."""
        return []

    def collect(self) -> Iterator[Metric]:
        return iter(list(self._registry.collect()))

    # --- what happens -------------------------------------------------------------------------------------------------

    def observe(self, task: Task, event: Event) -> None:
        """Take note of one event of a task."""
        if event.type == "task_started":
            self._asked.inc()
        elif event.meta is not None:
            self._enter(task.task_id, event.meta.stage)
        elif event.type == "result":
            self._enter(task.task_id, None)
            self._ended.labels(STATUSES[event.status or "error"]).inc()
            if event.result is not None:
                self._count(event.result)

    def refused(self, reason: str) -> None:
        """Count a refusal; `reason` is a word of ours, or the number of an HTTP status."""
        self._refusals.labels(reason).inc()

    def _enter(self, task_id: str, stage: Stage | None) -> None:
        """Begin a task's next stage, None for its end, and count the seconds of the last one."""
        now = time.monotonic()
        before = self._stages.get(task_id)
        if before is not None:
            if before[0] == stage:
                return
            self._seconds.labels(before[0]).observe(now - before[1])
        self._stages.pop(task_id, None)
        if stage in get_args(Stage):
            self._stages[task_id] = (stage, now)  # type: ignore[assignment]
        # A task that was left to another runner never ends here.
        if len(self._stages) > MOST_FOLLOWED:
            self._stages.popitem(last=False)

    def _count(self, answer: Answer) -> None:
        self._attempts.observe(answer.attempts_count)
        self._tokens.labels("input").inc(max(answer.usage.input_tokens, 0))
        self._tokens.labels("output").inc(max(answer.usage.output_tokens, 0))
        self._cost.inc(max(answer.usage.cost or 0.0, 0.0))
