"""Finding columns by what people call them."""

from __future__ import annotations

import pytest

from csvagent_jupyter.messages import Column, Profile
from csvagent_jupyter.models.offline.columns import (
    ColumnIndex,
    is_identifier,
    is_measure,
    is_year,
    usual_aggregate,
    usual_grain,
)
from csvagent_jupyter.models.offline.words import stems


def index(*names: str) -> ColumnIndex:
    return ColumnIndex(Profile("t.csv", "t", 10, tuple(Column(name, "number") for name in names)))


def best(words: str, *names: str) -> list[str]:
    matches = index(*names).find(stems(words))
    return [match.column.name for match in matches if match.score == matches[0].score]


@pytest.mark.parametrize(
    ("words", "names", "found"),
    [
        ("unit price", ("unit_price", "price_total"), ["unit_price"]),
        ("prices", ("Price (USD)", "Weight (kg)"), ["Price (USD)"]),
        ("weight", ("price_usd", "weight_kg"), ["weight_kg"]),
        ("customer", ("customer_id", "customer_name"), ["customer_name"]),
        ("orderdate", ("order_date", "ship_date"), ["order_date"]),
        ("date of birth", ("birthDate", "name"), []),
        ("birth date", ("birthDate", "name"), ["birthDate"]),
        ("turnover", ("Revenue", "Profit"), ["Revenue"]),
        ("выручке", ("revenue", "profit"), ["revenue"]),
        ("городам", ("Город", "Страна"), ["Город"]),
        ("cities", ("Город", "Страна"), ["Город"]),
        ("price", ("unit_price", "list_price"), ["unit_price", "list_price"]),
        ("profit", ("revenue", "cost"), []),
    ],
)
def test_columns_are_found_by_name_part_plural_unit_and_synonym(
    words: str, names: tuple[str, ...], found: list[str]
) -> None:
    assert best(words, *names) == found if found else not index(*names).find(stems(words))


@pytest.mark.parametrize(("word", "found"), [("revenu", "revenue"), ("reveneu", "revenue"), ("quantiti", "quantity")])
def test_a_typing_error_still_finds_the_column(word: str, found: str) -> None:
    assert [match.column.name for match in index("revenue", "quantity", "city").find_misspelt(word)] == [found]


def test_a_short_or_far_word_is_no_typing_error() -> None:
    assert not index("age", "city").find_misspelt("cat")
    assert not index("revenue").find_misspelt("reviewer")


def test_an_exact_name_in_quotes_wins_whatever_its_letters() -> None:
    assert [match.column.name for match in index("Net sales, €", "sales").named("net sales, €")] == ["Net sales, €"]


def test_what_can_be_added_up() -> None:
    year = Column("Year", "integer", min=1990, max=2020, distinct=31)
    assert is_year(year) and not is_measure(year)
    assert is_identifier(Column("order_id", "integer")) and is_identifier(Column("zip", "integer"))
    assert not is_measure(Column("phone", "integer"))
    assert is_measure(Column("revenue", "number"))
    assert not is_measure(Column("city", "text"))
    assert not is_year(Column("year", "integer", min=1, max=5))


@pytest.mark.parametrize(
    ("name", "aggregate"),
    [
        ("revenue", "sum"),
        ("Выручка", "sum"),
        ("unit_price", "mean"),
        ("Возраст", "mean"),
        ("total_sales", "sum"),
        ("x", ""),
    ],
)
def test_the_aggregate_people_mean_when_they_name_none(name: str, aggregate: str) -> None:
    assert usual_aggregate(Column(name, "number")) == aggregate


@pytest.mark.parametrize(
    ("low", "high", "grain"),
    [
        ("2023-01-01", "2023-01-31", "day"),
        ("2022-01-01T00:00:00", "2023-12-31T10:00:00", "month"),
        ("2018-01-01", "2022-12-31", "quarter"),
        ("1990-01-01", "2022-12-31", "year"),
        (None, None, "month"),
    ],
)
def test_a_trend_takes_a_grain_that_stays_readable(low: str | None, high: str | None, grain: str) -> None:
    assert usual_grain(Column("d", "date", min=low, max=high)) == grain
