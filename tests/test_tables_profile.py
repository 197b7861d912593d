"""A profile says what a column holds, and stays small whatever the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from csvagent_jupyter.messages import Column, Profile
from csvagent_jupyter.tables import Table, read_table, table_from_dataframe
from csvagent_jupyter.tables.cells import Cells
from csvagent_jupyter.tables.inside.profile.batches import Profiler
from csvagent_jupyter.tables.inside.profile.exact import EXACT_ROWS, MAX_CELL, MAX_COLUMNS, QUANTILES, columns_of
from csvagent_jupyter.tables.search import MAX_FOUND


def columns(frame: pd.DataFrame) -> dict[str, Column]:
    return {column.name: column for column in table_from_dataframe(frame, "t").profile().columns}


def test_numbers() -> None:
    found = columns(pd.DataFrame({"n": [1, 2, 3, 4, 5], "x": [0.5, 1.5, None, 2.5, np.inf]}))
    whole, real = found["n"], found["x"]
    assert (whole.type, whole.min, whole.max, whole.mean, whole.nulls, whole.distinct) == ("integer", 1, 5, 3.0, 0, 5)
    assert whole.quantiles == pytest.approx((1.2, 2, 3, 4, 4.8))
    assert (real.type, real.min, real.max, real.nulls, real.mean) == ("number", 0.5, 2.5, 1, 1.5)
    assert whole.dtype == "int64"


def test_whole_numbers_with_gaps_are_integers_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("age,n\n31,1\n,2\n45,3\n")
    profile = read_table(path).profile()
    assert (profile.columns[0].type, profile.columns[0].dtype) == ("integer", "float64")
    assert (profile.columns[0].min, profile.columns[0].max, profile.columns[0].nulls) == (31, 45, 1)
    assert profile.columns[0].examples == ("31", "45")


def test_words_and_categories() -> None:
    found = columns(pd.DataFrame({"few": ["a", "b", "a", None] * 5, "many": [f"name {n}" for n in range(20)]}))
    assert (found["few"].type, found["few"].distinct, found["few"].nulls) == ("category", 2, 5)
    assert found["few"].frequent == (("a", 10), ("b", 5))
    assert (found["many"].type, found["many"].frequent) == ("text", ())
    assert found["many"].examples == ("name 0", "name 1", "name 2")


def test_dates_truth_and_nothing() -> None:
    days = pd.to_datetime(["2024-01-01", "2024-03-05", "NaT"])
    found = columns(pd.DataFrame({"d": days, "b": [True, False, True], "e": [None, None, None]}))
    assert (found["d"].type, found["d"].min, found["d"].max) == ("date", "2024-01-01", "2024-03-05")
    assert found["d"].examples[0] == "2024-01-01"
    assert found["b"].frequent == (("True", 2), ("False", 1))
    assert (found["e"].type, found["e"].nulls, found["e"].distinct) == ("empty", 3, 0)


def test_a_profile_is_plain_data(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("d,n,t\n2024-01-01 10:00,1.5,x\n2024-01-02 11:30,nan,y\n")
    profile = read_table(path).profile()
    assert Profile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False))) == profile
    assert (profile.name, profile.path, profile.rows) == ("a", str(path), 2)
    assert profile.dialect is not None


def test_a_thousand_columns_are_bounded() -> None:
    wide = Table("t", Cells(pa.table({f"c{n}": [n] for n in range(MAX_COLUMNS + 234)})), "t.csv")
    profile = wide.profile()
    assert (len(profile.columns), profile.columns_left_out) == (MAX_COLUMNS, 234)


def test_long_cells_are_cut() -> None:
    column = columns(pd.DataFrame({"t": ["long " * 10_000, "line\nbreak"] * 4}))["t"]
    assert all(len(example) <= MAX_CELL for example in column.examples)
    assert column.examples[0].endswith("…")
    assert column.examples[1] == "line break"
    assert all(len(cell) <= MAX_CELL for cell, _ in column.frequent)


def test_counting_is_bounded_and_says_so() -> None:
    rows = EXACT_ROWS + 10
    table = Table("t", Cells(pa.table({"n": pa.array(np.arange(rows)), "s": pa.array(["x"] * rows)})), "t.csv")
    number, text = table.profile().columns
    assert number.distinct == pytest.approx(rows, rel=0.06)
    assert number.distinct_is_approximate and number.quantiles_are_approximate
    assert number.quantiles == pytest.approx([rows * part for part in (0.05, 0.25, 0.5, 0.75, 0.95)], abs=0.02 * rows)
    assert (number.min, number.max, number.mean) == (0, rows - 1, (rows - 1) / 2)
    assert (text.distinct, text.distinct_is_approximate, text.frequent) == (1, False, (("x", rows),))


def mixed(rows: int) -> pa.Table:
    draw = np.random.default_rng(3)
    gaps = draw.random(rows) < 0.1
    return pa.table(
        {
            "id": pa.array(np.arange(rows)),
            "few": pa.array(draw.integers(0, 9, rows), mask=gaps),
            "price": pa.array(draw.lognormal(3, 1, rows), mask=gaps),
            "day": pa.array(draw.integers(0, 900, rows) * 86_400_000_000, pa.timestamp("us")),
            "city": pa.array(draw.choice(["Berlin", "Wien", "Нижний Новгород"], rows), pa.large_string()),
            "name": pa.array([f"name {n}" for n in draw.integers(0, rows, rows)], pa.large_string()),
            "yes": pa.array(draw.random(rows) < 0.5, mask=gaps),
            "nothing": pa.nulls(rows, pa.float64()),
        }
    )


def test_a_table_in_batches_has_the_profile_of_the_whole() -> None:
    table = mixed(5_000)
    profiler = Profiler(table.schema)
    batches = table.to_batches(max_chunksize=700)
    for batch in batches:
        profiler.add(batch)
    assert profiler.columns() == columns_of(pa.Table.from_batches(batches))[0]


def test_a_long_table_is_described_in_bounded_memory() -> None:
    table = mixed(200_000)
    profiler = Profiler(table.schema, hold=False)
    for batch in table.to_batches(max_chunksize=9_000):
        profiler.add(batch)
    exact = {column.name: column for column in columns_of(table)[0]}
    for found in profiler.columns():
        true = exact[found.name]
        same = ("type", "dtype", "nulls", "min", "max", "examples")
        assert [getattr(found, name) for name in same] == [getattr(true, name) for name in same]
        assert sorted(found.frequent) == sorted(true.frequent)
        assert found.mean == pytest.approx(true.mean)
        assert found.distinct == pytest.approx(true.distinct, rel=0.06)
        assert found.distinct_is_approximate == (found.name in {"id", "price", "name"})
        assert found.quantiles_are_approximate == (found.name in {"id", "few", "price"})
        if found.quantiles and found.name != "few":
            ordered = np.sort(table.column(found.name).drop_null().to_numpy())
            ranks = np.searchsorted(ordered, found.quantiles) / len(ordered)
            assert ranks == pytest.approx(QUANTILES, abs=0.015)


def test_infinite_numbers_stay_out_of_the_range() -> None:
    table = pa.table({"x": [1.0, float("inf"), 3.0, float("-inf")], "n": pa.array([2**62, 2**62, -1, 0])})
    profiler = Profiler(table.schema, hold=False)
    profiler.add(table.to_batches()[0])
    x, n = profiler.columns()
    assert (x.min, x.max, x.mean) == (1.0, 3.0, 2.0)
    assert (n.min, n.max, n.mean) == (-1, 2**62, pytest.approx(2**61))


@pytest.fixture
def cities() -> Table:
    frame = pd.DataFrame(
        {
            "city": ["Нижний Новгород", "Новгород", "Великий Новгород", "Казань", "Новгородская обл."],
            "note": pd.Categorical(["a.b", "NOVGOROD", "x", "y", "z"]),
            "n": [1, 2, 3, 4, 5],
        }
    )
    return table_from_dataframe(frame, "cities")


def test_values_are_found_whatever_their_case(cities: Table) -> None:
    found = [cell for _, _, cell in cities.find_values("новгород")]
    assert found[:2] == ["Новгород", "Новгородская обл."]
    assert set(found[2:]) == {"Нижний Новгород", "Великий Новгород"}
    assert cities.find_values(" novgorod ") == [("cities", "note", "NOVGOROD")]


def test_values_are_not_patterns(cities: Table) -> None:
    assert cities.find_values("a.b") == [("cities", "note", "a.b")]
    assert cities.find_values("a.*") == []
    assert cities.find_values("") == []
    assert cities.find_values("1") == []


def test_found_values_are_few() -> None:
    table = table_from_dataframe(pd.DataFrame({"s": [f"item {n}" for n in range(500)]}), "t")
    assert len(table.find_values("item")) == MAX_FOUND
