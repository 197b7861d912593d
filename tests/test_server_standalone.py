"""``csvagent serve`` as a program of its own, asked over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from jupyter_host import ask, finished, until
from websockets.sync.client import connect

_PRIVATE = ("JUPYTER", "JPY_", "REDIS", "CSVAGENT", "OPENAI", "OPENROUTER", "ANTHROPIC", "OLLAMA")


class Served:
    """A started ``csvagent serve``; `client` is signed in, and `address` is where all of it is."""

    def __init__(self, folder: Path, *words: str, **environ: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
        kept |= {"JUPYTER_DATA_DIR": str(folder / "data"), "JUPYTER_CONFIG_DIR": str(folder / "config")}
        kept |= {"JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "CSVAGENT_MODEL": "offline"}
        (folder / "files").mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from csvagent_jupyter.cli import main; main()", "serve", *words],
            cwd=folder / "files",
            env=kept | environ,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        assert self.process.stderr is not None
        found = None
        while found is None:
            line = self.process.stderr.readline()
            assert line, "".join(self.log)
            self.log.append(line)
            found = re.search(r"(http://127\.0\.0\.1:\d+)/csvagent/demo\?token=(\w+)", line)
        self.address, self.token = found.groups()
        self.client = httpx.Client(
            base_url=self.address, headers={"Authorization": f"token {self.token}"}, timeout=60, trust_env=False
        )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return self.client.get("/api/sessions").status_code == 200
        except httpx.TransportError:
            return False

    def close(self) -> int:
        self.client.close()
        self.process.send_signal(signal.SIGINT if self.process.poll() is None else 0)
        self.process.send_signal(signal.SIGTERM if self.process.poll() is None else 0)
        assert self.process.stderr is not None
        self.log += self.process.stderr.readlines()
        self.process.stderr.close()
        return self.process.wait(30)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"), "--port", "0")
    yield served
    served.close()


@pytest.mark.parametrize("prefix", ["", "/csvagent"])
def test_all_of_it_is_there_with_and_without_the_prefix(served: Served, prefix: str, tmp_path: Path) -> None:
    session = served.client.post(f"{prefix}/api/sessions", json={}).json()["session_id"]
    (tmp_path / "sales.csv").write_bytes(b"city,price\nParis,10\nRome,20\n")
    with (tmp_path / "sales.csv").open("rb") as file:
        reply = served.client.post(
            f"{prefix}/api/analyze-async",
            files={"file": ("sales.csv", file)},
            data={"query": "What is the total price?", "session_id": session},
        )
    assert reply.status_code == 202, reply.text
    answer = finished(served.client, reply.json()["task_id"])["result"]
    assert answer["success"], answer
    assert answer["value"] == 30
    address = served.address.replace("http", "ws", 1)
    with connect(
        f"{address}{prefix}/ws/analyze/{session}",
        additional_headers={"Authorization": f"token {served.token}"},
        proxy=None,
    ) as connection:
        assert '"connected"' in connection.recv()


@pytest.mark.parametrize(
    "path",
    [
        "/api/contents",
        "/api/kernels",
        "/api/kernelspecs",
        "/api/terminals",
        "/api/config/x",
        "/api/shutdown",
        "/api/nbconvert",
        "/api/events/subscribe",
        "/files/sales.csv",
        "/view/sales.csv",
        "/lab",
        "/tree",
        "/terminals/1",
    ],
)
def test_a_token_opens_nothing_else_of_jupyter(served: Served, path: str) -> None:
    for method in ("GET", "POST", "PUT"):
        assert served.client.request(method, path, json={}).status_code == 404


def test_health_is_where_a_container_looks_for_it(served: Served) -> None:
    with httpx.Client(base_url=served.address, trust_env=False) as nobody:
        until(lambda: nobody.get("/health").status_code == 200)
        assert nobody.get("/health").json() == {"status": "healthy"}
    assert served.client.get("/health").json()["model"] == "offline"
    assert "csvagent_questions_total" in served.client.get("/metrics").text


def test_without_the_token_there_is_nothing(served: Served) -> None:
    with httpx.Client(base_url=served.address, trust_env=False) as nobody:
        for path in ("/api/sessions", "/csvagent/api/sessions", "/api/tasks"):
            assert nobody.get(path).status_code == 403


def test_port_and_folder_come_from_options_or_environment(tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "sales.csv").write_bytes(b"price\n10\n20\n")
    served = Served(tmp_path, "--folder", str(shown), PORT="0", HOST="127.0.0.1")
    try:
        task = ask(served.client, "What is the total price?", path="sales.csv")
        assert finished(served.client, task)["result"]["value"] == 30
    finally:
        assert served.close() == 0


@pytest.mark.parametrize("words", [["--port", "x"], ["--port", "70000"], ["--folder", "/no/such"], ["sales.csv"]])
def test_bad_use_is_told_in_one_sentence(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from csvagent_jupyter.cli import main; sys.exit(main())", "serve", *words],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
