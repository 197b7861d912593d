"""What all runs of a process share, and the desk that it lays out for each of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ..agent.desk import Desk, Workplace
from ..agent.shelf import Shelf
from ..exceptions import BudgetExceeded, CSVAgentError, IsolationRefused, NotFound, Unreadable
from ..messages import ISOLATIONS, Answer, Budget, Isolation, LedgerEntry, Question, Share, Source, Task, Turn, Usage
from ..sessions.ownership import kernel_key
from ..translations import Language
from .outcome import language_for

if TYPE_CHECKING:
    from ..models.base import ChatModel
    from ..sandbox import KernelPool
    from ..sessions.artifacts import Artifacts
    from ..sessions.base import SessionStore
    from ..tables.order import Bounds

CHOICE_SECONDS: Final = 60.0
BUILT_IN: Final = "offline"
MAX_REPLAYS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for every run unless its question says otherwise, and the bounds that no question can lift.

    `session_budget` counts for as long as the session lives, `owner_budget` anew each day.
    """

    model: str = ""
    language: Language | None = None
    share: Share | None = None
    share_ceiling: Share = "sample"
    max_attempts: int = 3
    timeout: float = 120.0
    max_tokens: int = 4_096
    minimum_isolation: Isolation = "confined"
    run_budget: Budget = field(default_factory=Budget)
    session_budget: Budget = field(default_factory=Budget)
    owner_budget: Budget = field(default_factory=Budget)


class Counter(NamedTuple):
    """What was used of a bound: `unit` is tokens or cost, `whose` session or owner, `name` the counter's."""

    unit: str
    whose: str
    limit: float
    name: str

    @property
    def key(self) -> str:
        """The text's key for who has used it up."""
        return f"tasks.budget_{self.unit}_{self.whose}"


class Workshop:
    """Holds the models, the kernels and the books of one process; `prepare` lays out a task's desk."""

    def __init__(
        self,
        store: SessionStore,
        artifacts: Artifacts,
        kernels: KernelPool,
        rules: Rules,
        environ: Mapping[str, str] | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.bounds = bounds
        self.store = store
        self.artifacts = artifacts
        self.kernels = kernels
        self.rules = rules
        self.shelf = Shelf()
        self._environ = os.environ if environ is None else environ
        self._models: dict[str, ChatModel] = {}
        self._chosen: tuple[float, ChatModel] | None = None
        self._places: dict[str, Workplace] = {}

    async def prepare(self, task: Task) -> Desk:
        """Lay out the desk for a task; raises what keeps it from being run at all."""
        question, rules = task.question, self.rules
        original = await self._original(question)
        model = None if original is not None else await self.model(question.model)
        writer = await self._writer(original) if model is None else None if model.local else model.name
        session = await self.store.session(task.session_id)
        turns = await self.store.turns(task.session_id)
        alone = session.owner == task.owner and await self._is_alone(task, turns)
        run = _Run(self, task, writer, kernel_key(session, task.owner), alone)
        return Desk(
            task_id=task.task_id,
            session_id=task.session_id,
            model=model,
            acquire=run.acquire,
            release=run.release,
            open_source=self.open_source,
            keep=run.keep,
            record=run.record,
            charge=run.charge,
            language=language_for(question, rules.language or "en"),
            share=question.share or rules.share,
            agreed=model is not None and await self.agreed(task.owner, f"share:{model.name}"),
            ceiling=rules.share_ceiling,
            max_attempts=question.max_attempts or rules.max_attempts,
            timeout=question.timeout or rules.timeout,
            max_tokens=rules.max_tokens,
            budget=_tighter(question.budget, rules.run_budget),
            turns=turns,
            original=original,
            shelf=self.shelf,
            bounds=self.bounds,
        )

    async def model(self, name: str | None = None) -> ChatModel:
        """Return the model of that name, else the configured one, else what the environment offers."""
        from ..models.catalog import choose_model, open_model

        name = name or self.rules.model
        if name:
            if name not in self._models:
                self._models[name] = open_model(name, environ=self._environ)
            return self._models[name]
        if self._chosen is None or self._chosen[0] < time.monotonic():
            chosen = await choose_model(self._environ)
            chosen = self._models.setdefault(f"{chosen.name} found" if chosen.found else chosen.name, chosen)
            self._chosen = (time.monotonic() + CHOICE_SECONDS, chosen)
        return self._chosen[1]

    async def agreed(self, owner: str, what: str) -> bool:
        """Tell whether a person consented: ``share:<model>`` or ``isolation:<level>``."""
        return await self.store.add(f"consent:{owner}:{what}", 0) > 0

    async def agree(self, owner: str, what: str) -> None:
        """Write a person's consent down, for good."""
        await self.store.add(f"consent:{owner}:{what}", 1)

    async def open_source(self, source: Source) -> Path:
        """Return the file of a source; raises Unreadable when what was kept of it is gone."""
        if not source.artifact:
            return Path(source.path)
        try:
            return await self.artifacts.path(source.artifact)
        except NotFound:
            raise Unreadable("tasks.source_gone", name=source.name) from None

    async def check_budget(self, question: Question, owner: str, key: str) -> None:
        """Raise BudgetExceeded when a bound of the session or the person is reached already.

        `key` is that of the kernel, empty for a session that is still to be made.
        """
        bounds = [bound for bound in self.counters(owner, key) if key or bound.whose == "owner"]
        if not bounds or not await self._is_charged(question):
            return
        for bound in bounds:
            if await self.store.add(bound.name, 0) >= bound.limit:
                left = _rest_of_the_day() if bound.whose == "owner" else None
                raise BudgetExceeded(bound.key, limit=bound.limit, retry_after=left)

    def counters(self, owner: str, key: str) -> Iterator[Counter]:
        """Yield each counter that has a bound; an owner's begins anew each day (UTC)."""
        day = datetime.now(UTC).date().isoformat()
        for whose, budget, name in (
            ("session", self.rules.session_budget, f"session:{key}"),
            ("owner", self.rules.owner_budget, f"owner:{owner}:{day}"),
        ):
            for unit, limit in (("tokens", budget.tokens), ("cost", budget.cost)):
                if limit is not None:
                    yield Counter(unit, whose, limit, f"{unit}:{name}")

    def place(self, session_id: str) -> Workplace | None:
        """Return what is known of the kernel of a session's owner."""
        return self._places.get(session_id)

    def clear_up(self) -> None:
        """Let go of what is known of kernels that the pool has no more, and of the tables that were read for them."""
        self._places = {key: place for key, place in self._places.items() if key in self.kernels}

    async def forget(self, session_id: str) -> None:
        """End a session's kernels, its guests' too; the next question starts another one."""
        for key in [key for key in self._places if key.partition(" ")[0] == session_id]:
            del self._places[key]
            await self.kernels.discard(key)

    async def close(self) -> None:
        """End all kernels and connections."""
        self._places.clear()
        self.shelf.clear()
        await self.kernels.close_all()
        models, self._models, self._chosen = self._models, {}, None
        for model in models.values():
            await model.aclose()

    async def _is_charged(self, question: Question) -> bool:
        """Tell whether an answer may cost something; a model that cannot be opened says why when its task runs."""
        try:
            return not (await self.model(question.model)).local
        except CSVAgentError:
            return False

    async def _is_alone(self, task: Task, turns: Iterable[Turn]) -> bool:
        """Tell whether all code that may run for this task was written for the person who asks it."""
        earlier = {turn.task_id for turn in turns} | ({task.question.replay_of} if task.question.replay_of else set())
        owners = {known.task_id: known.owner for known in await self.store.tasks(session_id=task.session_id)}
        for task_id in earlier:
            if (owners.get(task_id) or (await self.store.task(task_id)).owner) != task.owner:
                return False
        return True

    async def _original(self, question: Question) -> Answer | None:
        if question.replay_of is None:
            return None
        original = await self.store.result(question.replay_of)
        if original is None:
            raise NotFound("tasks.nothing_to_replay", task_id=question.replay_of)
        return original

    async def _writer(self, original: Answer | None) -> str | None:
        """Return the model that wrote an answer's code, through replays of replays; None for the built-in engine."""
        for _ in range(MAX_REPLAYS):
            if original is None or original.model is not None:
                break
            question = (await self.store.task(original.task_id)).question
            original = await self._original(question)
        written_by = original.model if original is not None else None
        return None if written_by == BUILT_IN else written_by or "?"


class _Run:
    """The doors of one run's desk; `writer` is the model whose code runs, None for the built-in engine.

    `key` is that of its kernel. Who is not `alone` in the session runs what others asked for, or in what is theirs.
    """

    def __init__(self, workshop: Workshop, task: Task, writer: str | None, key: str, alone: bool) -> None:
        self.workshop = workshop
        self.task = task
        self.writer = writer
        self.key = key
        self.alone = alone
        self.counters = tuple(workshop.counters(task.owner, key))
        self._lease = AsyncExitStack()

    async def acquire(self) -> Workplace:
        shop = self.workshop
        lease = await self._lease.enter_async_context(shop.kernels.acquire(self.key))
        try:
            await self._check_isolation(lease.kernel.isolation)
        except BaseException:
            await self._lease.aclose()
            raise
        place = shop._places.get(self.key)
        if place is None or place.kernel is not lease.kernel:
            shop.clear_up()
            place = shop._places[self.key] = Workplace(lease.kernel, lease.kernel.folder / "tables")
        return place

    async def release(self, place: Workplace) -> None:
        if not place.kernel.alive:
            self.workshop._places.pop(self.key, None)
        await self._lease.aclose()

    async def keep(self, content: bytes | Path, media_type: str, name: str) -> str:
        return await self.workshop.artifacts.put(content, media_type=media_type, name=name, owner=self.task.owner)

    async def record(self, entry: LedgerEntry) -> None:
        await self.workshop.store.record(entry)

    async def charge(self, usage: Usage) -> None:
        """Put the usage on the counters of session and owner; what would go over a bound is taken back and refused."""
        store = self.workshop.store
        reserved: list[tuple[str, float]] = []
        for counter in self.counters:
            amount = usage.input_tokens + usage.output_tokens if counter.unit == "tokens" else usage.cost or 0.0
            if amount <= 0:
                await store.add(counter.name, amount)
            elif await store.reserve(counter.name, amount, counter.limit):
                reserved.append((counter.name, amount))
            else:
                for other, back in reserved:
                    await store.add(other, -back)
                raise BudgetExceeded(counter.key, limit=counter.limit)

    async def _check_isolation(self, level: Isolation) -> None:
        if not self.alone:
            # No consent counts here: it was given for one's own questions.
            if level != "confined":
                raise IsolationRefused("tasks.isolation_shared", level=level)
            return
        minimum = self.workshop.rules.minimum_isolation
        if self.writer is None or ISOLATIONS.index(level) >= ISOLATIONS.index(minimum):
            return
        if not await self.workshop.agreed(self.task.owner, f"isolation:{level}"):
            raise IsolationRefused("tasks.isolation", model=self.writer, level=level, minimum=minimum)


def _rest_of_the_day() -> float:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return (midnight - now).total_seconds()


def _tighter(asked: Budget, rule: Budget) -> Budget:
    """Return the smaller of two budgets, bound by bound: a question may ask for less, never for more."""
    tokens = [bound for bound in (asked.tokens, rule.tokens) if bound is not None]
    cost = [bound for bound in (asked.cost, rule.cost) if bound is not None]
    return Budget(min(tokens) if tokens else None, min(cost) if cost else None)
