"""DataFrames of the notebook travel as Arrow and come out as they went in."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import dataframe_to_arrow, read_table, table_from_dataframe
from csvagent_jupyter.tables.process import in_thread
from csvagent_jupyter.tables.reader import reading


def test_ordinary_columns_come_back_the_same() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [1.5, np.nan],
            "s": ["a", None],
            "b": [True, False],
            "d": pd.to_datetime(["2024-01-01", "NaT"]),
            "z": pd.to_datetime(["2024-01-01", "2024-06-01"]).tz_localize("Europe/Berlin"),
            "t": pd.to_timedelta(["1 day", "2 days"]),
            "c": pd.Categorical(["x", "y"], categories=["y", "x"], ordered=True),
            "n": pd.array([2**60, None], dtype="Int64"),
            "u": np.array([2**64 - 1, 0], dtype="uint64"),
        }
    )
    table = table_from_dataframe(frame, "frame")
    pd.testing.assert_frame_equal(table.to_pandas(), frame)
    assert table.notes == ()
    back = pa.ipc.open_file(pa.BufferReader(dataframe_to_arrow(frame))).read_all().to_pandas()
    pd.testing.assert_frame_equal(back, frame)
    assert [column.type for column in table.profile().columns] == [
        *("integer", "number", "text", "boolean", "date", "datetime", "duration", "category", "integer", "integer")
    ]


def test_what_arrow_has_no_type_for_becomes_text_and_is_told() -> None:
    frame = pd.DataFrame(
        {
            "mixed": [1, "two"],
            "lists": [[1, 2], [3]],
            "dicts": [{"a": 1}, None],
            "bytes": [b"caf\xc3\xa9", b"\xff"],
            "period": pd.period_range("2024-01", periods=2, freq="M"),
            "complex": [1 + 2j, 3j],
            "money": [Decimal("1.10"), None],
        }
    )
    before = frame.copy(deep=True)
    table = table_from_dataframe(frame, "frame")
    pd.testing.assert_frame_equal(frame, before)
    after = table.to_pandas()
    assert after["mixed"].tolist() == ["1", "two"]
    assert after["lists"].tolist() == ["[1, 2]", "[3]"]
    assert after["bytes"].tolist() == ["café", "�"]
    assert after["period"].tolist() == ["2024-01", "2024-02"]
    assert after["money"].tolist()[0] == 1.1
    assert pd.isna(after["dicts"][1])
    assert "kept as text" in table.notes[0].text
    assert "money" in table.notes[1].text


def test_categories_that_are_no_text_are_named_by_it_and_keep_their_order() -> None:
    cut = pd.cut(pd.Series([1, 9, 5, None]), [0, 3, 6, 10])
    frame = pd.DataFrame(
        {
            "band": cut,
            "day": pd.Categorical(pd.to_datetime(["2024-02-01", "2024-01-01", "2024-02-01", "2024-02-01"])),
            "size": pd.Categorical([2, 1, 2, 2], categories=[1, 2], ordered=True),
            "mixed": pd.Categorical([1, "a", 1, 1]),
            "same": pd.Categorical([1, "1", 1, 1]),
        }
    )
    table = table_from_dataframe(frame, "f")
    after = table.to_pandas()
    assert after["band"].tolist()[:3] == ["(0, 3]", "(6, 10]", "(3, 6]"]
    assert pd.isna(after["band"][3])
    assert after["band"].max() == "(6, 10]"
    pd.testing.assert_series_equal(after["size"], frame["size"])
    assert after["day"][1] == pd.Timestamp("2024-01-01")
    assert after["mixed"].tolist() == ["1", "a", "1", "1"]
    assert after["same"].tolist() == ["1"] * 4
    profiles = table.profile().columns
    assert [column.type for column in profiles] == ["category"] * 5
    assert profiles[0].examples == ("(0, 3]", "(6, 10]", "(3, 6]")
    grouped = pd.DataFrame({"v": [1, 9, 5, 2]}).groupby(cut, observed=True).sum()
    assert table_from_dataframe(grouped, "f").to_pandas()["index"].tolist() == ["(0, 3]", "(3, 6]", "(6, 10]"]


def test_unusual_types_of_numbers_and_cells() -> None:
    frame = pd.DataFrame(
        {
            "half": np.array([1.5, 2], dtype="float16"),
            "long": np.array([1.5, 2], dtype="longdouble"),
            "sparse": pd.arrays.SparseArray([0, 7]),
            "money": pd.Series([Decimal("1.10"), None], dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
            "id": [UUID(int=1), UUID(int=2)],
        }
    )
    table = table_from_dataframe(frame, "f")
    after = table.to_pandas()
    assert after["half"].tolist() == after["long"].tolist() == [1.5, 2.0]
    assert after["sparse"].tolist() == [0, 7]
    assert after["money"][0] == 1.1
    assert after["id"][0] == str(UUID(int=1))
    assert [column.type for column in table.profile().columns] == ["number", "number", "integer", "number", "text"]


def test_dates_and_times_of_day_stay_what_they_are() -> None:
    frame = pd.DataFrame({"d": [date(2024, 1, 1)], "t": [time(12, 30)]})
    table = table_from_dataframe(frame, "frame")
    assert table.to_pandas()["d"][0] == date(2024, 1, 1)
    assert [column.type for column in table.profile().columns] == ["date", "time"]


def test_an_index_that_says_something_becomes_columns() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    assert list(table_from_dataframe(frame, "f").to_pandas().columns) == ["key", "a"]
    both = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", "a"]))
    table = table_from_dataframe(both, "f")
    assert list(table.to_pandas().columns) == ["k", "a_2", "a"]
    assert table.to_pandas()["a"].tolist() == [1, 2]
    filtered = pd.DataFrame({"a": [1, 2, 3]}).query("a > 1")
    assert table_from_dataframe(filtered, "f").to_pandas()["a"].tolist() == [2, 3]
    assert "index" in table_from_dataframe(filtered, "f").notes[0].text


def test_column_names_are_made_unique() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 5])
    assert list(table_from_dataframe(frame, "f").to_pandas().columns) == ["a", "a_2", "5"]
    wide = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", "sum"), ("x", "mean")]))
    assert list(table_from_dataframe(wide, "f").to_pandas().columns) == ["x sum", "x mean"]


def test_polars_and_arrow_are_welcome() -> None:
    frame = table_from_dataframe(pl.DataFrame({"a": [1, 2], "s": ["x", None]}), "f").to_pandas()
    assert frame["a"].tolist() == [1, 2]
    assert table_from_dataframe(pa.table({"a": [1]}), "f").to_pandas()["a"].tolist() == [1]
    with pytest.raises(Unreadable, match="not a DataFrame but list"):
        table_from_dataframe([1, 2], "f")


def test_notes_travel_with_the_file_and_are_said_in_the_readers_language(tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(dataframe_to_arrow(pd.DataFrame({"a": [1, 2, 3]}).query("a > 1")))
    (note,) = in_thread(reading(path, name="f", language="ru", own=True)).notes
    assert "не перенесены" in note.text
    assert read_table(path, name="f").notes == ()  # of a file from elsewhere nothing is believed
    assert read_table(path, name="f").name == "f"


def test_the_shown_code_reads_the_file_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_from_dataframe(pd.DataFrame({"a": [1, None], "s": ["x", "y"]}), "my_frame")
    table.write_arrow(tmp_path / "my_frame.arrow")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    frame = namespace["df"]
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_frame_equal(frame, table.to_pandas())


def test_a_frame_without_rows_or_columns() -> None:
    assert table_from_dataframe(pd.DataFrame({"a": []}), "f").profile().rows == 0
    assert table_from_dataframe(pd.DataFrame(), "f").profile().columns == ()
