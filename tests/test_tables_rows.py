"""Rows come out whole whatever state they are in, and every repair is counted by line."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Dialect
from csvagent_jupyter.tables.inside.layout.repairs import LINES_TOLD, Repairs, refuse
from csvagent_jupyter.tables.inside.layout.rows import Rows, parse
from csvagent_jupyter.translations import say

TABLE = "id,name,price,day\n" + "".join(f"{n},item {n},{n}.5,2024-01-{n:02}\n" for n in range(1, 20))


def told(rows: Rows) -> dict[str, tuple[int, list[int]]]:
    return {kind: (repair.count, repair.lines) for kind, repair in rows.repairs.kinds.items()}


def test_regular_rows_are_what_the_csv_module_says() -> None:
    text = 'a,b\n1,"x, ""y"""\n2,"two\nlines"\r\n3,\n'
    rows = parse(text, Dialect())
    expected = list(csv.reader(io.StringIO(text, newline="")))
    assert [*rows.header, *rows.cells] == expected
    assert (rows.lines, rows.width, told(rows)) == ([2, 3, 5], 2, {})


def test_lines_are_counted_from_where_the_text_begins() -> None:
    block = parse("1,2\n3,4\n", Dialect(header_rows=0), width=2, first_line=101)
    assert (block.header, block.cells, block.lines) == ([], [["1", "2"], ["3", "4"]], [101, 102])
    below = parse("title\n\na,b\n1,2\nSource: x\n", Dialect(skipped_rows=2, footer_rows=1))
    assert (below.header, below.cells, below.lines) == ([["a", "b"]], [["1", "2"]], [4])


@pytest.mark.parametrize(
    ("line", "cells", "kind"),
    [
        ("20,spoon,1.5", ["20", "spoon", "1.5", ""], "padded"),
        ("20,spoon,1.5,2024-02-01,,", ["20", "spoon", "1.5", "2024-02-01"], "emptied"),
        ("20,,spoon,1.5,2024-02-01", ["20", "spoon", "1.5", "2024-02-01"], "emptied"),
        ("20,spoon, large,1.5,2024-02-01", ["20", "spoon, large", "1.5", "2024-02-01"], "merged"),
        ("20,spoon,1.52024-02-01", ["20", "spoon", "1.5", "2024-02-01"], "split"),
        ('20,"spoon,1.5,2024-02-01', ["20", '"spoon', "1.5", "2024-02-01"], "unquoted"),
        ('20,"a "big" one, red",1.5,2024-02-01', ["20", 'a "big" one, red', "1.5", "2024-02-01"], "unquoted"),
        ('"20,""spoon, large"",1.5,2024-02-01"', ["20", "spoon, large", "1.5", "2024-02-01"], "unwrapped"),
        ("20;spoon;1.5;2024-02-01", ["20", "spoon", "1.5", "2024-02-01"], "other_delimiter"),
        ("20,spo\ron,1.5,2024-02-01", ["20", "spo\ron", "1.5", "2024-02-01"], "joined"),
        ("20,sp\0oon,1.5,2024-02-01", ["20", "spoon", "1.5", "2024-02-01"], "nul"),
    ],
)
def test_a_damaged_row_is_mended_and_harms_no_other(line: str, cells: list[str], kind: str) -> None:
    rows = parse(f"{TABLE}{line}\n{TABLE.partition(chr(10))[2]}", Dialect())
    assert rows.cells[19] == cells
    assert told(rows) == {kind: (1, [21])}
    assert (len(rows.cells), rows.width) == (39, 4)
    assert rows.cells[20] == ["1", "item 1", "1.5", "2024-01-01"]


def test_what_cannot_be_told_is_kept_at_the_end_of_the_row() -> None:
    rows = parse("a,b\nx,y\np,q,r\n", Dialect())
    assert (rows.header, rows.cells) == ([["a", "b", ""]], [["x", "y", ""], ["p", "q", "r"]])
    assert told(rows) == {"extra": (1, [3])}


def test_a_last_line_that_breaks_off() -> None:
    assert told(parse("a,b,c\n1,2,3\n4,5", Dialect())) == {"truncated": (1, [3])}
    assert told(parse("a,b,c\n1,2,3\n4,5\n", Dialect())) == {"padded": (1, [3])}


def test_rows_of_nothing_and_the_header_again() -> None:
    rows = parse("a,b\n1,2\n,\n\n3,4\na,b\n5,6\n", Dialect())
    assert rows.cells == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert told(rows) == {"blank": (2, [3, 4]), "header_again": (1, [6])}
    assert rows.repairs.first() == ("header_again", 6) and rows.repairs.first(["header_again"]) is None


def test_remarks_inside_a_quoted_cell_are_none() -> None:
    rows = parse('a,b\n# one\n1,"x\n# two\ny"\n2,z\n', Dialect(comment="#"))
    assert rows.cells == [["1", "x\n# two\ny"], ["2", "z"]]
    assert (rows.lines, told(rows)) == ([3, 6], {"comment": (1, [2])})


def test_what_r_writes_has_a_first_column_without_a_name() -> None:
    rows = parse('"x","y"\n"1",2,3\n"2",4,5\n', Dialect())
    assert (rows.header, rows.width) == ([["", "x", "y"]], 3)
    trailing = parse("x,y\n1,2,\n3,4,\n", Dialect())
    assert (trailing.header, trailing.cells) == ([["x", "y"]], [["1", "2"], ["3", "4"]])


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("a||b\n“x||y”||2\n", Dialect(delimiter="||", quotechar="“")),
        ('a, b\n"x, y", 2\n', Dialect(delimiter=", ")),
        ("a   b\n x    2 \n", Dialect(delimiter="  ", repeated=True)),
        ("a;b\n«x; y»;2\n", Dialect(delimiter=";", quotechar="«")),
        ("a\x1fb\nx\x1f2\n", Dialect(delimiter="\x1f")),
        ("a,b\nx\\,y,2\n", Dialect(escapechar="\\")),
    ],
)
def test_marks_of_any_length(text: str, dialect: Dialect) -> None:
    rows = parse(text, dialect)
    assert rows.header == [["a", "b"]]
    assert [row[1] for row in rows.cells] == ["2"]
    assert rows.cells[0][0] in {"x", "x||y", "x, y", "x; y", "x,y"}


@pytest.mark.parametrize("line", ['a","b', '1,"x', '"', '","', '1,"""', '"a"b"'])
def test_quotes_that_never_close_take_time_by_the_length_of_the_text_alone(line: str) -> None:
    text = "a,b\n" + f"{line}\n" * 30_000
    rows = parse(text, Dialect())
    assert len(rows.cells) + rows.repairs.count("blank") + rows.repairs.count("header_again") >= 1
    assert sum(len(cell) for row in rows.cells for cell in row) > 10_000 or line == '"'


def test_a_row_of_very_many_cells_does_not_widen_the_table_without_bounds() -> None:
    rows = parse("a,b\n1,2\n" + "x," * 100_000 + "x\n", Dialect())
    assert rows.width <= 2_002
    assert "".join(rows.cells[1]).count("x") == 100_001


@settings(max_examples=150, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.text("abc 1.,;\"\n\r'|é", max_size=6), min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_whatever_is_written_with_quotes_reads_back(table: list[list[str]], delimiter: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(table)
    rows = parse(written.getvalue(), Dialect(delimiter=delimiter, header_rows=0), width=len(table[0]))
    assert rows.cells == [row for row in table if any(row)]
    assert set(rows.repairs.kinds) <= {"blank"}


@settings(max_examples=200, deadline=None)
@given(st.text('ab1,"\n\r;\0 ', max_size=60))
def test_no_text_is_lost_and_nothing_fails(text: str) -> None:
    rows = parse(text, Dialect(header_rows=0))
    assert all(len(row) == rows.width for row in rows.cells)
    assert len(rows.lines) == len(rows.cells) and sorted(rows.lines) == rows.lines
    assert sum(cell.count("a") for row in rows.cells for cell in row) == text.count("a")


def test_repairs_of_blocks_are_joined_and_refused() -> None:
    first, second = Repairs(), Repairs()
    for line in range(30):
        first.add("padded", line + 5)
    second.add("padded", 99)
    second.add("blank", 1)
    first.join(second)
    assert (first.count("padded"), len(first.kinds["padded"].lines)) == (31, LINES_TOLD)
    assert first.first() == ("padded", 5)
    with pytest.raises(Unreadable, match=r"Line 5 of “sales\.csv”"):
        refuse(first, "sales.csv")
    refuse(Repairs(), "sales.csv")
    for level, key, values in first.said():
        assert level == ("info" if key == "note_row_blank" else "warning")
        assert say(f"tables.{key}", "ru", **values)


def test_a_block_reads_as_the_whole_does() -> None:
    whole = parse(TABLE, Dialect())
    head, rest = TABLE[:200].rpartition("\n")[0] + "\n", TABLE[TABLE[:200].rindex("\n") + 1 :]
    begin = parse(head, Dialect())
    block = parse(rest, replace(Dialect(), header_rows=0), width=begin.width, first_line=head.count("\n") + 1)
    assert begin.cells + block.cells == whole.cells
    assert begin.lines + block.lines == whole.lines


def test_an_escaped_quote_opens_no_cell_for_remark_lines() -> None:
    text = 'a,b\n# x\n,"\\""\n# x\n,0\n3,5" disk\n# y\n'
    rows = parse(text, Dialect(escapechar="\\", comment="#"))
    assert rows.cells == [["", '"'], ["", "0"], ["3", '5" disk']]
    assert rows.repairs.kinds["comment"].lines == [2, 4, 7]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (r'20,"a \"big\" one, red",1.5,"2024-02-01"', ["20", 'a "big" one, red', "1.5", "2024-02-01"]),
        (r'20,"x\\",1.5 "or" so,2024-02-01', ["20", "x\\", '1.5 "or" so', "2024-02-01"]),
        (r"20,sp\,oon,1.5", ["20", "sp,oon", "1.5", ""]),
        (r'20,"sp\"o,1.5', ["20", '"sp"o', "1.5", ""]),
    ],
)
def test_escapes_hold_in_rows_that_are_mended(line: str, cells: list[str]) -> None:
    rows = parse(f"{TABLE}{line}\n{TABLE.partition(chr(10))[2]}", Dialect(escapechar="\\"))
    assert (rows.cells[19], rows.cells[20][1]) == (cells, "item 1")


@pytest.mark.parametrize(
    ("text", "dialect", "cells"),
    [
        (
            "a||b\n'~;1\\')'||'aЖ( +b\n<'\n",
            Dialect("utf-8", "||", quotechar="'", escapechar="\\"),
            ["~;1')", "aЖ( +b\n<"],
        ),
        ('a, b, \r\n",\n)", x, \r\n', Dialect(delimiter=", "), [",\n)", "x"]),
        ('a, b,\r\n",\n)", x,\r\n', Dialect(delimiter=", "), [",\n)", "x"]),
        ('id,b,\n,"\n0",', Dialect(), ["", "\n0"]),
        ('""|"\r|"|"|\r"\r\n', Dialect(delimiter="|", header_rows=0), ["", "\r|", "|\r"]),
    ],
)
def test_quoted_line_ends_stay_in_their_cell(text: str, dialect: Dialect, cells: list[str]) -> None:
    rows = parse(text, dialect)
    assert [row[: len(cells)] for row in rows.cells] == [cells]


@pytest.mark.parametrize("body", ["1;2\n3;4\n5,6\n7;8\n", "x;y\nz;w\nq,r\ns;t\n"])
def test_a_row_with_another_delimiter_is_cut_there_in_a_short_table(body: str) -> None:
    rows = parse("a;b\n" + body, Dialect(delimiter=";"))
    assert rows.cells[2] == body.split()[2].split(",")
    assert told(rows) == {"other_delimiter": (1, [4])}


def test_columns_without_a_name_and_a_cell_are_kept_and_told() -> None:
    rows = parse("Имя;Сумма;;\nИван;1;;\nПетр;2;;\n", Dialect(delimiter=";"))
    assert (rows.header, rows.cells[0]) == ([["Имя", "Сумма", "", ""]], ["Иван", "1", "", ""])
    assert told(rows) == {"nameless": (2, [1])}
    assert rows.repairs.first() is None
    assert told(parse("Имя;Сумма;\nИван;1;\nПетр;2;x\n", Dialect(delimiter=";"))) == {}


def test_numbers_cut_at_an_unquoted_decimal_comma_are_told() -> None:
    rows = parse("Товар,Цена,Кол\nСтол,1500,50,2\nСтул,300,00,5\n", Dialect())
    assert told(rows) == {"halved": (1, [1])}
    assert told(parse("mpg,cyl\nMazda,21,6\nFiat,22,4\n", Dialect())) == {"shifted": (1, [1])}


def test_a_line_drawn_under_the_names_is_no_row() -> None:
    rows = parse("id|name\n---|----\n1|a\n2|b\n", Dialect(delimiter="|"))
    assert (rows.cells, told(rows)) == ([["1", "a"], ["2", "b"]], {"between": (1, [2])})
    assert parse("a|b\n-|-\n1|2\n", Dialect(delimiter="|")).cells[0] == ["-", "-"]
