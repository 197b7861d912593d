"""Counts the rows that pandas operations leave out while generated code runs.

The methods are wrapped during the execution only, and count only calls that the generated code itself makes. A wrapped
method returns exactly what pandas returns; counting that fails is given up.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from .guarded import clip, guarded, safe_text

MAX_LOSSES = 100
MAX_ROWS = 5_000_000

Counted = tuple[str, int, int, str]
Count = Callable[[Any, tuple[Any, ...], dict[str, Any]], Callable[[Any], Iterator[Counted]]]


class Losses:
    """The losses of one execution; those of one line and operation are added up."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._found: dict[tuple[str, str, int | None], list[int]] = {}

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Wrap pandas' methods for as long as the context lasts."""
        originals = [(owner, name, getattr(owner, name)) for owner, name, _ in WATCHED]
        try:
            for (owner, name, original), (_, _, count) in zip(originals, WATCHED, strict=True):
                setattr(owner, name, self._wrapped(original, count))
            yield
        finally:
            for owner, name, original in originals:
                setattr(owner, name, original)

    def found(self) -> list[dict[str, Any]]:
        """Return the losses as plain data."""
        return [
            {"operation": operation, "rows_before": before, "rows_after": after, "column": column, "line_number": line}
            for (operation, column, line), (before, after) in self._found.items()
        ]

    def _wrapped(self, original: Any, count: Count) -> Any:
        @functools.wraps(original)
        def counted(*args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)
            if frame.f_code.co_filename != self._filename or not args:
                return original(*args, **kwargs)
            after = guarded(lambda: count(args[0], args[1:], kwargs), None)
            result = original(*args, **kwargs)
            if after is not None:
                nothing: list[Counted] = []
                for operation, rows, left, column in guarded(lambda: list(after(result)), nothing):
                    self._note(operation, rows, left, column, frame.f_lineno)
            return result

        return counted

    def _note(self, operation: str, before: int, after: int, column: str, line: int) -> None:
        key = (operation, clip(column, 200), line)
        if before == after or (key not in self._found and len(self._found) >= MAX_LOSSES):
            return
        sums = self._found.setdefault(key, [0, 0])
        sums[0] += int(before)
        sums[1] += int(after)


def _dropna(data: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    before = len(data)
    columns = _names(kwargs.get("subset")) if isinstance(data, pd.DataFrame) else _series_name(data)
    across = kwargs.get("axis", 0) in (1, "columns")

    def after(result: Any) -> Iterator[Counted]:
        if not across:
            yield "dropna", before, len(data if result is None else result), columns

    return after


def _coerce(operation: str) -> Count:
    def count(data: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if kwargs.get("errors") != "coerce" or not isinstance(data, pd.Series | pd.Index | list | tuple):
            return None
        series: Any = data if isinstance(data, pd.Series | pd.Index) else pd.Series(list(data))
        before = int(series.notna().sum())

        def after(result: Any) -> Iterator[Counted]:
            yield operation, before, int(pd.notna(result).sum()), _series_name(series)

        return after

    return count


def _groupby(data: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not kwargs.get("dropna", True):
        return None
    keys = args[0] if args else kwargs.get("by")
    listed = keys if isinstance(keys, list) else [keys]

    def after(result: Any) -> Iterator[Counted]:
        missing = None
        for key in listed:
            column = key if isinstance(key, pd.Series) else data[key] if _has(data, key) else None
            if column is not None and len(column) == len(data):
                here = column.isna().to_numpy()
                missing = here if missing is None else missing | here
        if missing is not None:
            yield "groupby", len(data), len(data) - int(missing.sum()), _names(listed)

    return after


def _merge(data: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    right = args[0] if args else kwargs.get("right")
    how = args[1] if len(args) > 1 else kwargs.get("how", "inner")
    if not isinstance(right, pd.DataFrame) or not isinstance(data, pd.DataFrame):
        return None
    left_keys, right_keys = _merge_keys(data, right, args[2:], kwargs)

    def after(result: Any) -> Iterator[Counted]:
        if len(result) > max(len(data), len(right)):
            yield "merge adds rows", max(len(data), len(right)), len(result), _names(left_keys)
        if left_keys and max(len(data), len(right)) <= MAX_ROWS:
            here, there = _key(data, left_keys), _key(right, right_keys)
            if how in ("inner", "right"):
                yield f"{how} merge", len(data), int(here.isin(there).sum()), _names(left_keys)
            if how in ("inner", "left"):
                kept = int(there.isin(here).sum())
                yield f"{how} merge, right table", len(right), kept, _names(right_keys)

    return after


def _join(data: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    other = args[0] if args else kwargs.get("other")
    how = kwargs.get("how", "left")
    if how != "inner" or kwargs.get("on") is not None or not isinstance(other, pd.DataFrame | pd.Series):
        return None

    def after(result: Any) -> Iterator[Counted]:
        yield "inner join", len(data), int(data.index.isin(other.index).sum()), safe_text(data.index.name or "", 200)
        yield "inner join, right table", len(other), int(other.index.isin(data.index).sum()), ""

    return after


def _merge_keys(
    left: pd.DataFrame, right: pd.DataFrame, rest: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], list[Any]]:
    on = rest[0] if rest else kwargs.get("on")
    ours, theirs = kwargs.get("left_on", on), kwargs.get("right_on", on)
    if kwargs.get("left_index") or kwargs.get("right_index"):
        return [], []
    if ours is None and theirs is None:
        common = [name for name in left.columns if name in right.columns]
        return common, common
    return _listed(ours), _listed(theirs)


def _key(frame: pd.DataFrame, names: list[Any]) -> pd.Index[Any]:
    return pd.Index(frame[names[0]]) if len(names) == 1 else pd.MultiIndex.from_frame(frame[names])


def _listed(names: Any) -> list[Any]:
    return names if isinstance(names, list) else [names]


def _has(data: Any, key: Any) -> bool:
    return isinstance(data, pd.DataFrame) and isinstance(key, str | int | tuple) and key in data.columns


def _series_name(data: Any) -> str:
    name = getattr(data, "name", None)
    return "" if name is None else safe_text(name, 200)


def _names(names: Any) -> str:
    if names is None:
        return ""
    return ", ".join(
        _series_name(name) if isinstance(name, pd.Series) else safe_text(name, 200) for name in _listed(names)
    )


WATCHED: list[tuple[Any, str, Count]] = [
    (pd.DataFrame, "dropna", _dropna),
    (pd.Series, "dropna", _dropna),
    (pd.DataFrame, "groupby", _groupby),
    (pd.Series, "groupby", _groupby),
    (pd.DataFrame, "merge", _merge),
    (pd, "merge", _merge),
    (pd.DataFrame, "join", _join),
    (pd, "to_datetime", _coerce("to_datetime")),
    (pd, "to_numeric", _coerce("to_numeric")),
]
