"""Server-sent events with httpx, on a real Jupyter server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from jupyter_host import JupyterHost, ask, finished
from model_server import ScriptedServer

CODE = "I add the prices up.\n```python\nprint('sum', df['price'].sum())\n```"
PRICES = b"city,price\nParis,10\nRome,20\n"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer(CODE, repeat=True) as server:
        yield server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Iterator[JupyterHost]:
    with JupyterHost(tmp_path_factory.mktemp("host"), model, people=True) as host:
        (host.root / "prices.csv").write_bytes(PRICES)
        yield host


@pytest.fixture
def anna(host: JupyterHost) -> httpx.Client:
    return host.client("anna")


@contextmanager
def streaming(client: httpx.Client, path: str, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Give the events of a stream; each has its `id:` under the key ``id``."""
    with client.stream("GET", path, headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert "no-cache" in reply.headers["cache-control"]
        yield _events(reply.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    number = None
    for line in lines:
        name, _, value = line.partition(": ")
        assert name in ("", "id", "data", "retry")  # an `event:` line would pass `onmessage` by
        if name == "id":
            number = int(value)
        elif name == "data":
            event = json.loads(value)
            assert event.get("seq") == number
            yield event


def up_to(events: Iterator[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    received = []
    for event in events:
        received.append(event)
        if event["type"] == kind:
            return received
    raise AssertionError(f"the stream ended without {kind}")


def new_session(client: httpx.Client) -> str:
    return str(client.post("/api/sessions", json={}).json()["session_id"])


def test_a_task_is_followed_to_its_result_and_no_further(anna: httpx.Client) -> None:
    task_id = ask(anna, "sum of price?", path="prices.csv")
    with streaming(anna, f"/api/tasks/{task_id}/events") as events:
        received = list(events)
    assert [received[0]["type"], received[-1]["type"]] == ["task_started", "result"]
    assert {event["task_id"] for event in received} == {task_id}
    assert "sum 30" in received[-1]["result"]["text_output"]
    again = anna.get(f"/api/tasks/{task_id}/events", headers={"Last-Event-ID": str(received[-1]["seq"])})
    assert again.status_code == 204, "an EventSource asks again until it is told that there is no more"


def test_it_is_resumed_by_the_last_event_id(anna: httpx.Client) -> None:
    session = new_session(anna)
    finished(anna, ask(anna, "sum of price?", path="prices.csv", session_id=session))
    with streaming(anna, f"/api/sessions/{session}/events") as events:
        seen = up_to(events, "result")
    for number, event in enumerate(seen[:-1]):
        with streaming(anna, f"/api/sessions/{session}/events", **{"Last-Event-ID": str(event["seq"])}) as events:
            assert up_to(events, "result") == seen[number + 1 :]
    with streaming(anna, f"/api/sessions/{session}/events?after={seen[0]['seq']}") as events:
        assert up_to(events, "result") == seen[1:]


def test_a_session_is_followed_from_one_task_to_the_next(anna: httpx.Client) -> None:
    session = new_session(anna)
    with streaming(anna, f"/api/sessions/{session}/events") as events:
        first = ask(anna, "sum of price?", path="prices.csv", session_id=session)
        assert up_to(events, "result")[-1]["task_id"] == first
        second = ask(anna, "and again?", session_id=session)
        assert up_to(events, "result")[-1]["task_id"] == second


def test_a_browser_reads_with_its_cookie_alone(tmp_path: Path, model: ScriptedServer) -> None:
    with JupyterHost(tmp_path, model) as host:
        page = host.page()
        session = new_session(host.client())
        task_id = ask(host.client(), "how many?", session_id=session, path=_file(host))
        with streaming(page, f"/api/tasks/{task_id}/events?_xsrf={page.cookies['_xsrf']}") as events:
            assert list(events)[-1]["type"] == "result"


@pytest.mark.parametrize("what", ["sessions", "tasks"])
def test_nobody_else_may_follow(host: JupyterHost, anna: httpx.Client, what: str) -> None:
    task_id = ask(anna, "sum of price?", path="prices.csv")
    shown = finished(anna, task_id)
    path = f"/api/{what}/{shown['result']['session_id'] if what == 'sessions' else task_id}/events"
    assert host.client("boris").get(path).status_code == 404
    assert host.client("nobody").get(path).status_code == 403
    assert host.client(None).get(path).status_code == 403
    assert anna.get(f"/api/{what}/no-such/events").status_code == 404


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 30, "9" * 5_000, "²"])
def test_what_is_no_number_is_refused(anna: httpx.Client, after: str) -> None:
    session = new_session(anna)
    reply = anna.get(f"/api/sessions/{session}/events", params={"after": after})
    assert reply.status_code == 400
    assert reply.json()["reason"] == "bad_input"


def _file(host: JupyterHost) -> str:
    (host.root / "prices.csv").write_bytes(PRICES)
    return "prices.csv"
