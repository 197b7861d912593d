"""The scripted server itself: what it sends is what real servers send, and what it records is what came."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from model_server import Recorded, Reply, ScriptedServer


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


def test_replies_come_in_order_and_requests_are_kept_as_they_came(
    model_server: ScriptedServer, client: httpx.Client
) -> None:
    model_server.script("one two", Reply(status=429, headers={"Retry-After": "3"}), {"text": "map", "usage": None})
    first = client.post(f"{model_server.url}/v1/chat/completions", content='{"a":  "ж"}'.encode())
    assert first.headers["content-type"].startswith("text/event-stream")
    assert [line for line in first.text.splitlines() if line][-1] == "data: [DONE]"
    second = client.post(f"{model_server.url}/v1/messages", json={})
    assert (second.status_code, second.headers["retry-after"]) == (429, "3")
    assert "event: message_stop" in client.post(f"{model_server.url}/v1/messages", json={}).text
    assert client.post(f"{model_server.url}/v1/messages", json={}).status_code == 400
    assert model_server.requests[0].body == '{"a":  "ж"}'.encode()
    assert [request.path for request in model_server.requests[:2]] == ["/v1/chat/completions", "/v1/messages"]
    assert all(request.finished.is_set() and not request.disconnected.is_set() for request in model_server.requests)


def test_a_function_of_the_script_sees_the_request(model_server: ScriptedServer, client: httpx.Client) -> None:
    def answer(request: Recorded) -> str:
        return f"you said {request.json['word']}"

    model_server.script(answer)
    assert '" hello"' in client.post(f"{model_server.url}/v1/chat/completions", json={"word": "hello"}).text


def test_a_stalled_reply_goes_on_when_released(model_server: ScriptedServer, client: httpx.Client) -> None:
    model_server.script(Reply("one two three", stall_after=1))
    with client.stream("POST", f"{model_server.url}/v1/chat/completions", json={}) as response:
        assert model_server.wait_for_request(1).stalled.wait(10)
        assert model_server.requests[0].chunks_sent == 1
        assert client.post(f"{model_server.url}/release").json() == {"released": True}
        assert "three" in response.read().decode()


def test_the_leaving_of_a_client_is_noticed(model_server: ScriptedServer, client: httpx.Client) -> None:
    model_server.script(Reply("one two three", delay=30))
    with client.stream("POST", f"{model_server.url}/v1/messages", json={}):
        assert not model_server.requests[0].disconnected.is_set()
    assert model_server.requests[0].disconnected.wait(10)


def test_a_reply_with_an_unknown_field_is_a_mistake_of_the_test() -> None:
    with pytest.raises(TypeError, match="txt"), ScriptedServer({"txt": "x"}) as server:
        server._next_reply(Recorded("POST", "/", {}, b""))


def test_it_runs_as_a_program(tmp_path: Path, client: httpx.Client) -> None:
    script = tmp_path / "replies.json"
    script.write_text(json.dumps(["first", {"text": "again and again"}]), encoding="utf-8")
    program = [sys.executable, str(Path(__file__).with_name("model_server.py")), str(script), "--repeat"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            said = [client.post(f"{url}/v1/chat/completions", json={"n": n}).text for n in range(3)]
            assert '"first"' in said[0] and '"again"' in said[1] and said[1] == said[2]
            assert [asked["body"] for asked in client.get(f"{url}/requests").json()] == [{"n": 0}, {"n": 1}, {"n": 2}]
        finally:
            process.terminate()
