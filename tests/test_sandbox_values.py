"""Values of Python become plain JSON data of the shapes that an Answer has."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from csvagent_jupyter.sandbox.arrow_stream import check_table
from csvagent_jupyter.sandbox.inside.tables import write_table
from csvagent_jupyter.sandbox.inside.values import as_table, plain, value_and_text

SCALARS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (np.bool_(False), False),
    (np.int64(7), 7),
    (2**80, str(2**80)),
    (np.float32(0.5), 0.5),
    (float("nan"), None),
    (float("-inf"), None),
    (Decimal("1.25"), 1.25),
    ("text", "text"),
    ("x" * 5_000, "x" * 1_999 + "…"),
    ("lone \ud800", "lone ?"),
    (pd.NaT, None),
    (pd.NA, None),
    (pd.Timestamp("2024-05-01"), "2024-05-01"),
    (pd.Timestamp("2024-05-01 12:30"), "2024-05-01T12:30:00"),
    (pd.Timestamp("2024-05-01", tz="UTC"), "2024-05-01T00:00:00+00:00"),
    (np.datetime64("2024-05-01"), "2024-05-01"),
    (datetime.date(2024, 5, 1), "2024-05-01"),
    (datetime.time(9, 30), "09:30:00"),
    (pd.Timedelta(hours=30), "1 days 06:00:00"),
    (pd.Period("2024-05", "M"), "2024-05"),
    (pd.Interval(0, 1), "(0, 1]"),
    (1 + 2j, "(1+2j)"),
]


@pytest.mark.parametrize(("value", "expected"), SCALARS, ids=[repr(value)[:20] for value, _ in SCALARS])
def test_scalars(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False)


LISTS: list[tuple[Any, Any]] = [
    ([1, None, "a"], [1, None, "a"]),
    ((1, float("nan")), [1, None]),
    ({3, 1, 2}, [1, 2, 3]),
    (np.array([1.5, np.nan]), [1.5, None]),
    (np.array(4), 4),
    (pd.Index(["a", "b"]), ["a", "b"]),
    (pd.array([1, None], dtype="Int64"), [1, None]),
    ([[1, 2]], ["[1, 2]"]),
]


@pytest.mark.parametrize(("value", "expected"), LISTS, ids=[repr(value)[:20] for value, _ in LISTS])
def test_lists(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_a_long_list_says_how_long_it_is() -> None:
    data = plain(list(range(1_000)))
    assert (data["columns"], len(data["rows"]), data["total_rows"]) == (["value"], 200, 1_000)


TABLES: list[tuple[Any, list[str], list[list[Any]]]] = [
    (pd.DataFrame({"a": [1, 2]}), ["a"], [[1], [2]]),
    (pd.DataFrame({"a": [1, 2]}).iloc[::-1], ["a"], [[2], [1]]),
    (pd.DataFrame({"a": [1]}, index=["r"]), ["index", "a"], [["r", 1]]),
    (pd.DataFrame({"a": [1]}, index=pd.Index([2024], name="year")), ["year", "a"], [[2024, 1]]),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), ["a", "a.1"], [[1, 2]]),
    (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "sum")])), ["a / sum"], [[1]]),
    (pd.DataFrame({1: [pd.Timestamp("2024-01-01"), None]}), ["1"], [["2024-01-01"], [None]]),
    (
        pd.DataFrame({"t": pd.to_datetime(["2024-01-01 00:00", "2024-01-01 06:00"])}),
        ["t"],
        [["2024-01-01T00:00:00"], ["2024-01-01T06:00:00"]],
    ),
    (pd.Series([1.5], index=["x"], name="v"), ["index", "v"], [["x", 1.5]]),
    (pd.Series([1.5]), ["value"], [[1.5]]),
    (pd.Series(list("aab")).value_counts(), ["index", "count"], [["a", 2], ["b", 1]]),
    ({"a": 1, 2: None}, ["key", "value"], [["a", 1], ["2", None]]),
    (np.array([[1, 2]]), ["0", "1"], [[1, 2]]),
    (pd.DataFrame(), [], []),
]


@pytest.mark.parametrize(("value", "columns", "rows"), TABLES)
def test_tables(value: Any, columns: list[str], rows: list[list[Any]]) -> None:
    assert plain(value) == {"columns": columns, "rows": rows, "total_rows": len(rows)}


def test_a_table_of_many_columns_stays_within_bounds() -> None:
    data = plain(pd.DataFrame(np.zeros((500, 3_000))))
    assert (len(data["columns"]), len(data["rows"]), data["total_rows"]) == (1_000, 50, 500)


def test_tables_of_other_kinds_are_tables() -> None:
    expected = {"columns": ["a"], "rows": [[1], [2]], "total_rows": 2}
    styled = pd.DataFrame({"a": [1, 2]}).style.format("{:.1f}")
    for value in (styled, polars.DataFrame({"a": [1, 2]}), duckdb.sql("SELECT unnest([1, 2]) AS a")):
        assert value_and_text(value)[0] == expected
    assert value_and_text(polars.Series("a", [1, 2]))[0] == {"columns": ["a"], "rows": [[1], [2]], "total_rows": 2}


class Odd:
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Lying(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "other"


def test_objects_without_text_are_named_by_their_type() -> None:
    assert plain(Odd()) == "<Odd>"
    assert plain([Odd(), 1]) == ["<Odd>", 1]
    assert value_and_text(Odd()) == ("<Odd>", "<Odd>")
    assert plain(Lying("x")) == "other"


def test_drawings_are_no_data() -> None:
    axes = Figure().subplots()
    for value in (axes, axes.figure, axes.plot([1]), axes.hist([1, 2]), np.array([axes]), {"boxes": axes.plot([2])}):
        assert value_and_text(value) == (None, "")


def test_texts_are_what_a_person_would_read() -> None:
    assert value_and_text("a\nb") == ("a\nb", "a\nb")
    _, text = value_and_text(pd.DataFrame({"n": range(1_000)}))
    assert "..." in text and len(text.splitlines()) < 40


def test_whole_tables_travel_as_flat_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None], dtype="Int64"),
            "c": pd.Categorical(["u", None]),
            "o": [[1], {"k": Odd()}],
            "m": [1, "two"],
            "p": pd.period_range("2024", periods=2),
            "d": pd.to_datetime(["2024-01-01", None]),
            "x": [Odd(), None],
        }
    )
    path = tmp_path / "table.arrow"
    assert write_table(as_table(frame), path, 1_000_000)
    with pa.ipc.open_file(check_table(path, tuple(frame.columns), 2)) as reader:
        back = reader.read_all().to_pydict()
    assert back["n"] == [1, None] and back["c"] == ["u", None] and back["m"] == ["1", "two"]
    assert back["p"] == ["2024-01-01", "2024-01-02"] and back["d"][1] is None and back["x"] == ["<Odd>", None]


def test_a_table_too_large_to_travel_stays(tmp_path: Path) -> None:
    path = tmp_path / "table.arrow"
    assert not write_table(as_table(pd.DataFrame({"n": range(1_000)})), path, 1_000)
    assert not path.exists()
