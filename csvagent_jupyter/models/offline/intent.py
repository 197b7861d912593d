"""What a question asks of one table, as plain values: between the words of a person and the code that answers them.

An `Intent` holds names of columns and cells exactly as the table has them. It is made by `reading`, told by `telling`
and turned into code by `writing`; none of these needs to know how another does its work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Aggregate = Literal["count", "distinct", "sum", "mean", "median", "min", "max", "std", "var"]
Grain = Literal["", "day", "week", "month", "quarter", "year", "weekday", "hour"]
Operator = Literal[
    "==",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "between",
    "in",
    "not in",
    "contains",
    "missing",
    "present",
    "year",
    "month",
    "span",
]
Act = Literal[
    "aggregate", "records", "unique", "distribution", "correlation", "scatter", "box", "missing", "describe",
    "duplicates", "columns",
]  # fmt: skip
ChartKind = Literal["", "bar", "barh", "line", "pie", "scatter", "hist", "box"]

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Measure:
    """One number per group: an aggregate of a column, or the count of rows when `column` is empty."""

    aggregate: Aggregate
    column: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are grouped by: a column as it is, or a date column cut to a grain."""

    column: str
    grain: Grain = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows count. `year`, `month` and `span` are about dates: 2023, March (of any year), from a day to a day.

    `values` are cells, numbers or ISO dates. `span` holds two ISO dates, the second not included.
    """

    column: str
    operator: Operator
    values: tuple[Scalar, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Having:
    """Which groups count, by one of their numbers."""

    measure: Measure
    operator: Operator
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """A question as the engine understood it.

    `order` is what is sorted by: a column of the table, or "" for the first measure. `descending` None leaves the order
    to the writer. `limit` counts rows or groups of the result; `single` says that one winner was asked for, so that
    ties are told. `share` turns measures into percentages of the whole.
    """

    act: Act
    table: str
    measures: tuple[Measure, ...] = ()
    keys: tuple[Key, ...] = ()
    conditions: tuple[Condition, ...] = ()
    having: tuple[Having, ...] = ()
    columns: tuple[str, ...] = ()
    order: str = ""
    descending: bool | None = None
    limit: int | None = None
    single: bool = False
    share: bool = False
    chart: ChartKind = ""
    stacked: bool = False

    def but(self, **changes: object) -> Intent:
        """Return the same question with some of it changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
