"""Copies of large files: found again by content, bounded, and never believed when they are not as they were left."""

from __future__ import annotations

import asyncio
import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from csvagent_jupyter.confinement import folders, own_folder
from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import Table, cells, copies
from csvagent_jupyter.tables.copies import Copies
from csvagent_jupyter.tables.order import Bounds, Order, Reply
from csvagent_jupyter.tables.process import Progress, Readers, usual
from csvagent_jupyter.tables.reader import reading

ROWS = "region;amount\n" + "North;1,5\nSouth;2,5\n" * 50
LONG_AGO = 1_700_000_000


class Counted(Readers):
    """Counts what is really read."""

    def __init__(self) -> None:
        super().__init__(forked=False)
        self.count = 0

    async def read(
        self, order: Order, source: int, sink: int, bounds: Bounds, progress: Progress | None = None
    ) -> Reply:
        reply = await usual().read(order, source, sink, bounds, progress)
        self.count += 1
        return reply


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Have small files kept as large ones are, and count the readings."""
    made = Counted()
    for module, name in ((copies, "AT_HAND"), (copies, "WORTH_LOOKING"), (cells, "AT_HAND")):
        monkeypatch.setattr(module, name, 10)
    monkeypatch.setattr("csvagent_jupyter.tables.reader.usual", lambda: made)
    return made


def put(path: Path, text: str = ROWS) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


async def read(path: Path, bounds: Bounds, **options: object) -> Table:
    return await reading(path, bounds=bounds, options=options)


async def test_a_file_is_read_once(tmp_path: Path, counted: Counted) -> None:
    bounds, path = Bounds(folder=tmp_path / "copies"), put(tmp_path / "sales.csv")
    first = await read(path, bounds)
    again = await read(path, bounds)
    assert counted.count == 1
    assert again.reply == first.reply and again.arrow.equals(first.arrow)
    assert again.cells.path is not None and (again.cells.path.stat().st_mode & 0o777) == 0o400
    assert (tmp_path / "copies").stat().st_mode & 0o777 == 0o700
    found = sorted(entry.suffix or entry.name.partition("-")[0] for entry in (tmp_path / "copies").iterdir())
    assert found in [[".arrow", ".json", "seen"], [".arrow", ".json"]]


async def test_the_same_content_is_known_wherever_it_is_and_another_is_not(tmp_path: Path, counted: Counted) -> None:
    bounds = Bounds(folder=tmp_path / "copies")
    first = await read(put(tmp_path / "sales.csv"), bounds)
    moved = await read(put(tmp_path / "other" / "moved.csv"), bounds)
    assert moved.cells.path == first.cells.path
    stated = await read(tmp_path / "sales.csv", bounds, decimal=".")
    changed = await read(put(tmp_path / "sales.csv", ROWS.replace("2,5", "2,6")), bounds)
    assert len({table.cells.path for table in (first, stated, changed)}) == 3
    assert changed.arrow.column("amount").to_pylist()[1] == 2.6


@pytest.mark.parametrize("harm", ["shorter", "other bytes", "no cells", "no reply", "a link"])
async def test_a_copy_that_is_not_as_it_was_left_is_made_anew(tmp_path: Path, counted: Counted, harm: str) -> None:
    bounds, path = Bounds(folder=tmp_path / "copies"), put(tmp_path / "sales.csv")
    before = (await read(path, bounds)).arrow
    copy = next((tmp_path / "copies").glob("*.arrow"))
    whole = copy.read_bytes()
    if harm == "no reply":
        copy.with_suffix(".json").write_text('{"reply": {}, "state": []}')
    else:
        copy.unlink()
    if harm in {"shorter", "other bytes"}:
        copy.write_bytes(whole[:100] if harm == "shorter" else bytes(len(whole)))
    if harm == "a link":
        (tmp_path / "elsewhere").write_bytes(whole)
        copy.symlink_to(tmp_path / "elsewhere")
    assert (await read(path, bounds)).arrow.equals(before)
    assert counted.count == 2
    assert (await read(path, bounds)).arrow.equals(before)
    assert counted.count == 2


async def test_a_packed_file_is_known_by_the_name_inside_too(tmp_path: Path, counted: Counted) -> None:
    """Its inner suffix weighs where a file can be read in two ways."""
    bounds, paths = Bounds(folder=tmp_path / "copies"), [tmp_path / "sales.csv.gz", tmp_path / "sales.tsv.gz"]
    for path in paths:
        path.write_bytes(gzip.compress(ROWS.encode(), mtime=0))
    assert len({(await read(path, bounds)).cells.path for path in (*paths, *paths)}) == 2


def test_another_library_is_another_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"pyarrow": "1"}
    monkeypatch.setattr(copies, "version", lambda library: versions.get(library, "1"))
    before = copies._reader.__wrapped__()
    assert copies._reader.__wrapped__() == before
    versions["pyarrow"] = "2"
    assert copies._reader.__wrapped__() != before


async def test_what_a_state_sums_up_to_is_remembered_only_when_nothing_can_change_without_another(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds, path = Bounds(folder=tmp_path / "copies"), put(tmp_path / "sales.csv")
    await read(path, bounds)
    monkeypatch.setattr("time.time_ns", lambda: path.stat().st_ctime_ns + 35 * 10**9)  # written back just now
    await read(path, bounds)
    assert not list((tmp_path / "copies").glob("seen-*"))
    monkeypatch.setattr("time.time_ns", lambda: path.stat().st_ctime_ns + 90 * 10**9)
    path.touch()
    os.utime(path, (LONG_AGO, LONG_AGO))
    await read(path, bounds, decimal=".")
    assert len(list((tmp_path / "copies").glob("seen-*"))) == 1


async def test_several_at_once_get_the_same(tmp_path: Path, counted: Counted) -> None:
    bounds, path = Bounds(folder=tmp_path / "copies"), put(tmp_path / "sales.csv")
    tables = await asyncio.gather(*(read(path, bounds) for _ in range(3)))
    assert all(table.arrow.equals(tables[0].arrow) for table in tables)
    assert len(list((tmp_path / "copies").glob("*.arrow"))) == 1
    assert not list((tmp_path / "copies").glob("csvagent-*"))


async def test_copies_are_bounded_in_bytes_and_in_days(tmp_path: Path, counted: Counted) -> None:
    bounds = Bounds(folder=tmp_path / "copies")
    paths = [put(tmp_path / f"{number}.csv", ROWS + f"East;{number}\n") for number in range(3)]
    kept = [(await read(path, bounds)).cells.path for path in paths]
    size = sum(path.stat().st_size for path in kept if path is not None)
    for age, path in enumerate(kept):
        assert path is not None
        os.utime(path.with_suffix(".json"), (LONG_AGO + age, LONG_AGO + age))
    Copies(replace(bounds, copies_size=size - 1, copies_days=100_000)).clear_up()
    assert [path is not None and path.exists() for path in kept] == [False, True, True]
    Copies(replace(bounds, copies_days=1)).clear_up()
    assert not list((tmp_path / "copies").glob("*.arrow"))
    small = await read(paths[0], replace(bounds, copies_size=100))
    assert small.cells.path is None and small.arrow.num_rows == 101


async def test_what_nobody_needs_goes_with_the_first_reading(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does what a process that was killed left there."""
    folder = tmp_path / "copies"
    await read(put(tmp_path / "sales.csv"), Bounds(folder=folder))
    (old,) = folder.glob("*.json")
    os.utime(old, (LONG_AGO, LONG_AGO))
    left = own_folder("reading-", folder)
    folders._disown(left)  # as when its owner has ended
    monkeypatch.setattr(copies, "_cleared", set())
    with pytest.raises(Unreadable):
        await read(put(tmp_path / "page.csv", "<html>" + ROWS), Bounds(folder=folder))
    assert not list(folder.iterdir())


def test_clearing_up_makes_no_folder(tmp_path: Path) -> None:
    Copies(Bounds(folder=tmp_path / "copies")).clear_up()
    assert not list(tmp_path.iterdir())


async def test_what_cannot_be_read_leaves_nothing(tmp_path: Path, counted: Counted) -> None:
    with pytest.raises(Unreadable):
        await read(put(tmp_path / "page.csv", "<html>" + ROWS), Bounds(folder=tmp_path / "copies"))
    assert not list((tmp_path / "copies").iterdir())


async def test_without_a_place_for_copies_files_are_read_all_the_same(tmp_path: Path, counted: Counted) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    table = await read(put(tmp_path / "sales.csv"), Bounds(folder=nowhere / "copies"))
    assert table.arrow.num_rows == 100 and table.cells.path is None


async def test_a_copy_goes_to_a_kernel_as_a_link_or_as_bytes(tmp_path: Path, counted: Counted) -> None:
    table = await read(put(tmp_path / "sales.csv"), Bounds(folder=tmp_path / "copies"))
    table.write_arrow(tmp_path / "1.arrow", shared=True)
    table.write_arrow(tmp_path / "2.arrow")
    assert table.cells.path is not None
    assert (tmp_path / "1.arrow").samefile(table.cells.path)
    assert not (tmp_path / "2.arrow").samefile(table.cells.path)
    table.cells.path.unlink()
    table.write_arrow(tmp_path / "1.arrow", shared=True)
    assert (tmp_path / "1.arrow").read_bytes() == (tmp_path / "2.arrow").read_bytes()


async def test_a_large_file_that_is_no_use_to_its_kernel_is_refused_and_described_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("region,amount,day\n" + "North,1.5,2024-01-31\nSouth,2.5,2024-02-01\n" * 220_000)
    bounds = Bounds(folder=tmp_path / "copies", kernel=2**20)
    with pytest.raises(Unreadable, match="kernel_memory"):
        await read(path, bounds)
    seen = await read(path, replace(bounds, kernel=0, whole=False, copies_size=2**20))
    profile = seen.profile()
    assert (profile.rows, [column.max for column in profile.columns]) == (440_000, [None, 2.5, "2024-02-01"])
    assert 0 < seen.arrow.num_rows <= 1_000 and seen.cells.path is None
    whole = await read(path, replace(bounds, kernel=2**30))
    assert whole.arrow.num_rows == 440_000 and whole.cells.path is not None
    assert whole.profile().columns == profile.columns
    with pytest.raises(Unreadable, match="kernel_memory"):
        await read(path, bounds)


async def test_a_reading_that_nobody_waits_for_leaves_nothing(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(*_: object) -> Reply:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    monkeypatch.setattr(counted, "read", endless)
    asked = asyncio.create_task(read(put(tmp_path / "sales.csv"), Bounds(folder=tmp_path / "copies")))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not list((tmp_path / "copies").iterdir())


async def test_a_folder_that_takes_nothing_keeps_no_file_from_being_read(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "own_folder", full)
    table = await read(put(tmp_path / "sales.csv"), Bounds(folder=tmp_path / "copies"))
    assert table.arrow.num_rows == 100
