"""The distinct cells of a column and how often each stands there: what every decision about the column looks at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

FEW = 2_000
"""Up to so many distinct cells Python is faster than a call into Arrow, which compiles each pattern anew."""
LONG = 40
"""Longer words are left to RE2, whose time grows only as they do; `re` can be made to take for ever."""
_SHORT = 5_000


class Words:
    """Distinct cells with their counts; patterns are matched on whole cells, by `re` on few and by RE2 on many."""

    def __init__(self, words: list[str] | Any, counts: Any) -> None:
        if not isinstance(words, list) and len(words) <= FEW:
            words = words.to_pylist()
        self._list: list[str] | None = words if isinstance(words, list) else None
        self._array: Any = None if isinstance(words, list) else words
        self.counts = counts

    @classmethod
    def of(cls, texts: Any) -> tuple[Words, int, frozenset[str]]:
        """Return the filled cells of a column of text as they stand, the count of blank ones, and their spellings."""
        array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks)
        if len(array) <= _SHORT:
            counted = Counter(array.to_pylist())
            filled = {word: count for word, count in counted.items() if word and not word.isspace()}
            blank = len(array) - sum(filled.values())
            blanks = frozenset(word for word in counted if word and word not in filled)
            return cls(list(filled), np.fromiter(filled.values(), np.int64, len(filled))), blank, blanks
        pairs: Any = pc.value_counts(array)
        words, counts = pairs.field("values"), pairs.field("counts").to_numpy()
        bare: Any = pc.utf8_trim_whitespace(words)
        empty = pc.is_in(bare, value_set=pa.array(["", None], words.type)).to_numpy(False)
        blanks = frozenset(word for word in words.filter(pa.array(empty)).to_pylist() if word)
        return cls(words.filter(pa.array(~empty)), counts[~empty]), int(counts[empty].sum()), blanks

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def cells(self) -> int:
        """How many cells these words stand in."""
        return int(self.counts.sum())

    @property
    def array(self) -> Any:
        """The words as an Arrow array of text."""
        if self._array is None:
            self._array = pa.array(self._list or [], pa.large_string())
        return self._array

    def sample(self, size: int = FEW) -> list[str]:
        """Return at most `size` words, taken evenly from all."""
        step = max(1, -(-len(self) // max(size, 1)))
        if self._list is not None:
            return self._list[::step]
        taken: list[str] = self._array.take(pa.array(np.arange(0, len(self), step))).to_pylist()
        return taken

    def fits(self, pattern: str) -> Any:
        """Return for each word whether all of it matches `pattern` (a numpy array of truth values)."""
        if self._list is None:
            return _by_re2(self._array, pattern)
        full = _compiled(pattern).fullmatch
        found = np.fromiter((len(word) <= LONG and full(word) is not None for word in self._list), np.bool_, len(self))
        long = [number for number, word in enumerate(self._list) if len(word) > LONG]
        if long:
            found[long] = _by_re2(pa.array([self._list[number] for number in long], pa.large_string()), pattern)
        return found

    def all_fit(self, pattern: str) -> bool:
        """Tell whether every word matches; a column that is something else says so within a few cells."""
        full = _compiled(pattern).fullmatch
        sample = self._list if self._list is not None else self.sample(50)
        if not all(len(word) > LONG or full(word) for word in sample):
            return False
        if self._list is not None:
            long = [word for word in self._list if len(word) > LONG]
            return not long or bool(_by_re2(pa.array(long, pa.large_string()), pattern).all())
        return bool(self.fits(pattern).all())

    def any_fits(self, pattern: str) -> bool:
        """Tell whether some word matches."""
        if self._list is not None:
            full = _compiled(pattern).fullmatch
            if any(len(word) <= LONG and full(word) for word in self._list):
                return True
            long = [word for word in self._list if len(word) > LONG]
            return bool(long) and bool(_by_re2(pa.array(long, pa.large_string()), pattern).any())
        return bool(self.fits(pattern).any())

    def kept(self, mask: Any) -> Words:
        """Return the words for which `mask` (a numpy array of truth values) is true."""
        if self._list is not None:
            return Words([word for word, keep in zip(self._list, mask, strict=True) if keep], self.counts[mask])
        return Words(self._array.filter(pa.array(mask)), self.counts[mask])

    def without(self, known: Collection[str]) -> tuple[Words, frozenset[str], int]:
        """Return the words that are none of `known`, the known ones that were met, and in how many cells."""
        if self._list is not None:
            met = np.fromiter((word in known for word in self._list), np.bool_, len(self))
        else:
            met = pc.is_in(self._array, value_set=pa.array(sorted(known), self._array.type)).to_numpy(False)
        if not met.any():
            return self, frozenset(), 0
        return self.kept(~met), frozenset(self.kept(met).sample(len(self))), int(self.counts[met].sum())

    def trimmed(self) -> tuple[Words, bool]:
        """Return the words without the spaces around them, and whether there were any; some may now be the same."""
        if self._list is not None:
            bare = [word.strip() for word in self._list]
            return (Words(bare, self.counts), True) if bare != self._list else (self, False)
        trimmed = pc.utf8_trim_whitespace(self._array)
        same = pc.all(pc.equal(trimmed, self._array)).as_py()
        return (self, False) if same else (Words(trimmed, self.counts), True)


def _by_re2(words: Any, pattern: str) -> Any:
    return pc.match_substring_regex(words, f"^(?:{pattern})$").to_numpy(False)


@lru_cache(512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)
