"""Reading the sources: once per state of a file, named as the person names them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from agent_room import SALES, Books, ScriptedModel, make_desk, open_shop, table_file

from csvagent_jupyter.agent import reading
from csvagent_jupyter.agent.loop import Run
from csvagent_jupyter.agent.reading import Far, prepare, profile_tables, read_tables
from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Event, Progress, Question, Source, Turn
from csvagent_jupyter.tables import dataframe_to_arrow, opening
from csvagent_jupyter.tables.process import Readers


async def test_a_table_is_read_once_per_state_of_its_file(tmp_path: Path) -> None:
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path)
    [(mark, table)] = await read_tables([source], desk, {})
    assert await read_tables([source], desk, {mark: table}) == [(mark, table)]
    Path(source.path).write_text(SALES + "West,1,2024-05-05\n")
    [(other_mark, other)] = await read_tables([source], desk, {mark: table})
    assert other_mark != mark
    assert other.arrow.num_rows == table.arrow.num_rows + 1


async def test_another_session_finds_a_file_read_and_profiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SETTLED_NS", 0)
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path)
    first = await profile_tables(await read_tables([source], desk, {}), desk)
    other = make_desk(None, None, Books(), shelf=desk.shelf)
    again = await profile_tables(await read_tables([source], other, {}), other)
    assert again.tables[0] is first.tables[0] and again.profiles[0] == first.profiles[0]
    russian = make_desk(None, None, Books(), shelf=desk.shelf, language="ru")
    told = await profile_tables(await read_tables([source], russian, {}), russian)
    assert told.tables[0].cells is first.tables[0].cells
    assert told.profiles[0].columns == first.profiles[0].columns
    Path(source.path).unlink()
    with pytest.raises(Unreadable):
        await read_tables([source], other, {})


async def test_a_file_that_was_written_just_now_is_read_anew_by_another_session(tmp_path: Path) -> None:
    """Its next change could leave its times as they are, and be as long: so could one a minute ago."""
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path)
    state = Path(source.path).stat()
    await read_tables([source], desk, {})
    Path(source.path).write_text(SALES.replace("20", "30"))
    os.utime(source.path, ns=(state.st_atime_ns, state.st_mtime_ns))
    [(_, table)] = await read_tables([source], desk, {})
    assert table.arrow.column("amount").to_pylist()[1] == 30


async def test_other_cells_of_the_same_length_and_time_are_another_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who unpacks or copies a file with its times leaves only its change of state to tell it by."""
    monkeypatch.setattr(opening, "SETTLED_NS", 0)
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path)
    os.utime(source.path, (1_700_000_000, 1_700_000_000))
    changed = Path(source.path).stat().st_ctime_ns
    [(mark, _)] = await read_tables([source], desk, {})
    while Path(source.path).stat().st_ctime_ns == changed:  # the clock of a file system has ticks
        Path(source.path).write_text(SALES.replace("20", "30"))
        os.utime(source.path, (1_700_000_000, 1_700_000_000))
    [(other, table)] = await read_tables([source], desk, {})
    assert other != mark and table.arrow.column("amount").to_pylist()[1] == 30


async def test_what_is_kept_by_its_content_is_the_same_table_when_it_is_put_again(tmp_path: Path) -> None:
    """Who asks over HTTP puts the file anew with each question, which only changes when it was last put."""
    kept = Path(table_file(tmp_path).path)

    async def open_source(_: Source) -> Path:
        return kept

    desk = make_desk(None, None, Books(), open_source=open_source)
    source = Source("sales.csv", artifact="artifact:1")
    [(mark, table)] = await read_tables([source], desk, {})
    os.utime(kept, (1_700_000_000, 1_700_000_000))
    [(again, known)] = await read_tables([source], desk, {})
    assert again == mark and known is table
    [(moved, _)] = await read_tables([Source("sales.csv", "old/sales.csv", artifact="artifact:1")], desk, {})
    [(changed, _)] = await read_tables([Source("sales.csv", artifact="artifact:2")], desk, {})
    assert len({mark, moved, changed}) == 3


async def test_overrides_are_kept_and_make_another_table(tmp_path: Path) -> None:
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path, "a;b\n1,5;2\n", "x.csv")
    forced = Source("x.csv", source.path, overrides={"delimiter": ","})
    [(mark, _)], [(other, table)] = await read_tables([source], desk, {}), await read_tables([forced], desk, {})
    assert mark != other
    assert table.dialect is not None
    assert table.dialect.delimiter == ","


async def test_a_copy_is_shown_under_the_name_the_person_gave(tmp_path: Path) -> None:
    kept = table_file(tmp_path, SALES, "3f2a77.bin")
    source = Source("my sales.csv", kept.path)
    named = Source("my sales.csv", "data/my sales.csv", artifact="artifact:1")

    async def open_source(_: Source) -> Path:
        return Path(kept.path)

    desk = make_desk(None, None, Books(), open_source=open_source)
    reading = await profile_tables(await read_tables([source, named], desk, {}), desk)
    assert [profile.name for profile in reading.profiles] == ["my_sales", "my_sales_2"]
    assert reading.profiles[1].path == "data/my sales.csv"
    assert 'pd.read_csv("data/my sales.csv"' in list(reading.read_code.values())[1]
    assert "3f2a77" not in reading.read_code["my_sales_2"]


async def test_a_dataframe_is_an_arrow_file(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "abc"
    path.write_bytes(dataframe_to_arrow(pd.DataFrame({"n": [1, 2]})))

    async def open_source(_: Source) -> Path:
        return path

    desk = make_desk(None, None, Books(), open_source=open_source)
    reading = await profile_tables(await read_tables([Source("orders", artifact="artifact:1")], desk, {}), desk)
    assert (reading.profiles[0].name, reading.profiles[0].path, reading.profiles[0].rows) == ("orders", "orders", 2)


async def test_values_are_looked_up_in_all_tables(tmp_path: Path) -> None:
    desk = make_desk(None, None, Books())
    sources = [table_file(tmp_path), table_file(tmp_path, "town,area\nNorth Bay,5\n", "towns.csv")]
    reading = await profile_tables(await read_tables(sources, desk, {}), desk)
    assert reading.find_values("north") == [("sales", "region", "North"), ("towns", "town", "North Bay")]
    assert reading.renamed(["a", "b"]).find_values("bay") == [("b", "town", "North Bay")]


async def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        await read_tables([Source("gone.csv", str(tmp_path / "gone.csv"))], make_desk(None, None, Books()), {})


async def test_a_kernel_that_is_loaded_again_runs_only_the_turns_that_are_needed(tmp_path: Path) -> None:
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path)
    turns = (
        Turn("t1", "q1", None, "ran = ['t1']", ""),
        Turn("t2", "q2", None, "other = ran + ['t2']", ""),
        Turn("t3", "q3", None, "third = ['t3']", ""),
    )
    async with open_shop(tmp_path / "kernel") as shop:
        place = await shop.place()
        first = await profile_tables(await read_tables([source], desk, {}), desk)
        await prepare(place, first, turns[:1], "print(ran)", lambda: 60)
        await prepare(place, first, turns[:2], "print(other)", lambda: 60)
        assert await prepare(place, first, turns, "print(third)", lambda: 60) == turns
        await place.kernel.execute("del ran, other, third", timeout=60)
        Path(source.path).write_text(SALES + "West,1,2024-05-05\n")
        changed = await profile_tables(await read_tables([source], desk, {}), desk)
        assert await prepare(place, changed, turns, "print(third)", lambda: 60) == turns[2:]
        shown = await place.kernel.execute("print('ran' in dir(), 'third' in dir(), len(df))", timeout=60)
        assert "False True 5" in str(shown)
        # An earlier one cannot run after it, and what is not needed any more does not run again.
        assert await prepare(place, changed, turns, "print(ran)", lambda: 60) == turns[:1]


@pytest.fixture
def slow_readers(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Task[Any]]:
    """Have the reading of a file go on until it is ended, and tell how far it is; returns those that were begun."""
    begun: list[asyncio.Task[Any]] = []

    class Slow(Readers):
        async def read(self, order: Any, source: int, sink: int, bounds: Any, progress: Any = None) -> Any:
            task = asyncio.current_task()
            assert task is not None and progress is not None
            begun.append(task)
            progress(40, 100)
            await asyncio.Event().wait()

    made = Slow(forked=False)
    monkeypatch.setattr("csvagent_jupyter.tables.reader.usual", lambda: made)
    return begun


async def test_a_file_that_takes_long_tells_how_far_it_is_and_ends_with_its_question(
    tmp_path: Path, slow_readers: list[asyncio.Task[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOMENT", 0.0)
    async with open_shop(tmp_path / "shop") as shop:
        desk = make_desk(await shop.place(), ScriptedModel("no"), Books(), language="ru")
        run = Run(Question("how many", (table_file(tmp_path),)), desk)
        seen: asyncio.Queue[Event] = asyncio.Queue()

        async def follow() -> None:
            async for event in run.events():
                seen.put_nowait(event)

        asked = asyncio.create_task(follow())
        assert (await seen.get()).meta == Progress("Чтение: sales.csv…", "reading", max_attempts=desk.max_attempts)
        meta = (await seen.get()).meta
        assert meta is not None
        assert (meta.stage, meta.file, meta.bytes_read, meta.bytes_total) == ("reading", "sales.csv", 40, 100)
        assert meta.status == "Чтение sales.csv: 40 %…"
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert [task.done() for task in slow_readers] == [True]


async def test_a_file_that_is_read_in_a_moment_says_nothing_on_the_way(
    tmp_path: Path, slow_readers: list[asyncio.Task[Any]]
) -> None:
    told: list[Far] = []
    desk = make_desk(None, None, Books())
    asked = asyncio.create_task(read_tables([table_file(tmp_path)], desk, {}, told.append))
    while not slow_readers:
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not told and slow_readers[0].done()
