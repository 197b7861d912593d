"""Truth values in the words that people use for them, English and Russian."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .words import Words

_ALONE = (("true", "false"), ("истина", "ложь"))
"""Words that mean a truth value even where a column has only one of the two."""
_PAIRS = (
    *_ALONE,
    *(("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off")),
    *(("да", "нет"), ("д", "н"), ("вкл", "выкл"), ("вкл.", "выкл.")),
)


def _any_case(words: Iterable[str]) -> str:
    """Return the regular expression of these words in any case; ``(?i)`` of `re.ASCII` folds no Cyrillic letters."""
    return "|".join(
        "".join(f"[{each}{each.upper()}]" if each.isalpha() else re.escape(each) for each in word) for word in words
    )


TRUE = _any_case([*(pair[0] for pair in _PAIRS), "1"])
FALSE = _any_case([*(pair[1] for pair in _PAIRS), "0"])
"""The regular expressions of any word for true and for false, in a column that is stated to hold truth values."""
_LONGEST = max(len(word) for pair in _PAIRS for word in pair)
_MOST_SPELLINGS = 12
AS_PANDAS = frozenset({"True", "TRUE", "true", "False", "FALSE", "false"})
"""The spellings that pandas reads as truth values by itself."""


def find_truth(words: Words) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the spellings of true and of false when all `words` are of one pair; 0 and 1 are numbers."""
    if not 0 < len(words) <= _MOST_SPELLINGS:
        return None
    met = words.sample(len(words))
    if any(len(word) > _LONGEST for word in met):
        return None
    folded = {word.lower() for word in met}
    for pair in _PAIRS:
        if folded == set(pair) or (folded and folded < set(pair) and pair in _ALONE):
            true = frozenset(word for word in met if word.lower() == pair[0])
            return true, frozenset(met) - true
    return None


def truth_pattern(spellings: frozenset[str]) -> tuple[str, str]:
    """Return the regular expressions of the words for true and for false, in any case, that `spellings` belong to."""
    folded = {word.lower() for word in spellings}
    pair = next((pair for pair in _PAIRS if folded & set(pair)), _PAIRS[0])
    return f"(?i:{re.escape(pair[0])})", f"(?i:{re.escape(pair[1])})"
