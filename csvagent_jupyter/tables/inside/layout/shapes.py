"""What a single cell looks like: a number, a date, a code, a word; enough to tell one layout of a text from another."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Look = Literal["empty", "missing", "number", "date", "time", "link", "code", "word", "text"]
LONGEST = 120
"""A longer cell is a text."""

_CURRENCY = r"[$€£¥₽₴₸₹]|EUR|USD|RUB|GBP|руб\.?"
_DIGITS = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3})+|\d{1,3}(?:['’]\d{3})+|\d{1,3}(?:\.\d{3})+|\d+"
_NUMBER = re.compile(
    rf"[-+−(]{{0,2}}(?:{_CURRENCY})?\s?[-+−]?(?:(?:{_DIGITS})(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{{1,4}})?"
    rf"\s?(?:%|{_CURRENCY})?\)?"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)"
_DATE = re.compile(
    r"\d{1,4}([-./])\d{1,2}\1\d{1,4}(?:[ T]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?"
    r"(?:\s?(?:Z|UTC|[-+]\d{2}:?\d{2}))?)?"
    rf"|\d{{1,2}}[ .-]?{_MONTH}[^\W\d_]{{0,8}}\.?[ ,.-]{{0,2}}(?:\d{{2}}|\d{{4}})"
    rf"|{_MONTH}[^\W\d_]{{0,8}}\.?[ -]\d{{1,2}},? \d{{4}}",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?")
_LINK = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+", re.IGNORECASE)
_CODE = re.compile(r"(?=\S*\d)[\w./#:-]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]+)*\.?")
_MISSING = frozenset(
    {*("true", "false", "nan", "null", "na", "n/a", "#n/a", "none", "н/д", "inf")}
    | {*("-", "--", "—", "–", "?", ".", "..", "…")}
)
TYPED: frozenset[Look] = frozenset({"number", "date", "time"})
"""Looks that a name of a column hardly ever has."""
CLEAR: frozenset[Look] = TYPED | {"link", "code", "missing"}


@lru_cache(maxsize=1 << 14)
def look(cell: str) -> Look:
    """Return what a cell looks like."""
    text = cell.strip()
    if not text:
        return "empty"
    if len(text) > LONGEST:
        return "text"
    if text.casefold() in _MISSING:
        return "missing"
    if _NUMBER.fullmatch(text):
        return "number"
    if _DATE.fullmatch(text):
        return "date"
    if _TIME.fullmatch(text):
        return "time"
    if _LINK.fullmatch(text):
        return "link"
    if _CODE.fullmatch(text):
        return "code"
    return "word" if _WORD.fullmatch(text) else "text"


@lru_cache(maxsize=1 << 14)
def mask(cell: str) -> str:
    """Return the pattern of a cell: 9 for digits, a for letters, everything else as it stands."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell.strip()[:LONGEST]))[:24]


def is_typed(cell: str) -> bool:
    """Tell whether a cell is a number, a date or a time."""
    return look(cell) in TYPED
