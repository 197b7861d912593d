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

from .booleans import truth_pattern
from .missing import value_set, words_for
from .moments import ISO, read_moments
from .plans import ColumnPlan, Misfits
from .quantities import MINUS, pattern, replacements
from .values import plan_columns

ROWS_TOLD = 20
WORDS_TOLD = 200
MOST_WIDENINGS = 6
_MISSING, _READ, _UNFIT = 0, 1, 2
_EXACT = 2**53
_IN_INTEGER = np.zeros(256, np.bool_)
_IN_INTEGER[[ord(character) for character in "0123456789-"]] = True
_IN_NUMBER = _IN_INTEGER.copy()
_IN_NUMBER[[ord(character) for character in ".eE+"]] = True


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A converted column: `unfit` cells are null in `array`, some of them stand in `unfit_rows` (from 0) and words.

    `missing` are the words met that mean missing, `missing_count` counts all missing cells, the unfit ones not among
    them; `big` says that some whole number is more than a float keeps.
    """

    array: Any
    unfit: int = 0
    unfit_rows: tuple[int, ...] = ()
    unfit_words: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    missing_count: int = 0
    big: bool = False


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
    quick = _quick(plan, array)
    if quick is None:
        return _by_words(plan, array, None, None)
    if isinstance(quick, Converted):
        return quick
    values, rest = quick
    return _by_words(plan, array, values, rest)


def noted(plan: ColumnPlan, blocks: Sequence[Converted]) -> ColumnPlan:
    """Return the plan with what was met in all `blocks` of the column, for what is told and for the type in pandas."""
    return replace(
        plan,
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
    if plan.because_column:
        options = {"decimal": plan.style.decimal} if not plan.formats else {"dayfirst": "%d" in plan.formats[0][:6]}
    wider = plan_columns({plan.name: column}, missing=plan.missing_only, **options)[0]
    same = replace(wider, exemplars=plan.exemplars, widened=plan.widened)
    if wider.kind == plan.kind and (same.style, same.formats, same.truth) == (plan.style, plan.formats, plan.truth):
        return text
    if wider.textual:
        return replace(text, why_text=wider.why_text)
    return replace(wider, widened=plan.widened + 1, because_column=plan.because_column)


def _as_text(plan: ColumnPlan) -> ColumnPlan:
    return ColumnPlan(plan.name, "text", missing_only=plan.missing_only, wordlike=plan.wordlike, widened=plan.widened)


def _misfits(plan: ColumnPlan, words: Sequence[str], unfit: int, cells: int, rows: Sequence[int]) -> Misfits | None:
    if plan.textual or not 0 < unfit < cells / 5:
        return plan.misfits
    examples = tuple(zip(rows, (word[:80] for word in words), strict=False))[:3]
    return Misfits(plan.kind, unfit, 100 * (1 - unfit / cells), examples)


def _text(plan: ColumnPlan, array: Any) -> Converted:
    known = words_for(True, plan.missing_only, plan.wordlike) | {""}
    met = pc.is_in(array, value_set=value_set(known, array.type))
    missing = frozenset(pc.unique(array.filter(met)).to_pylist()) - {""}
    count = int(pc.sum(met).as_py() or 0) + array.null_count
    cells = pc.if_else(met, pa.scalar(None, array.type), array) if count > array.null_count else array
    return Converted(cells, missing=frozenset(word for word in missing if word), missing_count=count)


# --- numbers as programs write them, and ISO dates: by Arrow's own readers


def _quick(plan: ColumnPlan, array: Any) -> Converted | tuple[Any, Any] | None:
    """Read what Arrow itself reads: the whole column, or (values, which cells are left to be looked at)."""
    if not len(array):
        return Converted(pa.array([], arrow_type(plan)))
    if plan.kind in {"integer", "number"} and plan.style.plain:
        return _plain_numbers(plan, array)
    if plan.formats == (ISO,):
        return _plain_dates(plan, array)
    return None


def _plain_dates(plan: ColumnPlan, array: Any) -> Converted | None:
    empty = _lengths(array) == 0
    filled = pc.if_else(pa.array(empty), pa.scalar(None, array.type), array) if empty.any() else array
    try:
        return Converted(filled.cast(arrow_type(plan)), missing_count=filled.null_count)
    except pa.ArrowInvalid:
        return None


def _plain_numbers(plan: ColumnPlan, array: Any) -> Converted | tuple[Any, Any] | None:
    whole = plan.kind == "integer"
    data, offsets = _buffers(array)
    lengths = np.diff(offsets)
    odd = _cells_with(data, offsets, ~(_IN_INTEGER if whole else _IN_NUMBER))
    if whole and not plan.stated:
        odd |= _leading_zeros(data, offsets, lengths)
    empty = lengths == 0
    if array.null_count:
        empty |= array.is_null().to_numpy(False)
    left = odd | empty
    filled = pc.if_else(pa.array(left), pa.scalar(None, array.type), array) if left.any() else array
    try:
        values = filled.cast(arrow_type(plan))
    except pa.ArrowInvalid:
        return None
    if odd.any():
        return values, odd
    return Converted(values, missing_count=int(empty.sum()), big=whole and _is_big(values))


def _buffers(array: Any) -> tuple[Any, Any]:
    """Return the bytes of all cells and where each begins, as numpy arrays that share Arrow's memory."""
    wide = pa.types.is_large_string(array.type)
    _, starts, data = array.buffers()
    offsets = np.frombuffer(starts, np.int64 if wide else np.int32)[array.offset : array.offset + len(array) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    held = np.frombuffer(data, np.uint8)[first:last] if data is not None else np.zeros(0, np.uint8)
    return held, offsets - first


def _lengths(array: Any) -> Any:
    return pc.binary_length(array).fill_null(0).to_numpy(False)


def _cells_with(data: Any, offsets: Any, bad: Any) -> Any:
    """Return which cells hold a byte for which `bad` is true."""
    places = np.flatnonzero(bad[data])
    found = np.zeros(len(offsets) - 1, np.bool_)
    if len(places):
        found[np.unique(np.searchsorted(offsets, places, "right") - 1)] = True
    return found


def _leading_zeros(data: Any, offsets: Any, lengths: Any) -> Any:
    """Return which cells begin with a zero that is not all of the number."""
    if not len(data):
        return np.zeros(len(lengths), np.bool_)
    last = len(data) - 1
    starts = offsets[:-1]
    first = data[np.minimum(starts, last)]
    zero = (first == 48) & (lengths > 1)
    signed = np.flatnonzero((first == 45) & (lengths > 2))
    zero[signed] = data[starts[signed] + 1] == 48
    return zero


def _is_big(values: Any) -> bool:
    bounds: Any = pc.min_max(values).as_py()
    return bounds["max"] is not None and max(bounds["max"], -bounds["min"]) > _EXACT


# --- everything else: each distinct cell once


def _by_words(plan: ColumnPlan, array: Any, values: Any, left: Any) -> Converted:
    """Read each distinct cell once; with `values` only the cells marked in `left` are read, the others stand there."""
    subset = array if left is None else array.filter(pa.array(left))
    encoded = pc.dictionary_encode(subset)
    words = pc.utf8_trim_whitespace(encoded.dictionary)
    read, state = _words(plan, words)
    codes = encoded.indices.fill_null(len(words)).to_numpy(False)
    states = np.append(state, _MISSING)[codes]
    cells = np.append(read, read.dtype.type(0))[codes]
    raw = encoded.dictionary
    missing = frozenset(word for word in raw.filter(pa.array(state == _MISSING)).to_pylist() if word)
    if left is not None:
        numbers = values.fill_null(0).to_numpy(False).copy()
        valid = values.is_valid().to_numpy(False).copy()
        places = np.flatnonzero(left)
        numbers[places], valid[places] = cells, states == _READ
        rows = places[states == _UNFIT]
    else:
        numbers, valid, rows = cells, states == _READ, np.flatnonzero(states == _UNFIT)
    done = _array(plan, numbers, valid)
    return Converted(
        done,
        unfit=len(rows),
        unfit_rows=tuple(rows[:ROWS_TOLD].tolist()),
        unfit_words=tuple(raw.filter(pa.array(state == _UNFIT)).slice(0, WORDS_TOLD).to_pylist()),
        missing=missing,
        missing_count=len(array) - int(valid.sum()) - len(rows),
        big=plan.kind == "integer" and _is_big(done),
    )


def _array(plan: ColumnPlan, values: Any, valid: Any) -> Any:
    mask = None if valid.all() else ~valid
    kind = arrow_type(plan)
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64(), mask=mask).cast(kind)
    return pa.array(values, kind, mask=mask)


def _words(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    """Return the values of distinct words, and for each whether it is missing, read, or does not fit."""
    known = words_for(False, plan.missing_only) | {""}
    if plan.kind == "boolean":
        known -= plan.truth[0] | plan.truth[1]
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
    true, false = truth_pattern(plan.truth[0] | plan.truth[1])
    is_true = pc.match_substring_regex(words, f"^(?:{true})$").fill_null(False).to_numpy(False)
    is_false = pc.match_substring_regex(words, f"^(?:{false})$").fill_null(False).to_numpy(False)
    return is_true, is_true | is_false


def _read_dates(plan: ColumnPlan, words: Any) -> tuple[Any, Any]:
    ticks, read = np.zeros(len(words), np.int64), np.zeros(len(words), np.bool_)
    for form in plan.formats:
        found = read_moments(words, form, plan.unit)
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
    for old, new in replacements(style):
        digits = pc.replace_substring(digits, old, new)
    if "after" in style.minus:
        digits = pc.replace_substring_regex(digits, f"^(.*)[-{MINUS}]$", r"-\1")
    digits = pc.utf8_ltrim(digits, "+")
    if not whole:
        return digits.cast(pa.float64()).to_numpy(False), fits.to_numpy(False)
    return _integers(digits, fits.to_numpy(False))


def _integers(digits: Any, fits: Any) -> tuple[Any, Any]:
    """Read whole numbers; those of more than 64 bits do not fit."""
    try:
        return digits.cast(pa.int64()).to_numpy(False), fits
    except pa.ArrowInvalid:
        long = _lengths(digits) > 18
    texts = digits.to_pylist()
    inside = np.array([not far or -(2**63) <= int(text) < 2**63 for text, far in zip(texts, long, strict=True)])
    return pc.if_else(pa.array(inside), digits, "0").cast(pa.int64()).to_numpy(False), fits & inside
