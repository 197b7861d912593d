"""A question, a column's name or a cell cut into words, and each word brought to its stem."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

MAX_CHARACTERS = 2_000
_HUMP = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])")
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(
    r"""
      (?P<quoted> "[^"]+" | «[^»]+» | “[^”]+” | `[^`]+` | (?<![^\s(,=])'[^']+'(?![^\s).,;:?!]) )
    | (?P<date>   (?<!\d)\d{4}-\d{1,2}(?:-\d{1,2})?(?![\d-]) | (?<!\d)\d{1,2}[./]\d{1,2}[./]\d{4}(?!\d) )
    | (?P<number> (?<![\w.])-?(?:\d{1,3}(?:[,\u00a0\u202f ]\d{3})+|\d+)(?:[.,]\d+)?(?:k|m|bn)?(?!\w) )
    | (?P<word>   [^\W_]+(?:['’](?!s\b)[^\W_]+)* )
    | (?P<symbol> >=|<=|!=|<>|==|[<>=≥≤≠%/*+^,] )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SUFFIXES = {"k": 1_000, "m": 1_000_000, "bn": 10**9}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the question; `start` and `end` are its place in the text."""

    text: str
    kind: Literal["word", "number", "date", "quoted", "symbol"]
    start: int
    end: int
    stem: str = ""
    value: float | int | str | None = None


@cache
def _stemmers() -> tuple[Any, Any]:
    import snowballstemmer

    return snowballstemmer.stemmer("english"), snowballstemmer.stemmer("russian")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a word, English or Russian by its letters; one spelling for е and ё."""
    word = word.casefold().replace("ё", "е")[:60]
    english, russian = _stemmers()
    if any("а" <= letter <= "я" for letter in word):
        return _to_the_root(word, russian)
    return str(english.stemWord(word))


def _to_the_root(word: str, stemmer: Any) -> str:
    """Stem until nothing changes: one pass makes кварта of квартал, but квартал of кварталам."""
    while (shorter := str(stemmer.stemWord(word))) != word and len(shorter) >= 6:
        word = shorter
    return shorter


def split_words(text: str) -> list[str]:
    """Cut a name into its words: ``unit_price``, ``unitPrice`` and ``Unit price`` alike."""
    return _WORD.findall(_HUMP.sub(" ", text[:200]))


@lru_cache(maxsize=20_000)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a name or a cell."""
    return tuple(stem(word) for word in split_words(text))


def tokens(question: str, *, decimal_comma: bool = False) -> list[Token]:
    """Cut a question into tokens; punctuation that means nothing here is left out."""
    found: list[Token] = []
    for match in _TOKEN.finditer(question[:MAX_CHARACTERS]):
        kind, text, start = match.lastgroup, match.group(), match.start()
        if kind == "quoted":
            found.append(Token(text[1:-1], "quoted", start, match.end()))
        elif kind == "date":
            found.append(Token(text, "date", start, match.end(), value=_iso(text)))
        elif kind == "number":
            found.append(Token(text, "number", start, match.end(), value=_number(text, decimal_comma)))
        elif kind == "symbol":
            found.append(Token(text, "symbol", start, match.end(), stem=text))
        else:
            found += _words(text, start)
    return found


def _words(text: str, start: int) -> list[Token]:
    found = []
    position = 0
    for part in _HUMP.sub("\n", text).split("\n"):
        at = text.index(part, position)
        position = at + len(part)
        found.append(Token(part, "word", start + at, start + position, stem=stem(part)))
    return found


def _number(text: str, decimal_comma: bool) -> float | int:
    plain = re.sub(r"[\u00a0\u202f ]", "", text.casefold())
    suffix = plain.lstrip("-0123456789.,")
    factor = _SUFFIXES.get(suffix, 1)
    plain = plain.removesuffix(suffix)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain) and not (decimal_comma and plain.count(",") == 1):
        plain = plain.replace(",", "")
    value = float(plain.replace(",", ".")) * factor
    return int(value) if value.is_integer() else value


def _iso(text: str) -> str | None:
    """Bring a date to ISO; a day and a month that could be swapped (5/6/2023) give None."""
    if "-" in text:
        year, month, *day = text.split("-")
    else:
        first, second, year = re.split(r"[./]", text)
        if "/" in text and int(first) <= 12 and int(second) <= 12 and first != second:
            return None
        month_first = "/" in text and int(second) > 12
        month, day = (first, [second]) if month_first else (second, [first])
    if not 1 <= int(month) <= 12 or (day and not 1 <= int(day[0]) <= 31):
        return None
    return "-".join([year, month.zfill(2), *(part.zfill(2) for part in day)])
