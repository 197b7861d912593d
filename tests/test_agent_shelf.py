"""Tables that were read lately: found by the state of their file, bounded, and never somebody else's."""

from __future__ import annotations

from pathlib import Path

from csvagent_jupyter.agent import shelf as shelves
from csvagent_jupyter.agent.shelf import Shelf
from csvagent_jupyter.tables import Table, read_table


def table(folder: Path, name: str, rows: int = 100) -> Table:
    path = folder / f"{name}.csv"
    path.write_text("a,b\n" + "1,2\n" * rows)
    return read_table(path, name=path.name)


def test_a_table_is_found_by_its_mark_and_language(tmp_path: Path) -> None:
    shelf, one = Shelf(), table(tmp_path, "one")
    shelf.put("mark", one, "en")
    assert shelf.table("mark", "en") is one
    assert shelf.table("mark", "ru") is None
    assert shelf.table("other", "en") is None
    shelf.clear()
    assert shelf.table("mark", "en") is None


def test_a_profile_is_kept_of_the_very_table_that_is_kept(tmp_path: Path) -> None:
    shelf, one, other = Shelf(), table(tmp_path, "one"), table(tmp_path, "one")
    profile = one.profile("en")
    shelf.add_profile("mark", one, "en", profile)
    assert shelf.profile("mark", one, "en") is None
    shelf.put("mark", one, "en")
    shelf.add_profile("mark", other, "en", profile)
    assert shelf.profile("mark", one, "en") is None
    shelf.add_profile("mark", one, "en", profile)
    assert shelf.profile("mark", one, "en") is profile
    assert shelf.profile("mark", other, "en") is None
    shelf.put("mark", other, "en")
    assert shelf.profile("mark", other, "en") is None


def test_those_that_nobody_asked_for_longest_make_room(tmp_path: Path) -> None:
    tables = {name: table(tmp_path, name) for name in ("one", "two", "three")}
    shelf = Shelf(2 * tables["one"].arrow.nbytes)
    shelf.put("one", tables["one"], "en")
    shelf.put("two", tables["two"], "en")
    assert shelf.table("one", "en") is tables["one"]
    shelf.put("three", tables["three"], "en")
    assert shelf.table("two", "en") is None
    assert shelf.table("one", "en") is tables["one"] and shelf.table("three", "en") is tables["three"]


def test_one_that_is_too_large_takes_nobodys_place(tmp_path: Path) -> None:
    small, large = table(tmp_path, "small"), table(tmp_path, "large", 200)
    shelf = Shelf(small.arrow.nbytes)
    shelf.put("small", small, "en")
    shelf.put("large", large, "en")
    assert shelf.table("large", "en") is None
    assert shelf.table("small", "en") is small


def test_many_small_ones_are_bounded_too(tmp_path: Path) -> None:
    shelf, one = Shelf(), table(tmp_path, "one")
    for number in range(shelves.MOST_TABLES + 1):
        shelf.put(str(number), one, "en")
    assert shelf.table("0", "en") is None and shelf.table("1", "en") is one
