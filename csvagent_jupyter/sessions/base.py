"""Where sessions, their events and their tasks are kept; every process of a person (or of a team) meets there.

Three rules hold the system together, whatever the store:

- The log is append-only and `seq` grows by the store's own count, so that every reader sees one order and resumes by
  the last `seq` it had. Numbers may be missing: pieces of code are dropped once the whole of it is in the log.
- A task belongs to the runner that claimed it last. Each claim makes `fence` grow, and whoever comes with an older
  one gets LeaseLost, however late it wakes up.
- A task ends once: its result event and its final status are written in one step, by `finish` and nothing else.

Methods raise NotFound for what is not there, StorageFull when nothing more can be written, StoreUnreachable when the
store does not answer. All times are the store's own, so that two hosts need not agree on theirs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, Literal, Self

from ..exceptions import NotFound
from ..messages import Answer, Event, Feedback, Grant, LedgerEntry, SavedAnalysis, Session, Status, Task, Turn
from ..translations import Language

MAX_WAITING: Final = 10


class SessionStore(ABC):
    """The store as the manager and the queues see it; one object per process, used on one event loop."""

    is_shared: ClassVar[bool] = False
    """Whether several hosts may have it, so that a name of one host's means nothing on another."""

    artifacts_folder: ClassVar[str] = "artifacts"
    """Where in the data folder its files are: a store must only sweep what no other one can mention."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @classmethod
    @abstractmethod
    def in_folder(cls, folder: Path) -> Self:
        """Make the store as the environment has it; one that keeps files has them in `folder`."""

    @abstractmethod
    async def open(self) -> None:
        """Get ready; called once, before anything else. Raises StoreError when the store cannot be used."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything: followers end, threads and connections are gone afterwards."""

    @abstractmethod
    async def ping(self, timeout: float) -> float:
        """Return the seconds that an answer takes; raises StoreUnreachable when none comes within `timeout`."""

    # --- sessions ---------------------------------------------------------------------------------------------------

    @abstractmethod
    async def create_session(
        self, owner: str, *, title: str = "", language: Language | None = None, session_id: str | None = None
    ) -> Session:
        """Make a session; `session_id` may be chosen (letters, digits, ``._-``, at most 64), BadInput when taken."""

    @abstractmethod
    async def session(self, session_id: str) -> Session:
        """Return a session that is neither deleted nor expired."""

    @abstractmethod
    async def sessions(self, owner: str, *, named: str | None = None, limit: int = 100) -> tuple[Session, ...]:
        """Return the sessions of `owner`, the last used first; with `named` those with that title or id alone."""

    @abstractmethod
    async def rename_session(self, session_id: str, title: str) -> Session:
        """Give a session another title."""

    @abstractmethod
    async def touch_session(self, session_id: str) -> Session:
        """Note that a session is in use, which moves its expiry where it has one; `append` does it too."""

    @abstractmethod
    async def delete_session(self, session_id: str) -> None:
        """Take a session away and ask for its tasks' end; `restore_session` brings it back for a while.

        A run under way may still append, so that it ends in order.
        """

    @abstractmethod
    async def restore_session(self, session_id: str, *, owner: str | None = None) -> Session:
        """Undo a deletion; NotFound once the session is gone for good, and when it is not that of a given `owner`."""

    # --- events -----------------------------------------------------------------------------------------------------

    @abstractmethod
    async def append(self, session_id: str, event: Event, *, fence: int | None = None) -> Event:
        """Add an event to the session's log and return it with `seq`, `at` and `session_id`.

        With a `fence`, raises LeaseLost unless the event's task is still under way with that very fence. A progress
        event of the stage ``executing`` drops the task's earlier code deltas. Raises ValueError for a result: that is
        `finish`.

        An event without `seq` is not acknowledged: a store that is out of reach may keep it in this process, in its
        order, until it can be written.
        """

    @abstractmethod
    async def read(
        self, session_id: str, after: int = 0, *, task_id: str | None = None, limit: int = 1_000
    ) -> tuple[Event, ...]:
        """Return the events with a greater `seq` than `after`, in order, at most `limit`.

        An event of a newer version that this one cannot read is passed over.
        """

    @abstractmethod
    def follow(self, session_id: str, after: int = 0, *, task_id: str | None = None) -> AsyncGenerator[Event, None]:
        """Yield the events after `after`, then each new one as it comes from any process, until the store closes.

        With `task_id` only that task's, which spares reading the rest of a long session. Any number may follow at a
        time. Close the iterator (``contextlib.aclosing``) when it is no longer read.

        What has no `seq` is not in the log: a result that could not be written, or, from a store that can be out of
        reach, an ``error`` that says that news has to wait and a ``connected`` when it goes on.
        """

    async def last_seq(self, session_id: str) -> int:
        """Return the `seq` of the session's last event, from which a reader goes on who wants only what is new."""
        last = 0
        while events := await self.read(session_id, last):
            last = events[-1].seq or last
        return last

    @abstractmethod
    async def turns(self, session_id: str) -> tuple[Turn, ...]:
        """Return the answered questions of a session, oldest first."""

    # --- tasks ------------------------------------------------------------------------------------------------------

    @abstractmethod
    async def submit(self, task: Task, *events: Event, lease: float = 60.0) -> Task:
        """Put a task in its session's line and `events` in the log, in one step.

        `task.runner` is the process that asks; until `lease` seconds have passed no other runner takes it up. When it
        is empty any runner may, so such a task should outlive its runner. Raises Busy when MAX_WAITING tasks wait
        besides the one that runs, BadInput when the task id is taken.
        """

    @abstractmethod
    async def task(self, task_id: str) -> Task:
        """Return a task as it stands."""

    @abstractmethod
    async def tasks(
        self, *, owner: str | None = None, session_id: str | None = None, unfinished: bool = False, limit: int = 100
    ) -> tuple[Task, ...]:
        """Return tasks, the last submitted first."""

    @abstractmethod
    async def claim(
        self, runner: str, lease: float, *, task_id: str | None = None, take_over: bool = False
    ) -> Task | None:
        """Take the next task for `runner`, with a new fence and a lease of `lease` seconds; None when there is none.

        A task is claimable when it waits for this runner or for any and no earlier task of its session is unfinished.
        With `take_over` also when another runner's lease on it has expired. A waiting task that is to be cancelled
        does not wait for its turn: it is claimed to be finished. Among owners the one with the fewest running tasks
        goes first, then the one served longest ago; among one owner's tasks the oldest. `task_id` asks for that task
        and no other.
        """

    @abstractmethod
    async def renew(self, task_id: str, fence: int, lease: float) -> Task:
        """Extend the lease of a running task and return it as it stands; LeaseLost when the fence is old."""

    @abstractmethod
    async def renew_waiting(self, runner: str, lease: float) -> None:
        """Extend the hold of `runner` on its tasks that still wait."""

    @abstractmethod
    async def abandon(self, runner: str) -> int:
        """End all leases of a runner that is known to be gone; returns how many."""

    @abstractmethod
    async def request_cancel(self, task_id: str) -> Task:
        """Ask for the end of a task; its runner sees it through `watch_line`. Nothing changes for a finished task."""

    @abstractmethod
    async def finish(self, task_id: str, fence: int, event: Event, status: Status) -> Event:
        """Append a task's one result event and set its final status, in one step.

        Raises LeaseLost when the fence is old or the task has ended.
        """

    @abstractmethod
    async def result(self, task_id: str) -> Answer | None:
        """Return the answer of a finished task, None as long as there is none."""

    @abstractmethod
    def watch_line(self) -> AsyncGenerator[None, None]:
        """Yield at once, then whenever a task may have been submitted, claimed, cancelled or finished anywhere."""

    # --- ledger and counters ----------------------------------------------------------------------------------------

    @abstractmethod
    async def record(self, entry: LedgerEntry) -> None:
        """Write down a request to a model; an entry with the same `task_id` and `at` takes the place of the first."""

    @abstractmethod
    async def ledger(self, task_id: str) -> tuple[LedgerEntry, ...]:
        """Return the requests of a task, word for word, oldest first."""

    @abstractmethod
    async def add(self, name: str, amount: float = 1.0, *, window: float | None = None) -> float:
        """Add to a counter and return its sum: for ever, or in the current window of `window` seconds.

        With an amount of 0 it only reads.
        """

    @abstractmethod
    async def reserve(self, name: str, amount: float, limit: float) -> bool:
        """Add to a counter without a window, unless its sum would exceed `limit`; tells whether it was added.

        What is reserved counts as spent until `add` corrects it by the difference, because the money may be.
        """

    # --- shares, saved analyses, feedback ---------------------------------------------------------------------------

    @abstractmethod
    async def set_grants(self, session_id: str, grants: Sequence[Grant]) -> None:
        """Say with whom a session is shared; these take the place of the earlier ones."""

    @abstractmethod
    async def remove_grants(self, session_id: str, named: Collection[str]) -> None:
        """Share a session no longer with those of these names and links, or when none is named with nobody.

        It is one step: what others change at the same time stays changed. Raises NotFound, and takes nothing back,
        when one that is named is not there.
        """

    @abstractmethod
    async def grants(self, session_id: str) -> tuple[Grant, ...]:
        """Return with whom a session is shared."""

    @abstractmethod
    def watch_shares(self, session_id: str) -> AsyncGenerator[None, None]:
        """Yield at once, then whenever the session may be shared with others than before, whoever changed that."""

    @abstractmethod
    async def shared_with(self, name: str) -> tuple[tuple[Session, Literal["read", "ask"]], ...]:
        """Return the sessions that others share with `name`, and what each allows, the last used first."""

    @abstractmethod
    async def linked(self, link: str) -> tuple[Session, Literal["read", "ask"]]:
        """Return the session that a secret link opens, and what it allows; NotFound for any other."""

    @abstractmethod
    async def save_analysis(self, analysis: SavedAnalysis) -> SavedAnalysis:
        """Keep an analysis, in the place of an earlier one with its id; returns it with `created_at`."""

    @abstractmethod
    async def analysis(self, analysis_id: str) -> SavedAnalysis:
        """Return a saved analysis."""

    @abstractmethod
    async def analyses(self, owner: str) -> tuple[SavedAnalysis, ...]:
        """Return the saved analyses of `owner`, the newest first."""

    @abstractmethod
    async def delete_analysis(self, analysis_id: str) -> None:
        """Take a saved analysis away."""

    @abstractmethod
    async def give_feedback(self, feedback: Feedback) -> Feedback:
        """Keep what a person thinks of an answer, in the place of what the same person said before."""

    @abstractmethod
    async def feedback(self, task_id: str) -> tuple[Feedback, ...]:
        """Return what people think of an answer."""

    # --- what could not be written ----------------------------------------------------------------------------------

    @abstractmethod
    def announce(self, event: Event) -> None:
        """Give a result to this process's readers without keeping it: the disk is full, and they wait for an end.

        `follow` yields it with no `seq`, and `result` returns its answer, until `finish` could write the task's end or
        the store is closed.
        """

    # --- artifacts --------------------------------------------------------------------------------------------------

    @abstractmethod
    async def artifacts_in_use(self) -> frozenset[str]:
        """Return every ``artifact:<sha256>`` that an event, a task or a saved analysis mentions."""


def without(grants: Sequence[Grant], named: Collection[str]) -> tuple[Grant, ...]:
    """Return the grants that stay, none when none is named; raises NotFound when one that is named is not there."""
    if not set(named) <= {grant.name or grant.link for grant in grants}:
        raise NotFound("manager.not_shared")
    return tuple(grant for grant in grants if named and (grant.name or grant.link) not in named)


def take_back(announced: Mapping[str, list[Event | None]], task_id: str) -> None:
    """Forget what was announced of a task, now that it is in the log; the places stay, since readers count them."""
    for events in announced.values():
        events[:] = [None if event is not None and event.task_id == task_id else event for event in events]
