"""What is said of a task that the loop did not bring to its end itself."""

from __future__ import annotations

import pytest

from csvagent_jupyter.exceptions import Declined
from csvagent_jupyter.messages import Answer, Attempt, Column, Event, ExecutionError, Profile, Progress, Question, Task
from csvagent_jupyter.tasks.outcome import SoFar, cancelled, failed, language_for
from csvagent_jupyter.translations.tasks import TEXTS

PROFILE = Profile("s.csv", "s", 3, (Column("a", "integer"),))
FAILED = Attempt(1, "df.x", ExecutionError("KeyError", "x"))


def progress(**meta: object) -> Event:
    return Event("progress", "t1", meta=Progress(**({"status": "…", "stage": "generating"} | meta)))  # type: ignore[arg-type]


def task(text: str = "How many?", **more: object) -> Task:
    return Task("t1", "s1", "os:ann", Question(text, **more))  # type: ignore[arg-type]


def test_the_log_tells_the_attempts_and_the_code_under_way() -> None:
    events = [
        Event("task_started", "t1"),
        progress(stage="profiling", profiles=(PROFILE,)),
        progress(attempt=1, model="offline", code_delta="df"),
        progress(attempt=1, code_delta=".x"),
        progress(attempt=1, stage="executing", code="df.x"),
        progress(attempt=1, stage="repairing", code="df.x", failed=FAILED),
        progress(attempt=2, code_delta="df["),
        progress(attempt=2, code_delta="'a']"),
    ]
    so_far = SoFar.read(events)
    assert (so_far.attempts, so_far.number, so_far.code) == ((FAILED,), 2, "df['a']")
    assert (so_far.model, so_far.profiles) == ("offline", (PROFILE,))
    assert SoFar.read(events[:6]).code == ""


def test_a_stopped_task_keeps_what_was_done() -> None:
    events = [progress(attempt=1, failed=FAILED), progress(attempt=2, code="df.a")]
    event = cancelled(task(), events, "en", reason="stopped", seconds=1.26)
    answer = event.result
    assert answer is not None and answer.error is not None
    assert (event.type, event.status, answer.success, answer.cancelled_after) == ("result", "cancelled", False, 1.3)
    assert (answer.error.kind, answer.error.message) == ("cancelled", "Stopped after 1.3 s.")
    assert [attempt.code for attempt in answer.attempts] == ["df.x", "df.a"]
    assert answer.final_code == "df.a"


def test_the_loops_own_word_goes_first_but_not_for_the_reason() -> None:
    own = Answer(False, "t1", text_output="half")
    stopped = cancelled(task(), (), "ru", reason="stopped", seconds=1.0, answer=own).result
    ended = cancelled(task(), (), "ru", reason="runner_ended", seconds=1.0, answer=own).result
    assert stopped is not None and stopped.text_output == "half" and stopped.error is None
    assert ended is not None and ended.error is not None and "ядро ноутбука" in ended.error.message


def test_an_error_becomes_an_answer_with_its_suggestions() -> None:
    error = Declined("tasks.nothing_to_replay", suggestions=("Total by month",), task_id="t0")
    event = failed(task(model="offline"), (), error, "en", 2.0)
    answer = event.result
    assert event.status == "error" and answer is not None and answer.error is not None
    assert (answer.error.kind, answer.suggestions, answer.model) == ("declined", ("Total by month",), "offline")
    assert answer.attempts == () and answer.final_code == ""


@pytest.mark.parametrize(
    ("question", "language"),
    [
        (Question("Сколько строк?"), "ru"),
        (Question("How many?"), "en"),
        (Question("Сколько строк?", language="en"), "en"),
        (Question("2 + 2"), "ru"),
    ],
)
def test_the_answers_language_is_the_questions(question: Question, language: str) -> None:
    assert language_for(question, "ru") == language


def test_no_text_shouts_and_both_languages_use_the_same_values() -> None:
    import string

    def fields(template: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    for english, russian in TEXTS.values():
        assert "!" not in english + russian
        assert fields(english) == fields(russian)
