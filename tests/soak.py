"""``python -m tests.soak [--row N] [--at-once N]``: kernels in a row and many at once, with kills in between.

Afterwards there must be no process, descriptor, thread, socket or folder more than before, in this process and in those
that it started, and memory must be flat: a straight line through what was measured during the row does not rise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import DeadlineExceeded, KernelDied
from csvagent_jupyter.sandbox import SandboxKernel

WARM = 20
LOST_SERVERS = 3
POOL = 6  # threads of the event loop for blocking work; all of them are there before anything is counted
RISE = 2 * 2**20  # over the whole row, by the line
GROWTH = 8 * 2**20  # what may stay mapped after many at once
SETTLES = 10.0


@dataclass(frozen=True, slots=True)
class Left:
    """What there is at a moment of this process and of those that it started or that live in its folder."""

    processes: int
    descriptors: int
    threads: int
    sockets: int
    paths: frozenset[str]
    memory: int

    def more_than(self, before: Left) -> list[str]:
        """Say what is left over."""
        found = [f"folder or file {one}" for one in sorted(self.paths - before.paths)]
        for name in ("processes", "descriptors", "threads", "sockets"):
            if getattr(self, name) > getattr(before, name):
                found.append(f"{name}: {getattr(before, name)} before, {getattr(self, name)} now")
        if self.memory > before.memory + GROWTH:
            found.append(f"memory: {_mega(before.memory)} before, {_mega(self.memory)} now")
        return found


def look(folder: Path) -> Left:
    """Take stock."""
    gc.collect()
    family = sorted({*_family(os.getpid()), *_of_sandbox(folder)})
    targets = [target for pid in family for target in _descriptors(pid)]
    return Left(
        processes=len(family),
        descriptors=len(targets),
        threads=sum(_threads(pid) for pid in family),
        sockets=sum(target.startswith("socket:") for target in targets),
        # The fork server's folder has another name when there is another server.
        paths=frozenset(str(path.relative_to(folder)) for path in folder.rglob("*") if not _of_server(path, folder)),
        memory=sum(map(_memory, family)),
    )


async def settled(folder: Path, before: Left) -> tuple[Left, list[str]]:
    """Return what there is, and what of it is left over, once things had time to go."""
    end = time.monotonic() + SETTLES
    while (found := (now := look(folder)).more_than(before)) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    return now, found


# --- lives of a kernel ------------------------------------------------------------------------------------------------


async def usual(kernel: SandboxKernel) -> None:
    done = await kernel.execute("total = sum(range(10))\nprint(total)", timeout=60)
    assert done.stdout == "45\n", done


async def draws(kernel: SandboxKernel) -> None:
    done = await kernel.execute("plt.plot([1, 2])\npd.DataFrame({'a': [1]}).to_csv('a.csv')", timeout=60)
    assert len(done.plots) == 1 and len(done.files) == 1, done


async def ends_itself(kernel: SandboxKernel) -> None:
    with contextlib.suppress(KernelDied):
        await kernel.execute("import os\nos._exit(3)", timeout=60)
    assert not kernel.alive


async def is_killed(kernel: SandboxKernel) -> None:
    running = asyncio.ensure_future(kernel.execute("while True: pass", timeout=60))
    await asyncio.sleep(random.uniform(0, 0.05))
    for pid in _of_sandbox(kernel.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(KernelDied):
        await running
    assert not kernel.alive


async def runs_out_of_time(kernel: SandboxKernel) -> None:
    with contextlib.suppress(DeadlineExceeded):
        await kernel.execute("import time\ntime.sleep(60)", timeout=0.05)


async def is_cancelled(kernel: SandboxKernel) -> None:
    running = asyncio.ensure_future(kernel.execute("import time\ntime.sleep(60)", timeout=60))
    await asyncio.sleep(random.uniform(0, 0.05))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError, KernelDied):
        await running


async def loses_its_server(kernel: SandboxKernel) -> None:
    (pid,) = _of_sandbox(kernel.folder)
    os.kill(int(_state(pid)[1]), signal.SIGKILL)
    with contextlib.suppress(KernelDied):
        await kernel.execute("import time\ntime.sleep(60)", timeout=60)
    assert not kernel.alive


async def is_not_asked(kernel: SandboxKernel) -> None:
    return


LIVES: tuple[Callable[[SandboxKernel], Awaitable[None]], ...] = (
    *(usual, usual, draws, ends_itself, is_killed, runs_out_of_time, is_cancelled, is_not_asked),
)


async def live(life: Callable[[SandboxKernel], Awaitable[None]], folder: Path) -> None:
    """One kernel from start to stop."""
    kernel = SandboxKernel(Limits(), folder)
    await kernel.start()
    try:
        await life(kernel)
    finally:
        await kernel.stop()


def of(number: int) -> Callable[[SandboxKernel], Awaitable[None]]:
    return LIVES[number % len(LIVES)]


class Soak:
    """All of it, phase by phase, and what is left over after each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.phases: list[tuple[str, float, Left]] = []
        self.found: list[str] = []
        self.line: list[tuple[int, int]] = []

    async def run(self, row: int, at_once: int) -> None:
        await self._warm(at_once)
        self.phases.append(("before", 0.0, look(self._folder)))
        await self._phase(f"{row} in a row", self._row(row))
        rise = _slope(self.line) * row
        if rise > RISE:
            self.found.append(f"memory rises by {_mega(rise)} in {row} kernels")
        await self._phase(f"{at_once} at once", self._at_once(at_once))
        await self._phase(f"{LOST_SERVERS} without their server", self._lost(LOST_SERVERS))

    async def _warm(self, at_once: int) -> None:
        """Have everything there that comes but once."""
        gate = threading.Barrier(POOL)
        await asyncio.gather(*(asyncio.to_thread(gate.wait) for _ in range(POOL)))
        await self._at_once(at_once)
        for number in range(WARM):
            await live(of(number), self._folder)
        await settled(self._folder, look(self._folder))

    async def _phase(self, name: str, work: Awaitable[None]) -> None:
        began = time.monotonic()
        await work
        took = time.monotonic() - began
        now, found = await settled(self._folder, self.phases[0][2])
        self.phases.append((name, took, now))
        self.found += [f"after {name}: {one}" for one in found]

    async def _row(self, count: int) -> None:
        for number in range(count):
            await live(of(number), self._folder)
            if number % len(LIVES) == 0:  # after the same life each time
                self.line.append((number, look(self._folder).memory))

    async def _at_once(self, count: int) -> None:
        await asyncio.gather(*(live(of(number), self._folder) for number in range(count)))

    async def _lost(self, count: int) -> None:
        for _ in range(count):
            await live(loses_its_server, self._folder)
        await live(usual, self._folder)

    def table(self) -> str:
        """Return the figures, a line per phase."""
        names = ("processes", "descriptors", "threads", "sockets")
        lines = [f"{'':26} {'seconds':>9}" + "".join(f"{name:>13}" for name in (*names, "paths", "memory"))]
        for phase, took, left in self.phases:
            counts = [str(getattr(left, name)) for name in names] + [str(len(left.paths)), _mega(left.memory)]
            lines.append(f"{phase:26} {took:9.1f}" + "".join(f"{count:>13}" for count in counts))
        per_kernel = _slope(self.line) / 1024
        lines.append(f"memory by a line through {len(self.line)} points of the row: {per_kernel:+.2f} KB per kernel")
        return "\n".join(lines)


async def soak(row: int, at_once: int) -> Soak:
    """Run all of it in a folder of its own, in which the fork server has its folder, too."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as name, ThreadPoolExecutor(POOL) as pool:
        tempfile.tempdir = name
        asyncio.get_running_loop().set_default_executor(pool)
        done = Soak(Path(name))
        await done.run(row, at_once)
        return done


# --- what the system says -------------------------------------------------------------------------------------------


def _family(root: int) -> list[int]:
    """Return a process and all that descend from it, those that went to another parent left out."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int(_state(int(entry.name))[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def _of_sandbox(folder: Path) -> list[int]:
    """Return the processes whose working folder is in a sandbox."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
    return found


def _state(pid: int) -> list[str]:
    """Return the fields of a process's state, from its letter on; its parent is the second."""
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _descriptors(pid: int) -> list[str]:
    found = []
    with contextlib.suppress(OSError):
        for entry in (Path("/proc") / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(entry.readlink()))
    return found


def _threads(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(list((Path("/proc") / str(pid) / "task").iterdir()))
    return 0


def _of_server(path: Path, folder: Path) -> bool:
    """Tell whether a path is in the folder of a fork server that runs."""
    first = folder / path.relative_to(folder).parts[0]
    return any(Path(f"/proc/{pid}/cwd").resolve().is_relative_to(first) for pid in _family(os.getpid())[1:])


def _slope(points: list[tuple[int, int]]) -> float:
    return statistics.linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else 0.0


def _mega(size: float) -> str:
    return f"{size / 2**20:.1f} MB"


def _memory(pid: int) -> int:
    """Return what a process has written; what it has only read of files is its own or shared by chance of others."""
    with contextlib.suppress(OSError):
        lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) * 1024
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--row", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=50)
    chosen = parser.parse_args()
    done = asyncio.run(soak(chosen.row, chosen.at_once))
    print(done.table())
    print("\n".join(f"left over: {one}" for one in done.found) or "nothing is left over")
    return 1 if done.found else 0


if __name__ == "__main__":
    sys.exit(main())
