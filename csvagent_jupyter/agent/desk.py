"""What a run finds on its desk: all that the loop needs and does not own, filled in by the runner of the task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..messages import Answer, Budget, Execution, Isolation, LedgerEntry, Share, Source, Turn, Usage
from ..translations import Language
from .shelf import Shelf

if TYPE_CHECKING:
    from ..models.base import ChatModel
    from ..tables import Table
    from ..tables.order import Bounds


class Kernel(Protocol):
    """What the loop asks of a dedicated kernel; `sandbox.SandboxKernel` is one."""

    @property
    def isolation(self) -> Isolation: ...

    @property
    def libraries(self) -> tuple[str, ...]: ...

    @property
    def alive(self) -> bool: ...

    def say_gaps(self, language: Language = "en") -> tuple[str, ...]: ...

    async def load(self, sources: Mapping[str, Path]) -> None:
        """Put the Arrow files into the kernel as ``tables``; the first is also ``df``."""

    async def execute(
        self, code: str, *, timeout: float, on_output: Callable[[str], None] | None = None, keep: bool = True
    ) -> Execution:
        """Run `code`; what failing code did to the namespace is undone.

        Raises DeadlineExceeded and KernelDied. When the caller is cancelled, the code is stopped first.
        """


@dataclass(slots=True)
class Workplace:
    """A session's kernel and what it holds; the runner keeps it as long as the kernel lives, the loop keeps it right.

    A fresh kernel is ``Workplace(kernel, folder)``: the loop loads the tables and runs the earlier turns' code there.
    `folder` takes the Arrow copies that the kernel reads. `loaded` says which sources (path, size, time, overrides)
    are in the kernel, `turns` the task ids whose code ran there, in order; `read` keeps tables that are small enough.
    """

    kernel: Kernel
    folder: Path
    loaded: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    read: dict[str, Table] = field(default_factory=dict)


class Keep(Protocol):
    async def __call__(self, content: bytes | Path, media_type: str, name: str) -> str: ...


async def _uncharged(_: Usage) -> None:
    """Take note of nothing: the default for a run without counters of session or user."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """One run's surroundings.

    Values: `model` is None for a replay, which has `original` instead (the answer whose script runs again; the
    question's sources take the places of its tables, in order). `share` is what was asked for, None the default of
    the model; `agreed` says that the person consented to share more with a model that was only found by its key;
    `ceiling` is the administrator's, and nothing lifts it. `budget` is what is left for this run after
    the bounds of session and user. `timeout` is for the whole run, in seconds. `turns` are the session's answered
    questions, oldest first. `shelf` has what was read lately, for other sessions too;
    reading has `bounds`, else the usual ones.

    Doors, all awaited:
    - ``acquire() -> Workplace``: the session's kernel, started. May raise SandboxError.
    - ``release(workplace)``: called once for each acquire, also after errors and cancellation. The kernel idles then
      or, when ``kernel.alive`` is false, is gone: the runner forgets the workplace.
    - ``open_source(source) -> Path``: the file itself; an artifact's is an Arrow file. May raise Unreadable.
    - ``keep(bytes or Path, media_type, name) -> "artifact:<sha256>"``: keeps a plot, a table or a written file.
    - ``record(entry)``: the ledger. Called just before a request with the outcome "sent" and once more, with the same
      `task_id` and `at`, when it is known what came of it: the second takes the place of the first.
    - ``charge(usage)``: counters of session and user. Called with the most that a request can use before it is sent
      (raise BudgetExceeded to refuse it), then with the difference to what it did use, which is mostly negative.
    """

    task_id: str
    session_id: str
    model: ChatModel | None
    acquire: Callable[[], Awaitable[Workplace]]
    release: Callable[[Workplace], Awaitable[None]]
    open_source: Callable[[Source], Awaitable[Path]]
    keep: Keep
    record: Callable[[LedgerEntry], Awaitable[None]]
    charge: Callable[[Usage], Awaitable[None]] = _uncharged
    language: Language = "en"
    share: Share | None = None
    agreed: bool = False
    ceiling: Share = "sample"
    max_attempts: int = 3
    timeout: float = 120.0
    max_tokens: int = 4_096
    budget: Budget = field(default_factory=Budget)
    turns: tuple[Turn, ...] = ()
    original: Answer | None = None
    shelf: Shelf = field(default_factory=Shelf)
    bounds: Bounds | None = None
