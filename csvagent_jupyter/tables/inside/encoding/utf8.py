"""What can be told of bytes as UTF-8 without decoding them: whole blocks at once."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa

SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
BEYOND = re.compile(rb"[\x80-\xff]")
_STRIDE = 1 << 17
"""Bytes looked at in one step, so that what is made of them stays in the processor's cache."""


def is_utf8(data: bytes) -> bool:
    """Say whether all of `data` is valid UTF-8, some times faster than decoding it."""
    if data.isascii():
        return True
    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64).tobytes())
    try:
        pa.Array.from_buffers(pa.large_utf8(), 1, [None, ends, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def may_have_utf8(data: bytes) -> bool:
    """Say whether a line beyond ASCII may be UTF-8: every byte that begins a character is gone on with, no other is."""
    whole = np.frombuffer(data, np.uint8)
    if not any(_pairs(whole[start : start + _STRIDE + 1]).any() for start in range(0, len(whole), _STRIDE)):
        return False
    high, goes_on = whole > 0x7F, (whole & 0xC0) == 0x80
    begins = (whole > 0xC1) & (whole < 0xF5)
    astray = high & ~begins & ~goes_on
    astray[:-1] |= begins[:-1] & ~goes_on[1:]
    astray[1:] |= goes_on[1:] & ~high[:-1]
    starts = np.flatnonzero((whole[:-1] == 10) | (whole[:-1] == 13)) + 1
    starts = np.concatenate((np.zeros(1, np.int64), starts))
    return bool((np.logical_or.reduceat(high, starts) & ~np.logical_or.reduceat(astray, starts)).any())


def _pairs(data: Any) -> Any:
    """Say of each byte whether it begins a character of UTF-8 that the next one goes on with."""
    return (data[:-1] > 0xC1) & (data[:-1] < 0xF5) & ((data[1:] & 0xC0) == 0x80)


def line_ends(data: bytes) -> int:
    whole = np.frombuffer(data, np.uint8)
    count = sum(int(np.count_nonzero(whole[at : at + _STRIDE] == 10)) for at in range(0, len(whole), _STRIDE))
    return count + data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else count
