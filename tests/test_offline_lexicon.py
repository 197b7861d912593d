"""The words of operations in both languages, and that nothing of them is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from csvagent_jupyter.models.offline.lexicon import LANGUAGES, concept, phrases, sense_of
from csvagent_jupyter.models.offline.words import stem


def sense(phrase: str, language: str) -> tuple[str, str]:
    found = sense_of([(word, stem(word)) for word in phrase.split()], (language,))
    return (found.kind, found.value) if found else ("", "")


@pytest.mark.parametrize(
    ("english", "russian", "meaning"),
    [
        ("average", "средняя", ("aggregate", "mean")),
        ("total", "общая", ("aggregate", "sum")),
        ("how many", "сколько", ("count", "")),
        ("monthly", "месяцам", ("grain", "month")),
        ("quarters", "кварталам", ("grain", "quarter")),
        ("day of the week", "дням недели", ("grain", "weekday")),
        ("more than", "больше", ("compare", ">")),
        ("at least", "не менее", ("compare", ">=")),
        ("older than", "старше", ("compare_of", ">:age")),
        ("most expensive", "самые дорогие", ("extreme_of", "max:price")),
        ("most common", "чаще всего", ("frequent", "max")),
        ("pie chart", "круговую диаграмму", ("chart", "pie")),
        ("descending", "по убыванию", ("descending", "")),
        ("ascending", "по возрастанию", ("ascending", "")),
        ("august", "августе", ("month", "8")),
        ("may", "мая", ("month", "5")),
        ("five", "пять", ("number", "5")),
    ],
)
def test_both_languages_say_the_same_things(english: str, russian: str, meaning: tuple[str, str]) -> None:
    assert sense(english, "en") == sense(russian, "ru") == meaning


def test_age_is_not_ascending() -> None:
    assert sense("по возрасту", "ru") == ("", "")
    assert concept(stem("возрасту")) == concept(stem("age"))


def test_every_operation_has_words_in_every_language() -> None:
    kinds = [{found.kind for found in phrases(language).values()} for language in LANGUAGES]
    assert kinds[0] == kinds[1]


def test_the_package_loads_nothing_before_a_question_is_asked() -> None:
    code = (
        "import sys; from csvagent_jupyter.models.offline import offline; "
        "print([m for m in ('snowballstemmer', 'rapidfuzz', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
