"""The schema of a converted table: Arrow's types, and what pandas has to be told beyond them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from ...frame import KIND
from .plans import ColumnPlan


def typed_table(plans: Sequence[ColumnPlan], arrays: Sequence[Any]) -> pa.Table:
    """Return the table of converted columns; its ``to_pandas()`` has the types that `frame` describes."""
    schema = typed_schema(plans, [array.type for array in arrays], [array.null_count > 0 for array in arrays])
    return pa.Table.from_arrays(list(arrays), schema=schema)


def typed_schema(plans: Sequence[ColumnPlan], types: Sequence[pa.DataType], nulls: Sequence[bool]) -> pa.Schema:
    """Return the schema for columns of these types; `nulls` says which have missing cells anywhere.

    Truth values with missing cells are boolean in pandas and whole numbers beyond a float Int64, which Arrow alone
    would not say.
    """
    fields = [
        pa.field(plan.name, kind, metadata={KIND: plan.kind.encode()}) for plan, kind in zip(plans, types, strict=True)
    ]
    columns = [_described(plan, kind, gaps) for plan, kind, gaps in zip(plans, types, nulls, strict=True)]
    told = {
        "index_columns": [],
        "column_indexes": [],
        "columns": columns,
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": pd.__version__,
    }
    return pa.schema(fields, metadata={b"pandas": json.dumps(told).encode()})


def _described(plan: ColumnPlan, kind: pa.DataType, gaps: bool) -> dict[str, Any]:
    pandas_type, numpy_type, more = "unicode", "str", None
    if pa.types.is_boolean(kind):
        pandas_type, numpy_type = "bool", "boolean" if gaps else "bool"
    elif pa.types.is_int64(kind):
        pandas_type, numpy_type = "int64", "int64"
        if gaps:
            numpy_type = "Int64" if plan.nullable_integer else "float64"
    elif pa.types.is_floating(kind):
        pandas_type, numpy_type = "float64", "float64"
    elif pa.types.is_timestamp(kind):
        pandas_type, numpy_type = "datetime", f"datetime64[{kind.unit}]"
        if kind.tz is not None:
            pandas_type, more = "datetimetz", {"timezone": kind.tz}
    return {
        "name": plan.name,
        "field_name": plan.name,
        "pandas_type": pandas_type,
        "numpy_type": numpy_type,
        "metadata": more,
    }
