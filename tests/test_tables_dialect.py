"""How a text is written is found by looking at its lines."""

from __future__ import annotations

import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Dialect
from csvagent_jupyter.tables.inside.encoding.finding import decode
from csvagent_jupyter.tables.inside.layout.dialect import Part, detect, examine
from csvagent_jupyter.tables.inside.layout.rows import parse


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("id value\n1 2\n3 4\n5 6\n", " "),
        ("time;value\n12:30;1,5\n12:45;2,5\n", ";"),
        ('name,remark\nx,"a; b; c"\ny,"d; e; f"\n', ","),
        ("url,n\nhttp://a.example/c?d=1;e=2,5\nhttp://a.example/c?d=1;e=3,6\n", ","),
    ],
)
def test_the_delimiter_is_found(text: str, delimiter: str) -> None:
    assert detect(text).delimiter == delimiter


@pytest.mark.parametrize(
    "text",
    [
        "name\nJohn Smith\nAnna Lee\n",
        "time\n12:30\n13:45\n",
        "n\n1\n2\n",
        "price\n1,5\n2,5\n3,7\n",
        "remark\nHello, world\nfoo\nbar\n",
        "at\n2024-01-01 10:00\n2024-01-02 11:00\n",
        "mail\na@x.org\nb@y.org\n",
        "log\n2024-01-01 10:00:00 WARN disk low\n2024-01-01 10:00:02 INFO end of it\n",
    ],
)
def test_one_column_stays_one_column(text: str) -> None:
    rows = parse(text, detect(text))
    assert rows.width == 1
    assert len(rows.cells) == text.count("\n") - 1


def test_quotes() -> None:
    assert detect("a,b\n'x, y','z'\n'p, q','r'\n").quotechar == "'"
    assert detect("a,b\nit's,don't\nwe're,\"x\"\n").quotechar == '"'
    backslashed = 'a,b\n"say \\"yes\\" now",1\n"or \\"no\\" then",2\n'
    assert detect(backslashed).escapechar == "\\"
    assert detect('a,b\n"C:\\",1\n"D:\\",2\n').escapechar == ""


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("name,age\nAnn,30\nBob,40\n", 1),
        ("Ann,30\nBob,40\nEve,50\n", 0),
        ("country,2019,2020,2021\nA,1,2,3\nB,4,5,6\n", 1),
        ("name,city\nAnn,Oslo\nBob,Rome\n", 1),
        ("day,travel,,sum\n,air,rail,\n2024-01-01,1,2,3\n2024-01-02,1,2,3\n", 2),
        ("a,b\n", 1),
    ],
)
def test_header_rows(text: str, rows: int) -> None:
    assert detect(text).header_rows == rows


def test_what_is_stated_is_not_found_anew() -> None:
    text = "a;b\n1;2\n3;4\n"
    given = Dialect(delimiter=",", header_rows=0)
    found = detect(text, given=given, fixed=frozenset({"delimiter", "header_rows"}))
    assert (found.delimiter, found.header_rows) == (",", 0)


def test_a_long_last_row_does_not_make_a_preamble_of_the_table_above_it() -> None:
    assert detect("a,b,c\n1\n2,3\n4,5,6,7,8\n").skipped_rows == 0
    assert detect("Report of May\na,b,c\n1,2\n").skipped_rows == 1


ROWS = [["id", "name", "value"], ["1", "Ann Lee", "2.5"], ["2", "Bob", "3.75"], ["3", "Cid", "-1"]]


@pytest.mark.parametrize(
    "delimiter",
    [",", ";", "\t", "|", ":", "~", "^", "||", "::", ", ", "; ", " | ", "\t\t", "|~|", "§", "¦", "\x1f", "\x01", "#"],
)
def test_any_delimiter(delimiter: str) -> None:
    text = "".join(delimiter.join(row) + "\n" for row in ROWS)
    found = detect(text)
    rows = parse(text, found)
    assert found.delimiter == delimiter
    assert [*rows.header, *rows.cells] == ROWS


@pytest.mark.parametrize(
    "text",
    [
        "id   name  value\n1    Ann   2.5\n22   Bob   3.75\n",
        "id name value\n1 Ann 2.5\n22 Bob 3.75\n",
        "id   full name  value\n1    Ann Lee    2.5\n22   Bob Low    3.75\n",
    ],
)
def test_columns_set_apart_by_blanks(text: str) -> None:
    rows = parse(text, detect(text))
    assert (rows.width, len(rows.cells)) == (3, 2)
    assert [row[2] for row in rows.cells] == ["2.5", "3.75"]


def test_a_first_line_that_names_the_delimiter_is_obeyed() -> None:
    found = detect("sep=;\na,x;b\n1,5;2\n3,5;4\n")
    assert (found.delimiter, found.skipped_rows, found.header_rows) == (";", 1, 1)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# made by x\n# on monday\na,b,c\n1,2,3\n4,5,6\n", ["a", "b", "c"]),
        ("% title\n% other words here\nx y z\n1 2 3\n4 5 6\n", ["x", "y", "z"]),
        ("# x y z\n1 2 3\n4 5 6\n7 8 9\n", ["x", "y", "z"]),
        ("Report: Sales\nAuthor: Me, myself\n\nregion,amount,qty\nN,1,2\nS,3,4\n", ["region", "amount", "qty"]),
        ("Sales 2024,,\n,,\nregion,amount,qty\nN,1,2\nS,3,4\n", ["region", "amount", "qty"]),
        ("Sales of 2024\nregion,amount,qty\nN,1,2\nS,3,4\n", ["region", "amount", "qty"]),
        ("a,a,,\n1,2,3,4\n5,6,7,8\n", ["a", "a", "", ""]),
        ("Name: Test\nStart, 2024\n\ntime,v\n1,2\n3,4\n5,6\n7,8\n", ["time", "v"]),
    ],
)
def test_what_stands_above_a_table(text: str, names: list[str]) -> None:
    rows = parse(text, detect(text))
    assert rows.header == [names]
    assert not rows.repairs.breaks


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("time,speed,load\ns,km/h,kg\n1,2,3\n2,3,4\n3,4,5\n", 2),
        ("a,b\na,b\na,b\n1,2\n3,4\n5,6\n", 3),
        ("Region,2023,,2024,\n,Q1,Q2,Q1,Q2\nN,1,2,3,4\nS,5,6,7,8\n", 2),
        ("a,b\n1,2\n3,4\na,b\n5,6\n", 1),
        ("Oslo,red,small\nRome,blue,big\nOslo,red,big\nRome,blue,small\nOslo,blue,big\n", 0),
        ("city,colour,size\nRome,blue,big\nOslo,red,big\nRome,blue,small\nOslo,blue,big\n", 1),
        ("1,2,3\n", 0),
    ],
)
def test_no_header_and_several_header_rows(text: str, rows: int) -> None:
    assert detect(text).header_rows == rows


@pytest.mark.parametrize(
    ("end", "below"),
    [
        ("\nSource: the ministry\n* provisional\n", 3),
        ("Source: the ministry;;\n", 1),
        ("Итого;9;12\n", 1),
        ("Total;9;12\nSource: the ministry\n", 2),
        ("Total;10;12\n", 0),
        ("West;5;6", 0),
        ("\n\n", 0),
    ],
)
def test_remarks_and_right_totals_below_are_cut_off(end: str, below: int) -> None:
    text = "region;amount;qty\nN;1;2\nS;3;4\nE;5;6\n" + end
    seen = examine(text)
    assert seen.dialect.footer_rows == below
    assert bool(seen.totals_line) == (below > 0 and "9;12" in end)
    kept = detect(text, given=Dialect(footer_rows=0), fixed=frozenset({"footer_rows"}))
    assert len(parse(text, kept).cells) == 3 + sum(1 for line in end.splitlines() if line)


def test_remark_lines_inside_a_table() -> None:
    found = detect("a,b,c\n1,2,3\n# half, and more\n4,5,6\n7,8,9\n")
    assert found.comment == "#"
    assert detect("a,b\n#1,2\n#2,3\n").comment == ""


STACKED = "name,qty\na,1\nb,2\n\nCities\ncity,pop,area\nx,1,2\ny,3,4\nz,5,6\nw,7,8\n"


def test_the_largest_of_several_tables_is_read_and_the_others_are_named() -> None:
    seen = examine(STACKED)
    assert seen.tables == (Part(1, 3, 2, ("name", "qty")), Part(6, 10, 4, ("city", "pop", "area")))
    assert (seen.dialect.table, seen.dialect.skipped_rows, seen.dialect.footer_rows) == (2, 5, 0)
    first = detect(STACKED, given=Dialect(table=1), fixed=frozenset({"table"}))
    rows = parse(STACKED, first)
    assert (rows.header, rows.cells) == ([["name", "qty"]], [["a", "1"], ["b", "2"]])


def test_parts_of_one_table_are_no_several_tables() -> None:
    for text in ("a,b\n1,2\n3,4\n\n5,6\n7,8\n", "a,b\n1,2\n3,4\n\na,b\n5,6\n7,8\n"):
        found = detect(text)
        assert (found.table, found.skipped_rows, found.footer_rows) == (1, 0, 0)
        assert len(parse(text, found).cells) == 4


@pytest.mark.parametrize(
    ("text", "quote", "escape"),
    [
        ("a,b\n“x, y”,1\n“z”,2\n", "“", ""),
        ("a;b\n«x; y»;1\n«z»;2\n", "«", ""),
        ("a,b,c\n1,x\\,y,2\n3,z,4\n5,w,6\n", '"', "\\"),
        ('a,b\n1,"x\n2,"y\n3,"z\n4,"w\n', "", ""),
    ],
)
def test_other_quotes_and_escapes(text: str, quote: str, escape: str) -> None:
    found = detect(text)
    assert (found.quotechar, found.escapechar) == (quote, escape)


def test_rows_that_stand_in_quotes_as_a_whole() -> None:
    text = '"a,b,c"\n"1,""x, y"",3"\n"4,z,6"\n'
    rows = parse(text, detect(text))
    assert [*rows.header, *rows.cells] == [["a", "b", "c"], ["1", "x, y", "3"], ["4", "z", "6"]]


def test_a_long_text_is_looked_at_in_parts() -> None:
    body = "".join(f"{n};text {n};{n / 7:.3f}\n" for n in range(60_000))
    found = detect(f"Report\n\nid;text;value\n{body}\nSource: the ministry\n")
    assert (found.delimiter, found.skipped_rows, found.header_rows, found.footer_rows) == (";", 2, 1, 2)


@pytest.mark.parametrize("text", ["", "\n\n", ",,,\n,,\n", '"', "x", "\0\0", "#\n#\n", "sep=;\n", "," * 50_000])
def test_texts_that_hold_hardly_anything(text: str) -> None:
    assert parse(text, detect(text)).width >= 1


@pytest.mark.parametrize(
    ("data", "encoding", "guessed"),
    [
        (b"a,b\n1,2", "utf-8", False),
        ("город,n\nОмск,2".encode(), "utf-8", False),
        ("a,b\n1,2".encode("utf-8-sig"), "utf-8-sig", False),
        ("a,b\n1,2".encode("utf-16"), "utf-16", False),
        ("a,b\n1,22".encode("utf-16-le"), "utf-16-le", False),
        ("город,сумма\nОмск,2\nТула,3".encode("utf-16-be"), "utf-16-be", False),
        ("город,сумма\nНижний Новгород,2\nТула,3".encode("cp1251"), "cp1251", True),
        ("город,сумма\nНижний Новгород,2\nТула,3".encode("cp866"), "cp866", True),
        ("prénom,ville\nZoé,Besançon\nFrançois,Nîmes\n".encode("cp1252"), "cp1252", True),
        ("nazwa,miasto\nsprzedaż,Łódź\nświęto,Gdańsk\nżródło,Wrocław".encode("cp1250"), "cp1250", True),
        ("Straße,Ort\nÄußere Weg,München\n".encode("cp1252"), "cp1252", True),
    ],
)
def test_encodings(data: bytes, encoding: str, guessed: bool) -> None:
    found = decode(data, "a.csv")
    assert (found.encoding, found.guessed) == (encoding, guessed)
    assert found.replaced == 0


def test_a_few_bad_bytes_do_not_change_the_encoding() -> None:
    found = decode("Нижний Новгород;Тула\n".encode() * 50 + b"\xff\n", "a.csv")
    assert (found.encoding, found.replaced) == ("utf-8", 1)


def test_an_encoding_that_is_none() -> None:
    with pytest.raises(Unreadable, match="klingon"):
        decode(b"a,b", "a.csv", "klingon")


@pytest.mark.parametrize(
    "lines",
    [
        ("name", '"Smith, John"', '"Lee, Ann"'),
        ("v", '"12,34,567"', '"1,00,000"'),
        ("Цена", '"1 234,50"', '"999,90"'),
        ("price", "12,50 €", "9,00 €"),
        ("Цена", "1 234,50", "12 000,00", "99,90"),
        ("Цена", "1234,50 руб.", "99,90 руб."),
        ("Адрес", "Москва, ул. Ленина, 5", "Тверь, ул. Мира, 7", "Омск, пр. Мира, 9"),
        ("name", "Smith, John", "Lee, Ann", "Ray, Bob"),
        ("d", "Monday, January 5, 2024", "Tuesday, February 6, 2024"),
    ],
)
def test_a_name_over_cells_with_commas_is_one_column(lines: tuple[str, ...]) -> None:
    text = "\n".join(lines) + "\n"
    examined = examine(text)
    rows = parse(text, examined.dialect)
    assert (rows.header, [row[0] for row in rows.cells]) == ([[lines[0]]], [line.strip('"') for line in lines[1:]])
    assert (rows.width, examined.above, rows.repairs.kinds) == (1, (), {})


@pytest.mark.parametrize("text", ["Report\nname,qty\na,1\nb,2\nc,3\n", "Sales of May\nname, qty\na, 1\nb, 2\nc, 3\n"])
def test_a_title_right_over_a_table_stays_one(text: str) -> None:
    examined = examine(text)
    assert (examined.dialect.skipped_rows, parse(text, examined.dialect).width) == (1, 2)


def test_a_few_numbers_in_a_row_over_numbers_are_data_and_years_are_names() -> None:
    assert detect("1,2,3\n4,5,6\n7,8,9\n").header_rows == 0
    assert detect("2019,2020,2021\n4,5,6\n7,8,9\n").header_rows == 1
    assert detect("0,1,2\n4,5,6\n7,8,9\n").header_rows == 1
    assert detect("1,2,3,4,5,6,7\n4,5,6,7,8,9,1\n7,8,9,7,8,9,1\n").header_rows == 1


def test_signatures_below_a_table_are_no_rows() -> None:
    text = "id,name,qty\n1,A,2\n2,B,3\n\nПодготовил: Иванов И.И.\nТелефон: 123\n"
    assert examine(text).below == ("Подготовил: Иванов И.И.", "Телефон: 123")
    assert examine("id|name\n1|a\n2|b\n3|c\n(3 rows affected)\n").below == ("(3 rows affected)",)


def test_the_line_that_states_the_delimiter_is_no_title() -> None:
    examined = examine("sep=;\na;b\n1;2\n")
    assert (examined.dialect.delimiter, examined.dialect.skipped_rows, examined.above) == (";", 1, ())


def test_keys_with_values_above_a_short_table_are_no_table() -> None:
    text = "Account:,12345678\nPeriod:,2024\n\nDate,Sum,Text\n2024-01-01,5,a\n2024-01-02,6,b\n2024-01-03,7,c\n"
    examined = examine(text)
    assert (examined.dialect.skipped_rows, examined.tables) == (3, ())
    assert examined.above == ("Account:,12345678", "Period:,2024")


def test_a_source_below_numbers_is_a_remark_however_many_cells_it_has() -> None:
    assert examine("a;b\n1;2\n3;4\nИсточник: Росстат;2024\n").below == ("Источник: Росстат;2024",)
    assert examine("name;b\nx;2\nnote 1: y;4\n").below == ()
