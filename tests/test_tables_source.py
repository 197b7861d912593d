"""Words become sources: files, patterns, variables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import resolve_sources
from csvagent_jupyter.tables.names import column_names, is_column_name, table_name
from csvagent_jupyter.tables.source import MAX_FILES, dataframe_names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("sales.csv", "sales 2024.csv", "costs.tsv", 'it\'s {a} "file".csv', "odd[1].csv", ".hidden.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    return tmp_path


def names(words: list[str], folder: Path, **namespace: object) -> list[str]:
    return [found.source.name for found in resolve_sources(words, directory=folder, namespace=namespace)]


def test_paths_are_relative_to_the_folder_given(folder: Path) -> None:
    (found,) = resolve_sources(["sales 2024.csv"], directory=folder)
    assert found.source.path == str(folder / "sales 2024.csv")
    assert found.dataframe is None
    assert names([str(folder / "sales.csv")], Path("/")) == ["sales.csv"]


def test_a_tilde_is_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert names(["~/sales.csv"], Path("/")) == ["sales.csv"]


def test_a_pattern_is_all_its_files_each_once(folder: Path) -> None:
    assert names(["sales*.csv"], folder) == ["sales 2024.csv", "sales.csv"]
    assert names(["sales.csv", "*.csv"], folder)[0] == "sales.csv"
    assert names(["sales.csv", "*.csv"], folder).count("sales.csv") == 1
    assert ".hidden.csv" not in names(["*.csv"], folder)
    assert names([f"{folder}/*.tsv"], Path("/")) == ["costs.tsv"]
    assert names(["odd[1].csv"], folder) == ["odd[1].csv"]


def test_a_pattern_in_a_folder_with_brackets_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "Sales [2024]"
    folder.mkdir()
    (folder / "may.csv").write_text("a\n1\n")
    for pattern in ("*.csv", "../Sales [2024]/*.csv", "../*/*.csv", f"{folder}/m[a-z]y.csv"):
        assert names([pattern], folder) == ["may.csv"]


def test_names_with_quotes_and_braces(folder: Path) -> None:
    assert names(['it\'s {a} "file".csv'], folder) == ['it\'s {a} "file".csv']


def test_a_variable_is_a_source(folder: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    (found,) = resolve_sources(["frame"], directory=folder, namespace={"frame": frame})
    assert found.dataframe is frame
    assert (found.source.name, found.source.path) == ("frame", "")
    assert dataframe_names({"frame": frame, "_x": frame, "n": 5}) == ["frame"]


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("number", "not a DataFrame but int"),
        ("frme", "Did you mean frame"),
        ("sale.csv", "Did you mean sales.csv"),
        ("*.parquet", "No file matches"),
        ("nowhere/a.csv", "does not exist"),
        ("nothing", "neither a file nor a DataFrame"),
        ("a\0b", "a b"),
        ("x" * 5000, "There is no file"),
        ("~nobody_of_this_name/a.csv", "no file"),
    ],
)
def test_a_word_that_is_nothing_is_told(folder: Path, word: str, part: str) -> None:
    with pytest.raises(Unreadable, match=part.replace("*", r"\*")) as caught:
        resolve_sources([word], directory=folder, namespace={"number": 5, "frame": pd.DataFrame()})
    assert len(caught.value.say("ru")) < 500


def test_no_word_at_all(folder: Path) -> None:
    with pytest.raises(Unreadable, match="No file is given"):
        resolve_sources([], directory=folder)


def test_too_many_files_are_not_read(folder: Path) -> None:
    for number in range(MAX_FILES + 1):
        (folder / f"n{number}.txt").touch()
    with pytest.raises(Unreadable, match="at most 100"):
        resolve_sources(["*.txt"], directory=folder)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("sales.csv", "sales"),
        ("sales.csv.gz", "sales"),
        ("v1.2 data.csv", "v1_2_data"),
        ("2024.csv", "table_2024"),
        ("Продажи за май.csv", "Продажи_за_май"),
        ("class.csv", "class_"),
        ("df.csv", "df_"),
        ("….csv", "table"),
        ("a/b/c.tsv", "c"),
        ("売上.csv", "売上"),
    ],
)
def test_table_names_are_identifiers(label: str, name: str) -> None:
    assert table_name(label) == name
    assert name.isidentifier()


def test_table_names_are_unique() -> None:
    assert table_name("sales.csv", ["sales", "sales_2"]) == "sales_3"
    assert len(table_name("x" * 500)) <= 60


def test_column_names_never_clash_with_later_ones() -> None:
    assert column_names(["a", "a", "a_2", ""])[0] == ["a", "a_3", "a_2", "column_4"]
    assert column_names(["", "column_1"])[0] == ["column_1_2", "column_1"]


def test_column_names_are_short_and_have_nothing_that_is_obeyed() -> None:
    long, coloured, turned = "x" * 3_000_000, "na\x1b[31mme", "b\u202ed\x00"
    names, renamed = column_names([long, coloured, turned, "bd", long, "\x07"])
    assert names == ["x" * 199 + "…", "na[31mme", "bd", "bd_2", "x" * 199 + "…_2", "column_6"]
    assert all(map(is_column_name, names))
    assert renamed["bd"] == turned
    assert len(set(column_names(["a"] * 50_000)[0])) == 50_000
    assert column_names(["column", "", "column"])[0] == ["column", "column_2", "column_3"]
