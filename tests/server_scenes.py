"""Faults and crowds on a real server, in any size: a few in `server_faults_small`, many in `server_faults`."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from jupyter_host import JupyterHost, ask, finished, until
from left_over import family
from model_server import Recorded, Reply, ScriptedServer
from server_readers import Seen, sse, sse_request

from csvagent_jupyter.messages import Event, Progress
from csvagent_jupyter.sessions.sqlite import SQLiteStore

IN_ONE_SESSION = 10
SALES = "city,price\nParis,10\nRome,20\n"
ENDS_WITHIN = 25.0


def echo(recorded: Recorded) -> Reply:
    """Answer "number N" with code that prints N, word by word and not at once."""
    return Reply(f"It prints.\n```python\nprint('it is', {number_in(recorded)})\n```", delay=0.01)


def number_in(recorded: Recorded) -> int:
    found = re.findall(r"number (\d+)", recorded.body.decode())
    return int(found[-1])


@contextmanager
def hosted(model: ScriptedServer | None, **settings: Any) -> Iterator[JupyterHost]:
    """A server whose temporary files are in a folder of their own; afterwards nothing of it may be there."""
    # The path of a kernel's socket may have no more than 107 characters, and a test's folder has many.
    home = Path(tempfile.mkdtemp(prefix="csvagent-host-"))
    temporary = home / "tmp"
    temporary.mkdir()
    traits: dict[str, Mapping[str, Any]] = {
        "CSVAgentManager": {"owner_questions_per_minute": None, **settings.pop("manager", {})},
        "CSVAgentExtension": settings.pop("extension", {}),
    }
    host = JupyterHost(home, model, settings=traits, environ={"TMPDIR": str(temporary)}, **settings)
    try:
        with host:
            (host.root / "sales.csv").write_text(SALES)
            yield host
    finally:
        shutil.rmtree(home)


def temporary(host: JupyterHost) -> list[str]:
    """Return what is in the server's temporary folder."""
    return sorted(str(path.relative_to(host.home)) for path in (host.home / "tmp").iterdir())


def stops_clean(host: JupyterHost) -> None:
    """End the server by SIGTERM: in time, in order, and with nothing left of it."""
    relatives = family(host.process.pid)
    assert host.stop() == 0, "".join(host.log[-20:])
    until(lambda: not any(map(_runs, relatives)), 10)
    with suppress(TimeoutError):  # what it has just begun to start ends by itself
        until(lambda: not temporary(host), 10)
    assert not temporary(host), [*temporary(host), *map(str, (host.home / "tmp").rglob("*"))][:20]
    assert not list(host.data.glob("csvagent/artifacts/incoming/*"))


def ends_anyhow(queue: str, said: str) -> None:
    """End a server whose queue is one of `server_faulty`: it says so, and is gone with all that it started."""
    with hosted(None, manager={"task_queue_class": f"server_faulty.{queue}"}) as host:
        host.client().get("/api/sessions").raise_for_status()
        relatives = family(host.process.pid)
        assert host.stop() == 0
        assert said in "".join(host.log)
        until(lambda: not any(map(_runs, relatives)), 10)


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def resident(host: JupyterHost) -> int:
    """Return the bytes that the server's process has in memory."""
    status = (Path("/proc") / str(host.process.pid) / "status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def connections(host: JupyterHost) -> int:
    """Count the open connections to the server."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(f":{host.port:04X}") and line[3] == "01" for line in lines)


def new_session(client: httpx.Client) -> str:
    return str(client.post("/api/sessions", json={}).json()["session_id"])


# --- the server is killed ---------------------------------------------------------------------------------------------


def killed_in_the_middle(count: int) -> None:
    """Kill a server that has `count` tasks in its line when a third of them have reached the model."""
    with ScriptedServer(echo, repeat=True) as model, hosted(model, manager={"max_running": 3}) as host:
        client = host.client()
        names = [new_session(client) for _ in range(max(count // IN_ONE_SESSION + 1, 3))]
        tasks = [
            ask(client, f"number {number}", session_id=names[number % len(names)], path="sales.csv")
            for number in range(count)
        ]
        model.wait_for_request(max(count // 3, 2))
        host.kill()
        assert sum(one["status"] == "SUCCESS" for one in stored(host, tasks).values()) < count
        host.start()
        client = host.client()
        for number, task in enumerate(tasks):
            shown = finished(client, task)
            assert shown["status"] == "SUCCESS", shown
            assert shown["result"]["text_output"] == f"it is {number}"
            assert client.get(f"/api/tasks/{task}/events").text.count('"type": "result"') == 1
        asked = Counter(number_in(recorded) for recorded in model.requests)
        for number, task in enumerate(tasks):
            sent = len(client.get(f"/api/tasks/{task}/sent").json()["sent"])
            # A call is written down before it is made, so that one that was not made any more may be there.
            assert asked[number] <= sent <= asked[number] + 1
        assert set(asked) == set(range(count))
        stops_clean(host)


def stored(host: JupyterHost, tasks: list[str]) -> dict[str, dict[str, Any]]:
    """Return how tasks stand in the store of a server that does not run."""
    import sqlite3

    connection = sqlite3.connect(host.data / "csvagent" / "sessions.sqlite")
    try:
        rows = connection.execute("SELECT task_id, status FROM tasks").fetchall()
    finally:
        connection.close()
    found = {task_id: {"status": status} for task_id, status in rows}
    assert set(found) == set(tasks), "an acknowledged task is lost"
    return found


# --- crowds -----------------------------------------------------------------------------------------------------------


async def many_readers(host: JupyterHost, count: int) -> None:
    """Let `count` readers follow one session, over SSE and WebSocket in turn; each sees all of it in order."""
    client = host.client()
    session_id = new_session(client)
    seen = [Seen() for _ in range(count)]
    async with reading(host, session_id, seen, results=2):
        for number in (1, 2):
            await asyncio.to_thread(ask, client, f"number {number}", session_id=session_id, path="sales.csv")
    wanted = seen[0].lasting
    assert [event["type"] for event in wanted].count("result") == 2
    numbers = [event["seq"] for event in wanted]
    assert numbers == sorted(set(numbers))
    for one in seen[1:]:
        assert one.lasting == wanted


@asynccontextmanager
async def reading(host: JupyterHost, session_id: str, seen: list[Seen], results: int | None) -> AsyncIterator[None]:
    """Let all of them read within the block, and wait for each to have so many results, or to the server's end."""
    opened = [asyncio.Event() for _ in seen]
    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        for index, (one, is_open) in enumerate(zip(seen, opened, strict=True)):
            group.create_task(one.read("websocket" if index % 2 else "sse", host, session_id, results, is_open))
        for is_open in opened:
            await is_open.wait()
        yield


async def many_sessions(host: JupyterHost, count: int) -> None:
    """Ask in `count` sessions at once; each gets its own answer, once."""
    async with httpx.AsyncClient(base_url=host.url, headers=host.headers(), timeout=100, trust_env=False) as client:

        async def one(number: int) -> tuple[str, str]:
            reply = await client.post("/api/sessions", json={})
            session_id = reply.json()["session_id"]
            question = {"query": f"number {number}", "session_id": session_id, "path": "sales.csv"}
            reply = await client.post("/api/analyze-async", json=question)
            assert reply.status_code == 202, reply.text
            return session_id, reply.json()["task_id"]

        asked = await asyncio.gather(*map(one, range(count)))
        assert len({session_id for session_id, _ in asked}) == count
        for number, (session_id, task_id) in enumerate(asked):
            answer = await result(client, task_id)
            assert answer["success"], answer["error"]
            assert answer["text_output"] == f"it is {number}"
            history = (await client.get(f"/api/sessions/{session_id}")).json()["history"]
            assert len(history) == 1


async def result(client: httpx.AsyncClient, task_id: str) -> dict[str, Any]:
    """Follow a task to its end and return its answer."""
    async with client.stream("GET", f"/api/tasks/{task_id}/events") as reply:
        async for line in reply.aiter_lines():
            if line.startswith("data: ") and (event := json.loads(line[6:]))["type"] == "result":
                found: dict[str, Any] = event["result"]
                return found
    raise AssertionError("the events ended without a result")


# --- the disk is full -------------------------------------------------------------------------------------------------


class Disk:
    """A place with little room: a file system of its own for root, else one where files may not grow."""

    def __init__(self, folder: Path, is_real: bool) -> None:
        self.folder = folder
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
        self.is_real = is_real and subprocess.run(words, check=False, capture_output=True).returncode == 0

    def fill(self, host: JupyterHost) -> None:
        """Leave no room at all."""
        if not self.is_real:
            # SQLite's shared memory has 32 kB, and is written by mapping it.
            resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        ballast = os.open(self.folder / "ballast", os.O_CREAT | os.O_WRONLY)
        try:
            with suppress(OSError):
                while True:
                    os.write(ballast, bytes(4096))
        finally:
            os.close(ballast)

    def make_room(self, host: JupyterHost) -> None:
        if self.is_real:
            (self.folder / "ballast").unlink()
        else:
            resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    def close(self) -> None:
        if self.is_real:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


def disk_full(is_real: bool = True) -> None:
    """Fill the disk in the middle of a run: it is told, what was there stays, and with room it goes on.

    A disk that is not `is_real`, or cannot be, is one where files may not grow.
    """
    home = Path(tempfile.mkdtemp(prefix="csvagent-disk-"))
    disk = Disk(home / "disk", is_real)
    try:
        with ScriptedServer(echo, repeat=True) as model, hosted(model, data=disk.folder) as host:
            client = host.client()
            session_id = new_session(client)
            first = ask(client, "number 1", session_id=session_id, path="sales.csv")
            assert finished(client, first)["status"] == "SUCCESS"
            stalled = Reply("It prints.\n```python\nprint('it is', 2)\n```", stall_after=3)
            model.forget()
            model.script(stalled, echo)
            task = ask(client, "number 2", session_id=session_id, path="sales.csv")
            assert model.wait_for_request(1).stalled.wait(20)
            disk.fill(host)
            stalled.release.set()
            shown = finished(client, task)
            assert shown["status"] == "FAILURE"
            refused = [
                client.post("/api/sessions", json={}),
                client.post("/api/analyze-async", json={"query": "number 3", "path": "sales.csv"}),
                client.post("/api/analyze-async", data={"query": "?"}, files={"file": ("a.csv", b"a,b\n" * 500_000)}),
            ]
            told = [shown["result"]["error"]["message"], *(reply.json()["message"] for reply in refused)]
            if disk.is_real:
                assert all("is full" in message for message in told), told
                assert {reply.json()["reason"] for reply in refused} == {"storage_full"}
            assert all(reply.status_code in (413, 503) for reply in refused), told
            assert client.get(f"/api/tasks/{first}").json()["result"]["text_output"] == "it is 1"
            disk.make_room(host)
            later = ask(client, "number 4", session_id=session_id, path="sales.csv")
            assert finished(client, later)["result"]["text_output"] == "it is 4"
            for one in (first, task, later):
                assert client.get(f"/api/tasks/{one}/events").text.count('"type": "result"') == 1
            assert len(client.get(f"/api/sessions/{session_id}").json()["history"]) == 3
            stops_clean(host)
    finally:
        disk.close()
        shutil.rmtree(home)


# --- readers that do not read -----------------------------------------------------------------------------------------

EVENT_CHARACTERS = 200_000
GROWTH = 80 * 2**20


async def readers_that_never_read(host: JupyterHost, count: int, megabytes: int) -> None:
    """Append twice that much while `count` readers take nothing: another one sees all of it, they are let go.

    What one reader of the first part has needed, memory does not much exceed afterwards.
    """
    client = host.client()
    session_id = new_session(client)
    appended = megabytes * 1_000_000 // EVENT_CHARACTERS
    store = SQLiteStore(host.data / "csvagent" / "sessions.sqlite")
    async with store, reader_of(host, session_id, appended) as first:
        await append(store, session_id, appended)
        await first
        before, at_first = resident(host), connections(host)
        silent = [await silent_reader(host, session_id, "websocket" if one % 2 else "sse") for one in range(count)]
        try:
            async with reader_of(host, session_id, 3 * appended) as numbers:
                await append(store, session_id, 2 * appended)
                seen = await numbers
            assert seen == sorted(set(seen)) and len(seen) == 3 * appended
            assert (grown := resident(host) - before) < GROWTH, f"{grown / 2**20:.0f} MB"
            await asyncio.to_thread(until, lambda: connections(host) <= at_first)
        finally:
            for writer in silent:
                writer.transport.abort()
    assert client.get(f"/api/sessions/{session_id}").status_code == 200


@asynccontextmanager
async def reader_of(host: JupyterHost, session_id: str, count: int) -> AsyncIterator[asyncio.Task[list[int]]]:
    """Read that many events beside the block, and give their numbers."""
    async with sse(host, session_id, query="?after=0") as events:

        async def read() -> list[int]:
            found = []
            async for text in events:
                found.append(json.loads(text)["seq"])
                if len(found) == count:
                    return found
            raise AssertionError("the events ended")

        async with asyncio.timeout(100), asyncio.TaskGroup() as group:
            yield group.create_task(read())


async def append(store: SQLiteStore, session_id: str, count: int) -> None:
    for number in range(count):
        meta = Progress(f"step {number}", "generating", code="x" * EVENT_CHARACTERS)
        await store.append(session_id, Event("progress", status="PROCESSING", meta=meta))


async def silent_reader(host: JupyterHost, session_id: str, kind: str) -> asyncio.StreamWriter:
    """Ask for a session's events, and take none of them."""
    silent = socket.socket()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    silent.setblocking(False)
    await asyncio.get_running_loop().sock_connect(silent, ("127.0.0.1", host.port))
    request = sse_request(host, session_id, query="?after=0")
    if kind == "websocket":
        upgrade = (
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        request = request.replace(b"/api/sessions/", b"/ws/analyze/").replace(b"/events?", b"?")[:-2] + upgrade
    reader, writer = await asyncio.open_connection(sock=silent, limit=1024)
    writer.write(request)
    status = await reader.readline()
    assert status.split()[1] == (b"101" if kind == "websocket" else b"200")
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return writer
