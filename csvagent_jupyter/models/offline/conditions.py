"""Which rows (or groups) a question is about: comparisons, ranges, cells, times, negation."""

from __future__ import annotations

from typing import get_args

from ...messages import Column
from .columns import NUMERIC, TEMPORAL, is_measure
from .intent import Aggregate, Condition, Having, Measure, Operator
from .moments import Moment, date_column, moment_at
from .sentence import NotUnderstoodError, Sentence, UnclearError

_FLIPPED: dict[str, Operator] = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
_RANGE_ENDS = ("weak", "to", "by")
_NOT_TRUTH = ("by", "distinct", "share", "count", "aggregate")
_LINKS = frozenset({"stop", "in", "than", "unit", "only", "which"})


def read_conditions(s: Sentence) -> tuple[tuple[Condition, ...], tuple[Having, ...]]:
    """Return the conditions on rows and on groups, and use the tags that say them."""
    conditions: list[Condition] = []
    having: list[Having] = []
    for at in s.unused("between"):
        conditions.append(_between(s, at))
    for at in s.unused("weak"):
        conditions += _weak_range(s, at)
    for at in s.unused("compare", "compare_of"):
        found = _comparison(s, at)
        if isinstance(found, Having):
            having.append(found)
        elif found is not None:
            conditions.append(found)
    conditions += _literals(s)
    conditions += _values(s)
    conditions += _times(s)
    conditions += _equal_numbers(s)
    conditions += _booleans(s)
    conditions += _gaps(s)
    return tuple(conditions), tuple(having)


def _between(s: Sentence, at: int) -> Condition:
    first = s.after(at)
    low = moment_at(s, first)
    if low is not None and _about_time(s):
        second = s.after(low.end, skip=_LINKS | {"and", "weak", "to"})
        high = moment_at(s, second)
        if high is not None:
            return _time_span(s, at, low, high)
    number = s.number(first)
    second_number = s.number(s.after(number[1], skip=_LINKS | {"and", "weak", "to"})) if number else None
    if number is None or second_number is None:
        raise NotUnderstoodError(s.tags[at].text, "offline.words_unused")
    column, place = _compared_column(s, at, second_number[1])
    s.use(*range(at, second_number[1] + 1), place)
    return Condition(column.name, "between", (number[0], second_number[0]))


def _about_time(s: Sentence) -> bool:
    """Tell whether a number that looks like a year can be one in this table."""
    return bool(s.index.dates() or s.index.years())


def _weak_range(s: Sentence, at: int) -> list[Condition]:
    """Read "from A to B", "from A", "до B": words that are prepositions unless a number or a time follows."""
    if s.kind(at) != "weak":
        return []
    first = s.after(at)
    skip = _LINKS | {"weak", "to", "by"}
    low = moment_at(s, first)
    if low is not None and (low.year is None or _about_time(s)):
        high = moment_at(s, s.after(low.end, skip=skip)) if s.kind(low.end + 1) in _RANGE_ENDS else None
        if high is not None:
            return [_time_span(s, at, low, high)]
        return [_time_comparison(s, at, low, ">=" if s.tags[at].value == ">=" else "<=")]
    number = s.number(first)
    if number is None:
        return []
    second = s.number(s.after(number[1], skip=skip)) if s.kind(number[1] + 1) in _RANGE_ENDS else None
    end = second[1] if second else number[1]
    column, place = _compared_column(s, at, end)
    s.use(*range(at, end + 1), place)
    if second:
        return [Condition(column.name, "between", (number[0], second[0]))]
    return [Condition(column.name, ">=" if s.tags[at].value == ">=" else "<=", (number[0],))]


def _comparison(s: Sentence, at: int) -> Condition | Having | None:
    operator, _, about = s.tags[at].value.partition(":")
    operand = s.after(at, skip=_LINKS)
    if about == "date" or not (about or _numeric_before(s, at)):
        moment = moment_at(s, operand)
        if moment is not None:
            return _time_comparison(s, at, moment, operator)
    number = s.number(operand)
    first = at
    if number is None:  # "30 or more", «30 и старше»
        before = s.before(at, skip=_LINKS | {"and"})
        back = before - 1 if before is not None and s.kind(before) in ("unit", "scale") else before
        number = s.number(back)
        if number is None or back is None:
            return None
        first, number = back, (number[0], at)
        operator = {">": ">=", "<": "<="}.get(operator, operator)
    if s.kind(first - 1) == "not":
        operator = _FLIPPED[operator]
        first -= 1
    end = number[1]
    if about:
        column = _column_about(s, at, about)
        if column.type in TEMPORAL:  # "later than 10" is no time
            raise NotUnderstoodError(s.tags[at].text, "offline.words_unused")
        named = s.before(first, skip=_LINKS | {"not"})
        if named is not None and s.kind(named) == "column" and column.name in s.tags[named].options:
            s.use(named)
        s.use(*range(first, end + 1))
        return Condition(column.name, _operator(operator), (number[0],))
    following = s.after(end)
    if s.kind(following) in ("rows", "people") and following is not None:
        s.use(*range(first, end + 1), following)
        return Having(Measure("count"), _operator(operator), (number[0],))
    column, place = _compared_column(s, first, end)
    s.use(*range(first, end + 1), place)
    before = s.before(min(first, place))
    if s.kind(before) == "aggregate" and before is not None and place < first and _groups_named(s, place):
        s.use(before)
        return Having(Measure(_aggregate(s.tags[before].value), column.name), _operator(operator), (number[0],))
    return Condition(column.name, _operator(operator), (number[0],))


def _groups_named(s: Sentence, measured: int) -> bool:
    """Tell whether groups are asked for, so that a comparison of an aggregate is about them."""
    others = (s.column(at, lambda c: not is_measure(c)) for at in s.columns() if at != measured)
    return s.has("by", "which") or any(column is not None for column in others)


def _operator(word: str) -> Operator:
    if word not in get_args(Operator):
        raise NotUnderstoodError(word)
    return word  # type: ignore[return-value]


def _aggregate(word: str) -> Aggregate:
    return word  # type: ignore[return-value]


def _numeric_before(s: Sentence, at: int) -> bool:
    before = s.before(at, skip=_LINKS | {"not"})
    return before is not None and s.kind(before) == "column" and s.column(before, _comparable) is not None


def _comparable(column: Column) -> bool:
    return column.type in NUMERIC


def _compared_column(s: Sentence, first: int, end: int) -> tuple[Column, int]:
    """Return the column of numbers that stands before a comparison, or right after its number."""
    for place in (s.before(first, skip=_LINKS | {"not"}), s.after(end)):
        if place is not None and s.kind(place) == "column":
            column = s.column(place, _comparable)
            if column is not None:
                return column, place
    before = s.before(first, skip=_LINKS | {"not"})
    if before is not None and s.tags[before].value == "people" and s.index.of_concept("age"):
        return _column_about(s, first, "age"), first
    mentioned = [at for at in s.columns() if at < first and s.column(at, is_measure) is not None]
    if len(mentioned) == 1 and not s.has("aggregate", "extreme", "count", "by"):
        column = s.column(mentioned[0], is_measure)
        assert column is not None
        return column, mentioned[0]
    words = " ".join(tag.text for tag in s.tags[first : end + 1])
    raise NotUnderstoodError(words, "offline.no_column_for")


def _column_about(s: Sentence, at: int, about: str) -> Column:
    """Return the column of a concept that a comparison names by itself: older than is about age."""
    found = [column for column in s.index.of_concept(about) if column.type in (*NUMERIC, *TEMPORAL)]
    if not found:
        raise NotUnderstoodError(s.tags[at].text, "offline.no_column_for")
    return found[0]


# --- times ----------------------------------------------------------------------------------------------------------


def _time_span(s: Sentence, at: int, low: Moment, high: Moment) -> Condition:
    years = _year_column(s, at)
    if years is not None and low.year and high.year:
        s.use(*range(at, high.end + 1))
        return Condition(years.name, "between", (low.year, high.year))
    words = s.tags[at].text
    column, named = date_column(s, at, word=words)
    s.use(*range(at, high.end + 1), *([named] if named is not None else []))
    return Condition(column.name, "span", (low.first, high.past))


def _time_comparison(s: Sentence, at: int, moment: Moment, operator: str) -> Condition:
    years = _year_column(s, at)
    if years is not None and moment.year:
        s.use(*range(at, moment.end + 1))
        return Condition(years.name, _operator(operator), (moment.year,))
    column, named = date_column(s, at)
    s.use(*range(at, moment.end + 1), *([named] if named is not None else []))
    if operator in (">", "<="):
        return Condition(column.name, ">=" if operator == ">" else "<", (moment.past,))
    return Condition(column.name, _operator(operator), (moment.first,))


def _year_column(s: Sentence, at: int) -> Column | None:
    """Return the column of whole years when there is no date column to be meant."""
    years = s.index.years()
    return years[0] if len(years) == 1 and not s.index.dates() else None


def _times(s: Sentence) -> list[Condition]:
    found: list[Condition] = []
    years: dict[str, list[int]] = {}
    for at in s.unused("date", "month", "quarter", "number", "grain"):
        before = s.before(at, skip=_LINKS)
        moment = moment_at(s, at) if at not in s.used else None
        if moment is None or s.kind(before) in ("top", "bottom", "head"):
            continue
        if not (s.index.dates() or s.index.years()) and s.kind(at - 1) == "column":
            continue
        column_of_years = _year_column(s, at)
        if column_of_years is not None and moment.year:
            years.setdefault(column_of_years.name, []).append(moment.year)
            s.use(*range(at, moment.end + 1))
            continue
        column, named = date_column(s, at)
        s.use(*range(at, moment.end + 1), *([named] if named is not None and _only_for_time(s, named) else []))
        if moment.year:
            years.setdefault(column.name, []).append(moment.year)
        else:
            found.append(Condition(column.name, "span", (moment.first, moment.past)))
    for name, listed in years.items():
        whole = s.index[name].type not in TEMPORAL
        found.append(Condition(name, ("in" if len(listed) > 1 else "==") if whole else "year", tuple(listed)))
    for at in s.unused("month"):
        column, named = date_column(s, at)
        s.use(at)
        found.append(Condition(column.name, "month", (int(s.tags[at].value),)))
    return found


def _only_for_time(s: Sentence, named: int) -> bool:
    """A date column that is grouped by stays for the grouping."""
    return s.kind(s.before(named)) not in ("by", "grain", "trend")


# --- cells ----------------------------------------------------------------------------------------------------------


def _values(s: Sentence) -> list[Condition]:
    groups: dict[tuple[str, bool], list[str]] = {}
    last: tuple[int, tuple[str, bool]] | None = None
    for at in s.unused("value"):
        name = _column_of_cell(s, at)
        negated = _negated(s, at)
        if last is not None and not negated and last[1] == (name, True) and _linked(s, last[0], at):
            negated = True
        groups.setdefault((name, negated), []).extend(cell for column, cell in s.tags[at].cells if column == name)
        if last is not None and last[1][0] == name:
            for between in range(last[0] + 1, at):
                if s.kind(between) in ("or", "relation"):
                    s.use(between)
        s.use(at)
        last = (at, (name, negated))
    return [
        Condition(name, "in" if len(set(cells)) > 1 else "==", tuple(dict.fromkeys(cells)), negated)
        for (name, negated), cells in groups.items()
    ]


def _column_of_cell(s: Sentence, at: int) -> str:
    """Return the column that holds a cell: the one named beside it, or the only one."""
    holders = list(dict.fromkeys(column for column, _ in s.tags[at].cells))
    for place in (s.before(at, skip=_LINKS | {"not", "compare"}), s.after(at)):
        if place is None or s.tags[place].kind != "column":
            continue
        named = [name for name in s.tags[place].options if name in holders]
        if named and (place in s.used or s.kind(s.before(place)) not in ("by", "count", "distinct")):
            s.use(place)
            _use_equals(s, place, at)
            return named[0]
    if len(holders) == 1:
        return holders[0]
    mentioned = [n for n in holders if any(n in s.tags[i].options for i in s.columns())]
    if len(mentioned) == 1:
        return mentioned[0]
    tag = s.tags[at]
    cell = dict(tag.cells)
    readings = tuple(f'"{name}" "{cell[name]}"' for name in holders)
    raise UnclearError(tag.text, tag.start, tag.end, readings)


def _use_equals(s: Sentence, place: int, at: int) -> None:
    for between in range(min(place, at) + 1, max(place, at)):
        if s.kind(between) == "compare" and s.tags[between].value == "==":
            s.use(between)


def _negated(s: Sentence, at: int) -> bool:
    before = s.before(at, skip=_LINKS | {"column"})
    if s.kind(before) == "not" and before is not None:
        s.use(before)
        return True
    if before is not None and s.kind(before) == "compare" and s.tags[before].value == "!=":
        s.use(before)
        return True
    return False


def _linked(s: Sentence, first: int, second: int) -> bool:
    return all(tag.kind in ("and", "or", "in") for tag in s.tags[first + 1 : second])


def _literals(s: Sentence) -> list[Condition]:
    """Read "name contains 'abc'": a quoted text that no cell is, but that cells may contain."""
    found = []
    for at in s.unused("contains"):
        text, column_at = s.after(at), s.before(at)
        if text is None or column_at is None or s.tags[text].kind not in ("literal", "value", "column", "unknown"):
            continue
        column = s.column(column_at, lambda c: c.type in ("text", "category"))
        if column is not None and s.kind(column_at):
            s.use(at, text, column_at)
            found.append(Condition(column.name, "contains", (s.tags[text].text,)))
    return found


def _equal_numbers(s: Sentence) -> list[Condition]:
    """Read "class 3": a number right after a column of numbers."""
    found = []
    for at in s.unused("number"):
        before = s.before(at, skip=_LINKS)
        if before is None or s.kind(before) != "column" or s.kind(s.before(before)) in ("top", "bottom", "by"):
            continue
        column = s.column(before, _comparable)
        number = s.number(at)
        if column is not None and number is not None and not (is_measure(column) and column.type == "number"):
            s.use(before, *range(at, number[1] + 1))
            found.append(Condition(column.name, "==", (number[0],)))
    return found


def _booleans(s: Sentence) -> list[Condition]:
    found = []
    for at in list(s.columns()):
        column = s.column(at, lambda c: c.type == "boolean")
        if (
            column is None
            or len(s.tags[at].options) > 1
            or s.kind(s.before(at)) in ("by", "distinct", "share", "count", "aggregate")
        ):
            continue
        if s.has("missing", "describe", "distribution", "chart"):
            continue
        truth = True
        before, following = s.before(at), s.after(at, skip=_LINKS | {"compare"})
        if s.kind(before) == "not" and before is not None:
            s.use(before)
            truth = False
        if s.kind(following) == "truth" and following is not None:
            s.use(following, *range(at, following))
            truth = s.tags[following].value == "1"
        s.use(at)
        found.append(Condition(column.name, "==", (truth,)))
    return found


def _gaps(s: Sentence) -> list[Condition]:
    """Read "rows without email", "where age is missing", once something else is asked than how much is missing."""
    found = []
    for at in s.unused("not"):
        following = s.after(at)
        if s.kind(following) == "column" and following is not None and s.has("count", "rows", "show", "which"):
            column = s.column(following)
            if column is not None:
                s.use(at, following)
                found.append(Condition(column.name, "missing"))
    for at in s.unused("missing", "present"):
        asked = s.has("count", "share", "by") or (s.has("rows") and s.has("show", "count"))
        for place in (s.before(at, skip=_LINKS | {"not"}), s.after(at)):
            if not asked or place is None or s.kind(place) != "column" or s.kind(s.before(place)) == "by":
                continue
            column = s.column(place)
            between = [i for i in range(place, at) if s.kind(i) == "not"]
            if column is not None:
                s.use(at, place, *between)
                known = (s.tags[at].kind == "present") != bool(between)
                found.append(Condition(column.name, "present" if known else "missing"))
                break
    return found
