"""Cutting questions and names into words."""

from __future__ import annotations

import pytest

from csvagent_jupyter.models.offline.words import stem, stems, tokens


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234,567", 1234567), ("12.5", 12.5), ("5k", 5000), ("2.5m", 2500000), ("-3", -3), ("1\u202f000", 1000)],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float) -> None:
    (token,) = tokens(text)
    assert (token.kind, token.value) == ("number", value)


@pytest.mark.parametrize(("text", "value"), [("1,5", 1.5), ("12 408,5", 12408.5), ("1 000 000", 1000000)])
def test_numbers_of_russian_questions(text: str, value: float) -> None:
    assert [token.value for token in tokens(text, decimal_comma=True)] == [value]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2023-05-01", "2023-05-01"),
        ("2023-5", "2023-05"),
        ("31.12.2023", "2023-12-31"),
        ("25/12/2023", "2023-12-25"),
        ("12/25/2023", "2023-12-25"),
        ("5/6/2023", None),
        ("40.40.2023", None),
    ],
)
def test_dates_are_read_unless_day_and_month_could_be_swapped(text: str, iso: str | None) -> None:
    (token,) = tokens(text)
    assert (token.kind, token.value) == ("date", iso)


def test_quotes_of_all_kinds_hold_names_together() -> None:
    found = tokens("sum of \"net sales\" by «Город продаж» in 'New York' and `a b`, it's John's")
    assert [t.text for t in found if t.kind == "quoted"] == ["net sales", "Город продаж", "New York", "a b"]


def test_names_are_cut_at_underscores_and_humps() -> None:
    assert stems("unit_price") == stems("unitPrice") == stems("Unit Prices") == stems("UNIT-PRICE")


@pytest.mark.parametrize(
    "forms",
    [
        "город города городу городом городе города городов городам городами городах",
        "квартал квартала кварталу кварталом квартале кварталы кварталов кварталам",
        "выручка выручки выручке выручку выручкой",
        "месяц месяца месяцу месяцем месяце месяцы месяцев месяцам",
        "Москва Москвы Москве Москву Москвой",
        "revenue revenues Revenue REVENUE",
        "city cities City",
    ],
)
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1


def test_places_of_tokens_lead_back_to_the_text() -> None:
    question = "Top 5 orderDates, after 2023-01-02!"
    for token in tokens(question):
        assert question[token.start : token.end].strip("'\"") == token.text
