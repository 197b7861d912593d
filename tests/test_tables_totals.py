"""Rows of totals among the others stay, and are told; ordinary rows are no totals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csvagent_jupyter.tables import read_table


def lines_told(folder: Path, text: str, **options: Any) -> str:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    notes = [note for note in read_table(path, **options).profile("en").notes if "of totals among" in note.text]
    assert all(note.level == "warning" for note in notes)
    return notes[0].text.partition("(lines ")[2].partition(")")[0] if notes else ""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "Отдел;Имя;Сумма\nПродажи;;\n;Иван;100\n;Петр;200\nИтого по отделу;;300\nIT;;\n;Оля;50\n"
            "Итого по отделу;;50\nВсего;;350\n",
            "5, 8, 9",
        ),
        ("region,v\nВсего,60\nА,10\nБ,20\nВ,30\n", "2"),
        ("id,name,qty\n1,A,2\n2,B,3\n3,C,5\n,,10\n", "5"),
        ("Товар;Сумма\nСтол;100\nСтул;250\nИтого;351\n", "4"),
        ("Имя;Балл\nОля;4,5\nЯна;3,5\nСредний балл;4,0\n", "4"),
        ("region,qty\nNorth,1\nNorth,2\nNorth Total,3\nSouth,5\nSouth Total,5\nGrand Total,8\n", "4, 6, 7"),
        ("year,sex,n\n2020,Male,1\n2020,Female,2\n2020,Total,3\n2021,Male,4\n2021,Female,5\n2021,Total,9\n", "4, 7"),
    ],
)
def test_totals_that_stay_are_told_with_their_lines(tmp_path: Path, text: str, lines: str) -> None:
    assert lines_told(tmp_path, text) == lines


@pytest.mark.parametrize(
    "text",
    [
        "game,score\nTotal War,9\nQuake,8\nDoom,7\n",
        'name,v\n"Population, total",9\n"Population, urban",8\nArea,7\n',
        "stat,a\ncount,3\nmean,2\nstd,1\nmin,1\nmax,3\n",
        "id,name,qty\n1,A,2\n2,B,3\n3,C,5\n,,11\n",
        "id,name,qty\n1,A,0\n2,B,0\n3,C,0\n,,0\n",
        "kind,v\ntotal,1\ntotal,2\ntotal,3\n",
        "a,b\n1,2\n3,4\n5,6\n9,12\n",
    ],
)
def test_ordinary_rows_are_no_totals(tmp_path: Path, text: str) -> None:
    assert lines_told(tmp_path, text) == ""


def test_right_totals_that_were_kept_on_purpose_are_not_told(tmp_path: Path) -> None:
    text = "region;amount\nN;1\nS;3\nE;5\nTotal;9\n"
    assert lines_told(tmp_path, text) == "" and lines_told(tmp_path, text, footer_rows=0) == ""
