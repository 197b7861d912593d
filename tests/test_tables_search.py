"""Words are looked up in cells however many and long they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import read_table, reader, search, table_from_dataframe
from csvagent_jupyter.tables.cells import Cells
from csvagent_jupyter.tables.reader import Table


def table_of(**columns: object) -> Table:
    return Table("t", Cells(pa.table(columns)), "t")


def test_a_word_in_the_last_of_many_rows_is_found() -> None:
    cells = pa.array([*map(str, range(700_000)), "North", None])
    assert table_of(a=cells).find_values("north") == [("t", "a", "North")]


def test_long_cells_are_cut_before_anything_is_made_of_them() -> None:
    cells = pa.array([f"north {n} " + "x" * 1_000_000 for n in range(40)], pa.large_string())
    table = table_of(a=cells, b=cells.dictionary_encode())
    found = table.find_values("NORTH")
    assert len(found) == search.MAX_FOUND and {len(cell) for _, _, cell in found} == {search.LONGEST_CELL}
    pieces = list(search._pieces(table.arrow.column("a")))
    assert max(piece.nbytes for piece in pieces) < search._PIECE_BYTES


def test_one_long_cell_among_short_ones_does_not_make_pieces_large() -> None:
    cells = pa.chunked_array([["x" * 20_000_000, *["y"] * 10_000, "z"]], pa.large_string())
    pieces = list(search._pieces(cells))
    assert sum(map(len, pieces)) == 10_002
    assert pieces[-1][-1].as_py() == "z"


def test_categories_that_are_not_there_are_not_found() -> None:
    cells = pa.DictionaryArray.from_arrays(pa.array([2, None, 0, 2]), pa.array(["North", "Northwest", "Far north"]))
    assert [cell for _, _, cell in table_of(a=cells).find_values("north")] == ["North", "Far north"]


def test_what_is_looked_at_has_an_end_which_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "towns.csv"
    path.write_text("town,n\n" + "".join(f"Town {n},{n}\n" for n in range(1_000)))
    table = read_table(path)
    assert table.notes == ()
    monkeypatch.setattr(search, "_PIECE_ROWS", 100)
    monkeypatch.setattr(search, "MOST_BYTES", 1_000)
    monkeypatch.setattr(reader, "LOOKED_AT", 1_000)
    assert table.find_values("Town 5") and table.find_values("Town 999") == []
    assert "not in all" in table.notes[-1].text
    assert "не во всех" in replace(table, language="ru").profile().notes[-1].text


@pytest.mark.parametrize("text", ["," * 50_000, "#" * 50_000 + "\n", "; ;;\r\n", "\n||||\n"])
def test_a_line_of_marks_is_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(text)
    with pytest.raises(Unreadable, match="nothing but"):
        read_table(path)


def test_a_long_name_is_cut_and_told(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("x" * 30_000 + ",na\x1b[31mme,b\u202ed\n1,2,3\n4,5,6\n")
    table = read_table(path)
    assert table.arrow.column_names == ["x" * 199 + "…", "na[31mme", "bd"]
    assert any("cut to 200 characters" in note.text for note in table.notes)
    namespace: dict[str, object] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    assert table.to_pandas().equals(namespace["df"])
    assert table_from_dataframe(table.to_pandas(), "f").arrow.column_names == table.arrow.column_names
