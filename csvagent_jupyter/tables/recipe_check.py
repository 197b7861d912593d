"""What a recipe may consist of: data of another process becomes code only when every part of it is known and plain."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from .recipe_steps import STEPS, Step

MOST: Final = 1_000_000
"""The most a list may hold, and the longest a text may be."""
DTYPES: Final = frozenset({"str", "Int64", "boolean", "bool", "int64", "float64"})
_ENCODING = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
Check = Callable[[Any], bool]


def only(data: Mapping[Any, Any], keys: set[str]) -> Mapping[str, Any]:
    """Return the data when all its keys are known; raises ValueError."""
    for key in data:
        if key not in keys:
            raise ValueError(f"{str(key)[:40]!r} is not part of a recipe")
    return data


def checked(options: object, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the options when each of them is known and may be what it is; raises ValueError."""
    if not isinstance(options, Mapping):
        raise ValueError("options is an object")
    for key, value in options.items():
        if key not in checks or not checks[key](value):
            raise ValueError(f"the option {str(key)[:40]!r} cannot be so")
    return dict(options)


def step_from(data: object) -> Step:
    """Return the step that the data describes; raises ValueError."""
    if not isinstance(data, Mapping) or not isinstance(data.get("step"), str) or data["step"] not in STEPS:
        raise ValueError("a step is of a known kind")
    kind = STEPS[data["step"]]
    known = {each.name for each in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in only(data, known | {"step"}).items():
        if key == "step":
            continue
        if not _STEP_PARTS[key](value):
            raise ValueError(f"{key} of a step cannot be so")
        values[key] = _tuples(value)
    try:
        return kind(**values)
    except TypeError:
        raise ValueError("a step has all its parts") from None


def plain(value: Any) -> Any:
    """Return a value of a recipe as JSON values."""
    if value is str:
        return "str"
    if isinstance(value, range):
        return value.stop
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def is_text(value: Any) -> bool:
    """Tell whether a value is text of a length that there can be."""
    return isinstance(value, str) and len(value) <= MOST


def _is_mark(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1


def _is_marks(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 20


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_counts(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, list) and len(value) <= MOST and all(map(_is_count, value)))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST and all(map(is_text, value))


def _is_encoding(value: Any) -> bool:
    return isinstance(value, str) and bool(_ENCODING.fullmatch(value))


def _is_dtype(value: Any) -> bool:
    return isinstance(value, str) and value in DTYPES


def _by_column(check: Check) -> Check:
    return lambda value: (
        isinstance(value, Mapping) and len(value) <= MOST and all(is_text(key) and check(value[key]) for key in value)
    )


def _either(*checks: Check) -> Check:
    return lambda value: any(check(value) for check in checks)


def _one_of(*values: Any) -> Check:
    return lambda value: any(value is each or (isinstance(value, str) and value == each) for each in values)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 100 and all(_is_texts(pair) and len(pair) == 2 for pair in value)


_COMPRESSION = _one_of(None, "gzip", "bz2", "zip", "xz", "zstd", "tar")
OPTIONS: Final[Mapping[str, Check]] = {
    "sep": _is_marks,
    "encoding": _is_encoding,
    "encoding_errors": _one_of("replace"),
    "skiprows": _is_counts,
    "skipfooter": _is_count,
    "nrows": _is_count,
    "header": _either(_one_of(None), _is_counts),
    "names": _is_texts,
    "usecols": _is_count,
    "index_col": _one_of(False),
    "quoting": lambda value: type(value) is int and value in {0, 3},
    "quotechar": _is_mark,
    "escapechar": _is_mark,
    "comment": _is_mark,
    "lineterminator": _is_mark,
    "doublequote": _is_switch,
    "skipinitialspace": _is_switch,
    "skip_blank_lines": _is_switch,
    "decimal": _is_mark,
    "thousands": _is_mark,
    "engine": _one_of("python", "c"),
    "compression": _COMPRESSION,
    "low_memory": _is_switch,
    "dtype": _either(_is_dtype, _by_column(_is_dtype)),
    "na_values": _either(_is_texts, _by_column(_is_texts)),
    "keep_default_na": _is_switch,
    "float_precision": _one_of("round_trip"),
}
READER_OPTIONS: Final[Mapping[str, Check]] = {
    "encoding": _is_encoding,
    "delimiter": _is_marks,
    "quotechar": _either(_one_of(""), _is_mark),
    "escapechar": _either(_one_of(""), _is_mark),
    "comment": _either(_one_of(""), _is_marks),
    "header_rows": _is_count,
    "skipped_rows": _is_count,
    "footer_rows": _is_count,
    "table": _is_count,
    "decimal": _is_mark,
    "thousands": _either(_one_of(""), _is_mark),
    "dayfirst": _is_switch,
    "missing": _is_texts,
    "types": _by_column(_one_of("text", "integer", "number", "boolean", "date", "datetime", "time")),
    "strict": _is_switch,
    "as_text": _is_switch,
}
_STEP_PARTS: Mapping[str, Check] = {
    "columns": _is_texts,
    "formats": lambda value: _is_texts(value) and 0 < len(value) <= 10,
    "utc": _is_switch,
    "strip": _is_switch,
    "replaced": _is_pairs,
    "after": _is_switch,
    "exact": _is_switch,
    "true": _is_texts,
    "false": _is_texts,
    "nullable": _is_switch,
}
