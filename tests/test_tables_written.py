"""Kept tables as JSON and CSV: piece by piece, and every cell as the answer shows it."""

from __future__ import annotations

import csv
import datetime
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from csvagent_jupyter.tables.written import CELLS, ROWS, opened


def kept(folder: Path, table: pa.Table, rows_per_batch: int | None = None) -> Path:
    path = folder / "table.arrow"
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_per_batch)
    return path


def read_json(path: Path, *slice_: Any) -> dict[str, Any]:
    with opened(path) as table:
        found: dict[str, Any] = json.loads("".join(table.json(*slice_)))
    return found


def read_csv(path: Path, **options: Any) -> list[list[str]]:
    with opened(path) as table:
        return list(csv.reader(io.StringIO("".join(table.csv(**options)), newline="")))


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (pa.array([1, None, -(2**63)]), [1, None, -(2**63)]),
        (pa.array([2**64 - 1], pa.uint64()), [str(2**64 - 1)]),
        (pa.array([1.5, float("nan"), float("inf"), None]), [1.5, None, None, None]),
        (pa.array([True, None]), [True, None]),
        (pa.array(["ä", "", None, '<script>"\n'], pa.large_string()), ["ä", "", None, '<script>"\n']),
        (pa.array([Decimal("1.10")]), [1.1]),
        (pa.array([datetime.date(2024, 2, 29)]), ["2024-02-29"]),
        (pa.array([datetime.time(1, 2)]), ["01:02:00"]),
        (pa.array([datetime.datetime(2024, 1, 1), None]), ["2024-01-01", None]),
        (
            pa.array([datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 1, 12)]),
            ["2024-01-01T00:00:00", "2024-01-01T12:00:00"],
        ),
        (pa.array([datetime.timedelta(days=1, hours=2)]), ["1 day, 2:00:00"]),
        (pa.nulls(2), [None, None]),
    ],
)
def test_a_cell_is_json_as_the_answer_shows_it(tmp_path: Path, column: Any, shown: list[Any]) -> None:
    found = read_json(kept(tmp_path, pa.table({"x": column})))
    assert [row[0] for row in found["rows"]] == shown
    assert (found["columns"], found["total_rows"], found["offset"]) == (["x"], len(shown), 0)


def test_times_with_nanoseconds_and_zones_keep_them(tmp_path: Path) -> None:
    times = pa.array([1], pa.timestamp("ns", tz="UTC"))
    assert read_json(kept(tmp_path, pa.table({"x": times})))["rows"] == [["1970-01-01T00:00:00.000000001+00:00"]]


@pytest.mark.parametrize("rows_per_batch", [None, 7, 2_500])
@pytest.mark.parametrize(
    ("offset", "limit"), [(0, None), (0, 0), (0, 1), (6, 3), (2_499, 2), (2_999, 10), (3_000, 1), (2**53, None)]
)
def test_a_part_is_the_same_whatever_the_pieces(
    tmp_path: Path, rows_per_batch: int | None, offset: int, limit: int | None
) -> None:
    path = kept(tmp_path, pa.table({"n": range(3_000), "t": ["x"] * 3_000}), rows_per_batch)
    expected = [[n, "x"] for n in range(3_000)][offset : None if limit is None else offset + limit]
    found = read_json(path, offset, limit)
    assert found["rows"] == expected and found["offset"] == offset and found["total_rows"] == 3_000
    assert read_csv(path, offset=offset, limit=limit) == [["n", "t"], *([str(n), x] for n, x in expected)]


def test_a_long_table_is_never_text_as_a_whole(tmp_path: Path) -> None:
    path = kept(tmp_path, pa.table({"n": range(10 * ROWS)}))
    with opened(path) as table:
        assert max(piece.count(",") for piece in table.json()) <= ROWS
        assert max(piece.count("\n") for piece in table.csv()) <= ROWS
    wide = kept(tmp_path, pa.table({f"c{n}": range(300) for n in range(1_000)}))
    with opened(wide) as table:
        assert [len(rows) for rows in table.rows()] == [CELLS // 1_000] * 6


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    path = kept(tmp_path, pa.table({"x": pa.array([], pa.int64())}))
    assert read_json(path)["rows"] == [] and read_csv(path) == [["x"]]


def test_a_spreadsheet_finds_no_formula_in_texts_and_every_number_as_it_is(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM", "\t=1", "fine", 'say "x", \n y', None]
    path = kept(tmp_path, pa.table({"=name": texts, "n": [-1.5] * len(texts)}))
    rows = read_csv(path, for_spreadsheet=True)
    assert rows[0] == ["'=name", "n"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+1", "'-1", "'@SUM", "'\t=1", "fine", texts[6], ""]
    assert {row[1] for row in rows[1:]} == {"-1.5"}
    plain = read_csv(path)
    assert [row[0] for row in plain[1:]] == [text or "" for text in texts], "by default a cell stays what it is"
