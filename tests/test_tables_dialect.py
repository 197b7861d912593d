"""How a text is written is found by looking at its lines."""

from __future__ import annotations

import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Dialect
from csvagent_jupyter.tables.inside.dialect import detect, scan
from csvagent_jupyter.tables.inside.encoding import decode


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
    ],
)
def test_one_column_stays_one_column(text: str) -> None:
    header, layout = scan(text, detect(text))
    assert len(header[0]) == 1
    assert layout.widest <= 1
    assert layout.rows == text.count("\n") - 1


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


def test_rows_that_do_not_fit_are_counted_by_line() -> None:
    text = 'a,b\n1,"two\nlines"\n3\n4,5,6\n7,8,\n'
    _, layout = scan(text, Dialect())
    assert (layout.rows, layout.width, layout.widest, layout.widest_filled) == (4, 2, 3, 3)
    assert (layout.short, layout.long) == ([4], [5])


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
