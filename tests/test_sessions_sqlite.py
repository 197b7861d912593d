"""What is particular to the SQLite store: its file, its versions, its troubles, and several processes on it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import aclosing, closing
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_data_dir

from csvagent_jupyter.exceptions import NotFound, StorageFull, StoreError, StoreUnreachable
from csvagent_jupyter.messages import Answer, Event, LedgerEntry, Progress, Question, Task
from csvagent_jupyter.sessions import migrations
from csvagent_jupyter.sessions.filesystem import filesystem_of, is_network_filesystem, is_network_folder
from csvagent_jupyter.sessions.sqlite import SQLiteStore, default_folder
from csvagent_jupyter.sessions.sqlite_file import as_store_error, set_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "sessions.sqlite"


def progress(code: str = "") -> Event:
    return Event("progress", "t1", status="PROCESSING", meta=Progress("…", "generating", code=code))


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def made(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.create_session("os:ann", session_id="kept")


async def refusal(path: Path) -> StoreError:
    with pytest.raises(StoreError) as refused:
        async with SQLiteStore(path):
            pass
    assert [thread for thread in threading.enumerate() if thread.name.startswith("csvagent-store")] == []
    return refused.value


# --- the file -------------------------------------------------------------------------------------------------------


async def test_the_file_is_its_owners_alone(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.create_session("os:ann")
        modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
        assert store.journal == "wal" and path.name + "-wal" in modes
        assert set(modes.values()) == {0o600} and path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    path.chmod(0o644)
    await made(path.with_name("other"))
    async with SQLiteStore(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_default_place_is_the_jupyter_data_folder() -> None:
    assert default_folder() == Path(jupyter_data_dir()) / "csvagent"
    assert SQLiteStore().path.parent == default_folder()


async def test_what_was_kept_is_there_after_a_restart(path: Path) -> None:
    await made(path)
    async with SQLiteStore(path) as store:
        assert (await store.session("kept")).owner == "os:ann"


async def test_a_closed_store_says_so_and_leaves_no_thread(path: Path) -> None:
    store = SQLiteStore(path)
    with pytest.raises(StoreUnreachable):
        await store.session("kept")
    async with store:
        assert [one.name for one in threading.enumerate() if one.name.startswith("csvagent-store")] != []
    with pytest.raises(StoreUnreachable):
        await store.session("kept")
    assert [one.name for one in threading.enumerate() if one.name.startswith("csvagent-store")] == []


# --- versions -------------------------------------------------------------------------------------------------------


async def test_a_newer_file_that_can_be_read_is_used(path: Path) -> None:
    await made(path)
    newer = migrations.VERSION + 3
    sql(path, "ALTER TABLE sessions ADD COLUMN mood TEXT", f"PRAGMA user_version={newer}")
    async with SQLiteStore(path) as store:
        assert (await store.session("kept")).session_id == "kept"
        await store.append("kept", progress())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == newer


async def test_a_newer_file_that_cannot_be_read_is_refused_and_left_alone(path: Path) -> None:
    await made(path)
    newer = migrations.VERSION + 1
    sql(path, f"PRAGMA user_version={newer}", f"UPDATE marks SET value={newer} WHERE name='oldest_reader'")
    before = path.read_bytes()
    error = await refusal(path)
    assert error.key == "sessions.newer" and "Upgrade csvagent-jupyter" in error.say() and "Обновите" in error.say("ru")
    assert path.read_bytes() == before


async def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    sql(path, "CREATE TABLE sessions (x)")
    assert (await refusal(path)).key == "sessions.foreign"
    sql(path, f"PRAGMA user_version={migrations.VERSION}")
    assert (await refusal(path)).key == "sessions.foreign"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("sessions",)]


async def test_every_step_leads_to_the_same_schema_in_order(tmp_path: Path) -> None:
    """A file of each earlier version is brought up to date, with nothing done twice."""
    for version in range(migrations.VERSION + 1):
        with closing(sqlite3.connect(tmp_path / f"{version}.sqlite", isolation_level=None)) as connection:
            for step, _ in migrations.MIGRATIONS[:version]:
                step(connection)
            connection.execute(f"PRAGMA user_version={version}")
            if version:
                connection.execute(f"PRAGMA application_id={migrations.APPLICATION_ID}")
            migrations.migrate(connection, "x")
            migrations.migrate(connection, "x")
            assert connection.execute("PRAGMA user_version").fetchone()[0] == migrations.VERSION
            assert not connection.in_transaction


async def test_events_of_a_newer_version_are_passed_over(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.create_session("os:ann", session_id="s")
        for _ in range(450):
            await store.append("s", progress())
        last = await store.append("s", progress("last"))
        sql(path, """UPDATE events SET body = '{"type": "telepathy"}' WHERE seq BETWEEN 100 AND 400""")
        async with aclosing(store.follow("s")) as events:
            seqs = [(await anext(events)).seq for _ in range(150)]
        assert seqs == [*range(1, 100), *range(401, 452)]
        assert (await store.read("s", 300))[-1] == last


async def test_a_task_of_a_newer_version_can_still_be_ended(path: Path) -> None:
    async with SQLiteStore(path) as store:
        await store.create_session("os:ann", session_id="s")
        for task_id in ("t1", "t2"):
            await store.submit(Task(task_id, "s", "os:ann", Question("?"), runner="r1"))
        sql(path, """UPDATE tasks SET question = '{"text": {"en": "?"}}' WHERE task_id = 't1'""")
        assert [task.question.text for task in await store.tasks()] == ["?", ""]
        for task_id in ("t1", "t2"):
            claimed = await store.claim("r1", 60)
            assert claimed is not None and claimed.task_id == task_id
            done = Event("result", task_id, status="success", result=Answer(True, task_id))
            await store.finish(task_id, claimed.fence, done, "SUCCESS")
        sql(path, """UPDATE events SET body = '{"type": "result", "result": 5}' WHERE task_id = 't1'""")
        assert [turn.task_id for turn in await store.turns("s")] == ["t2"]
        with pytest.raises(StoreError) as unreadable:
            await store.result("t1")
        assert unreadable.value.key == "sessions.newer_entry"


# --- troubles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["header", "schema"])
async def test_a_damaged_file_is_kept_aside_and_a_new_one_made(path: Path, damage: str) -> None:
    await made(path)
    content = bytearray(path.read_bytes())
    content[slice(0, 100) if damage == "header" else slice(100, 4096)] = b"\xa5" * (100 if damage == "header" else 3996)
    path.write_bytes(content)
    error = await refusal(path)
    assert error.key == "sessions.set_aside" and "nothing was deleted" in error.say()
    assert Path(error.values["kept"]).read_bytes() == bytes(content)
    async with SQLiteStore(path) as store:
        with pytest.raises(NotFound):
            await store.session("kept")
    assert Path(error.values["kept"]).exists()


async def test_a_full_disk_is_told_and_earlier_answers_are_safe(path: Path) -> None:
    async with SQLiteStore(path, max_bytes=400_000) as store:
        await store.create_session("os:ann", session_id="s")
        first = await store.append("s", progress("first"))
        with pytest.raises(StorageFull) as full:
            for _ in range(100):
                await store.append("s", progress("x" * 10_000))
        assert "disk" in full.value.say() and "диск" in full.value.say("ru").lower()
        assert (await store.read("s"))[0] == first
    async with SQLiteStore(path) as store:
        seqs = [event.seq for event in await store.read("s")]
        assert seqs == list(range(1, len(seqs) + 1))
        await store.append("s", progress("room again"))


def test_a_disk_too_full_for_a_new_store_is_told_as_what_it_is(path: Path) -> None:
    """SQLite gives a transaction up by itself when it cannot write; giving it up again must not be the news."""
    program = """
import asyncio, resource, sys
from csvagent_jupyter.exceptions import StoreError
from csvagent_jupyter.sessions.sqlite import SQLiteStore
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    asyncio.run(SQLiteStore(sys.argv[1]).open())
except StoreError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert "disk" in done.stdout and "rollback" not in done.stdout


def test_a_failure_for_want_of_room_is_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR | 19 << 8
    assert as_store_error(error, path).key == "sessions.failed"
    monkeypatch.setattr("csvagent_jupyter.sessions.sqlite_file.FULL_BYTES", 2**63)
    assert isinstance(as_store_error(error, path), StorageFull)


@pytest.mark.parametrize("kind", ["file as folder", "folder as file"])
async def test_a_place_that_cannot_be_used_is_told(tmp_path: Path, kind: str) -> None:
    if kind == "file as folder":
        (tmp_path / "x").write_text("")
    else:
        (tmp_path / "x" / "sessions.sqlite").mkdir(parents=True)
    error = await refusal(tmp_path / "x" / "sessions.sqlite")
    assert isinstance(error, StoreUnreachable) and error.key == "sessions.no_folder"


async def test_a_failed_transaction_leaves_nothing_behind(path: Path) -> None:
    async with SQLiteStore(path) as store:
        session_id = (await store.create_session("os:ann")).session_id
        task = Task("t1", session_id, "os:ann", Question("?"), runner="r1")
        await store.submit(task, progress())
        with pytest.raises(StoreError):
            await store.append("none", progress())
        assert len(await store.read(session_id)) == 1
        claimed = await store.claim("r1", 60)
        assert claimed is not None
        with pytest.raises(TypeError):
            await store.finish("t1", 1, Event("result", "t1", result=object()), "SUCCESS")  # type: ignore[arg-type]
        assert (await store.task("t1")).status == "PROCESSING"


# --- what goes with time --------------------------------------------------------------------------------------------


async def test_a_deleted_session_goes_for_good_with_all_that_is_its(path: Path) -> None:
    async with SQLiteStore(path, undo_seconds=0) as store:
        session_id = (await store.create_session("os:ann")).session_id
        await store.submit(
            Task("t1", session_id, "os:ann", Question("?"), runner="r1"), progress("artifact:" + "a" * 64)
        )
        await store.record(LedgerEntry("t1", session_id, 1, "m", "schema", (), "2026-11-20T10:00:00Z"))
        assert len(await store.artifacts_in_use()) == len(await store.ledger("t1")) == 1
        await store.delete_session(session_id)
        with pytest.raises(NotFound):
            await store.restore_session(session_id)
        assert await store.artifacts_in_use() == frozenset()
        assert await store.ledger("t1") == await store.read(session_id) == await store.tasks() == ()


async def test_nothing_expires_unless_asked_to(path: Path) -> None:
    async with SQLiteStore(path) as store:
        assert (await store.create_session("os:ann", session_id="s")).expires_at is None
    async with SQLiteStore(path, expire_seconds=3_600) as store:
        assert (await store.session("s")).expires_at is None
        touched = await store.touch_session("s")
        assert touched.expires_at is not None and touched.expires_at > touched.updated_at
        await store.create_session("os:ann", session_id="short")
        sql(path, "UPDATE sessions SET expires_at = 1 WHERE session_id = 'short'")
        for call in (store.session("short"), store.restore_session("short"), anext(store.follow("short"))):
            with pytest.raises(NotFound):
                await call
    async with SQLiteStore(path) as store:
        assert [one.session_id for one in await store.sessions("os:ann")] == ["s"]


# --- network folders ------------------------------------------------------------------------------------------------

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/local ext4 rw 0 0
ann@host: /mnt/my\\040disk fuse.sshfs rw 0 0
//server/share /srv cifs rw 0 0
tmpfs /srv tmpfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("folder", "name", "network"),
    [
        ("/var/lib", "ext4", False),
        ("/home/ann/.local/share/jupyter", "nfs4", True),
        ("/home/local/ann", "ext4", False),
        ("/homeless", "ext4", False),
        ("/mnt/my disk/x", "fuse.sshfs", True),
        ("/srv/x", "tmpfs", False),
    ],
)
def test_a_network_folder_is_known_by_its_mount(folder: str, name: str, network: bool) -> None:
    assert filesystem_of(Path(folder), MOUNTS) == name
    assert is_network_folder(Path(folder), MOUNTS) == network


def test_an_unknown_fuse_is_taken_for_a_network_folder() -> None:
    assert is_network_filesystem("fuse.rclone") and is_network_filesystem("lustre")
    assert (
        not is_network_filesystem("fuse.gocryptfs")
        and not is_network_filesystem("")
        and not is_network_filesystem("xfs")
    )


async def test_a_file_in_wal_can_be_opened_without_it(path: Path) -> None:
    """As after a home has moved to another host."""
    async with SQLiteStore(path) as first:
        await first.create_session("os:ann", session_id="s")
        assert first.journal == "wal"
    async with SQLiteStore(path, journal="delete") as store:
        await store.append("s", progress())
        assert store.journal == "delete"
        assert [one.name for one in path.parent.iterdir()] == [path.name]


async def test_a_file_that_is_open_in_wal_stays_so(path: Path) -> None:
    async with SQLiteStore(path) as first, SQLiteStore(path, journal="delete") as second:
        assert (first.journal, second.journal) == ("wal", "wal")
        await first.create_session("os:ann", session_id="s")
        assert (await second.append("s", progress())).seq == (await first.append("s", progress())).seq - 1  # type: ignore[operator]


def test_where_wal_does_not_work_the_journal_is_a_file(path: Path) -> None:
    """SQLite's own way to the disk without shared memory stands for a file system that has none."""
    path.parent.mkdir()
    with closing(sqlite3.connect(f"file:{path}?vfs=unix-none", uri=True, isolation_level=None)) as connection:
        assert set_journal(connection, "wal") == "delete"


# --- several processes ----------------------------------------------------------------------------------------------

WORKER = """
import asyncio, json, sys
from csvagent_jupyter.exceptions import LeaseLost
from csvagent_jupyter.messages import Answer, Event, Progress
from csvagent_jupyter.sessions.sqlite import SQLiteStore

async def main(path, name, journal):
    report = {"claims": [], "seqs": [], "lost": 0}
    async with SQLiteStore(path, journal=journal) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        idle = 0
        while idle < 3:
            task = await store.claim(name, 60, take_over=True)
            if task is None:
                idle += 1
                await asyncio.sleep(0.02)
                continue
            idle = 0
            report["claims"].append([task.task_id, task.fence])
            for number in range(5):
                event = Event("progress", task.task_id, meta=Progress("x", "generating", code=f"{name} {number}"))
                report["seqs"].append((await store.append(task.session_id, event, fence=task.fence)).seq)
            done = Event("result", task.task_id, status="success", result=Answer(True, task.task_id))
            report["seqs"].append((await store.finish(task.task_id, task.fence, done, "SUCCESS")).seq)
            try:
                await store.finish(task.task_id, task.fence, done, "SUCCESS")
            except LeaseLost:
                report["lost"] += 1
    print(json.dumps(report))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("journal", ["wal", "delete"])
async def test_processes_share_one_file_without_losing_or_doubling_anything(path: Path, journal: str) -> None:
    """They all open the file before it exists, and then take tasks from one line."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path), f"worker {number}", journal],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert await asyncio.to_thread(worker.stdout.readline) == "ready\n"
    async with SQLiteStore(path, journal=journal) as store:  # type: ignore[arg-type]
        for session in range(4):
            await store.create_session("os:ann", session_id=f"s{session}")
            for number in range(6):
                task = Task(f"s{session}t{number}", f"s{session}", "os:ann", Question("?"), outlives_runner=True)
                await store.submit(task)
        done = [asyncio.to_thread(worker.communicate, "go\n") for worker in workers]
        reports = [json.loads(output) for output, _ in await asyncio.gather(*done)]
        claims = Counter(task_id for report in reports for task_id, _ in report["claims"])
        assert len(claims) == 24 and set(claims.values()) == {1}
        assert sum(report["lost"] for report in reports) == 24
        for session in range(4):
            events = await store.read(f"s{session}")
            assert [event.seq for event in events] == list(range(1, 37))
            assert [event.task_id for event in events if event.type == "result"] == [
                f"s{session}t{number}" for number in range(6)
            ]
        assert Counter(seq for report in reports for seq in report["seqs"]) == Counter(list(range(1, 37)) * 4)
        assert await store.tasks(unfinished=True) == ()
