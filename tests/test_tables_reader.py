"""What files of every sort are read as, and what is told about it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import zstandard

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import Table, read_table
from csvagent_jupyter.tables.order import Bounds
from csvagent_jupyter.tables.reader import reading

SALES = "Дата;Город;Выручка;Кол-во\n01.02.2024;Москва;1234,56;10\n15.02.2024;Казань;987,00;7\n"


def put(folder: Path, text: str, name: str = "sales.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def told(table: Table) -> str:
    return "\n".join(note.text for note in table.notes)


def checked(path: Path, **options: object) -> Table:
    """Read a file, and make sure that the shown code gives the same frame."""
    table = read_table(path, **options)  # type: ignore[arg-type]
    namespace: dict[str, object] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    frame = namespace["df"]
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_frame_equal(frame, table.to_pandas())
    return table


def dtypes(table: Table) -> list[str]:
    return [str(dtype) for dtype in table.to_pandas().dtypes]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "koi8-r", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_a_russian_export_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    more = SALES + "20.02.2024;Санкт-Петербург;10,50;1\n21.02.2024;Нижний Новгород;11,50;2\n"
    table = checked(put(tmp_path, more, encoding=encoding))
    assert list(table.to_pandas()["Город"]) == ["Москва", "Казань", "Санкт-Петербург", "Нижний Новгород"]
    assert dtypes(table) == ["datetime64[us]", "str", "float64", "int64"]
    assert table.to_pandas()["Выручка"].sum() == 1234.56 + 987 + 10.5 + 11.5
    assert table.dialect is not None
    assert (table.dialect.delimiter, table.dialect.decimal) == (";", ",")
    assert "decimal comma: Выручка" in told(table)


def test_a_guessed_encoding_is_told(tmp_path: Path) -> None:
    assert "cp1251 fits" in told(checked(put(tmp_path, SALES, encoding="cp1251")))
    assert "encoding" not in told(checked(put(tmp_path, SALES)))


def test_bytes_that_do_not_fit_the_encoding_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(SALES.encode() * 40 + b"01.02.2024;\xff\xfe;1,00;1\n")
    table = checked(path)
    assert "2 characters could not be read as utf-8" in told(table)
    assert any(note.level == "warning" for note in table.notes)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zstandard.compress)],
)
def test_packed_files_are_unpacked(tmp_path: Path, ending: str, pack: object) -> None:
    path = tmp_path / f"sales.csv{ending}"
    path.write_bytes(pack(SALES.encode()))  # type: ignore[operator]
    table = checked(path)
    assert table.name == "sales"
    assert len(table.to_pandas()) == 2
    wrong = tmp_path / "sales.csv"
    wrong.write_bytes(path.read_bytes())
    assert len(checked(wrong).to_pandas()) == 2


def test_the_largest_table_of_an_archive_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.md", "a long remark " * 100)
        archive.writestr("data/sales.csv", SALES)
        archive.writestr("tiny.csv", "a\n1\n")
    table = checked(path)
    assert len(table.to_pandas()) == 2
    assert "data/sales.csv" in told(table)
    assert "readme.md, tiny.csv" in told(table)
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("sales.csv", SALES)
    assert "ZipFile" not in checked(tmp_path / "one.zip").read_code


@pytest.mark.parametrize("beside", ["__MACOSX/._sales.csv", "data/", ".DS_Store"])
def test_what_an_archive_holds_without_a_person_seeing_it_does_not_break_the_shown_code(
    beside: str, tmp_path: Path
) -> None:
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/sales.csv", SALES)
        archive.writestr(beside, "")
    table = checked(path)
    assert len(table.to_pandas()) == 2
    assert "Not read" not in told(table)


def test_digits_that_are_no_quantities_stay_text(tmp_path: Path) -> None:
    text = "plz,card,phone,n,big\n01234,12345678901234567890,+79161234567,7,9007199254740993\n99999,1,+79161234568,,\n"
    table = checked(put(tmp_path, text))
    frame = table.to_pandas()
    assert list(frame["plz"]) == ["01234", "99999"]
    assert list(frame["card"]) == ["12345678901234567890", "1"]
    assert list(frame["phone"]) == ["+79161234567", "+79161234568"]
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "str", "str", "float64", "Int64"]
    assert frame["big"][0] == 9007199254740993
    assert "leading zeros were kept as text: plz" in told(table)
    assert "card" in told(table)
    assert [column.type for column in table.profile().columns] == ["text", "text", "text", "integer", "integer"]


@pytest.mark.parametrize(
    ("cells", "expected", "dtype"),
    [
        (["1 234,5", "12"], [1234.5, 12], "float64"),
        (["1\u202f234", "12"], [1234, 12], "int64"),
        (["1.234.567", "1.000"], [1234567, 1000], "int64"),
        (["1,234.50", "12.25"], [1234.5, 12.25], "float64"),
        (["1'234.5", "1"], [1234.5, 1], "float64"),
        (["$1,200.50", "$3"], [1200.5, 3], "float64"),
        (["1.250,00 €", "15,75 €"], [1250, 15.75], "float64"),
        (["12%", "7.5%"], [12, 7.5], "float64"),
        (["1e3", "2.5E-1"], [1000, 0.25], "float64"),
        (["-5", "+7"], [-5, 7], "int64"),
        (["true", "false"], [True, False], "bool"),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, cells: list[str], expected: list[float], dtype: str) -> None:
    table = checked(put(tmp_path, "k;v\n" + "".join(f"a;{cell}\n" for cell in cells)))
    assert list(table.to_pandas()["v"]) == expected
    assert dtypes(table)[1] == dtype


def test_a_mark_that_is_taken_away_is_told(tmp_path: Path) -> None:
    assert "percent sign was taken away in v" in told(checked(put(tmp_path, "k,v\na,12%\nb,7%\n")))
    mixed = checked(put(tmp_path, "k,v\na,$12\nb,7 €\n"))
    assert dtypes(mixed)[1] == "str"


def test_a_thousand_or_a_decimal(tmp_path: Path) -> None:
    quoted = checked(put(tmp_path, 'k,v\na,"1,234"\nb,"5,678"\n'))
    assert list(quoted.to_pandas()["v"]) == [1234, 5678]
    assert "could be" not in told(quoted)
    path = put(tmp_path, "k\tv\na\t1,234\nb\t5,678\n")
    assert list(checked(path).to_pandas()["v"]) == [1234, 5678]
    assert "could be a decimal sign" in told(checked(path))
    assert list(checked(path, decimal=",").to_pandas()["v"]) == [1.234, 5.678]
    german = put(tmp_path, "k;v\na;1,234\nb;5,678\n")
    assert list(checked(german).to_pandas()["v"]) == [1.234, 5.678]
    assert "could be a thousands mark" in told(checked(german))
    assert list(checked(german, thousands=",", decimal=".").to_pandas()["v"]) == [1234, 5678]
    beside = put(tmp_path, "k;v;w\na;1,234;2,5\nb;5,678;3,75\n")
    assert list(checked(beside).to_pandas()["v"]) == [1.234, 5.678]


@pytest.mark.parametrize(
    ("cells", "first", "kind"),
    [
        (["31.12.2023", "01.02.2024"], "2023-12-31", "date"),
        (["12/31/2023", "01/02/2024"], "2023-12-31", "date"),
        (["31/12/2023", "01/02/2024"], "2023-12-31", "date"),
        (["2023-12-31", "2024-01-02"], "2023-12-31", "date"),
        (["2023-12-31 10:15:00", "2024-01-02 00:00:00"], "2023-12-31 10:15", "datetime"),
        (["2023-12-31T10:15:00Z", "2024-01-02T00:00:00+03:00"], "2023-12-31 10:15+00:00", "datetime"),
        (["31 Dec 2023", "2 Jan 2024"], "2023-12-31", "date"),
        (["31.12.23 10:15", "01.02.24 11:20"], "2023-12-31 10:15", "datetime"),
        (["2023-12", "2024-01"], "2023-12-01", "date"),
        (["20231231", "20240102"], "2023-12-31", "date"),
    ],
)
def test_dates_become_dates(tmp_path: Path, cells: list[str], first: str, kind: str) -> None:
    table = checked(put(tmp_path, "date;n\n" + "".join(f"{cell};1,5\n" for cell in [*cells, ""])))
    frame = table.to_pandas()
    assert frame["date"][0] == pd.Timestamp(first)
    assert pd.isna(frame["date"][2])
    assert table.profile().columns[0].type == kind


def test_day_and_month_that_may_be_exchanged_are_told(tmp_path: Path) -> None:
    path = put(tmp_path, "date,n\n01/02/2024,1\n03/04/2024,2\n")
    table = checked(path)
    assert table.to_pandas()["date"][0] == pd.Timestamp("2024-01-02")
    assert "month first" in told(table)
    assert checked(path, dayfirst=True).to_pandas()["date"][0] == pd.Timestamp("2024-02-01")
    sure = put(tmp_path, "date,paid\n01/02/2024,31/01/2024\n03/04/2024,28/02/2024\n")
    assert checked(sure).to_pandas()["date"][0] == pd.Timestamp("2024-02-01")
    assert "month first" not in told(checked(sure))


def test_words_for_missing(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "n,d,t\n1,2024-01-01,a\n-,нет данных,-\nNA,,N/A\n"))
    frame = table.to_pandas()
    assert frame["n"].isna().tolist() == [False, True, True]
    assert frame["d"].isna().tolist() == [False, True, True]
    assert frame["t"].tolist()[:2] == ["a", "-"]
    assert pd.isna(frame["t"][2])
    assert "“NA”" in told(table)


def test_namibia_and_none_are_names(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "country,alcohol,n\nNA,None,1\nZA,Beer,2\n"))
    assert list(table.to_pandas()["country"]) == ["NA", "ZA"]
    assert list(table.to_pandas()["alcohol"]) == ["None", "Beer"]
    assert "kept as text" in told(table)
    from_r = checked(put(tmp_path, "country,n\nNA,NA\nZA,2\n"))
    assert pd.isna(from_r.to_pandas()["country"][0])


def test_truth_values_with_gaps_can_be_used_as_a_filter(tmp_path: Path) -> None:
    frame = checked(put(tmp_path, "paid,n\nTRUE,1\n,2\nfalse,3\n")).to_pandas()
    assert list(frame[frame["paid"]]["n"]) == [1]


def test_rows_that_do_not_fit_are_kept_and_told_with_their_lines(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,extra\n9,10,11\n12,13,14\n"))
    frame = table.to_pandas()
    assert list(frame.columns) == ["a", "b", "c", "column_4"]
    assert frame["column_4"].tolist()[2] == "extra"
    assert "1 row: fewer cells than columns; the missing ones are empty (lines 3)." in told(table)
    assert "1 row: more cells than columns; they are kept in further columns at the end (lines 4)." in told(table)


def test_delimiters_at_the_end_of_every_row_make_no_column(tmp_path: Path) -> None:
    frame = checked(put(tmp_path, "a;b\n1;2;\n3;4;\n")).to_pandas()
    assert list(frame.columns) == ["a", "b"]
    assert frame["a"].tolist() == [1, 3]


def test_names_are_made_unique_and_told(tmp_path: Path) -> None:
    table = checked(put(tmp_path, 'a,a,,a_2, b ,"two\nlines"\n1,2,3,4,5,6\n'))
    assert list(table.to_pandas().columns) == ["a", "a_3", "column_3", "a_2", "b", "two lines"]
    assert "no name → column_3" in told(table)
    assert "taken out of column names: b, two lines" in told(table)


def test_a_title_above_the_table_is_passed_over_and_told(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "Report for May\n\nregion,n,m\nNorth,1,2\nSouth,3,4\n"))
    assert list(table.to_pandas().columns) == ["region", "n", "m"]
    assert table.dialect is not None
    assert table.dialect.skipped_rows == 2
    assert "Report for May" in told(table)


def test_groups_above_the_names_become_part_of_them(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "day,travel,,total\n,air,rail,\n2024-01-01,5,6,11\n2024-01-02,1,2,3\n"))
    assert list(table.to_pandas().columns) == ["day", "travel air", "travel rail", "total"]
    assert table.to_pandas()["total"].sum() == 14


def test_a_table_without_a_header(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "2024-01-01,5,x\n2024-01-02,6,y\n2024-01-03,7,z\n"))
    assert list(table.to_pandas().columns) == ["column_1", "column_2", "column_3"]
    assert len(table.to_pandas()) == 3
    assert "column_1" in told(table)
    years = checked(put(tmp_path, "country,2019,2020\nA,1,2\nB,3,4\n"))
    assert list(years.to_pandas().columns) == ["country", "2019", "2020"]


def test_quotes_that_do_not_match_lose_no_row(tmp_path: Path) -> None:
    table = checked(put(tmp_path, 'a,b\n"x,1\ny,2\nz,3\n'))
    assert len(table.to_pandas()) == 3
    assert "1 row: a quote that nothing closes" in told(table)


def test_a_table_of_no_rows_is_read_and_told(tmp_path: Path) -> None:
    table = checked(put(tmp_path, "a,b\n"))
    assert list(table.to_pandas().columns) == ["a", "b"]
    assert table.profile().rows == 0
    assert "no rows" in told(table)


def test_every_option_can_be_stated(tmp_path: Path) -> None:
    text = "remark\nx|y\n'a|b'|1,5\n'c'|2,5\n"
    table = checked(
        put(tmp_path, text, encoding="cp1251"),
        encoding="cp1251", delimiter="|", quotechar="'", escapechar="",
        header_rows=1, decimal=",", thousands="", skipped_rows=1,
    )  # fmt: skip
    assert table.to_pandas().to_numpy().tolist() == [["a|b", 1.5], ["c", 2.5]]
    plain = read_table(tmp_path / "sales.csv", header_rows=0, delimiter="|", skipped_rows=0)
    assert plain.to_pandas().columns[0] == "column_1"
    assert len(plain.to_pandas()) == 4


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"delimeter": ";"}, "delimeter"),
        ({"delimiter": ";" * 21}, "one character or several"),
        ({"delimiter": ""}, "one character or several"),
        ({"quotechar": "''"}, "one character, neither"),
        ({"header_rows": -1}, "whole number"),
        ({"header_rows": 10**30}, "from 0 to 100"),
        ({"header_rows": 100}, "smaller header_rows"),
        ({"skipped_rows": "2"}, "whole number"),
        ({"skipped_rows": 10**30}, "whole number"),
        ({"skipped_rows": 10**9}, "nothing below"),
        ({"encoding": "\0"}, "encoding"),
        ({"encoding": "klingon"}, "klingon"),
        ({"encoding": "base64"}, "base64"),
        ({"skipped_rows": 50}, "nothing below"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_words(tmp_path: Path, options: dict[str, object], part: str) -> None:
    with pytest.raises(Unreadable, match=part):
        read_table(put(tmp_path, SALES), **options)  # type: ignore[arg-type]


def test_text_stays_text_when_asked(tmp_path: Path) -> None:
    frame = checked(put(tmp_path, "a,b\n01,NA\n1.50,\n"), as_text=True).to_pandas()
    assert frame.to_numpy().tolist() == [["01", "NA"], ["1.50", ""]]


def test_a_long_column_whose_kind_shows_late(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(60_000))
    table = checked(put(tmp_path, "a,b\n" + rows + "x,007\n"))
    assert dtypes(table) == ["str", "str"]
    assert table.to_pandas()["b"].iloc[-1] == "007"


def test_a_line_feed_of_old_macs(tmp_path: Path) -> None:
    assert checked(put(tmp_path, "a,b\r1,2\r3,4\r")).to_pandas().to_numpy().tolist() == [[1, 2], [3, 4]]


def test_strange_paths(tmp_path: Path) -> None:
    name = 'it\'s "my" {table}\nof 2024.csv'
    table = checked(put(tmp_path, "a,b\n1,2\n", name=name))
    assert table.name == "it_s_my_table_of_2024"
    assert (
        read_table(put(tmp_path, "a,b\n1,2\n", name="Продажи 2024.csv"), taken=["Продажи_2024"]).name
        == "Продажи_2024_2"
    )


def test_code_for_several_tables_of_any_name(tmp_path: Path) -> None:
    first = read_table(put(tmp_path, SALES))
    dates = "".join(f"01.02.2024;02.02.2024;03.02.2024;{n}\n" for n in range(3))
    second = read_table(put(tmp_path, 'a;b;it\'s "c";n\n' + dates, name="b.csv"))
    namespace: dict[str, object] = {}
    exec(f"import pandas as pd\n{first.code_for('sales')}\n{second.code_for('other')}", namespace)
    for variable, table in (("sales", first), ("other", second)):
        frame = namespace[variable]
        assert isinstance(frame, pd.DataFrame)
        pd.testing.assert_frame_equal(frame, table.to_pandas())
    assert second.code_for("other").count("to_datetime") == 1


def test_notes_speak_russian(tmp_path: Path) -> None:
    table = read_table(put(tmp_path, "a,b,c\n1,2,3\n4,5\n"), language="ru")
    assert "1 строка: ячеек меньше, чем столбцов" in told(table)


def test_the_shown_code_states_no_encoding_where_lines_are_in_two(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_bytes("".join(f"{n},имя {n}\n" for n in range(60)).encode() + "60,Иван\n".encode("cp1251"))
    table = checked(path, header_rows=0)
    assert table.arrow.column(1)[60].as_py() == "Иван"
    assert "encoding" not in table.read_code
    path.write_bytes(b"\xef\xbb\xbf\x84\xa0\xe2\xa0\xe2\xa0")
    assert checked(path).arrow.column_names == ["Датата"]


async def test_a_glance_at_a_large_file_is_a_sample_and_says_so(tmp_path: Path) -> None:
    rows = 300_000
    body = "".join(f"{n},w{n % 7},{n % 9},2024-01-{n % 28 + 1:02},the same words\n" for n in range(rows))
    path = put(tmp_path, "id,word,number,day,remark\n" + body)
    assert path.stat().st_size > 8 << 20
    bounds = Bounds(glance=True, folder=tmp_path / "copies")
    table = await reading(path, bounds=bounds)
    profile = table.profile()
    assert [column.type for column in profile.columns] == ["integer", "category", "integer", "date", "category"]
    assert profile.rows_are == "about" and rows * 0.9 < profile.rows < rows * 1.1
    assert all(column.distinct_is_approximate for column in profile.columns)
    first = table.to_pandas()
    assert list(first["id"]) == list(range(1_000)) and list(first["word"][:2]) == ["w0", "w1"]
    highest = profile.columns[0].max
    assert isinstance(highest, int) and rows * 0.9 < highest  # the end was looked at, too
    assert profile.notes[0].level == "warning" and "is an estimate" in told(table)
    assert "оценка" in table.profile("ru").notes[0].text
    assert not (tmp_path / "copies").exists()

    packed = tmp_path / "sales.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    seen = await reading(packed, bounds=bounds)
    assert seen.profile().rows_are == "at least" and 1_000 < seen.profile().rows < rows
    assert "is not known" in told(seen)

    small = await reading(put(tmp_path, SALES, "small.csv"), bounds=bounds)
    assert (small.profile().rows, small.profile().rows_are) == (2, "exact")
    assert "sample" not in told(small)
