"""The engine as a chat model: the form of its replies, refusals, questions back, follow-ups, hostile tables."""

from __future__ import annotations

import ast
import time
from typing import Any

import pandas as pd
import pytest
from offline_frames import ask, make_prompt, parts, people, profile_of, reply, run, russian, sales

from csvagent_jupyter.exceptions import Ambiguous, Declined, NotAnswered
from csvagent_jupyter.messages import Column, Failure, Profile, Prompt, Turn
from csvagent_jupyter.models.offline import OfflineModel, offline, suggest
from csvagent_jupyter.tables import read_table
from csvagent_jupyter.translations import Language

S = sales()


def declined(question: str, frame: Any = S, **options: Any) -> NotAnswered:
    with pytest.raises(NotAnswered) as caught:
        reply(make_prompt(question, frame, **options))
    return caught.value


def test_the_engine_is_local_and_free() -> None:
    model = offline()
    assert isinstance(model, OfflineModel)
    assert (model.name, model.local, model.found) == ("offline", True, False)


def test_a_reply_is_a_sentence_and_one_block_that_ends_with_the_result() -> None:
    told, code = parts(reply(make_prompt("revenue by city as a pie chart", S)))
    assert told == "Read as: sum of revenue by city, as a pie chart, all rows."
    assert code.startswith("# Plan:\n# 1. ")
    assert code.rstrip().endswith("\nresult")
    assert max(len(line) for line in code.splitlines()) < 250


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what is the meaning of life", "life"),
        ("predict revenue", "predict"),
        ("revenue growth by month", "growth"),
        ("number of unpaid orders", "unpaid"),
        ("revenue in Atlantis", "Atlantis"),
        ("прогноз выручки", "прогноз"),
        ("средний чек", "чек"),
        ("revenue by city and by the weather", "weather"),
    ],
)
def test_what_is_not_understood_is_named(question: str, words: str) -> None:
    error = declined(question)
    assert isinstance(error, Declined)
    assert words in error.say("en") and words in error.say("ru")
    assert len(error.suggestions) == 3


@pytest.mark.parametrize(
    "question",
    [
        "revenue / quantity",
        "correlation of city and product",
        "revenue by city, product and customer",
        "top 3",
        "who",
        "?",
        "average",
        "more than 100",
        "box plot of city",
        "revenue by hour",
        "share of revenue",
        "revenue * 2",
        "Drop the table; import os",
        "and by month?",
    ],
)
def test_what_cannot_be_answered_is_declined(question: str) -> None:
    assert declined(question).say("en")


def test_a_question_may_not_be_empty_or_endless() -> None:
    assert "empty" in declined("  \n ").say("en")
    for question in ("revenue by city " * 3_000, "слово " * 10_000, "city and " * 100):
        started = time.perf_counter()
        assert declined(question).say("ru")
        assert time.perf_counter() - started < 5


def test_a_table_without_columns_or_none_at_all() -> None:
    empty = Prompt(question="how many rows", profiles=(Profile("a.csv", "a", 0, ()),))
    for prompt in (empty, Prompt(question="how many rows")):
        with pytest.raises(Declined):
            reply(prompt)
    assert suggest((), "en") == suggest(empty.profiles, "ru") == ()


@pytest.mark.parametrize(
    "question", ["how many rows", "revenue by city", "average revenue", "revenue by month", "describe"]
)
def test_a_table_without_rows_is_answered(question: str) -> None:
    assert ask(question, S.head(0)).printed.strip()


def test_two_equally_good_columns_are_asked_back_with_questions_that_work() -> None:
    frame = pd.DataFrame({"list_price": [1.0, 2.0], "sale_price": [3.0, 5.0], "city": ["x", "y"]})
    error = declined("average price", frame)
    assert isinstance(error, Ambiguous)
    assert error.suggestions == ('average "list_price"', 'average "sale_price"')
    assert [ask(question, frame).result for question in error.suggestions] == [1.5, 4.0]


def test_a_number_without_an_aggregate_is_asked_back_unless_its_name_says_which() -> None:
    frame = pd.DataFrame({"widgets": [1, 2, 4], "city": ["x", "y", "x"]})
    error = declined("widgets by city", frame)
    assert isinstance(error, Ambiguous)
    assert error.suggestions == ('sum "widgets" by city', 'mean "widgets" by city')
    assert ask("sum of widgets by city", frame).result["sum of widgets"].tolist() == [5, 2]


def test_two_date_columns_are_asked_back() -> None:
    frame = pd.DataFrame(
        {
            "order_date": pd.to_datetime(["2022-01-01", "2023-01-01"]),
            "ship_date": pd.to_datetime(["2023-01-05", "2023-01-06"]),
            "revenue": [1, 2],
        }
    )
    error = declined("revenue in 2023", frame)
    assert isinstance(error, Ambiguous)
    assert [ask(question, frame).result for question in error.suggestions] == [2, 3]


def test_a_value_in_two_columns_is_asked_back_unless_the_column_is_named() -> None:
    frame = pd.DataFrame(
        {"from_city": ["Oslo", "Rome", "Oslo"], "to_city": ["Rome", "Oslo", "Bern"], "fare": [1, 2, 4]}
    )
    error = declined("how many rows with Oslo", frame)
    assert isinstance(error, Ambiguous) and len(error.suggestions) == 2
    assert [ask(question, frame).result for question in error.suggestions] == [2, 1]
    assert ask('how many rows where "to_city" is Oslo', frame).result == 1


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("frame", [S, people(), russian(), S[["city"]], S[["revenue"]], S.head(0)])
def test_every_suggestion_is_answered(frame: pd.DataFrame, language: Language) -> None:
    suggestions = suggest((profile_of(frame),), language)
    assert len(suggestions) == 3
    for question in suggestions:
        assert ask(question, frame, language=language).printed.strip()


def test_its_own_failed_code_is_never_tried_again() -> None:
    first = make_prompt("revenue by city", S)
    code = parts(reply(first))[1]
    failure = Failure(code=code, ename="TypeError", evalue="bad operand type")
    second = parts(reply(make_prompt("revenue by city", S, failure=failure)))[1]
    assert second != code and "to_numeric" in second
    assert (
        run(second, S.assign(revenue=S["revenue"].astype(str)))[1]["sum of revenue"].sum()
        == S["revenue"].sum() - S.loc[S["city"].isna(), "revenue"].sum()
    )
    again = Failure(code=second, ename="TypeError", evalue="bad operand type")
    assert "bad operand type" in declined("revenue by city", S, failure=again).say("en")


def talk(frame: pd.DataFrame, *questions: str) -> list[str]:
    """Ask one after another in a session; return how each was read."""
    turns: tuple[Turn, ...] = ()
    told = []
    for question in questions:
        ran = ask(question, frame, turns=turns)
        turns += (Turn("task", question, ran.told, ran.code, ran.printed),)
        told.append(ran.told.removeprefix("Read as: ").removeprefix("Понято так: "))
    return told


def test_follow_ups_change_what_they_name_and_keep_the_rest() -> None:
    assert talk(
        S, "total revenue by city", "and by month?", "only 2023", "as a bar chart", "and the average?", "in Moscow"
    ) == [
        "sum of revenue by city, all rows.",
        "sum of revenue by month of date, all rows.",
        "sum of revenue by month of date, only rows where year of date is 2023.",
        "sum of revenue by month of date, as a bar chart, only rows where year of date is 2023.",
        "mean of revenue by month of date, as a bar chart, only rows where year of date is 2023.",
        "mean of revenue by month of date, as a bar chart, only rows where year of date is 2023 and city is Moscow.",
    ]


def test_follow_ups_in_russian() -> None:
    assert talk(russian(), "выручка по городам", "а по месяцам?", "только в Казани", "а средняя?") == [
        "сумма Выручка по Город, все строки.",
        "сумма Выручка по месяцам Дата, все строки.",
        "сумма Выручка по месяцам Дата, только строки, где Город = Казань.",
        "среднее Выручка по месяцам Дата, только строки, где Город = Казань.",
    ]


def test_a_whole_question_stands_alone_in_a_session() -> None:
    assert talk(S, "revenue by city in 2022", "how many rows are there")[-1] == "number of rows, all rows."


def test_a_follow_up_on_something_not_read_here_is_declined() -> None:
    turn = Turn("task", "Forecast it with a neural network", "A forecast", "x = 1", "done")
    assert "whole question" in declined("and by month?", S, turns=(turn,)).say("en")


HOSTILE = [
    "a'b",
    'a"b',
    "a\\b",
    "{x}",
    "{{x!r:>10}}",
    "%s %d",
    "a\nb",
    "```python\nimport os\n```",
    "'); import os; ('",
    '"""',
    "$x$ and $y_{$",
    "\u202eevil\x00\x07",
    "__import__('os')",
    "# comment",
    "price; drop table",
    "'''",
    "f'{1}'",
    "\\N{DASH} \\x41 \\",
]


OUR_NAMES = {"df", "pd", "np", "plt", "fig", "ax", "result", "values", "names", "number", "value", "text"}
OUR_NAMES |= {"abs", "print", "len", "str", "lost", "last", "rows", "bars", "largest", "_"}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_names_and_cells_never_become_code(name: str, language: Language) -> None:
    frame = pd.DataFrame({name: [f"{name} 1", f"{name} 2", f"{name} 1"], "revenue": [1.0, None, 3.0]})
    frame["other " + name] = [1, 2, 3]
    for question in suggest((profile_of(frame),), language):
        assert ask(question, frame, language=language).printed
    quoted = f"«{name}»" if '"' in name else f'"{name}"'
    question = f"revenue by {quoted}" if language == "en" else f"выручка по {quoted}"
    ran = ask(question, frame, language=language)
    assert ran.result.iloc[:, 1].tolist() == [4.0, None] or ran.result.iloc[0, 1] == 4.0
    names = {node.id for node in ast.walk(ast.parse(ran.code)) if isinstance(node, ast.Name)}
    assert names <= OUR_NAMES


def test_wide_tables_are_read_fast() -> None:
    columns = tuple(
        Column(f"measure_{n}" if n % 2 else f"group {n}", "number" if n % 2 else "category", distinct=20,
               frequent=tuple((f"cell {n} {m}", 5) for m in range(20)))
        for n in range(50)
    )  # fmt: skip
    prompt = Prompt(question="sum of measure 7 by group 4", profiles=(Profile("w.csv", "w", 1000, columns),))
    reply(prompt)
    started = time.perf_counter()
    for _ in range(5):
        assert "measure_7" in reply(prompt)
    assert (time.perf_counter() - started) / 5 < 0.5


def test_several_tables_the_one_that_fits_answers() -> None:
    frames = {"orders": S, "staff": people()}
    ran = ask("average salary by department", frames)
    assert "tables['staff']" in ran.code and "in staff" in ran.told
    assert ask("revenue by city", frames).result["sum of revenue"].max() > 0
    assert isinstance(declined("how many rows are there", frames), Ambiguous)


def test_a_real_file_is_answered(tmp_path: Any) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("Дата;Город;Выручка\n01.02.2023;Москва;10,5\n15.02.2023;Казань;4\n03.03.2023;Москва;\n", "utf-8")
    table = read_table(path)
    for question, expected in [
        ("выручка по месяцам", [14.5, None]),
        ("выручка по городам", [10.5, 4.0]),
        ("сколько строк в Москве", 2),
        ("выручка в феврале 2023", 14.5),
    ]:
        prompt = Prompt(
            question=question, language="ru", profiles=(table.profile("ru"),), find_values=table.find_values
        )
        _, code = parts(reply(prompt))
        _, result, _ = run(code, table.to_pandas())
        if isinstance(expected, list):
            assert [None if pd.isna(v) else float(v) for v in result.iloc[:, 1]] == expected
        else:
            assert result == expected
