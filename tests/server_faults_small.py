"""A real server under faults and crowds, each in a small form; the heavy forms are in `server_faults.py`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from jupyter_host import JupyterHost, ask, finished, until
from left_over import family
from model_server import Reply, ScriptedServer
from server_readers import Seen, websocket
from server_scenes import (
    SALES,
    disk_full,
    echo,
    ends_anyhow,
    hosted,
    killed_in_the_middle,
    many_readers,
    many_sessions,
    new_session,
    readers_that_never_read,
    reading,
    resident,
    stops_clean,
)
from websockets.exceptions import ConnectionClosed

SLEEPS = "It takes long.\n```python\nimport time\ntime.sleep(60)\n```"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer(echo, repeat=True) as server:
        yield server


@pytest.fixture(scope="module")
def host(model: ScriptedServer) -> Iterator[JupyterHost]:
    with hosted(model) as host:
        yield host


def test_a_kill_among_waiting_tasks_loses_none_and_answers_none_twice() -> None:
    killed_in_the_middle(6)


async def test_many_readers_of_a_session_each_see_all_of_it(host: JupyterHost) -> None:
    await many_readers(host, 40)


async def test_many_sessions_at_once_each_get_their_own_answer(host: JupyterHost) -> None:
    await many_sessions(host, 12)


def test_a_kernel_that_is_killed_at_work_is_told_and_the_session_goes_on(
    host: JupyterHost, model: ScriptedServer
) -> None:
    client = host.client()
    session_id = new_session(client)
    model.forget()
    model.script(SLEEPS, echo)
    task = ask(client, "number 1", session_id=session_id, path="sales.csv", max_attempts=1)
    until(lambda: client.get(f"/api/tasks/{task}").json()["meta"]["stage"] == "executing")
    kernels = [pid for pid in family(host.process.pid) if _works_in(pid, host.home)]
    assert kernels
    for pid in kernels:
        os.kill(pid, signal.SIGKILL)
    error = finished(client, task)["result"]["error"]
    assert error["kind"] == "kernel_died" and error["message"]
    later = ask(client, "number 2", session_id=session_id, path="sales.csv")
    assert finished(client, later)["result"]["text_output"] == "it is 2"


def _works_in(pid: int, home: Path) -> bool:
    """Tell whether a process is a kernel: its working folder is the `work` of a sandbox."""
    try:
        folder = (Path("/proc") / str(pid) / "cwd").readlink()
    except OSError:
        return False
    return folder.name == "work" and folder.is_relative_to(home)


def test_a_full_disk_is_told_and_with_room_all_goes_on() -> None:
    disk_full()


async def test_readers_that_never_read_hold_up_nobody_and_are_let_go() -> None:
    with hosted(None, extension={"reader_seconds": 1.0}) as host:
        await readers_that_never_read(host, 4, 50)
        assert "Traceback" not in "".join(host.log)


HUGE = {
    "20 MB": ("x" * 20_000_000, 1009),
    "20 MB of a question": (json.dumps({"type": "analyze", "query": "x" * 20_000_000}), 1009),
    "deep": ("[" * 16_000_000, None),
    "deep inside": ('{"type": "ping", "x": ' + '{"a":' * 2_500_000 + "1" + "}" * 2_500_000 + "}", None),
    "a long question": (json.dumps({"type": "analyze", "query": "x" * 15_000_000}), None),
    "a long file": (
        json.dumps({"type": "analyze", "query": "", "file_base64": b64encode(bytes(11_000_000)).decode()}),
        None,
    ),
}


@pytest.mark.parametrize(("message", "closes"), HUGE.values(), ids=HUGE.keys())
async def test_a_message_of_any_size_harms_nobody(host: JupyterHost, message: str, closes: int | None) -> None:
    session_id = new_session(host.client())
    before = resident(host)
    async with websocket(host, session_id) as other, websocket(host, session_id) as connection:
        with suppress(ConnectionClosed):  # before all of it was sent
            await connection.send(message)
        if closes is None:
            error = json.loads(await connection.recv())
            assert error["type"] == "error" and len(error["message"]) < 1_000, error
            await connection.send('{"type": "ping"}')
            assert json.loads(await connection.recv()) == {"type": "pong"}
        else:
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            assert connection.close_code == closes
        await other.send('{"type": "ping"}')
        assert json.loads(await other.recv()) == {"type": "pong"}
    assert resident(host) < before + 150 * 2**20


# --- the end of a server ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_it_ends_in_order_soon_after_its_start(seconds: float) -> None:
    with hosted(None) as host:
        if seconds:
            host.client().get("/api/sessions").raise_for_status()  # a kernel is made ready from here on
            with pytest.raises(TimeoutError):
                until(lambda: None, seconds)
        stops_clean(host)


async def test_it_ends_in_order_in_the_middle_of_a_run_an_upload_and_with_readers() -> None:
    with ScriptedServer(SLEEPS, repeat=True) as model, hosted(model) as host:
        client = host.client()
        session_id = new_session(client)
        task = ask(client, "number 1", session_id=session_id, path="sales.csv")
        until(lambda: client.get(f"/api/tasks/{task}").json()["meta"]["stage"] == "executing")
        with socket.create_connection(("127.0.0.1", host.port)) as uploading:
            uploading.sendall(half_an_upload(host))
            incoming = host.data / "csvagent" / "artifacts" / "incoming"
            until(lambda: incoming.is_dir() and list(incoming.iterdir()))
            seen = [Seen() for _ in range(4)]
            async with reading(host, session_id, seen, results=None):
                await asyncio.to_thread(stops_clean, host)
            assert all(one.events for one in seen)
        host.start()
        assert host.client().get(f"/api/tasks/{task}").json()["status"] in ("PENDING", "PROCESSING")
        stops_clean(host)


def half_an_upload(host: JupyterHost) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{SALES}'
    lines = [
        f"POST {host.base_url}csvagent/api/analyze-async HTTP/1.1",
        "Host: 127.0.0.1",
        *(": ".join(one) for one in host.headers().items()),
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 20000000",
    ]
    return "\r\n".join([*lines, "", head]).encode() + b"x" * 4_000_000


def test_it_ends_though_a_part_of_it_fails() -> None:
    ends_anyhow("FailsAtTheEnd", "RuntimeError")


def test_what_was_under_way_is_cut_in_time_when_the_model_does_not_answer() -> None:
    with ScriptedServer(Reply(SLEEPS, stall_after=0), repeat=True) as model, hosted(model) as host:
        with httpx.Client(base_url=host.url, headers=host.headers(), timeout=60, trust_env=False) as client:
            ask(client, "number 1", path="sales.csv")
        model.wait_for_request(1)
        stops_clean(host)
