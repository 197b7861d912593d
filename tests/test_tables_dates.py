"""Dates as people write them, and what decides between day and month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvagent_jupyter.tables.inside.columns.moments import read_moments
from csvagent_jupyter.tables.inside.columns.plans import ColumnPlan
from csvagent_jupyter.tables.inside.columns.typed import convert, converted_columns
from csvagent_jupyter.tables.inside.columns.values import plan_columns
from csvagent_jupyter.tables.recipe import ToDatetime

quick = settings(max_examples=100, deadline=None, derandomize=True)


def planned(cells: list[str], name: str = "v", **options: Any) -> ColumnPlan:
    return plan_columns({name: pa.array(cells)}, **options)[0]


def read(cells: list[str], name: str = "v", **options: Any) -> list[Any]:
    """Return the cells as they are converted; what pandas reads by the same plan is the same."""
    plan = planned(cells, name, **options)
    done = convert(plan, pa.array(cells))
    assert plan.formats, plan
    assert done.unfit == 0
    if not plan.needs_reader:
        frame = pd.DataFrame({name: pd.Series([cell or None for cell in cells], dtype="str")})
        ToDatetime((name,), plan.formats, plan.utc, plan.padded).apply(frame)
        pd.testing.assert_series_equal(frame[name], pa.table({name: done.array}).to_pandas()[name])
    values: list[Any] = done.array.cast(pa.timestamp("us", done.array.type.tz)).to_pylist()
    return values


@pytest.mark.parametrize(
    ("cells", "expected", "kind"),
    [
        (["2024-03-05", "2023-12-31"], datetime(2024, 3, 5), "date"),
        (["05.03.2024", "31.12.2023"], datetime(2024, 3, 5), "date"),
        (["5.3.2024", "31.12.2023"], datetime(2024, 3, 5), "date"),
        (["05/03/2024", "31/12/2023"], datetime(2024, 3, 5), "date"),
        (["03/05/2024", "12/31/2023"], datetime(2024, 3, 5), "date"),
        (["05-03-2024", "31-12-2023"], datetime(2024, 3, 5), "date"),
        (["2024/03/05", "2023/12/31"], datetime(2024, 3, 5), "date"),
        (["2024.03.05", "2023.12.31"], datetime(2024, 3, 5), "date"),
        (["2024-3-5", "2023-12-31"], datetime(2024, 3, 5), "date"),
        (["05.03.24", "31.12.69"], datetime(2024, 3, 5), "date"),
        (["85/03/05", "99/12/31"], datetime(1985, 3, 5), "date"),
        (["2024-03", "2023-12"], datetime(2024, 3, 1), "date"),
        (["5 марта 2024", "31 декабря 2023"], datetime(2024, 3, 5), "date"),
        (["5 марта 2024 г.", "1 мая 2023 г."], datetime(2024, 3, 5), "date"),
        (["5 мар 2024", "31 дек 2023"], datetime(2024, 3, 5), "date"),
        (["Март 2024", "Май 2023"], datetime(2024, 3, 1), "date"),
        (["Mar 5, 2024", "Dec 31, 2023"], datetime(2024, 3, 5), "date"),
        (["March 5, 2024", "May 31, 2023"], datetime(2024, 3, 5), "date"),
        (["5 March 2024", "31 May 2023"], datetime(2024, 3, 5), "date"),
        (["5-Mar-24", "31-Dec-23"], datetime(2024, 3, 5), "date"),
        (["05MAR2024", "31DEC2023"], datetime(2024, 3, 5), "date"),
        (["Mar 2024", "Dec 2023"], datetime(2024, 3, 1), "date"),
        (["5 Sept. 2024", "1 Mar. 2024"], datetime(2024, 9, 5), "date"),
        (["2024-03-05 10:15:00", "2023-12-31 00:00:00"], datetime(2024, 3, 5, 10, 15), "datetime"),
        (["2024-03-05T10:15", "2023-12-31T00:00"], datetime(2024, 3, 5, 10, 15), "datetime"),
        (["2024-03-05 10:15:00.123", "2023-12-31 00:00:00"], datetime(2024, 3, 5, 10, 15, 0, 123_000), "datetime"),
        (["2024-03-05 10:15:00,123", "2023-12-31 00:00:00,5"], datetime(2024, 3, 5, 10, 15, 0, 123_000), "datetime"),
        (["05.03.2024 9:05", "31.12.2023 10:00"], datetime(2024, 3, 5, 9, 5), "datetime"),
        (["05.03.2024, 09:05:07", "31.12.2023, 10:00:00"], datetime(2024, 3, 5, 9, 5, 7), "datetime"),
        (["3/5/2024 9:05 AM", "12/31/2023 12:30 PM"], datetime(2024, 3, 5, 9, 5), "datetime"),
        (["3/5/2024 12:05:00AM", "12/31/2023 12:30:00PM"], datetime(2024, 3, 5, 0, 5), "datetime"),
        (["2024-03-05T10:15:00Z", "2023-12-31T00:00:00Z"], datetime(2024, 3, 5, 10, 15, tzinfo=UTC), "datetime"),
        (["2024-03-05 10:15:00+03:00", "2023-12-31 00:00:00Z"], datetime(2024, 3, 5, 7, 15, tzinfo=UTC), "datetime"),
        (["05.03.2024 10:15 +0300", "31.12.2023 00:00 +0000"], datetime(2024, 3, 5, 7, 15, tzinfo=UTC), "datetime"),
        (["2024-03-05 10:15:00 UTC", "2023-12-31 00:00:00 UTC"], datetime(2024, 3, 5, 10, 15, tzinfo=UTC), "datetime"),
        (["Tue, 05 Mar 2024 10:15:00 +0300"], datetime(2024, 3, 5, 7, 15, tzinfo=UTC), "datetime"),
        (["1500-03-05", "9999-12-31"], datetime(1500, 3, 5), "date"),
        (["05.03.0001", "31.12.9999"], datetime(1, 3, 5), "date"),
    ],
)
def test_dates_as_people_write_them(cells: list[str], expected: datetime, kind: str) -> None:
    assert planned(cells).kind == kind
    assert read([*cells, ""])[0] == expected


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-02-30", "2024-01-01"],
        ["31.04.2024", "01.01.2024"],
        ["29.02.2023", "01.01.2023"],
        ["2024-13-01", "2024-01-01"],
        ["2024-03-05 25:00", "2024-03-05 10:00"],
        ["1.5", "2.7"],
        ["20240305", "20240306"],
        ["10.0.0.1", "10.0.0.2"],
        ["2024-Q1", "2024-Q2"],
        ["5 Foo 2024", "6 Foo 2024"],
        ["03/2024", "04/2024"],
        ["45356", "45357"],
        ["1-2-3", "4-5-6"],
        ["%d.01.2024", "%Y"],
        ["٠٥.٠٣.2024"],
    ],
)
def test_what_is_no_date(cells: list[str]) -> None:
    assert not planned(cells).formats


def test_digits_alone_are_a_date_only_where_the_name_says_so() -> None:
    assert read(["20240305", "20231231"], "date")[0] == datetime(2024, 3, 5)
    assert read(["20240305101500", "20231231000000"], "Дата")[0] == datetime(2024, 3, 5, 10, 15)
    assert planned(["20240305"], "n").kind == "integer"
    assert planned(["20241305"], "date").kind == "integer"


def test_which_of_day_and_month_is_first_is_decided_on_all_cells() -> None:
    many = [f"{day:02d}/04/2024" for day in range(1, 13)] * 50
    plan = planned([*many, "25/04/2024"])
    assert plan.formats == ("%d/%m/%Y",)
    assert (plan.either, plan.because, plan.ambiguous) == ("01/04/2024", "25/04/2024", False)
    plan = planned([*many, "04/25/2024"])
    assert plan.formats == ("%m/%d/%Y",)
    assert plan.because == "04/25/2024"
    assert planned(many).ambiguous
    assert planned(many, dayfirst=True).formats == ("%d/%m/%Y",)
    assert not planned(many, dayfirst=True).ambiguous
    assert not planned(["01.04.2024", "02.04.2024"]).ambiguous
    assert planned(["01.25.2024", "02.04.2024"]).because == "01.25.2024"


def test_what_one_format_leaves_open_another_column_or_format_decides() -> None:
    columns = {"a": pa.array(["03/04/2024"]), "b": pa.array(["25/04/2024 10:00"])}
    plan = plan_columns(columns)[0]
    assert (plan.formats, plan.because_column) == (("%d/%m/%Y",), "b")
    plan = planned(["03/04/2024", "25/04/2024 10:00"])
    assert set(plan.formats) == {"%d/%m/%Y", "%d/%m/%Y %H:%M"}
    assert plan.because == "25/04/2024 10:00"


def test_several_formats_in_one_column_where_each_cell_is_clear() -> None:
    cells = ["2024-03-05", "05.03.2024", "5 Mar 2024"]
    assert read(cells) == [datetime(2024, 3, 5)] * 3
    assert read(["13/01/2024", "12/25/2024"]) == [datetime(2024, 1, 13), datetime(2024, 12, 25)]
    unclear = planned(["13/01/2024", "12/25/2024", "03/04/2024"] * 3)
    assert unclear.kind == "text"
    mostly = planned([f"{day}/01/2024" for day in range(1, 31)] + ["12/25/2024"])
    assert mostly.kind == "text"
    assert mostly.misfits is not None
    assert mostly.misfits.examples == ((31, "12/25/2024"),)


def test_fractions_and_zones_that_a_block_brings_later_widen_the_plan() -> None:
    start = planned(["2024-03-05 10:00:00"])
    for late, kind in (
        ("2024-03-05 10:00:00.123456789", pa.timestamp("ns")),
        ("2024-03-05 10:00:00+03:00", pa.timestamp("us", "UTC")),
    ):
        plans, arrays = converted_columns([start], [pa.array(["2024-03-05 10:00:00", late])])
        assert arrays[0].type == kind
        assert arrays[0].null_count == 0
        assert plans[0].kind == "datetime"


def test_times_alone_stay_text() -> None:
    plan = planned(["9:05 AM", "10:00 PM"])
    assert (plan.kind, plan.formats) == ("time", ())
    assert planned(["10:00:00.5", "23:59"]).kind == "time"
    assert planned(["25:00"]).kind == "text"


formats = st.sampled_from(
    [
        *("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %B %Y", "%b %d, %Y", "%d-%b-%Y"),
        *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y, %H:%M:%S"),
        *("%Y-%m-%d %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S.%f", "%a, %d %b %Y %H:%M:%S"),
    ]
)
moments = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31))


@quick
@given(values=st.lists(moments, min_size=1, max_size=8), form=formats)
def test_dates_in_any_format_come_back(values: list[datetime], form: str) -> None:
    cells = [value.strftime(form) for value in values]
    expected = [datetime.strptime(cell, form) for cell in cells]
    dayfirst = form.find("%d") < form.find("%m") if "%m" in form and not form.startswith("%Y") else None
    plan = planned(cells, dayfirst=dayfirst)
    if plan.kind == "text":  # both orders occur where each can only be one, and some cell leaves it open
        assert plan.misfits is not None
        return
    done = convert(plan, pa.array(cells))
    assert done.unfit == 0
    assert done.array.to_pylist() == expected


@quick
@given(values=st.lists(moments, min_size=1, max_size=6), hours=st.integers(-12, 14), half=st.booleans())
def test_zones_are_taken_into_account(values: list[datetime], hours: int, half: bool) -> None:
    zone = timezone(timedelta(hours=hours, minutes=30 if half else 0))
    inside = [value.replace(tzinfo=zone) for value in values if datetime(1000, 2, 1) < value < datetime(9999, 12, 1)]
    if inside:
        assert read([value.isoformat() for value in inside]) == [value.astimezone(UTC) for value in inside]


@quick
@given(texts=st.lists(st.text("0123456789-. :T", min_size=8, max_size=12), min_size=1, max_size=20))
def test_a_date_is_read_only_if_python_reads_it_too(texts: list[str]) -> None:
    found = read_moments(pa.array(texts), "%d.%m.%Y")
    for text, tick, fits in zip(texts, found.ticks.tolist(), found.read.tolist(), strict=True):
        try:
            known = datetime.strptime(text, "%d.%m.%Y")
        except ValueError:
            assert not fits, text
            continue
        assert not fits or tick == (known.date() - date(1970, 1, 1)).days * 86_400_000_000
        assert fits or " " in text
