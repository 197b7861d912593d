"""A small machine for classic BPF, on which a filter for any architecture can be tried."""

from __future__ import annotations

import struct

ALLOW = 0x7FFF0000
ERROR = 0x00050000


def run(program: bytes, architecture: int, number: int, *arguments: int) -> int | None:
    """Return the error that a filter answers with, None when the call passes; arguments have 64 bits."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    accumulator, at = 0, 0
    while True:
        code, when_true, when_false, value = instructions[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x05:
                at += value
            case 0x15:
                at += when_true if accumulator == value else when_false
            case 0x35:
                at += when_true if accumulator >= value else when_false
            case 0x06:
                if value == ALLOW:
                    return None
                assert value & 0xFFFF0000 == ERROR
                return value & 0xFFFF
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")
