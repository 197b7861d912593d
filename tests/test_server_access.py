"""Who may come in, by every verb: not signed in, not authorised, not the owner, without an XSRF token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from jupyter_host import JupyterHost, ask, finished
from model_server import ScriptedServer
from redis_server import RedisServer
from server_readers import sse, websocket
from websockets.exceptions import ConnectionClosed

CODE = "The mean.\n```python\nprint('Mean', df['price'].mean())\ndf\n```"


class Place(NamedTuple):
    """A host, and anna's session and task there."""

    host: JupyterHost
    session_id: str
    task_id: str


class Verb(NamedTuple):
    method: str
    path: str
    action: str
    body: object = None

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"


VERBS = (
    Verb("GET", "/api/sessions", "read"),
    Verb("POST", "/api/sessions", "execute", {}),
    Verb("GET", "/api/sessions/{session}", "read"),
    Verb("PATCH", "/api/sessions/{session}", "write", {"title": "x"}),
    Verb("GET", "/api/sessions/{session}/shares", "read"),
    Verb("PUT", "/api/sessions/{session}/shares", "write", {"shares": []}),
    Verb("DELETE", "/api/sessions/{session}/shares", "write"),
    Verb("POST", "/api/sessions/{session}/restore", "write"),
    Verb("POST", "/api/analyze-async", "execute", {"query": "mean?", "session_id": "{session}", "path": "cities.csv"}),
    Verb("POST", "/api/analyze", "execute", {"query": "mean?", "session_id": "{session}", "path": "cities.csv"}),
    Verb("GET", "/api/tasks", "read"),
    Verb("GET", "/api/tasks?session_id={session}", "read"),
    Verb("GET", "/api/tasks/{task}", "read"),
    Verb("DELETE", "/api/tasks/{task}", "write"),
    Verb("POST", "/api/tasks/{task}/replay", "execute", {}),
    Verb("GET", "/api/tasks/{task}/plots/1.png", "read"),
    Verb("GET", "/api/tasks/{task}/tables/1.csv", "read"),
    Verb("GET", "/api/tasks/{task}/files/x", "read"),
    Verb("GET", "/api/tasks/{task}/sent", "read"),
    Verb("DELETE", "/api/sessions/{session}", "write"),
)
BOUND = tuple(verb for verb in VERBS if "{" in verb.path or "session_id" in str(verb.body))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with (
        ScriptedServer(CODE, repeat=True) as model,
        JupyterHost(tmp_path_factory.mktemp("host"), model, people=True) as host,
    ):
        (host.root / "cities.csv").write_text("city,price\nOslo,10\nRiga,20\n")
        anna = host.client("anna")
        session_id = anna.post("/api/sessions", json={"title": "Anna's"}).json()["session_id"]
        task_id = ask(anna, "mean?", session_id=session_id, path="cities.csv")
        assert finished(anna, task_id)["status"] == "SUCCESS"
        yield Place(host, session_id, task_id)


def status(place: Place, verb: Verb, name: str | None, **options: object) -> int:
    client = place.host.client(name)
    body = verb.body
    if isinstance(body, dict):
        body = {key: place.session_id if value == "{session}" else value for key, value in body.items()}
    path = verb.path.format(session=place.session_id, task=place.task_id)
    return client.request(verb.method, path, json=body, **options).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", VERBS, ids=repr)
def test_nobody_comes_in_unsigned(place: Place, verb: Verb) -> None:
    assert status(place, verb, None) == 403


@pytest.mark.parametrize("verb", VERBS, ids=repr)
def test_a_verb_takes_the_right_that_belongs_to_it(place: Place, verb: Verb) -> None:
    assert status(place, verb, "nobody") == 403
    assert (status(place, verb, "reader") == 403) == (verb.action != "read")
    assert (status(place, verb, "asker") == 403) == (verb.action == "write")


@pytest.mark.parametrize("verb", BOUND, ids=repr)
def test_what_belongs_to_another_does_not_exist(place: Place, verb: Verb) -> None:
    assert status(place, verb, "boris") == 404
    anna = place.host.client("anna")
    assert anna.get(f"/api/sessions/{place.session_id}").json()["title"] == "Anna's"


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.method != "GET"], ids=repr)
def test_a_page_needs_its_xsrf_token(place: Place, verb: Verb) -> None:
    page = place.host.page("anna")
    path = verb.path.format(session=place.session_id, task=place.task_id)
    refused = page.request(verb.method, path, json=verb.body)
    assert refused.status_code == 403 and "_xsrf" in refused.json()["message"]
    assert page.get(f"/api/sessions/{place.session_id}").json()["title"] == "Anna's"


def test_a_page_with_its_xsrf_token_may_do_all(place: Place) -> None:
    page = place.host.page("anna")
    made = page.post("/api/sessions", json={}, headers={"X-XSRFToken": page.cookies["_xsrf"]})
    assert made.status_code == 201
    foreign = page.post(
        "/api/sessions", json={}, headers={"X-XSRFToken": page.cookies["_xsrf"], "Origin": "https://elsewhere.example"}
    )
    assert foreign.status_code == 404


def test_a_guest_reads_results_and_not_what_was_sent(place: Place) -> None:
    anna, boris = place.host.client("anna"), place.host.client("boris")
    session_id = anna.post("/api/sessions", json={}).json()["session_id"]
    task_id = ask(anna, "mean?", session_id=session_id, path="cities.csv")
    finished(anna, task_id)
    anna.put(f"/api/sessions/{session_id}/shares", json={"shares": [{"may": "ask", "name": "boris"}]})
    assert boris.get(f"/api/tasks/{task_id}").json()["result"]["text_output"] == "Mean 15.0"
    assert boris.get(f"/api/tasks/{task_id}/tables/1").json()["total_rows"] == 2
    assert boris.get(f"/api/tasks/{task_id}/sent").status_code == 404
    assert boris.delete(f"/api/tasks/{task_id}").status_code == 404
    theirs = ask(boris, "and now?", session_id=session_id)
    assert finished(boris, theirs)["status"] == "SUCCESS"
    assert len(boris.get(f"/api/tasks/{theirs}/sent").json()["sent"]) == 1
    assert len(anna.get(f"/api/tasks/{theirs}/sent").json()["sent"]) == 1
    assert [task["task_id"] for task in boris.get("/api/tasks").json()["tasks"]] == [theirs]
    both = anna.get("/api/tasks", params={"session_id": session_id}).json()["tasks"]
    assert [task["task_id"] for task in both] == [theirs, task_id]
    anna.delete(f"/api/sessions/{session_id}/shares")
    assert boris.get(f"/api/tasks/{theirs}").status_code == 404
    assert boris.get("/api/tasks").json() == {"tasks": []}


async def test_a_share_that_is_taken_back_ends_what_is_being_read(place: Place) -> None:
    anna = place.host.client("anna")
    session_id = anna.post("/api/sessions", json={}).json()["session_id"]
    shares = {"shares": [{"may": "read", "name": "boris"}, {"may": "read", "name": "asker"}]}
    anna.put(f"/api/sessions/{session_id}/shares", json=shares)
    async with (
        websocket(place.host, session_id, name="boris") as socket,
        sse(place.host, session_id, name="boris") as stream,
        websocket(place.host, session_id, name="asker") as other,
    ):
        anna.delete(f"/api/sessions/{session_id}/shares", params={"name": "boris"})
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
        assert [event async for event in stream] == []
        await other.send('{"type": "ping"}')
        assert json.loads(await other.recv())["type"] == "pong"


def test_whoever_has_the_token_of_a_server_without_names_is_one_person(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with JupyterHost(tmp_path_factory.mktemp("plain")) as host:
        session_id = host.client().post("/api/sessions", json={}).json()["session_id"]
        page = host.page()
        assert page.get(f"/api/sessions/{session_id}").json()["may"] == "own"
        assert host.client("other").get("/api/sessions").status_code == 403


# --- two hosts, one Redis ---------------------------------------------------------------------------------------------


def on_redis(folder: Path, model: ScriptedServer, redis_server: RedisServer, issuer: str) -> JupyterHost:
    settings = {"CSVAgentExtension": {"issuer": issuer}}
    return JupyterHost(folder, model, people=True, settings=settings, environ={"REDIS_URL": redis_server.url})


def test_two_hosts_of_one_issuer_share_sessions_and_each_runs_its_own(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    with (
        ScriptedServer(CODE, repeat=True) as model,
        on_redis(tmp_path / "here", model, redis_server, "school") as here,
        on_redis(tmp_path / "there", model, redis_server, "school") as there,
    ):
        (here.root / "cities.csv").write_text("city,price\nOslo,10\nRiga,20\n")
        anna, boris = here.client("anna"), there.client("boris")
        session_id = anna.post("/api/sessions", json={}).json()["session_id"]
        assert there.client("anna").get(f"/api/sessions/{session_id}").json()["may"] == "own"
        assert boris.get(f"/api/sessions/{session_id}").status_code == 404
        anna.put(f"/api/sessions/{session_id}/shares", json={"shares": [{"may": "ask", "name": "boris"}]})
        theirs = ask(anna, "mean?", session_id=session_id, path="cities.csv")
        assert finished(boris, theirs)["result"]["text_output"] == "Mean 15.0"
        # What is kept on one host is not on the other: this is said, and one's own file helps.
        gone = finished(boris, ask(boris, "and now?", session_id=session_id))
        assert gone["result"]["error"]["kind"] == "unreadable" and "cities.csv" in gone["result"]["error"]["message"]
        files = {"file": ("mine.csv", b"price\n4\n")}
        reply = boris.post("/api/analyze", data={"query": "mean?", "session_id": session_id}, files=files)
        assert reply.json()["text_output"] == "Mean 4.0", reply.text
        history = anna.get(f"/api/sessions/{session_id}").json()["history"]
        assert [turn["asked_by"] for turn in history] == ["school:anna", "school:boris", "school:boris"]


def test_without_an_issuer_nobody_is_somebody_on_another_host(tmp_path: Path, redis_server: RedisServer) -> None:
    with (
        ScriptedServer(CODE, repeat=True) as model,
        on_redis(tmp_path / "here", model, redis_server, "") as here,
        on_redis(tmp_path / "there", model, redis_server, "") as there,
    ):
        anna = here.client("anna")
        session_id = anna.post("/api/sessions", json={"title": "Anna's"}).json()["session_id"]
        anna.put(f"/api/sessions/{session_id}/shares", json={"shares": [{"may": "ask", "name": "boris"}]})
        assert here.client("boris").get(f"/api/sessions/{session_id}").json()["may"] == "ask"
        for name in ("anna", "boris"):
            assert there.client(name).get(f"/api/sessions/{session_id}").status_code == 404
            assert there.client(name).get("/api/sessions").json() == {"sessions": []}
        assert anna.delete(f"/api/sessions/{session_id}").status_code == 204
        assert here.client("boris").post(f"/api/sessions/{session_id}/restore").status_code == 404
        assert there.client("anna").post(f"/api/sessions/{session_id}/restore").status_code == 404
        assert anna.post(f"/api/sessions/{session_id}/restore").json()["title"] == "Anna's"
