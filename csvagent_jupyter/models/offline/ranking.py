"""Superlatives and ranks: which is the most, the top five, the three cheapest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .columns import NUMERIC, TEMPORAL, is_measure
from .lexicon import LANGUAGES, sense_of
from .sentence import NotUnderstoodError, Sentence, UnclearError
from .words import stem

DEFAULT_TOP = 10
FIRST_ROWS = 5
_PLURAL_FIRST = ("первые", "первых")
_MOST_LISTED = 1000
_WHO = frozenset({"who", "whom", "кто", "у кого", "кого", "кому"})
_COUNTED = ("column", "rows", "frequent", "extreme", "extreme_of", "most", "top", "bottom")


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many come first, and by what: `column` where it is named, `counted` for the number of rows.

    `one_row` says that a single row's value decides (the most expensive product), never a total. `plain` is "the first
    five rows", without an order.
    """

    descending: bool
    limit: int
    text: str
    column: str = ""
    counted: bool = False
    one_row: bool = False
    plain: bool = False
    by_text: str = ""
    by_start: int = 0
    by_end: int = 0


def read_ranking(s: Sentence) -> Ranking | None:
    """Return the rank a question asks for, and use the tags that say so; None when it asks for none."""
    for reader in (_frequent, _extreme_of, _top, _most, _extreme):
        for at in s.unused(*_KINDS[reader.__name__]):
            ranking = reader(s, at)
            if ranking is not None:
                return ranking
    return None


_KINDS = {
    "_frequent": ("frequent",),
    "_extreme_of": ("extreme_of",),
    "_top": ("top", "bottom", "head"),
    "_most": ("most",),
    "_extreme": ("extreme",),
}


def _limit(s: Sentence, at: int, default: int) -> int:
    """Read how many: "top 5", "5 most expensive", "3 cities with the highest"."""
    for place in (at + 1, at - 1):
        number = s.number(place)
        if number is not None and isinstance(number[0], int) and number[0] > 0:
            s.use(*range(place, number[1] + 1))
            return number[0]
    for place in s.unused("number"):
        number = s.number(place)
        following = s.after(place)
        if number is None or not isinstance(number[0], int) or not 0 < number[0] <= _MOST_LISTED:
            continue
        if s.kind(following) in _COUNTED:
            s.use(place)
            return number[0]
    return default


def _frequent(s: Sentence, at: int) -> Ranking:
    s.use(at)
    limit = _limit(s, at, _top_before(s, at, 1))
    return Ranking(s.tags[at].value == "max", limit, s.tags[at].text, counted=True)


def _top_before(s: Sentence, at: int, default: int) -> int:
    """Read the rank in "top 5 most expensive", where the superlative says by what."""
    for place in (at - 1, at - 2):
        if s.kind(place) in ("top", "bottom"):
            s.use(place)
            return _limit(s, place, DEFAULT_TOP)
    return default


def _extreme_of(s: Sentence, at: int) -> Ranking:
    direction, _, about = s.tags[at].value.partition(":")
    found = s.index.about(about, direction)
    if about == "date":
        found = s.index.dates() or s.index.years()
    if not found and about == "age":
        found, direction = [c for c in s.index.of_concept("birth") if c.type in TEMPORAL], _other(direction)
    following = s.after(at)
    if following is not None and s.kind(following) == "column":
        named = s.column(following, lambda c: c.type in (*NUMERIC, *TEMPORAL) and (is_measure(c) or c.type in TEMPORAL))
        if named is not None:
            found = [named]
            s.use(following)
    if not found:
        raise NotUnderstoodError(s.tags[at].text, "offline.no_column_for")
    tag = s.tags[at]
    if len(found) > 1:
        raise UnclearError(tag.text, tag.start, tag.end, tuple(f'§{direction}§ "{c.name}"' for c in found))
    s.use(at)
    limit = _limit(s, at, _top_before(s, at, 1))
    return Ranking(direction == "max", limit, s.tags[at].text, column=found[0].name, one_row=True)


def _other(direction: str) -> str:
    return "min" if direction == "max" else "max"


def _top(s: Sentence, at: int) -> Ranking | None:
    kind = s.tags[at].kind
    limit = _limit(s, at, 0 if kind == "head" else DEFAULT_TOP)
    s.use(at)
    if kind == "head":
        limit = limit or _first_rows(s, at)
        if s.unused("by", "sort"):
            raise NotUnderstoodError(s.tags[at].text, "offline.words_unused")
        return Ranking(True, limit, s.tags[at].text, plain=True)
    return _by_measure(s, at, Ranking(kind == "top", limit, s.tags[at].text))


def _first_rows(s: Sentence, at: int) -> int:
    """Return how many "the first rows" are; the first of anything else may be meant in time, and is refused."""
    following = s.after(at)
    if following is None:
        return FIRST_ROWS
    word, text = s.tags[following].text, s.tags[at].text
    sense = sense_of([(word, stem(word))], LANGUAGES)
    if sense is None or sense.kind != "rows":
        raise NotUnderstoodError(f"{text} {word}", "offline.words_unused")
    return FIRST_ROWS if word.casefold().endswith("s") or text.casefold() in _PLURAL_FIRST else 1


def _by_measure(s: Sentence, at: int, ranking: Ranking) -> Ranking:
    """Read "by revenue" of a ranking: a column of numbers after "by"."""
    for by in s.unused("by"):
        following = s.after(by)
        if s.kind(following) == "column" and following is not None:
            column = s.column(following, is_measure) or s.column(following, lambda c: c.type in TEMPORAL)
            if column is not None:
                s.use(by, following)
                tag = s.tags[following]
                return replace(ranking, column=column.name, by_text=tag.text, by_start=tag.start, by_end=tag.end)
        if s.kind(following) in ("aggregate", "extreme", "count"):
            s.use(by)
            return ranking
    return ranking


def _most(s: Sentence, at: int) -> Ranking | None:
    """Read "the most": of rows, of what a column of numbers adds up to, or of different values."""
    descending = s.tags[at].value == "max"
    following = s.after(at)
    ranking = Ranking(descending, _limit(s, at, 1), s.tags[at].text)
    if s.kind(following) == "aggregate":  # the most mean revenue
        s.use(at)
        return ranking
    if following is None or s.kind(following) in ("rows", "count"):
        if following is not None:
            if s.kind(following) != "count":
                s.use(following)
            s.use(at)
            return replace(ranking, counted=True)
    elif s.kind(following) == "column":
        column = s.column(following, is_measure)
        s.use(at)
        if column is not None:
            s.use(following)
            tag = s.tags[following]
            return _with(ranking, column.name, tag.text, tag.start, tag.end)
        s.tags[at] = replace(s.tags[at], kind="count")
        s.used.discard(at)
        return ranking
    measures = [place for place in s.columns() if s.column(place, is_measure) is not None]
    if len(measures) == 1:
        tag = s.tags[measures[0]]
        column = s.column(measures[0], is_measure)
        assert column is not None
        s.use(at, measures[0])
        return _with(ranking, column.name, tag.text, tag.start, tag.end)
    if s.has("aggregate"):
        s.use(at)
        return ranking
    raise NotUnderstoodError(s.tags[at].text, "offline.rank_by_what")


def _with(ranking: Ranking, column: str, text: str, start: int, end: int) -> Ranking:
    return replace(ranking, column=column, by_text=text, by_start=start, by_end=end)


def _extreme(s: Sentence, at: int) -> Ranking | None:
    """Read "the highest X": a rank when something is ranked by it, else the maximum itself, which is a measure."""
    following = s.after(at)
    tag = s.tags[at]
    ranking = Ranking(tag.value == "max", 1, tag.text)
    ranked = _something_ranked(s, following)
    if s.kind(following) in ("aggregate", "count", "distinct"):
        s.use(at)
        return Ranking(tag.value == "max", _limit(s, at, 1), tag.text)
    if following is None or s.kind(following) != "column" or not ranked:
        return None
    column = s.column(following, lambda c: is_measure(c) or c.type in TEMPORAL)
    if column is None:
        return None
    s.use(at, following)
    named = s.tags[following]
    return replace(
        ranking, limit=_limit(s, at, 1), column=column.name, by_text=named.text, by_start=named.start, by_end=named.end
    )


def _something_ranked(s: Sentence, measured: int | None) -> bool:
    """Tell whether a thing is asked for by its rank: which city, the product with …, the month of …"""
    grouped = bool(s.unused("by"))
    for place in s.columns():
        if place == measured or s.kind(s.before(place)) == "by":
            continue
        if grouped and not (place > 0 and s.tags[place - 1].kind == "which"):
            continue
        column = s.column(place)
        if column is not None and not is_measure(column) and column.type not in TEMPORAL:
            return True
    if any(tag.kind == "which" and tag.text.casefold() in _WHO for tag in s.tags):
        return True
    return any(place > 0 and s.tags[place - 1].kind == "which" for place in s.unused("grain"))
