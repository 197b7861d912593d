"""What the texts of common errors say without the data in them.

The text of an error is written by code that saw the cells, and code can be made to write anything there. So only texts
that Python, pandas and matplotlib are known to write are let through, with their variable parts taken out: all but a
type's name, a column's name, or a literal that stands in the model's own code.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from ..messages import Failure
from .names import parse

MASK: Final = "…"
MAX_TEXT: Final = 2_000

_TYPES: Final = frozenset(
    re.findall(
        r"\S+",
        """int float str bool list dict tuple set NoneType type method function slice object Series DataFrame Index
        RangeIndex MultiIndex DatetimeIndex PeriodIndex GroupBy DataFrameGroupBy SeriesGroupBy Timestamp Timedelta
        NaTType Period Interval Categorical DatetimeArray StringArray ndarray datetime datetime.date datetime.datetime
        numpy.float64 numpy.int64 int64 float64 datetime64[ns] datetime64[us] category string Axes Figure
        + - * / // % ** < > <= >= == & | mean sum median std""",
    )
)

_TEXTS: Final = (
    "could not convert string to float: {}",
    "invalid literal for int() with base 10: {}",
    "Could not convert {} to numeric",
    "Unable to parse string {} at position {}",
    "unsupported operand type(s) for {}: {} and {}",
    "{} not supported between instances of {} and {}",
    "can only concatenate str (not {}) to str",
    "bad operand type for unary {}: {}",
    "cannot perform {} with this index type: {}",
    "operation {} not supported for dtype {} with dtype {}",
    "{} object has no attribute {}",
    "{} object has no attribute {}. Did you mean: {}?",
    "module {} has no attribute {}",
    "{} object is not callable",
    "{} object is not iterable",
    "{} object is not subscriptable",
    "{} object does not support item assignment",
    "name {} is not defined",
    "name {} is not defined. Did you mean: {}?",
    "cannot access local variable {} where it is not associated with a value",
    "No module named {}",
    "cannot import name {} from {}",
    "{}() got an unexpected keyword argument {}",
    "{}() missing {} required positional argument: {}",
    "{}() takes {} positional arguments but {} were given",
    "{} not in index",
    "{} not found in axis",
    "None of [{}] are in the [{}]",
    "Column not found: {}",
    "Columns not found: {}",
    "Cannot index with multidimensional key",
    "single positional indexer is out-of-bounds",
    "index {} is out of bounds for axis {} with size {}",
    "list index out of range",
    "string index out of range",
    "tuple index out of range",
    "not enough values to unpack (expected {}, got {})",
    "too many values to unpack (expected {})",
    "Can only use .str accessor with string values!",
    "Can only use .str accessor with string values, not {}",
    "Can only use .dt accessor with datetimelike values",
    "time data {} doesn't match format {}",
    "time data {} doesn't match format {}, at position {}.{}",
    "Unknown datetime string format, unable to parse: {}",
    "Out of bounds {} timestamp: {}",
    "Cannot compare tz-naive and tz-aware {}",
    "Invalid comparison between dtype={} and {}",
    "The truth value of a Series is ambiguous.{}",
    "The truth value of a DataFrame is ambiguous.{}",
    "The truth value of an array with more than one element is ambiguous.{}",
    "agg function failed [how->{},dtype->{}]",
    "No numeric types to aggregate",
    "no numeric data to plot",
    "All arrays must be of the same length",
    "Length of values ({}) does not match length of index ({})",
    "Length mismatch: Expected axis has {} elements, new values have {} elements",
    "Columns must be same length as key",
    "Cannot set a DataFrame with multiple columns to the single column {}",
    "cannot reindex on an axis with duplicate labels",
    "Index contains duplicate entries, cannot reshape",
    "Can only compare identically-labeled {} objects",
    "If using all scalar values, you must pass an index",
    "You are trying to merge on {} and {} columns for key {}. If you wish to proceed you should use pd.concat",
    "cannot convert float NaN to integer",
    "cannot convert float infinity to integer",
    "Cannot convert non-finite values (NA or inf) to integer",
    "cannot safely cast non-equivalent {} to {}",
    "division by zero",
    "float division by zero",
    "math domain error",
    "unhashable type: {}",
    "Bin edges must be unique: {}",
    "Invalid frequency: {}",
    "Invalid frequency: {}, failed to parse with error message: {}",
    "Grouper for {} not 1-dimensional",
    "x and y must have same first dimension, but have shapes {} and {}",
    "x and y must be the same size",
    "shape mismatch: objects cannot be broadcast to a single shape.{}",
    "operands could not be broadcast together with shapes {} {}",
    "boolean index did not match indexed array along axis {};{}",
    "Unalignable boolean Series provided as indexer{}",
    "Cannot mask with non-boolean array containing NA / NaN values",
    "No objects to concatenate",
    "arg must be a list, tuple, 1-d array, or Series",
    "zero-size array to reduction operation {} which has no identity",
    "attempt to get argmax of an empty sequence",
    "attempt to get argmin of an empty sequence",
)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(re.escape("{}"), "(.*?)"), re.DOTALL)


_KNOWN: Final = tuple((text, _pattern(text)) for text in _TEXTS)


def known_message(failure: Failure, columns: set[str]) -> str:
    """Return the failure's text with the data taken out; nothing when it is no text that is known."""
    evalue = failure.evalue.strip()[:MAX_TEXT]
    allowed = columns | _TYPES | _literals(failure.code)
    if failure.ename == "KeyError" and (key := evalue.strip("'\"")) in allowed:
        return repr(key)
    for text, pattern in _KNOWN:
        if found := pattern.fullmatch(evalue):
            return text.format(*(_slot(part, allowed) for part in found.groups()))
    return ""


def _slot(part: str, allowed: set[str]) -> str:
    bare = part.strip(" '\"")
    return f"'{bare}'" if bare in allowed else MASK


def _literals(code: str) -> set[str]:
    """Return the texts and the names that stand in the code."""
    try:
        nodes = list(ast.walk(parse(code)))
    except SyntaxError:
        return set()
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return texts | attributes | {node.id for node in nodes if isinstance(node, ast.Name)}
