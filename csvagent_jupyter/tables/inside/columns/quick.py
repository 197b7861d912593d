"""Columns as programs write them, converted by Arrow at once: only what comes out the same as by `convert`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .plans import ColumnPlan
from .typed import Converted, arrow_type

_EXACT: Final = 2**53
_ZERO: Final = ord("0")
_MINUS: Final = ord("-")


def quickly(plan: ColumnPlan, texts: Any) -> Converted | None:
    """Return a converted column of plain numbers; None when it is anything else, or has any cell that is not plain.

    Arrow's own readers take neither spaces nor a plus sign. What else they take and pandas does not (hexadecimal
    digits, leading zeros, words for what is no number) is looked for.
    """
    if plan.kind not in {"integer", "number"} or not plan.style.plain or texts.null_count or not len(texts):
        return None
    if plan.missing_also:  # a stated word may look like a number: -999 for what is missing
        return None
    empty: Any = pc.equal(pc.binary_length(texts), 0)  # type: ignore[call-overload]
    gaps = empty.true_count
    filled = pc.if_else(empty, pa.scalar(None, texts.type), texts) if gaps else texts
    whole = plan.kind == "integer"
    if whole and not plan.stated and _has_leading_zeros(texts):
        return None
    try:
        values: Any = filled.cast(arrow_type(plan))
    except pa.ArrowInvalid:
        return None
    bounds: Any = pc.min_max(values).as_py()
    if bounds["max"] is None:
        return Converted(values, missing_count=gaps)
    if whole:
        return Converted(values, missing_count=gaps, big=max(bounds["max"], -bounds["min"]) > _EXACT)
    if np.isnan(values.to_numpy(False)).sum() != gaps or not -np.inf < bounds["min"] <= bounds["max"] < np.inf:
        return None
    return Converted(values, missing_count=gaps)


def _has_leading_zeros(texts: Any) -> bool:
    """Tell whether some cell begins with a zero that is not all of it, maybe behind a minus sign."""
    wide = pa.types.is_large_string(texts.type)
    _, starts, data = texts.buffers()
    bounds: Any = np.frombuffer(starts, np.int64 if wide else np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if data is None or bounds[0] == bounds[-1]:
        return False
    held = np.frombuffer(data, np.uint8)
    begins = bounds[:-1]
    first = held[np.minimum(begins, bounds[-1] - 1)]
    signed = np.flatnonzero(first == _MINUS)
    if len(signed) and (held[np.minimum(begins[signed] + 1, bounds[-1] - 1)] == _ZERO).any():
        return True
    zeros = np.flatnonzero(first == _ZERO)
    return bool(len(zeros)) and bool((bounds[zeros + 1] - bounds[zeros] > 1).any())
