"""Everyday questions that read two ways: the reading is the right one, or the engine asks back or declines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from offline_frames import ask, make_prompt, reply

from csvagent_jupyter.exceptions import Ambiguous, Declined


def weather() -> pd.DataFrame:
    """Sixty days in two cities; some rows have no rain measured, many have none fallen."""
    rng = np.random.default_rng(3)
    days = pd.date_range("2023-01-01", periods=60, freq="11D").repeat(2)
    frame = pd.DataFrame({"date": days, "city": ["Oslo", "Rome"] * 60, "temp_min": rng.normal(5, 6, 120).round(1)})
    frame["temp_max"] = (frame["temp_min"] + rng.uniform(2, 12, 120)).round(1)
    frame["rain_mm"] = np.where(rng.random(120) < 0.5, 0, rng.uniform(0.1, 20, 120)).round(1)
    frame.loc[[4, 9], "rain_mm"] = None
    return frame


def shop() -> pd.DataFrame:
    """Totals by month and year with names that are also words of operations."""
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "year": rng.choice([2022, 2023], 80),
            "month": rng.integers(1, 13, 80),
            "shop": rng.choice(["Main", "North", "South"], 80),
            "total": rng.integers(10, 500, 80),
            "units": rng.integers(1, 9, 80),
            "mean_price": rng.uniform(1, 90, 80).round(2),
            "discount": rng.choice([0.0, 0.05, 0.15, 0.2], 80),
            "status": rng.choice(["open", "closed"], 80),
        }
    )


W, T = weather(), shop()
SPRING = W["date"].dt.month.isin([3, 4, 5])

NUMBERS: list[tuple[pd.DataFrame, str, float]] = [
    (W, "max of temp_max", W["temp_max"].max()),
    (W, "min of temp_min", W["temp_min"].min()),
    (W, "max temperature", W["temp_max"].max()),
    (W, "how many days", W["date"].nunique()),
    (W, "how many days was temp_max above 15", W.loc[W["temp_max"] > 15, "date"].nunique()),
    (W, "сколько дней в Oslo", W.loc[W["city"] == "Oslo", "date"].nunique()),
    (W, "total rain from March to May", W.loc[SPRING, "rain_mm"].sum()),
    (W, "total rain from March to May 2024", W.loc[SPRING & (W["date"].dt.year == 2024), "rain_mm"].sum()),
    (
        W,
        "total rain between November and February 2024",
        W.loc[W["date"].between("2023-11-01", "2024-02-29"), "rain_mm"].sum(),
    ),
    (W, "total rain in March and May", W.loc[W["date"].dt.month.isin([3, 5]), "rain_mm"].sum()),
    (W, "сумма rain_mm с марта по май 2024", W.loc[SPRING & (W["date"].dt.year == 2024), "rain_mm"].sum()),
    (T, "mean of mean_price", T["mean_price"].mean()),
    (T, "mean price in 2023", T.loc[T["year"] == 2023, "mean_price"].mean()),
    (T, "total for year 2023", T.loc[T["year"] == 2023, "total"].sum()),
    (T, "how many rows with discount over 10%", (T["discount"] > 0.1).sum()),
    (T, "how many rows have no discount", (T["discount"] == 0).sum()),
    (T, "how many open shops", T.loc[T["status"] == "open", "shop"].nunique()),
]


@pytest.mark.parametrize(("frame", "question", "expected"), NUMBERS, ids=[q for _, q, _ in NUMBERS])
def test_one_number(frame: pd.DataFrame, question: str, expected: float) -> None:
    if question == "max temperature":
        frame = frame.drop(columns="temp_min")
    assert float(ask(question, frame).result) == pytest.approx(float(expected))


GROUPS: list[tuple[pd.DataFrame, str, pd.Series]] = [
    (W, "max temp_max by city", W.groupby("city")["temp_max"].max()),
    (W, "minimum temp_min by city", W.groupby("city")["temp_min"].min()),
    (W, "max temperature by city", W.groupby("city")["temp_max"].max()),
    (T, "mean price by shop", T.groupby("shop")["mean_price"].mean()),
    (T, "which month has the highest total", T.groupby("month")["total"].sum().nlargest(1)),
    (W, "hottest city", W.groupby("city")["temp_max"].max().nlargest(1)),
    (W, "самый холодный день", W.groupby("date")["temp_min"].min().nsmallest(1)),
]


@pytest.mark.parametrize(("frame", "question", "expected"), GROUPS, ids=[q for _, q, _ in GROUPS])
def test_one_number_per_group(frame: pd.DataFrame, question: str, expected: pd.Series) -> None:
    frame = frame.drop(columns="temp_min") if question == "max temperature by city" else frame
    result = ask(question, frame).result
    assert dict(zip(result.iloc[:, 0], result.iloc[:, 1], strict=True)) == pytest.approx(expected.to_dict())


@pytest.mark.parametrize(
    ("frame", "question"),
    [
        (W, "when was temp_max the highest"),
        (W, "когда была самая высокая temp_max"),
        (W, "where is temp_max the highest"),
        (W, "first date"),
        (W, "is temp_max increasing"),
        (W, "percentage of days with rain_mm over 5"),
        (T, "total year over year"),
        (T, "total per unit"),
        (T, "total of Main and table"),
    ],
)
def test_what_asks_for_something_else_is_declined(frame: pd.DataFrame, question: str) -> None:
    with pytest.raises(Declined):
        reply(make_prompt(question, frame))


@pytest.mark.parametrize(
    ("frame", "question", "expected"),
    [
        (W, "how many days without rain", [W.loc[W["rain_mm"] == 0, "date"].nunique(), 2]),
        (
            T,
            "shops with total over 1000",
            [[s for s, v in T.groupby("shop")["total"].sum().nlargest(3).items() if v > 1000]],
        ),
        (
            W.assign(cold=1),
            "which city has the most rain",
            [
                [W.groupby("city")["rain_mm"].sum().idxmax()],
                [W.groupby("city")["rain_mm"].mean().idxmax()],
            ],
        ),
    ],
)
def test_readings_that_differ_are_asked_back_as_questions_with_answers(
    frame: pd.DataFrame, question: str, expected: list[Any]
) -> None:
    with pytest.raises(Ambiguous) as caught:
        reply(make_prompt(question, frame))
    results = [ask(one, frame).result for one in caught.value.suggestions]
    assert [r.iloc[:, 0].tolist() if isinstance(r, pd.DataFrame) else r for r in results] == expected


def test_what_was_sold_may_be_rows_or_pieces() -> None:
    frame = pd.DataFrame({"товар": ["чай", "чай", "кофе"], "количество": [2, 5, 1], "выручка": [20.0, 50.0, 9.0]})
    for question, expected in [("сколько чая продано", [7, 2]), ("how many чай were sold", [7, 2])]:
        with pytest.raises(Ambiguous) as caught:
            reply(make_prompt(question, frame))
        assert [ask(one, frame).result for one in caught.value.suggestions] == expected
    with pytest.raises(Ambiguous) as caught:
        reply(make_prompt("sales by товар", {"sales": frame}))
    results = [ask(one, {"sales": frame}).result.iloc[:, 1].tolist() for one in caught.value.suggestions]
    assert results == [[70.0, 9.0], [2, 1]]


def test_groups_that_are_all_the_same_have_no_highest() -> None:
    frame = pd.DataFrame({"city": ["x", "y"], "revenue": [5, 5]})
    assert ask("revenue by city", frame).printed == "Sum of revenue by city: 5 everywhere, groups in all: 2.\n"


def test_two_columns_that_a_superlative_could_be_about_are_not_guessed() -> None:
    frame = pd.DataFrame({"item": ["a", "b"], "list_price": [1, 2], "net_price": [4, 3]})
    with pytest.raises(Ambiguous) as caught:
        reply(make_prompt("most expensive item", frame))
    assert [ask(one, frame).result.iloc[0, 0] for one in caught.value.suggestions] == ["b", "a"]
    two = pd.to_datetime(["2023-01-01", "2023-02-01"])
    days = pd.DataFrame({"project": ["P1", "P2"], "opened_date": two, "closed_date": two})
    with pytest.raises(Declined, match="several things") as refused:
        reply(make_prompt("projects by month", days))
    assert "opened_date" in refused.value.say("en") and "closed_date" in refused.value.say("ru")


def test_a_time_is_told_with_its_last_day_and_a_month_by_its_name() -> None:
    assert "date is from 2023-03-01 to 2023-03-31" in ask("total rain in March 2023", W).told
    assert "месяц (date) = март" in ask("сумма rain_mm в марте", W).told


def test_whole_numbers_with_gaps_stay_whole_as_groups() -> None:
    frame = pd.DataFrame({"age": [35, 35, None, 60], "income": [1.0, 2.0, 3.0, 4.0]})
    assert "35 (" in ask("total income by age", frame).printed
