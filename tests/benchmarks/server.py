"""What the server costs: how soon news arrives, how many tasks it gets through, what it adds to Jupyter's start.

Each figure stands beside a yardstick of the same run: a line over a bare socket, the same code in a warm kernel, the
start of a Jupyter server without the extension.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))  # the parts of the tests that start servers

from jupyter_host import _OTHERS, JupyterHost, ask, finished
from model_server import ScriptedServer
from redis_server import RedisServer
from server_readers import sse

from csvagent_jupyter.manager import CSVAgentManager

from .appending import append
from .figures import Sample, megabytes
from .overhead import bare_kernel

EVENTS = 150
FANNED_OUT = 10
READERS = 200
TASKS = 200
IN_LINE = 8
STARTS = 6
AIM_OF_START = 0.1
CODE = "print(1 + 1)"
REPLY = f"It adds.\n```python\n{CODE}\n```"
RISE = 10 * 2**20  # over a thousand tasks, by the line

Appending = Callable[[JupyterHost, str, int], Awaitable[None]]


def report() -> Iterator[str]:
    """Yield the lines of this part."""
    with TemporaryDirectory(prefix="csvagent-") as folder:
        home = Path(folder)
        with RedisServer(home / "redis") as redis:
            yield from _news(home, "embedded", 0.005, {})
            yield from _news(home, "Redis", 0.010, redis.environment)
        yield from _tasks(home)
        yield from _starts(home)


# --- from append to arrival -------------------------------------------------------------------------------------------


def _news(home: Path, store: str, aim: float, environ: dict[str, str]) -> Iterator[str]:
    parts = {"jpserver_extensions": _extensions(csvagent_jupyter=True) | {"benchmarks.appending": True}}
    with (
        JupyterHost(home / store, environ=environ, settings={"ServerApp": parts}) as host,
        patch.dict("os.environ", environ),
    ):
        bare = asyncio.run(_bare())
        yield f"{'a line there and back over a bare socket':52} {bare}"
        for where, appending in (("same process", _inside), ("another process", _outside)):
            (took,) = asyncio.run(_arrivals(host, appending, EVENTS, 1))
            yield _beside(f"from append to arrival, {store}, {where}", took, bare, aim)
        first, last = asyncio.run(_arrivals(host, _inside, FANNED_OUT, READERS))
        yield f"{f'to the first of {READERS} readers, {store}':52} {first}"
        share = last.median / READERS / bare.median
        yield f"{f'to the last of {READERS} readers, {store}':52} {last!s:24} {share:.1f} of the socket for each reader"


def _beside(name: str, took: Sample, bare: Sample, aim: float) -> str:
    verdict = "reached" if took.median <= aim else "MISSED"
    return f"{name:52} {took!s:24} {took.median / bare.median:.0f} of the socket, aim {aim * 1e3:.0f} ms: {verdict}"


async def _arrivals(host: JupyterHost, appending: Appending, count: int, readers: int) -> list[Sample]:
    """Return how long news took to the first reader and to the last; with one reader, that is the same."""
    session_id = host.client().post("/api/sessions", json={}).json()["session_id"]
    arrived: list[list[float]] = []
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(sse(host, session_id)) for _ in range(readers)]
        reading = [asyncio.create_task(_read(stream, count)) for stream in streams]
        await appending(host, session_id, count)
        arrived = await asyncio.gather(*reading)
    each = list(zip(*arrived, strict=True))
    return [Sample([min(one) for one in each]), Sample([max(one) for one in each])][: min(readers, 2)]


async def _read(stream: Any, count: int) -> list[float]:
    took: list[float] = []
    async for text in stream:
        took.append(perf_counter() - float(json.loads(text)["meta"]["status"]))
        if len(took) == count:
            break
    return took


async def _inside(host: JupyterHost, session_id: str, count: int) -> None:
    with host.client() as client:
        address = f"http://127.0.0.1:{host.port}/benchmark/{session_id}/{count}"
        (await asyncio.to_thread(client.post, address)).raise_for_status()


async def _outside(host: JupyterHost, session_id: str, count: int) -> None:
    manager = CSVAgentManager(data_folder=str(host.data / "csvagent"))
    await manager.start(warm=False)
    try:
        await append(manager.store, session_id, count)
    finally:
        await manager.stop()


async def _bare() -> Sample:
    """Send lines over a socket of this loop and take them back: what the machine itself takes for that."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()
        ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(echo, "127.0.0.1") as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        times = []
        for _ in range(EVENTS):
            begin = perf_counter()
            writer.write(b"x" * 400 + b"\n")
            await reader.readline()
            times.append(perf_counter() - begin)
        writer.close()
        await ended.wait()
    return Sample(times)


# --- tasks ------------------------------------------------------------------------------------------------------------


def _tasks(home: Path) -> Iterator[str]:
    """Run tasks in four sessions, and look at the server's memory all the while."""
    settings = {"CSVAgentManager": {"owner_questions_per_minute": None}}
    with ScriptedServer(REPLY, repeat=True) as model, JupyterHost(home / "tasks", model, settings=settings) as host:
        (host.root / "a.csv").write_text("a\n1\n")
        client = host.client()
        sessions = [client.post("/api/sessions", json={}).json()["session_id"] for _ in range(4)]
        for session in sessions:
            finished(client, ask(client, "warm up", session_id=session, path="a.csv"))
        begin, line, held = perf_counter(), [], []
        for number in range(TASKS):
            line.append(ask(client, "add", session_id=sessions[number % 4], path="a.csv"))
            if len(line) == IN_LINE:
                finished(client, line.pop(0))
                held.append((number, _resident(host)))
        for task in line:
            assert finished(client, task)["status"] == "SUCCESS"
        rate = TASKS / (perf_counter() - begin)
    kernel, run = bare_kernel()
    try:
        run(CODE)
        times = []
        for _ in range(30):
            begin = perf_counter()
            run(CODE)
            times.append(perf_counter() - begin)
    finally:
        kernel.shutdown_kernel(now=True)
    alone = Sample(times)
    yield f"{'tasks in a second, 4 at a time':52} {rate:.1f}"
    yield f"{'a task, beside its code in a warm kernel':52} {1 / rate / alone.median:.1f} of {alone}"
    later = held[len(held) // 4 :]  # what comes but once is there by then
    rise = linear_regression(*zip(*later, strict=True)).slope * 1000
    verdict = "reached" if rise <= RISE else "MISSED"
    yield (
        f"{'memory of the server':52} {megabytes(held[0][1])} at first, {megabytes(held[-1][1])} after {TASKS} tasks;"
        f" {rise / 2**20:+.1f} MB in 1,000, aim {megabytes(RISE)}: {verdict}"
    )


def _resident(host: JupyterHost) -> int:
    status = (Path("/proc") / str(host.process.pid) / "status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


# --- the start --------------------------------------------------------------------------------------------------------


def _starts(home: Path) -> Iterator[str]:
    """Start servers with the extension and without it in turn, up to where they take connections."""
    pairs = [(_start(home / "with", True), _start(home / "without", False)) for _ in range(STARTS + 1)][1:]
    without = Sample([pair[1] for pair in pairs])
    added = Sample([pair[0] - pair[1] for pair in pairs])
    verdict = "reached" if added.median <= AIM_OF_START else "MISSED"
    yield f"{'start of a Jupyter server without the extension':52} {without}"
    yield (
        f"{'what the extension adds to it':52} {added!s:24} {added.median / without.median:.2f} of it,"
        f" aim {AIM_OF_START * 1e3:.0f} ms: {verdict}"
    )


def _start(home: Path, is_enabled: bool) -> float:
    parts = {"jpserver_extensions": _extensions(csvagent_jupyter=is_enabled)}
    host = JupyterHost(home, settings={"ServerApp": parts})
    begin = perf_counter()
    with host:
        return perf_counter() - begin


def _extensions(**ours: bool) -> dict[str, bool]:
    """Return which extensions to load: of the others none, so that only ours makes a difference."""
    return dict.fromkeys(_OTHERS, False) | ours
