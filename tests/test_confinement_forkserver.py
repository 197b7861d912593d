"""The fork server with real processes: what a fork is, how its end is told, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from csvagent_jupyter.confinement.spawning import CannotFork, ForkServer, Spawned

HERE = Path(__file__).parent
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}


def server_environment(folder: Path) -> Mapping[str, str]:
    return ENVIRONMENT | {"HOME": str(folder), "OPENBLAS_NUM_THREADS": "1"}


@contextlib.contextmanager
def serving(preload: str = "forked_entries:prepare", **options: Any) -> Iterator[ForkServer]:
    server = ForkServer(preload, server_environment, **options)
    try:
        yield server
    finally:
        server.close()
        assert server.pid is None


@pytest.fixture
def server() -> Iterator[ForkServer]:
    with serving() as one:
        yield one


@dataclass
class Child:
    """A process, what it reported, and what it wrote into its log."""

    spawned: Spawned
    report: dict[str, Any]
    log: Path


async def spawn(server: ForkServer, entry: str, folder: Path, argument: Any = None, **environment: str) -> Child:
    """Start a process and wait for its report; one that ends without a report has an empty one."""
    ours, theirs = os.pipe()
    log = folder.parent / f"{folder.name}.log"
    with log.open("ab") as errors, os.fdopen(ours, "rb") as report:
        try:
            spawned = await server.spawn(
                f"forked_entries:{entry}",
                argument,
                errors=errors.fileno(),
                report=theirs,
                folder=folder,
                environment=environment,
            )
        finally:
            os.close(theirs)
        line = await asyncio.to_thread(report.readline)
    return Child(spawned, json.loads(line) if line else {}, log)


def ended(pid: int, within: float = 10.0) -> bool:
    """Wait for the end of a process that need not be a child of ours; a zombie has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within)[0])
    finally:
        os.close(descriptor)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sandbox"
    made.mkdir()
    return made


# --- what a fork is --------------------------------------------------------------------------------------------------


async def test_a_fork_has_nothing_of_the_servers(
    server: ForkServer, folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    for canary in (os.open(folder, os.O_PATH), *os.pipe(), *(one.detach() for one in socket.socketpair())):
        os.set_inheritable(canary, True)
        request.addfinalizer(partial(os.close, canary))
    child = await spawn(server, "tell", folder, {"some": ["argument"]}, HOME="/its/own")
    told = child.report
    assert told["argument"] == {"some": ["argument"]}
    assert told["environment"] == {"HOME": "/its/own"}
    assert told["folder"] == str(folder)
    assert told["pid"] == told["group"] == told["session"] == child.spawned.pid
    assert told["parent"] == server.pid
    assert told["descriptors"] == [0, 1, 2, 3]
    assert told["threads"] == 1
    assert told["interrupt"] and told["child"]
    assert await child.spawned.wait() == child.spawned.status == 0


async def test_a_fork_finds_nothing_of_the_server_behind_it(server: ForkServer, folder: Path) -> None:
    """Code looks back at who called it, and through what is in memory, for the folders of others."""
    (folder.parent / "other").mkdir()
    other = await spawn(server, "wait", folder.parent / "other")
    told = (await spawn(server, "look_back", folder)).report
    assert told["frames"][:2] == ["look_back", "_become"]
    assert not {"run", "_obey", "_obey_all", "_fork"} & set(told["frames"])
    assert (told["servers"], told["paths"]) == (0, [])
    other.spawned.send_signal(signal.SIGKILL)
    assert await other.spawned.wait() == -signal.SIGKILL


async def test_forks_have_random_numbers_of_their_own(server: ForkServer, folder: Path) -> None:
    children = await asyncio.gather(*[spawn(server, "tell", folder) for _ in range(8)])
    for source in ("random", "numpy"):
        assert len({child.report[source] for child in children}) == 8
    assert {await child.spawned.wait() for child in children} == {0}


async def test_an_error_ends_in_the_log_and_in_the_status(server: ForkServer, folder: Path) -> None:
    failed = await spawn(server, "fail", folder)
    assert (failed.report, await failed.spawned.wait()) == ({}, 1)
    assert "ValueError: what went wrong" in failed.log.read_text()
    assert await (await spawn(server, "end", folder, 7)).spawned.wait() == 7
    assert await (await spawn(server, "no_such_entry", folder)).spawned.wait() == 1


# --- its end ---------------------------------------------------------------------------------------------------------


async def test_signals_reach_a_fork_and_its_end_is_told(server: ForkServer, folder: Path) -> None:
    child = await spawn(server, "wait", folder)
    assert child.spawned.status is None
    child.spawned.send_signal(signal.SIGINT)
    assert await child.spawned.wait() == 1
    assert "KeyboardInterrupt" in child.log.read_text()
    child.spawned.send_signal(signal.SIGKILL)  # nobody is there any more, and nobody is hit
    other = await spawn(server, "wait", folder)
    other.spawned.send_signal(signal.SIGKILL, group=True)
    assert await other.spawned.wait() == other.spawned.status == -signal.SIGKILL


async def test_who_leaves_a_forks_group_is_ended_after_it(server: ForkServer, folder: Path) -> None:
    left = await spawn(server, "leave", folder)
    assert await left.spawned.wait() == 0
    assert ended(left.report["stray"])
    killed = await spawn(server, "outlive", folder)
    killed.spawned.send_signal(signal.SIGKILL)
    await killed.spawned.wait()
    assert ended(killed.report["stray"])


async def test_a_fork_that_nobody_waits_for_any_more_is_ended(server: ForkServer, folder: Path) -> None:
    await server.start()
    first = asyncio.ensure_future(spawn(server, "wait", folder))
    await asyncio.sleep(0)  # the request is on its way
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert server.pid is not None
    await spawn(server, "end", folder, 0)
    deadline = time.monotonic() + 10
    while len(_children(server.pid)) > 0 and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert _children(server.pid) == []


# --- the server's life -----------------------------------------------------------------------------------------------


async def test_waits_that_were_given_up_leave_nothing_while_the_process_runs(server: ForkServer, folder: Path) -> None:
    """A kernel is waited for in each of its turns, and may live for days."""
    child = await spawn(server, "wait", folder)

    async def give_up() -> int:
        for _ in range(50):
            waiting = asyncio.ensure_future(child.spawned.wait())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        gc.collect()
        kinds = {asyncio.Future, asyncio.Event, partial, FunctionType}
        return sum(type(one) in kinds for one in gc.get_objects())

    before = await give_up()
    assert await give_up() < before + 50
    child.spawned.send_signal(signal.SIGKILL)
    assert await child.spawned.wait() == -signal.SIGKILL


async def test_all_who_wait_are_told_though_an_event_loop_was_closed(server: ForkServer, folder: Path) -> None:
    child = await spawn(server, "wait", folder)

    def go_away() -> asyncio.Task[int]:
        loop = asyncio.new_event_loop()
        left = loop.create_task(child.spawned.wait())
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        return left

    left = await asyncio.to_thread(go_away)
    elsewhere = asyncio.to_thread(lambda: asyncio.run(child.spawned.wait()))
    waiting = [asyncio.ensure_future(one) for one in (elsewhere, child.spawned.wait(), child.spawned.wait())]
    await asyncio.sleep(0)
    child.spawned.send_signal(signal.SIGKILL)
    assert await asyncio.wait_for(asyncio.gather(*waiting), 30) == [-signal.SIGKILL] * 3
    assert not left.done()
    left.get_coro().close()


async def test_a_killed_server_takes_its_forks_along_and_the_next_request_starts_another(
    server: ForkServer, folder: Path
) -> None:
    child = await spawn(server, "wait", folder)
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await child.spawned.wait() == -signal.SIGKILL
    assert ended(child.spawned.pid)
    other = await spawn(server, "tell", folder)
    assert other.report["parent"] == server.pid != first


async def test_requests_that_a_dying_server_left_unanswered_are_answered_by_the_next(
    server: ForkServer, folder: Path
) -> None:
    await server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    asking = [asyncio.ensure_future(spawn(server, "end", folder, 0)) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert not any(one.done() for one in asking)
    os.kill(server.pid, signal.SIGKILL)
    children = await asyncio.gather(*asking)
    assert [await child.spawned.wait() for child in children] == [0, 0, 0]


async def test_an_idle_server_goes_and_comes_again(folder: Path) -> None:
    with serving(idle_seconds=0.3) as server:
        child = await spawn(server, "wait", folder)
        pid = server.pid
        assert pid is not None
        assert not ended(pid, 0.6)  # it has a child, so it is not idle
        child.spawned.send_signal(signal.SIGTERM)
        await child.spawned.wait()
        assert await asyncio.to_thread(ended, pid)
        again = await spawn(server, "tell", folder)
        assert again.report["parent"] not in (pid, 1)


async def test_a_server_that_may_not_idle_at_all_is_there_for_who_is_about_to_ask(folder: Path) -> None:
    with serving(idle_seconds=0.0) as server:
        for _ in range(3):
            child = await spawn(server, "tell", folder)
            assert await child.spawned.wait() == 0
            assert await asyncio.to_thread(ended, child.report["parent"])
            assert server.pid is None and folder.exists()


async def test_a_server_that_hangs_is_ended_and_the_next_request_starts_another(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(answers_within=1.0) as server:
        before = await spawn(server, "wait", folder)
        hung = server.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        asking = [asyncio.ensure_future(spawn(server, "tell", folder)) for _ in range(3)]
        done = await asyncio.gather(*asking, return_exceptions=True)
        # Who finds it ended by another asker may have been served by the next one already.
        told = [str(one) for one in done if isinstance(one, CannotFork)]
        assert told and set(told) == {"the server for new processes did not answer within 1 seconds"}
        assert caplog.text.count("did not answer") == 1
        assert await asyncio.to_thread(ended, hung)
        assert await before.spawned.wait() == -signal.SIGKILL
        other = await spawn(server, "tell", folder)
        assert other.report["parent"] == server.pid != hung


async def test_who_goes_away_from_a_server_that_hangs_does_not_wait_for_ever(folder: Path) -> None:
    with serving(answers_within=0.5) as server:
        await server.start()
        hung = server.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        asking = asyncio.ensure_future(spawn(server, "tell", folder))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await asyncio.to_thread(ended, hung)


async def test_nothing_is_left_when_it_is_closed(folder: Path) -> None:
    descriptors = _count_descriptors()
    with serving() as server:
        child = await spawn(server, "outlive", folder)
        server.close()
        assert await child.spawned.wait() == -signal.SIGKILL
        assert ended(child.report["pid"]) and ended(child.report["stray"])
        assert not folder.exists()
    assert _count_descriptors() == descriptors


OWNER = """
    import asyncio, os, signal, sys
    from pathlib import Path
    from test_confinement_forkserver import serving, spawn
    async def own():
        with serving() as server:
            child = await spawn(server, "outlive", Path(sys.argv[1]))
            own = os.readlink(f"/proc/{server.pid}/cwd")
            print(own, server.pid, child.report["pid"], child.report["stray"], flush=True)
            if sys.argv[2] == "fork" and os.fork() == 0:
                os.write(1, b"forked ")
                signal.pause()
            signal.pause()
    asyncio.run(own())
"""


@pytest.mark.parametrize("also", ["", "fork"])
def test_nothing_is_left_when_the_process_that_started_it_is_killed(folder: Path, also: str) -> None:
    """Not even when a fork of that process, which has copies of all its descriptors, lives on."""
    command = [sys.executable, "-c", textwrap.dedent(OWNER), str(folder), also]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True) as owner:
        try:
            assert owner.stdout is not None
            servers, *told = owner.stdout.readline().decode().split()
            pids = [int(pid) for pid in told]
            if also:
                assert owner.stdout.read(7) == b"forked "
            owner.kill()
            assert len(pids) == 3 and all(ended(pid) for pid in pids)
            assert not folder.exists() and not Path(servers).exists()
        finally:
            os.killpg(owner.pid, signal.SIGKILL)


# --- where it cannot be ----------------------------------------------------------------------------------------------


async def test_a_server_with_a_second_thread_refuses_and_says_why(folder: Path) -> None:
    with serving("forked_entries:prepare_with_thread") as server:
        for _ in range(2):
            with pytest.raises(CannotFork, match="2 threads"):
                await spawn(server, "tell", folder)
        assert server.pid is None and "2 threads" in server.refusal


@pytest.mark.parametrize("again_after", [0.0, 3600.0])
async def test_a_server_that_was_killed_while_it_prepared_is_tried_again_after_a_while(
    folder: Path, again_after: float
) -> None:
    with serving(tries_again_after=again_after) as server:
        starting = asyncio.ensure_future(server.start())
        while server.pid is None:
            await asyncio.sleep(0)
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(CannotFork, match="did not start"):
            await starting
        if again_after:
            with pytest.raises(CannotFork, match="did not start"):
                await spawn(server, "tell", folder)
            assert server.pid is None
        else:
            assert (await spawn(server, "tell", folder)).report["parent"] == server.pid
            assert server.refusal == ""


async def test_a_server_that_refused_is_not_asked_again(folder: Path) -> None:
    with serving("forked_entries:prepare_with_thread", tries_again_after=0.0) as server:
        for _ in range(2):
            with pytest.raises(CannotFork, match="2 threads"):
                await spawn(server, "tell", folder)
            await asyncio.to_thread(server.begin)
            assert server.pid is None


async def test_a_server_that_cannot_prepare_says_why(folder: Path) -> None:
    with serving("forked_entries:fail_to_prepare") as server, pytest.raises(CannotFork, match="no such library"):
        await server.start()


async def test_a_program_that_is_not_there_is_told(folder: Path) -> None:
    with serving(outer=("/no/such/program",)) as server, pytest.raises(CannotFork, match="No such file"):
        await server.start()


@pytest.fixture(autouse=True)
async def _no_task_is_left() -> AsyncIterator[None]:
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
