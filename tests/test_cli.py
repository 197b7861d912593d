"""The command line: what it takes, what it says in both languages, and whole questions in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from csvagent_jupyter.cli.arguments import COMMANDS, help_text, interface_language, parse
from csvagent_jupyter.cli.asking import exit_code
from csvagent_jupyter.cli.examination import _slow_because
from csvagent_jupyter.exceptions import BadInput
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Answer, AnswerError
from csvagent_jupyter.saving import prepare_folder, save_answer
from csvagent_jupyter.translations import LANGUAGES

EXAMPLES = Path(__file__).parent.parent / "examples"
COMMAND = [sys.executable, "-c", "import sys; from csvagent_jupyter.cli import main; sys.exit(main())"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A person's environment with nothing of ours in it, and a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    kept = {name: value for name, value in kept.items() if not name.startswith(("CSVAGENT_", "OLLAMA_", "LC_"))}
    return kept | {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "LANG": "C.UTF-8", "CSVAGENT_MODEL": "offline"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A working folder that is not the checkout, with copies of the example files."""
    folder = tmp_path / "work"
    folder.mkdir()
    for path in EXAMPLES.glob("*.csv"):
        shutil.copy(path, folder)
    return folder


def csvagent(*words: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, env=env, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL
    )


# --- words and options ----------------------------------------------------------------------------------------------


def test_options_may_stand_anywhere() -> None:
    found = parse(["ask", "a.csv", "--json", "b.csv", "--max-attempts=2", "how many?", "--timeout", "1.5"], "en")
    assert (found.sources, found.question) == (["a.csv", "b.csv"], "how many?")
    assert (found.json, found.max_attempts, found.timeout, found.model, found.out) == (True, 2, 1.5, None, None)


def test_after_two_dashes_all_are_words() -> None:
    assert parse(["ask", "a.csv", "--", "--what?"], "en").question == "--what?"


def test_options_of_reading_are_said_as_often_as_needed() -> None:
    words = ["--read", "delimiter=tab", "--strict", "--read=b.csv:types=a:text", "--read", "missing=-"]
    found = parse(["ask", "a.csv", "b.csv", *words, "how many?"], "en")
    assert found.read == {"delimiter": "\t", "strict": True, "b.csv": {"types": {"a": "text"}}, "missing": ["-"]}
    assert parse(["profile", "a.csv"], "en").read == {}
    for command in ("ask", "profile", "replay"):
        for language in LANGUAGES:
            assert "footer_rows" in help_text(command, language)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["ask", "a.csv"], "cli.question_missing"),
        (["ask"], "cli.question_missing"),
        (["ask", "a.csv", "  "], "cli.question_missing"),
        (["ask", "a.csv", "q", "--modle", "x"], "cli.unknown_option_near"),
        (["ask", "a.csv", "q", "--wild"], "cli.unknown_option"),
        (["ask", "a.csv", "q", "--read"], "cli.value_missing"),
        (["ask", "a.csv", "q", "--read", "delimeter=;"], "tables.unknown_option"),
        (["ask", "a.csv", "q", "--read", "delimiter"], "options.no_value"),
        (["replay", "task", "--strict=yes"], "cli.flag_with_value"),
        (["doctor", "--strict"], "cli.unknown_option"),
        (["ask", "a.csv", "q", "--model"], "cli.value_missing"),
        (["ask", "a.csv", "q", "--json=yes"], "cli.flag_with_value"),
        (["ask", "a.csv", "q", "--share", "all"], "cli.not_a_choice"),
        (["ask", "a.csv", "q", "--lang", "de"], "cli.not_a_choice"),
        (["ask", "a.csv", "q", "--max-attempts", "0"], "cli.not_a_count"),
        (["ask", "a.csv", "q", "--max-attempts", "-1"], "cli.not_a_count"),
        (["ask", "a.csv", "q", "--max-attempts", "²"], "cli.not_a_count"),
        (["ask", "a.csv", "q", "--timeout", "soon"], "cli.not_seconds"),
        (["ask", "a.csv", "q", "--timeout", "nan"], "cli.not_seconds"),
        (["ask", "a.csv", "q", "--timeout", "-3"], "cli.not_seconds"),
        (["profile"], "cli.one_file"),
        (["profile", "a.csv", "b.csv"], "cli.one_file"),
        (["profile", "a.csv", "--model", "x"], "cli.unknown_option"),
        (["replay"], "cli.task_missing"),
        (["doctor", "a.csv"], "cli.too_many_words"),
        (["serve", "a.csv"], "cli.too_many_words"),
        (["allow"], "cli.one_consent"),
        (["allow", "share", "process"], "cli.one_consent"),
    ],
)
def test_bad_use_is_told_in_one_sentence(words: list[str], key: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(words, "en")
    assert caught.value.key == key
    assert caught.value.say("ru") != caught.value.say("en")
    assert "{" not in caught.value.say("en") + caught.value.say("ru")


def test_a_question_before_its_file_is_noticed(elsewhere: Path) -> None:
    for first in ("how many rows?", str(elsewhere / "survey.csv")):
        with pytest.raises(BadInput) as caught:
            parse(["ask", first, str(elsewhere / "sales.csv")], "en")
        assert caught.value.key == "cli.question_missing"


def test_a_question_may_be_longer_than_a_file_name() -> None:
    question = "why " * 30_000
    assert parse(["ask", "a.csv", question], "en").question == question


@pytest.mark.parametrize(
    ("words", "locale", "language"),
    [
        (["ask", "продажи.csv", "how many rows?"], "ru_RU.UTF-8", "en"),
        (["ask", "sales.csv", "--json", "сколько строк?"], "C", "ru"),
        (["ask", "sales.csv", "сколько строк?", "--model", "offline"], "C", "ru"),
        (["ask", "sales.csv", "сколько строк?", "--lang", "en"], "ru_RU.UTF-8", "en"),
        (["ask", "sales.csv", "how many?", "--lang=ru"], "C", "ru"),
        (["ask", "sales.csv", "--strict", "сколько строк?"], "C", "ru"),
        (["ask", "sales.csv", "--read", "types=город:text", "how many?"], "C", "en"),
        (["ask", "продажи.csv"], "C", "en"),
        (["profile", "продажи.csv"], "C", "en"),
        (["profile", "sales.csv"], "ru_RU.UTF-8", "ru"),
        (["profile", "sales.csv", "--lang"], "C", "en"),
        ([], "ru_RU.UTF-8", "ru"),
    ],
)
def test_the_language_is_the_options_then_the_questions_then_the_locales(
    words: list[str], locale: str, language: str
) -> None:
    assert interface_language(words, {"LANG": locale}) == language


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_option_it_explains(command: str) -> None:
    for language in ("en", "ru"):
        usage, _, explained = help_text(command, language).partition("\n\n")
        for option in explained.split():
            if option.startswith("--") and option.rstrip(",") not in ("--help",):
                assert option in usage


# --- without a question ---------------------------------------------------------------------------------------------


def test_without_a_command_it_says_what_there_is(elsewhere: Path, environment: dict[str, str]) -> None:
    run = csvagent(cwd=elsewhere, env=environment | {"LANG": "ru_RU.UTF-8"})
    assert (run.returncode, run.stderr) == (2, "")
    assert "ответить на вопрос о файлах" in run.stdout
    assert csvagent("--help", cwd=elsewhere, env=environment).returncode == 0
    wrong = csvagent("answer", cwd=elsewhere, env=environment)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "There is no command answer. Commands: ask, profile, replay, serve, allow, doctor.\n"


def test_a_profile_has_the_agreed_shape(elsewhere: Path, environment: dict[str, str]) -> None:
    run = csvagent("profile", "продажи.csv", "--json", cwd=elsewhere, env=environment)
    found = json.loads(run.stdout)
    assert (run.returncode, found["rows"], found["path"]) == (0, 900, "продажи.csv")
    dialect = found["dialect"]
    assert (dialect["encoding"], dialect["delimiter"], dialect["decimal"]) == ("cp1251", ";", ",")
    assert dialect.keys() >= {"quotechar", "escapechar", "header_rows", "thousands", "skipped_rows"}
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["Город"]["distinct"] == 5
    assert columns["Дата"]["type"] == "date"
    needed = {"name", "type", "nulls", "distinct", "distinct_is_approximate", "min", "max", "examples"}
    assert columns["Выручка"].keys() >= needed
    assert all(isinstance(note, str) for note in found["notes"])


def test_a_profile_reads_well_in_russian(elsewhere: Path, environment: dict[str, str]) -> None:
    run = csvagent("profile", "sales.csv", "--lang", "ru", cwd=elsewhere, env=environment)
    assert run.stdout.startswith("sales.csv · 1460 строк × 9 столбцов · UTF-8 · ;")
    assert "целое число" in run.stdout


def test_a_glance_at_a_large_file_is_called_one(elsewhere: Path, environment: dict[str, str]) -> None:
    row = "1,the words of a row that is long enough for a large file\n"
    (elsewhere / "huge.csv").write_text("number,words\n" + row * ((9 << 20) // len(row)))
    run = csvagent("profile", "--glance", "huge.csv", cwd=elsewhere, env=environment)
    assert run.stdout.startswith("huge.csv · ≈ 1"), run.stderr
    assert "⚠ Only a sample was looked at" in run.stdout
    small = csvagent("profile", "sales.csv", "--glance", cwd=elsewhere, env=environment)
    assert small.stdout.startswith("sales.csv · 1460 rows") and "sample" not in small.stdout


def test_how_a_file_is_read_can_be_stated(elsewhere: Path, environment: dict[str, str]) -> None:
    (elsewhere / "prices.csv").write_text("code;price\n01;1,500\n02;2,500\n")
    words = ["profile", "prices.csv", "--json", "--read", "thousands=comma", "--read=decimal=."]
    run = csvagent(*words, "--read", "prices.csv:types=code:integer", cwd=elsewhere, env=environment)
    found = json.loads(run.stdout)
    assert found["dialect"]["stated"][:2] == ["decimal", "thousands"], run.stderr
    assert {column["name"]: column["max"] for column in found["columns"]}["price"] == 2500
    for wrong, part in (("delimeter=;", "delimeter"), ("header_rows=x", "0"), ("b.csv:decimal=,", "b.csv")):
        refused = csvagent("profile", "prices.csv", "--read", wrong, cwd=elsewhere, env=environment)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
        assert part in refused.stderr


@pytest.mark.parametrize("name", ["nowhere.csv", "empty.csv", "picture.csv", "."])
def test_an_unreadable_file_is_bad_use(name: str, elsewhere: Path, environment: dict[str, str]) -> None:
    (elsewhere / "empty.csv").touch()
    (elsewhere / "picture.csv").write_bytes(bytes(range(256)) * 8)
    for words in (["profile", name], ["ask", name, "how many rows?"]):
        run = csvagent(*words, cwd=elsewhere, env=environment)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr.strip() and "Traceback" not in run.stderr


def test_a_reader_that_goes_away_ends_nothing_loudly(elsewhere: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "profile", "sales.csv", "--json"],
        cwd=elsewhere,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_stream_that_is_closed_takes_nothing_and_stops_nothing(
    closed: str, elsewhere: Path, environment: dict[str, str]
) -> None:
    run = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *COMMAND, "profile", "sales.csv"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert ("1460" in run.stdout) == (closed == "2")


def test_an_answer_that_finds_no_room_says_so(elsewhere: Path, environment: dict[str, str]) -> None:
    for words in (["profile", "sales.csv"], ["profile", "nowhere.csv", "--json"]):
        with Path("/dev/full").open("w") as full:
            run = subprocess.run(
                [*COMMAND, *words], cwd=elsewhere, env=environment, stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert run.returncode == (1 if words[1] == "sales.csv" else 2)
        assert len(run.stderr.splitlines()) == 1


def test_a_hostile_file_cannot_steer_the_terminal(elsewhere: Path, environment: dict[str, str]) -> None:
    rows = "".join(f"{number},an ordinary cell of some length\n" for number in range(200))
    (elsewhere / "bad.csv").write_text("n,\x1b]0;gone\x07name\n1,\x1b[2Jx\n" + rows)
    run = csvagent("profile", "bad.csv", cwd=elsewhere, env=environment)
    assert run.returncode == 0
    assert "\x1b" not in run.stdout + run.stderr


# --- what --out writes ----------------------------------------------------------------------------------------------

PNG = "data:image/png;base64,iVBORw0KGgo="


def answer(**fields: Any) -> Any:
    from csvagent_jupyter.messages import Answer

    return Answer(success=True, **fields)


def test_an_answer_is_saved_as_files(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path / "new" / "place")
    written = save_answer(answer(script="print(1)\n", plots=(PNG, PNG), text_output="да"), folder)
    assert [path.name for path in written] == ["code.py", "plot-1.png", "plot-2.png", "answer.json"]
    assert (folder / "code.py").read_text() == "print(1)\n"
    assert (folder / "plot-1.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "answer.json").read_text())["text_output"] == "да"


def test_plots_of_an_earlier_answer_do_not_stay_and_others_files_do(tmp_path: Path) -> None:
    (tmp_path / "plot-9.png").write_bytes(b"mine")
    save_answer(answer(plots=(PNG, PNG)), tmp_path)
    save_answer(answer(plots=(PNG,)), tmp_path)
    assert {path.name for path in tmp_path.glob("*.png")} == {"plot-1.png", "plot-9.png"}


def test_a_place_that_cannot_be_is_told_before_the_question_runs(elsewhere: Path, environment: dict[str, str]) -> None:
    run = csvagent("ask", "sales.csv", "how many rows?", "--out", "sales.csv", cwd=elsewhere, env=environment)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("The folder sales.csv cannot be made (")
    assert run.stderr.count("\n") == 1


# --- whole questions ------------------------------------------------------------------------------------------------

TOTALS = """
by = df.groupby("region")["revenue"].sum()
print(f"The total is {by.sum():.2f}.")
by.plot.bar()
by
"""


def scripted(folder: Path, *replies: Any) -> str:
    """Write a script for the replay model and return the name of that model."""
    path = folder / "replies.json"
    path.write_text(json.dumps([reply if isinstance(reply, dict) else told(reply) for reply in replies]))
    return f"replay:{path}"


def told(code: str) -> str:
    return f"Sums the revenue of each region.\n```python\n{code.strip()}\n```"


def totals(name: str = "sales.csv", group: int = 2, amount: int = 8) -> dict[str, float]:
    """Sum one column by another from the rows of the file itself; by default what TOTALS must find."""
    found: dict[str, float] = {}
    encoding = "utf-8" if name.isascii() else "cp1251"
    for line in (EXAMPLES / name).read_text(encoding).splitlines()[1:]:
        cells = line.split(";")
        found[cells[group]] = found.get(cells[group], 0) + float(cells[amount].replace(",", "."))
    return dict(sorted(found.items()))


def test_a_question_is_answered_repaired_saved_and_run_again(elsewhere: Path, environment: dict[str, str]) -> None:
    model = scripted(elsewhere, 'df["reveune"]', TOTALS)
    words = ["ask", "sales.csv", "revenue by region", "--model", model, "--json", "--out", "result"]
    run = csvagent(*words, cwd=elsewhere, env=environment)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert (found["success"], found["attempts_count"], found["model"]) == (True, 2, model)
    assert found["attempts"][0]["error"]["ename"] == "KeyError"
    assert found["interpretation"] == "Sums the revenue of each region."
    assert f"{sum(totals().values()):.2f}" in found["text_output"]
    assert [row[0] for row in found["tables"][0]["rows"]] == list(totals())
    assert [row[1] for row in found["tables"][0]["rows"]] == pytest.approx(list(totals().values()))
    assert found["plots"][0].startswith("data:image/png;base64,")
    assert "✗ Attempt 1/3 did not work: KeyError" in run.stderr
    assert run.stderr.count("KeyError") == 1
    folder = elsewhere / "result"
    assert {path.name for path in folder.iterdir()} == {"code.py", "plot-1.png", "answer.json"}
    assert json.loads((folder / "answer.json").read_text()) == found

    bare = subprocess.run(
        [sys.executable, "code.py"], cwd=folder, capture_output=True, text=True, env=environment | {"MPLBACKEND": "agg"}
    )
    assert bare.stdout.strip() == found["text_output"].splitlines()[0]

    rows = (elsewhere / "sales.csv").read_text().splitlines()
    (elsewhere / "half.csv").write_text("\n".join(rows[:701]) + "\n")
    again = csvagent("replay", found["task_id"], "half.csv", "--json", cwd=elsewhere, env=environment)
    assert again.returncode == 0, again.stderr
    repeated = json.loads(again.stdout)
    assert (repeated["model"], repeated["attempts_count"]) == (None, 1)
    half = sum(float(line.split(";")[8].replace(",", ".")) for line in rows[1:701])
    assert f"{half:.2f}" in repeated["text_output"]


@pytest.mark.parametrize(
    ("name", "question", "group", "amount", "interpretation"),
    [
        ("sales.csv", "total revenue by region", 2, 8, "sum of revenue by region"),
        ("продажи.csv", "сумма выручки по городам", 1, 5, "сумма Выручка по Город"),
    ],
)
def test_the_built_in_engine_gives_the_right_numbers(
    name: str,
    question: str,
    group: int,
    amount: int,
    interpretation: str,
    elsewhere: Path,
    environment: dict[str, str],
) -> None:
    run = csvagent("ask", name, question, "--json", cwd=elsewhere, env=environment)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    wanted = totals(name, group, amount)
    assert dict(found["tables"][0]["rows"]) == pytest.approx(wanted)
    assert found["charts"][0]["kind"] == "bar"
    assert dict(point[:2] for point in found["charts"][0]["data"]) == pytest.approx(wanted)
    assert interpretation in found["interpretation"]
    assert (found["model"], found["usage"]["input_tokens"]) == ("offline", 0)


def test_what_the_built_in_engine_cannot_answer_it_declines_with_examples(
    elsewhere: Path, environment: dict[str, str]
) -> None:
    words = ["ask", "sales.csv", "why did the customers like the chairs?"]
    found = json.loads(csvagent(*words, "--json", cwd=elsewhere, env=environment).stdout)
    assert found["error"]["kind"] == "declined"
    assert len(found["suggestions"]) == 3
    told = csvagent(*words, cwd=elsewhere, env=environment)
    assert (told.returncode, told.stdout) == (1, "")
    assert found["suggestions"][0] in told.stderr
    assert "csvagent doctor lists them" in told.stderr


def test_the_answer_goes_to_standard_output_and_all_else_to_standard_error(
    elsewhere: Path, environment: dict[str, str]
) -> None:
    words = ["ask", "sales.csv", "выручка по регионам", "--model", scripted(elsewhere, TOTALS)]
    run = csvagent(*words, cwd=elsewhere, env=environment)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("The total is ")
    assert "Понято так: Sums the revenue of each region." in run.stdout
    assert "%csvagent" not in run.stdout, "what only a notebook has is not named here"
    assert "Попытка 1/3" in run.stderr
    assert "csvagent replay " in run.stderr


def test_an_answer_with_plots_may_be_cut_by_head(elsewhere: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "ask", "sales.csv", "revenue by region", "--model", scripted(elsewhere, TOTALS), "--json"],
        cwd=elsewhere,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "{\n"
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("replies", "code", "kind"),
    [
        (["1/0", "1/0", "1/0"], 1, "failed"),
        ([{"error": "unreachable"}], 3, "model_unreachable"),
        ([{"error": "refused"}], 3, "model_refused"),
    ],
)
def test_no_answer_has_the_exit_code_of_its_kind(
    replies: list[Any], code: int, kind: str, elsewhere: Path, environment: dict[str, str]
) -> None:
    words = ["ask", "sales.csv", "revenue by region", "--model", scripted(elsewhere, *replies), "--json"]
    run = csvagent(*words, cwd=elsewhere, env=environment)
    found = json.loads(run.stdout)
    assert (run.returncode, found["success"], found["error"]["kind"]) == (code, False, kind)
    assert found["error"]["message"]


def test_an_error_of_our_own_is_no_service_out_of_reach() -> None:
    codes = {"internal": 1, "store_unreachable": 3, "isolation": 1, "unreadable": 2, "cancelled": 130, "timeout": 1}
    assert codes == {kind: exit_code(Answer(False, error=AnswerError(kind, ""))) for kind in codes}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["ask", "nowhere.csv", "how many?"], "unreadable"),
        (["ask", "sales.csv", "  "], "bad_input"),
        (["ask", "sales.csv", "how many?", "--model", "nobody:x"], "bad_input"),
        (["replay", "no-such-task"], "not_found"),
    ],
)
def test_bad_input_is_one_sentence_and_with_json_an_answer(
    words: list[str], kind: str, elsewhere: Path, environment: dict[str, str]
) -> None:
    run = csvagent(*words, cwd=elsewhere, env=environment)
    assert (run.returncode, run.stdout) == (2, "")
    found = json.loads(csvagent(*words, "--json", cwd=elsewhere, env=environment).stdout)
    assert (found["success"], found["error"]["kind"]) == (False, kind)
    assert found["error"]["message"] in run.stderr


ENDLESS = "while True: pass"


def interruptible(*words: str, cwd: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    """Start a command that heeds Ctrl-C, even where whoever started the tests has that ignored."""
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " + COMMAND[2]
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for(line: str, process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    assert any(line in each for each in process.stderr)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_the_code_and_tells_what_was_done(
    sign: signal.Signals, elsewhere: Path, environment: dict[str, str]
) -> None:
    words = ["ask", "sales.csv", "revenue by region", "--model", scripted(elsewhere, ENDLESS), "--json"]
    with interruptible(*words, cwd=elsewhere, env=environment) as process:
        wait_for("running the code", process)
        process.send_signal(sign)
        output, _ = process.communicate()
    found = json.loads(output)
    assert (process.returncode, found["success"], found["error"]["kind"]) == (130, False, "cancelled")
    assert found["attempts"][-1]["code"].strip() == ENDLESS


def test_an_interrupt_before_the_question_is_asked_is_an_answer_too(
    elsewhere: Path, environment: dict[str, str]
) -> None:
    program = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "csvagent_jupyter.manager":
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt())
"""
    words = ["ask", "sales.csv", "how many rows?", "--json"]
    run = subprocess.run(
        [sys.executable, "-c", program + COMMAND[2], *words],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert (run.returncode, run.stderr) == (130, "Stopped.\n")
    assert json.loads(run.stdout)["error"] == {"kind": "cancelled", "message": "Stopped."}


# --- settings and consent -------------------------------------------------------------------------------------------


def test_a_question_takes_jupyters_settings_and_a_broken_file_is_a_sentence(
    elsewhere: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    set_there = environment | {"JUPYTER_CONFIG_DIR": str(folder)}
    file = folder / "jupyter_config.py"
    file.write_text("c.CSVAgentManager.max_attempts = 1\n")
    words = ["ask", "sales.csv", "how many rows?", "--model", scripted(elsewhere, "df['nothing']", "len(df)"), "--json"]
    run = csvagent(*words, cwd=elsewhere, env=set_there)
    assert (run.returncode, len(json.loads(run.stdout)["attempts"])) == (1, 1)
    file.write_text("c.CSVAgentManager.max_attempts = (\n")
    for command in (words[:-1], ["doctor"], ["allow", "share"]):
        run = csvagent(*command, cwd=elsewhere, env=set_there)
        assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
        assert str(file) in run.stderr


def test_consent_is_written_down_once(elsewhere: Path, environment: dict[str, str]) -> None:
    assert "not confined" in csvagent("allow", "process", cwd=elsewhere, env=environment).stdout
    said = csvagent("allow", "process", "--lang", "ru", cwd=elsewhere, env=environment)
    assert (said.returncode, said.stdout) == (
        0,
        "Теперь код модели может выполняться в отдельном процессе без изоляции.\n",
    )

    async def agreed() -> bool:
        manager = CSVAgentManager(data_folder=environment["JUPYTER_DATA_DIR"] + "/csvagent")
        await manager.start(warm=False)
        try:
            return await manager.workshop.agreed(manager.owner, "isolation:process")
        finally:
            await manager.stop()

    assert asyncio.run(agreed())
    wrong = csvagent("allow", "everything", cwd=elsewhere, env=environment)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "“everything” cannot be allowed" in wrong.stderr


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor_starts_a_kernel_and_tells_what_it_found(elsewhere: Path, environment: dict[str, str]) -> None:
    run = csvagent("doctor", "--json", cwd=elsewhere, env=environment)
    found = json.loads(run.stdout)
    assert (run.returncode, found["healthy"]) == (0, True), run.stdout
    assert found["model"] | {"name": "offline", "local": True} == found["model"]
    assert found["model"]["reason"] == "chosen in CSVAGENT_MODEL"
    assert found["kernel"]["isolation"] in ("process", "confined")
    assert any(library.startswith("pandas ") for library in found["kernel"]["libraries"])
    assert "DejaVu Sans" in found["kernel"]["fonts"]
    assert found["store"]["folder"] == environment["JUPYTER_DATA_DIR"] + "/csvagent"
    assert found["store"]["journal"] in ("wal", "delete")


def test_doctor_says_what_is_broken(elsewhere: Path, environment: dict[str, str]) -> None:
    Path(environment["JUPYTER_DATA_DIR"]).write_text("a file where a folder should be")
    broken = environment | {"CSVAGENT_MODEL": "openai:gpt"}
    run = csvagent("doctor", "--lang", "ru", cwd=elsewhere, env=broken)
    assert run.returncode == 1
    assert "✗ сессии" in run.stdout
    assert "c.CSVAgentManager.data_folder либо JUPYTER_DATA_DIR" in run.stdout
    assert "✗ модель" in run.stdout and "пока неизвестна" in run.stdout and "None" not in run.stdout
    assert "✓ ядро для кода" in run.stdout
    assert "не получится" in run.stdout.splitlines()[-1]


def test_doctor_says_why_kernels_start_slowly_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for language in LANGUAGES:
        told = _slow_because("the server for new processes did not start", language)
        assert str(tmp_path) in told and "TMPDIR" in told and "`csvagent doctor`" in told
    assert _slow_because("", "en") == ""
