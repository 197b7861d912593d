"""How much an untrusted process may use, as rlimits that it puts on itself before any foreign code runs."""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

MIB = 2**20
# include/linux/posix-timers_types.h
_CPUCLOCK_PROF = 0
_CPUCLOCK_SCHED = 2
_MOST_OF_OUR_OWN = 1_024


def _limit(default: int, least: int, help_text: str) -> int:
    """Declare a limit: its default, and what its setting says and takes at least."""
    declared: int = field(default=default, metadata={"least": least, "help": help_text})
    return declared


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one sandbox; sizes in bytes. Each is a setting: `settings.Settings` has a trait for every field here.

    `memory` is address space beyond what the interpreter, the libraries and the session's data take. `work_files` and
    `work_size` bound all that is written and kept in the sandbox's folder. `traffic` is all that a kernel may send
    while one piece of code runs, `message` one message of it. `threads` is the size of a library's pool, `tasks` all
    threads together.
    """

    memory: int = _limit(4096 * MIB, 256 * MIB, "Bytes of memory that a kernel may take beside the session's data.")
    cpu_seconds: int = _limit(600, 1, "Seconds of processor time that one piece of code may take.")
    threads: int = _limit(2, 1, "Threads that a library may use to compute.")
    tasks: int = _limit(256, 64, "Threads that a kernel may have; root is not bound by it.")
    open_files: int = _limit(512, 128, "Files that a kernel may have open at a time.")
    file_size: int = _limit(256 * MIB, MIB, "Bytes that one file in a kernel's folder may have.")
    work_size: int = _limit(512 * MIB, 16 * MIB, "Bytes that all files in a kernel's folder may have together.")
    work_files: int = _limit(1_000, 200, "Files and folders that may be in a kernel's folder.")
    output: int = _limit(1_000_000, 1_000, "Characters of text that one piece of code may print.")
    figures: int = _limit(30, 1, "Figures that one piece of code may show.")
    tables: int = _limit(30, 1, "Tables that one piece of code may show.")
    table_size: int = _limit(64 * MIB, MIB, "Bytes that a shown table may have to be kept whole.")
    message: int = _limit(16 * MIB, MIB, "Bytes that one message of a kernel may have.")
    traffic: int = _limit(64 * MIB, 2 * MIB, "Bytes that a kernel may send while one piece of code runs.")

    def to_dict(self) -> dict[str, int]:
        """Return the limits as JSON values, for the process that they are for."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build the limits from JSON values; unknown keys are passed over."""
        known = {one.name for one in fields(cls)}
        return cls(**{key: int(value) for key, value in data.items() if key in known})


def apply_limits(limits: Limits) -> None:
    """Bound the calling process. Called with all libraries imported: what they map does not count as used memory.

    Open files are bound later, by `bound_open_files`. A limit that the platform does not know, or that is already
    stricter, is left alone.
    """
    if sys.platform == "win32":
        return
    import resource

    # Not 0: a host's handler of dumps, a program that runs as root, is started with 0 as well, and with 1 it is not.
    _lower(resource.RLIMIT_CORE, 1)
    _lower(resource.RLIMIT_FSIZE, limits.file_size)
    time_for_run(limits)
    if others := _tasks_of_all():
        _lower(resource.RLIMIT_NPROC, others + limits.tasks)
    room_for_data(limits, 0)
    _first_to_go()


def bound_open_files(limits: Limits, connections: int = 0) -> None:
    """Let the calling process open `limits.open_files` more than it has open now, and `connections` to its sockets.

    Called last before any foreign code: a kernel's sockets and their threads take some sixty, which are not the code's.
    """
    if sys.platform == "win32":
        return
    import resource

    _lower(resource.RLIMIT_NOFILE, _open_files() + connections + limits.open_files)


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


def time_for_run(limits: Limits, process: int = 0) -> bool:
    """Give a process `limits.cpu_seconds` of processor time from now on; 0 is the calling process.

    Only the soft limit moves, so that it can be moved again before the next run: at it the process is sent SIGXCPU,
    each second anew. Who started the process ends one that does not hear this. Tells whether the limit was set.
    """
    if sys.platform == "win32":
        return False
    import resource

    used = _clock(process, _CPUCLOCK_PROF)
    if used is None:
        return False
    wanted = math.ceil(used) + limits.cpu_seconds
    try:
        if process and sys.platform == "linux":
            _, hard = resource.prlimit(process, resource.RLIMIT_CPU)
        else:
            _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if process and sys.platform == "linux":
            resource.prlimit(process, resource.RLIMIT_CPU, (wanted, hard))
        else:
            resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))
    except (ValueError, OSError):
        return False
    return True


def processor_seconds(process: int = 0) -> float | None:
    """Return the processor time that a process and its threads took so far; None where the system does not tell."""
    return _clock(process, _CPUCLOCK_SCHED)


def _clock(process: int, kind: int) -> float | None:
    """Return a process's processor time in seconds; Linux's own limit counts by ticks, which are not the real time."""
    if sys.platform != "linux":
        return None if process else time.process_time()
    try:
        return time.clock_gettime(~process << 3 | kind)
    except OSError:  # it is gone
        return None


def _lower(which: int, wanted: int) -> None:
    import resource

    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    try:
        resource.setrlimit(which, (wanted, wanted))
    except (ValueError, OSError):
        return


def _open_files() -> int:
    """Return how many descriptors the calling process has open."""
    count = 0
    for descriptor in range(_MOST_OF_OUR_OWN):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        count += 1
    return count


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
