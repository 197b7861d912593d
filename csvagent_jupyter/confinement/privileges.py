"""Gives up every privilege for good, and ends with the parent."""

from __future__ import annotations

import os
import signal
import struct
from contextlib import suppress
from typing import Final

from .syscalls import call, prctl

# include/uapi/linux/prctl.h and include/uapi/linux/capability.h
_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x20080522
_MORE_THAN_THERE_ARE: Final = 64


def no_new_privileges() -> None:
    """Promise that no program started from here gains rights; Landlock and seccomp ask for it without root."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Empty the bounding, ambient, effective, permitted and inheritable sets; raises OSError when they stay."""
    for capability in range(_MORE_THAN_THERE_ARE):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last one, or an ordinary user, whose bounding set gives nothing without a program to start
    with suppress(OSError):  # before Linux 4.3 there is no such set
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    call("capset", struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24))


def end_with(parent: int) -> None:
    """Be killed when `parent` ends, also if it just did. Call it last: dropping capabilities undoes it.

    The signal follows the parent's thread that started us, so it is only for a parent with one thread.
    """
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
