"""A setback is told to the reader in a line, and to the model with its own failing line."""

from __future__ import annotations

import pytest

from csvagent_jupyter.agent.checks import Finding
from csvagent_jupyter.agent.code import Reply
from csvagent_jupyter.agent.setback import (
    CUT,
    LIMITS,
    MAX_TOLD,
    line_of,
    of_advice,
    of_check,
    of_error,
    of_missing_code,
    told,
)
from csvagent_jupyter.messages import ExecutionError, LimitHit
from csvagent_jupyter.translations import Language

CODE = "a = 1\nb = a / 0\n"


def test_an_error_has_the_failing_line_of_the_models_code() -> None:
    setback = of_error(CODE, ExecutionError("ZeroDivisionError", "division by zero", "Traceback", 2))
    assert (setback.failure.line, setback.failure.line_number, setback.ours) == ("b = a / 0", 2, False)
    assert told(setback.error, "en") == "ZeroDivisionError: division by zero (line 2)"
    assert told(setback.error, "ru") == "ZeroDivisionError: division by zero (строка 2)"


@pytest.mark.parametrize("number", [None, 0, -1, 3, 10**9])
def test_a_line_that_does_not_exist_is_none(number: int | None) -> None:
    assert line_of(CODE, number) == ""
    assert of_error(CODE, ExecutionError("E", "", line_number=number)).failure.line_number is None


def test_code_that_was_cut_off_is_told_so_to_the_model() -> None:
    error = ExecutionError("SyntaxError", "'(' was never closed", line_number=1)
    assert CUT in of_advice(Reply("print((", None, cut=True), error).failure.evalue
    assert CUT not in of_advice(Reply("print((", None), error).failure.evalue


def test_what_is_not_an_exception_is_told_without_a_class() -> None:
    assert told(of_missing_code("ru").error, "ru") == "в ответе модели нет кода"
    check = of_check(CODE, Finding("check_empty", severe=True), "en")
    assert told(check.error, "en") == "The result is empty: nothing fits the conditions"
    assert check.ours
    assert of_missing_code("en").ours


def test_a_long_error_is_one_short_line() -> None:
    line = told(ExecutionError("E", "x\n" * 5_000), "en")
    assert "\n" not in line
    assert len(line) <= MAX_TOLD + 10


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_limit_is_told_to_the_reader_with_its_setting_and_to_the_model_without(name: str, language: Language) -> None:
    hit = LimitHit(name, 3 * 2**30)
    setback = of_error(CODE, ExecutionError("MemoryError", "x\n" * 500, line_number=2), [hit], language)
    line = told(setback.error, language)
    assert f"c.CSVAgentManager.kernel_{name}" in line and line.count("…") == 1
    assert setback.failure.evalue == "x\n" * 500 and not setback.ours
    assert setback.failure.hint and "CSVAgentManager" not in setback.failure.hint


def test_a_limit_that_only_cut_something_is_no_reason_of_an_error() -> None:
    setback = of_error(CODE, ExecutionError("KeyError", "'x'"), [LimitHit("output", 10)])
    assert (setback.error.evalue, setback.failure.hint) == ("'x'", "")


def test_what_a_limit_ended_is_told_without_a_class() -> None:
    setback = of_error(CODE, ExecutionError("LimitExceeded", ""), [LimitHit("work_size", 2**29)])
    assert told(setback.error, "en").startswith("The files that the code wrote take more than the 512 MB")
