"""The words of the product: there and back as JSON, and the shapes that programs are written against."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, is_dataclass
from typing import Any

import pytest

from csvagent_jupyter import messages
from csvagent_jupyter.messages import (
    Answer,
    AnswerError,
    Attempt,
    Budget,
    Chart,
    Column,
    Event,
    ExecutionError,
    Message,
    Note,
    Profile,
    Progress,
    Prompt,
    Question,
    ResultFile,
    ResultTable,
    Source,
    Task,
    Usage,
)

CONTRACT = {
    *("success", "task_id", "session_id", "question", "interpretation", "final_code", "script", "text_output"),
    *("plots", "tables", "charts", "value", "files", "attempts_count", "attempts", "notes", "suggestions", "model"),
    *("isolation", "isolation_gaps", "usage", "seconds", "error"),
}
ANSWER = Answer(
    True,
    "t",
    "s",
    "сколько «строк»?",
    plots=("artifact:" + "0" * 64,),
    tables=(ResultTable(("a", "b"), ((1, None), (2.5, "x")), 2, artifact="artifact:" + "1" * 64),),
    charts=(Chart("bar", data=(("Oslo", 1), ("Riga", 2, "north")), total_points=2),),
    value={"columns": ["a"], "rows": [[1]], "total_rows": 1},
    files=(ResultFile("out.csv", 3, artifact="artifact:" + "2" * 64),),
    attempts=(Attempt(1, "x", ExecutionError("KeyError", "'x'", line_number=1), 0.5), Attempt(2, "y")),
    notes=(Note("warning", "two rows were left out"),),
    usage=Usage(10, 5, 0.01),
    error=AnswerError("failed", "no"),
    profiles=(Profile("a.csv", "a", 2, (Column("price", "number", min=1, max=2.5, frequent=(("1", 2),)),)),),
)
QUESTION = Question("mean?", (Source("a.csv", "/a.csv", overrides={"delimiter": ";"}),), budget=Budget(tokens=5))


@pytest.mark.parametrize(
    "message",
    [
        ANSWER,
        QUESTION,
        Event("progress", "t", "s", meta=Progress("…", "executing", 1, 3, code="x", failed=ANSWER.attempts[0]), seq=4),
        Event("result", "t", "s", "success", result=ANSWER, seq=5, at="2026-01-01T00:00:00.000Z"),
        Task("t", "s", "os:ann", QUESTION, fence=2),
    ],
)
def test_a_message_comes_back_from_json_as_it_was(message: Message) -> None:
    assert type(message).from_dict(json.loads(json.dumps(message.to_dict()))) == message


def test_every_message_is_a_frozen_dataclass() -> None:
    kinds = [one for one in vars(messages).values() if isinstance(one, type) and issubclass(one, Message)]
    assert len(kinds) > 20
    assert all(is_dataclass(kind) for kind in kinds if kind is not Message)
    with pytest.raises(FrozenInstanceError):
        ANSWER.success = False  # type: ignore[misc]


def test_an_answer_has_what_the_contract_names() -> None:
    plain = ANSWER.to_dict()
    assert plain.keys() >= CONTRACT
    assert plain["attempts_count"] == len(plain["attempts"]) == 2
    assert plain["tables"][0].keys() >= {"columns", "rows", "total_rows"}
    assert plain["charts"][0].keys() == {"kind", "title", "x_label", "y_label", "data", "total_points"}
    assert plain["attempts"][0]["error"].keys() >= {"ename", "evalue", "traceback"}
    assert plain["usage"].keys() == {"input_tokens", "output_tokens", "cost"}


def test_no_paths_of_this_host_leave_with_an_answer() -> None:
    table = ResultTable(("a",), ((1,),), 1, path="/tmp/sandbox/1.arrow")
    plain = Answer(True, tables=(table,), files=(ResultFile("out.csv", 3, path="/tmp/sandbox/out.csv"),)).to_dict()
    assert "path" not in plain["tables"][0] and "path" not in plain["files"][0]
    assert "/tmp/sandbox" not in json.dumps(plain)


def test_an_event_has_no_keys_that_its_type_does_not_use() -> None:
    assert Event("pong").to_dict() == {"type": "pong"}
    assert Event("error", message="no").to_dict() == {"type": "error", "message": "no"}


def test_a_prompt_leaves_out_what_lives_in_this_process_only() -> None:
    prompt = Prompt(question="mean?", find_values=lambda term: [])
    plain = prompt.to_dict()
    assert "find_values" not in json.dumps(plain)
    assert Prompt.from_dict(plain) == prompt


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Question, {"text": 5}),
        (Question, {}),
        (Question, {"text": "x", "share": "everything"}),
        (Event, {"type": "shout"}),
        (Progress, {"status": "…", "stage": "dreaming"}),
    ],
)
def test_what_does_not_fit_is_refused_with_the_name_of_its_field(kind: type[Message], data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\$|missing required field"):
        kind.from_dict(data)


def test_a_word_of_a_newer_version_is_passed_over() -> None:
    assert Question.from_dict({"text": "mean?", "colour": "red"}) == Question("mean?")


def test_usage_adds_up_and_an_unknown_cost_stays_unknown() -> None:
    assert Usage(1, 2) + Usage(3, 4) == Usage(4, 6)
    assert (Usage(1, 2, 0.5) + Usage(3, 4)).cost == 0.5
    assert (Usage(cost=0.5) + Usage(cost=0.25)).cost == 0.75
