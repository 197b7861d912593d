"""The lasting display of an Answer, as HTML and as text: complete, in order, bounded, in both languages."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from test_widget_markup import Reader

from csvagent_jupyter.messages import (
    Answer,
    AnswerError,
    Attempt,
    Column,
    Dialect,
    ExecutionError,
    Note,
    Profile,
    ResultFile,
    ResultTable,
    Usage,
)
from csvagent_jupyter.translations import LANGUAGES, NARROW_SPACE, Language
from csvagent_jupyter.widget import answer_html, answer_text
from csvagent_jupyter.widget.markup import tag

HOSTILE = "<img src=x onerror=alert(1)>"


STATED = Dialect(delimiter="\x1f", header_rows=2, types={"a b": "text"}, stated=("delimiter", "header_rows", "types"))


def png(width: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + width.to_bytes(4, "big") + (9).to_bytes(4, "big")
    return "data:image/png;base64," + b64encode(head + b"\0" * 40).decode()


BAD = Attempt(1, "df['reveune']", ExecutionError("KeyError", "'reveune'", "Traceback …", 1), 0.1)
PROFILE = Profile(
    "/home/me/sales.csv",
    "sales",
    12_408,
    (Column("date", "date", 37, 360, min="2024-01-01", max="2024-12-31"), Column("revenue", "number", 0, 9_811)),
    Dialect(delimiter=";", decimal=","),
    (Note("info", "Numbers have a decimal comma."),),
)
ANSWER = Answer(
    success=True,
    task_id="t",
    interpretation="sum of revenue by month",
    final_code="df.sum()",
    script="import pandas as pd\ndf.sum()",
    text_output="Revenue rose.",
    plots=(png(1400),),
    alt_texts=("A line that rises",),
    tables=(ResultTable(("month", "revenue"), (("2024-01", 81_200.5), ("2024-02", None)), 2),),
    attempts=(BAD, Attempt(2, "df.sum()", None, 0.2)),
    notes=(Note("info", "An aside."), Note("warning", "37 rows have no date.")),
    files=(ResultFile("out.csv", 12_300),),
    model="offline",
    seconds=0.62,
    profiles=(PROFILE,),
)


def test_everything_is_there_in_the_order_of_every_surface() -> None:
    html = answer_html(ANSWER)
    order = [
        "Revenue rose.",
        "Read as: sum of revenue by month",
        "A line that rises",
        "37 rows have no date.",
        "An aside.",
        "Table (2 rows)",
        ">Code<",
        "2 attempts",
        "How the file was read",
        "out.csv (12.3 kB)",
        "offline",
    ]
    places = [html.index(part) for part in order]
    assert places == sorted(places)
    assert html.count("Revenue rose.") == 1
    assert re.sub("<[^>]*>", "", html[html.index('class="foot"') :]).endswith("offline · separate process · 0.6 s")


def test_the_text_has_the_same_order_and_needs_no_html() -> None:
    text = answer_text(ANSWER)
    order = ["Revenue rose.", "Read as:", "A line that rises", "81200.5", "sales.csv: 12,408 rows", "⚠ 37", "ℹ An"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "<" not in text
    assert text.endswith("offline · separate process · 0.6 s")


def test_the_display_needs_no_script_no_network_and_no_widget() -> None:
    read = Reader(answer_html(ANSWER))
    assert not {"script", "link", "iframe", "object", "form"} & set(read.elements)
    addresses = [value or "" for name, value in read.values if name in {"src", "href", "data"}]
    assert addresses
    assert all(address.startswith("data:image/") for address in addresses)
    assert not [name for name, _ in read.values if name.startswith("on")]


def test_a_plot_is_shown_at_half_its_pixels_with_its_alternative_text() -> None:
    html = answer_html(ANSWER)
    assert 'alt="A line that rises" width="700"' in html
    assert 'alt="Plot 1"' in answer_html(replace(ANSWER, alt_texts=()))


@pytest.mark.parametrize("plot", ["", "artifact:00", "javascript:alert(1)", "data:text/html;base64,AAAA", 'x"onload="'])
def test_what_is_not_a_picture_is_not_shown_as_one(plot: str) -> None:
    assert "<img" not in answer_html(replace(ANSWER, plots=(plot,)))


def test_hostile_words_stay_words_wherever_they_come_from() -> None:
    answer = Answer(
        success=True,
        task_id="t",
        interpretation=HOSTILE,
        final_code=HOSTILE,
        script=HOSTILE + HOSTILE,
        text_output=HOSTILE,
        plots=(png(10),),
        alt_texts=('"><script>',),
        tables=(ResultTable((HOSTILE,), ((HOSTILE,),), 1),),
        attempts=(Attempt(1, HOSTILE, ExecutionError(HOSTILE, HOSTILE, HOSTILE, 1)), Attempt(2, HOSTILE)),
        notes=(Note("warning", HOSTILE),),
        files=(ResultFile(HOSTILE, 1),),
        model=HOSTILE,
        profiles=(
            Profile(HOSTILE, HOSTILE, 1, (Column(HOSTILE, "text", min=HOSTILE),), notes=(Note("info", HOSTILE),)),
        ),
        isolation_gaps=('"' + HOSTILE,),
    )
    for one in (answer, replace(answer, success=False, error=AnswerError("declined", HOSTILE), suggestions=(HOSTILE,))):
        read = Reader(answer_html(one))
        assert "script" not in read.elements
        assert read.elements.count("img") == (1 if one.success else 0)
        assert not [name for name, _ in read.values if name == "onerror"]
        assert HOSTILE in read.text


def test_much_of_everything_stays_bounded_and_says_what_is_not_shown() -> None:
    rows = tuple((n, "x" * 5_000) for n in range(200))
    table = ResultTable(("n", "text"), rows, 10_000)
    wide = ResultTable(tuple(f"c{n}" for n in range(1_000)), (tuple(range(1_000)),), 1)
    answer = replace(
        ANSWER,
        text_output="\n".join(f"line {n}" for n in range(10_000)),
        plots=tuple(png(100) for _ in range(30)),
        alt_texts=(),
        tables=(table, wide, *[table] * 30),
    )
    html = answer_html(answer)
    assert "The whole text (10,000 lines)" in html
    assert "26 more plots" in html
    assert "The first 200 of 10,000 rows." in html
    assert "The first 50 of 1000 columns." in html
    assert "and 12 more tables" in html
    assert len(html) < 3_000_000
    folded = re.sub(r"<details>.*?</details>", "", html, flags=re.DOTALL)
    assert len(folded) < 20_000
    assert len(answer_text(answer)) < 40_000
    longer = answer_html(replace(ANSWER, text_output="a line of text\n" * 10_000))
    assert "The first 100,000 characters of the text (10,000 lines in all)" in longer


def test_text_in_columns_keeps_its_columns_and_prose_is_set_as_prose() -> None:
    assert "<pre>name   n\nNorth  3</pre>" in answer_html(replace(ANSWER, text_output="name   n\nNorth  3\n"))
    assert "<p>One.<br>Two.</p><p>Three.</p>" in answer_html(replace(ANSWER, text_output="One.\nTwo.\n\nThree."))


def error_answer(kind: str, **more: Any) -> Answer:
    return Answer(False, task_id="t", error=AnswerError(kind, "It did not work. Do this."), model="offline", **more)


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        ("declined", "These can be answered, for example:"),
        ("ambiguous", "It can be read in several ways. Ask one of these:"),
        ("unreadable", None),
    ],
)
def test_no_answer_says_what_happened_what_helps_and_what_was_tried(kind: str, heading: str | None) -> None:
    answer = error_answer(kind, suggestions=("revenue by month",), attempts=(BAD,))
    for shown in (answer_html(answer), answer_text(answer)):
        assert "It did not work. Do this." in shown
        assert ("connect a model" in shown) == (kind == "declined")
        assert (heading or "These can") in shown or heading is None
        assert ("· revenue by month" in re.sub("<[^>]*>", "", shown)) == (heading is not None)
        assert "Attempt 1: KeyError" in shown


def test_a_stopped_run_says_so_and_keeps_what_was_on_view() -> None:
    answer = error_answer("cancelled", cancelled_after=3.24, attempts=(Attempt(1, "x", ExecutionError("Stopped", "")),))
    html = answer_html(answer, so_far=tag("p", "half of the code"))
    assert "Stopped after 3.2 s" in html
    assert "half of the code" in html
    assert "It did not work" not in html
    assert "1 attempt" not in html
    assert "1 attempt" in answer_html(answer)
    assert answer_text(answer).startswith("Stopped after 3.2 s")
    assert "half" not in answer_html(error_answer("declined"), so_far=tag("p", "half of the code"))


def test_a_question_that_could_not_be_asked_is_one_sentence() -> None:
    answer = replace(error_answer("bad_input"), task_id="", model=None)
    assert answer_text(answer) == "It did not work. Do this."
    assert "foot" not in answer_html(answer).partition("</style>")[2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": None}, "no model · separate process · 0.6 s"),
        ({"isolation": "confined"}, "offline · confined · 0.6 s"),
        ({"seconds": 0.04}, "offline · separate process · 0.04 s"),
        ({"usage": Usage(1_000, 204)}, "offline · separate process · 0.6 s · 1204 tokens"),
        ({"usage": Usage(1, 1, 0.00213)}, "offline · separate process · 0.6 s · 2 tokens · $0.0021"),
        ({"usage": Usage(1, 1, 0.0)}, "offline · separate process · 0.6 s · 2 tokens"),
        ({"success": False, "attempts": ()}, "offline · 0.6 s"),
        ({"model": "openai:m"}, "openai:m · separate process · 0.6 s · what was sent: %csvagent sent"),
    ],
)
def test_the_last_line_says_how_it_was_made(change: dict[str, Any], words: str) -> None:
    answer = replace(ANSWER, **change)
    assert answer_text(answer).rpartition("\n")[2] == words
    html = answer_html(answer)
    assert Reader(html[html.index('<div class="foot">') :]).text == words


def test_the_interpretation_is_not_announced_twice() -> None:
    text = answer_text(replace(ANSWER, interpretation="Read as: number of rows."))
    assert "\nRead as: number of rows." in text


def test_russian_is_written_as_russian() -> None:
    russian: Language = "ru"
    answer = replace(ANSWER, language=russian, usage=Usage(20_000, 3))
    html, text = answer_html(answer), answer_text(answer)
    for words in ("Понято так:", f"12{NARROW_SPACE}408 строк × 2 столбца", "дробная часть через ,"):
        assert words in html
        assert words in text
    for words in ("Таблица (2 строки)", "2 попытки", "Как прочитан файл", "81200,5", "12,3 КБ", "дата"):
        assert words in html
    assert text.endswith(f"offline · отдельный процесс · 0,6 с · 20{NARROW_SPACE}003 токена")
    for english in ("Table", "Read as", "Attempt", "Wrote"):
        assert english not in Reader(html.partition("</style>")[2]).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_stated_of_a_file_is_named_where_it_says_how_it_was_read(language: Language) -> None:
    shown = replace(ANSWER, language=language, profiles=(replace(PROFILE, dialect=STATED),))
    for text in (answer_text(shown), unescape(str(answer_html(shown)))):
        assert r"delimiter=\x1f header_rows=2 types=a b:text" in text
    found = replace(ANSWER, profiles=(replace(PROFILE, dialect=Dialect(header_rows=2)),))
    assert "stated" not in answer_text(found)
