"""A setback is told to the reader in a line, and to the model with its own failing line."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest

from csvagent_jupyter.agent.advice import Advice
from csvagent_jupyter.agent.checks import Finding
from csvagent_jupyter.agent.code import Reply
from csvagent_jupyter.agent.setback import (
    CUT,
    LIMITS,
    MAX_TOLD,
    NO_PROCESSES,
    line_of,
    of_advice,
    of_check,
    of_error,
    of_missing_code,
    told,
)
from csvagent_jupyter.exceptions import StorageFull
from csvagent_jupyter.messages import ExecutionError, LimitHit
from csvagent_jupyter.translations import LANGUAGES, Language

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
    error = Advice("SyntaxError", 1, text="'(' was never closed")
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
    assert line.index("…") < line.index("(line 2)" if language == "en" else "(строка 2)") < line.index("CSVAgent")
    assert setback.failure.evalue == "x\n" * 500 and not setback.ours
    assert setback.failure.hint and "CSVAgentManager" not in setback.failure.hint


def test_a_limit_that_only_cut_something_is_no_reason_of_an_error() -> None:
    setback = of_error(CODE, ExecutionError("KeyError", "'x'"), [LimitHit("output", 10)])
    assert (setback.error.evalue, setback.failure.hint) == ("'x'", "")


def test_what_a_limit_ended_is_told_without_a_class() -> None:
    setback = of_error(CODE, ExecutionError("LimitExceeded", ""), [LimitHit("work_size", 2**29)])
    assert told(setback.error, "en").startswith("The files that the code wrote take more than the 512 MB")


def test_advice_is_told_to_the_reader_in_their_language_behind_the_line_and_to_the_model_in_english() -> None:
    setback = of_advice(Reply("import requests", None), Advice("ImportError", 1, "network", "requests"), "ru")
    assert told(setback.error, "ru") == (
        "ImportError: там, где выполняется код, нет сети, а requests без неё не работает (строка 1). "
        "Сохраните данные в файл и назовите его перед вопросом"
    )
    assert setback.failure.evalue == "there is no network where the code runs, and requests needs one"


@pytest.mark.parametrize(
    "evalue",
    [
        f"[Errno {errno.ENOSPC}] No space left on device",
        f"[Errno {errno.EDQUOT}] Disk quota exceeded: 'x.csv'",
        f"Error writing bytes to file. Detail: [errno {errno.ENOSPC}] No space left on device",
    ],
)
def test_a_full_disk_is_nobodys_mistake_and_its_place_is_named(
    evalue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(StorageFull) as caught:
        of_error(CODE, ExecutionError("OSError", evalue, line_number=2))
    for language in LANGUAGES:
        assert str(tmp_path) in caught.value.say(language) and "TMPDIR" in caught.value.say(language)


@pytest.mark.parametrize("evalue", ["[Errno 2] No such file or directory: '[Errno 28'", "", f"[Errno {10**30}] x"])
def test_another_error_of_the_system_is_the_codes(evalue: str) -> None:
    assert of_error(CODE, ExecutionError("OSError", evalue)).error.evalue == evalue


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("with ProcessPoolExecutor() as pool:\n    pool.map(len, [])", NO_PROCESSES),
        ("try:\n    import subprocess\nfinally:\n    subprocess.run(['ls'])", NO_PROCESSES),
        ("os.fork()", NO_PROCESSES),
        ("open('/etc/shadow')", ""),
    ],
)
def test_a_process_that_may_not_be_is_told_to_both(code: str, hint: str) -> None:
    setback = of_error(code, ExecutionError("PermissionError", "[Errno 13] Permission denied", line_number=1))
    assert setback.failure.hint == hint
    line = told(setback.error, "en")
    assert line.startswith("PermissionError: [Errno 13] Permission denied (line 1)")
    assert ("may not start other processes" in line) == bool(hint)
