"""A reader hears of another process's commit at once where the system tells of it, and looks for itself elsewhere."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from csvagent_jupyter.messages import Event
from csvagent_jupyter.sessions import wakeups
from csvagent_jupyter.sessions.file_bell import FileBell
from csvagent_jupyter.sessions.sqlite import SQLiteStore

APPENDS = """
import asyncio, sys
from csvagent_jupyter.messages import Event
from csvagent_jupyter.sessions.sqlite import SQLiteStore

async def main():
    async with SQLiteStore(sys.argv[1]) as store:
        for _ in range(3):
            await store.append("s", Event("progress", "t1"))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.sqlite"


def watching() -> list[int]:
    """Return the descriptors of this process on which the system tells of files."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except FileNotFoundError:  # the one of the listing itself
            continue
        if "inotify" in str(target):
            found.append(int(entry.name))
    return found


async def three_from_another_process(path: Path) -> list[int | None]:
    async with SQLiteStore(path) as store:
        await store.create_session("os:ann", session_id="s")
        async with aclosing(store.follow("s")) as events:
            reading = asyncio.create_task(_three(events))
            await asyncio.to_thread(subprocess.run, [sys.executable, "-c", APPENDS, str(path)], check=True)
            return await reading


async def _three(events: object) -> list[int | None]:
    return [(await anext(events)).seq for _ in range(3)]  # type: ignore[call-overload]


async def test_another_process_is_heard_without_looking(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "QUIET_SECONDS", 3600.0)
    monkeypatch.setattr(wakeups, "LIVELY_ROUNDS", 0)
    assert await three_from_another_process(path) == [1, 2, 3]


async def test_where_nothing_is_told_the_store_is_looked_at(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csvagent_jupyter.sessions.file_bell._watch", lambda path: None)
    assert await three_from_another_process(path) == [1, 2, 3]


async def test_what_was_looked_for_in_vain_is_looked_for_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """News of which nothing was told shows that nothing is told here; news that was told lets looking rest."""
    moved = [{"s"}, set(), {"s"}]
    looked: list[int] = []
    told: list[object] = []

    async def look(_: frozenset[str]) -> set[str]:
        looked.append(waking._lively)
        return moved.pop(0) if moved else set()

    monkeypatch.setattr(wakeups, "QUIET_SECONDS", 0.0)
    waking = wakeups.Wakeups(look)
    waking.lively_seconds = 0.0
    bell_of_file = FileBell(Path("/nowhere"))
    waking.heard = lambda tell: told.append(tell) or bell_of_file.heard(tell)  # type: ignore[func-returns-value]
    waking.start()
    with waking.listen("s") as bell:
        while len(looked) < 3:
            await asyncio.sleep(0)
        assert looked[1:3] == [wakeups.LIVELY_ROUNDS, wakeups.LIVELY_ROUNDS - 1]
        moved.append({"s"})
        told[0]()  # type: ignore[operator]
        while moved:
            await asyncio.sleep(0)
        await bell.wait()
    await waking.stop()
    with waking.listen("s"):
        assert waking._lively == 0


async def test_the_descriptor_is_for_this_process_and_goes_with_the_last_listener(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.create_session("os:ann", session_id="s")
        assert watching() == []
        readers = [store.follow("s") for _ in range(5)]
        waiting = [asyncio.ensure_future(anext(reader)) for reader in readers]
        while not watching():
            await asyncio.sleep(0)
        (descriptor,) = watching()
        assert not os.get_inheritable(descriptor)
        await store.append("s", Event("progress", "t1"))
        assert {(await one).seq for one in waiting} == {1}
        for reader in readers:
            await reader.aclose()
        while watching():
            await asyncio.sleep(0.01)
    assert watching() == []


async def test_a_store_that_closes_leaves_no_descriptor(path: Path) -> None:
    async with SQLiteStore(path) as store, aclosing(store.watch_line()) as line:
        await anext(line)
        waiting = asyncio.ensure_future(anext(line, None))
        while not watching():
            await asyncio.sleep(0)
        await store.close()
        await waiting
    assert watching() == []


def test_a_process_that_may_open_no_more_files_is_told_of_none(path: Path) -> None:
    program = """
import asyncio, os, resource, sys
from pathlib import Path
from csvagent_jupyter.sessions import file_bell
import ctypes
Path(sys.argv[1]).touch()
assert file_bell._watch(Path("/nowhere/at/all")) is None
resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
assert file_bell._watch(Path(sys.argv[1])) is None
"""
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)


async def test_a_touch_of_what_is_gone_is_no_trouble(path: Path) -> None:
    FileBell(path).ring()
    with FileBell(path).heard(lambda: None):
        assert watching() == []
