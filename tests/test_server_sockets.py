"""The WebSocket of a session with the `websockets` package, on a real Jupyter server."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_host import JupyterHost
from jupyter_host import until as eventually
from model_server import Reply, ScriptedServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

CSV = b64encode(b"city,price\nParis,10\nRome,20\n").decode()
CODE = "I add the prices up.\n```python\nprint('sum', df['price'].sum())\n```"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer(CODE, repeat=True) as server:
        yield server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Iterator[JupyterHost]:
    with JupyterHost(
        tmp_path_factory.mktemp("host"),
        model,
        people=True,
        settings={"CSVAgentExtension": {"max_message": 200_000}},
    ) as host:
        yield host


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    """A server for one person."""
    with JupyterHost(tmp_path_factory.mktemp("alone")) as host:
        yield host


@asynccontextmanager
async def opened(
    host: JupyterHost, session_id: str, name: str = "anna", query: str = "", **options: Any
) -> AsyncIterator[ClientConnection]:
    address = f"{host.url.replace('http', 'ws', 1)}/ws/analyze/{session_id}{query}"
    async with connect(
        address, additional_headers=host.headers(name), proxy=None, max_size=None, **options
    ) as connection:
        greeting = json.loads(await connection.recv())
        assert greeting["type"] == "connected"
        assert greeting["session_id"] == session_id
        yield connection


async def tell(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def until(connection: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Receive up to the first message of that type, and return all of them."""
    received = []
    async with asyncio.timeout(60):
        while not received or received[-1]["type"] != kind:
            received.append(json.loads(await connection.recv()))
    return received


@pytest.fixture
def session(host: JupyterHost) -> str:
    return str(host.client("anna").post("/api/sessions", json={}).json()["session_id"])


async def test_a_question_with_a_file_goes_from_its_start_to_its_result(host: JupyterHost, session: str) -> None:
    async with opened(host, session) as connection:
        await tell(connection, type="analyze", query="sum of price?", file_base64=CSV, filename="sales.csv")
        received = await until(connection, "result")
    assert received[0]["type"] == "task_started"
    assert {event["type"] for event in received[1:-1]} == {"progress"}
    stages = [event["meta"]["stage"] for event in received[1:-1]]
    assert stages[0] == "queued"
    assert {"generating", "executing"} <= set(stages)
    assert all(event["status"] in ("PENDING", "PROCESSING") for event in received[1:-1])
    assert all(event["seq"] and event["at"] for event in received)
    result = received[-1]
    assert result["status"] == "success"
    assert "sum 30" in result["result"]["text_output"]


async def test_a_path_and_the_last_sources_can_be_asked_about(host: JupyterHost, session: str) -> None:
    (host.root / "prices.csv").write_bytes(b"price\n1\n2\n")
    async with opened(host, session) as connection:
        await tell(connection, type="analyze", query="sum of price?", path="prices.csv")
        assert "sum 3" in (await until(connection, "result"))[-1]["result"]["text_output"]
        await tell(connection, type="analyze", query="and again?", dialect={"missing": ["1"], "strict": True})
        again = (await until(connection, "result"))[-1]["result"]
        assert again["profiles"][0]["dialect"]["stated"] == ["missing", "strict"]
        await tell(connection, type="analyze", query="and again?", dialect={"table": "second"})
        assert "table cannot be 'second'" in (await until(connection, "error"))[-1]["message"]


async def test_it_is_resumed_without_gap_or_repeat(host: JupyterHost, session: str) -> None:
    async with opened(host, session) as connection:
        await tell(connection, type="analyze", query="sum of price?", file_base64=CSV, filename="sales.csv")
        seen = await until(connection, "result")
    middle = seen[len(seen) // 2]["seq"]
    async with opened(host, session, query=f"?after={middle}") as connection:
        again = await until(connection, "result")
    # Pieces of code are dropped from the log once the whole of it is there.
    kept = [event for event in seen if not event.get("meta", {}).get("code_delta")]
    assert [event["seq"] for event in again] == [event["seq"] for event in kept if event["seq"] > middle]
    async with opened(host, session) as connection:
        await tell(connection, type="ping")
        assert [event["type"] for event in await until(connection, "pong")] == ["pong"]


async def test_many_connections_of_one_session_each_see_all_of_it(host: JupyterHost, session: str) -> None:
    async with opened(host, session) as first, opened(host, session) as second:
        await tell(first, type="analyze", query="sum of price?", file_base64=CSV, filename="sales.csv")
        assert await until(first, "result") == await until(second, "result")


async def test_a_running_task_is_cancelled(host: JupyterHost, model: ScriptedServer, session: str) -> None:
    model.forget()
    model.script(Reply(CODE, stall_after=1))
    async with opened(host, session) as connection:
        await tell(connection, type="analyze", query="sum of price?", file_base64=CSV, filename="sales.csv")
        task_id = (await until(connection, "task_started"))[-1]["task_id"]
        request = await asyncio.to_thread(model.wait_for_request, 1, 60)
        await tell(connection, type="cancel", task_id=task_id)
        result = (await until(connection, "result"))[-1]
    assert await asyncio.to_thread(request.disconnected.wait, 60)
    model.forget()
    model.script(CODE)
    assert result["task_id"] == task_id
    assert result["status"] == "cancelled"


BAD = {
    "junk": "!!!",
    "binary": b"\xff\xfe\x00",
    "no object": "[1, 2]",
    "no type": '{"query": "x"}',
    "unknown type": '{"type": "drop"}',
    "no query": '{"type": "analyze"}',
    "wrong query": '{"type": "analyze", "query": 7}',
    "deep": "[" * 90_000,
    "deep inside": '{"type": "analyze", "query": "x", "dialect": ' + '{"a":' * 20_000 + "1" + "}" * 20_000 + "}",
    "empty question": '{"type": "analyze", "query": " "}',
    "no source": '{"type": "analyze", "query": "sum?"}',
    "no base64": '{"type": "analyze", "query": "sum?", "file_base64": "%%%"}',
    "outside": '{"type": "analyze", "query": "sum?", "path": "../../etc/passwd"}',
    "no such task": '{"type": "cancel", "task_id": "no-such"}',
}


async def test_an_empty_file_without_a_name_is_told_under_one(host: JupyterHost, session: str) -> None:
    async with opened(host, session) as connection:
        await tell(connection, type="analyze", query="sum of price?", file_base64="")
        assert "data.csv" in (await until(connection, "error"))[-1]["message"]


@pytest.mark.parametrize("message", BAD.values(), ids=BAD.keys())
async def test_a_bad_message_is_answered_and_the_connection_stays(
    host: JupyterHost, session: str, message: str | bytes
) -> None:
    async with opened(host, session) as connection:
        await connection.send(message)
        error = (await until(connection, "error"))[-1]
        assert error["message"]
        assert "Traceback" not in error["message"]
        await tell(connection, type="ping")
        assert (await until(connection, "pong"))[-1] == {"type": "pong"}


async def test_a_message_beyond_the_limit_closes_with_1009(host: JupyterHost, session: str) -> None:
    async with opened(host, session) as connection:
        with pytest.raises(ConnectionClosed):
            await tell(connection, type="analyze", query="x" * 300_000)
            await connection.recv()
        assert connection.close_code == 1009


async def test_close_closes(host: JupyterHost, session: str) -> None:
    async with opened(host, session) as connection:
        await tell(connection, type="close")
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 1000


async def test_a_connection_outlives_the_pings_that_keep_it_open(tmp_path: Path) -> None:
    often = {"ServerApp": {"tornado_settings": {"ws_ping_interval": 50}}}
    with JupyterHost(tmp_path, settings=often) as host:
        session = host.client().post("/api/sessions", json={}).json()["session_id"]
        async with opened(host, session, "host") as connection:
            ends = asyncio.get_running_loop().time() + 1.0
            while asyncio.get_running_loop().time() < ends:
                await tell(connection, type="ping")
                assert (await until(connection, "pong"))[-1] == {"type": "pong"}


async def test_errors_are_told_in_the_language_of_the_client(host: JupyterHost, session: str) -> None:
    async with opened(host, session, query="?lang=ru") as connection:
        await connection.send("!!!")
        assert "Запрос" in (await until(connection, "error"))[-1]["message"]


@pytest.mark.parametrize(
    ("name", "session_id", "query", "status"),
    [
        ("boris", None, "", 404),
        ("anna", "no-such", "", 404),
        ("nobody", None, "", 403),
        ("anna", None, "?after=x", 400),
        ("anna", None, "?after=99999999999999999999", 400),
    ],
)
async def test_others_do_not_get_in(
    host: JupyterHost, session: str, name: str, session_id: str | None, query: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(host, session_id or session, name, query):
            pass
    assert refused.value.response.status_code == status


async def test_who_is_not_signed_in_does_not_get_in(host: JupyterHost, session: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"{host.url.replace('http', 'ws', 1)}/ws/analyze/{session}", proxy=None):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("origin", "gets_in"), [("http://127.0.0.1:{port}", True), ("http://elsewhere.example", False)]
)
async def test_another_page_does_not_get_in_with_the_cookie_of_a_browser(
    alone: JupyterHost, origin: str, gets_in: bool
) -> None:
    page = alone.page()
    session = alone.client().post("/api/sessions", json={}).json()["session_id"]
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in page.cookies.items()),
        "Origin": origin.format(port=alone.port),
    }
    address = f"{alone.url.replace('http', 'ws', 1)}/ws/analyze/{session}"
    if gets_in:
        async with connect(address, additional_headers=headers, proxy=None) as connection:
            assert json.loads(await connection.recv())["type"] == "connected"
    else:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, additional_headers=headers, proxy=None):
                pass
        assert refused.value.response.status_code == 403


async def test_a_client_that_leaves_while_it_is_let_in_is_no_reader_for_ever(alone: JupyterHost) -> None:
    client = alone.client()
    session = client.post("/api/sessions", json={}).json()["session_id"]
    head = (
        f"GET /csvagent/ws/analyze/{session}?token=host-token HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for number in range(60):
        with socket.create_connection(("127.0.0.1", alone.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(head.encode())
            connection.settimeout(30)
            if number % 2:
                connection.recv(12)  # the answer has begun
    metrics = f"http://127.0.0.1:{alone.port}/metrics"
    eventually(lambda: "csvagent_readers 0.0" in client.get(metrics).text)


async def test_a_session_goes_on_after_its_server_was_killed(tmp_path: Path, model: ScriptedServer) -> None:
    """By WebSocket and by events."""
    with JupyterHost(tmp_path, model) as host:
        session = host.client().post("/api/sessions", json={}).json()["session_id"]
        async with opened(host, session, "host") as connection:
            await tell(connection, type="analyze", query="sum of price?", file_base64=CSV, filename="sales.csv")
            seen = await until(connection, "result")
            host.kill()
            with pytest.raises(ConnectionClosed):
                await connection.recv()
        host.start()
        async with opened(host, session, "host", f"?after={seen[-1]['seq']}") as connection:
            await tell(connection, type="analyze", query="and now?")
            later = await until(connection, "result")
        assert later[0]["type"] == "task_started"
        assert later[0]["seq"] > seen[-1]["seq"]
        async with opened(host, session, "host", "?after=0") as connection:
            results = [(await until(connection, "result"))[-1]["seq"] for _ in range(2)]
        assert results == [seen[-1]["seq"], later[-1]["seq"]]
        last = {"Last-Event-ID": str(seen[-1]["seq"])}
        with host.client().stream("GET", f"/api/sessions/{session}/events", headers=last) as stream:
            followed = [json.loads(line[6:]) for line in _up_to_result(stream.iter_lines())]
        assert [followed[0]["seq"], followed[-1]["seq"]] == [later[0]["seq"], later[-1]["seq"]]


def _up_to_result(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("data: "):
            yield line
            if '"type":"result"' in line.replace(" ", ""):
                return
