"""Health, figures and log lines of a real Jupyter server, also while its store, model or disk is in trouble."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jupyter_host import JupyterHost, ask, finished, until
from model_server import Reply, ScriptedServer
from prometheus_client.parser import text_string_to_metric_families
from redis_server import RedisServer

from csvagent_jupyter.exceptions import StoreUnreachable
from csvagent_jupyter.server import health
from csvagent_jupyter.server.health import Part

SECRET = "Кафе-Tortoni-8731"
SALES = f"city,price\n{SECRET},10\nRome,20\n"
CODE = "I add the prices up.\n```python\nprint('sum', df['price'].sum())\n```"
BROKEN = "I try.\n```python\nraise ValueError(df['city'][0])\n```"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Iterator[JupyterHost]:
    settings = {"CSVAgentExtension": {"log_json": True}}
    with JupyterHost(tmp_path_factory.mktemp("host"), model, people=True, settings=settings) as host:
        (host.root / "sales.csv").write_text(SALES, encoding="utf-8")
        yield host


def figures(host: JupyterHost) -> dict[str, float]:
    """Jupyter's own page, our part of it, each sample by its name with its labels."""
    page = httpx.get(f"http://127.0.0.1:{host.port}/metrics", headers=host.headers(), trust_env=False)
    assert page.status_code == 200
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
        if sample.name.startswith("csvagent_")
    }


def healthy(client: httpx.Client) -> dict[str, Any] | None:
    """Look once, and return the report when all is well."""
    reply = client.get("/health")
    shown: dict[str, Any] = reply.json()
    return shown if reply.status_code == 200 and shown["status"] == "healthy" and shown.get("isolation") else None


def test_health_tells_of_each_part(host: JupyterHost) -> None:
    shown = until(lambda: healthy(host.client("anna")))
    assert shown["version"]
    assert shown["model"] == "openai:test"
    assert shown["isolation"] == "confined"
    assert shown["redis"] == {"status": "off"}
    assert shown["celery"] == {"status": "off", "workers": 0}
    assert shown["queue"] == {"status": "up", "waiting": 0, "running": 0, "most_running": 4}
    assert shown["store"]["kind"] == "sqlite"
    assert shown["disk"]["free_bytes"] > 0
    assert shown["problems"] == []


@pytest.mark.parametrize("name", [None, "nobody"])
def test_who_may_not_read_gets_one_word(host: JupyterHost, name: str | None) -> None:
    until(lambda: healthy(host.client("anna")))
    reply = host.client(name).get("/health")
    assert (reply.status_code, reply.json()) == (200, {"status": "healthy"})


def test_a_model_that_is_gone_is_told_of(host: JupyterHost, tmp_path: Path) -> None:
    model = ScriptedServer().start()
    with JupyterHost(tmp_path, model) as other:
        client = other.client()
        until(lambda: healthy(client))
        model.stop()
        shown = until(lambda: (found := client.get("/health", params={"lang": "ru"}).json())["problems"] and found)
        assert (shown["status"], shown["model_status"], shown["model"]) == ("degraded", "down", "openai:test")
        assert "Модель" in shown["problems"][0]


def test_a_store_that_hangs_is_told_of_in_time(tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path / "redis") as redis,
        JupyterHost(tmp_path / "host", environ=redis.environment) as host,
    ):
        client = host.client()
        assert until(lambda: healthy(client))["redis"] == {"status": "up"}
        redis.pause()
        try:
            until(lambda: client.get("/health").json()["status"] == "degraded")
            for _ in range(5):
                began = time.monotonic()
                reply = client.get("/health")
                seconds = time.monotonic() - began
                shown = reply.json()
                assert (reply.status_code, shown["status"]) == (200, "degraded")
                assert shown["redis"] == {"status": "down"}
                assert "Redis" in shown["problems"][0]
                assert seconds < 3, "one that waited for the store would take its five seconds"
        finally:
            redis.resume()
        assert until(lambda: healthy(client))["redis"] == {"status": "up"}
        redis.kill()
        until(lambda: client.get("/health").json()["redis"] == {"status": "down"})
    assert "Traceback" not in "".join(host.log)


def test_without_its_store_from_the_start_a_server_is_not_ready(tmp_path: Path) -> None:
    environ = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"}
    with JupyterHost(tmp_path / "host", environ=environ) as host:
        reply = until(lambda: (found := host.client().get("/health")).status_code == 503 and found)
        assert reply.json()["status"] == "unhealthy"
        assert reply.json()["redis"] == {"status": "down"}
        assert host.client(None).get("/health").json() == {"status": "unhealthy"}


def test_figures_count_tasks_attempts_tokens_and_refusals(host: JupyterHost, model: ScriptedServer) -> None:
    before = figures(host)
    anna = host.client("anna")
    model.forget()
    model.script(BROKEN, CODE)
    session = anna.post("/api/sessions", json={}).json()["session_id"]
    task = finished(anna, ask(anna, "What is the sum?", path="sales.csv", session_id=session))
    assert task["status"] == "SUCCESS", task["result"]
    model.script(Reply(CODE, stall_after=0))
    stopped = ask(anna, "And the mean?", session_id=session)
    model.wait_for_request(3)
    assert anna.delete(f"/api/tasks/{stopped}").status_code == 202
    assert finished(anna, stopped)["status"] == "REVOKED"
    assert anna.get("/api/tasks/no-such").status_code == 404
    assert host.client("nobody").get("/api/tasks").status_code == 403

    now = until(lambda: (found := figures(host))["csvagent_tasks_total REVOKED"] and found)
    grown = {name: value - before.get(name, 0.0) for name, value in now.items()}
    assert grown["csvagent_questions_total"] == 2
    assert grown["csvagent_tasks_total SUCCESS"] == 1
    assert grown["csvagent_task_attempts_sum"] == 2
    usage = task["result"]["usage"]
    assert grown["csvagent_tokens_total input"] >= usage["input_tokens"] > 0
    assert grown["csvagent_refusals_total not_found"] == 1
    assert grown["csvagent_refusals_total 403"] == 1
    assert grown["csvagent_stage_seconds_count executing"] == 2
    assert grown["csvagent_stage_seconds_sum executing"] > 0
    assert now["csvagent_kernels"] == 1
    assert (now["csvagent_waiting_tasks"], now["csvagent_running_tasks"], now["csvagent_readers"]) == (0, 0, 0)
    assert not any(secret in name for name in now for secret in (SECRET, session, stopped, "anna", "sales", "test"))


def test_who_reads_events_is_counted(host: JupyterHost) -> None:
    anna = host.client("anna")
    session = anna.post("/api/sessions", json={}).json()["session_id"]
    with anna.stream("GET", f"/api/sessions/{session}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        until(lambda: figures(host)["csvagent_readers"] == 1)
    until(lambda: figures(host)["csvagent_readers"] == 0)


def test_stats_sum_up_what_who_asks_has_asked(host: JupyterHost, model: ScriptedServer) -> None:
    vera = host.client("vera")
    assert vera.get("/api/stats").json()["success_rate"] is None
    model.script(CODE, BROKEN)
    session = vera.post("/api/sessions", json={}).json()["session_id"]
    good = finished(vera, ask(vera, "What is the sum?", path="sales.csv", session_id=session))
    bad = finished(vera, ask(vera, "What is the sum?", path="sales.csv", session_id=session, max_attempts=1))
    assert (good["status"], bad["status"]) == ("SUCCESS", "FAILURE")
    shown = vera.get("/api/stats").json()
    assert shown["tasks"] == {"total": 2, "PENDING": 0, "PROCESSING": 0, "SUCCESS": 1, "FAILURE": 1, "REVOKED": 0}
    assert (shown["success_rate"], shown["attempts"]) == (0.5, {"total": 2, "mean": 1.0})
    used = [one["result"]["usage"]["input_tokens"] for one in (good, bad)]
    assert shown["tokens"]["input"] == sum(used) > 0
    assert shown["queue"] == {"waiting": 0, "running": 0}
    assert shown["kernels"] == 1
    others = host.client("boris").get("/api/stats").json()
    assert (others["tasks"]["total"], others["kernels"], others["tokens"]["input"]) == (0, 0, 0)
    assert host.client(None).get("/api/stats").status_code == 403
    assert host.client("nobody").get("/api/stats").status_code == 403


def test_log_lines_have_ids_and_no_data(host: JupyterHost, model: ScriptedServer) -> None:
    anna = host.client("anna")
    model.script(BROKEN, CODE)
    session = anna.post("/api/sessions", json={}).json()["session_id"]
    task_id = ask(anna, f"What did {SECRET} sell?", path="sales.csv", session_id=session)
    finished(anna, task_id)

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in list(host.log) if line.startswith("{")]
        ours = [line for line in found if line.get("task_id") == task_id]
        return ours if len(ours) > 1 else []

    asked, ended = until(lines)
    assert asked == {
        **{"at": asked["at"], "level": "info", "logger": "csvagent_jupyter.server", "message": "task asked"},
        **{"task_id": task_id, "session_id": session},
    }
    assert (ended["message"], ended["status"], ended["attempts"]) == ("task ended", "success", 2)
    assert ended["seconds"] > 0
    assert anna.get(f"/api/tasks/{task_id}/files/{SECRET}").status_code == 404
    until(lambda: any("request refused" in line and task_id in line for line in list(host.log)))
    anna.get("/api/tasks/gone-task", params={"link": "secret-of-a-link"})
    until(lambda: any("404 GET" in line and "gone-task" in line for line in list(host.log)))
    log = "".join(host.log)
    assert SECRET not in log
    assert "secret-of-a-link" not in log
    assert "What did" not in log
    key = next(value for name, value in model.environ().items() if name.endswith("_KEY"))
    assert key not in log


def test_without_json_the_lines_are_words_and_health_is_open_where_nothing_else_is(tmp_path: Path) -> None:
    with JupyterHost(tmp_path, settings={"ServerApp": {"allow_unauthenticated_access": False}}) as host:
        assert until(lambda: host.client(None).get("/health").json()) == {"status": "healthy"}
        (host.root / "sales.csv").write_text(SALES, encoding="utf-8")
        client = host.client()
        task_id = ask(client, "What is the total price?", path="sales.csv")
        finished(client, task_id)
        line = until(lambda: [line for line in list(host.log) if "task ended" in line and task_id in line])[0]
        assert re.search(r"status=success attempts=1 seconds=\d", line), line


# --- a part by itself -----------------------------------------------------------------------------------------------


async def test_a_part_that_hangs_is_looked_at_once_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WITHIN_SECONDS", 0.05)
    looks, goes_on = [], asyncio.Event()

    async def look() -> dict[str, Any]:
        looks.append(1)
        await goes_on.wait()
        return {"free_bytes": 7}

    part = Part("disk", look)
    for _ in range(3):
        assert await part.state() == {"status": "down", "reason": "no_answer"}
    assert len(looks) == 1
    goes_on.set()
    assert await part.state() == {"status": "up", "free_bytes": 7}
    assert await part.state() == {"status": "up", "free_bytes": 7}
    assert len(looks) == 2
    await part.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StoreUnreachable("sessions.closed"), "store_unreachable"),
        (PermissionError(SECRET), "PermissionError"),
        (RuntimeError(SECRET), "internal"),
    ],
)
async def test_a_part_that_fails_is_down(error: Exception, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    async def look() -> dict[str, Any]:
        raise error

    assert await Part("store", look).state() == {"status": "down", "reason": reason}
    assert SECRET not in caplog.text
