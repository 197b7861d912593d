"""What is counted or added up, and by what it is grouped."""

from __future__ import annotations

from typing import get_args

from ...messages import Column
from .columns import TEMPORAL, is_group, is_identifier, is_measure, is_unique, is_year, usual_aggregate, usual_grain
from .intent import Aggregate, Grain, Key, Measure
from .lexicon import LANGUAGES, sense_of
from .moments import date_column
from .ranking import Ranking
from .sentence import NotUnderstoodError, Sentence, UnclearError
from .words import stem, stems

_BEFORE_COUNTED = frozenset({"stop", "in", "which", "only", "show"})
_JOINING = frozenset({"stop", "in", "and", "column"})


def read_keys(s: Sentence, ranking: Ranking | None) -> list[Key]:
    keys: list[Key] = []
    for at in s.unused("by"):
        following = s.after(at, skip=frozenset({"stop", "in", "which", "by", "distinct"}))
        while following is not None and not (keys and _is_amount(s, following)):
            _refuse_ratio(s, at, following)
            key = _key_at(s, following, bool(ranking))
            if key is None:
                break
            keys.append(key)
            s.use(at)
            following = s.after(following if key.grain == "" else max(s.used & {following, following + 1}))
            joined = following
            if s.kind(joined) == "and" and joined is not None:
                following = s.after(joined, skip=frozenset({"stop", "in", "by", "and"}))
            elif s.kind(joined) != "by":
                break
        if s.kind(following) in ("aggregate", "extreme", "count") and ranking is not None:
            s.use(at)
        if at not in s.used and s.kind(following) in ("rows",) and following is not None:
            aggregates = {s.tags[place].value for place in s.unused("aggregate")}
            if aggregates != {"mean"}:
                raise NotUnderstoodError(s.tags[at].text + " " + s.tags[following].text, "offline.words_unused")
            s.use(at, following)  # the mean per order is the mean of the rows, when each row is an order
    for at in s.unused("distinct"):
        if keys and s.kind(s.after(at)) != "column":
            s.use(at)
    for at in s.unused("grain"):
        if at not in s.used and not _counted_grain(s, at):
            keys.append(_grain_key(s, at))
    for at in s.unused("trend"):
        column, named = date_column(s, at)
        s.use(at, *([named] if named is not None else []))
        keys = keys if any(key.grain for key in keys) else [Key(column.name, grain_of(usual_grain(column))), *keys]
    return list(dict.fromkeys(keys))


def _counted_grain(s: Sentence, at: int) -> bool:
    """Tell whether days are what is counted: "how many days", not "the number of daily orders"."""
    before = s.before(at)
    counted = before is not None and s.tags[before].kind in ("count", "distinct", "share")
    if before is None or not counted or s.kind(at + 1) in ("rows", "column", "people"):
        return False
    if s.tags[before].kind == "share" or s.tags[at].value != "day":
        raise NotUnderstoodError(s.tags[at].text, "offline.words_unused")
    return True


def _is_amount(s: Sentence, at: int) -> bool:
    """Tell whether a column joined to a key is rather what is added up: "each type and its amount"."""
    column = s.column(at, is_measure) if s.kind(s.before(at)) == "and" else None
    return column is not None and usual_aggregate(column) == "sum"


def _refuse_ratio(s: Sentence, by: int, at: int) -> None:
    """Refuse "revenue per unit": one amount divided by another is no grouping."""
    column = s.column(at, is_measure) if s.tags[by].value == "per" else None
    if column is not None and usual_aggregate(column) == "sum" and s.kind(s.before(by)) != "aggregate":
        raise NotUnderstoodError(f"{s.tags[by].text} {s.tags[at].text}", "offline.words_unused")


def _key_at(s: Sentence, at: int, ranked: bool) -> Key | None:
    if s.kind(at) == "grain":
        return _grain_key(s, at)
    if s.kind(at) != "column":
        return None
    rows = s.rows
    groups = s.column(at, lambda c: is_group(c, rows) or is_identifier(c)) if len(s.tags[at].options) > 1 else None
    column = groups or s.column(at)
    if column is None or (ranked and is_measure(column) and not is_year(column)):
        return None
    if column.type in TEMPORAL:
        s.use(at)
        following = at + 1
        if s.kind(following) == "grain":
            s.use(following)
            return Key(column.name, grain_of(s.tags[following].value))
        return Key(column.name, "day")
    if column.type == "number" and column.distinct > 20:
        return None
    s.use(at)
    return Key(column.name)


def _grain_key(s: Sentence, at: int) -> Key:
    grain = grain_of(s.tags[at].value)
    s.use(at)
    if not s.index.dates():
        plain = [c for c in s.index.of_concept(grain) if c.type in ("integer", "text", "category")]
        if len(plain) == 1:
            return Key(plain[0].name)
    column, named = date_column(s, at)
    if named is not None:
        s.use(named)
    if grain == "hour" and column.type == "date":
        raise NotUnderstoodError(s.tags[at].text, "offline.no_hours")
    return Key(column.name, grain)


def read_measures(s: Sentence) -> list[Measure]:
    found: list[Measure] = []
    pending: list[tuple[Aggregate, int]] = []
    carried: list[Aggregate] = []
    for at in range(len(s.tags)):
        kind = s.kind(at)
        if kind in ("aggregate", "extreme"):
            if pending or s.kind(s.before(at)) not in ("and",) or not found:
                carried = []
            pending.append((s.tags[at].value, at))  # type: ignore[arg-type]
        elif kind == "count":
            if pending and pending[-1][0] == "sum":
                s.use(pending.pop()[1])
            found.append(_counted(s, at))
            found += _more_distinct(s, found[-1], at)
        elif kind == "distinct" and s.kind(s.after(at)) == "column":
            continue
        elif kind == "column":
            wanted = [aggregate for aggregate, _ in pending] or (carried if _joined(s, at) else [])
            wanted = wanted or _said_by_name(s, at)
            column = _aggregated_column(s, at, wanted) if wanted else None
            if column is not None:
                found += [Measure(aggregate, column.name) for aggregate in wanted]
                s.use(at, *(place for _, place in pending))
                carried, pending = wanted, []
    return _late(s, found, pending)


def _more_distinct(s: Sentence, first: Measure, at: int) -> list[Measure]:
    """Read "how many different cities and products": what is joined by "and" is counted the same way."""
    more: list[Measure] = []
    if first.aggregate == "distinct" and s.tags[at + 1].kind == "distinct":
        for place in list(s.columns()):
            column = s.column(place)
            if column is not None and _joined(s, place) and s.kind(s.before(place, skip=_JOINING)) != "by":
                s.use(place)
                more.append(Measure("distinct", column.name))
    return more


def _joined(s: Sentence, at: int) -> bool:
    before = s.before(at)
    return before is not None and s.tags[before].kind == "and"


def _said_by_name(s: Sentence, at: int) -> list[Aggregate]:
    """Return the aggregate that a column's words begin with: "max temperature" of temp_max, "mean price".

    A name with max or min in it, written just as it is, is only a name; an average is an average either way.
    """
    tag = s.tags[at]
    word = tag.text.split()[0] if tag.text.strip() else ""
    sense = sense_of([(word, stem(word))], LANGUAGES)
    if len(tag.options) != 1 or sense is None or s.charted("scatter"):
        return []
    if sense.kind == "aggregate" and sense.value in ("mean", "median"):
        return [sense.value]  # type: ignore[list-item]
    return [sense.value] if sense.kind == "extreme" and tag.text.casefold() != tag.options[0].casefold() else []  # type: ignore[list-item]


def _late(s: Sentence, found: list[Measure], pending: list[tuple[Aggregate, int]]) -> list[Measure]:
    """Read an aggregate that stands after its column: "price average", «выручка всего»."""
    for aggregate, place in pending:
        columns = [(at, c) for at in s.columns() if (c := _aggregated_column(s, at, [aggregate])) is not None]
        if len(columns) == 1:
            s.use(place, columns[0][0])
            found.append(Measure(aggregate, columns[0][1].name))
        elif not columns and not found:
            found += _named_like(s, aggregate, place)
    return found


def _named_like(s: Sentence, aggregate: Aggregate, place: int) -> list[Measure]:
    """Read an aggregate whose own last word is a column's whole name: «общая сумма» of the column «Сумма»."""
    words = stems(s.tags[place].text)
    named = [match.column for match in s.index.find(words[-1:]) if match.score == 1.0] if len(words) > 1 else []
    if len(named) != 1 or not is_measure(named[0]):
        return []
    s.use(place)
    return [Measure(aggregate, named[0].name)]


def _aggregated_column(s: Sentence, at: int, wanted: list[Aggregate]) -> Column | None:
    if set(wanted) <= {"min", "max"}:
        return s.column(at, lambda c: is_measure(c) or is_year(c) or c.type in TEMPORAL)
    return s.column(at, lambda c: is_measure(c) or (c.type == "boolean" and set(wanted) == {"mean"}))


def _counted(s: Sentence, at: int) -> Measure:
    """Read what is counted: rows, or the different values of a column ("how many customers")."""
    s.use(at)
    target = s.after(at, skip=_BEFORE_COUNTED)
    while target is not None and target in s.used and s.tags[target].kind == "value":  # how many open projects
        target = s.after(target, skip=_BEFORE_COUNTED)
    distinct = target is not None and s.kind(target) == "distinct"
    if distinct and target is not None:
        s.use(target)
        target = s.after(target)
    if target is not None and s.kind(target) == "grain":
        return _counted_days(s, target)
    if target is None or s.kind(target) not in ("column", "rows"):
        _refuse_sold(s, at)
        return Measure("count")
    if s.kind(target) == "rows":
        s.use(target)
        return Measure("count")
    return _counted_column(s, target, distinct)


def _refuse_sold(s: Sentence, at: int) -> None:
    """Ask back for "how many chairs were sold" where a row may be several of them."""
    quantities = [c for word in ("quantity", "unit") for c in s.index.of_concept(word) if is_measure(c)]
    amounts = list(dict.fromkeys(c.name for c in quantities if usual_aggregate(c) == "sum"))
    if amounts and any(tag.kind == "stop" and tag.value == "sold" for tag in s.tags):
        tag = s.tags[at]
        readings = (*(f'§sum§ "{name}"' for name in amounts), "§count§ §rows§")
        raise UnclearError(tag.text, tag.start, tag.end, readings)


def _counted_days(s: Sentence, at: int) -> Measure:
    column, named = date_column(s, at)
    s.use(at, *([named] if named is not None else []))
    if column.type != "date":
        raise NotUnderstoodError(s.tags[at].text, "offline.words_unused")
    return Measure("distinct", column.name)


def _counted_column(s: Sentence, target: int, distinct: bool) -> Measure:
    options = [s.index[name] for name in s.tags[target].options]
    identifiers = [column for column in options if is_identifier(column)]
    column = identifiers[0] if len(identifiers) == 1 else s.column(target)
    assert column is not None
    s.use(target)
    if is_measure(column) and not distinct:
        if usual_aggregate(column) == "sum":
            return Measure("sum", column.name)
        if column.type == "number":
            raise NotUnderstoodError(s.tags[target].text, "offline.words_unused")
    if is_unique(column, s.rows) and not distinct:
        return Measure("count")
    return Measure("distinct", column.name)


def measurable(s: Sentence) -> list[int]:
    return [at for at in s.columns() if s.column(at, is_measure) is not None]


def usual_measure(s: Sentence, at: int) -> Measure:
    """Return the aggregate that people mean for a column of numbers when they name none, or ask back."""
    column = s.column(at, is_measure)
    assert column is not None
    aggregate = usual_aggregate(column)
    if not aggregate:
        tag = s.tags[at]
        quoted = f'"{column.name}"'
        readings = tuple(f"§{word}§ {quoted}" for word in ("sum", "mean"))
        raise UnclearError(tag.text, tag.start, tag.end, readings)
    s.use(at)
    return Measure(aggregate, column.name)  # type: ignore[arg-type]


def grain_of(word: str) -> Grain:
    if word not in get_args(Grain):
        raise NotUnderstoodError(word)
    return word  # type: ignore[return-value]
