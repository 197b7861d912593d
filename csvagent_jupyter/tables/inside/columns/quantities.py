"""How the numbers of a column are written: decimal sign, thousands marks, currency, minus signs; and how sure it is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from .words import Words

SPACES = " \u00a0\u2009\u202f"
"""The spaces that stand between thousands, and between a number and its sign of currency."""
MINUS = "\u2212"
SCALES = {
    "k": 3,
    "K": 3,
    "M": 6,
    "B": 9,
    "тыс.": 3,
    "тыс": 3,
    "млн.": 6,
    "млн": 6,
    "млрд.": 9,
    "млрд": 9,
    "mln": 6,
    "bn": 9,
}
SCALES |= {each: power for word, power in SCALES.items() if word[0] in "тм" for each in (word.title(), word.upper())}
ENOUGH = 0.8
"""The share of cells that makes a column one of numbers (or dates) with exceptions, not one of words with numbers."""
_CODES = (
    *("COD", "USD", "EUR", "GBP", "RUB", "RUR", "CHF", "JPY", "CNY", "KZT", "UAH", "BYN", "BYR", "AMD"),
    *("GEL", "AZN", "UZS", "KGS", "PLN", "CZK", "SEK", "NOK", "DKK", "ISK", "HUF", "RON", "BGN", "RSD"),
    *("TRY", "ILS", "INR", "PKR", "KRW", "THB", "VND", "IDR", "MYR", "PHP", "SGD", "HKD", "TWD", "AUD"),
    *("NZD", "CAD", "MXN", "BRL", "ARS", "CLP", "COP", "PEN", "ZAR", "EGP", "NGN", "KES", "MAD", "AED"),
    *("SAR", "QAR"),
)
_SIGNS = ["%", "‰", "US$", "A$", "C$", "R$", "HK$", "NZ$", *"$€£¥₽₴₸₹₺₩₪₫฿₦₱₡₲₵₾₼₿"]
PARTS = frozenset({"%", "‰"})
_NAMED = [
    "руб.",
    "руб",
    "р.",
    "kr.",
    "kr",
    "zł",
    "Kč",
    "Ft",
    "лв.",
    "лв",
    "грн.",
    "грн",
    "тг",
    "Rs.",
    "Rs",
    "Fr.",
    "сом",
]
_NAMED += [each for mark in ("руб.", "руб", "р.", "грн.", "грн", "тг") for each in (mark.capitalize(), mark.upper())]
_MARK = "|".join(re.escape(mark) for mark in sorted([*_CODES, *_SIGNS, *_NAMED], key=len, reverse=True))
_SCALE = "|".join(re.escape(scale) for scale in sorted(SCALES, key=len, reverse=True))
_GAP = f"[{SPACES}]*"
_ALL = f"[{SPACES}]*+"
_LOOSE = re.compile(
    rf"(?P<open>(?P<mark0>{_MARK})?{_ALL}\()?(?P<sign1>[-+{MINUS}])?{_ALL}(?P<mark1>{_MARK})?{_ALL}(?P<sign2>[-+{MINUS}])?{_ALL}"
    rf"(?P<body>\d[\d.,'’{SPACES}]*+|[.,]\d+)(?P<power>[eE][+-]?\d{{1,3}})?(?P<scale>{_SCALE})?{_ALL}(?P<mark2>{_MARK})?{_ALL}"
    rf"(?P<minus>[-{MINUS}])?(?P<close>\){_ALL}(?P<mark3>{_MARK})?)?",
    re.ASCII,
)
_BODIES = {
    (".", ""): r"\d+\.?\d*|\.\d+",
    (",", ""): r"\d+,?\d*|,\d+",
    (".", ","): r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)(?:\.\d*)?|\.\d+",
    (",", "."): r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d*)?|,\d+",
    (".", " "): rf"(?:\d{{1,3}}(?:[{SPACES}]\d{{3}})+|\d+)(?:\.\d*)?|\.\d+",
    (",", " "): rf"(?:\d{{1,3}}(?:[{SPACES}]\d{{3}})+|\d+)(?:,\d*)?|,\d+",
    (".", "'"): r"(?:\d{1,3}(?:['’]\d{3})+|\d+)(?:\.\d*)?|\.\d+",
    (",", "'"): r"(?:\d{1,3}(?:['’]\d{3})+|\d+)(?:,\d*)?|,\d+",
}
_WHOLE_BODIES = {
    "": r"\d+",
    ",": r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)",
    ".": r"(?:\d{1,3}(?:\.\d{3})+|\d+)",
    " ": rf"(?:\d{{1,3}}(?:[{SPACES}]\d{{3}})+|\d+)",
    "'": r"(?:\d{1,3}(?:['’]\d{3})+|\d+)",
}
INFINITE = r"[+-]?(?:inf|Inf|INF|infinity|Infinity|INFINITY)"
_INTEGER = r"[+-]?\d+"
_PLAIN = rf"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{{1,3}})?|{INFINITE}"
_PLAIN_COMMA = r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d{1,3})?"
_SURE_COMMA = r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})?|0)"
_SURE_POINT = r"[-+]?(?:[1-9]\d{0,2}\.\d{3}|[1-9]\d{0,2}|0)"

_FIRST = 40
"""So many words show a style; those that do not have it are looked at next."""
Minus = Literal["unicode", "after", "parentheses"]


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written; `marks` are signs of currency or percent, `spaces` the spaces inside, `scales` K, M ….

    `whole` says that none has a decimal part, `minus` which ways to say negative are used besides a leading ``-``.
    """

    decimal: str = "."
    thousands: str = ""
    marks: tuple[str, ...] = ()
    spaces: str = ""
    minus: tuple[Minus, ...] = ()
    scales: tuple[str, ...] = ()
    whole: bool = False

    @property
    def plain(self) -> bool:
        """Tell numbers as programs write them."""
        same_decimal = self.decimal == "." or self.whole
        return same_decimal and not (self.thousands or self.marks or self.minus or self.scales or self.spaces)


@dataclass(frozen=True, slots=True)
class NumbersFound:
    """The style of a column's numbers, which of its words have it, and what it might be instead.

    `either` names the mark that may as well be a decimal sign as one of thousands.
    """

    style: NumberStyle
    fits: Any
    either: Literal["", ",", "."] = ""


def find_numbers(words: Words, decimal: str = "", thousands: str = "", enough: float = ENOUGH) -> NumbersFound | None:
    """Return the style in which at least `enough` of the cells are numbers; None when they are something else.

    A stated `decimal` or `thousands` is followed.
    """
    sample = words.sample(20)
    if sum(1 for word in sample if _LOOSE.fullmatch(word)) < enough / 4 * len(sample):
        return None
    if words.all_fit(_INTEGER):
        return NumbersFound(NumberStyle(whole=True), np.ones(len(words), np.bool_))
    if decimal in {"", "."} and thousands in {"", ","} and words.all_fit(_PLAIN):
        return _settled(words, NumberStyle(thousands=""), np.ones(len(words), np.bool_), bool(decimal or thousands))
    if decimal in {"", ","} and thousands in {"", "."} and words.all_fit(_PLAIN_COMMA):
        fits = np.ones(len(words), np.bool_)
        return _settled(words, NumberStyle(decimal=","), fits, bool(decimal or thousands))
    return _searched(words, enough, decimal, "'" if thousands == "’" else " " if thousands.isspace() else thousands)


def pattern(style: NumberStyle) -> str:
    """Return the regular expression (for RE2 and `re`) of one number in this style."""
    body = _WHOLE_BODIES[style.thousands] if style.whole else _BODIES[style.decimal, style.thousands]
    sign = f"[-+{MINUS}]?" if "unicode" in style.minus else "[-+]?"
    mark = f"(?:{'|'.join(re.escape(each) for each in style.marks)})?" if style.marks else ""
    gap = _GAP if style.marks or style.scales else ""
    power = "" if style.whole or style.scales else r"(?:[eE][+-]?\d{1,3})?"
    scale = f"{gap}(?:{'|'.join(re.escape(each) for each in style.scales)})?" if style.scales else ""
    if set(style.marks) & PARTS:
        return _of_parts(style, body, sign)
    bare = f"{mark}{gap}(?:{body}){power}{scale}{gap}{mark}"
    signed = f"{sign}{gap}{mark}{gap}{sign if mark else ''}{gap}(?:{body}){power}{scale}{gap}{mark}"
    forms = [signed]
    if "after" in style.minus:
        forms.append(f"{bare}{gap}[-{MINUS}]{gap}{mark}")
    if "parentheses" in style.minus:
        forms.append(rf"{mark}{gap}\({_GAP}{bare}{_GAP}\){gap}{mark}")
    if not style.whole and style.decimal == ".":
        forms.append(INFINITE)
    return "|".join(forms)


def _of_parts(style: NumberStyle, body: str, sign: str) -> str:
    """Return the pattern of one percentage: 5 % beside a bare 0.05 would be a hundred times as much; zero is zero."""
    mark = f"(?:{'|'.join(re.escape(each) for each in style.marks)})"
    forms = [f"{sign}{_GAP}(?:{body}){_GAP}{mark}", f"{sign}{_GAP}{mark}{_GAP}(?:{body})", r"0+(?:[.,]0*)?"]
    if "after" in style.minus:
        forms.append(f"(?:{body}){_GAP}(?:[-{MINUS}]{_GAP}{mark}|{mark}{_GAP}[-{MINUS}])")
    if "parentheses" in style.minus:
        forms.append(rf"\({_GAP}(?:{body}){_GAP}(?:\){_GAP}{mark}|{mark}{_GAP}\))")
    return "|".join(forms)


def replacements(style: NumberStyle) -> tuple[tuple[str, str], ...]:
    """Return what to replace, in order, so that a number in this style becomes one in plain digits.

    A minus sign after the number is the one thing that is no replacement.
    """
    pairs = [(mark, "") for mark in sorted(style.marks, key=lambda each: (-len(each), each))]
    pairs += [(space, "") for space in style.spaces]
    if style.thousands == "'":
        pairs += [("'", ""), ("’", "")]
    elif style.thousands not in {"", " "}:
        pairs.append((style.thousands, ""))
    if style.decimal == "," and not style.whole:
        pairs.append((",", "."))
    pairs += [(scale, f"e{SCALES[scale]}") for scale in sorted(style.scales, key=lambda each: (-len(each), each))]
    if "unicode" in style.minus:
        pairs.append((MINUS, "-"))
    if "parentheses" in style.minus:
        pairs += [("(", "-"), (")", "")]
    return tuple(pairs)


def _searched(words: Words, enough: float, decimal: str, thousands: str) -> NumbersFound | None:
    """Find a style on some words, and widen it by those that do not have it yet, until nothing is added."""
    step = max(1, -(-len(words) // _FIRST))
    seen = dict(zip(words.sample(_FIRST), words.counts[::step].tolist(), strict=False))
    found: NumberStyle | None = None
    fits: Any = None
    for _ in range(6):
        style = _style_of(seen, enough, decimal, thousands)
        if style is None or style == found:
            break
        found, fits = style, words.fits(pattern(style))
        if fits.all():
            break
        rest = words.kept(~fits)
        seen |= dict.fromkeys((word for word in rest.sample() if _LOOSE.fullmatch(word)), 1)
    if found is None or words.counts[fits].sum() < enough * words.cells:
        return None
    if found.spaces or found.marks or found.scales or found.thousands == " ":
        used = set("".join(words.kept(fits).sample()))
        found = replace(found, spaces="".join(space for space in SPACES if space in used))
    return _settled(words, found, fits, bool(decimal or thousands))


def _style_of(seen: dict[str, int], enough: float, decimal: str, thousands: str) -> NumberStyle | None:
    """Return the style that most of the words have; None when too few are numbers at all."""
    parsed = [(found, count) for word, count in seen.items() if (found := _parsed(word))]
    weight = sum(count for _, count in parsed)
    if not parsed or weight < enough / 2 * sum(seen.values()):
        return None
    bodies: Counter[str] = Counter()
    for found, count in parsed:
        bodies[found["body"].strip(SPACES)] += count
    shape = _shape_of(bodies, decimal, thousands)
    if shape is None:
        return None
    body = _compiled(_BODIES[shape])
    used = _alike([found for found, _ in parsed if body.fullmatch(found["body"].strip(SPACES))])
    marks = {mark for found in used for mark in _marks(found)}
    if len({mark.rstrip(".").lower() for mark in marks}) > 1:
        return None
    scales = {found["scale"] for found in used if found["scale"]}
    if scales and not _is_clear(scales, marks):
        return None
    whole = not scales and not any(
        found["power"] or (shape[0] in found["body"] and shape[0] != shape[1]) for found in used
    )
    spaces = "".join(space for space in SPACES if any(space in found.group() for found in used))
    minus = _minus_of(used)
    return NumberStyle(shape[0], shape[1], tuple(sorted(marks)), spaces, minus, tuple(sorted(scales)), whole)


def _marks(found: re.Match[str]) -> list[str]:
    return [mark for name in ("mark0", "mark1", "mark2", "mark3") if (mark := found[name])]


def _alike(used: list[re.Match[str]]) -> list[re.Match[str]]:
    """Return the percentages or the other numbers, whichever are more: a column is either."""
    parts = [found for found in used if PARTS.intersection(_marks(found))]
    others = [found for found in used if not PARTS.intersection(_marks(found)) and found["body"].strip("0.,")]
    return others if parts and len(others) > len(parts) else used


def _parsed(word: str) -> re.Match[str] | None:
    """Return the parts of a number, when its ways to say negative do not contradict each other."""
    found = _LOOSE.fullmatch(word)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    said = sum(1 for name in ("open", "sign1", "sign2", "minus") if found[name])
    return found if said <= 1 and sum(1 for n in range(4) if found[f"mark{n}"]) <= 1 else None


def _shape_of(bodies: Counter[str], decimal: str, thousands: str) -> tuple[str, str] | None:
    best, weight = None, 0
    for shape, form in _BODIES.items():
        other_mark = thousands and (shape[1] not in {"", thousands} or shape[0] == thousands)
        if (decimal and shape[0] != decimal) or other_mark:
            continue
        full = _compiled(form).fullmatch
        fitting = sum(count for body, count in bodies.items() if full(body))
        if fitting > weight:
            best, weight = shape, fitting
    return best


def _minus_of(used: list[re.Match[str]]) -> tuple[Minus, ...]:
    ways: list[Minus] = []
    if any(MINUS in found.group() for found in used):
        ways.append("unicode")
    if any(found["minus"] for found in used):
        ways.append("after")
    if any(found["open"] for found in used):
        ways.append("parentheses")
    return tuple(ways)


def _is_clear(scales: set[str], marks: set[str]) -> bool:
    """Tell 1.5K and 2M, which can only be thousands and millions, from 5M, which may be metres or a size of clothes."""
    return (
        bool(marks - {"%"}) or len({SCALES[scale] for scale in scales}) > 1 or any(len(scale) > 1 for scale in scales)
    )


def _settled(words: Words, style: NumberStyle, fits: Any, stated: bool) -> NumbersFound:
    """Look whether a mark may be the other one: 1,234 alone may be a thousand or a decimal."""
    mark = style.decimal if not style.thousands else style.thousands
    if stated or (style.whole and not style.thousands) or style.scales or mark not in {",", "."}:
        return NumbersFound(style, fits)
    bare = _bare(words.kept(fits), style)
    sure = _SURE_COMMA if mark == "," else _SURE_POINT
    if bare is None or (style.thousands and not style.whole):
        return NumbersFound(style, fits)
    if not bare.all_fit(sure):
        return NumbersFound(style, fits)
    either: Literal[",", "."] = "," if mark == "," else "."
    if either == ",":
        style = replace(style, decimal=".", thousands=",", whole=True)
    return NumbersFound(style, fits, either)


def _bare(words: Words, style: NumberStyle) -> Words | None:
    """Return the numbers without their signs of currency; None for the ways of writing that leave no doubt."""
    if not (style.marks or style.minus or style.spaces):
        return words
    if len(words) > 20_000:
        words = words.kept(np.arange(len(words)) < 20_000)
    texts = []
    for word in words.sample(len(words)):
        found = _LOOSE.fullmatch(word)
        if found is not None:
            texts.append(found["body"].strip(SPACES))
    return Words(texts, np.ones(len(texts), np.int64))


@lru_cache(64)
def _compiled(form: str) -> re.Pattern[str]:
    return re.compile(form, re.ASCII)
