"""Confines the calling process for good, in two steps: one before a kernel makes its sockets, one after.

It is done from inside, without root and without another program, by what Linux offers to every process. Each step that
the system does not have is left out and said so: what is in force is measured by `probe`, not concluded from here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import landlock, privileges, seccomp
from .limits import apply_limits
from .policy import DEVICES_TO_WRITE, Policy, own_process


@dataclass(slots=True)
class Confinement:
    """What was put on this process: Landlock's version (0 for none), the filters, and whether privileges are gone."""

    landlock: int = 0
    seccomp: bool = False
    unprivileged: bool = False
    sealed: bool = False

    @property
    def complete(self) -> bool:
        """Whether every step was taken that keeps files, network and other processes out of reach."""
        return self.landlock > 0 and self.seccomp and self.unprivileged and self.sealed

    def seal(self) -> None:
        """Take the second step, in all threads: no new socket, connection or limit. Call it before any foreign code."""
        if self.seccomp:
            with suppress(OSError):
                seccomp.restrict_rest()
                self.sealed = True


def confine(policy: Policy, *, parent: int | None = None) -> Confinement:
    """Take the first step: limits, privileges, files, system calls; local stream sockets can still be made.

    Call it before any thread is started, because Landlock holds for the calling thread and those it starts: raises
    RuntimeError when there are others. With `parent`, the id of a process with one thread, this one ends with that.
    """
    done = Confinement()
    if sys.platform != "linux":
        apply_limits(policy.limits)
        return done
    if threading.active_count() != 1 or len(list(Path("/proc/self/task").iterdir())) != 1:
        raise RuntimeError("other threads run already, and they would not be confined")
    apply_limits(policy.limits)
    filters = seccomp.available()
    with suppress(OSError):
        privileges.no_new_privileges()
        privileges.drop_capabilities()
        done.unprivileged = True
    with suppress(OSError):
        done.landlock = landlock.restrict(_rules(policy))
    if parent is not None:
        privileges.end_with(parent)
    if filters:
        with suppress(OSError):
            seccomp.restrict_start()
            done.seccomp = True
    return done


def prepare() -> None:
    """Do once, in a process that forks, what is the same for every fork that confines itself."""
    if seccomp.available():
        seccomp.prepared()


def _rules(policy: Policy) -> Iterator[tuple[str, int]]:
    yield from ((path, landlock.READ) for path in (*policy.readable, *own_process()))
    yield from ((path, landlock.WRITE) for path in (*policy.writable, *DEVICES_TO_WRITE))
    yield from ((path, landlock.SOCKET_FOLDER) for path in policy.sockets)
