"""Summaries of a column that stay small however long it is: how many distinct cells, which ones, and a fair sample.

`Distinct` keeps the least hashes of all cells (k minimum values, Bar-Yossef et al. 2002): with 8,192 of them the count
is off by 1.1 % in the usual case, and exact below. `Sample` keeps the rows with the least random numbers, so that every
row is as likely in it: 65,536 rows put a quantile off by 0.2 % of the rows in the usual case.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HASHES: Final = 8_192
SAMPLED: Final = 65_536
SAMPLED_BYTES: Final = 32 << 20
COUNTED: Final = 256
LONG: Final = 512
"""Texts of more bytes than this are hashed one by one."""
_ALL: Final = 2**64 - 1
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_OTHER: Final = np.uint64(0xBF58476D1CE4E5B9)
_HALF: Final = np.uint64(32)
_LOW: Final = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
"""Masks of the lowest 0 to 8 bytes."""


def hashes(cells: Any) -> Any:
    """Return a 64-bit hash of every cell of an Arrow array without missing cells; numbers never share one."""
    kind = cells.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _text_hashes(cells)
    if pa.types.is_floating(kind):
        numbers = cells.cast(pa.float64()).to_numpy(zero_copy_only=False) + 0.0  # the two zeros are one
    elif pa.types.is_temporal(kind) and kind.bit_width == 64:
        numbers = cells.view(pa.int64()).to_numpy(zero_copy_only=False)
    elif pa.types.is_integer(kind):
        numbers = cells.to_numpy(zero_copy_only=False).astype(np.int64)
    else:
        return _text_hashes(cells.cast(pa.string()))
    return _mixed(numbers.view(np.uint64) * _ODD)


def _mixed(words: Any) -> Any:
    """Spread the bits of the words; changes the array that it is given."""
    words ^= words >> _HALF
    words *= _OTHER
    words ^= words >> _HALF
    return words


def _text_hashes(cells: Any) -> Any:
    """Hash texts eight bytes at a time: the first eight, those between, and the last eight, which may overlap."""
    wide = np.int64 if pa.types.is_large_string(cells.type) else np.int32
    _, offsets, data = cells.buffers()
    if not len(cells):
        return np.empty(0, np.uint64)
    bounds = np.frombuffer(offsets, wide)[cells.offset : cells.offset + len(cells) + 1].astype(np.int64)
    first, last = int(bounds[0]), int(bounds[-1])
    padded = np.zeros(last - first + 8, np.uint8)
    if last > first:
        padded[:-8] = np.frombuffer(data, np.uint8, last - first, first)
    words: Any = np.ndarray((last - first + 1,), np.uint64, padded, strides=(1,))
    starts = bounds[:-1] - first
    sizes = np.diff(bounds)
    found = (words[starts] & _LOW[np.minimum(sizes, 8)]) * _ODD
    found ^= sizes.astype(np.uint64)
    found = _mixed(found)
    for begin in range(8, min(int(sizes.max()), LONG) - 8, 8):
        longer = sizes > begin + 8
        if longer.all():
            found = _mixed((found ^ words[starts + begin]) * _ODD)
        else:
            at = np.flatnonzero(longer)
            found[at] = _mixed((found[at] ^ words[starts[at] + begin]) * _ODD)
    tails = np.flatnonzero(sizes > 8)
    if len(tails):
        found[tails] = _mixed((found[tails] ^ words[starts[tails] + sizes[tails] - 8]) * _ODD)
    for long in np.flatnonzero(sizes > LONG).tolist():
        cell = padded[starts[long] : starts[long] + sizes[long]].tobytes()
        found[long] = int.from_bytes(hashlib.blake2b(cell, digest_size=8).digest(), "little")
    return found


class Distinct:
    """How many different hashes there were. `below` may be called by several threads at once, `add` by one."""

    def __init__(self, kept: int = HASHES) -> None:
        self._most = kept
        self._kept: Any = np.empty(0, np.uint64)
        self._new: list[Any] = []
        self._waiting = 0
        self._bound = _ALL
        self._full = False

    def below(self, cells: Any) -> Any:
        """Return those hashes of the cells (an Arrow array) that may count; the others are known to change nothing."""
        if not self._full:
            return hashes(pc.unique(cells))
        found = hashes(cells)
        return found[found <= np.uint64(self._bound)]

    def add(self, found: Any) -> None:
        """Count hashes."""
        self._new.append(found)
        self._waiting += len(found)
        if self._waiting > 4 * self._most:
            self._settle()

    def estimate(self) -> tuple[int, bool]:
        """Return the count, and whether it is approximate."""
        self._settle()
        if not self._full:
            return len(self._kept), False
        return round((len(self._kept) - 1) / ((self._bound + 1) / 2**64)), True

    def _settle(self) -> None:
        every = np.concatenate([self._kept, *self._new])
        every.sort()
        every = every[np.concatenate([[True], every[1:] != every[:-1]])] if len(every) else every
        self._new, self._waiting = [], 0
        if len(every) > self._most:
            every = every[: self._most].copy()
            self._bound, self._full = int(every[-1]), True
        self._kept = every


class Frequent:
    """How often each cell stands in a column, as long as there are few different ones."""

    def __init__(self, most: int = COUNTED) -> None:
        self.most = most
        self.counts: dict[Any, int] = {}
        self.alive = True

    def add(self, words: Any, counts: Any) -> bool:
        """Count cells (two Arrow arrays); False when there are too many different ones from now on."""
        for word, count in zip(words.to_pylist(), counts.to_pylist(), strict=True):
            self.counts[word] = self.counts.get(word, 0) + count
        self.alive = len(self.counts) <= self.most
        return self.alive


class Sample:
    """Rows of a table, each as likely as any other. `pick` may be called by several threads at once, `add` by one."""

    def __init__(self, columns: int) -> None:
        self.most = max(1_024, min(SAMPLED, SAMPLED_BYTES // (16 * max(1, columns))))
        self.whole = True
        self._bound = 1.0
        self._kept: list[tuple[Any, Any]] = []
        self._rows = 0

    def pick(self, batch: pa.RecordBatch, number: int) -> tuple[Any, pa.RecordBatch]:
        """Return the random numbers and the rows of the batch `number` that may stay in the sample."""
        drawn = np.random.default_rng(number).random(batch.num_rows)
        if self._bound >= 1.0:
            return drawn, batch
        at = np.flatnonzero(drawn <= self._bound)
        return drawn[at], batch.take(at)

    def add(self, picked: tuple[Any, pa.RecordBatch]) -> None:
        """Put rows into the sample, and the least likely ones out of it."""
        self._kept.append(picked)
        self._rows += len(picked[0])
        if self._rows > 2 * self.most:
            self._settle()

    def table(self) -> pa.Table | None:
        """Return the sampled rows; None when there are none."""
        if self._rows > self.most:
            self._settle()
        return pa.Table.from_batches([batch for _, batch in self._kept]) if self._kept else None

    def _settle(self) -> None:
        drawn = np.concatenate([numbers for numbers, _ in self._kept])
        at = np.argpartition(drawn, self.most)[: self.most]
        table = pa.Table.from_batches([batch for _, batch in self._kept]).take(np.sort(at))
        drawn = drawn[np.sort(at)]
        self._bound, self.whole = float(drawn.max()), False
        self._kept = [(drawn, table.combine_chunks().to_batches()[0])]
        self._rows = len(drawn)


def finite(numbers: Any) -> Any:
    """Return the numbers that are neither infinite nor not a number."""
    return pc.filter(numbers, pc.is_finite(numbers)) if pa.types.is_floating(numbers.type) else numbers
