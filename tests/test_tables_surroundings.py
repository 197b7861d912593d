"""What stands around a table: signatures and sources below it, lines drawn under the names, explained names."""

from __future__ import annotations

from pathlib import Path

import pytest

from csvagent_jupyter.tables import Table, read_table


def read(folder: Path, text: str) -> Table:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path)


ROWS = "id,name,qty\n1,A,2\n2,B,3\n3,C,4\n"


@pytest.mark.parametrize(
    "end",
    [
        "\nПодготовил: Иванов И.И.\nТелефон: 123\n",
        "Источник: Росстат, 2024, данные\n",
        "Главный бухгалтер ________,,\n",
        "Всего наименований 3,,\n",
        "(3 rows affected)\n",
    ],
)
def test_what_stands_below_is_no_row(tmp_path: Path, end: str) -> None:
    table = read(tmp_path, ROWS + end)
    assert table.to_pandas()["qty"].tolist() == [2, 3, 4]
    (note,) = [note.text for note in table.profile("en").notes]
    assert note.startswith("Passed over below the table")


@pytest.mark.parametrize(
    "end",
    [
        "4,Telephone,5\n",
        "4,Source: the ministry,5\n",
        "4,,\n",
        "4,--,5\n",
        "4,Исполнитель,\n",
        "4,a __b__ c,5\n",
    ],
)
def test_a_last_row_stays(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, ROWS + end).arrow.num_rows == 4


@pytest.mark.parametrize(
    "text",
    [
        "id|name\n---|----\n1|a\n2|b\n(2 rows affected)\n",
        " id | name \n----+------\n  1 | a\n  2 | b\n(2 rows)\n",
        "id\tname\n--\t----\n1\ta\n2\tb\n",
    ],
)
def test_a_line_drawn_under_the_names_is_no_row(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert table.to_pandas().to_dict("list") == {"id": [1, 2], "name": ["a", "b"]}
    assert table.dialect is not None and table.dialect.comment == ""


@pytest.mark.parametrize(
    ("text", "names", "first"),
    [
        (
            'StartDate,Q1,Q2\nStart Date,How old?,Smoke?\n"{""ImportId"":""startDate""}","{""ImportId"":""QID1""}",'
            '"{""ImportId"":""QID2""}"\n2024-01-01,25,x\n2024-01-02,31,y\n',
            ["StartDate Start Date", "Q1 How old?", "Q2 Smoke?"],
            25,
        ),
        (
            "Q1,Q2,Q3\nHow old are you?,Do you smoke?,City\n25,x,Paris\n31,y,Rome\n44,x,Bonn\n",
            ["Q1 How old are you?", "Q2 Do you smoke?", "Q3 City"],
            "x",
        ),
        ("Ответ 1;Ответ 2\nВозраст;Пол\n25;м\n31;ж\n", ["Ответ 1 Возраст", "Ответ 2 Пол"], "м"),
        ("Наименование;Код;Сумма\nА;Б;1\nСтол;17;100\nСтул;18;200\n", ["Наименование", "Код", "Сумма"], 17),
    ],
)
def test_rows_that_explain_the_names_are_no_rows_of_the_table(
    tmp_path: Path, text: str, names: list[str], first: object
) -> None:
    frame = read(tmp_path, text).to_pandas()
    assert list(frame.columns) == names
    assert frame.iloc[0, 1] == first


@pytest.mark.parametrize(
    "text",
    [
        "x,y,z\n1,2,3\n4,5,6\n7,8,9\n",
        "name,x,y\nA,B,1\nC,D,5\nE,F,7\n",
        "v1,v2,v3\nred,blue,1\nred,green,2\nblue,red,3\n",
        "q1,q2\nyes,no\nno,no\nyes,yes\nno,yes\n",
        "item1,item2\nBig red thing,Blue thing\nOld thing,New thing\nHot thing,Cold thing\n",
    ],
)
def test_a_first_row_that_explains_nothing_stays(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).arrow.num_rows == text.count("\n") - 1
