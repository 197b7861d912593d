"""Truth values in the words that people use for them, English and Russian."""

from __future__ import annotations

import re

from .words import Words

_ALONE = (("true", "false"), ("истина", "ложь"))
"""Words that mean a truth value even where a column has only one of the two."""
_PAIRS = (
    *_ALONE,
    *(("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off")),
    *(("да", "нет"), ("д", "н"), ("вкл", "выкл"), ("вкл.", "выкл.")),
)
TRUTH = "(?i:" + "|".join(re.escape(word) for pair in _PAIRS for word in pair) + ")"
"""The regular expression of any word for a truth value."""
_LONGEST = max(len(word) for pair in _PAIRS for word in pair)
_MOST_SPELLINGS = 12
AS_PANDAS = frozenset({"True", "TRUE", "true", "False", "FALSE", "false"})
"""The spellings that pandas reads as truth values by itself."""


def find_truth(words: Words) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the spellings of true and of false when all `words` are of one pair; 0 and 1 are numbers."""
    if len(words) > _MOST_SPELLINGS:
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
