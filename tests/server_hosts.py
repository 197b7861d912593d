"""Where the extension runs: enabled by the wheel alone, under each of Jupyter's programs, and behind a proxy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jupyter_host import TOKEN, JupyterHost, finished
from model_server import Reply, ScriptedServer
from reverse_proxy import ReverseProxy
from websockets.sync.client import connect

ROOT = Path(__file__).parent.parent
CSV = b"city,price\nParis,10\nRome,20\n"
CODE = "I add the prices up.\n```python\nprint('sum', df['price'].sum())\n```"
STATIC = str(Path(sys.prefix) / "share" / "jupyter" / "lab")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with nothing but the wheel of ours, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environ = {**os.environ, "HATCH_JUPYTER_BUILDER_SKIP_NPM": "1"}
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env=environ)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--quiet", "--python", str(python), "install", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True)
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (place,) = environment.glob("lib/python3.*/site-packages")
    (place / "libraries.pth").write_text("\n".join(libraries) + "\n")
    return python


def test_the_wheel_enables_the_extension(python: Path, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON"))}
    done = subprocess.run(
        [python, "-m", "jupyter_server.extension.serverextension", "list"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environ | {"JUPYTER_CONFIG_DIR": str(tmp_path), "NO_COLOR": "1"},
    )
    told = done.stdout + done.stderr
    ours = told.partition("csvagent_jupyter")[2]
    assert ours.partition("\n")[0].strip(" \x1b[0123456789m") == "enabled", told
    assert "OK" in ours, told


@pytest.mark.parametrize("base_url", ["/", "/user/anna/"])
@pytest.mark.parametrize(
    ("program", "page"), [("jupyter_server", "login"), ("jupyterlab", "lab"), ("notebook", "tree")]
)
def test_it_answers_under_every_program_of_jupyter(
    python: Path, tmp_path: Path, program: str, page: str, base_url: str
) -> None:
    with JupyterHost(
        tmp_path,
        base_url=base_url,
        command=[str(python), "-m", program],
        environ={"JUPYTERLAB_DIR": STATIC},
    ) as host:
        client = host.client()
        form = {"query": "What is the total price?"}
        reply = client.post("/api/analyze-async", data=form, files={"file": ("sales.csv", CSV)})
        assert reply.status_code == 202, reply.text
        assert finished(client, reply.json()["task_id"])["result"]["value"] == 30
        assert "<title>CSV Agent</title>" in client.get("/demo").text
        shown = client.get(f"http://127.0.0.1:{host.port}{base_url}{page}", follow_redirects=True)
        assert shown.status_code == 200, shown.text
        log = "".join(host.log)
        assert "Traceback" not in log
        assert "csvagent_jupyter | extension was successfully loaded" in log, log
        assert host.stop() == 0


# --- behind a proxy -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Iterator[JupyterHost]:
    with JupyterHost(tmp_path_factory.mktemp("host"), model, base_url="/team/") as host:
        (host.root / "sales.csv").write_bytes(CSV)
        yield host


@pytest.fixture(scope="module")
def proxy(host: JupyterHost) -> Iterator[ReverseProxy]:
    with ReverseProxy("/team/", host.port) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: ReverseProxy, host: JupyterHost) -> Iterator[httpx.Client]:
    address = f"http://127.0.0.1:{proxy.port}/team/csvagent"
    with httpx.Client(base_url=address, headers=host.headers(), timeout=60, trust_env=False) as client:
        yield client


def asked(client: httpx.Client) -> str:
    reply = client.post("/api/analyze-async", json={"query": "sum of price?", "path": "sales.csv"})
    assert reply.status_code == 202, reply.text
    return str(reply.json()["task_id"])


def test_events_come_through_a_proxy_as_they_happen(client: httpx.Client, model: ScriptedServer) -> None:
    stalling = Reply(CODE, stall_after=4)
    model.script(stalling)
    task = asked(client)
    stages = []
    with client.stream("GET", f"/api/tasks/{task}/events") as stream:
        assert stream.headers["X-Accel-Buffering"] == "no"
        for line in stream.iter_lines():
            event = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            stages.append(event.get("meta", {}).get("stage", event.get("type")))
            if stages[-1] == "generating":
                stalling.release.set()  # the reply could not go on before: nothing on the way has waited for it
            if event.get("type") == "result":
                break
    assert stages[-1] == "result"
    assert stages.index("generating") < stages.index("executing")


def test_a_socket_goes_through_a_proxy(client: httpx.Client, proxy: ReverseProxy, model: ScriptedServer) -> None:
    stalling = Reply(CODE, stall_after=4)
    model.script(stalling)
    session = client.post("/api/sessions", json={}).json()["session_id"]
    address = f"ws://127.0.0.1:{proxy.port}/team/csvagent/ws/analyze/{session}"
    headers = {"Authorization": f"token {TOKEN}", "Origin": f"http://127.0.0.1:{proxy.port}"}
    with connect(address, additional_headers=headers, proxy=None, max_size=None) as connection:
        connection.send(json.dumps({"type": "analyze", "query": "sum of price?", "path": "sales.csv"}))
        event: dict[str, Any] = {}
        while event.get("type") != "result":
            event = json.loads(connection.recv(60))
            if event.get("meta", {}).get("stage") == "generating":
                stalling.release.set()
    assert event["status"] == "success"


def test_sign_in_and_the_page_stay_beneath_the_prefix(client: httpx.Client, proxy: ReverseProxy) -> None:
    del client.headers["Authorization"]
    reply = client.get("/demo")
    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("/team/login?next=%2Fteam%2Fcsvagent%2Fdemo")
    reply = client.get("/demo", params={"token": TOKEN})
    assert reply.status_code == 200
    assert {cookie.path for cookie in client.cookies.jar} == {"/team/"}
    made = client.post("/api/sessions", json={}, headers={"X-XSRFToken": client.cookies["_xsrf"]})
    assert made.status_code == 201
    assert httpx.get(f"http://127.0.0.1:{proxy.port}/csvagent/demo", trust_env=False).status_code == 404


def test_a_large_upload_and_a_refused_one_go_through_a_proxy(client: httpx.Client, model: ScriptedServer) -> None:
    model.script("I count.\n```python\nprint(len(df))\n```")
    rows = b"n\n" + b"12345678\n" * 2_000_000
    reply = client.post("/api/analyze", data={"query": "how many rows?"}, files={"file": ("large.csv", rows)})
    assert reply.status_code == 200, reply.text
    assert "2000000" in reply.json()["text_output"]
    reply = client.post("/api/analyze-async", json={"query": "x", "path": "../secret.csv"})
    assert reply.status_code == 404
    assert reply.json()["message"]
