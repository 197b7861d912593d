"""Landlock: the files, TCP ports, signals and abstract sockets that a process may still reach.

Constants and rights are those of Linux's include/uapi/linux/landlock.h; Documentation/userspace-api/landlock.rst tells
which version of the interface (ABI) brought them. What is handled and not granted by a rule is refused.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from typing import Final

from .syscalls import call, prctl

EXECUTE: Final = 1 << 0
WRITE_FILE: Final = 1 << 1
READ_FILE: Final = 1 << 2
READ_DIR: Final = 1 << 3
REMOVE_DIR: Final = 1 << 4
REMOVE_FILE: Final = 1 << 5
MAKE_CHAR: Final = 1 << 6
MAKE_DIR: Final = 1 << 7
MAKE_REG: Final = 1 << 8
MAKE_SOCK: Final = 1 << 9
MAKE_FIFO: Final = 1 << 10
MAKE_BLOCK: Final = 1 << 11
MAKE_SYM: Final = 1 << 12
REFER: Final = 1 << 13
TRUNCATE: Final = 1 << 14
IOCTL_DEV: Final = 1 << 15

READ: Final = READ_FILE | READ_DIR
# No fifo, device or link can be made: whoever fetches the files from outside would hang on it or follow it.
WRITE: Final = READ | WRITE_FILE | TRUNCATE | MAKE_REG | MAKE_DIR | REMOVE_FILE | REMOVE_DIR | REFER
SOCKET_FOLDER: Final = READ_DIR | MAKE_SOCK | REMOVE_FILE

_OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_SINCE_ABI_1: Final = (1 << 13) - 1
_BIND_AND_CONNECT_TCP: Final = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11
_ASK_FOR_VERSION: Final = 1
# Since ABI 7 each refusal is a line in the host's log, which code could fill; this leaves those of this process out.
_LOG_NOTHING: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38


def version() -> int:
    """Return Landlock's ABI version on this system; 0 where it is not built in, not enabled or not Linux."""
    try:
        return call("landlock_create_ruleset", None, 0, _ASK_FOR_VERSION)
    except OSError:
        return 0


def handled(abi: int) -> tuple[int, int, int]:
    """Return what that version can refuse: rights on files, on TCP ports, and scopes."""
    files = _SINCE_ABI_1
    if abi >= 2:
        files |= REFER
    if abi >= 3:
        files |= TRUNCATE
    if abi >= 5:
        files |= IOCTL_DEV
    return files, _BIND_AND_CONNECT_TCP if abi >= 4 else 0, _ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0


def restrict_flags(abi: int) -> int:
    """Return the flags of landlock_restrict_self: what is refused is not written into the log, where that can be."""
    return _LOG_NOTHING if abi >= 7 else 0


def restrict(rules: Iterable[tuple[str, int]]) -> int:
    """Leave the calling thread, and threads it starts later, only the rights that `rules` give to paths.

    Returns the ABI version that was applied, 0 for none. A path that is not there is passed over. There is no way back.
    Descriptors of paths in /proc stay open as long as the process lives.
    """
    abi = version()
    if abi < 1:
        return 0
    rights = handled(abi)
    # struct landlock_ruleset_attr grew with the versions; an older kernel refuses what it does not know.
    attributes = struct.pack("=QQQ", *rights)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = call("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for path, allowed in rules:
            _allow(ruleset, path, allowed & rights[0])
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        call("landlock_restrict_self", ruleset, restrict_flags(abi))
    finally:
        os.close(ruleset)
    return abi


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        # struct landlock_path_beneath_attr is packed: the rights, then the descriptor.
        call("landlock_add_rule", ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        # A rule is on an inode, and procfs makes another one for the same file when memory ran short in between; an
        # open descriptor keeps it. Other file systems find the inode again.
        if not path.startswith("/proc/"):
            os.close(descriptor)
