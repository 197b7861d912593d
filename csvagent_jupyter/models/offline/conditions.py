"""Which rows (or groups) a question is about: comparisons, ranges, cells, times, negation."""

from __future__ import annotations

from ...messages import Column
from .columns import NUMERIC, TEMPORAL, is_measure, usual_aggregate
from .intent import Aggregate, Condition, Having, Measure, Operator
from .moments import moment_at
from .sentence import NotUnderstoodError, Sentence, UnclearError
from .times import LINKS, month_range, operator_of, read_times, time_comparison, time_span

_FLIPPED: dict[str, Operator] = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
_RANGE_ENDS = ("weak", "to", "by")
_NOT_TRUTH = ("by", "distinct", "share", "count", "aggregate")


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
    conditions += read_times(s)
    conditions += _equal_numbers(s)
    conditions += _booleans(s)
    conditions += _gaps(s)
    return tuple(conditions), tuple(having)


def _between(s: Sentence, at: int) -> Condition:
    first = s.after(at)
    months = month_range(s, at, first, LINKS | {"and", "weak", "to"})
    if months is not None:
        return months
    low = moment_at(s, first)
    if low is not None and _about_time(s):
        second = s.after(low.end, skip=LINKS | {"and", "weak", "to"})
        high = moment_at(s, second)
        if high is not None:
            return time_span(s, at, low, high)
    number = s.number(first)
    second_number = s.number(s.after(number[1], skip=LINKS | {"and", "weak", "to"})) if number else None
    if number is None or second_number is None:
        raise NotUnderstoodError(s.tags[at].text, "offline.words_unused")
    column, place = _compared_column(s, at, second_number[1])
    values = (_in_units(s, column, number), _in_units(s, column, second_number))
    s.use(*range(at, second_number[1] + 1), place)
    return Condition(column.name, "between", values)


def _about_time(s: Sentence) -> bool:
    """Tell whether a number that looks like a year can be one in this table."""
    return bool(s.index.dates() or s.index.years())


def _weak_range(s: Sentence, at: int) -> list[Condition]:
    """Read "from A to B", "from A", "до B": words that are prepositions unless a number or a time follows."""
    if s.kind(at) != "weak":
        return []
    first = s.after(at)
    skip = LINKS | {"weak", "to", "by"}
    if first is not None and s.kind(first + 1) in _RANGE_ENDS:
        months = month_range(s, at, first, skip)
        if months is not None:
            return [months]
    low = moment_at(s, first)
    if low is not None and (low.year is None or _about_time(s)):
        high = moment_at(s, s.after(low.end, skip=skip)) if s.kind(low.end + 1) in _RANGE_ENDS else None
        if high is not None:
            return [time_span(s, at, low, high)]
        return [time_comparison(s, at, low, ">=" if s.tags[at].value == ">=" else "<=")]
    number = s.number(first)
    if number is None:
        return []
    second = s.number(s.after(number[1], skip=skip)) if s.kind(number[1] + 1) in _RANGE_ENDS else None
    end = second[1] if second else number[1]
    column, place = _compared_column(s, at, end)
    low_value = _in_units(s, column, number)
    s.use(*range(at, end + 1), place)
    if second:
        return [Condition(column.name, "between", (low_value, _in_units(s, column, second)))]
    return [Condition(column.name, ">=" if s.tags[at].value == ">=" else "<=", (low_value,))]


def _in_units(s: Sentence, column: Column, number: tuple[float | int, int]) -> float | int:
    """Return a number as the column has it: 10 % is 0.1 where the column holds parts of one."""
    value, end = number
    parts = s.tags[end].text == "%" and isinstance(column.max, int | float) and 0 < column.max <= 1
    return value / 100 if parts else value


def _comparison(s: Sentence, at: int) -> Condition | Having | None:
    operator, _, about = s.tags[at].value.partition(":")
    operand = s.after(at, skip=LINKS)
    if about == "date" or not (about or _numeric_before(s, at)):
        moment = moment_at(s, operand)
        if moment is not None:
            return time_comparison(s, at, moment, operator)
    number = s.number(operand)
    first = at
    if number is None:  # "30 or more", «30 и старше»
        before = s.before(at, skip=LINKS | {"and"})
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
        named = s.before(first, skip=LINKS | {"not"})
        if named is not None and s.kind(named) == "column" and column.name in s.tags[named].options:
            s.use(named)
        s.use(*range(first, end + 1))
        return Condition(column.name, operator_of(operator), (number[0],))
    following = s.after(end)
    if s.kind(following) in ("rows", "people") and following is not None:
        s.use(*range(first, end + 1), following)
        return Having(Measure("count"), operator_of(operator), (number[0],))
    column, place = _compared_column(s, first, end)
    value = _in_units(s, column, (number[0], end))
    s.use(*range(first, end + 1), place)
    before = s.before(min(first, place))
    if s.kind(before) == "aggregate" and before is not None and place < first and _groups_named(s, place):
        s.use(before)
        return Having(Measure(_aggregate(s.tags[before].value), column.name), operator_of(operator), (value,))
    if _only_totals_reach(s, column, place, operator, value):
        tag = s.tags[place]
        raise UnclearError(tag.text, tag.start, tag.end, (f'§sum§ "{column.name}"',))
    return Condition(column.name, operator_of(operator), (value,))


def _only_totals_reach(s: Sentence, column: Column, place: int, operator: str, value: float) -> bool:
    """Tell whether no row is that large, while groups are asked for whose totals may be."""
    beyond = isinstance(column.max, int | float) and operator in (">", ">=") and value > column.max
    others = [at for at in s.columns() if at != place and s.column(at, is_measure) is not None]
    return beyond and not others and usual_aggregate(column) == "sum" and _groups_named(s, place)


def _groups_named(s: Sentence, measured: int) -> bool:
    """Tell whether groups are asked for, so that a comparison of an aggregate is about them."""
    others = (s.column(at, lambda c: not is_measure(c)) for at in s.columns() if at != measured)
    return s.has("by", "which") or any(column is not None for column in others)


def _aggregate(word: str) -> Aggregate:
    return word  # type: ignore[return-value]


def _numeric_before(s: Sentence, at: int) -> bool:
    before = s.before(at, skip=LINKS | {"not"})
    return before is not None and s.kind(before) == "column" and s.column(before, _comparable) is not None


def _comparable(column: Column) -> bool:
    return column.type in NUMERIC


def _compared_column(s: Sentence, first: int, end: int) -> tuple[Column, int]:
    """Return the column of numbers that stands before a comparison, or right after its number."""
    for place in (s.before(first, skip=LINKS | {"not"}), s.after(end)):
        if place is not None and s.kind(place) == "column":
            column = s.column(place, _comparable)
            if column is not None:
                return column, place
    before = s.before(first, skip=LINKS | {"not"})
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
    found = s.index.about(about)
    tag = s.tags[at]
    if not found:
        raise NotUnderstoodError(tag.text, "offline.no_column_for")
    if len(found) > 1:
        sign = tag.value.partition(":")[0] if tag.kind == "compare_of" else tag.text
        raise UnclearError(tag.text, tag.start, tag.end, tuple(f'"{column.name}" {sign}' for column in found))
    return found[0]


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
    for place in (s.before(at, skip=LINKS | {"not", "compare"}), s.after(at)):
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
    before = s.before(at, skip=LINKS | {"column"})
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
        before = s.before(at, skip=LINKS)
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
        before, following = s.before(at), s.after(at, skip=LINKS | {"compare"})
        if s.kind(before) == "not" and before is not None:
            s.use(before)
            truth = False
        if s.kind(following) == "truth" and following is not None:
            s.use(following, *range(at, following))
            truth = s.tags[following].value == "1"
        s.use(at)
        found.append(Condition(column.name, "==", (truth,)))
    return found


def _without(s: Sentence, at: int, named: int, column: Column) -> Condition:
    """Read "without rain": no value, or zero; what the column really has decides, and where it has both, the person."""
    zero = is_measure(column) and isinstance(column.min, int | float) and column.min <= 0
    if zero and column.nulls:
        start, end = s.tags[at].start, s.tags[named].end
        link = "with" if s.tags[at].text.isascii() else "с"
        said = ("= 0", "is missing" if link == "with" else "не указан")
        words = f"{s.tags[at].text} {s.tags[named].text}"
        raise UnclearError(words, start, end, tuple(f'{link} "{column.name}" {one}' for one in said))
    s.use(at, named)
    return Condition(column.name, "==", (0,)) if zero else Condition(column.name, "missing")


def _gaps(s: Sentence) -> list[Condition]:
    """Read "rows without email", "where age is missing", once something else is asked than how much is missing."""
    found = []
    for at in s.unused("not"):
        following = s.after(at)
        if s.kind(following) == "column" and following is not None and s.has("count", "rows", "show", "which"):
            column = s.column(following)
            if column is not None:
                found.append(_without(s, at, following, column))
    for at in s.unused("missing", "present"):
        asked = s.has("count", "share", "by") or (s.has("rows") and s.has("show", "count"))
        for place in (s.before(at, skip=LINKS | {"not"}), s.after(at)):
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
