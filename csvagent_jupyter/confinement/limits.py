"""How much an untrusted process may use, as rlimits that it puts on itself before any foreign code runs."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one sandbox; sizes in bytes.

    `memory` is address space beyond what the interpreter, the libraries and the session's data take. `work_files` and
    `work_size` bound what is fetched from the work folder; `output` is characters of text per execution; `message` is
    one message of the kernel, `traffic` all that it may send while one piece of code runs. `cpu_seconds` is processor
    time of the process from its start to its end, `threads` the size of a library's pool, `tasks` all threads together.
    """

    memory: int = 4096 * MIB
    file_size: int = 1024 * MIB
    open_files: int = 512
    threads: int = 2
    tasks: int = 256
    cpu_seconds: int = 3600
    output: int = 1_000_000
    message: int = 16 * MIB
    traffic: int = 64 * MIB
    work_files: int = 100
    work_size: int = 256 * MIB
    figures: int = 30
    tables: int = 30
    table_size: int = 64 * MIB

    def to_dict(self) -> dict[str, int]:
        """Return the limits as JSON values, for the process that they are for."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build the limits from JSON values; unknown keys are passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: int(value) for key, value in data.items() if key in known})


def apply_limits(limits: Limits) -> None:
    """Bound the calling process. Called with all libraries imported: what they map does not count as used memory.

    A limit that the platform does not know, or that is already stricter, is left alone.
    """
    if sys.platform == "win32":
        return
    import resource

    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.file_size)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds)
    if others := _tasks_of_all():
        _lower(resource.RLIMIT_NPROC, others + limits.tasks)
    room_for_data(limits, 0)
    _first_to_go()


def room_for_data(limits: Limits, mapped: int, process: int = 0) -> bool:
    """Set the address space to what is in use now, `mapped` bytes of data that will be mapped, and `limits.memory`.

    Only the soft limit moves, because a session's data may come after its first code. A confined process cannot move
    it: who started it does so for it, by its id; 0 is the calling process. Tells whether the limit was set.
    """
    if sys.platform == "win32":
        return False
    import resource

    try:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if process and sys.platform == "linux":
            _, hard = resource.prlimit(process, resource.RLIMIT_AS)
        wanted = _address_space(process) + mapped + limits.memory
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if process and sys.platform == "linux":
            resource.prlimit(process, resource.RLIMIT_AS, (wanted, hard))
        else:
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (ValueError, OSError):
        return False  # macOS refuses a limit on address space
    return True


def _lower(which: int, wanted: int) -> None:
    import resource

    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    try:
        resource.setrlimit(which, (wanted, wanted))
    except (ValueError, OSError):
        return


def _tasks_of_all() -> int:
    """Return how many threads run in the whole system; 0 where it does not tell.

    The limit counts all threads of the person, also of programs that are no business of ours, and is never below them
    this way. It does not hold for root.
    """
    try:
        return int(Path("/proc/loadavg").read_text("utf-8").split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 0


def _address_space(process: int) -> int:
    """Return the bytes of address space in use; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process or 'self'}/statm").read_text("utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _first_to_go() -> None:
    """Ask the kernel's out-of-memory killer to take this process before the person's own."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", "utf-8")
    except OSError:
        return
