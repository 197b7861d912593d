"""The charts of the offline engine, read from the figures themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import num2date
from offline_frames import ask, people, russian, sales

S, P, R = sales(), people(), russian()
OKABE_ITO = {"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#999999"}


def hexes(colors: Any) -> set[str]:
    from matplotlib.colors import to_hex

    return {to_hex(color) for color in colors}


def heights(axes: Any) -> list[float]:
    return [bar.get_height() for bar in axes.patches]


def test_groups_are_bars_biggest_first_with_title_and_axes() -> None:
    axes = ask("revenue by product", S).axes
    assert heights(axes) == sorted(S.groupby("product")["revenue"].sum(), reverse=True)
    assert axes.get_title() == "Sum of revenue by product"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("product", "sum of revenue")
    assert hexes(bar.get_facecolor() for bar in axes.patches) <= OKABE_ITO
    assert "10,000" in [tick.get_text() for tick in axes.get_yticklabels()]


def test_long_names_lie_down() -> None:
    axes = ask("выручка по городам", R).axes
    assert axes.get_yticklabels()[0].get_text() == "Москва"
    assert axes.yaxis_inverted()
    assert "2\u202f000" in [tick.get_text() for tick in axes.get_xticklabels()]


def test_times_are_a_line_with_real_dates() -> None:
    (line,) = ask("revenue by month", S).axes.lines
    months = [num2date(x).strftime("%Y-%m") for x in np.asarray(line.axes.convert_xunits(line.get_xdata(orig=False)))]
    assert months == sorted(S["date"].dt.strftime("%Y-%m").unique())
    assert line.get_ydata().sum() == pytest.approx(S["revenue"].sum())


@pytest.mark.parametrize("question", ["revenue by product as a pie chart", "круговая диаграмма выручки по продуктам"])
def test_a_pie_shows_shares(question: str) -> None:
    axes = ask(question, S).axes
    sums = S.groupby("product")["revenue"].sum().sort_values(ascending=False)
    angles = [(wedge.theta2 - wedge.theta1) / 360 for wedge in axes.patches]
    assert angles == pytest.approx((sums / sums.sum()).tolist(), abs=1e-4)
    assert [wedge.get_label() for wedge in axes.patches] == sums.index.tolist()


@pytest.mark.parametrize("question", ["scatter plot of quantity and revenue", "диаграмма рассеяния quantity и revenue"])
def test_a_scatter_has_a_point_for_each_complete_row(question: str) -> None:
    (points,) = ask(question, S).axes.collections
    assert len(points.get_offsets()) == len(S[["quantity", "revenue"]].dropna())


@pytest.mark.parametrize("question", ["histogram of revenue", "distribution of revenue", "гистограмма выручки"])
def test_a_histogram_counts_every_value(question: str) -> None:
    assert sum(heights(ask(question, S).axes)) == S["revenue"].count()


@pytest.mark.parametrize("question", ["box plot of salary by department", "ящик с усами salary по отделам"])
def test_a_box_for_each_group(question: str) -> None:
    axes = ask(question, P).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["HR", "IT", "Sales"]


def test_two_keys_make_series_with_a_legend() -> None:
    axes = ask("revenue by month and product as a line chart", S).axes
    assert sorted(line.get_label() for line in axes.lines) == sorted(S["product"].unique())
    assert axes.get_legend().get_title().get_text() == "product"
    assert sum(line.get_ydata().sum() for line in axes.lines) == pytest.approx(S["revenue"].sum())


def test_bars_are_stacked_when_asked() -> None:
    axes = ask("stacked bar chart of revenue by product and city", S).axes
    filled = S.dropna(subset=["city"])
    tops = pd.Series([bar.get_x() for bar in axes.patches]).nunique()
    assert tops == S["product"].nunique()
    assert sum(heights(axes)) == pytest.approx(filled["revenue"].sum())


def test_many_categories_are_folded_and_told() -> None:
    frame = pd.DataFrame({"shop": [f"shop {n:02}" for n in range(30)], "revenue": range(1, 31)})
    ran = ask("bar chart of revenue by shop", frame)
    assert len(ran.axes.patches) == 13
    assert sum(heights(ran.axes)) == sum(range(1, 31))
    assert "12 largest of 30" in ran.printed
    assert len(ran.result) == 30
    averages = ask("bar chart of average revenue by shop", frame)
    assert len(averages.axes.patches) == 12 and "first 12 of 30" in averages.printed


def test_sorting_by_an_axis() -> None:
    by_name = ask("bar chart of revenue by product, x axis in descending order", S).axes
    assert [tick.get_text() for tick in by_name.get_xticklabels()] == sorted(S["product"].unique(), reverse=True)
    by_height = heights(ask("bar chart of revenue by product, y axis in ascending order", S).axes)
    assert by_height == sorted(by_height)


def test_weekdays_are_bars_and_a_long_scale_of_numbers_is_a_line() -> None:
    assert len(ask("revenue by weekday", S).axes.patches) == S["date"].dt.day_of_week.nunique()
    frame = pd.DataFrame({"age": range(18, 60), "income": range(42)})
    (line,) = ask("total income by age", frame).axes.lines
    assert line.get_ydata().tolist() == list(range(42))


def test_small_slices_have_no_percentage_to_run_into_the_next() -> None:
    frame = pd.DataFrame({"shop": list("abc"), "revenue": [90, 9, 1]})
    texts = [text.get_text() for text in ask("pie chart of revenue by shop", frame).axes.texts]
    assert [text for text in texts if text.endswith("%")] == ["90.0%", "9.0%"]


def test_one_question_draws_at_most_one_chart() -> None:
    for question in (
        "revenue by city",
        "revenue over time",
        "how many rows",
        "describe revenue",
        "which city has most revenue",
    ):
        assert len(ask(question, S).figures) <= 1


def test_a_number_alone_has_no_chart() -> None:
    assert not ask("total revenue", S).figures
    assert not ask("сколько строк", S).figures
