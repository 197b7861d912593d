"""Columns of plain numbers and dates read through their bytes: what Arrow's own readers take, and which cells are left.

Everything here is cautious: a cell that is not surely read right is left to those who look at it word by word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .moments import ISO, Unit, buffers, read_fixed
from .quantities import SPACES, NumberStyle

_DIGITS = b"0123456789"
_MINUS, _ZERO, _POINT, _COMMA = b"-0.,"
Quick = tuple[Any, Any]
"""The values as an Arrow array, with nulls for empty cells, and which cells are left to be looked at."""


def quick_numbers(array: Any, style: NumberStyle, kind: pa.DataType, *, keep_zeros: bool) -> Quick | None:
    """Read numbers in a style without currency and such; None when that is not enough.

    With `keep_zeros` whole numbers that begin with a zero are left: they may be codes.
    """
    if style.marks or style.minus or style.scales:
        return None
    array = _one_mark(array, style)
    data, offsets = buffers(array)
    decimal = b"" if style.whole else style.decimal.encode() + b"eE+"
    odd = _cells_with(data, offsets, _DIGITS + b"-" + decimal + style.thousands.encode())
    if style.thousands:
        data, offsets, wrong = _without_marks(data, offsets, ord(style.thousands))
        odd |= wrong
    elif style.whole and keep_zeros:
        odd |= _leading_zeros(data, offsets)
    if not style.whole and style.decimal == ",":
        data = np.where(data == _COMMA, np.uint8(_POINT), data)
    empty = np.diff(offsets) == 0
    if array.null_count:
        empty |= array.is_null().to_numpy(False)
    for _ in range(2):
        try:
            values = _texts(data, offsets, odd | empty).cast(kind)
        except pa.ArrowInvalid:
            odd |= _malformed(data, offsets)
            continue
        if not style.whole:  # more than there is room for
            odd |= np.isinf(values.fill_null(0).to_numpy(False))
        return values, odd
    return None


def quick_dates(array: Any, form: str, unit: Unit, kind: Any) -> Quick | None:
    """Read dates in one format; those that are not padded to its width are left."""
    data, offsets = buffers(array)
    empty = np.diff(offsets) == 0
    if array.null_count:
        empty |= array.is_null().to_numpy(False)
    if form == ISO:
        odd = np.zeros(len(array), np.bool_)
        for _ in range(2):
            try:
                return _texts(data, offsets, odd | empty).cast(kind), odd
            except pa.ArrowInvalid:
                odd = ~empty & ~_begins_with_digit(data, offsets)
    found = read_fixed(array, form, unit, zones=kind.tz is not None)
    if found is None:
        return None
    mask = ~found.read
    values = pa.array(found.ticks, pa.int64(), mask=mask if mask.any() else None).cast(kind)
    return values, mask & ~empty


def _one_mark(array: Any, style: NumberStyle) -> Any:
    """Return the cells with one sort of space, or of apostrophe, between thousands."""
    others = {" ": SPACES[1:], "'": "’"}.get(style.thousands, "")
    data, _ = buffers(array)
    if others and len(data) and data.max() > 127:
        for other in others:
            array = pc.replace_substring(array, other, style.thousands)
    return array


def _cells_with(data: Any, offsets: Any, fine: bytes) -> Any:
    """Return which cells hold a byte that is none of `fine`."""
    bad = np.ones(256, np.bool_)
    bad[list(fine)] = False
    return _cells_at(np.flatnonzero(bad[data]), offsets)


def _cells_at(places: Any, offsets: Any) -> Any:
    found = np.zeros(len(offsets) - 1, np.bool_)
    if len(places):
        found[np.searchsorted(offsets, places, "right") - 1] = True
    return found


def _leading_zeros(data: Any, offsets: Any) -> Any:
    """Return which cells begin with a zero that is not all of the number."""
    lengths = np.diff(offsets)
    found = np.zeros(len(lengths), np.bool_)
    if not len(data):
        return found
    starts = offsets[:-1]
    first = data[np.minimum(starts, len(data) - 1)]
    found |= (first == _ZERO) & (lengths > 1)
    signed = np.flatnonzero((first == _MINUS) & (lengths > 2))
    found[signed] |= data[starts[signed] + 1] == _ZERO
    return found


def _begins_with_digit(data: Any, offsets: Any) -> Any:
    if not len(data):
        return np.zeros(len(offsets) - 1, np.bool_)
    first = data[np.minimum(offsets[:-1], len(data) - 1)]
    return (first >= 48) & (first <= 57)


def _without_marks(data: Any, offsets: Any, mark: int) -> tuple[Any, Any, Any]:
    """Return the bytes without thousands marks, and which cells do not have them in groups of three digits."""
    places = np.flatnonzero(data == mark)
    if not len(places):
        return data, offsets, np.zeros(len(offsets) - 1, np.bool_)
    cells = np.searchsorted(offsets, places, "right") - 1
    padded = np.concatenate([data, np.zeros(4, np.uint8)])
    is_digit = (padded >= 48) & (padded <= 57)
    ends = offsets[cells + 1]
    grouped = is_digit[places + 1] & is_digit[places + 2] & is_digit[places + 3] & (places + 4 <= ends)
    grouped &= (places + 4 == ends) | ~is_digit[places + 4]
    starts = offsets[cells] + (data[np.minimum(offsets[cells], len(data) - 1)] == _MINUS)
    first = np.append(True, cells[1:] != cells[:-1])
    before = np.where(first, starts - 1, np.append(-1, places[:-1]))
    length = places - before - 1
    grouped &= (length >= 1) & (length <= 3) & is_digit[np.maximum(places - 1, 0)]
    wrong = np.zeros(len(offsets) - 1, np.bool_)
    wrong[cells[~grouped]] = True
    kept = np.ones(len(data), np.bool_)
    kept[places] = False
    return data[kept], offsets - np.searchsorted(places, offsets), wrong


def _malformed(data: Any, offsets: Any) -> Any:
    """Return which cells have a minus sign inside, two points, or too many digits for a number of 64 bits."""
    minus = np.flatnonzero(data == _MINUS)
    cells = np.searchsorted(offsets, minus, "right") - 1
    inside = minus[minus != offsets[cells]]
    points = np.searchsorted(offsets, np.flatnonzero(data == _POINT), "right") - 1
    found = _cells_at(inside, offsets)
    found[points[1:][points[1:] == points[:-1]]] = True
    return found | (np.diff(offsets) > 18)


def _texts(data: Any, offsets: Any, missing: Any) -> Any:
    """Return an Arrow array of text over these bytes, without copying them."""
    wide = offsets.dtype == np.int64
    kind = pa.large_string() if wide else pa.string()
    held: list[Any] = [np.ascontiguousarray(offsets), np.ascontiguousarray(data)]
    bits: Any = np.packbits(~missing, bitorder="little") if missing.any() else None
    parts = [None if each is None else pa.py_buffer(each) for each in (bits, *held)]
    return pa.Array.from_buffers(kind, len(offsets) - 1, parts)
