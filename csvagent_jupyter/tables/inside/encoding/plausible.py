"""How likely a decoded text is, in bits: letters by what follows what in a language, casing, marks where they belong.

The probabilities of pairs of letters come from ``letters.txt`` (counted in Unicode's CLDR by
``tests/benchmarks/letters.py``); the costs of marks and of odd casing are set by hand.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from math import inf, log2
from pathlib import Path

from .codepages import RARE

SMOOTH = 12.0
IDEOGRAMS = frozenset({"zh", "zh_Hant", "ja", "ko"})
NEVER = 26.0
"""Bits for what no text has: a control character, a code point without a meaning."""
FOREIGN = 5.0
"""Bits for a word that is in another language than the rest."""
MIXED = 8.0
"""Bits more where letters of two scripts meet in a word."""
BESIDE_DIGIT = 4.0
"""Bits for a letter beyond ASCII that a digit stands next to."""
STRANGE = 16.0
"""Bits for a letter that the language does not have."""
_TOKEN = re.compile(r"[^ \t-\r,;|\"]*[^\x00-\x7f][^ \t-\r,;|\"]*")
_USUAL = {
    **dict.fromkeys("’–—\xa0«»、。「」（）：！？・《》，\u3000ー", 6.0),
    **dict.fromkeys("°€„“”№£،؟", 7.0),
    **dict.fromkeys("…•", 8.0),
    **dict.fromkeys("‘§²½±™®©×º¿¡₽₪", 9.0),
    **dict.fromkeys("³µ·¼¾ª¥‰", 10.0),
    **dict.fromkeys("†¢‚‹›", 11.0),
}
"""Bits for the signs that texts have, before it is looked at what they stand next to."""
_OPENING, _CLOSING, _MONEY = "«„“‘¿¡‹(", "»”’…™®©›", "€£¥¢₽₪"
_TONES = "\u0300\u0301\u0303\u0309\u0323"


class Alphabet(dict[str, float]):
    """What each pair of letters costs in one language, in bits."""

    def __init__(self, counts: Iterable[str]) -> None:
        super().__init__()
        self.pairs: dict[str, int] = {}
        self.before: Counter[str] = Counter()
        self.letters: Counter[str] = Counter()
        for level, group in enumerate(counts):
            weight = 3 << level >> 1 or 1
            self.pairs |= dict.fromkeys(map("".join, zip(group[::2], group[1::2], strict=True)), weight)
            for place, letters in enumerate((self.before, self.letters)):
                for letter, count in Counter(group[place::2]).items():
                    letters[letter] += count * weight
        self.total = self.letters.total()

    def __missing__(self, pair: str) -> float:
        if pair[1] not in self.letters:
            cost = STRANGE + (MIXED if _latin(pair[0]) != _latin(pair[1]) else 0.0)
        else:
            alone = self.letters[pair[1]] / self.total
            cost = min(STRANGE - 3, -log2((self.pairs.get(pair, 0) + SMOOTH * alone) / (self.before[pair[0]] + SMOOTH)))
        self[pair] = cost
        return cost


class Ideograms(dict[str, float]):
    """What each character costs in a language of many characters, whatever stands before it, in bits."""

    def __init__(self, language: str, counts: Sequence[str]) -> None:
        super().__init__()
        self.language = language
        self.counts = {letter: 3 << level >> 1 or 1 for level, group in enumerate(counts) for letter in group}
        self.total = sum(self.counts.values())
        self.frequent = _frequent(language)

    def __missing__(self, pair: str) -> float:
        mixed = _latin(pair[0]) != _latin(pair[1]) and " " not in pair
        self[pair] = cost = self._cost(pair[1]) + (MIXED if mixed else 0.0)
        return cost

    def _cost(self, letter: str) -> float:
        if letter == " ":
            return 1.0
        if letter < "\u1100" or letter > "\uff9f" or "\uff00" <= letter <= "\uff65":
            return STRANGE if letter > "\x7f" else 9.0
        share = 0.25 * self.counts.get(letter, 0) / self.total
        if "\u3040" <= letter <= "\u30ff":
            if self.language != "ja":
                return STRANGE + MIXED
            share += 0.6 / 160
        elif letter in self.frequent:
            share += 0.6 / len(self.frequent)
        return min(STRANGE + 2, -log2(share + 2**-17))


def _latin(letter: str) -> bool:
    return "a" <= letter < "\u0250" or "\u1e00" <= letter < "\u1f00"


@cache
def _frequent(language: str) -> frozenset[str]:
    """Return the characters the national standards call frequent: level 1 of GB 2312, Big5, JIS; KS X 1001."""
    rows = {
        "zh": ("gb2312", range(0xB0, 0xD8)),
        "zh_Hant": ("big5", range(0xA4, 0xC7)),
        "ja": ("euc_jp", range(0xB0, 0xD0)),
        "ko": ("euc_kr", range(0xB0, 0xC9)),
    }
    codec, leads = rows[language]
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)] if codec == "big5" else range(0xA1, 0xFF)
    return frozenset("".join(bytes((lead, trail)).decode(codec, "ignore") for lead in leads for trail in trails))


@cache
def alphabets() -> dict[str, Alphabet | Ideograms]:
    """Return what is known of each language."""
    known: dict[str, Alphabet | Ideograms] = {}
    for line in (Path(__file__).parent / "letters.txt").read_text(encoding="utf-8").splitlines():
        language, *counts = line.split("\t")
        known[language] = Ideograms(language, counts) if language in IDEOGRAMS else Alphabet(counts)
    return known


def tokens(text: str) -> dict[str, int]:
    """Return the words and signs of a text that are not plain ASCII, with how often they occur."""
    return dict(Counter(_TOKEN.findall(text)))


def cost(found: dict[str, int], languages: Sequence[str], limit: float = inf) -> float:
    """Return what the tokens cost in bits, in the language that suits them best; single words may be foreign.

    Above `limit` it is not looked any further: what the tokens cost whatever the language is returned.
    """
    apart = [(_taken_apart(token), min(count, 3)) for token, count in found.items()]
    fixed = sum(bits * weight for (bits, _), weight in apart)
    if fixed > limit:
        return fixed
    known = [alphabets()[language] for language in languages]
    totals = [RARE.get(language, 0.0) + fixed for language in languages]
    for (_, pairs), weight in apart:
        costs = [sum(map(alphabet.__getitem__, pairs)) for alphabet in known]
        foreign = min(costs) + FOREIGN
        for place, bits in enumerate(costs):
            totals[place] += min(bits, foreign) * weight
    return min(totals, default=0.0)


@cache
def _sort(letter: str) -> str:
    """Say what a character is: letter, mark, digit, ascii or never."""
    if letter in _USUAL:
        return "mark"
    if letter.isdecimal():
        return "digit" if letter < "\x80" else "mark"
    kind = unicodedata.category(letter)
    if kind[0] in "LM" and kind != "Lm":
        return "letter"
    if letter < "\x80" and letter not in "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x1a":
        return "ascii"
    return "never" if kind in {"Cc", "Cn", "Co", "Cs"} or letter == "\ufffd" else "mark"


@lru_cache(1 << 14)
def _taken_apart(token: str) -> tuple[float, tuple[str, ...]]:
    """Return what a token costs in any language (casing, marks), and the pairs of letters in it."""
    fixed = 0.0
    pairs: list[str] = []
    before = " "
    shape = ""
    for place, letter in enumerate(token):
        sort = _sort(letter)
        if sort == "letter":
            if letter > "\x7f" and (token[place - 1 : place].isdigit() or token[place + 1 : place + 2].isdigit()):
                fixed += BESIDE_DIGIT
            small = letter.lower()[0]
            pairs.append(before + small)
            before = small
            shape += "u" if letter != small else "l" if letter != letter.upper() else "o"
            continue
        if before != " ":
            pairs.append(before + " ")
            fixed += _casing(shape)
            before, shape = " ", ""
        if sort == "never":
            fixed += NEVER
        elif sort == "ascii":
            fixed += 5.0 if letter in "@[\\]^`{}~" else 0.0
        elif sort == "mark":
            fixed += _mark(letter, token[place - 1] if place else " ", token[place + 1 : place + 2] or " ")
    if before != " ":
        pairs.append(before + " ")
        fixed += _casing(shape)
    return fixed, tuple(pairs)


@cache
def _casing(shape: str) -> float:
    """Return what a word's pattern of upper and lower case costs."""
    shape = shape.replace("o", "")
    if "u" not in shape:
        return 0.3 if "l" in shape else 0.0
    if "l" not in shape:
        return 2.0
    if shape[0] == "u" and "u" not in shape[1:]:
        return 0.7
    return 11.0 + 2 * shape.count("lu")


def _mark(mark: str, before: str, after: str) -> float:
    """Return what a sign costs between its neighbours."""
    bits = _USUAL.get(mark)
    if bits is None:
        drawing = "\u2500" <= mark <= "\u259f"
        return STRANGE + 3 if drawing and (before.isalpha() or after.isalpha()) else STRANGE - 2
    inside = before.isalpha() and after.isalpha()
    if mark == "\xa0":
        return bits + 2 if inside else bits
    if mark > "\u3000":
        return bits if before > "\u3000" or after > "\u3000" else bits + 5
    if mark == "·":
        return bits
    if mark in "º°ª²³":
        fits = before.isdigit() or before in (" (nNaAo" if mark in "ª°º" else "mм")
        return bits + (6 if not fits or (after.isalnum() and after not in "CFСФ") else -3 if before.isdigit() else 0)
    if mark in "–—":
        return bits + (6 if inside else 0 if before.isalpha() == after.isalpha() else 4)
    if mark == "•":
        return bits if before == " " else bits + 5
    if mark in "’№§":
        return bits if before.isalpha() == (mark == "’") and not (mark == "§" and after.isalpha()) else bits + 4
    if mark in _OPENING:
        return bits if not before.isalnum() else bits + 6
    if mark in _CLOSING:
        return bits if not after.isalnum() else bits + 6
    if mark in _MONEY:
        return bits if not before.isalpha() and not after.isalpha() else bits + 6
    return bits + 6 if inside else bits
