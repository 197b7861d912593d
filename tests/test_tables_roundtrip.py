"""Tables written in many dialects and encodings come back as they were, and the shown code reads them the same."""

from __future__ import annotations

import csv
import io
import string
from pathlib import Path

import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import Table, read_table
from csvagent_jupyter.tables.inside.columns.values import EXTRA, STANDARD

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

WORDS = [
    "чай",
    "кофе",
    "Moscow",
    "São Paulo",
    "tea; green",
    "a,b",
    'say "yes"',
    "two\nlines",
    "it's",
    "NA",
    "None",
    "x\ty",
]
whole = st.integers(-(2**63), 2**63 - 1).map(str)
small = st.integers(-1000, 100_000).map(str)
point = st.decimals(-10_000, 10_000, places=2).map(str)
comma = point.map(lambda text: text.replace(".", ","))
iso = st.dates().map(lambda day: day.isoformat())
dotted = st.dates().map(lambda day: f"{day.day:02d}.{day.month:02d}.{day.year:04d}")
slashed = st.dates().map(lambda day: f"{day.month:02d}/{day.day:02d}/{day.year:04d}")
moment = st.datetimes().map(lambda at: at.replace(microsecond=0).isoformat(" "))
postcode = st.integers(0, 99_999).map(lambda number: f"{number:05d}")
digits = st.text(string.digits, min_size=17, max_size=24)
truth = st.sampled_from(["True", "False"])
word = st.sampled_from(WORDS)
letters = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)
missing = st.sampled_from(["", "NA", "N/A", "null", "-", "нет данных"])
kinds = st.sampled_from(
    [whole, small, point, comma, iso, dotted, slashed, moment, postcode, digits, truth, word, letters]
)
names = st.lists(
    st.sampled_from(["Дата", "Город", "price", "Qty", "id", "a b", "class", "name", "tag's"]),
    unique=True,
    min_size=2,
    max_size=6,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of text: a header, and columns that each hold one kind of thing, some with gaps."""
    header = draw(names)
    rows = draw(st.integers(1, 12))
    columns = []
    for _ in header:
        cell = draw(kinds)
        if draw(st.booleans()):
            cell = cell | missing
        columns.append(draw(st.lists(cell, min_size=rows, max_size=rows)))
    return [header, *map(list, zip(*columns, strict=True))]


def write(path: Path, rows: list[list[str]], encoding: str, delimiter: str, ending: str = "\n") -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def ran(table: Table) -> pd.DataFrame:
    """Run the shown code as a bare interpreter would."""
    namespace: dict[str, object] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    frame = namespace["df"]
    assert isinstance(frame, pd.DataFrame)
    return frame


def in_kernel(table: Table, path: Path) -> pd.DataFrame:
    """Do what the dedicated kernel does with the Arrow file."""
    table.write_arrow(path)
    with pa.memory_map(str(path)) as source:
        frame: pd.DataFrame = pa.ipc.open_file(source).read_all().to_pandas()
    return frame


@quick
@given(
    rows=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_the_shown_code_gives_the_kernels_frame(
    tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    path = tmp_path / "it's {a} table.csv"
    write(path, rows, encoding, delimiter)
    table = read_table(path)
    pd.testing.assert_frame_equal(ran(table), table.to_pandas())
    pd.testing.assert_frame_equal(in_kernel(table, tmp_path / "table.arrow"), table.to_pandas())


@quick
@given(
    rows=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_as_text_keeps_every_cell(tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str) -> None:
    path = tmp_path / "table.csv"
    write(path, rows, encoding, delimiter)
    table = read_table(
        path, as_text=True, encoding=encoding, delimiter=delimiter, quotechar='"', header_rows=1, skipped_rows=0
    )
    frame = table.to_pandas()
    assert [list(frame.columns), *frame.to_numpy().tolist()] == [rows[0], *rows[1:]]
    pd.testing.assert_frame_equal(ran(table), frame)


@quick
@given(rows=tables(), delimiter=st.sampled_from([";", "\t"]))
def test_no_cell_is_lost(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    """A cell is missing only if it said so; numbers are the numbers that stood there, to the last digit."""
    path = tmp_path / "table.csv"
    write(path, rows, "utf-8", delimiter)
    frame = read_table(path, delimiter=delimiter, quotechar='"', header_rows=1, skipped_rows=0).to_pandas()
    assert len(frame) == len(rows) - 1
    for name, cells in zip(frame.columns, zip(*rows[1:], strict=True), strict=True):
        for value, cell in zip(frame[name], cells, strict=True):
            if pd.isna(value):
                assert not cell.strip() or cell in STANDARD | EXTRA, (name, cell)
            elif isinstance(value, int) and not isinstance(value, bool):
                assert value == int(cell.replace(",", ""))
            elif isinstance(value, str):
                assert value == cell


scraps = st.sampled_from(
    [
        *"ab01,;\"'\n\r\t \\|.-:/€%+$\0",
        "\r\n",
        ",,",
        '""',
        "01.02.2024",
        "1,5",
        "NA",
        "\u00a0",
        "да",
        "\ufeff",
        "{",
        "<",
    ]
)


@quick
@given(text=st.lists(scraps, max_size=60).map("".join), encoding=st.sampled_from(["utf-8", "cp1251", "utf-16"]))
def test_any_text_is_read_as_shown_or_refused(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(text.encode(encoding, "replace"))
    try:
        table = read_table(path)
    except Unreadable as refusal:
        assert refusal.say("ru")
        return
    pd.testing.assert_frame_equal(ran(table), table.to_pandas())
    table.profile("ru")
