"""Messages as JSON text and back, whatever is in them."""

from __future__ import annotations

import math

import msgspec
import pytest

from csvagent_jupyter.messages import Answer, Event, Question, ResultTable, Source
from csvagent_jupyter.sessions.codec import iso, mentioned_artifacts, read_json, write_json


@pytest.mark.parametrize(
    "text", ["plain", "Привет, мир", "\udc80 undecodable \udcff", "nul \x00", "\u2028", '{braces} "quotes"', "😀"]
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    question = Question(text, sources=(Source(text, path=text, overrides={"x": [1, None, text]}),))
    assert read_json(Question, write_json(question)) == question
    write_json(question).encode("utf-8")


@pytest.mark.parametrize("text", ["plain", "\udc80"])
def test_numbers_that_json_does_not_have_become_null(text: str) -> None:
    answer = Answer(True, question=text, value=[math.nan, math.inf, {"x": -math.inf}, 1.5, 10**30, True])
    back = read_json(Answer, write_json(answer))
    assert back.value == [None, None, {"x": None}, 1.5, 10**30, True]


def test_what_stays_in_this_process_is_left_out() -> None:
    event = Event("result", "t1", result=Answer(True, tables=(ResultTable(("a",), ((1,),), 1, path="/t.arrow"),)))
    assert "t.arrow" not in write_json(event)
    back = read_json(Event, write_json(event)).result
    assert back is not None and back.tables[0].rows == ((1,),)


def test_a_text_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_json(Question, '{"text": 5}')
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        read_json(Question, '{"text": ')


def test_artifacts_are_found_wherever_they_are_mentioned() -> None:
    one, two = "artifact:" + "a1" * 32, "artifact:" + "b2" * 32
    answer = Answer(True, plots=(one,), plots_svg=(one,), final_code=f"# {two}", text_output="artifact:short")
    assert mentioned_artifacts(write_json(answer)) == {one, two}


def test_times_are_utc_to_the_millisecond() -> None:
    assert iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_763_000_000.1236) == "2025-11-13T02:13:20.123Z"
