"""Events in, steps out."""

from __future__ import annotations

from typing import Any

import pytest

from csvagent_jupyter.messages import Answer, AnswerError, Attempt, Event, ExecutionError, Profile, Progress
from csvagent_jupyter.translations import Language
from csvagent_jupyter.widget import Run, progress, so_far
from csvagent_jupyter.widget.plain import clock_text, progress_line


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def event(stage: Any, attempt: int = 0, **more: Any) -> Event:
    return Event("progress", task_id="t", meta=Progress("…", stage, attempt, 3 if attempt else 0, **more))


def states(run: Run) -> dict[str, str]:
    return {name: step.state for name, step in run.steps.items()}


def failed(number: int = 1) -> Attempt:
    return Attempt(number, "df['x']", ExecutionError("KeyError", "'x'", "Traceback …", 1), 0.1)


def test_steps_follow_the_stages_and_know_how_long_they_took() -> None:
    clock = Clock()
    run = Run(clock=clock)
    run.see(event("reading"))
    clock.now += 2
    run.see(event("profiling", profiles=(Profile("a.csv", "a", 5, ()),)))
    clock.now += 0.5
    run.see(event("generating", 1, model="offline"))
    assert states(run) == {
        "reading": "done",
        "profiling": "done",
        "writing": "under_way",
        "running": "waiting",
        "checking": "waiting",
    }
    assert (run.steps["reading"].seconds, run.steps["profiling"].seconds) == (2, 0.5)
    assert run.elapsed == 2.5
    assert run.headline() == "Attempt 1 of 3 · writing code"


def test_code_grows_by_pieces_until_the_whole_of_it_comes() -> None:
    run = Run()
    for piece in ("import ", "os\n"):
        run.see(event("generating", 1, code_delta=piece))
    assert run.code == "import os\n"
    run.see(event("executing", 1, code="import os"))
    assert run.code == "import os"
    for _ in range(30):
        run.see(event("generating", 2, code_delta="x" * 1_000))
    assert len(run.code) == 20_000


def test_a_failed_attempt_stays_once_and_the_next_one_begins_anew() -> None:
    run = Run()
    run.see(event("executing", 1, code="df['x']"))
    run.see(event("repairing", 2, failed=failed()))
    run.see(event("generating", 2, failed=failed()))
    assert [attempt.number for attempt in run.failed] == [1]
    assert run.code == ""
    assert states(run)["writing"] == "under_way"
    assert states(run)["running"] == "waiting"
    html = progress.steps(run)
    assert "Attempt 1: KeyError: &#x27;x&#x27;, line 1" in html
    assert html.index("Attempt 1") < html.index("Writing code")


def test_a_late_joiner_sees_the_earlier_steps_as_done() -> None:
    run = Run()
    run.see(event("checking", 1))
    assert list(states(run).values()) == ["done"] * 4 + ["under_way"]


@pytest.mark.parametrize(("success", "state"), [(True, "done"), (False, "broken_off")])
def test_the_end_ends_the_step_under_way(success: bool, state: str) -> None:
    run = Run()
    run.see(event("generating", 1, code_delta="x = 1"))
    error = None if success else AnswerError("cancelled", "")
    answer = Answer(success, error=error)
    run.see(Event("result", task_id="t", result=answer))
    assert run.answer is answer
    assert states(run)["writing"] == state
    assert "x = 1" in so_far(run)
    assert "○" not in so_far(run)


@pytest.mark.parametrize(
    ("language", "waiting", "working"),
    [
        ("en", "Waiting for its turn", "Attempt 2 of 3 · running the code"),
        ("ru", "Ждёт своей очереди", "Попытка 2 из 3 · выполняю код"),
    ],
)
def test_the_headline_says_what_happens_in_the_language_of_the_question(
    language: Language, waiting: str, working: str
) -> None:
    run = Run(language)
    assert run.headline() == waiting
    run.see(event("reading"))
    assert run.headline() == {"en": "Reading the file", "ru": "Читаю файл"}[language]
    run.see(event("executing", 2))
    assert run.headline() == working
    assert progress_line(run) == f"◐ {working} · 0:00"
    run.stopping = True
    assert run.headline() == {"en": "Stopping", "ru": "Останавливаю"}[language]


def test_the_clock_counts_minutes() -> None:
    assert [clock_text(seconds) for seconds in (0.2, 9.9, 61, 3_600)] == ["0:00", "0:09", "1:01", "60:00"]


def test_the_pieces_of_the_view_escape_what_the_model_and_the_file_say() -> None:
    run = Run()
    hostile = "<script>alert(1)</script>"
    run.see(event("profiling", profiles=(Profile(hostile, "x", 1, ()),)))
    error = ExecutionError(hostile, hostile, hostile, 1)
    run.see(event("repairing", 2, model=hostile, failed=Attempt(1, hostile, error)))
    run.see(event("generating", 2, code_delta=hostile))
    html = progress.whole(run, hostile)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 6


def test_only_the_first_of_many_files_are_named_while_it_runs() -> None:
    run = Run()
    run.see(event("profiling", profiles=tuple(Profile(f"/data/{n}.csv", f"t{n}", 5, ()) for n in range(30))))
    html = progress.steps(run)
    assert "Read 4.csv" in html
    assert "Read 5.csv" not in html
    assert "and 25 more files" in html
    assert "/data" not in html


@pytest.mark.parametrize(("language", "line"), [("en", "Reading sales.csv: 40 %"), ("ru", "Читаю sales.csv: 40 %")])
def test_a_file_that_takes_long_says_how_far_it_is(language: Language, line: str) -> None:
    run = Run(language=language)
    run.see(event("reading"))
    run.see(event("reading", file="sales\x1b[2J.csv", bytes_read=2, bytes_total=5))
    assert run.headline() == line
    assert line in progress_line(run)
