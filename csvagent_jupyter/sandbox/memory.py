"""How much memory a process takes, and how much there is, as the system tells it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

KIB: Final = 1024
_CGROUPS: Final = Path("/sys/fs/cgroup")


def used_by(process: int) -> int:
    """Return the bytes of a process; pages that several share count by its share. 0 where the system does not tell."""
    return _field(Path(f"/proc/{process}/smaps_rollup"), "Pss:") or resident(process)


def resident(process: int) -> int:
    """Return the bytes of a process, shared pages in full."""
    return _field(Path(f"/proc/{process}/status"), "VmRSS:")


def half_of_all() -> int | None:
    """Return half of the machine's memory, or of what this process's group may have; None where nobody tells."""
    found = [size for size in (_machine(), _group()) if size]
    return min(found) // 2 if found else None


def _field(file: Path, name: str) -> int:
    """Return the bytes after a name in one of Linux's files of lines ``name: 12 kB``."""
    try:
        with file.open(encoding="ascii", errors="replace") as lines:
            return next((int(line.split()[1]) * KIB for line in lines if line.startswith(name)), 0)
    except (OSError, ValueError, IndexError):
        return 0


def _machine() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return 0


def _group(own: Path = Path("/proc/self/cgroup"), root: Path = _CGROUPS) -> int:
    """Return the smallest limit among this process's control groups and those above them; 0 when there is none."""
    try:
        lines = own.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return 0
    limits = []
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers == "":
            limits += _limits(root, path, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _limits(root / "memory", path, "memory.limit_in_bytes")
    return min(limits, default=0)


def _limits(root: Path, path: str, name: str) -> list[int]:
    found = []
    group = root / path.lstrip("/")
    for folder in (group, *group.parents):
        if folder.is_relative_to(root):
            try:
                found.append(int((folder / name).read_text("ascii")))
            except (OSError, ValueError):  # no such file, or "max"
                continue
    return found
