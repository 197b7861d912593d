"""Runs the table in kernels, confined or not, and tells for each attempt whether it worked."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import CSVAgentError, KernelDied
from csvagent_jupyter.messages import Execution
from csvagent_jupyter.sandbox import SandboxKernel

from .canaries import Canaries
from .careless import Taken, run_carelessly
from .leftovers import own_folder
from .page import page_of, what_runs
from .table import Attempt

PRELUDE = (Path(__file__).parent / "prelude.py").read_text()
HANGS_AFTER = 15.0  # beyond its deadline
HANGS_AFTER_IN_CONTROL = 4.0
PATIENCE = 120.0
SIDE_BY_SIDE = 6
HARMLESS = Attempt("control", "harmless", "hung", "total = 1 + 1", careless="order", seconds=1)
GROWTH = 16 * 2**20
_numbers = itertools.count(1)
WIDE = {
    "memory": 12 * 2**30,
    "file_size": 4 * 2**30,
    "open_files": 4096,
    "output": 100_000_000,
    "message": 2**30,
    "traffic": 2**31,
    "work_files": 100_000,
    "work_size": 2**31,
    "cpu_seconds": 3600,
    "tasks": 100_000,
}


def make_kernel(confined: bool, forked: bool, limits: Limits, folder: Path) -> SandboxKernel:
    """The one place that knows how confinement is left off."""
    return SandboxKernel(limits, folder, confined=confined, forked=forked)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `digest` is that of what was run."""

    id: str
    digest: str
    worked: bool
    detail: str
    seconds: float
    isolation: str
    known_open: str


def applicable(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Leave out what needs another user or another machine to mean anything."""
    return [one for one in attempts if one.who in ("", user_here()) and one.machine in ("", platform.machine())]


def user_here() -> str:
    return "root" if os.geteuid() == 0 else "user"


async def run(
    attempts: Sequence[Attempt], *, confined: bool, told: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Run attempts one after the other; those that are not alone share a kernel until it dies.

    Without confinement those that only wait are run side by side at the end.
    """
    outcomes: list[Outcome] = []
    waiting = [] if confined else [one for one in attempts if one.waits]
    with own_folder() as folder, Canaries(folder) as canaries:

        async def in_turn(some: Iterable[Attempt], hangs_after: float) -> None:
            range_ = Range(canaries, folder, confined, hangs_after)
            try:
                for attempt in some:
                    outcomes.append(await range_.run(attempt))
                    told(outcomes[-1])
            finally:
                await range_.leave()

        await in_turn((one for one in attempts if one not in waiting), HANGS_AFTER)
        if waiting:
            harmless = await Range(canaries, folder, confined, PATIENCE).run(HARMLESS)
            if harmless.worked:
                raise RuntimeError("Code that does nothing has not returned either: it cannot be told what hangs.")
            queue = iter(waiting)
            patience = max(HANGS_AFTER_IN_CONTROL, 10 * harmless.seconds)
            await asyncio.gather(*(in_turn(queue, patience) for _ in range(SIDE_BY_SIDE)))
    return outcomes


class Range:
    """Where attempts are run: the canaries, and the kernel at hand."""

    def __init__(self, canaries: Canaries, folder: Path, confined: bool, hangs_after: float) -> None:
        self._canaries = canaries
        self._hangs_after = hangs_after
        self._folder = folder
        self._table = folder / f"people-{next(_numbers)}.arrow"
        self._confined = confined
        self._kernel: SandboxKernel | None = None
        self._aims: dict[str, Any] = {}

    async def run(self, attempt: Attempt) -> Outcome:
        if attempt.alone:
            await self.leave()
        self._canaries.restore()
        kernel = await self._ready(attempt)
        self._canaries.restore()
        peak = _Peak()
        began = time.monotonic()
        isolation = kernel.isolation
        came: Execution | Taken | None
        if attempt.careless and not self._confined:
            came, detail = await self._trusting(kernel, attempt)
        else:
            came, detail = await self._ours(kernel, attempt)
        seconds = time.monotonic() - began
        worked = self._judge(attempt, came, seconds, peak.growth())
        if attempt.alone or not kernel.alive or attempt.careless:
            await self.leave()
        return Outcome(
            attempt.id, attempt.digest, worked, detail[-300:], round(seconds, 2), isolation, attempt.known_open
        )

    async def _ours(self, kernel: SandboxKernel, attempt: Attempt) -> tuple[Execution | None, str]:
        deadline = attempt.seconds if self._confined else max(attempt.seconds, PATIENCE)
        try:
            done = await kernel.execute(attempt.code, timeout=deadline, keep=False)
        except CSVAgentError as error:
            return None, f"{type(error).__name__}: {error}"
        return done, f"{done.error.ename}: {done.error.evalue}" if done.error else ""

    async def _trusting(self, kernel: SandboxKernel, attempt: Attempt) -> tuple[Taken | None, str]:
        connection = kernel.connection_file
        patience = attempt.seconds + self._hangs_after if attempt.judge == "hung" else max(attempt.seconds, PATIENCE)
        taken = await run_carelessly(connection, attempt.code, attempt.careless == "plain", patience)
        return taken, "" if taken else "did not return"

    def _judge(self, attempt: Attempt, came: Execution | Taken | None, seconds: float, growth: int) -> bool:
        canaries = self._canaries
        match attempt.judge:
            case "printed":
                return canaries.secret in _all_text(came)
            case "won":
                text = came.stdout if isinstance(came, Execution) else came.text if came else ""
                return canaries.word in text
            case "reached":
                return canaries.reached()
            case "changed":
                return canaries.changed()
            case "died":
                return canaries.died()
            case "flooded":
                return growth > GROWTH
            case "hung":
                return seconds > attempt.seconds + self._hangs_after or (came is None and not self._confined)
            case _:
                page = page_of(came) if isinstance(came, Execution) else came.page if came else ""
                return bool(what_runs(page))

    # --- its kernel --------------------------------------------------------------------------------------------------

    async def _ready(self, attempt: Attempt) -> SandboxKernel:
        if self._kernel is not None and not self._kernel.alive:
            await self.leave()
        if self._kernel is None:
            limits = attempt.limits if self._confined else WIDE if attempt.limits or attempt.careless else {}
            self._kernel = make_kernel(
                self._confined, not attempt.child, Limits.from_dict(Limits().to_dict() | limits), self._folder
            )
            await self._kernel.start()
            await self._kernel.load({"people": self._source()})
            await self._tell(PRELUDE)
            self._aims = {}
            self._guard(self._kernel.folder)
        aims = self._canaries.aims()
        if aims != self._aims:
            await self._tell(f"aim.__dict__.update({aims!r})")
            self._aims = aims
        return self._kernel

    async def _tell(self, code: str) -> None:
        assert self._kernel is not None
        done = await self._kernel.execute(code, timeout=60)
        if done.error is not None:
            raise RuntimeError(done.error.traceback)

    def _source(self) -> Path:
        """A table for the kernel, which it must not change: the file is ours as well."""
        if not self._table.exists():
            table = pa.Table.from_pandas(pd.DataFrame({"name": ["a", "b"], "age": [30, 40]}))
            with pa.OSFile(str(self._table), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
        return self._table

    def _guard(self, folder: Path) -> None:
        self._canaries.forget()
        for path in (folder / "data" / "1.arrow", folder / "kernel.json", self._source()):
            if path.exists():
                self._canaries.guard(path)

    async def leave(self) -> None:
        """Give up the kernel at hand."""
        self._canaries.forget()
        if self._kernel is not None:
            with contextlib.suppress(KernelDied):
                await self._kernel.stop()
            self._kernel = None
            self._table.unlink(missing_ok=True)


def _all_text(came: Execution | Taken | None) -> str:
    """Return everything that came back as one text."""
    if not isinstance(came, Execution):
        return came.text if came else ""
    paths = [Path(part.path) for part in (*came.files, *came.tables) if part.path]
    files = b"\n".join(path.read_bytes() for path in paths if path.is_file())
    return repr(came) + files.decode("utf-8", "replace")


class _Peak:
    """How much this process grows from here on, at its highest; 0 where the system does not tell."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self._from = _status("VmRSS")

    def growth(self) -> int:
        return _status("VmHWM") - self._from


def _status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def to_json(outcomes: Sequence[Outcome]) -> str:
    return json.dumps([asdict(one) for one in outcomes])
