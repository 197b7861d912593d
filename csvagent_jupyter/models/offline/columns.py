"""Which column a few words of the question mean: by name, part of a name, synonym, or with a typing error."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ...messages import Column, Profile
from .lexicon import concept, concepts, stems_of
from .words import split_words, stem, stems

NUMERIC = ("integer", "number")
TEMPORAL = ("date", "datetime")
TEXTUAL = ("text", "category")
MAX_NAME_WORDS = 8

_UNITS = "usd eur rub rur руб kg кг km км cm см mm m pct percent percentage % $ € ₽ f c celsius"
_IDS = "id ids code key uuid guid index no num код ид number номер"
_LABELS = "name title имя название наименование"
_ADDITIVE = """revenue sales profit cost expense income amount total sum quantity unit count tax fee payment budget
    bonus order purchase visit view click population volume expenditure spend orders win goal point loss lead
    conversion"""
_AVERAGED = """price age rate rating score grade mark temperature humidity pressure height weight length width size
    speed percent share margin discount salary duration experience level distance ratio average mean median rank
    latitude longitude"""
_SAYS = {
    "max": "max maximum high highest макс максимум максимальная",
    "min": "min minimum low lowest мин минимум минимальная",
}
_PARTS_OF_YEAR = {"month": 12, "quarter": 4, "weekday": 7}


@dataclass(frozen=True, slots=True)
class Match:
    """A column that a span may mean, and how sure that is, from 0 to 1."""

    column: Column
    score: float


@dataclass
class ColumnIndex:
    """The columns of one table, ready to be found by words."""

    profile: Profile
    _exact: dict[tuple[str, ...], list[Match]] = field(default_factory=dict)
    _words: dict[str, list[tuple[Column, frozenset[str]]]] = field(default_factory=dict)
    _stems: dict[str, list[Column]] = field(default_factory=dict)
    _by_name: dict[str, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.profile.columns:
            self._by_name.setdefault(column.name, column)
            words = stems(column.name)[:MAX_NAME_WORDS]
            if not words:
                continue
            meant = tuple(concept(word) for word in words)
            self._enter(words, column, 1.0)
            self._enter(tuple(sorted(words)), column, 0.98)
            self._enter((stem("".join(split_words(column.name))),), column, 0.97)
            self._enter(tuple(sorted(meant)), column, 0.92)
            for dropped, score in ((_UNITS, 0.95), (_LABELS, 0.9), (_IDS, 0.86)):
                core = tuple(word for word in meant if word not in stems_of(dropped))
                if core and len(core) < len(meant):
                    self._enter(tuple(sorted(core)), column, score)
            for word in set(meant):
                self._words.setdefault(word, []).append((column, frozenset(meant)))
            for word in set(words):
                self._stems.setdefault(word, []).append(column)

    def _enter(self, words: tuple[str, ...], column: Column, score: float) -> None:
        self._exact.setdefault(words, []).append(Match(column, score))

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def named(self, text: str) -> list[Match]:
        """Return the columns called exactly so (quoted in the question), case aside."""
        if text in self._by_name:
            return [Match(self._by_name[text], 1.0)]
        return [Match(c, 1.0) for c in self.profile.columns if c.name.casefold() == text.casefold().strip()]

    def find(self, words: tuple[str, ...]) -> list[Match]:
        """Return the columns that these stems name wholly, or in part, best first."""
        meant = tuple(sorted(concept(word) for word in words))
        found: dict[str, Match] = {}
        for key in {words, tuple(sorted(words)), meant, (stem("".join(words)),)}:
            for match in self._exact.get(key, ()):
                _keep_better(found, match)
        if not any(match.score >= 0.9 for match in found.values()) and len(set(meant)) == len(meant):
            rows = self._words.get(meant[0], ())
            for column, name in rows:
                if set(meant) <= name:
                    _keep_better(found, Match(column, 0.6 + 0.2 * len(set(meant)) / len(name)))
        return sorted(found.values(), key=lambda match: -match.score)

    def find_misspelt(self, word: str) -> list[Match]:
        """Return the columns one of whose words is this word with a typing error."""
        from rapidfuzz.distance import OSA

        form = stem(word)
        if len(form) < 4:
            return []
        allowed = 1 if len(form) < 8 else 2
        found: dict[str, Match] = {}
        for known, columns in self._stems.items():
            if len(known) >= 4 and OSA.distance(form, known, score_cutoff=allowed) <= allowed:
                for column in columns:
                    _keep_better(found, Match(column, 0.55 + 0.2 / len(stems(column.name))))
        if not found:
            for known, meaning in concepts().items():
                near = meaning in self._words and len(known) >= 5 and abs(len(known) - len(form)) <= allowed
                if near and OSA.distance(form, known, score_cutoff=allowed) <= allowed:
                    for column, name in self._words[meaning]:
                        _keep_better(found, Match(column, 0.5 + 0.2 / len(name)))
        return sorted(found.values(), key=lambda match: -match.score)

    def of_concept(self, word: str) -> list[Column]:
        """Return the columns about a concept (age, price, date), the plainest names first."""
        rows = self._words.get(concept(stem(word)), ())
        return [column for column, _ in sorted(rows, key=lambda row: len(row[1]))]

    def about(self, word: str, direction: str = "") -> list[Column]:
        """Return the numbers and dates that a concept means: the plainest names, all of them where several are.

        `direction` (max or min) decides between columns that say it: the hottest is about temp_max, not temp_min.
        """
        rows = [row for row in self._words.get(concept(stem(word)), ()) if row[0].type in (*NUMERIC, *TEMPORAL)]
        fewest = min((len(name) for _, name in rows), default=0)
        found = [column for column, name in rows if len(name) == fewest]
        said = [column for column in found if direction and _about(column, _SAYS[direction])]
        return said if len(said) == 1 else found

    def dates(self) -> list[Column]:
        return [column for column in self.profile.columns if column.type in TEMPORAL]

    def years(self) -> list[Column]:
        """Return whole-number columns that hold years."""
        return [column for column in self.profile.columns if is_year(column)]


def _keep_better(found: dict[str, Match], match: Match) -> None:
    if match.column.name not in found or found[match.column.name].score < match.score:
        found[match.column.name] = match


def _about(column: Column, listed: str) -> bool:
    return any(concept(word) in stems_of(listed) for word in stems(column.name))


def is_year(column: Column) -> bool:
    """Tell whether a whole-number column holds years: by its name, or by its range where the name is silent."""
    if column.type != "integer" or not isinstance(column.min, int | float) or not isinstance(column.max, int | float):
        return False
    in_range = column.min >= 1000 and column.max <= 2200
    return in_range and _about(column, "year")


def is_identifier(column: Column) -> bool:
    """Tell whether numbers in this column are names: ids, codes, phone numbers."""
    words = [concept(word) for word in stems(column.name)]
    return bool(words) and (words[-1] in stems_of(_IDS) or any(w in stems_of("id phone postcode") for w in words))


def is_id_word(word: str) -> bool:
    return concept(word) in stems_of(_IDS)


def is_part_of_year(column: Column) -> bool:
    """Tell whether whole numbers are the months, quarters or weekdays that the column's name says."""
    if column.type != "integer" or not isinstance(column.min, int | float) or not isinstance(column.max, int | float):
        return False
    words = stems(column.name)
    last = next(
        (most for name, most in _PARTS_OF_YEAR.items() if words and concept(words[-1]) == concept(stem(name))), 0
    )
    return column.min >= 0 and column.max <= last


def is_measure(column: Column) -> bool:
    """Tell whether adding or averaging this column can mean anything."""
    return column.type in NUMERIC and not (is_identifier(column) or is_year(column) or is_part_of_year(column))


def is_group(column: Column, rows: int) -> bool:
    """Tell whether rows can be grouped by this column in a readable way."""
    if column.type in TEXTUAL or column.type == "boolean" or is_year(column) or is_part_of_year(column):
        return True
    return column.type == "integer" and 0 < column.distinct <= max(2, min(20, rows // 2))


def is_unique(column: Column, rows: int) -> bool:
    """Tell whether every row has its own value here."""
    return rows > 0 and column.nulls == 0 and not column.distinct_is_approximate and column.distinct >= rows


def label_column(profile: Profile) -> Column | None:
    """Return the column that says what a row is about: names, all different."""
    texts = [c for c in profile.columns if c.type in TEXTUAL and is_unique(c, profile.rows)]
    named = [c for c in texts if _about(c, _LABELS)]
    return next(iter(named or texts), None)


def about_people(profile: Profile) -> bool:
    """Tell whether each row is a person."""
    return any(_about(column, "age gender surname birthday salary") for column in profile.columns)


def usual_aggregate(column: Column) -> str:
    """Return the aggregate people mean when they name none: sum for amounts, mean for levels, else ""."""
    if _about(column, _AVERAGED):
        return "mean"
    return "sum" if _about(column, _ADDITIVE) else ""


def usual_grain(column: Column) -> str:
    """Return the grain at which a date column's whole range stays readable."""
    try:
        first = date.fromisoformat(str(column.min)[:10])
        last = date.fromisoformat(str(column.max)[:10])
    except ValueError:
        return "month"
    days = (last - first).days
    if days <= 45:
        return "day"
    if days <= 3 * 366:
        return "month"
    return "quarter" if days <= 6 * 366 else "year"


def is_plain(value: Any) -> bool:
    """Tell whether a profile's number can be worked with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
