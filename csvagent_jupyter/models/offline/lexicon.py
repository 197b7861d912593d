"""The words of operations: which phrase of a question means what, loaded for a language when first needed.

A language is a module with ``PHRASES``: a sense to the phrases that say it, parted by commas. A sense is ``kind`` or
``kind:value``, and the reading works with senses only, so that a language is added without touching the reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from .words import stem

LANGUAGES: Final = ("en", "ru")
LONGEST_PHRASE: Final = 6


@dataclass(frozen=True, slots=True)
class Sense:
    """What a phrase does in a question: `kind` is its part in the reading, `value` says which one."""

    kind: str
    value: str = ""


@cache
def phrases(language: str) -> dict[tuple[str, ...], Sense]:
    """Return the phrases of a language by their stems.

    A phrase that ends with ``!`` is compared as it is written, for words whose stem is another word's.
    """
    source: dict[str, str] = import_module(f"{__package__}.lexicon_{language}").PHRASES
    found: dict[tuple[str, ...], Sense] = {}
    for sense, listed in source.items():
        kind, _, value = sense.partition(":")
        for phrase in listed.replace("\n", " ").split(","):
            words = tuple(_form(word) for word in phrase.split())
            if words:
                found[words] = Sense(kind, value)
    return found


def _form(word: str) -> str:
    return word if word.endswith("!") or not word[0].isalnum() else stem(word)


def sense_of(words: list[tuple[str, str]], languages: tuple[str, ...]) -> Sense | None:
    """Return the sense of consecutive words, each given as (as written, stem); what is written wins over the stem."""
    written = tuple(f"{word.casefold()}!" for word, _ in words)
    stemmed = tuple(form for _, form in words)
    for language in languages:
        table = phrases(language)
        sense = table.get(written) or table.get(stemmed)
        if sense is not None:
            return sense
    return None


@cache
def concepts() -> dict[str, str]:
    """Return stem → concept: words of both languages for the things that tables are usually about."""
    from .concepts import GROUPS

    found: dict[str, str] = {}
    for group in GROUPS:
        words = [word.strip() for word in group.split(",")]
        for word in words:
            found.setdefault(stem(word), stem(words[0]))
    return found


def concept(word_stem: str) -> str:
    """Return the concept a stem stands for, or the stem itself."""
    return concepts().get(word_stem, word_stem)


@cache
def stems_of(listed: str) -> frozenset[str]:
    """Return the concepts of a list of words parted by spaces."""
    return frozenset(concept(stem(word)) for word in listed.split())
