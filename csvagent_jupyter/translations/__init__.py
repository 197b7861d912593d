"""Every text a person sees, in English and Russian.

A text lives in the catalogue of the room that says it: ``say("tables.empty_file", "ru", name="sales.csv")`` looks up
``empty_file`` in ``translations/tables.py``. A catalogue maps a key to its English and its Russian template. Templates
are ``str.format`` templates with three additions: a number is written the way the language writes it, and a format with
bars picks the plural form, number included: ``{rows:row|rows}``, ``{rows:строка|строки|строк}``; `size` writes bytes in
the unit that fits: ``{limit:size}``.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, Literal, get_args

Language = Literal["en", "ru"]
Catalogue = Mapping[str, tuple[str, str]]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
NARROW_SPACE: Final = "\u202f"
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def say(key: str, language: Language = "en", **values: Any) -> str:
    """Return the text of `key` in `language`, with `values` filled in.

    Raises KeyError for a key that no catalogue has: a missing text is a mistake of ours, never of the person's.
    """
    room, _, name = key.partition(".")
    templates = catalogue(room)[name]
    return _Formatter(language).vformat(templates[LANGUAGES.index(language)], (), values)


def catalogue(room: str) -> Catalogue:
    """Return the texts of one room; it is imported when first asked for."""
    texts: Catalogue = import_module(f"{__name__}.{room}").TEXTS
    return texts


def language_of(text: str, default: Language = "en") -> Language:
    """Tell the language of a question: Russian when it has Cyrillic letters outside quotes, else `default`.

    Names in quotes (a column, a value) do not count, because a Russian file may be asked about in English.
    """
    bare = re.sub(r"«[^»]*»|\"[^\"]*\"|'[^']*'|`[^`]*`", " ", text)
    if _CYRILLIC.search(bare):
        return "ru"
    return "en" if re.search(r"[A-Za-z]", bare) else default


def number(value: float, language: Language = "en", spec: str = "") -> str:
    """Write a number as the language does: 12,408.5 in English, 12 408,5 in Russian."""
    if not spec:
        spec = "d" if isinstance(value, int) else _six_digits(value)
    if spec == "d" and abs(value) >= 10_000:
        spec = ",d"
    written = format(value, spec)
    if language == "ru":
        written = written.replace(",", NARROW_SPACE).replace(".", ",")
    return written


def _six_digits(value: float) -> str:
    """Return the format of a fraction: six digits, and a large number's whole part in full."""
    if 999_999.5 <= abs(value) < 1e15:
        return ",.0f"
    return ("," if abs(value) >= 1e4 else "") + ".6g"


def size(value: float, language: Language = "en") -> str:
    """Write a number of bytes in the largest unit of which there is one: 1.5 GB."""
    units = ("KB", "MB", "GB") if language == "en" else ("КБ", "МБ", "ГБ")
    step = 2 if value >= 2**30 else 1 if value >= 2**20 else 0
    return f"{number(round(value / 2 ** (10 * (step + 1)), 1), language)} {units[step]}"


def plural(value: float, forms: list[str], language: Language) -> str:
    """Pick the plural form for a count: two forms in English, three in Russian (CLDR's one, few, many)."""
    if language == "en":
        return forms[0] if value == 1 else forms[-1]
    if not math.isfinite(value) or value != int(value):
        return forms[1]
    tail, teens = abs(int(value)) % 10, abs(int(value)) % 100
    if tail == 1 and teens != 11:
        return forms[0]
    return forms[1] if 2 <= tail <= 4 and not 12 <= teens <= 14 else forms[2]


class _Formatter(string.Formatter):
    """Fills a template, with numbers and plurals as the language has them."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(super().format_field(value, format_spec))
        if format_spec == "size":
            return size(value, self.language)
        if "|" in format_spec:
            form = plural(value, format_spec.split("|"), self.language)
            return f"{number(value, self.language)} {form}"
        return number(value, self.language, format_spec)
