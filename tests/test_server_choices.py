"""What can be chosen, as a real Jupyter server tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from jupyter_host import JupyterHost, ask
from model_server import KEY, ScriptedServer

from csvagent_jupyter.server.choices import BOUNDS, SHOWN
from csvagent_jupyter.settings import Settings


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    settings = {"CSVAgentManager": {"share_ceiling": "stats", "owner_tokens": 5_000}}
    with (
        ScriptedServer() as model,
        JupyterHost(tmp_path_factory.mktemp("host"), model, people=True, settings=settings) as host,
    ):
        yield host


@pytest.fixture
def anna(host: JupyterHost) -> httpx.Client:
    return host.client("anna")


def test_models_tell_what_each_needs(anna: httpx.Client) -> None:
    reply = anna.get("/api/models")
    shown = reply.json()
    ready = {one["name"]: one["ready"] for one in shown["models"]}
    assert ready["offline"] is True
    assert ready["openai:test-model"] is True
    assert list(ready.values()) == sorted(ready.values(), reverse=True)
    assert shown["current"] == {"name": "openai:test", "local": False, "about": None}
    assert KEY not in reply.text
    in_russian = anna.get("/api/models", params={"lang": "ru"}).json()["models"]
    assert [one["name"] for one in in_russian] == list(ready)
    assert {one["about"] for one in in_russian}.isdisjoint(one["about"] for one in shown["models"])


def test_what_is_listed_may_be_asked_and_a_file_of_the_server_is_not(anna: httpx.Client) -> None:
    listed = [one["name"] for one in anna.get("/api/models").json()["models"]]
    assert not [name for name in listed if name.startswith("replay")]
    for name in ("replay:/etc/passwd", " Replay:/etc/passwd", "REPLAY:x"):
        reply = anna.post("/api/analyze-async", json={"query": "How many rows?", "model": name})
        assert reply.status_code == 400, reply.text
        assert "api/models" in reply.json()["message"]


def test_settings_tell_what_holds_and_what_was_fixed(anna: httpx.Client) -> None:
    reply = anna.get("/api/settings")
    shown = reply.json()
    values = shown["settings"]
    assert values.keys() == set(SHOWN)
    assert (values["model"], values["owner_tokens"], values["timeout"]) == ("openai:test", 5_000, 60.0)
    assert values["share"] == "stats", "a chosen model sees samples, were it not for the ceiling"
    assert {"model", "share_ceiling", "owner_tokens", "timeout"} <= set(shown["fixed"])
    assert "max_attempts" not in shown["fixed"]
    assert shown["choices"]["share"] == ["schema", "stats"]
    assert KEY not in reply.text


def test_every_bound_is_shown_and_a_setting() -> None:
    assert set(BOUNDS) <= set(SHOWN) <= Settings.class_traits(config=True).keys()


def test_consent_and_environment_count(tmp_path: Path) -> None:
    with ScriptedServer() as model:
        environ = {**model.environ(), "CSVAGENT_SHARE": "schema"}
        with JupyterHost(tmp_path, environ=environ, settings={"CSVAgentManager": {"model": ""}}) as host:
            shown = host.client().get("/api/settings").json()
    assert shown["settings"]["share"] == "schema"
    assert "share" in shown["fixed"]
    assert "share_ceiling" not in shown["fixed"]


def test_a_model_that_cannot_be_opened_is_told_of(tmp_path: Path) -> None:
    settings = {"CSVAgentManager": {"model": "openai:gpt-5.4-mini"}}
    with JupyterHost(tmp_path, settings=settings) as host:
        client = host.client()
        shown = client.get("/api/models").json()
        assert shown["current"]["name"] is None
        assert "OPENAI_API_KEY" in shown["current"]["about"]
        assert client.get("/api/settings").json()["settings"]["model"] is None
        assert client.get("/health").json()["status"] == "degraded"
        (host.root / "a.csv").write_text("x\n1\n", encoding="utf-8")
        assert ask(client, "How many rows?", path="a.csv", model="offline")


@pytest.mark.parametrize("path", ["/api/models", "/api/settings"])
@pytest.mark.parametrize("name", [None, "nobody"])
def test_who_may_not_read_sees_nothing(host: JupyterHost, path: str, name: str | None) -> None:
    reply = host.client(name).get(path)
    assert reply.status_code == 403
    assert "openai" not in json.dumps(reply.json())
