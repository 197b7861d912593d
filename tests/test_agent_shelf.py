"""Tables that were read lately: found by the state of their file, bounded, and never somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from csvagent_jupyter.agent import shelf as shelves
from csvagent_jupyter.agent.shelf import Shelf
from csvagent_jupyter.tables import Table, cells, read_table


def table(folder: Path, name: str, rows: int = 100) -> Table:
    path = folder / f"{name}.csv"
    path.write_text("a,b\n" + "1,2\n" * rows)
    return read_table(path, name=path.name)


def test_a_table_is_found_by_its_mark(tmp_path: Path) -> None:
    shelf, one = Shelf(), table(tmp_path, "one")
    shelf.put("mark", one)
    assert shelf.table("mark") is one
    assert shelf.table("other") is None
    shelf.clear()
    assert shelf.table("mark") is None


def test_a_mapped_table_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "AT_HAND", 10)
    mapped = table(tmp_path, "mapped")
    shelf = Shelf(1)
    shelf.put("mark", mapped)
    assert shelf.table("mark") is mapped and mapped.cells.held == 0 < mapped.cells.nbytes
    assert mapped.arrow.num_rows == 100


def test_those_that_nobody_asked_for_longest_make_room(tmp_path: Path) -> None:
    tables = {name: table(tmp_path, name) for name in ("one", "two", "three")}
    shelf = Shelf(2 * tables["one"].cells.held)
    shelf.put("one", tables["one"])
    shelf.put("two", tables["two"])
    assert shelf.table("one") is tables["one"]
    shelf.put("three", tables["three"])
    assert shelf.table("two") is None
    assert shelf.table("one") is tables["one"] and shelf.table("three") is tables["three"]


def test_one_that_is_too_large_takes_nobodys_place(tmp_path: Path) -> None:
    small, large = table(tmp_path, "small"), table(tmp_path, "large", 200)
    shelf = Shelf(small.cells.held)
    shelf.put("small", small)
    shelf.put("large", large)
    assert shelf.table("large") is None
    assert shelf.table("small") is small


def test_many_small_ones_are_bounded_too(tmp_path: Path) -> None:
    shelf, one = Shelf(), table(tmp_path, "one")
    for number in range(shelves.MOST_TABLES + 1):
        shelf.put(str(number), one)
    assert shelf.table("0") is None and shelf.table("1") is one
