"""A column of text made into numbers, dates or truth values as planned: every cell is read, missing, or does not fit.

What does not fit is never passed over: it is counted, and `widen` says what the column is then. The Arrow type depends
on the plan alone, so that blocks of one file fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .booleans import FALSE, TRUE, truth_pattern
from .bytewise import Quick, quick_dates, quick_numbers
from .missing import value_set, words_for
from .moments import read_moments
from .plans import ColumnPlan, Misfits
from .quantities import MINUS, SPACES, pattern, replacements
from .values import TIME, TRUTHLIKE, day_first, plan_columns
from .words import LONG

ROWS_TOLD = 20
WORDS_TOLD = 200
MOST_WIDENINGS = 6
_MISSING, _READ, _UNFIT = 0, 1, 2
_EXACT = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A converted column: `unfit` cells are null in `array`, some of them stand in `unfit_rows` (from 0) and words.

    `missing` are the words met that mean missing, `missing_count` counts all missing cells, the unfit ones not among
    them; `big` says that some whole number is more than a float keeps, `clock` that
    some date has a time of day.
    """

    array: Any
    unfit: int = 0
    unfit_rows: tuple[int, ...] = ()
    unfit_words: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    missing_count: int = 0
    big: bool = False
    clock: bool = False


def arrow_type(plan: ColumnPlan, text: pa.DataType | None = None) -> pa.DataType:
    """Return the type of the converted column; a column of text keeps the type `text` that it came in."""
    if plan.textual:
        return text if text is not None else pa.large_string()
    if plan.kind in {"date", "datetime"}:
        return pa.timestamp(plan.unit, "UTC" if plan.utc else None)
    if plan.kind == "boolean":
        return pa.bool_()
    return pa.int64() if plan.kind == "integer" else pa.float64()


def convert(plan: ColumnPlan, texts: Any) -> Converted:
    """Read the cells of an Arrow array of text as planned."""
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if plan.textual:
        return _text(plan, array)
    if not len(array):
        return Converted(pa.array([], arrow_type(plan)))
    # A stated word may look like a number: -999 for what is missing.
    quick = None if plan.missing_also else _quick(plan, array)
    if quick is not None and not quick[1].any():
        values = quick[0]
        return Converted(values, missing_count=values.null_count, big=_is_big(values), clock=_has_clock(values))
    return by_words(plan, array, quick)


def converted_columns(plans: Sequence[ColumnPlan], texts: Sequence[Any]) -> tuple[list[ColumnPlan], list[Any]]:
    """Return the columns converted, and the plans as they turned out: widened where cells did not fit."""
    kept, arrays = [], []
    for plan, column in zip(plans, texts, strict=True):
        done = convert(plan, column)
        while done.unfit and not plan.stated:
            rows = [row + 1 for row in done.unfit_rows]
            filled = len(column) - done.missing_count
            plan = widen(plan, done.unfit_words, unfit=done.unfit, cells=filled, rows=rows)
            done = convert(plan, column)
        kept.append(noted(plan, [done]))
        arrays.append(done.array)
    return kept, arrays


def noted(plan: ColumnPlan, blocks: Sequence[Converted]) -> ColumnPlan:
    """Return the plan with what was met in all `blocks` of the column, for what is told and for the type in pandas."""
    clock = plan.kind == "date" and any(block.clock for block in blocks)
    return replace(
        plan,
        kind="datetime" if clock else plan.kind,
        missing=frozenset().union(*(block.missing for block in blocks)),
        missing_count=sum(block.missing_count for block in blocks),
        nullable_integer=any(block.big for block in blocks),
        unfit=sum(block.unfit for block in blocks),
    )


def widen(
    plan: ColumnPlan, words: Sequence[str], *, unfit: int = 0, cells: int = 0, rows: Sequence[int] = ()
) -> ColumnPlan:
    """Return the plan that also holds `words`, which do not fit `plan`; it ends at text.

    `unfit` of all `cells` do not fit, and `rows` (from 1) are where the first of them stand: told when text is the end.
    """
    text = replace(_as_text(plan), misfits=_misfits(plan, words, unfit, cells, rows))
    if plan.widened >= MOST_WIDENINGS or plan.textual or not words:
        return text
    column = pa.array([*plan.exemplars, *words], pa.large_string())
    options: dict[str, Any] = {}
    if plan.formats and (plan.because_column or plan.ambiguous):
        options = {"dayfirst": day_first(plan.formats)}
    elif plan.because_column:
        options = {"decimal": plan.style.decimal}
    wider = plan_columns({plan.name: column}, missing=plan.missing_also, **options)[0]
    same = replace(wider, exemplars=plan.exemplars, widened=plan.widened)
    if wider.kind == plan.kind and _how(same) == _how(plan):
        return text
    if wider.textual:
        return replace(text, why_text=wider.why_text)
    if wider.formats and plan.ambiguous and not wider.either:
        wider = replace(wider, either=plan.either)  # the order was handed on, and is as open as before
    return replace(wider, widened=plan.widened + 1, because_column=plan.because_column, overruled=plan.overruled)


def _how(plan: ColumnPlan) -> tuple[object, ...]:
    return plan.style, plan.formats, plan.unit, plan.utc, plan.truth


def _as_text(plan: ColumnPlan) -> ColumnPlan:
    return ColumnPlan(plan.name, "text", missing_also=plan.missing_also, wordlike=plan.wordlike, widened=plan.widened)


def _misfits(plan: ColumnPlan, words: Sequence[str], unfit: int, cells: int, rows: Sequence[int]) -> Misfits | None:
    if plan.textual or not 0 < unfit < cells / 2 or cells - unfit < 2:
        return plan.misfits
    examples = tuple(zip(rows, (word[:80] for word in words), strict=False))[:3]
    return Misfits(plan.kind, unfit, 100 * (1 - unfit / cells), examples)


def _text(plan: ColumnPlan, array: Any) -> Converted:
    known = words_for(True, plan.missing_also, wordlike=plan.wordlike, verbatim=plan.verbatim) | {""}
    met = pc.is_in(array, value_set=value_set(known, array.type))
    missing = frozenset(pc.unique(array.filter(met)).to_pylist()) - {""}
    count = int(pc.sum(met).as_py() or 0) + array.null_count
    cells = pc.if_else(met, pa.scalar(None, array.type), array) if count > array.null_count else array
    done = Converted(cells, missing=frozenset(word for word in missing if word), missing_count=count)
    return _times(done) if plan.kind == "time" and plan.stated else done


def _times(texts: Converted) -> Converted:
    """Return the cells of a column that is stated to hold times: the others are missing, and counted."""
    odd = pc.invert(pc.match_substring_regex(texts.array, rf"^\s*{TIME}\s*$")).fill_null(False)
    rows = np.flatnonzero(odd.to_numpy(False))
    if not len(rows):
        return texts
    words = tuple(dict.fromkeys(texts.array.take(pa.array(rows[:WORDS_TOLD])).to_pylist()))
    cells = pc.if_else(odd, pa.scalar(None, texts.array.type), texts.array)
    return replace(texts, array=cells, unfit=len(rows), unfit_rows=tuple(rows[:ROWS_TOLD].tolist()), unfit_words=words)


def _quick(plan: ColumnPlan, array: Any) -> Quick | None:
    """Read what can be read without looking at each cell."""
    if plan.kind in {"integer", "number"}:
        return quick_numbers(array, plan.style, arrow_type(plan), keep_zeros=not plan.stated)
    if len(plan.formats) == 1:
        return quick_dates(array, plan.formats[0], plan.unit, arrow_type(plan))
    return None


def _has_clock(values: Any) -> bool:
    if not pa.types.is_timestamp(values.type):
        return False
    day = 86_400 * (10**6 if values.type.unit == "us" else 10**9)
    return bool((values.cast(pa.int64()).fill_null(0).to_numpy(False) % day).any())


def _is_big(values: Any) -> bool:
    if not pa.types.is_integer(values.type):
        return False
    bounds: Any = pc.min_max(values).as_py()
    return bounds["max"] is not None and max(bounds["max"], -bounds["min"]) > _EXACT


def by_words(plan: ColumnPlan, array: Any, quick: Quick | None) -> Converted:
    """Read each distinct cell once, only those that were left when something was read already."""
    subset = array if quick is None else array.filter(pa.array(quick[1]))
    encoded = pc.dictionary_encode(subset)
    raw = encoded.dictionary
    read, state = _words(plan, pc.utf8_trim_whitespace(raw))
    codes = encoded.indices.fill_null(len(raw)).to_numpy(False)
    states, cells = np.append(state, _MISSING)[codes], np.append(read, read.dtype.type(0))[codes]
    if quick is None:
        values, valid, rows = cells, states == _READ, np.flatnonzero(states == _UNFIT)
    else:
        ticks = quick[0].cast(pa.int64()) if pa.types.is_timestamp(quick[0].type) else quick[0]
        values = ticks.fill_null(0).to_numpy(False).copy()
        valid, places = quick[0].is_valid().to_numpy(False).copy(), np.flatnonzero(quick[1])
        values[places], valid[places] = cells, states == _READ
        rows = places[states == _UNFIT]
    done = _array(plan, values, valid)
    return Converted(
        done,
        unfit=len(rows),
        unfit_rows=tuple(rows[:ROWS_TOLD].tolist()),
        unfit_words=tuple(raw.filter(pa.array(state == _UNFIT)).slice(0, WORDS_TOLD).to_pylist()),
        missing=frozenset(word for word in raw.filter(pa.array(state == _MISSING)).to_pylist() if word),
        missing_count=len(array) - int(valid.sum()) - len(rows),
        big=_is_big(done),
        clock=_has_clock(done),
    )


def _array(plan: ColumnPlan, values: Any, valid: Any) -> Any:
    mask = None if valid.all() else ~valid
    kind = arrow_type(plan)
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64(), mask=mask).cast(kind)
    return pa.array(values, kind, mask=mask)


def _words(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    """Return the values of distinct words, and for each whether it is missing, read, or does not fit."""
    known = words_for(False) | {""}
    if plan.kind == "boolean":
        known -= plan.truth[0] | plan.truth[1] | TRUTHLIKE
    known |= frozenset(plan.missing_also)
    missing = pc.is_in(words, value_set=value_set(known, words.type)).fill_null(True).to_numpy(False)
    readers: dict[str, Callable[[ColumnPlan, Any], tuple[Any, Any]]] = {
        "integer": _read_numbers, "number": _read_numbers, "boolean": _read_truth,
        "date": _read_dates, "datetime": _read_dates, "empty": _read_nothing,
    }  # fmt: skip
    values, fits = readers[plan.kind](plan, words)
    state = np.where(fits, _READ, _UNFIT)
    state[missing] = _MISSING
    return values, state


def _read_nothing(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    return np.zeros(len(words), np.float64), np.zeros(len(words), np.bool_)


def _read_truth(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    true, false = (TRUE, FALSE) if plan.stated else truth_pattern(plan.truth[0] | plan.truth[1])
    is_true = pc.match_substring_regex(words, f"^(?:{true})$").fill_null(False).to_numpy(False)
    is_false = pc.match_substring_regex(words, f"^(?:{false})$").fill_null(False).to_numpy(False)
    return is_true, is_true | is_false


def _read_dates(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    ticks, read = np.zeros(len(words), np.int64), np.zeros(len(words), np.bool_)
    for form in plan.formats:
        found = read_moments(words, form, plan.unit, zones=plan.utc)
        ticks = np.where(found.read & ~read, found.ticks, ticks)
        read |= found.read
    return ticks, read


def _read_numbers(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    style = plan.style
    fits = pc.match_substring_regex(words, f"^(?:{pattern(style)})$").fill_null(False)
    whole = plan.kind == "integer"
    if whole and not plan.stated and not style.thousands and not style.marks:
        zeros = pc.match_substring_regex(words, r"^[+-]?0\d").fill_null(False)
        fits = pc.and_(fits, pc.invert(zeros))
    digits = pc.if_else(fits, words, "0")
    for old, new in [*((space, "") for space in SPACES), *replacements(style)]:
        digits = pc.replace_substring(digits, old, new)
    if "after" in style.minus:
        digits = pc.replace_substring_regex(digits, f"^(.*)[-{MINUS}]$", r"-\1")
    digits = pc.utf8_ltrim(digits, "+")
    if not whole:
        values = digits.cast(pa.float64()).to_numpy(False)
        written: Any = pc.match_substring_regex(
            digits, r"\d"
        )  # infinite is what has more digits than there is room for
        return values, fits.to_numpy(False) & ~(np.isinf(values) & written.to_numpy(False))
    values, read = _integers(digits, fits.to_numpy(False))
    if not plan.stated or read.all():
        return values, read
    # 5.0 and 1e3 are whole numbers where a person says that all are.
    numbers, numeric = _read_numbers(replace(plan, kind="number", style=replace(style, whole=False)), words)
    more = numeric & ~read & (np.abs(numbers) < _EXACT)
    more[more] = numbers[more] % 1 == 0
    return np.where(more, np.where(more, numbers, 0).astype(np.int64), values), read | more


def _integers(digits: Any, fits: Any) -> tuple[Any, Any]:
    """Read whole numbers; those of more than 64 bits do not fit."""
    try:
        return digits.cast(pa.int64()).to_numpy(False), fits
    except pa.ArrowInvalid:
        long = pc.binary_length(digits).to_numpy(False) > 18
    texts = digits.to_pylist()
    bounds = range(-(2**63), 2**63)
    inside = np.array(
        [not far or (len(text) <= LONG and int(text) in bounds) for text, far in zip(texts, long, strict=True)]
    )
    return pc.if_else(pa.array(inside), digits, "0").cast(pa.int64()).to_numpy(False), fits & inside
