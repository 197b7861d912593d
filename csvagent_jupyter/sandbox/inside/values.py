"""A Python value as plain JSON data: a scalar, a list, a table, or nothing."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .guarded import guarded, safe_text

MAX_ROWS = 200
MAX_COLUMNS = 1_000
MAX_CELLS = 50_000
TEXT_ROWS = 30
_SAFE_INTEGER = 2**63


class Table(NamedTuple):
    """A table before it is cut: unique column names and the columns themselves."""

    names: list[str]
    columns: list[pd.Series[Any]]
    rows: int


def value_and_text(value: Any) -> tuple[Any, str]:
    """Return the value of the last expression as JSON data and as text; drawings are neither."""
    if value is None or _is_drawing(value):
        return None, ""
    table = table_behind(value)
    if table is not None:
        return plain(table), guarded(lambda: _frame_text(table), "")
    return guarded(lambda: plain(value), None), safe_text(value, 20_000)


def table_behind(value: Any) -> pd.DataFrame | pd.Series[Any] | None:
    """Return the pandas table that a value is or shows: a styled one, or one of another library's; None for others."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return value
    home = type(value).__module__
    if home.startswith("pandas.io.formats.style"):
        styled: pd.DataFrame = value.data
        return styled
    foreign: Any = None
    if home.startswith("polars") and hasattr(value, "to_pandas"):
        foreign = guarded(value.to_pandas, None)
    elif type(value).__name__ == "DuckDBPyRelation":
        foreign = guarded(value.df, None)
    return foreign if isinstance(foreign, pd.DataFrame | pd.Series) else None


def plain(value: Any) -> Any:
    """Return a value in the shape that an Answer has: scalar, list, {"columns", "rows", "total_rows"} or None."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return table_data(as_table(value))
    if isinstance(value, dict):
        return table_data(_pairs(value))
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return table_data(as_table(pd.DataFrame(value)))
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return cell(value.item())
    if isinstance(value, set | frozenset):
        value = sorted(value, key=safe_text)
    if isinstance(value, list | tuple | pd.Index | np.ndarray) or _is_array(value):
        items = list(value)
        if len(items) > MAX_ROWS:
            return table_data(Table(["value"], [pd.Series(items, dtype=object)], len(items)))
        return [cell(item) for item in items]
    return cell(value)


def as_table(value: pd.DataFrame | pd.Series[Any]) -> Table:
    """Return a DataFrame or Series with its index as columns, where the index says something."""
    frame = value.to_frame(_series_name(value)) if isinstance(value, pd.Series) else value
    names: list[str] = []
    columns: list[pd.Series[Any]] = []
    if _index_speaks(frame.index):
        for level in range(frame.index.nlevels):
            name = frame.index.names[level]
            names.append("index" if name is None else safe_text(name))
            columns.append(pd.Series(frame.index.get_level_values(level)))
    for position in range(min(frame.shape[1], MAX_COLUMNS)):
        label = frame.columns[position]
        names.append(" / ".join(map(safe_text, label)) if isinstance(label, tuple) else safe_text(label))
        columns.append(frame.iloc[:, position])
    return Table(_unique(names), columns, len(frame))


def table_data(table: Table) -> dict[str, Any]:
    """Return the first rows of a table as JSON data."""
    rows = min(MAX_ROWS, table.rows, max(1, MAX_CELLS // max(1, len(table.columns))))
    cells = [column_cells(column.iloc[:rows]) for column in table.columns]
    return {"columns": table.names, "rows": [list(row) for row in zip(*cells, strict=True)], "total_rows": table.rows}


def column_cells(column: pd.Series[Any]) -> list[Any]:
    """Return a column's cells; a column of dates without times is written without times."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        dates_only = bool((column.dropna() == column.dropna().dt.normalize()).all())
        return [None if pd.isna(at) else (at.date() if dates_only else at).isoformat() for at in column]
    return [cell(item) for item in column.tolist()]


def cell(item: Any) -> Any:
    """Return one cell as a JSON scalar; what JSON does not have becomes text, what is missing or infinite None."""
    if item is None or item is pd.NaT or item is pd.NA:
        return None
    if isinstance(item, bool | np.bool_):
        return bool(item)
    if isinstance(item, int | np.integer):
        whole = int(item)
        return whole if -_SAFE_INTEGER <= whole < _SAFE_INTEGER else safe_text(whole)
    if isinstance(item, float | np.floating | Decimal):
        number = float(item)
        return number if math.isfinite(number) else None
    if isinstance(item, str):
        return safe_text(item)
    if isinstance(item, np.datetime64 | np.timedelta64):
        return cell(pd.Timestamp(item) if isinstance(item, np.datetime64) else pd.Timedelta(item))
    if isinstance(item, datetime.datetime):
        midnight = item.time() == datetime.time() and item.tzinfo is None
        return item.date().isoformat() if midnight else item.isoformat()
    if isinstance(item, datetime.date | datetime.time):
        return item.isoformat()
    return safe_text(item)


def _pairs(value: dict[Any, Any]) -> Table:
    keys = pd.Series([safe_text(key) for key in value], dtype=object)
    return Table(["key", "value"], [keys, pd.Series(list(value.values()), dtype=object)], len(value))


def _index_speaks(index: pd.Index[Any]) -> bool:
    """Tell whether an index is more than row numbers: it has a name, levels, or labels that are not integers."""
    return index.nlevels > 1 or index.name is not None or not pd.api.types.is_integer_dtype(index.dtype)


def _series_name(series: pd.Series[Any]) -> Any:
    return "value" if series.name is None else series.name


def _unique(names: Iterable[str]) -> list[str]:
    taken: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            candidate, number = f"{name}.{number}", number + 1
        taken.add(candidate)
        result.append(candidate)
    return result


def _frame_text(value: pd.DataFrame | pd.Series[Any]) -> str:
    shown = value.to_string(max_rows=TEXT_ROWS)
    return shown if len(shown) <= 20_000 else shown[:20_000] + "…"


def _is_array(value: Any) -> bool:
    return isinstance(value, pd.api.extensions.ExtensionArray)


def _is_drawing(value: Any, depth: int = 2) -> bool:
    """Tell whether a value is (or holds) matplotlib's own objects, which a plotting call returns."""
    if any(base.__module__.startswith(("matplotlib.", "seaborn.")) for base in type(value).__mro__):
        return True
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return False
        items: Sequence[Any] = list(value.flat[:20])
    elif isinstance(value, dict):
        items = list(value.values())[:20]
    elif isinstance(value, list | tuple):
        items = value[:20]
    else:
        return False
    return depth > 0 and any(_is_drawing(item, depth - 1) for item in items)
