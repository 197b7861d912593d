"""The magics in a real notebook kernel, against the built-in engine and a real HTTP model server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_kernel import LiveKernel
from model_server import Reply, ScriptedServer

VIEW = "application/vnd.jupyter.widget-view+json"
SAVED = [["text/html", "text/plain"]]
COUNT = "I count the rows.\n```python\nprint(f'There are {len(df)} rows.')\nlen(df)\n```\n"
WRONG = "I count the rows.\n```python\nprint(df['nothing'])\n```\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("kernel")
    rows = [f"2024-{month:02d}-01,{region},{month * 10}" for month in range(1, 13) for region in ("North", "South")]
    (made / "sales.csv").write_text("date,region,revenue\n" + "\n".join(rows) + "\n")
    (made / "more sales.csv").write_text("date,region,revenue\n2025-01-01,North,7\n")
    return made


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture(scope="module")
def kernel(folder: Path, server: ScriptedServer) -> Iterator[LiveKernel]:
    environ = {**server.environ(), "CSVAGENT_MODEL": "offline", "JUPYTER_DATA_DIR": str(folder / "data")}
    with LiveKernel(folder, environ) as started:
        assert started.run("%load_ext csvagent_jupyter").outputs == []
        yield started


@pytest.fixture(autouse=True)
def fresh_session(kernel: LiveKernel) -> None:
    kernel.run("%csvagent reset")


def test_a_cell_is_one_output_and_its_value_is_the_answer(kernel: LiveKernel) -> None:
    ran = kernel.run("%%csvagent sales.csv --as answer\nsum of revenue by region")
    assert ran.kinds == SAVED
    assert "1,560" not in ran.outputs[0]["data"]["text/html"].partition("</style>")[0]
    assert "780" in ran.text
    assert ran.reply["status"] == "ok"
    assert kernel.run("type(_).__name__, _ is answer, answer.success").text == "('Answer', True, True)"


def test_an_answer_shows_itself_again_where_it_is_asked_for(kernel: LiveKernel) -> None:
    kernel.run("%%csvagent sales.csv --as answer\nhow many rows?")
    again = kernel.run("answer")
    assert again.kinds == SAVED
    assert "24" in again.text
    assert kernel.run("display(answer)").kinds == SAVED
    assert kernel.run("[answer.task_id][0]").kinds == [["text/plain"]]


def test_a_cell_can_state_how_a_file_is_read_and_the_view_says_so(kernel: LiveKernel, folder: Path) -> None:
    (folder / "prices.csv").write_text("city;price\nOslo;1,500\nRiga;2,500\n")
    assert "price is 4.\n" in kernel.run("%%csvagent prices.csv\ntotal price").text
    ran = kernel.run("%%csvagent --read thousands=comma --read decimal=. --as answer\ntotal price")
    assert "price is 4000.\n" in ran.text.replace(",", "")
    assert "as you stated: decimal=. thousands=," in ran.outputs[0]["data"]["text/html"]
    again = kernel.run("%csvagent replay --read decimal=, --read thousands=none")
    assert "price is 4.\n" in again.text and "as you stated: decimal=, thousands=none" in again.text
    assert kernel.run("answer.profiles[0].dialect.stated").text == "('decimal', 'thousands')"
    refused = kernel.run("%%csvagent prices.csv --read header_rows=two\ntotal price")
    assert "header_rows cannot be 'two'" in refused.text
    assert "footer_rows" in kernel.run("%csvagent").text


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%csvagent sales.csv", "There is no question."),
        ("%%csvagent sales.csv\n   \n", "There is no question."),
        ("%%csvagent nope.csv\nhow many rows?", "There is no file “nope.csv”"),
        ("%%csvagent nope.csv\nсколько строк?", "Файла «nope.csv» нет"),
        ("number = 5\n", ""),
        ("%%csvagent number\nhow many rows?", "not a DataFrame but int"),
        ("%%csvagent\nhow many rows?", "No file"),
        ("%%csvagent sales.csv --zzz\nhow many rows?", "There is no option --zzz"),
        ("%%csvagent sales.csv --insert --background\nhow many rows?", "do not go together"),
        ("%%csvagent {nothing}\nhow many rows?", "variable called “nothing”"),
        ("%%csvagent sales.csv\n" + "long " * 20_000, "99,999 characters"),
        ("%%csvagent sales.csv --model nobody:x\nhow many rows?", "nobody"),
        ("%%csvagent sales.csv --max-attempts 99\nhow many rows?", "between 1 and 20"),
        ("%%csvagent sales.csv\nwhat is the frobnication of the quux?", "frobnication"),
        ("%csvagent histroy", "Did you mean history?"),
        ("%csvagent put", "needs one more word"),
        ("%csvagent models now", "does not take “now”"),
        ("%csvagent allow everything", "cannot be allowed"),
        ("%csvagent replay no-such-task", "no-such-task"),
        ("%csvagent save x", "Nothing has been asked"),
    ],
)
def test_bad_input_is_a_sentence_and_stops_nothing(kernel: LiveKernel, cell: str, said: str) -> None:
    ran = kernel.run(cell)
    assert said in ran.text
    assert ran.reply["status"] == "ok"
    assert ran.kinds == (SAVED if said else [])
    assert "Traceback" not in ran.text


def test_words_stand_for_variables_only_as_a_whole_and_the_question_for_none(kernel: LiveKernel, folder: Path) -> None:
    (folder / "sales_{2024}.csv").write_text("n\n1\n")
    kernel.run("name = 'sales.csv'\nfrom pathlib import Path\nplace = Path('more sales.csv')\nregion = 'x'")
    assert "24" in kernel.run("%%csvagent {name}\nhow many rows?").text
    assert "24" in kernel.run("%%csvagent $name\nhow many rows?").text
    assert "more sales.csv" in kernel.run("%%csvagent {place}\nhow many rows?").text
    assert "sales_{2024}.csv" in kernel.run("%%csvagent sales_{2024}.csv\nhow many rows?").text
    assert kernel.run("%%csvagent sales.csv\nhow many rows with {region} $name?") and kernel.run("_.question").text == (
        "'how many rows with {region} $name?'"
    )


def test_dataframes_are_asked_as_they_are_and_put_into_a_session(kernel: LiveKernel) -> None:
    kernel.run("import pandas as pd\nframe = pd.DataFrame({'n': [1, 2, 3]})")
    assert "6" in kernel.run("%%csvagent frame\nsum of n").text
    kernel.run("%csvagent reset")
    assert "is a source" in kernel.run("%csvagent put frame").text
    assert "3" in kernel.run("%%csvagent\nhow many rows?").text
    assert "needs no put" in kernel.run("%csvagent put sales.csv").text


def test_a_question_without_a_file_is_about_the_last_one(kernel: LiveKernel) -> None:
    kernel.run("%%csvagent sales.csv\nhow many rows?")
    assert "sales.csv" in kernel.run("%%csvagent\nsum of revenue").text
    assert kernel.run("%csvagent history").text.count("✓") == 2
    kernel.run("%csvagent reset")
    assert "no file" in kernel.run("%%csvagent\nsum of revenue").text.lower()
    assert "Nothing has been answered" in kernel.run("%csvagent history").text


def test_a_named_session_is_found_again(kernel: LiveKernel) -> None:
    kernel.run("%%csvagent sales.csv --session quarterly\nhow many rows?")
    assert "sales.csv" in kernel.run("%%csvagent --session quarterly\nsum of revenue").text
    assert "quarterly" in kernel.run("%csvagent sessions").text
    assert kernel.run("%csvagent history quarterly").text.count("✓") == 2
    assert "no session called other" in kernel.run("%csvagent history other").text


def test_the_script_goes_into_a_new_cell_a_file_and_a_name(kernel: LiveKernel, folder: Path) -> None:
    ran = kernel.run("%%csvagent sales.csv --insert --out results\nhow many rows?")
    (payload,) = ran.reply["payload"]
    assert payload["source"] == "set_next_input"
    assert not payload["replace"]
    assert "sales.csv" in payload["text"]
    assert (folder / "results" / "answer.json").exists()
    assert "on its own" in kernel.run("%csvagent save rows.py").text
    assert (folder / "rows.py").read_text() == payload["text"]
    assert "already there" in kernel.run("%csvagent save rows.py").text
    kernel.run("%csvagent save rows")
    assert "1" in kernel.run("%csvagent replay rows 'more sales.csv' --as again").text
    assert kernel.run("again.model, again.success").text == "(None, True)"


def test_json_is_one_json_object(kernel: LiveKernel) -> None:
    ran = kernel.run("%%csvagent sales.csv --json\nhow many rows?")
    assert ran.kinds == [["text/plain"]]
    assert json.loads(ran.text)["success"] is True


def test_in_the_background_the_value_is_a_handle_and_the_view_goes_on(kernel: LiveKernel) -> None:
    asked = kernel.run("%%csvagent sales.csv --background --as later\nhow many rows?")
    assert asked.kinds == SAVED
    handled = kernel.run(
        "handle = _\nanswer = handle.result(60)\nhandle.done, answer is handle.result(), answer is later"
    )
    assert handled.text == "(True, True, True)"
    assert "24" in asked.text
    assert VIEW not in asked.outputs[0]["data"]


def test_two_questions_at_once_in_one_session_wait_for_each_other(kernel: LiveKernel, server: ScriptedServer) -> None:
    server.script(Reply(text=COUNT, delay=0.05), COUNT)
    first = kernel.run("%%csvagent sales.csv --model openai:m --background\nhow many rows?")
    second = kernel.run("%%csvagent --model openai:m\nand again?")
    assert "There are 24 rows." in second.text
    kernel.run("handle = Out[sorted(Out)[-2]]\nhandle.result(60)")
    assert "There are 24 rows." in first.text


def test_an_error_is_repaired_and_both_attempts_are_kept(kernel: LiveKernel, server: ScriptedServer) -> None:
    server.script(WRONG, COUNT)
    ran = kernel.run("%%csvagent sales.csv --model openai:m\nhow many rows?")
    assert "There are 24 rows." in ran.text
    assert "Attempt 1: KeyError" in ran.text
    assert kernel.run("_.attempts_count").text == "2"


def test_an_interrupt_ends_the_stream_and_the_cells_that_wait(kernel: LiveKernel, server: ScriptedServer) -> None:
    number = len(server.requests) + 1
    server.script(Reply(text=COUNT, stall_after=8))
    asked = kernel.start("%%csvagent sales.csv --model openai:m --as stopped\nhow many rows?")
    waiting = kernel.start("print('ran on')")
    request = server.wait_for_request(number)
    assert request.stalled.wait(20)
    kernel.manager.interrupt_kernel()
    ran = kernel.finish(asked)
    assert request.disconnected.wait(10)
    assert ran.text.startswith("Stopped after")
    assert ran.kinds == SAVED
    assert ran.reply["status"] == "error"
    assert ran.reply["ename"] == "Interrupted"
    assert kernel.finish(waiting).reply["status"] == "aborted"
    assert kernel.run("stopped.error.kind").text == "'cancelled'"
    with_traceback = kernel.run("1 / 0")
    assert with_traceback.reply["ename"] == "ZeroDivisionError"
    assert with_traceback.outputs[0]["traceback"]


def test_an_interrupt_before_the_question_is_asked_says_so_too(kernel: LiveKernel) -> None:
    kernel.run(
        "class Interrupts(str):\n    def __str__(self):\n        raise KeyboardInterrupt\nname = Interrupts('a')"
    )
    ran = kernel.run("%%csvagent {name}\nhow many rows?")
    assert ran.text == "Stopped before the question was asked."
    assert (ran.reply["status"], ran.kinds) == ("error", SAVED)


def test_cancel_stops_what_runs_in_the_background(kernel: LiveKernel, server: ScriptedServer) -> None:
    assert "Nothing runs" in kernel.run("%csvagent cancel").text
    number = len(server.requests) + 1
    server.script(Reply(text=COUNT, stall_after=8))
    asked = kernel.run("%%csvagent sales.csv --model openai:m --background\nhow many rows?")
    kernel.run("handle = _")
    request = server.wait_for_request(number)
    assert "is being stopped" in kernel.run("%csvagent cancel").text
    kernel.run("handle.result(60)")
    assert request.disconnected.wait(10)
    assert asked.text.startswith("Stopped after")


def test_what_was_sent_never_gets_into_an_output_that_is_saved(kernel: LiveKernel, server: ScriptedServer) -> None:
    number = len(server.requests) + 1
    server.script(COUNT)
    kernel.run("%%csvagent sales.csv --model openai:m\nhow many rows with canary in them?")
    assert b"canary" in server.wait_for_request(number).body
    ran = kernel.run("%csvagent sent")
    assert ran.kinds == SAVED
    assert "canary" not in str(ran.outputs)
    assert "never kept in the notebook" in ran.text
    kernel.run("%%csvagent sales.csv\nhow many rows?")
    assert "Nothing was sent" in kernel.run("%csvagent sent").text


def test_help_models_and_settings(kernel: LiveKernel) -> None:
    said = kernel.run("%csvagent").text
    for word in (
        "models",
        "sessions",
        "history",
        "cancel",
        "reset",
        "replay",
        "report",
        "sent",
        "save",
        "put",
        "allow",
    ):
        assert re.search(rf"%csvagent {word}\b", said)
    assert "--background" in said
    assert "Questions go to offline unless --model names another." in kernel.run("%csvagent models").text
    assert "not confined" in kernel.run("%csvagent allow process").text
    kernel.run("%config CSVAgentManager.max_attempts = 1")
    assert kernel.run("%config CSVAgentManager.max_attempts").text == "1"
    kernel.run("%config CSVAgentManager.max_attempts = 3")
    assert "Reports are not part" in kernel.run("%csvagent report").text


def test_the_doctor_speaks_of_this_kernel(kernel: LiveKernel) -> None:
    ran = kernel.run("%csvagent doctor")
    assert ran.kinds == SAVED
    assert "offline" in ran.text
    assert "Traceback" not in ran.text


def test_one_attempt_is_one_attempt_after_config(kernel: LiveKernel, server: ScriptedServer) -> None:
    kernel.run("%config CSVAgentManager.max_attempts = 1")
    server.script(WRONG)
    ran = kernel.run("%%csvagent sales.csv --model openai:m\nhow many rows?")
    kernel.run("%config CSVAgentManager.max_attempts = 3")
    assert ran.kinds == SAVED
    assert kernel.run("_.success, _.attempts_count, _.error.kind").text == "(False, 1, 'failed')"


def test_with_a_server_that_has_widgets_the_live_view_is_one(folder: Path, tmp_path: Path) -> None:
    environ = {"CSVAGENT_MODEL": "offline", "JUPYTER_DATA_DIR": str(tmp_path / "data"), "JPY_SESSION_NAME": "a.ipynb"}
    with LiveKernel(folder, environ) as kernel:
        kernel.run("%load_ext csvagent_jupyter")
        ran = kernel.run("%%csvagent sales.csv\nhow many rows?")
        (shown,) = [message for message in ran.messages if message["msg_type"] == "display_data"]
        assert VIEW in shown["content"]["data"]
        assert ran.kinds == SAVED
        assert "24" in ran.text
        headlines = re.findall(r'title">([^<]+)<', str([message["content"] for message in ran.messages]))
        assert any("code" in headline for headline in headlines)
        kernel.run("%unload_ext csvagent_jupyter")
        assert "not found" in kernel.run("%csvagent").text


def test_loaded_anew_it_still_shows_an_answer_once(kernel: LiveKernel) -> None:
    kernel.run("%%csvagent sales.csv\nhow many rows?")
    assert kernel.run("%reload_ext csvagent_jupyter").reply["status"] == "ok"
    assert kernel.run("%%csvagent sales.csv\nhow many rows?").kinds == SAVED


def test_an_answer_that_cannot_be_saved_stays_the_value_of_its_cell(kernel: LiveKernel, folder: Path) -> None:
    (folder / "taken" / "answer.json").mkdir(parents=True)
    ran = kernel.run("%%csvagent sales.csv --out taken --insert\nhow many rows?")
    assert ran.kinds == SAVED * 2
    assert "could not be written to taken" in ran.text
    assert ran.reply["payload"][0]["source"] == "set_next_input"
    assert kernel.run("_.value").text == "24"
