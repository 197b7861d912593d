"""What there is of this process at a moment, for tests after which there must be no more of it."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter
from pathlib import Path

SETTLES_WITHIN = 10.0


def look(folder: Path) -> Counter[str]:
    """Count child processes, descriptors, threads, and what is in a folder."""
    gc.collect()
    found: Counter[str] = Counter(f"folder {entry.name}" for entry in folder.iterdir())
    # The event loop's own pool grows to its bound by chance.
    found.update(f"thread {one.name}" for one in threading.enumerate() if not one.name.startswith("asyncio_"))
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[f"descriptor of {str(entry.readlink()).partition(':')[0]}"] += 1
        except OSError:
            continue
    found.update(f"process {pid}" for pid in family(os.getpid())[1:])
    return found


async def left_over(folder: Path, before: Counter[str]) -> Counter[str]:
    """Return what is there and was not before, once things had time to go."""
    try:
        async with asyncio.timeout(SETTLES_WITHIN):
            while look(folder) - before:
                await asyncio.sleep(0.05)
    except TimeoutError:
        pass
    return look(folder) - before


def family(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found
