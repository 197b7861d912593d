"""The process that reads a file: what it can reach, and that nothing it does harms who waits for it."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from left_over import left_over, look

from csvagent_jupyter.confinement.spawning import ForkServer
from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import process, read_table
from csvagent_jupyter.tables.cells import Cells
from csvagent_jupyter.tables.copies import Copies
from csvagent_jupyter.tables.opening import State
from csvagent_jupyter.tables.order import Bounds, Order, Reply, encoded
from csvagent_jupyter.tables.process import Readers, in_thread
from csvagent_jupyter.tables.reader import reading

HERE = Path(__file__).parent
PLENTY = Bounds(seconds=60.0)


SERVERS = process._server_environment


def environment(folder: Path) -> Mapping[str, str]:
    return {**SERVERS(folder), "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    one = ForkServer("reading_entries:warm", environment, 60.0)
    yield one
    one.close()


def readers(server: ForkServer, entry: str) -> Readers:
    made = Readers(f"reading_entries:{entry}", forked=False)
    made.server = server
    return made


async def ask(readers: Readers, bounds: Bounds = PLENTY, largest: int = 2**20, **options: object) -> Reply:
    order = Order(name="sales.csv", options=options, seconds=int(bounds.seconds), largest=largest)
    with tempfile.NamedTemporaryFile() as file, Path(file.name).open("rb") as source, tempfile.TemporaryFile() as sink:
        file.write(b"a,b\n1,2\n")
        file.flush()
        reply = await readers.read(order, source.fileno(), sink.fileno(), bounds)
        if reply.size:
            Cells.of_file(sink.fileno(), reply.size).arrow  # noqa: B018
        return reply


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("crash", "crashed"),
        ("fail", "crashed"),
        ("leave", "garbled"),
        ("garble", "garbled"),
        ("talk_for_long", "garbled"),
        ("talk_without_end", "garbled"),
        ("say_unknown_words", "garbled"),
        ("say_an_unfit_value", "garbled"),
        ("write_code", "garbled"),
        ("claim_cells", "garbled"),
        ("eat", "memory"),
        ("fill", "no_room"),
    ],
)
async def test_what_goes_wrong_there_is_a_sentence_here(server: ForkServer, entry: str, key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        await ask(readers(server, entry))
    assert caught.value.key == f"tables.reading_{key}"
    for told in (caught.value.say("en"), caught.value.say("ru")):
        assert "sales.csv" in told and told.endswith(".")


async def test_what_hangs_is_ended_when_its_time_is_up(server: ForkServer) -> None:
    for entry in ("hang", "spin"):
        with pytest.raises(Unreadable, match="more than 1 second and was stopped") as caught:
            await ask(readers(server, entry), Bounds(seconds=1))
        assert caught.value.key == "tables.reading_slow"


async def test_a_reading_that_nobody_waits_for_is_ended(server: ForkServer, tmp_path: Path) -> None:
    await server.start()
    before = look(tmp_path)
    asked = asyncio.create_task(ask(readers(server, "hang")))
    while not any(found.startswith("process") for found in look(tmp_path) - before):
        await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not await left_over(tmp_path, before)


async def test_cells_that_lead_outside_of_their_file_are_not_used(server: ForkServer) -> None:
    with pytest.raises(ValueError, match="no table"):
        await ask(readers(server, "write_damaged_cells"))


async def test_code_in_that_process_reaches_nothing(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    secret = tmp_path / "secret"
    secret.write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as network, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "socket"))
        local.listen()
        options = {"secret": str(secret), "port": network.getsockname()[1], "socket": str(tmp_path / "socket")}
        reply = await ask(readers(server, "reach_out"), **options)
    assert reply.said[0].values["names"] == ""
    assert not (tmp_path / "new").exists()


def test_without_a_fork_server_the_reading_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("дата;сумма\n01.02.2024;1,5\n25.02.2024;2,5\n", "cp1251")
    forked = read_table(path)
    monkeypatch.setattr(process, "_usual", Readers(forked=False))
    launched = read_table(path)
    assert launched.reply == forked.reply
    assert launched.arrow.equals(forked.arrow)
    with pytest.raises(Unreadable, match="empty"):
        (tmp_path / "empty.csv").touch()
        read_table(tmp_path / "empty.csv")


async def test_a_file_is_read_from_within_an_event_loop(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("a,b\n1,2\n")
    assert read_table(path).arrow.num_rows == 1


def test_an_interrupt_reaches_what_runs_in_the_thread() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            ended.append("yes")

    with pytest.raises(KeyboardInterrupt):
        in_thread(work())
    assert ended == ["yes"]


async def test_how_far_a_file_was_read_is_told_and_a_look_ahead_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PROGRESS_SECONDS", 0.0)
    path = tmp_path / "sales.csv"
    path.write_bytes(bytes(100))
    told: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
    with path.open("rb", buffering=0) as file:
        file.seek(100)  # the end is looked at first
        watch = asyncio.create_task(process._watch(file.fileno(), lambda *far: told.put_nowait(far)))
        await asyncio.sleep(0)
        for at in (10, 40):
            file.seek(at)
            assert await told.get() == (at, 100)
        watch.cancel()
    assert told.empty()


async def test_no_reading_takes_the_last_room_of_a_disk(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process itself cannot ask how much there is."""
    monkeypatch.setattr(process, "KEPT_FREE", _all_but_a_megabyte())
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
        with pytest.raises(Unreadable) as caught:
            await readers(server, "fill").read(Order(name="sales.csv"), source.fileno(), sink.fileno(), PLENTY)
        assert caught.value.key == "tables.reading_no_room"
        assert os.fstat(sink.fileno()).st_size < 2**26


def _all_but_a_megabyte() -> int:
    with tempfile.TemporaryFile() as file:
        found = os.fstatvfs(file.fileno())
        return found.f_bavail * found.f_frsize - 2**20


async def test_only_so_many_files_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    under_way = 0

    async def ended(*_: object) -> int:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return 1

    made = Readers(forked=False)
    monkeypatch.setattr(made, "_ended", ended)
    asked = await asyncio.gather(*(ask(made) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(one, Unreadable) for one in asked)
    assert len(at_once) == 20 and max(at_once) <= process.MOST_AT_ONCE


def test_what_failed_there_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    broken = "x" * 10**5 + "\n2026-01-01 ERROR root: \x1b[31mmade up"
    with tempfile.TemporaryFile(buffering=0) as letter:
        letter.write(encoded(Reply(broken=broken)))
        with pytest.raises(Unreadable):
            process._reply(letter, 0, Order(name="sales.csv"), PLENTY)
    (record,) = caplog.records
    assert len(record.getMessage()) < 3_000
    assert record.getMessage().isprintable()


async def test_a_reading_without_protection_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A thread that something has started in every Python keeps a process from being confined."""
    (tmp_path / "sitecustomize.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    surroundings = {**SERVERS(tmp_path), "PYTHONPATH": f"{tmp_path}{os.pathsep}{HERE.parent}"}
    monkeypatch.setattr(process, "_server_environment", lambda _: surroundings)
    made = Readers(forked=False)
    path = tmp_path / "sales.csv"
    path.write_bytes(b"region,amount\nNorth,1\n")
    with path.open("rb") as source, tempfile.TemporaryFile() as sink:
        reply = await made.read(Order(name=path.name), source.fileno(), sink.fileno(), PLENTY)
    assert [said.key for said in reply.said if said.level == "warning"] == ["note_not_confined"]
    assert "without the usual protection" in reply.notes("en")[0].text


async def test_a_thread_that_warming_up_left_costs_the_warmth_and_not_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_server_environment", environment)
    made = Readers(
        "reading_entries:reply_whether_forked", "reading_entries:warm_with_a_thread", plainly="reading_entries:warm"
    )
    first = made.server
    for _ in range(2):
        assert (await ask(made)).rows == 1
    assert made.server is not None and made.server is not first and made.server.pid is not None
    made.server.close()


async def test_what_needs_more_room_than_there_is_says_how_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LITTLE", 2**20)
    monkeypatch.setattr(process, "KEPT_FREE", 2**60)
    path = tmp_path / "large.csv"
    path.write_text("region,amount\n" + "North,1.5\nSouth,2.5\n" * 450_000)
    with pytest.raises(Unreadable) as caught:
        await reading(path, bounds=Bounds(folder=tmp_path / "copies"))
    assert caught.value.key == "tables.copy_no_room"
    assert caught.value.values["free"] == 1
    assert not list((tmp_path / "copies").iterdir())
    monkeypatch.setattr(process, "_free", lambda _: 0)
    with pytest.raises(Unreadable) as caught:
        await reading(path, bounds=Bounds(folder=tmp_path / "copies"))
    assert caught.value.key == "tables.reading_no_room"


@pytest.mark.parametrize("full", [True, False])
async def test_who_writes_when_no_room_is_left_is_ended(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """Others write there, too; and where nothing bounds the size of its files it is watched."""
    room = [2**40] * 3
    monkeypatch.setattr(process, "LITTLE", 2**10)
    monkeypatch.setattr(process, "LEAST", 1)
    monkeypatch.setattr(process, "_free", lambda _: room.pop() if room else 0 if full else 2**40)
    with pytest.raises(Unreadable) as caught:
        await ask(readers(server, "write_and_wait"), largest=2**20 if full else 2**15)
    assert caught.value.key == "tables.reading_no_room"


async def test_a_copy_is_bounded_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    ordered: list[int] = []

    class Asked(Readers):
        async def read(self, order: Order, *_: object) -> Reply:
            ordered.append(order.largest)
            return Reply()

    for size in (10, 2**30):
        state = State(device=1, inode=1, size=size, written=0, changed=0)
        with tempfile.TemporaryFile() as source:
            await Copies(Bounds(copies_size=0)).table(Asked(forked=False), Order(name="x"), source.fileno(), state)
    assert ordered == [2**30, 2**36]


async def test_what_an_ordinary_child_started_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "INSIDE", "reading_entries")
    monkeypatch.setattr(process, "_server_environment", lambda folder: {"PYTHONPATH": os.pathsep.join(sys.path)})
    here, there = os.pipe()
    with open(here, "rb") as left, tempfile.TemporaryFile() as other:  # noqa: PTH123 - a pipe
        assert await process._launched((other.fileno(), there, other.fileno())) == 0
        os.close(there)
        assert left.read() == b""  # its end is there when nobody has it open any more
