"""Questions that go on from the one before: "and by month?", "only 2023", "as a line chart", «а в Казани?»."""

from __future__ import annotations

from ...messages import Profile, Turn
from .columns import ColumnIndex, is_measure, usual_aggregate
from .intent import Condition, Intent, Measure
from .reading import Reader, read
from .sentence import NotUnderstoodError, Sentence, UnclearError
from .tagging import MAX_TOKENS, Tag, Tagger
from .values import FindValues

MOST_TURNS = 12
_OPENS = frozenset({"and", "only", "what_about", "again", "instead"})
_MAY_OPEN = frozenset({"by", "in", "weak", "stop", "chart", "grain", "not", "sort", "ascending", "descending"})
_WHOLE = frozenset(
    {
        "count",
        "rows",
        "which",
        "show",
        "describe",
        "missing",
        "correlation",
        "distribution",
        "trend",
        "share",
        "columns",
    }
)
_AGGREGATES = frozenset({"aggregate", "extreme", "most", "frequent", "extreme_of"})
_SAID = ("and", "only", "what_about", "again", "instead", "stop")


def read_in_turn(
    question: str,
    turns: tuple[Turn, ...],
    profile: Profile,
    languages: tuple[str, ...],
    find_values: FindValues | None = None,
) -> Intent:
    """Return what a question asks, taken with the questions before it when it does not stand on its own.

    Raises what `read` raises, and NotUnderstoodError when it goes on from a question which was not read here.
    """
    index = ColumnIndex(profile)
    tagger = Tagger(question, index, languages, find_values)
    if len(tagger.tokens) > MAX_TOKENS:
        return read(question, profile, languages, find_values)
    tags = tagger.tags()
    if not goes_on(tags, index) or (not turns and (_says_enough(tags, index) or tags[0].kind not in _OPENS)):
        return read(question, profile, languages, find_values)
    before = _before(turns, profile, find_values) if turns else None
    if before is None:
        raise NotUnderstoodError(question.strip()[:60], "offline.nothing_before")
    return _merged(before, Fragment(Sentence(tags, index), before))


def goes_on(tags: list[Tag], index: ColumnIndex) -> bool:
    """Tell whether a question leans on the one before."""
    if not tags:
        return False
    if tags[0].kind in _OPENS:
        return True
    if tags[0].kind in ("top", "bottom"):
        return not any(tag.kind == "column" for tag in tags)
    return tags[0].kind in _MAY_OPEN and not _says_enough(tags, index)


def _says_enough(tags: list[Tag], index: ColumnIndex) -> bool:
    """Tell whether something to compute is named, so that a question may stand alone."""
    measured = any(is_measure(index[name]) for tag in tags for name in tag.options)
    return measured or any(tag.kind in _WHOLE or tag.kind in _AGGREGATES for tag in tags)


def _before(turns: tuple[Turn, ...], profile: Profile, find_values: FindValues | None) -> Intent | None:
    """Read the question before again, with what it goes on from itself."""
    try:
        return read_in_turn(turns[-1].question, turns[-MOST_TURNS:-1], profile, ("ru", "en"), find_values)
    except (NotUnderstoodError, UnclearError):
        return None


class Fragment:
    """What a follow-up says anew."""

    def __init__(self, s: Sentence, before: Intent) -> None:
        reader = Reader(s)
        self.intent = reader.read_fragment()
        self.columns = [c.name for at in list(s.columns()) if (c := s.column(at, is_measure)) is not None]
        s.use(*s.unused("column") if self.columns else ())
        self.aggregates = [s.tags[at].value for at in s.unused("aggregate", "extreme")]
        s.use(*s.unused("aggregate", "extreme", *_SAID))
        self.index = s.index
        s.refuse_rest()


def _merged(before: Intent, new: Fragment) -> Intent:
    said = new.intent
    measures = said.measures or _measures(before, new)
    changes: dict[str, object] = {"conditions": _conditions(before.conditions, said.conditions)}
    if measures != before.measures:
        changes["measures"] = measures
    if said.having:
        changes["having"] = said.having
    if said.keys:
        changes.update(keys=said.keys, order="", descending=None)
        if before.act != "aggregate":
            raise NotUnderstoodError(said.keys[0].column, "offline.nothing_before")
    if said.descending is not None or said.order:
        changes.update(order=said.order, descending=said.descending)
    if said.limit is not None:
        changes.update(limit=said.limit, single=said.limit == 1, descending=said.descending)
    if said.chart:
        changes["chart"] = said.chart
    merged = before.but(**changes)
    if merged == before:
        raise NotUnderstoodError(", ".join(new.columns) or "…", "offline.nothing_new")
    return merged


def _measures(before: Intent, new: Fragment) -> tuple[Measure, ...]:
    """Put another aggregate to the same column, or the same aggregate to another column."""
    if not new.columns and not new.aggregates:
        return before.measures
    columns = new.columns or [measure.column for measure in before.measures if measure.column]
    aggregates = new.aggregates or [measure.aggregate for measure in before.measures if measure.column]
    aggregates = aggregates or [usual_aggregate(new.index[column]) for column in columns[:1]]
    if before.act != "aggregate" or not columns or not all(aggregates):
        raise NotUnderstoodError(", ".join(new.columns or new.aggregates), "offline.nothing_before")
    return tuple(Measure(aggregate, column) for column in columns for aggregate in dict.fromkeys(aggregates))  # type: ignore[arg-type]


def _conditions(before: tuple[Condition, ...], new: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Let a new condition on a column stand in the place of the old ones on it."""
    replaced = {one.column for one in new}
    return (*(one for one in before if one.column not in replaced), *new)
