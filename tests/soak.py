"""``python -m tests.soak [--row N] [--at-once N]``: kernels in a row and many at once, with kills in between.

Afterwards there must be no process, descriptor, thread, socket or folder more than before, and memory must be flat.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import DeadlineExceeded, KernelDied
from csvagent_jupyter.sandbox import SandboxKernel

WARM = 20
GROWTH = 24 * 2**20
SETTLES = 10.0


@dataclass(frozen=True, slots=True)
class Left:
    """What there is of us at a moment; `memory` is this process's and its children's own."""

    processes: tuple[str, ...]
    descriptors: int
    threads: tuple[str, ...]
    sockets: int
    folders: tuple[str, ...]
    memory: int

    def more_than(self, before: Left) -> list[str]:
        """Say what is left over."""
        found = [f"process {one}" for one in self.processes if one not in before.processes]
        found += [f"folder {one}" for one in self.folders if one not in before.folders]
        if len(self.threads) > len(before.threads):
            found.append(f"threads: {before.threads} before, {self.threads} now")
        for name in ("descriptors", "sockets"):
            if getattr(self, name) > getattr(before, name):
                found.append(f"{name}: {getattr(before, name)} before, {getattr(self, name)} now")
        if self.memory > before.memory + GROWTH:
            found.append(f"memory: {before.memory >> 20} MB before, {self.memory >> 20} MB now")
        return found


def look(folder: Path) -> Left:
    """Take stock."""
    gc.collect()
    family = _family(os.getpid())
    own = Path("/proc/self/fd")
    targets = []
    for entry in own.iterdir():
        with contextlib.suppress(OSError):
            targets.append(str(entry.readlink()))
    return Left(
        processes=tuple(f"{pid} {_command(pid)}" for pid in family if pid != os.getpid()),
        descriptors=len(targets),
        # The event loop's own pool grows to its bound by chance.
        threads=tuple(one.name for one in threading.enumerate() if not one.name.startswith("asyncio_")),
        sockets=sum(target.startswith("socket:") for target in targets),
        folders=tuple(sorted(entry.name for entry in folder.iterdir())),
        memory=sum(map(_memory, family)),
    )


async def settled(folder: Path, before: Left) -> list[str]:
    """Return what is left over once things had time to go."""
    end = time.monotonic() + SETTLES
    while (left := look(folder).more_than(before)) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    return left


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


async def is_not_asked(kernel: SandboxKernel) -> None:
    return


LIVES: tuple[Callable[[SandboxKernel], Awaitable[None]], ...] = (
    *(usual, usual, draws, ends_itself, is_killed, runs_out_of_time, is_cancelled, is_not_asked),
)


async def live(number: int, folder: Path) -> None:
    """One kernel from start to stop."""
    kernel = SandboxKernel(Limits(), folder)
    await kernel.start()
    try:
        await LIVES[number % len(LIVES)](kernel)
    finally:
        await kernel.stop()


async def soak(row: int, at_once: int) -> list[str]:
    """Run all of it and return what was left over."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as name:
        folder = Path(name)
        await asyncio.gather(*(live(number, folder) for number in range(WARM)))
        for number in range(WARM):
            await live(number, folder)
        before, found = look(folder), []
        began = time.monotonic()
        for number in range(row):
            await live(number, folder)
        print(f"{row} in a row: {time.monotonic() - began:.1f} s", flush=True)
        found += await settled(folder, before)
        began = time.monotonic()
        await asyncio.gather(*(live(number, folder) for number in range(at_once)))
        print(f"{at_once} at once: {time.monotonic() - began:.1f} s", flush=True)
        found += await settled(folder, before)
        now = look(folder)
        print(f"memory {before.memory >> 20} MB, then {now.memory >> 20} MB; descriptors {now.descriptors}", flush=True)
        return found


# --- what the system says -------------------------------------------------------------------------------------------


def _family(root: int) -> list[int]:
    """Return a process and all that descend from it, those that went to another parent left out."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
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


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:80]
    return ""


def _memory(pid: int) -> int:
    with contextlib.suppress(OSError):
        lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty"))) * 1024
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--row", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=50)
    chosen = parser.parse_args()
    found = asyncio.run(soak(chosen.row, chosen.at_once))
    print("\n".join(f"left over: {one}" for one in found) or "nothing is left over")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
