"""Texts in two languages, with numbers and plurals as each language has them (`test_ground` holds them together)."""

from __future__ import annotations

import pytest

from csvagent_jupyter.translations import Language, language_of, number, plural, say, size

FORMS = ["строка", "строки", "строк"]


def test_a_missing_text_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        say("manager.never_written")


def test_values_are_filled_in_as_they_are() -> None:
    assert "{braces} and %s" in say("manager.unknown_consent", what="{braces} and %s")


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (0, "0", "0"),
        (9_999, "9999", "9999"),
        (12_408, "12,408", "12\u202f408"),
        (12_408.5, "12,408.5", "12\u202f408,5"),
        (0.25, "0.25", "0,25"),
        (2_500_000.0, "2,500,000", "2\u202f500\u202f000"),
        (-1_234_567.8, "-1,234,568", "-1\u202f234\u202f568"),
        (999_999.7, "1,000,000", "1\u202f000\u202f000"),
        (1e20, "1e+20", "1e+20"),
        (float("nan"), "nan", "nan"),
    ],
)
def test_numbers_are_written_as_the_language_does(value: float, english: str, russian: str) -> None:
    assert (number(value), number(value, "ru")) == (english, russian)


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (0, "0 KB", "0 КБ"),
        (1_536, "1.5 KB", "1,5 КБ"),
        (2**20, "1 MB", "1 МБ"),
        (600 * 2**20, "600 MB", "600 МБ"),
        (4 * 2**30, "4 GB", "4 ГБ"),
        (2**30 + 2**29, "1.5 GB", "1,5 ГБ"),
    ],
)
def test_sizes_are_in_the_unit_that_fits(value: int, english: str, russian: str) -> None:
    assert (size(value), size(value, "ru")) == (english, russian)


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (21, 0), (22, 1), (111, 2), (1.5, 1), (1e999, 1)],
)
def test_russian_counts_in_three_forms(count: float, form: int) -> None:
    assert plural(count, FORMS, "ru") == FORMS[form]
    assert plural(count, ["row", "rows"], "en") == ("row" if count == 1 else "rows")


@pytest.mark.parametrize(
    ("text", "default", "language"),
    [
        ("how many rows?", "ru", "en"),
        ("сколько строк?", "en", "ru"),
        ("sum of «Выручка» by month", "ru", "en"),
        ('mean of "цена"', "en", "en"),
        ("сумма `price`", "en", "ru"),
        ("2 + 2", "ru", "ru"),
        ("«Выручка»?", "ru", "ru"),
    ],
)
def test_the_language_is_that_of_the_words_outside_quotes(text: str, default: Language, language: Language) -> None:
    assert language_of(text, default) == language
