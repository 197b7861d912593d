"""seccomp: the system calls that a process may make, as a filter that denies by default.

A first filter lets pass what Python, the data libraries and a kernel that makes its sockets need. A second one, put on
top once the sockets are there, takes away what only the start needs. A call on neither list answers ENOSYS, as on a
Linux that does not have it, and libraries find another way. Of a checked call only the 32 bits that Linux looks at
are compared, so that the upper half of a register hides nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from functools import cache
from typing import Final

from .seccomp_rules import Check, Rules, sealed, starting
from .syscalls import NUMBERS, call, machine, prctl

# include/uapi/linux/audit.h
_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS_FROM: Final = 0x40000000

# include/uapi/linux/bpf_common.h, filter.h
_LOAD: Final = 0x20
_AND: Final = 0x54
_JUMP: Final = 0x05
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06

# include/uapi/linux/seccomp.h
_SET_MODE_FILTER: Final = 1
_GET_ACTION_AVAIL: Final = 2
_ALL_THREADS: Final = 1
_ALLOW: Final = 0x7FFF0000
_ERROR: Final = 0x00050000
_KILL_PROCESS: Final = 0x80000000
_PR_SET_NO_NEW_PRIVS: Final = 38

_Instruction = tuple[int, int, int, int]
_OFFSET_OF_NUMBER: Final = 0
_OFFSET_OF_ARCHITECTURE: Final = 4
_OFFSET_OF_ARGUMENTS: Final = 16


def available() -> bool:
    """Tell whether filters can be put on processes here."""
    try:
        return bool(machine()) and call("seccomp", _GET_ACTION_AVAIL, 0, struct.pack("=I", _KILL_PROCESS)) == 0
    except OSError:
        return False


def restrict_start() -> None:
    """Put the first filter on all threads: sockets of the machine's own kind may still be made. Raises OSError."""
    install(prepared())


def restrict_rest() -> None:
    """Put the second filter on all threads: no socket, connection, filter or limit any more. Raises OSError."""
    install(program(sealed(os.getpid()), machine()))


@cache
def prepared() -> bytes:
    """Return the first filter's program; a process that forks others makes it once for all of them."""
    return program(starting(), machine())


def program(rules: Rules, architecture: str) -> bytes:
    """Return the filter for `rules` as the kernel takes it (an array of struct sock_filter)."""
    numbers = NUMBERS[architecture]
    instructions: list[_Instruction] = [
        (_LOAD, 0, 0, _OFFSET_OF_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURES[architecture]),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),  # a call of a 32-bit program, by its other numbers
        (_LOAD, 0, 0, _OFFSET_OF_NUMBER),
    ]
    if architecture == "x86_64":
        instructions += [(_JUMP_AT_LEAST, 0, 1, _X32_CALLS_FROM), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    last: dict[str, int | None] = {**dict.fromkeys((*rules.allowed, *rules.checked)), **rules.refused}
    answers = {numbers[name]: _body(rules.checked.get(name, ()), last[name]) for name in last if name in numbers}
    instructions += _search(sorted(answers.items()), _answer(rules.otherwise))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def _answer(number: int | None) -> list[_Instruction]:
    """Let the call pass for None, else answer with that error; 0 claims success and does nothing."""
    return [(_RETURN, 0, 0, _ALLOW if number is None else _ERROR | number)]


def _body(checks: Sequence[Check], last: int | None) -> list[_Instruction]:
    """Refuse at the first check that fails; give the last answer when none does."""
    body: list[_Instruction] = []
    for check in checks:
        offset = _OFFSET_OF_ARGUMENTS + 8 * check.argument + (4 if check.upper_half else 0)
        body += [(_LOAD, 0, 0, offset), (_AND, 0, 0, check.mask)]
        # A match jumps over the one instruction that stands between the comparisons and what a match means.
        count = len(check.values)
        body += [(_JUMP_EQUAL, count - index, 0, value) for index, value in enumerate(check.values)]
        body += _answer(check.otherwise) if check.wanted else [(_JUMP, 0, 0, 1), *_answer(check.otherwise)]
    return body + _answer(last)


def _search(answers: Sequence[tuple[int, list[_Instruction]]], otherwise: list[_Instruction]) -> list[_Instruction]:
    """Find the answer for the loaded number by halving, because Linux runs the filter at every checked call."""
    if not answers:
        return otherwise
    if len(answers) == 1:
        number, body = answers[0]
        return [(_JUMP_EQUAL, 0, len(body), number), *body, *otherwise]
    middle = len(answers) // 2
    lower, upper = _search(answers[:middle], otherwise), _search(answers[middle:], otherwise)
    # A conditional jump reaches 255 instructions, the unconditional one as far as is needed.
    return [(_JUMP_AT_LEAST, 0, 1, answers[middle][0]), (_JUMP, 0, 0, len(lower)), *lower, *upper]


def install(code: bytes) -> None:
    """Put a filter on all threads of this process, on top of those that are there. Raises OSError."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    instructions = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: how many instructions, and where
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))
    thread = call("seccomp", _SET_MODE_FILTER, _ALL_THREADS, header)
    if thread != 0:
        raise OSError(errno.ESRCH, "a thread kept its own filter", str(thread))
