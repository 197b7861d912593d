"""What columns of every sort are taken for, and that we and the shown pandas code read them exactly."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvagent_jupyter.messages import Kind
from csvagent_jupyter.tables.inside.columns.plans import ColumnPlan
from csvagent_jupyter.tables.inside.columns.schema import typed_table
from csvagent_jupyter.tables.inside.columns.typed import by_words, convert, converted_columns, noted, widen
from csvagent_jupyter.tables.inside.columns.values import plan_columns, settle_words
from csvagent_jupyter.tables.inside.conversion import corrected, recipe_for

quick = settings(max_examples=80, deadline=None, derandomize=True)


def planned(cells: list[str], **options: Any) -> ColumnPlan:
    """Plan one column called ``v``; an empty cell stands for a missing one."""
    return plan_columns({"v": pa.array(cells)}, **options)[0]


def read(cells: list[str], **options: Any) -> list[Any]:
    """Return the cells as they are converted."""
    plan = planned(cells, **options)
    done = convert(plan, pa.array(cells))
    assert done.unfit == 0
    values: list[Any] = done.array.to_pylist()
    return values


def frames(columns: dict[str, list[str]], **options: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table as we convert it, and as the shown code reads the same text."""
    texts = {name: pa.array(cells, pa.large_string()) for name, cells in columns.items()}
    plans, arrays = converted_columns(settle_words(plan_columns(texts, **options)), list(texts.values()))
    ours: pd.DataFrame = typed_table(plans, arrays).to_pandas()
    data = io.BytesIO()
    pd.DataFrame(columns).to_csv(data, sep="\x1f", index=False, escapechar="\\", quoting=0)
    structural = {"sep": "\x1f", "escapechar": "\\", "skip_blank_lines": False}
    assert not any(plan.needs_reader for plan in plans)
    theirs = recipe_for("", structural, plans).frame(data.getvalue())
    better = corrected(plans, theirs)
    if better != plans:
        theirs = recipe_for("", structural, better).frame(data.getvalue())
    return ours, theirs


def agree(columns: dict[str, list[str]], **options: Any) -> pd.DataFrame:
    ours, theirs = frames(columns, **options)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-14, atol=0)
    return ours


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "+3"], [1, -2, 3]),
        (["1.5", "2.", ".25"], [1.5, 2.0, 0.25]),
        (["1,5", "22,75"], [1.5, 22.75]),
        (["1 234,5", "12"], [1234.5, 12.0]),
        (["1\u00a0234", "5\u202f678", "9\u2009012 345"], [1234, 5678, 9012345]),
        (["1.234.567,8", "1.000,25"], [1234567.8, 1000.25]),
        (["1'234", "12’345’678"], [1234, 12345678]),
        (["12,34,567", "1,00,000"], [1234567, 100000]),
        (["$1,200.50", "-$3", "$-4"], [1200.5, -3.0, -4.0]),
        (["1 250,00 ₽", "15,75 ₽"], [1250.0, 15.75]),
        (["1 250,00 руб.", "15,75 руб"], [1250.0, 15.75]),
        (["EUR 5.25", "17.5 EUR"], [5.25, 17.5]),
        (["kr 5,25", "17,5 kr"], [5.25, 17.5]),
        (["3,50 zł", "4 zł"], [3.5, 4.0]),
        (["5%", "7.5 %"], [5.0, 7.5]),
        (["(1,234.50)", "15.00"], [-1234.5, 15.0]),
        (["($1,234)", "$5,000,000"], [-1234, 5000000]),
        (["5-", "3", "17.25-"], [-5.0, 3.0, -17.25]),
        (["\u22125", "\u22127,5"], [-5.0, -7.5]),
        (["1e3", "2.5E-1"], [1000.0, 0.25]),
        (["1.5K", "2M", "12"], [1500.0, 2e6, 12.0]),
        (["$1.5M", "$2.25M"], [1.5e6, 2.25e6]),
        (["1,5 млн", "300 тыс."], [1.5e6, 3e5]),
        (["inf", "1.5", "-Infinity"], [float("inf"), 1.5, float("-inf")]),
        (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)]),
    ],
)
def test_numbers_as_people_write_them(cells: list[str], expected: list[float]) -> None:
    assert read([*cells, ""], delimiter="\t") == [*expected, None]
    agree({"v": cells, "w": ["a"] * len(cells)})
    agree({"v": [*cells, "", "-", "NA"], "w": ["a"] * (len(cells) + 3)})


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["007", "123"], "leading_zeros"),
        (["0123456789", "7712345678"], "leading_zeros"),
        (["12345678901234567890", "1"], "long_digits"),
        (["+79161234567", "+79161234568"], "phone"),
        (["$5", "7 €"], ""),
        (["5M", "10M"], ""),
        (["1.2.3", "4.5.6"], ""),
        (["12,34", "1,2,3"], ""),
        (["0x1F", "0x2A"], ""),
        (["1_000", "2_000"], ""),
        (["٣", "٤"], ""),
        (["(5", "6)"], ""),
        (["--5", "+-6"], ""),
        (["2024-Q1", "2024-Q2"], ""),
        (["123-456-789 01", "000-000-000 02"], ""),
    ],
)
def test_what_only_looks_like_numbers_stays_text(cells: list[str], why: str) -> None:
    plan = planned(cells, delimiter="\t")
    assert plan.kind == "text"
    assert plan.why_text == why
    assert read(cells) == cells
    agree({"v": cells, "w": ["a"] * len(cells)})


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["да", "Нет", "ДА"], [True, False, True]),
        (["истина", "ложь"], [True, False]),
        (["д", "н"], [True, False]),
        (["вкл", "выкл"], [True, False]),
        (["yes", "No"], [True, False]),
        (["Y", "n"], [True, False]),
        (["t", "F"], [True, False]),
        (["TRUE", "false", "True"], [True, False, True]),
        (["True"], [True]),
    ],
)
def test_truth_values(cells: list[str], expected: list[bool]) -> None:
    assert read([*cells, ""]) == [*expected, None]
    agree({"v": cells, "w": ["a"] * len(cells)})
    assert str(agree({"v": [*cells, "", "NA"], "w": ["a"] * (len(cells) + 2)})["v"].dtype) == "boolean"


@pytest.mark.parametrize(
    "cells", [["1", "0"], ["yes", "yes"], ["y", "x"], ["да", "нет", "может быть"], ["no", "false"]]
)
def test_what_is_no_truth_value(cells: list[str]) -> None:
    assert planned(cells).kind in {"integer", "text"}
    agree({"v": cells, "w": ["a"] * len(cells)})


def test_missing_words_among_numbers_are_missing_and_among_words_words() -> None:
    words = ["н/д", "нет данных", "#ЗНАЧ!", "–", "N/A", "n.a.", "", "  "]
    plan = planned(["1", "2", *words])
    assert plan.kind == "integer"
    assert plan.missing == {*words, "  "} - {""}
    assert plan.missing_count == len(words)
    assert read(["1", "2", *words]) == [1, 2, *[None] * len(words)]
    assert read(["a", "–", "N/A", "NA", "None"]) == ["a", "–", None, "NA", "None"]


def test_words_that_are_stated_as_missing_add_to_the_usual_ones() -> None:
    assert read(["1", "k.A.", "NA", "3"], missing=("k.A.",)) == [1, None, None, 3]
    assert read(["5", "-999", "7", "n/a", "-999"], missing=("-999",)) == [5, None, 7, None, None]
    assert planned(["5", "-999", "7", "-999"], missing=("-999",)).sentinel == ("", 0)
    assert read(["да", "нет", "нет данных"], missing=("нет",)) == ["да", None, "нет данных"]
    assert read(["a", "k.A.", "N/A", "NA"], missing=("k.A.",)) == ["a", None, None, "NA"]
    frame = agree({"v": ["1", "k.A.", "-", "NA"], "w": ["NA", "b", "k.A.", "null"]}, missing=("k.A.",))
    assert frame["v"].count() == 1
    assert frame["w"].count() == 1


def test_a_column_that_is_stated_to_be_text_keeps_every_cell_that_is_not_empty() -> None:
    cells = ["NA", "None", "n/a", "null", "-", "007", " x ", ""]
    assert read(cells, types={"v": "text"}) == [*cells[:-1], None]
    assert read(["NA", "?", "x"], types={"v": "text"}, missing=("?",)) == ["NA", None, "x"]
    frame = agree({"v": cells, "w": ["1", "NA", "3", "", "null", "6", "7", "8"]}, types={"v": "text"})
    assert frame["w"].count() == 5


def test_a_number_that_may_stand_for_missing_is_noted_and_stays() -> None:
    plan = planned(["5", "-999", "7", "-999"])
    assert plan.sentinel == ("-999", 2)
    assert read(["5", "-999", "7", "-999"]) == [5, -999, 7, -999]
    assert planned(["-5", "-999", "-999"]).sentinel == ("", 0)


def test_a_column_that_is_nearly_all_numbers_stays_text_and_says_which_cells_do_not_fit() -> None:
    cells = [str(n) for n in range(98)]
    cells.insert(16, "abc")
    cells.append("2,x")
    plan = planned(cells)
    assert plan.kind == "text"
    assert plan.misfits is not None
    assert (plan.misfits.kind, plan.misfits.count, plan.misfits.examples) == ("integer", 2, ((17, "abc"), (100, "2,x")))
    assert round(plan.misfits.percent) == 98
    dated = planned(["01.02.2024"] * 9 + ["soon"]).misfits
    assert dated is not None
    assert (dated.kind, dated.examples) == ("date", ((10, "soon"),))
    assert planned(["a", "b", "1", "2"]).misfits is None


def test_an_order_of_day_and_month_that_was_guessed_stays_when_other_cells_come() -> None:
    for delimiter, first in ((",", "%m"), (";", "%d")):
        plan = plan_columns({"v": pa.array(["03/04/2024", "05/04/2024"])}, delimiter=delimiter)[0]
        assert (plan.formats[0][:2], plan.ambiguous) == (first, True)
        wider = widen(plan, ["03/04/2024 10:00"])
        assert ([form[:2] for form in wider.formats], wider.ambiguous) == ([first, first], True)
    decided = widen(plan, ["04/25/2024"])
    assert (decided.formats, decided.because) == (("%m/%d/%Y",), "04/25/2024")


def test_a_thousand_or_a_decimal_is_decided_by_what_else_is_there() -> None:
    open_ = plan_columns({"v": pa.array(["1,234", "5,678"])}, delimiter="\t")[0]
    assert (open_.kind, open_.ambiguous, open_.either) == ("integer", True, "1,234")
    beside = {"v": pa.array(["1,234", "5,678"]), "w": pa.array(["2,5", "3,75"])}
    plan = plan_columns(beside, delimiter="\t")[0]
    assert (plan.kind, plan.because_column, plan.ambiguous) == ("number", "w", False)
    pointed = {"v": pa.array(["1.234", "5.678"]), "w": pa.array(["2,5", "3,75"])}
    plan = plan_columns(pointed, delimiter=";")[0]
    assert (plan.kind, plan.style.thousands, plan.ambiguous) == ("integer", ".", True)
    assert plan_columns({"v": pa.array(["1.234", "5.678"])}, delimiter=";")[0].ambiguous
    assert not plan_columns({"v": pa.array(["1.234", "5.6"])}, delimiter=";")[0].ambiguous
    assert read(["1,234", "5,678"], decimal=",") == [1.234, 5.678]
    assert read(["1.234", "5.678"], thousands=".") == [1234, 5678]


@pytest.mark.parametrize(
    ("kind", "cells", "expected", "unfit"),
    [
        ("text", ["007", "1.50"], ["007", "1.50"], 0),
        ("integer", ["007", "12", "x"], [7, 12, None], 1),
        ("integer", ["1", "2.5", "99999999999999999999"], [1, None, None], 2),
        ("number", ["1,5", "abc", "", "2"], [1.5, None, None, 2.0], 1),
        ("boolean", ["да", "нет", "не знаю"], [True, False, None], 1),
        ("number", ["a", "b"], [None, None], 2),
    ],
)
def test_a_stated_type_counts_what_does_not_fit(kind: Kind, cells: list[str], expected: list[Any], unfit: int) -> None:
    plan = planned(cells, types={"v": kind})
    done = convert(plan, pa.array(cells))
    assert plan.stated
    assert (done.array.to_pylist(), done.unfit) == (expected, unfit)
    assert noted(plan, [done]).unfit == unfit


@pytest.mark.parametrize(
    ("first", "later", "kind"),
    [
        (["1", "2"], ["3", "4.5"], "number"),
        (["1", "2"], ["3", "1 234"], "integer"),
        (["1", "2"], ["3", "x"], "text"),
        (["1", "2"], ["007"], "text"),
        (["1.5", "2"], ["$3.25"], "number"),
        (["2024-01-05"], ["05.01.2024"], "date"),
        (["2024-01-05"], ["2024-01-05 10:00:00"], "datetime"),
        (["03/04/2024"], ["25/04/2024"], "date"),
        (["true", "false"], ["maybe"], "text"),
        ([""], ["5"], "integer"),
        (["1"], ["9223372036854775808"], "text"),
        (["1", "2"], ["0x10"], "text"),
    ],
)
def test_a_plan_made_on_a_part_is_widened_by_what_does_not_fit(first: list[str], later: list[str], kind: str) -> None:
    plans, arrays = converted_columns([planned(first)], [pa.array([*first, *later])])
    assert plans[0].kind == kind
    whole = planned([*first, *later])
    assert whole.kind == kind
    assert arrays[0].to_pylist() == convert(whole, pa.array([*first, *later])).array.to_pylist()


def test_widening_tells_what_did_not_fit_and_ends() -> None:
    plan = widen(planned([str(n) for n in range(50)]), ["x"], unfit=1, cells=1000, rows=[730])
    assert plan.misfits is not None
    assert (plan.kind, plan.misfits.examples, round(plan.misfits.percent, 1)) == ("text", ((730, "x"),), 99.9)
    assert widen(plan, ["anything"]).kind == "text"


numbers = st.decimals(-(10**9), 10**9, places=3)
marks = st.sampled_from(["", "$", "€", "%", " ₽", " руб.", "USD "])


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[list[Decimal], list[str], str]:
    """Numbers, the texts of them in one style, and the decimal sign."""
    values = draw(st.lists(numbers, min_size=1, max_size=8))
    decimal = draw(st.sampled_from([".", ","]))
    thousands = draw(st.sampled_from(["", " ", "\u00a0", "'", "," if decimal == "." else "."]))
    minus = draw(st.sampled_from(["-", "\u2212", "after", "()"]))
    mark = draw(marks)
    before = draw(st.booleans())
    texts = []
    for value in values:
        body = f"{abs(value):,.3f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
        body = (mark.strip() + body if before else body + mark) if mark else body
        if value.is_signed() and value:
            body = f"({body})" if minus == "()" else body + "-" if minus == "after" else minus + body
        texts.append(body)
    return values, texts, decimal


@quick
@given(written=written_numbers())
def test_numbers_in_any_style_come_back(written: tuple[list[Decimal], list[str], str]) -> None:
    values, texts, decimal = written
    plan = planned(texts, decimal=decimal)
    assert plan.kind == "number", (plan, texts)
    assert convert(plan, pa.array(texts)).array.to_pylist() == [float(value) for value in values]
    agree({"v": texts, "w": ["a"] * len(texts)}, decimal=decimal)


anything = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.text("0123456789.,-+ eE%$()'\u00a0", max_size=8),
    st.sampled_from(["NA", "", "-", "true", "yes", "no", "01", "1e5", " 5 ", "nan", "inf", "x", "\t"]),
)


@quick
@given(cells=st.lists(anything, min_size=1, max_size=10), part=st.integers(0, 10))
def test_no_cell_is_lost_whatever_it_is(cells: list[str], part: int) -> None:
    """A cell becomes a value or is missing by a word for it, on the whole column and on a plan made from its start."""
    texts = pa.array(cells)
    plans, arrays = converted_columns([planned(cells[:part])], [texts])
    whole = convert(planned(cells), texts)
    assert whole.unfit == 0
    for plan, values in ((plans[0], arrays[0]), (planned(cells), whole.array)):
        for cell, value in zip(cells, values.to_pylist(), strict=True):
            if value is None:
                assert not cell.strip() or cell.strip() in plan.missing or cell in plan.missing
            elif isinstance(value, str):
                assert value == cell


STYLES = [
    ["1", "2"], ["1.5", "2"], ["1,5", "2,25"], ["1,234.5", "2"], ["1 234", "5"], ["1.234,5", "6"], ["1'234", "7.5"],
    ["2024-03-05", "2024-03-06"], ["05.03.2024", "6.3.2024"], ["2024-03-05 10:00:00", "2024-03-06 11:00:00"],
    ["5 Mar 2024"], ["05.03.2024 10:00"], ["2024-03-05T10:00:00Z"], ["true", "false"],
]  # fmt: skip
alike = st.one_of(
    st.text("0123456789.,-+eE '\u00a0\u202f", max_size=9),
    st.text("0123456789.,", min_size=4, max_size=12),
    st.dates().map(str),
    st.datetimes().map(str),
    st.sampled_from(["NA", "", " ", "-", "0x1", "1_0", "٣", "inf", "nan", "True", "05.03.2024"]),
    st.sampled_from(["1e400", "9" * 19, "0" * 30, "-0", "-007", "00", "1-2", "1.2.3", "12,34", "1,2345"]),
)


@quick
@given(style=st.sampled_from(STYLES), cells=st.lists(alike, min_size=1, max_size=12), wide=st.booleans())
def test_reading_all_cells_at_once_is_the_same_as_word_by_word(style: list[str], cells: list[str], wide: bool) -> None:
    plan = planned(style, delimiter=";")
    texts = pa.array(["", *cells, "", None], pa.large_string() if wide else pa.string())[1:]
    at_once = convert(plan, texts)
    for number, cell in enumerate([*cells, "", None]):
        alone = by_words(plan, pa.array([cell], texts.type), None)
        assert alone.array.type == at_once.array.type
        assert str(alone.array[0]) == str(at_once.array[number]), (plan, cell)
    assert at_once.unfit == sum(by_words(plan, pa.array([cell]), None).unfit for cell in cells)
    assert at_once.unfit + at_once.missing_count == at_once.array.null_count


@pytest.mark.parametrize("start", ["1", "-", "$", "(", "$ (", "1.", "05.03.2024", "5 Mar"])
@pytest.mark.parametrize("middle", [" ", "1", ".", ",", " 1", "'", "-", "e"])
def test_a_cell_made_to_keep_us_busy_does_not(start: str, middle: str) -> None:
    """Patterns that try every way to divide a run of spaces would take days for this."""
    cells = ["$5", "(1,234)", start + middle * 100_000 + "x", start + middle * 35 + "x"]
    plan = planned(cells)
    assert convert(plan, pa.array(cells)).unfit == 0
    digits = ["1", "9" * 100_000]
    assert planned(digits).why_text == "long_digits"
    assert convert(planned(digits, types={"v": "integer"}), pa.array(digits)).unfit == 1
    assert convert(planned(["$5 K", "-$1.5 M", "(3) "]), pa.array(cells)).array.type == pa.float64()
