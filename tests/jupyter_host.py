"""A real Jupyter server with the extension, in a process of its own: its own folders, nothing of the person's.

    with JupyterHost(tmp_path, model_server, people=True) as host:
        anna = host.client("anna")                  # an httpx.Client beneath csvagent/, signed in by token
        (host.root / "sales.csv").write_text(...)   # what the contents manager serves
        task = ask(anna, "mean price?", path="sales.csv")
        answer = finished(anna, task)["result"]
        host.kill()                                 # SIGKILL; host.start() again has the same port and folders

Without `people` the server is a plain one with one token, where everybody is the same person. `settings` are traits:
``{"CSVAgentManager": {"max_running": 1}}``.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
from model_server import ScriptedServer

HERE = Path(__file__).parent
TOKEN = "host-token"  # a name with people: "host"
FINAL = ("SUCCESS", "FAILURE", "REVOKED")
_PRIVATE = ("JUPYTER", "JPY_", "REDIS", "CSVAGENT", "OPENAI", "OPENROUTER", "ANTHROPIC", "OLLAMA", "SESSION_EXPIRE")
_OTHERS = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook", "notebook_shim")

T = TypeVar("T")


class JupyterHost:
    """`home` takes its folders; two hosts may share the `data` folder. The model is the scripted one, else offline.

    With a `command` that one starts the server, with whatever extensions are enabled where it is.
    """

    def __init__(
        self,
        home: Path,
        model_server: ScriptedServer | None = None,
        *,
        people: bool = False,
        base_url: str = "/",
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        environ: Mapping[str, str] | None = None,
        data: Path | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self.home = home
        self.root = home / "root"
        self.data = data or home / "data"
        self.base_url = base_url
        self.log: list[str] = []
        self._environ = dict(environ or {})
        self._command = command
        self._settings = self._traits(people, model_server, settings or {})
        self._model_server = model_server
        self._clients: list[httpx.Client] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._settings["ServerApp"]["port"] = self.port

    @property
    def url(self) -> str:
        """The address beneath which all routes are."""
        return f"http://127.0.0.1:{self.port}{self.base_url}csvagent"

    def headers(self, name: str = "host") -> dict[str, str]:
        """What signs a request in, as that person where the server knows people."""
        return {"Authorization": f"token {name}-token"}

    def client(self, name: str | None = "host", **options: Any) -> httpx.Client:
        """Return a client that is signed in as `name`; None: not signed in."""
        headers = {} if name is None else self.headers(name)
        client = httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False, **options)
        self._clients.append(client)
        return client

    def page(self, name: str = "host") -> httpx.Client:
        """Return a client that is signed in as a browser is, by cookie; `client.cookies["_xsrf"]` is its XSRF token."""
        client = self.client(None)
        client.get(f"{self.url}/api/sessions", headers=self.headers(name)).raise_for_status()
        client.get(f"http://127.0.0.1:{self.port}{self.base_url}login", follow_redirects=True)
        assert "_xsrf" in client.cookies, dict(client.cookies)
        return client

    # --- its life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server, on the port and the folders of the last time."""
        self.root.mkdir(parents=True, exist_ok=True)
        config = self.home / "config" / "jupyter_server_config.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps(self._settings))
        ready = threading.Event()
        self.process = subprocess.Popen(
            [*(self._command or (sys.executable, "-m", "jupyter", "server")), "--no-browser", "--allow-root"],
            env=self._environment(),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log, args=(self.process, ready))
        self._reader.start()
        assert ready.wait(60) and self.process.poll() is None, "".join(self.log)
        until(self._listens)

    def _listens(self) -> bool:
        """Tell whether it can be reached; it says that it runs a moment before."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.kill()
        self._ended()

    def stop(self) -> int:
        """End the server in order and return its exit code; one that does not end is killed."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.process.kill()
        self._ended()
        return self.process.returncode

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.stop()

    def _ended(self) -> None:
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read_log(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line)
            if "is running at" in line:
                ready.set()
        ready.set()

    # --- how it is set ----------------------------------------------------------------------------------------------

    def _traits(
        self, people: bool, model_server: ScriptedServer | None, settings: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        traits: dict[str, dict[str, Any]] = {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port_retries": 0,
                "base_url": self.base_url,
                "root_dir": str(self.root),
                "jpserver_extensions": dict.fromkeys(_OTHERS, False) | {"csvagent_jupyter": True},
            },
            "IdentityProvider": {"token": TOKEN},
            "CSVAgentManager": {"model": "openai:test" if model_server else "offline", "timeout": 60.0},
        }
        if self._command:
            del traits["ServerApp"]["jpserver_extensions"]
        if people:
            traits["ServerApp"] |= {
                "identity_provider_class": "jupyter_people.People",
                "authorizer_class": "jupyter_people.Doorkeeper",
            }
        for name, values in settings.items():
            traits[name] = traits.get(name, {}) | dict(values)
        return traits

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
        return {
            **kept,
            **(self._model_server.environ() if self._model_server else {}),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.data),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
            "PYTHONPATH": str(HERE),
            **self._environ,
        }


def until(look: Callable[[], T | None], seconds: float = 60.0) -> T:
    """Ask again and again until there is something, and return it."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError(f"it did not come within {seconds} seconds")


def ask(client: httpx.Client, query: str, **options: Any) -> str:
    """Ask, in a new session unless `session_id` is given, and return the task's id."""
    reply = client.post("/api/analyze-async", json={"query": query, **options})
    assert reply.status_code == 202, reply.text
    return str(reply.json()["task_id"])


def finished(client: httpx.Client, task_id: str) -> dict[str, Any]:
    """Wait for the end of a task and return what the server says of it then."""

    def look() -> dict[str, Any] | None:
        reply = client.get(f"/api/tasks/{task_id}")
        assert reply.status_code == 200, reply.text
        shown: dict[str, Any] = reply.json()
        return shown if shown["status"] in FINAL else None

    return until(look)
