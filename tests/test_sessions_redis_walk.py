"""Whole walks over a shared Redis: two processes, one session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest
from redis_server import RedisServer

from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Question, Source
from csvagent_jupyter.sessions.redis import RedisStore


@pytest.fixture
def environment(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    """Set in this process too: what a person has in the environment of a server or a notebook."""
    return redis_server.environment | {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "CSVAGENT_MODEL": "offline"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("city,amount\nA,1\nB,5\nA,7\n", encoding="utf-8")
    return path


def csvagent(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import csvagent_jupyter.cli as cli; raise SystemExit(cli.main())", *words]
    return subprocess.run(command, env=os.environ | env, capture_output=True, encoding="utf-8", timeout=100)


async def test_one_process_asks_and_another_sees_and_repeats_it(
    environment: dict[str, str], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = csvagent("ask", str(table), "total amount by city", "--json", env=environment)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    manager = CSVAgentManager(spare_kernel=False)
    await manager.start(warm=False)
    try:
        assert isinstance(manager.store, RedisStore)
        answer = await manager.result(told["task_id"])
        assert answer.text_output == told["text_output"] and answer.script == told["script"]
        assert [session.session_id for session in await manager.sessions()] == [told["session_id"]]
        task = await manager.ask(Question("average amount"), session_id=told["session_id"])
        async with RedisStore() as elsewhere, aclosing(elsewhere.follow(told["session_id"])) as events:
            results = []
            async for event in events:
                if event.result is not None:
                    results.append(event.result)
                if len(results) == 2:
                    break
        assert [result.task_id for result in results] == [told["task_id"], task.task_id]
        assert results[1].success and results[1].profiles[0].path == str(table)
        again = await manager.result((await manager.replay(told["task_id"], [Source("s", str(table))])).task_id)
        assert again.text_output == told["text_output"] and again.model is None
    finally:
        await manager.stop()


def test_doctor_names_redis_and_says_when_it_is_out_of_reach(environment: dict[str, str]) -> None:
    found = json.loads(csvagent("doctor", "--json", env=environment).stdout)
    assert found["store"]["redis"] == f"127.0.0.1:{environment['REDIS_PORT']}" and not found["store"]["journal"]
    wrong = csvagent("doctor", "--lang", "ru", env=environment | {"REDIS_PASSWORD": "hush-hush"})
    assert wrong.returncode == 1 and "не принимает пароль" in wrong.stdout
    assert "hush" not in wrong.stdout + wrong.stderr


def test_without_redis_a_question_ends_as_a_service_out_of_reach(environment: dict[str, str], table: Path) -> None:
    run = csvagent("ask", str(table), "how many rows", env=environment | {"REDIS_PORT": "1"})
    assert run.returncode == 3 and "Redis does not answer at 127.0.0.1:1" in run.stderr
    assert "Traceback" not in run.stderr
