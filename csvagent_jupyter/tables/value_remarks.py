"""What a person should know of how the cells of a file were understood: numbers, dates, missing words, misfits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from .inside.columns.booleans import AS_PANDAS
from .inside.columns.moments import ISO
from .inside.columns.plans import ColumnPlan
from .inside.columns.quantities import ENOUGH
from .inside.columns.values import day_first
from .order import Said, Scalar, Value
from .remarks import cut, listed

COLUMNS_TOLD: Final = 10
"""So many columns are told of one by one; of the others only how many there are."""
Level = Literal["info", "warning"]
_BIRTH: Final = re.compile(r"(?<![a-z])dob(?![a-z])|birth|born|рожд|geburt|naissance|nacimiento", re.IGNORECASE)
_EXAMPLE: Final = {
    **{"%Y": "2024", "%y": "24", "%m": "12", "%d": "31", "%B": "December", "%b": "Dec", "%N": "Dec", "%a": "Tue"},
    **{"%H": "14", "%I": "02", "%M": "05", "%S": "09", "%f": "5", "%p": "PM", "%z": "+00:00", "%Z": "UTC"},
}
_NUMBERS = frozenset({"integer", "number"})


def about_values(plans: Sequence[ColumnPlan]) -> list[Said]:
    """Return the notes on how the columns were understood."""
    return [
        *_about_misfits(plans),
        *_about_numbers(plans),
        *_about_dates(plans),
        *_about_texts(plans),
        *_about_missing(plans),
    ]


def _told(
    plans: Sequence[ColumnPlan], level: Level, key: str, fits: Callable[[ColumnPlan], bool], **values: Value
) -> Iterator[Said]:
    """Yield one note on all columns that fit, if there are any."""
    names = [plan.name for plan in plans if fits(plan)]
    if names:
        yield Said(level, key, {"names": listed(names), **values})


def _each(
    plans: Sequence[ColumnPlan], level: Level, key: str, values: Callable[[ColumnPlan], dict[str, Value] | None]
) -> Iterator[Said]:
    """Yield a note on each column for which there are `values`; beyond some, only how many more."""
    found = [(plan, filled) for plan in plans if (filled := values(plan)) is not None]
    for plan, filled in found[:COLUMNS_TOLD]:
        yield Said(level, key, {"names": cut(plan.name), **filled})
    if len(found) > COLUMNS_TOLD:
        rest = [plan.name for plan, _ in found[COLUMNS_TOLD:]]
        yield Said(level, "note_more_columns", {"count": len(rest), "names": listed(rest)})


def _about_misfits(plans: Sequence[ColumnPlan]) -> Iterator[Said]:
    few = [plan for plan in plans if plan.misfits is not None and plan.misfits.percent >= 100 * ENOUGH]
    many = [plan for plan in plans if plan.misfits is not None and plan not in few]
    yield from _each(few, "warning", "note_misfits", _misfits)
    yield from _each(many, "info", "note_misfits", _misfits)
    yield from _each(plans, "warning", "note_unfit", _unfit)


def _misfits(plan: ColumnPlan) -> dict[str, Value] | None:
    found = plan.misfits
    if found is None:
        return None
    examples: list[Scalar | dict[str, str]] = []
    for row, cell in found.examples:
        examples += [", " if examples else "", {"say": "word_row"}, f" {row} “{cut(cell)}”"]
    percent = min(99.9, round(found.percent, 1))
    kind: Value = {"say": f"kinds_{found.kind}"}
    return {"count": found.count, "percent": f"{percent:g}", "kind": kind, "type": found.kind, "examples": examples}


def _unfit(plan: ColumnPlan) -> dict[str, Value] | None:
    if not (plan.stated and plan.unfit):
        return None
    return {"count": plan.unfit, "kind": {"say": f"kinds_{plan.kind}"}}


def _about_numbers(plans: Sequence[ColumnPlan]) -> Iterator[Said]:
    numbers = [plan for plan in plans if plan.kind in _NUMBERS]
    comma = [plan for plan in numbers if not plan.style.whole and plan.style.decimal == ","]
    yield from _told(comma, "info", "note_decimal_comma", lambda plan: True)
    for mark in (".", " ", "'", ","):
        yield from _told(
            numbers,
            "info",
            "note_thousands",
            lambda plan, m=mark: plan.style.thousands == m and not plan.either,  # type: ignore[misc]
            mark=mark,
        )
    for mark, key in ((",", "note_ambiguous_decimal"), (".", "note_ambiguous_point")):
        yield from _told(
            numbers,
            "warning",
            key,
            lambda plan, m=mark: plan.ambiguous and not plan.style.thousands and m in plan.either,  # type: ignore[misc]
            mark=mark,
        )
    for mark, key in ((",", "note_ambiguous_number"), (".", "note_ambiguous_grouped")):
        yield from _told(
            numbers,
            "warning",
            key,
            lambda plan, m=mark: plan.ambiguous and plan.style.thousands == m,  # type: ignore[misc]
            mark=mark,
        )
    yield from _each(numbers, "info", "note_number_because", _because_of_numbers)
    for sign in sorted({sign for plan in numbers for sign in plan.style.marks}):
        key = "note_percent" if sign == "%" else "note_marks"
        yield from _told(numbers, "info", key, lambda plan, s=sign: s in plan.style.marks, mark=sign)  # type: ignore[misc]
    yield from _each(numbers, "info", "note_scales", _scales)
    negative = [plan for plan in numbers if set(plan.style.minus) - {"unicode"}]
    yield from _told(negative, "info", "note_negative", lambda plan: True)
    yield from _told(numbers, "warning", "note_rounded", lambda plan: plan.rounded)
    yield from _each(numbers, "warning", "note_sentinel", _sentinel)


def _because_of_numbers(plan: ColumnPlan) -> dict[str, Value] | None:
    if not plan.because_column:
        return None
    reading = "reading_thousand" if plan.style.thousands else "reading_decimal"
    return {"cell": plan.either, "reading": {"say": reading}, "column": cut(plan.because_column)}


def _scales(plan: ColumnPlan) -> dict[str, Value] | None:
    return {"marks": ", ".join(plan.style.scales)} if plan.style.scales else None


def _sentinel(plan: ColumnPlan) -> dict[str, Value] | None:
    word, count = plan.sentinel
    return {"word": word, "count": count} if word else None


def _about_dates(plans: Sequence[ColumnPlan]) -> Iterator[Said]:
    dates = [plan for plan in plans if plan.formats]
    for day, order in ((True, "day"), (False, "month")):
        yield from _told(
            dates,
            "warning",
            "note_ambiguous_date",
            lambda plan, d=day: plan.ambiguous and _day_first(plan) is d,  # type: ignore[misc]
            order={"say": f"order_{order}"},
            other=str(not day),
        )
    for day, order in ((True, "day"), (False, "month")):
        yield from _told(
            dates,
            "warning",
            "note_order_overruled",
            lambda plan, d=day: plan.overruled and _day_first(plan) is d,  # type: ignore[misc]
            order={"say": f"order_{order}"},
            stated=str(not day),
        )
    yield from _told(dates, "warning", "note_birth_years", _is_of_birth)
    yield from _each(dates, "info", "note_date_because", _because_of_cell)
    yield from _each(dates, "info", "note_date_because_column", _because_of_column)
    yield from _each(dates, "info", "note_date_formats", _formats)
    yield from _told(dates, "info", "note_utc", lambda plan: plan.utc)


def _day_first(plan: ColumnPlan) -> bool:
    return day_first(plan.formats)


def _is_of_birth(plan: ColumnPlan) -> bool:
    return any("%y" in form for form in plan.formats) and bool(_BIRTH.search(plan.name))


def _order(plan: ColumnPlan) -> Value:
    return {"say": "order_day" if _day_first(plan) else "order_month"}


def _because_of_cell(plan: ColumnPlan) -> dict[str, Value] | None:
    if not (plan.either and plan.because):
        return None
    return {"cell": cut(plan.either), "order": _order(plan), "because": cut(plan.because)}


def _because_of_column(plan: ColumnPlan) -> dict[str, Value] | None:
    if not (plan.either and plan.because_column):
        return None
    return {"cell": cut(plan.either), "order": _order(plan), "column": cut(plan.because_column)}


def _formats(plan: ColumnPlan) -> dict[str, Value] | None:
    shown = list({form.replace(":%S", ""): _as_written(form) for form in reversed(plan.formats)}.values())[::-1]
    return {"count": len(shown), "formats": listed(shown)} if len(shown) > 1 else None


def _as_written(form: str) -> str:
    """Return the last day of 2024 as the format writes it: nobody has to know what %d is."""
    if form == ISO:
        return "2024-12-31"
    for directive, example in _EXAMPLE.items():
        form = form.replace(directive, example)
    return form


def _about_texts(plans: Sequence[ColumnPlan]) -> Iterator[Said]:
    for why in ("leading_zeros", "long_digits", "phone", "versions"):
        yield from _told(plans, "info", f"note_{why}", lambda plan, w=why: plan.why_text == w)  # type: ignore[misc]
    yield from _each(plans, "info", "note_truth", _truth)


def _truth(plan: ColumnPlan) -> dict[str, Value] | None:
    true, false = plan.truth
    if plan.kind != "boolean" or (true | false) <= AS_PANDAS:
        return None
    return {"true": listed(sorted(true)), "false": listed(sorted(false))}


def _about_missing(plans: Sequence[ColumnPlan]) -> Iterator[Said]:
    words = sorted({word for plan in plans for word in plan.missing if word.strip()})
    if words:
        columns = [plan.name for plan in plans if any(word.strip() for word in plan.missing)]
        told_words = listed([f"“{word}”" for word in words])
        yield Said("info", "note_missing_words", {"words": told_words, "columns": listed(columns)})
    missing = frozenset(words)
    kept = {
        plan.name: plan.kept_words | (plan.met_extra & missing) for plan in plans if plan.textual and not plan.stated
    }
    for word in sorted(frozenset().union(*kept.values()))[:COLUMNS_TOLD]:
        yield from _told(
            plans,
            "info",
            "note_kept_words",
            lambda plan, w=word: w in kept.get(plan.name, ()),  # type: ignore[misc]
            words=f"“{word}”",
            word=word,
        )
