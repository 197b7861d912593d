"""Questions over HTTP: put in line, waited for, looked at, cancelled, run again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from jupyter_host import JupyterHost, ask, finished, until
from model_server import Reply, ScriptedServer

CSV = "city,price\nOslo,10\nRiga,20\n"
MEAN = "The mean.\n```python\nprint('Mean', df['price'].mean())\ndf['price'].mean()\n```"
BAD = "The mean.\n```python\nprint(df['prize'].mean())\n```"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Iterator[JupyterHost]:
    with JupyterHost(tmp_path_factory.mktemp("host"), model, people=True) as host:
        (host.root / "cities.csv").write_text(CSV)
        (host.root / "later.csv").write_text("city,price\nOslo,100\nRiga,300\n")
        (host.root / "other.csv").write_text("city,cost\nOslo,100\n")
        yield host


@pytest.fixture
def anna(host: JupyterHost, model: ScriptedServer) -> httpx.Client:
    model.forget()
    return host.client("anna")


@pytest.fixture
def session_id(anna: httpx.Client) -> str:
    return str(anna.post("/api/sessions", json={}).json()["session_id"])


def stalled() -> Reply:
    """A reply that stops after its first words, until the server that gives it is told to go on."""
    return Reply(text=MEAN, stall_after=1)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_question_is_put_in_line_and_answered(anna: httpx.Client, model: ScriptedServer, session_id: str) -> None:
    model.script(BAD, MEAN)
    body = {"query": "mean price?", "session_id": session_id, "path": "cities.csv"}
    reply = anna.post("/api/analyze-async", json=body)
    assert reply.status_code == 202 and reply.json()["status"] == "PENDING"
    task_id = reply.json()["task_id"]
    shown = finished(anna, task_id)
    assert shown["task_id"] == task_id and shown["status"] == "SUCCESS"
    assert shown["meta"].keys() == {"status", "stage", "attempt", "max_attempts", "code"}
    assert (shown["meta"]["stage"], shown["meta"]["attempt"], shown["meta"]["max_attempts"]) == ("done", 2, 3)
    answer = shown["result"]
    assert answer["text_output"] == "Mean 15.0" and answer["value"] == 15.0 and answer["attempts_count"] == 2
    assert answer["session_id"] == session_id and answer["final_code"] in answer["script"]


def test_a_form_brings_its_files_along(anna: httpx.Client, model: ScriptedServer, session_id: str) -> None:
    model.script("Both.\n```python\nprint(sorted(tables), float(tables['b']['x'].sum()))\n```")
    fields = {"query": "sum?", "session_id": session_id, "max_attempts": "1", "dialect": "delimiter=;\nb.csv:decimal=,"}
    files = [("file", ("a.csv", b"x;y\n1;2\n")), ("file", ("b.csv", b"x;y\n3;4\n5;6\n"))]
    reply = anna.post("/api/analyze-async", data=fields, files=files)
    assert reply.status_code == 202, reply.text
    answer = finished(anna, reply.json()["task_id"])["result"]
    assert answer["text_output"] == "['a', 'b'] 8.0"
    assert [profile["dialect"]["delimiter"] for profile in answer["profiles"]] == [";", ";"]
    assert [profile["dialect"]["stated"] for profile in answer["profiles"]] == [["delimiter"], ["delimiter", "decimal"]]


def test_a_question_without_a_session_makes_one(anna: httpx.Client, model: ScriptedServer) -> None:
    model.script(MEAN)
    reply = anna.post("/api/analyze-async", json={"query": "mean price?", "path": "cities.csv"})
    session_id = reply.json()["session_id"]
    finished(anna, reply.json()["task_id"])
    assert anna.get(f"/api/sessions/{session_id}").json()["title"] == "mean price?"


def test_a_question_can_be_waited_for(anna: httpx.Client, model: ScriptedServer, session_id: str) -> None:
    model.script("A bar.\n```python\nfig, ax = plt.subplots()\nax.bar(df['city'], df['price'])\nprint('Drawn')\n```")
    reply = anna.post("/api/analyze", json={"query": "bar", "session_id": session_id, "path": "cities.csv"})
    assert reply.status_code == 200
    answer = reply.json()
    assert answer["success"] and answer["plots"][0].startswith("data:image/png;base64,")
    model.script(MEAN)
    follow_up = anna.post("/api/analyze", json={"query": "and the mean?", "session_id": session_id})
    assert follow_up.json()["text_output"] == "Mean 15.0", "without a file it is about the last one"


def test_who_waits_and_goes_away_stops_the_task(
    anna: httpx.Client, model: ScriptedServer, host: JupyterHost, session_id: str
) -> None:
    model.script(stalled())
    body = json.dumps({"query": "mean?", "session_id": session_id, "path": "cities.csv"})
    with closing(HTTPConnection("127.0.0.1", host.port)) as waiting:
        headers = {**host.headers("anna"), "Content-Type": "application/json"}
        waiting.request("POST", "/csvagent/api/analyze", body, headers)
        request = model.wait_for_request(1)
        assert request.stalled.wait(20)
    assert request.disconnected.wait(20), "the model's reply goes on, and is paid for"
    (task,) = anna.get("/api/tasks", params={"session_id": session_id}).json()["tasks"]
    assert finished(anna, task["task_id"])["status"] == "REVOKED"


# --- cancelling and the line ------------------------------------------------------------------------------------------


def test_a_running_task_and_a_waiting_one_are_cancelled(
    anna: httpx.Client, model: ScriptedServer, session_id: str
) -> None:
    model.script(stalled(), MEAN)
    running, waiting, last = (ask(anna, f"mean {n}", session_id=session_id, path="cities.csv") for n in range(3))
    request = model.wait_for_request(1)
    assert request.stalled.wait(20)
    assert anna.get(f"/api/tasks/{running}").json()["status"] == "PROCESSING"
    shown = anna.get(f"/api/tasks/{waiting}").json()
    assert (shown["status"], shown["meta"]["stage"], shown["result"]) == ("PENDING", "queued", None)
    assert anna.delete(f"/api/tasks/{waiting}").status_code == 202
    assert finished(anna, waiting)["status"] == "REVOKED"
    assert anna.get(f"/api/tasks/{running}").json()["status"] == "PROCESSING"
    assert anna.delete(f"/api/tasks/{running}").status_code == 202
    shown = finished(anna, running)
    assert shown["status"] == "REVOKED" and shown["result"]["error"]["kind"] == "cancelled"
    assert request.disconnected.wait(20)
    assert finished(anna, last)["status"] == "SUCCESS" and len(model.requests) == 2
    assert anna.delete(f"/api/tasks/{running}").status_code == 202, "cancelling what has ended changes nothing"
    assert anna.get(f"/api/tasks/{running}").json() == shown


def test_a_line_that_is_full_is_busy(anna: httpx.Client, model: ScriptedServer, session_id: str) -> None:
    model.script(stalled())
    body = {"query": "mean?", "session_id": session_id, "path": "cities.csv"}
    first = ask(anna, "mean?", session_id=session_id, path="cities.csv")
    model.wait_for_request(1)
    for _ in range(10):
        assert anna.post("/api/analyze-async", json=body).status_code == 202
    refused = anna.post("/api/analyze-async", json=body)
    assert refused.status_code == 409 and refused.json()["reason"] == "busy"
    listed = anna.get("/api/tasks", params={"session_id": session_id}).json()["tasks"]
    assert len(listed) == 11 and listed[-1]["task_id"] == first
    assert {task["status"] for task in listed} == {"PENDING", "PROCESSING"}
    assert anna.delete(f"/api/sessions/{session_id}").status_code == 204
    anna.post(f"/api/sessions/{session_id}/restore")
    assert {finished(anna, task["task_id"])["status"] for task in listed} == {"REVOKED"}


# --- again ------------------------------------------------------------------------------------------------------------


def test_an_answer_runs_again_on_other_files_without_a_model(
    anna: httpx.Client, model: ScriptedServer, session_id: str
) -> None:
    model.script(MEAN)
    task_id = ask(anna, "mean?", session_id=session_id, path="cities.csv")
    finished(anna, task_id)

    def again(**body: Any) -> dict[str, Any]:
        reply = anna.post(f"/api/tasks/{task_id}/replay", **body)
        assert reply.status_code == 202, reply.text
        answer: dict[str, Any] = finished(anna, reply.json()["task_id"])["result"]
        return answer

    assert again()["value"] == 15.0
    assert again(json={"path": "later.csv"})["value"] == 200.0
    uploaded = again(files={"file": ("new.csv", b"city,price\nX,7\n")})
    assert uploaded["value"] == 7.0 and uploaded["model"] is None
    renamed = again(json={"paths": ["other.csv"]})
    assert not renamed["success"] and "price" in renamed["error"]["message"]
    assert len(model.requests) == 1


def test_what_has_no_answer_cannot_run_again(anna: httpx.Client, model: ScriptedServer, session_id: str) -> None:
    model.script(Reply(status=400, body={"error": {"message": "no"}}))
    task_id = ask(anna, "mean?", session_id=session_id, path="cities.csv")
    assert finished(anna, task_id)["status"] == "FAILURE"
    reply = anna.post(f"/api/tasks/{task_id}/replay")
    assert reply.status_code == 400 and reply.json()["reason"] == "bad_input"


# --- bad input --------------------------------------------------------------------------------------------------------

ASKED = {"query": "mean?", "path": "cities.csv"}


@pytest.mark.parametrize("path", ["/api/analyze-async", "/api/analyze"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"query": ""}, 400),
        ({"query": "   ", "path": "cities.csv"}, 400),
        ({"query": "x" * 20_001, "path": "cities.csv"}, 400),
        ({"query": 5}, 400),
        ({"query": "mean?"}, 400),
        (ASKED | {"path": "nowhere.csv"}, 404),
        (ASKED | {"path": "../cities.csv"}, 404),
        (ASKED | {"session_id": "none"}, 404),
        (ASKED | {"share": "all"}, 400),
        (ASKED | {"language": "xx"}, 400),
        (ASKED | {"max_attempts": 0}, 400),
        (ASKED | {"max_attempts": 21}, 400),
        (ASKED | {"max_attempts": 1e30}, 400),
        (ASKED | {"timeout": -1}, 400),
        (ASKED | {"timeout": 1e9}, 400),
        (ASKED | {"model": "replay:/etc/hosts"}, 400),
        (ASKED | {"unknown": 1}, 400),
        (ASKED | {"dialect": {"name": "x"}}, 400),
        (ASKED | {"dialect": {"path": "/etc/passwd"}}, 400),
        (ASKED | {"dialect": [";"]}, 400),
        (ASKED | {"dialect": {"header_rows": -1}}, 400),
        (ASKED | {"dialect": {"encoding": "no-such"}}, 400),
        (ASKED | {"dialect": {"cities.csv": {"quotechar": "''"}}}, 400),
        (ASKED | {"dialect": {"nowhere.csv": {"delimiter": ";"}}}, 400),
        ([ASKED], 400),
    ],
)
def test_bad_input_is_told_and_nothing_is_asked(
    anna: httpx.Client, model: ScriptedServer, path: str, body: object, status: int
) -> None:
    before = anna.get("/api/tasks").json(), len(anna.get("/api/sessions").json()["sessions"])
    reply = anna.post(path, json=body)
    assert reply.status_code == status, reply.text
    assert reply.json().keys() == {"message", "reason"}
    assert "Traceback" not in reply.text
    assert (anna.get("/api/tasks").json(), len(anna.get("/api/sessions").json()["sessions"])) == before
    assert not model.requests


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "x", "dialect": "{"},
        {"query": "x", "max_attempts": "many"},
        {"query": "x", "dialect": "[" * 9_000},
        {"query": "x", "dialect": "delimiter"},
        {},
    ],
)
def test_bad_fields_of_a_form_are_told(anna: httpx.Client, fields: dict[str, str]) -> None:
    reply = anna.post("/api/analyze-async", data=fields, files={"file": ("a.csv", CSV.encode())})
    assert reply.status_code == 400 and reply.json()["reason"] == "bad_input"


def test_a_file_that_is_no_table_is_an_answer_that_says_so(anna: httpx.Client, session_id: str) -> None:
    files = {"file": ("page.csv", b"<!doctype html><html></html>")}
    reply = anna.post("/api/analyze", data={"query": "mean?", "session_id": session_id}, files=files)
    assert reply.status_code == 200 and reply.json()["error"]["kind"] == "unreadable"


def test_how_the_last_files_are_read_can_be_stated_with_a_follow_up_and_with_a_replay(
    anna: httpx.Client, model: ScriptedServer, session_id: str
) -> None:
    model.script(*["The sum.\n```python\nprint(df['price'].sum())\ndf['price'].sum()\n```"] * 2)
    asked = {"query": "sum of price?", "session_id": session_id}
    file = {"file": ("prices.csv", b"city;price\nOslo;1,500\nRiga;2,500\n")}
    found = anna.post("/api/analyze", data=asked, files=file).json()
    stated = anna.post("/api/analyze", json=asked | {"dialect": {"decimal": ".", "thousands": ","}}).json()
    assert (found["value"], stated["value"]) == (4.0, 4000)
    again = anna.post(f"/api/tasks/{stated['task_id']}/replay", json={"dialect": {"decimal": ",", "thousands": ""}})
    assert finished(anna, again.json()["task_id"])["result"]["value"] == 4.0
    wrong = anna.post(f"/api/tasks/{stated['task_id']}/replay", json={"dialect": {"decimal": "x"}})
    assert wrong.status_code == 400 and "decimal cannot be 'x'" in wrong.json()["message"]


def test_a_task_that_is_not_there_is_not_found(anna: httpx.Client) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/replay"), ("GET", "/sent"), ("GET", "/tables/1")):
        assert anna.request(method, f"/api/tasks/none{path}").status_code == 404


# --- limits -----------------------------------------------------------------------------------------------------------


def test_limits_are_429_and_say_when_to_come_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = {"CSVAgentManager": {"owner_questions_per_minute": 4}}
    with JupyterHost(tmp_path_factory.mktemp("limits"), people=True, settings=settings) as host:
        (host.root / "cities.csv").write_text(CSV)
        anna = host.client("anna")
        replies = [anna.post("/api/analyze-async", json=ASKED) for _ in range(9)]
        codes = [reply.status_code for reply in replies]
        # A minute may have ended in between, which lets four more through.
        assert codes[:4] == [202] * 4 and 429 in codes
        refused = replies[codes.index(429)]
        assert refused.json()["reason"] == "rate_limit" and 1 <= int(refused.headers["Retry-After"]) <= 60
        assert host.client("boris").post("/api/analyze-async", json=ASKED).status_code == 202


def test_a_spent_budget_is_429_until_midnight_and_free_engines_go_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = {"CSVAgentManager": {"owner_tokens": 20_000}}
    with (
        ScriptedServer(Reply(text=MEAN, usage=(19_000, 1_000)), repeat=True) as model,
        JupyterHost(tmp_path_factory.mktemp("budget"), model, people=True, settings=settings) as host,
    ):
        (host.root / "cities.csv").write_text(CSV)
        anna = host.client("anna")
        assert finished(anna, ask(anna, **ASKED))["status"] == "SUCCESS"
        refused = anna.post("/api/analyze-async", json=ASKED)
        assert refused.status_code == 429 and refused.json()["reason"] == "budget"
        assert 1 <= int(refused.headers["Retry-After"]) <= 86_400
        free = anna.post("/api/analyze-async", json=ASKED | {"query": "mean of price?", "model": "offline"})
        assert free.status_code == 202
        assert host.client("boris").post("/api/analyze-async", json=ASKED).status_code == 202
        assert len(model.requests) <= 2


# --- fairness and restarts --------------------------------------------------------------------------------------------


def test_owners_take_turns_whoever_asked_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = {"CSVAgentManager": {"max_running": 1}}
    with (
        ScriptedServer(stalled(), MEAN, repeat=True) as model,
        JupyterHost(tmp_path_factory.mktemp("fair"), model, people=True, settings=settings) as host,
    ):
        (host.root / "cities.csv").write_text(CSV)
        anna, boris = host.client("anna"), host.client("boris")
        tasks = [ask(anna, f"anna {n}", path="cities.csv") for n in range(4)]
        model.wait_for_request(1)
        tasks += [ask(boris, f"boris {n}", path="cities.csv") for n in range(2)]
        model.release()
        for client, task in zip([anna] * 4 + [boris] * 2, tasks, strict=True):
            assert finished(client, task)["status"] == "SUCCESS"
        asked = [json.dumps(request.json) for request in model.requests]
        order = [next(name for name in ("anna", "boris") if f"{name} " in text) for text in asked]
        assert order == ["anna", "boris", "anna", "boris", "anna", "anna"]


def test_nothing_is_lost_and_nothing_answered_twice_when_the_server_is_killed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = {"CSVAgentManager": {"max_running": 2}}
    with (
        ScriptedServer(stalled(), stalled(), MEAN, repeat=True) as model,
        JupyterHost(tmp_path_factory.mktemp("killed"), model, people=True, settings=settings) as host,
    ):
        (host.root / "cities.csv").write_text(CSV)
        anna = host.client("anna")
        tasks = [ask(anna, "mean?", path="cities.csv"), ask(anna, "mean?", path="cities.csv")]
        for number in (1, 2):
            assert model.wait_for_request(number).stalled.wait(20)
        for _ in range(6):
            session_id = anna.post("/api/sessions", json={}).json()["session_id"]
            tasks += [ask(anna, f"mean {n}?", session_id=session_id, path="cities.csv") for n in range(8)]
        host.kill()
        host.start()
        anna = host.client("anna")
        shown = [finished(anna, task) for task in tasks]
        assert [one["status"] for one in shown] == ["SUCCESS"] * 50
        for task in tasks:
            events = anna.get(f"/api/tasks/{task}/events").text
            assert events.count('"type": "result"') == 1
        sent = [len(anna.get(f"/api/tasks/{task}/sent").json()["sent"]) for task in tasks]
        assert sent == [2] * 2 + [1] * 48, "a repeated call to the model is in the ledger"
        assert len(model.requests) == 52
        for turn in anna.get(f"/api/sessions/{session_id}").json()["history"]:
            assert turn["result"]["text_output"] == "Mean 15.0"


def test_a_server_that_is_stopped_leaves_its_tasks_to_the_next(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        ScriptedServer(stalled(), MEAN, repeat=True) as model,
        JupyterHost(tmp_path_factory.mktemp("stopped"), model) as host,
    ):
        (host.root / "cities.csv").write_text(CSV)
        client = host.client()
        task = ask(client, "mean?", path="cities.csv")
        assert model.wait_for_request(1).stalled.wait(20)
        assert host.stop() == 0
        host.start()
        client = host.client()
        assert until(lambda: client.get("/api/tasks").json()["tasks"])[0]["task_id"] == task
        assert finished(client, task)["status"] == "SUCCESS"
