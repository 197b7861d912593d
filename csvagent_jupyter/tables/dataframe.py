"""A DataFrame of the notebook as a table: to Arrow, never pickle; what Arrow has no type for becomes text."""

from __future__ import annotations

import math
from collections.abc import Collection
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pyarrow as pa

from ..exceptions import Unreadable
from ..translations import Language
from .cells import Cells
from .frame import Said, arrow_bytes, to_arrow, with_notes
from .names import column_names, table_name
from .order import Said as Note
from .reader import Table
from .remarks import listed


def dataframe_to_arrow(frame: Any) -> bytes:
    """Return the bytes of an Arrow IPC file that holds `frame`."""
    return arrow_bytes(table_from_dataframe(frame, "df").arrow)


def table_from_dataframe(frame: Any, name: str, *, taken: Collection[str] = (), language: Language = "en") -> Table:
    """Return the table of a pandas (or polars, or Arrow) table that the notebook calls `name`.

    A named or unusual index becomes columns. Cells that Arrow has no type for become text. Never changes `frame`.
    """
    said: list[Said] = []
    ready = _flat(_pandas(frame, name), said)
    arrow = with_notes(_converted(ready, said), said)
    notes = [Note("info", key, cast(Any, values)) for key, values in said]
    if not arrow.num_rows:
        notes.append(Note("warning", "note_no_rows"))
    label = table_name(name, taken)
    return Table(label, Cells(arrow), name, said=tuple(notes), feather=f"{label}.arrow", language=language)


def _pandas(frame: Any, name: str) -> Any:
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame.copy(deep=False)
    if hasattr(frame, "to_arrow"):
        frame = frame.to_arrow()
    if isinstance(frame, pa.Table):
        return frame.to_pandas()
    raise Unreadable("tables.not_a_dataframe", name=name, type=type(frame).__name__)


def _flat(frame: Any, said: list[Said]) -> Any:
    """Return the frame with an ordinary index, and with unique names for its columns."""
    import pandas as pd

    if isinstance(frame.columns, pd.MultiIndex):
        labels = [" ".join(str(part) for part in label if str(part)) for label in frame.columns]
    else:
        labels = list(frame.columns)
    names, renamed = column_names(["" if label is None else label for label in labels])
    index_names = _index_names(frame.index, names)
    if index_names:
        index = frame.index.to_frame(index=False)
        index.columns = pd.Index(index_names)
        frame = frame.reset_index(drop=True)
        frame.columns = pd.Index(names)
        frame = pd.concat([index, frame], axis=1)
        said.append(("note_index_kept", {"names": listed(index_names)}))
    else:
        if not isinstance(frame.index, pd.RangeIndex) or frame.index.start or frame.index.step != 1:
            said.append(("note_index_dropped", {}))
        frame = frame.reset_index(drop=True)
        frame.columns = pd.Index(names)
    if renamed:
        said.append(("note_renamed", {"names": listed([f"{old} → {new}" for new, old in renamed.items()])}))
    frame.attrs = {}
    return frame


def _index_names(index: Any, taken: Collection[str]) -> list[str]:
    """Return the names under which the index becomes columns; none for the plain numbers of rows."""
    import pandas as pd

    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return []
    stood = [str(name) if name is not None else "index" for name in index.names]
    found, _ = column_names([*taken, *stood])
    return found[len(taken) :]


def _converted(frame: Any, said: list[Said]) -> pa.Table:
    as_text: list[str] = []
    as_number: list[str] = []
    for name in frame.columns:
        column = frame[name] = _plain(frame[name])
        exact = _from_exact(column)
        if exact is not None:
            frame[name] = exact
            as_number.append(name)
        elif not _fits(column):
            frame[name] = column.map(_text, na_action="ignore").astype("str")
            as_text.append(name)
    if as_text:
        said.append(("note_as_text", {"names": listed(as_text)}))
    if as_number:
        said.append(("note_as_number", {"names": listed(as_number)}))
    return to_arrow(frame)


def _plain(column: Any) -> Any:
    """Return the same cells in a type that Arrow has: sparse ones filled, unusual floats as float64.

    Categories that Arrow has no type for (the intervals of ``pd.cut``) are named by their text and keep their order.
    """
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        return _plain(column.sparse.to_dense())
    if dtype in (np.float16, np.longdouble):
        return column.astype("float64")
    if not isinstance(dtype, pd.CategoricalDtype) or _has_type(dtype.categories):
        return column
    names = [_text(category) for category in dtype.categories]
    return column.cat.rename_categories(names) if len(set(names)) == len(names) else column.astype("str")


def _has_type(categories: Any) -> bool:
    import pandas as pd

    return categories.dtype.kind in "iufbM" or pd.api.types.infer_dtype(categories) in {"string", "empty"}


def _from_exact(column: Any) -> Any:
    """Return exact decimals as ordinary numbers; None for every other column."""
    import pandas as pd

    exact = isinstance(column.dtype, pd.ArrowDtype) and pa.types.is_decimal(column.dtype.pyarrow_dtype)
    if not exact and not (column.dtype == object and len(column) and isinstance(_first(column), Decimal)):
        return None
    try:
        return column.astype(object).map(lambda cell: math.nan if pd.isna(cell) else float(cell)).astype("float64")
    except (TypeError, ValueError):
        return None


def _fits(column: Any) -> bool:
    """Tell whether Arrow and back keeps the column: plain cells of one type."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    if isinstance(column.dtype, pd.PeriodDtype | pd.IntervalDtype) or pd.api.types.is_complex_dtype(column.dtype):
        return False
    try:
        kind = pa.Array.from_pandas(column).type
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    unusual = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return not (isinstance(kind, pa.BaseExtensionType) or any(test(kind) for test in unusual))


def _first(column: Any) -> Any:
    filled = column.dropna()
    return filled.iloc[0] if len(filled) else None


def _text(cell: Any) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
