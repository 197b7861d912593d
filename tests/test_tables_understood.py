"""Small files as people have them: what their cells are taken for, what is told, and that the code does the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from csvagent_jupyter.tables import Table, read_table


def read(folder: Path, text: str | bytes, **options: object) -> Table:
    """Read a file of this content, and make sure that the shown code gives the same frame."""
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = read_table(path, **options)  # type: ignore[arg-type]
    namespace: dict[str, Any] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    pd.testing.assert_frame_equal(namespace["df"], table.to_pandas(), rtol=1e-14, atol=0)
    return table


def cells(table: Table, column: str = "v") -> list[Any]:
    return [None if pd.isna(cell) else cell for cell in table.to_pandas()[column]]


def told(table: Table) -> str:
    return "\n".join(note.text for note in table.notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id;v\n1;Да\n2;Нет\n", [True, False]),
        ("id;v\n1;ДА\n2;НЕТ\n3;\n", [True, False, None]),
        ("id;v\n1;ИСТИНА\n2;ЛОЖЬ\n", [True, False]),
        ("id;v\n1;10 РУБ.\n2;20 Руб\n3;30 руб.\n", [10, 20, 30]),
        ("id;v\n1;10 ТЫС.\n2;20 ТЫС.\n", [10_000, 20_000]),
        ("id;v\n1;−5\n2;3\n", [-5, 3]),
    ],
)
def test_words_in_capitals_are_the_same_words(tmp_path: Path, text: str, expected: list[Any]) -> None:
    assert cells(read(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected", "unfit"),
    [
        (b"id,v\n1,1\n2,0\n", "boolean", [True, False], 0),
        (b"id,v\n1,yes\n2,on\n3,0\n4,F\n", "boolean", [True, True, False, False], 0),
        ("id;v\n1;Да\n2;нет\n3;x\n", "boolean", [True, False, None], 1),
        (b"id,v\n1,x\n2,y\n", "boolean", [None, True], 1),
        (b"id,v\n1,\n2,\n", "boolean", [None, None], 0),
        (b"id,v\n1,5.0\n2,1e3\n3,7\n", "integer", [5, 1000, 7], 0),
        (b"id,v\n1,5.0\n2,2.5\n", "integer", [5, None], 1),
        (b"id,v\n1,10:30\n2,9:05\n3,soon\n", "time", ["10:30", "9:05", None], 1),
    ],
)
def test_what_is_stated_of_a_column_is_read_and_the_rest_is_counted(
    tmp_path: Path, text: str | bytes, kind: str, expected: list[Any], unfit: int
) -> None:
    table = read(tmp_path, text, types={"v": kind})
    assert cells(table) == expected
    assert ("does not fit" in told(table)) is bool(unfit)


@pytest.mark.parametrize("empty", ["  .  .    ", "00.00.0000", "01.01.0001 0:00:00"])
def test_an_empty_date_is_missing(tmp_path: Path, empty: str) -> None:
    table = read(tmp_path, f"ФИО;v\nИванов;01.02.2024\nПетров;{empty}\nОля;13.02.2024\n")
    assert cells(table) == [pd.Timestamp(2024, 2, 1), None, pd.Timestamp(2024, 2, 13)]


def test_the_order_that_is_told_is_the_order_that_was_read(tmp_path: Path) -> None:
    table = read(tmp_path, b"v,n\n2024-01-01,1\n01/02/2024,2\n2024-03-05,4\n")
    assert cells(table)[1] == pd.Timestamp(2024, 1, 2)
    assert "month first" in told(table)
    assert "dayfirst=True" in told(table)


def test_a_number_with_more_than_there_is_room_for_stays_what_it_is(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"id,v\n1,100\n2,200\n3,1e400\n")) == ["100", "200", "1e400"]
    assert cells(read(tmp_path, b"id,v\n1,1.5\n2,inf\n3,-inf\n")) == [1.5, float("inf"), -float("inf")]
    assert cells(read(tmp_path, b"v,b\n" + b"9" * 5000 + b",1\n")) == ["9" * 5000]


def test_a_word_that_is_missing_in_one_column_and_kept_in_another_is_told(tmp_path: Path) -> None:
    text = "iso;v\n2024-01-01;Moscow\nн/д;tea\n2024-02-01;н/д\n2024-02-02;x\n2024-02-03;y\n"
    table = read(tmp_path, text)
    assert cells(table)[2] == "н/д"
    assert "“н/д” in v was kept as text" in told(table)
    assert cells(read(tmp_path, text, missing=["н/д"]))[2] is None
    assert "kept" not in told(read(tmp_path, text, types={"v": "text"}))


PRICES = ("12,50", "10,25", "9,75")


@pytest.mark.parametrize(
    ("name", "written", "prices", "expected", "open_"),
    [
        ("lat", ("55.751", "55.760", "59.939"), PRICES, [55.751, 55.76, 59.939], False),
        ("долгота", ("37.618", "104.281", "5.323"), PRICES, [37.618, 104.281, 5.323], False),
        ("v", ("55.751", "55.763", "59.939"), PRICES, [55.751, 55.763, 59.939], True),
        ("v", ("1.234", "99.763", "5.939"), ("1234,50", *PRICES[1:]), [1.234, 99.763, 5.939], False),
        ("v", ("1.234", "245.999", "12.345"), PRICES, [1234, 245999, 12345], True),
        ("v", ("1.234", "999", "12.345"), PRICES, [1234, 999, 12345], False),
        ("v", ("55.751", "55.763", "59.939"), ("1.234,50", *PRICES[1:]), [55751, 55763, 59939], False),
        ("Einwohner", ("55.751", "55.763", "59.939"), PRICES, [55751, 55763, 59939], False),
        (
            "v",
            ("45.500", "45.120", "60.300", "47.250", "51.130"),
            PRICES[:1] * 5,
            [45500, 45120, 60300, 47250, 51130],
            False,
        ),
    ],
)
def test_a_point_beside_decimal_commas_parts_thousands_only_where_something_says_so(
    tmp_path: Path, name: str, written: tuple[str, ...], prices: tuple[str, ...], expected: list[Any], open_: bool
) -> None:
    rows = "".join(f"{number};{price};x\n" for number, price in zip(written, prices, strict=True))
    table = read(tmp_path, f"{name};price;w\n{rows}")
    assert cells(table, name) == expected
    assert any(note.level == "warning" for note in table.notes) is open_
    if open_:
        kinds = {True: "integer", False: "number"}
        other = read(tmp_path, f"{name};price;w\n{rows}", types={name: kinds[isinstance(expected[0], float)]})
        assert cells(other, name) != expected
        assert cells(other, "price") == cells(table, "price")


def test_three_decimals_in_a_file_with_commas_between_cells_are_decimals(tmp_path: Path) -> None:
    table = read(tmp_path, b"name,v\nA,1.234\nB,245.999\n")
    assert cells(table) == [1.234, 245.999]
    assert not table.notes


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        (b"id,v\n1,5%\n2,0.05\n3,7%\n", "0.05"),
        (b"id,v\n1,0.05\n2,0.07\n3,7%\n", "7%"),
        (b"id,v\n1,4.5\n2,four\n3,3.5\n", "four"),
        ("id;v\n1;1.5\n2;2,5\n3;3.5\n", "2,5"),
        ("id;v\n1;05.01.2024\n2;soon\n3;06.01.2024\n", "soon"),
        (b"id,v\n1,100\n2,200\n3,1e400\n", "1e400"),
    ],
)
def test_a_column_that_is_mostly_one_thing_stays_text_and_says_so(tmp_path: Path, text: str, odd: str) -> None:
    table = read(tmp_path, text)
    assert odd in cells(table)
    assert f"“{odd}”" in told(table)


def test_percentages_are_read_where_all_are_percentages_or_zero(tmp_path: Path) -> None:
    table = read(tmp_path, b"id,v\n1,5%\n2,0\n3,7.5 %\n4,-3%\n5,(4%)\n6,0.0\n")
    assert cells(table) == [5, 0, 7.5, -3, -4, 0]


def test_numbers_that_are_codes_are_kept_as_they_stand(tmp_path: Path) -> None:
    table = read(tmp_path, b"id,version\n1,1.10\n2,1.2\n3,1.20\n")
    assert cells(table, "version") == ["1.10", "1.2", "1.20"]
    assert "1.10 and 1.1 are two versions" in told(table)
    assert cells(read(tmp_path, b"id,v\n1,05.01\n2,31.12\n")) == ["05.01", "31.12"]
    assert cells(read(tmp_path, b"id,v\n1,5.01\n2,31.12\n")) == [5.01, 31.12]
    assert cells(read(tmp_path, b"id,v\n1,05.01\n2,31.12\n", types={"v": "number"})) == [5.01, 31.12]


def test_years_of_birth_in_two_digits_are_warned_of(tmp_path: Path) -> None:
    table = read(tmp_path, b"id,dob\n1,01/02/68\n2,15/03/99\n")
    assert "two digits" in told(table)
    assert "two digits" not in told(read(tmp_path, b"id,sold\n1,01/02/23\n2,15/03/24\n"))


def test_ways_to_write_dates_are_shown_by_a_date(tmp_path: Path) -> None:
    table = read(tmp_path, "id;v\n1;31.01.2024\n2;2024-02-01\n3;1 мар 2024 г.\n")
    assert "2024-12-31" in told(table)
    assert "%" not in told(table)
    table = read(tmp_path, b"id,v\n1,31.01.2024 10:00\n2,01.02.2024 10:00:05\n")
    assert "ways" not in told(table)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("дата,n\n03/04/2024,1\n05/04/2024,2\n", 4),
        ("d;n\n03/04/2024;1,5\n05/04/2024;2,5\n", 4),
        (b"d,n\n03/04/2024,1\n05/04/2024,2\n", 3),
    ],
)
def test_days_come_first_in_files_from_where_people_write_so(tmp_path: Path, text: str | bytes, month: int) -> None:
    table = read(tmp_path, text)
    assert table.to_pandas().iloc[0, 0].month == month
    assert f"dayfirst={month == 3}" in told(table)
    other = read(tmp_path, text, dayfirst=month == 3)
    assert other.to_pandas().iloc[0, 0].month == 7 - month


def test_a_stated_order_that_cannot_be_is_told(tmp_path: Path) -> None:
    table = read(tmp_path, b"id,v\n1,25/04/2024\n2,26/04/2024\n", dayfirst=False)
    assert cells(table)[0] == pd.Timestamp(2024, 4, 25)
    assert "can only be read as day first" in told(table)
    assert not read(tmp_path, b"id,v\n1,25/04/2024\n2,26/04/2024\n", dayfirst=True).notes


@pytest.mark.parametrize("text", [b"id,v\n1,192.168.0.1\n2,10.0.0.1\n", "id,v\n1,+7 916 111-22-33\n2,12-05\n"])
def test_the_code_states_no_type_that_pandas_finds_itself(tmp_path: Path, text: str | bytes) -> None:
    assert "dtype" not in read(tmp_path, text).read_code
    assert "dtype" in read(tmp_path, b"id,v\n1,007\n2,010\n").read_code
