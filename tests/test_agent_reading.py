"""Reading the sources: once per state of a file, named as the person names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_room import SALES, Books, make_desk, table_file

from csvagent_jupyter.agent.reading import profile_tables, read_tables
from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Source
from csvagent_jupyter.tables import dataframe_to_arrow


async def test_a_table_is_read_once_per_state_of_its_file(tmp_path: Path) -> None:
    desk = make_desk(None, None, Books())
    source = table_file(tmp_path)
    [(mark, table)] = await read_tables([source], desk, {})
    assert await read_tables([source], desk, {mark: table}) == [(mark, table)]
    Path(source.path).write_text(SALES + "West,1,2024-05-05\n")
    [(other_mark, other)] = await read_tables([source], desk, {mark: table})
    assert other_mark != mark
    assert other.arrow.num_rows == table.arrow.num_rows + 1


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
    reading = await profile_tables(await read_tables([source, named], desk, {}), "en")
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
    reading = await profile_tables(await read_tables([Source("orders", artifact="artifact:1")], desk, {}), "en")
    assert (reading.profiles[0].name, reading.profiles[0].path, reading.profiles[0].rows) == ("orders", "orders", 2)


async def test_values_are_looked_up_in_all_tables(tmp_path: Path) -> None:
    desk = make_desk(None, None, Books())
    sources = [table_file(tmp_path), table_file(tmp_path, "town,area\nNorth Bay,5\n", "towns.csv")]
    reading = await profile_tables(await read_tables(sources, desk, {}), "en")
    assert reading.find_values("north") == [("sales", "region", "North"), ("towns", "town", "North Bay")]
    assert reading.renamed(["a", "b"]).find_values("bay") == [("b", "town", "North Bay")]


async def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        await read_tables([Source("gone.csv", str(tmp_path / "gone.csv"))], make_desk(None, None, Books()), {})
