"""A strict reading refuses to repair a row, and to leave out anything that nobody stated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import read_table

ROWS = "region;amount\nN;1\nS;3\nE;5\n"


def strictly(folder: Path, text: str, **options: Any) -> int:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path, strict=True, **options).arrow.num_rows


@pytest.mark.parametrize(
    ("text", "told", "stated", "rows"),
    [
        (ROWS + "Total;9\n", "Line 5 of .* totals .* footer_rows=1", {"footer_rows": 1}, 3),
        (ROWS + "Total;9\n", "footer_rows=0 to keep it", {"footer_rows": 0}, 4),
        (ROWS + "\nSource: the ministry\n", "Below the table .* footer_rows=2", {"footer_rows": 2}, 3),
        ("Report\n\n" + ROWS, "below 2 other lines.* skipped_rows=2", {"skipped_rows": 2}, 3),
        (ROWS + "# half\nW;7\n", "Line 5 .* State the mark of remarks", {"comment": "#"}, 4),
        (ROWS + "\n\ncity;pop;area\nx;1;2\ny;3;4\nz;5;6\n", "holds 2 tables", {"table": 1}, 3),
    ],
)
def test_what_is_left_out_must_be_stated(
    tmp_path: Path, text: str, told: str, stated: dict[str, Any], rows: int
) -> None:
    with pytest.raises(Unreadable, match=told):
        strictly(tmp_path, text)
    assert strictly(tmp_path, text, **stated) == rows


def test_a_header_that_comes_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"On line 5 .* the header comes again"):
        strictly(tmp_path, ROWS + "region;amount\nW;7\n")


@pytest.mark.parametrize("text", [ROWS, ROWS + "\n\n", "sep=;\n" + ROWS, "\n" + ROWS, ROWS + "\nW;7\n"])
def test_nothing_is_refused_where_nothing_is_left_out(tmp_path: Path, text: str) -> None:
    assert strictly(tmp_path, text) >= 3


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (ROWS + "Total;9\n", ["Line 5 holds the totals"]),
        (ROWS + "Total;9\nSource: the ministry\n", ["Passed over below the table: 1 line (“Source", "Line 5 holds"]),
        ("sep=;\n" + ROWS, []),
        ("Report\n\n" + ROWS, ["Passed over above the table: 1"]),
    ],
)
def test_what_is_left_out_is_told_once(tmp_path: Path, text: str, notes: list[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    told = [note.text for note in read_table(path).profile("en").notes]
    assert len(told) == len(notes) and all(map(str.startswith, told, notes)), told
