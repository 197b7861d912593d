"""Any table, written in any way, comes back as it was: its texts, its values, and every row that does not fit."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from table_writing import ENCODINGS, TEXTS, UNICODE, Writing, writings

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import Table, read_table

quick = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# A cell of blanks alone says nothing.
any_cell = st.text(st.sampled_from(list("abzЖ яé1209.,;:|\t'\"\\/#^~-+%()=<>{}\n")), max_size=8).filter(
    lambda cell: cell == "" or bool(cell.strip())
)
NAMES = ("id", "город", "price", "date of order", "N", "comment", "код")


@st.composite
def any_tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of any cells below a plain header; no row is empty."""
    width = draw(st.integers(2, 6))
    row = st.lists(any_cell, min_size=width, max_size=width).filter(any)
    return [list(NAMES[:width]), *draw(st.lists(row, min_size=1, max_size=8))]


def texts(table: Table) -> list[list[str]]:
    columns = [column.to_pylist() for column in table.arrow.columns]
    return [
        table.arrow.column_names,
        *(["" if cell is None else cell for cell in row] for row in zip(*columns, strict=True)),
    ]


def without_trailing(rows: list[list[str]], width: int) -> list[list[str]]:
    """Return the rows without an empty column at the end, which delimiters at line ends make."""
    assert all(not cell for row in rows[1:] for cell in row[width:])
    return [row[:width] for row in rows]


@quick
@given(data=st.data())
def test_what_is_stated_is_read_as_it_was_written(tmp_path: Path, data: st.DataObject) -> None:
    rows = data.draw(any_tables())
    writing = data.draw(writings(len(rows)))
    path = tmp_path / "table.csv"
    writing.write(path, rows)
    table = read_table(path, as_text=True, **writing.stated())
    assert without_trailing(texts(table), len(rows[0])) == rows


# --- a way of writing that has to be found ---------------------------------------------------------------------------


@st.composite
def plain_tables(draw: st.DrawFn, language: str) -> list[list[str]]:
    """What people keep in tables: names, numbers, dates, words, with cells that hold the marks themselves."""
    words = st.sampled_from(TEXTS[language])
    kinds = (
        words,
        st.tuples(words, words).map(", ".join),
        st.integers(-1000, 100_000).map(str),
        st.decimals(-10_000, 10_000, places=2).map(str),
        st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)).map(lambda day: day.strftime("%d.%m.%Y")),
        st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)).map(lambda day: day.isoformat()),
        st.integers(0, 99_999).map(lambda number: f"{number:05d}"),
    )
    columns = [words, *draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=5))]
    rows = draw(st.integers(4, 12))
    cells = [draw(st.lists(column, min_size=rows, max_size=rows)) for column in columns]
    return [
        [f"{TEXTS[language][number]} {number}" for number in range(len(columns))],
        *map(list, zip(*cells, strict=True)),
    ]


@quick
@given(data=st.data())
def test_how_it_is_written_is_found(tmp_path: Path, data: st.DataObject) -> None:
    language = data.draw(st.sampled_from(sorted(TEXTS)))
    rows = data.draw(plain_tables(language))
    writing = Writing(
        delimiter=data.draw(st.sampled_from((",", ";", "\t", "|", "||"))),
        ending=data.draw(st.sampled_from(("\n", "\r\n", "\r"))),
        quote_all=data.draw(st.booleans()),
        last_ending=data.draw(st.booleans()),
        encoding=data.draw(st.sampled_from((*UNICODE, *ENCODINGS.get(language, ())))),
    )
    path = tmp_path / "table.csv"
    writing.write(path, rows)
    assert texts(read_table(path, as_text=True)) == rows


# --- values -----------------------------------------------------------------------------------------------------------


class Values(NamedTuple):
    """A kind of column: what there may be, how it is written, and the first cells, which make it what it is."""

    values: st.SearchStrategy[Any]
    written: Callable[[Any], str]
    first: tuple[Any, ...] = ()


def grouped(number: float, thousands: str, decimal: str) -> str:
    return f"{number:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


cents = st.integers(-10_000_000_00, 10_000_000_00).map(lambda number: number / 100)
days = st.dates(datetime.date(1900, 1, 1), datetime.date(2060, 1, 1)).map(pd.Timestamp)
moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2060, 1, 1)).map(
    lambda moment: pd.Timestamp(moment).floor("s")
)
SOME_DAY = pd.Timestamp(2024, 5, 25)
VALUES = {
    "whole": Values(st.integers(-(2**63) + 1, 2**63 - 1), str),
    "point": Values(cents, lambda number: f"{number:.2f}"),
    "comma": Values(cents, lambda number: f"{number:.2f}".replace(".", ",")),
    "grouped": Values(cents, lambda number: grouped(number, ",", "."), (1234567.25,)),
    "spaced": Values(cents, lambda number: grouped(number, "\u00a0", ","), (1234567.25,)),
    "dotted": Values(days, lambda day: f"{day:%d.%m.%Y}", (SOME_DAY,)),
    "slashed": Values(days, lambda day: f"{day:%m/%d/%Y}", (SOME_DAY,)),
    "iso": Values(days, lambda day: f"{day:%Y-%m-%d}"),
    "moment": Values(moments, lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}", (pd.Timestamp(2024, 5, 25, 13, 7, 9),)),
    "English": Values(st.booleans(), lambda truth: "yes" if truth else "no", (True, False)),
    "Russian": Values(st.booleans(), lambda truth: "да" if truth else "нет", (True, False)),
    "postcode": Values(st.integers(0, 99_999).map(lambda number: f"{number:05d}"), str, ("01234",)),
    "digits": Values(st.from_regex(r"[1-9]\d{19,25}", fullmatch=True), str),
    "word": Values(st.sampled_from(TEXTS["ru"] + TEXTS["en"]), str),
}


@quick
@given(data=st.data())
def test_values_are_what_was_written(tmp_path: Path, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=2, max_size=6, unique=True))
    count = data.draw(st.integers(3, 12))
    nothing = data.draw(st.sampled_from(("", "NA", "null", "н/д")))
    columns: dict[str, list[Any]] = {}
    for kind in kinds:
        gaps = data.draw(st.lists(st.integers(2, count - 1), max_size=2))
        first = VALUES[kind].first
        rest = data.draw(
            st.lists(VALUES[kind].values, min_size=count - len(first), max_size=count - len(first)), label=kind
        )
        columns[kind] = [None if n in gaps else value for n, value in enumerate([*first, *rest])]
    cells = [[nothing if v is None else VALUES[kind].written(v) for v in values] for kind, values in columns.items()]
    rows = [kinds, *map(list, zip(*cells, strict=True))]
    assume(all(any(cell != "" for cell in row) for row in rows))
    path = tmp_path / "table.csv"
    Writing(delimiter=data.draw(st.sampled_from((",", ";", "\t")))).write(path, rows)
    table = read_table(path)
    frame = table.to_pandas()
    assert list(frame.columns) == kinds
    for kind, values in columns.items():
        found = [None if pd.isna(value) else value for value in frame[kind]]
        if kind in {"word", "digits", "postcode"}:  # a word that means missing may be one of the words
            found = [None if value == nothing else value for value in found]
        assert found == values, kind
    namespace: dict[str, Any] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    pd.testing.assert_frame_equal(namespace["df"], frame, rtol=1e-14, atol=0)


# --- rows that do not fit ---------------------------------------------------------------------------------------------

ragged = st.lists(st.lists(st.sampled_from(("a1", "b 2", "33", "", "Ж")), max_size=6), min_size=3, max_size=12)


def letters(cells: Iterable[str]) -> Counter[str]:
    return Counter(letter for cell in cells for letter in cell if letter.isalnum())


def lines_told(table: Table, words: str) -> list[int]:
    """Return the line numbers in the note that has these words."""
    found = [re.search(r"\(lines ([\d, ]+)\)", note.text) for note in table.notes if words in note.text]
    return [int(number) for match in found if match for number in match[1].split(",")]


@quick
@given(body=ragged, delimiter=st.sampled_from((",", ";", "||")))
def test_every_row_that_does_not_fit_is_kept_or_told(tmp_path: Path, body: list[list[str]], delimiter: str) -> None:
    header = ["one", "two", "three"]
    body = [*body, *[["x", "y", "z"]] * (len(body) + 1)]  # most rows are as the header says
    path = tmp_path / "table.csv"
    writing = Writing(delimiter=delimiter)
    writing.write(path, [header, *body])
    stated = {"delimiter": delimiter, "quotechar": '"', "header_rows": 1, "skipped_rows": 0, "footer_rows": 0}
    table = read_table(path, as_text=True, **stated)
    got = texts(table)[1:]
    filled = [(line, row) for line, row in enumerate(body, start=2) if any(row)]
    for line in lines_told(table, "an unquoted line end had cut"):
        at = [number for number, _ in filled].index(line)
        filled[at : at + 2] = [(line, [*filled[at][1], *filled[at + 1][1]])]
    assert len(got) == len(filled)
    empty = [line for line, row in enumerate(body, start=2) if not any(row)]
    assert lines_told(table, "empty row") == empty
    cut = set(lines_told(table, "missing delimiter"))
    assert {line for line, row in filled if len(row) < len(header)} - cut <= set(lines_told(table, "fewer cells"))
    mended = set(lines_told(table, ""))
    for cells, (line, row) in zip(got, filled, strict=True):
        assert letters(cells) == letters(row)
        assert line in mended or [cell for cell in cells if cell] == [cell for cell in row if cell]
    if any(len(row) < len(header) or any(row[len(header) :]) for _, row in filled):
        with pytest.raises(Unreadable) as refused:
            read_table(path, as_text=True, strict=True, **stated)
        assert re.search(r"\d", refused.value.say("en"))


@quick
@given(data=st.data())
def test_no_letter_gets_lost_without_a_word(tmp_path: Path, data: st.DataObject) -> None:
    """Scraps of tables, read without a header: what stands in no cell is told of."""
    scraps = st.sampled_from(
        ("a1", "b", ",", ";", '"', "\n", "\r\n", "x\ty", "#", "3,5", " ", "Ж", '""', "\\", "|", "2024")
    )
    text = "".join(data.draw(st.lists(scraps, min_size=3, max_size=50)))
    path = tmp_path / "scraps.csv"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        table = read_table(path, as_text=True, header_rows=0)
    except Unreadable:
        return
    kept = letters(cell for row in texts(table)[1:] for cell in row)
    if kept != letters([text]):
        assert table.notes
        assert any(re.search(r"passed over|table|below|above|cut", note.text) for note in table.notes), table.notes
