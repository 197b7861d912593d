"""Code that takes the rows a question is about: types put right, conditions applied, lost rows told."""

from __future__ import annotations

from collections.abc import Sequence

from .columns import NUMERIC, TEMPORAL
from .draft import Draft, Expr, literal
from .intent import Condition, Intent
from .telling import shown


def take_rows(draft: Draft, intent: Intent, *, coerce: bool = False) -> str:
    """Write the code up to the frame that holds the rows asked for; return that frame's name."""
    columns = {column.name: column for column in draft.profile.columns}
    dates = [name for name in _used(intent) if columns[name].type in TEMPORAL]
    unread = [name for name in dates if coerce or not columns[name].dtype.startswith("datetime64[")]
    zoned = [name for name in dates if name not in unread and "," in columns[name].dtype]
    numbers = [name for name in _numbers(intent) if columns[name].type in NUMERIC] if coerce else []
    frame = draft.frame
    if unread or zoned or numbers:
        draft.add(f"data = {frame}.copy()")
        frame = "data"
    if unread:
        draft.comment("comment_dates")
    for name in unread:
        draft.add(f"data[{literal(name)}] = pd.to_datetime(data[{literal(name)}], errors='coerce')")
    for name in zoned:
        draft.add(f"data[{literal(name)}] = data[{literal(name)}].dt.tz_localize(None)")
    if numbers:
        draft.comment("comment_numbers")
    for name in numbers:
        draft.add(f"data[{literal(name)}] = pd.to_numeric(data[{literal(name)}], errors='coerce')")
    if intent.conditions:
        _filter(draft, intent.conditions, frame)
        frame = "data"
    elif frame == draft.frame and frame != "df":
        draft.add(f"data = {frame}")
        frame = "data"
    return frame


def _filter(draft: Draft, conditions: tuple[Condition, ...], frame: str) -> None:
    draft.comment("comment_keep")
    if any(one.negated and one.operator in ("==", "in") and _has_gaps(draft, one.column) for one in conditions):
        draft.comment("comment_not")
    tests = [_test(one, frame) for one in conditions]
    if len(tests) == 1:
        draft.add(f"data = {frame}[{tests[0]}]")
        return
    draft.add(f"data = {frame}[")
    draft.add(f"    ({tests[0]})", *(f"    & ({test})" for test in tests[1:]))
    draft.add("]")


def _test(one: Condition, frame: str) -> str:
    column = f"{frame}[{literal(one.column)}]"
    values = [literal(value) for value in one.values]
    if one.operator in ("==", "in"):
        if len(values) > 1:
            return f"{'~' if one.negated else ''}{column}.isin([{', '.join(values)}])"
        if isinstance(one.values[0], bool):
            return f"{column}.eq({not one.values[0] if one.negated else one.values[0]})"
        return f"{column} {'!=' if one.negated else '=='} {values[0]}"
    if one.operator == "between":
        return f"{column}.between({values[0]}, {values[1]})"
    if one.operator == "span":
        return f"({column} >= {values[0]}) & ({column} < {values[1]})"
    if one.operator in ("year", "month"):
        part = f"{column}.dt.{one.operator}"
        return f"{part} == {values[0]}" if len(values) == 1 else f"{part}.isin([{', '.join(values)}])"
    if one.operator == "contains":
        return f"{column}.str.contains({values[0]}, case=False, regex=False, na=False)"
    if one.operator == "missing":
        return f"{column}.isna()"
    if one.operator == "present":
        return f"{column}.notna()"
    return f"{column} {one.operator} {values[0]}"


def tell_lost(draft: Draft, frame: str, names: list[str], measured: Sequence[str] = ()) -> None:
    """Write how many rows are not in a result for want of a value, where the profile has seen such rows.

    A row counts once that has no value in any of `names`. What is `measured` counts with them when it is one column;
    of several, each leaves out rows of its own.
    """
    measured = tuple(dict.fromkeys(measured))
    groups = [[*names, *measured]] if len(measured) == 1 else [names, *([name] for name in measured)]
    told = False
    for group in groups:
        gaps = [name for name in dict.fromkeys(group) if _has_gaps(draft, name)]
        if gaps:
            _tell_gaps(draft, frame, gaps, first=not told)
            told = True


def _tell_gaps(draft: Draft, frame: str, names: list[str], *, first: bool) -> None:
    listed = ", ".join(literal(name) for name in names)
    missing = f"{frame}[{listed}].isna()" if len(names) == 1 else f"{frame}[[{listed}]].isna().any(axis=1)"
    if first:
        draft.gap()
        draft.comment("comment_lost")
    draft.add(f"lost = {missing}.sum()")
    with draft.block("if lost:"):
        forms = draft.say("row_forms").split(",")
        one, several = draft.say("left_out_forms").split(",")
        if len(forms) == 3:
            draft.add("last = 0 if lost % 100 in (11, 12, 13, 14) else lost % 10")
            draft.add(f"rows = {forms[0]!r} if last == 1 else {forms[1]!r} if last in (2, 3, 4) else {forms[2]!r}")
        else:
            draft.add(f"rows = {forms[0]!r} if lost == 1 else {forms[1]!r}")
        draft.tell(
            "lost_rows",
            count=draft.whole("lost"),
            rows=Expr("rows"),
            columns=draft.say("or").join(shown(name, draft.language) for name in names),
            left_out=Expr(f"{one!r} if {'last' if len(forms) == 3 else 'lost'} == 1 else {several!r}"),
        )


def _has_gaps(draft: Draft, name: str) -> bool:
    return any(column.name == name and column.nulls for column in draft.profile.columns)


def _used(intent: Intent) -> list[str]:
    names = [key.column for key in intent.keys] + [m.column for m in intent.measures if m.column]
    names += [one.column for one in intent.conditions] + list(intent.columns) + ([intent.order] if intent.order else [])
    return list(dict.fromkeys(names))


def _numbers(intent: Intent) -> list[str]:
    if intent.act in ("aggregate", "distribution", "correlation", "scatter", "box"):
        names = [m.column for m in intent.measures if m.column] + list(intent.columns)
        names += [c.column for c in intent.conditions if not isinstance((c.values or ("",))[0], str | bool)]
        return list(dict.fromkeys(names))
    return []
