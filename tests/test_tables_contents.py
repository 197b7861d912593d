"""Files that are no tables are refused in one sentence that says what to do."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import zstandard

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import read_table
from csvagent_jupyter.tables.inside.large.streams import open_source
from csvagent_jupyter.translations import catalogue, say


def refusal(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        read_table(path)
    for language in ("en", "ru"):
        text = caught.value.say(language)
        assert text.endswith((".", "?"))
        assert "\n" not in text
    return caught.value.say("en")


def test_no_such_file_suggests_near_names(tmp_path: Path) -> None:
    (tmp_path / "Sales_2024.csv").write_text("a,b\n1,2\n")
    assert refusal(tmp_path / "sales_2023.csv") == "There is no file “sales_2023.csv”. Did you mean Sales_2024.csv?"
    assert "Check the name" in refusal(tmp_path / "weather.csv")
    assert "folder" in refusal(tmp_path / "nowhere" / "weather.csv")
    assert "There is no file" in refusal(Path("~nobody_of_this_name/weather.csv"))
    assert refusal(tmp_path / ("x" * 300))
    assert refusal(tmp_path / "a\0b")


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(content)
    assert refusal(path) == "“empty.csv” is empty. There is nothing to read."


def workbook() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return kept.getvalue()


def parquet() -> bytes:
    kept = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(kept)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "picture"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "picture"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (workbook(), "pandas.read_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "pandas.read_excel"),
        (parquet(), "pandas.read_parquet"),
        (b"SQLite format 3\x00" + bytes(99), "pandas.read_sql"),
        (b"\x80\x04\x95\x10\x00\x00\x00\x00", "pickle"),
        (bytes(range(256)) * 20, "not a text file"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "web page"),
        (b'<?xml version="1.0"?>\n<rows/>', "pandas.read_xml"),
        (b'[{"a": 1, "b": 2},\n {"a": 3, "b": 4}]\n', "pandas.read_json"),
        (b'{"a": 1}\n{"a": 2}\n', "pandas.read_json"),
        (gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(99)), "picture"),
        (gzip.compress(b"a,b\n1,2\n" * 100)[:-12], "damaged"),
        (b"PK\x03\x04 and nothing of an archive", "damaged"),
        (b"\x28\xb5\x2f\xfd no", "damaged"),
        (zstandard.compress(b"a,b\n1,2\n" * 1000)[:-4], "damaged"),
        (b"ARROW1\x00\x00 cut off", "damaged Arrow"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    assert part in refusal(path)


def test_a_folder_says_how_many_tables_it_has(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    assert "without CSV files" in refusal(folder)
    for name in ("a.csv", "b.CSV", "c.txt"):
        (folder / name).write_text("a,b\n1,2\n")
    assert "2 CSV files" in refusal(folder)
    assert f"{folder}/*.csv" in refusal(folder)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "pipe" in refusal(tmp_path / "pipe.csv")


def test_no_permission_is_told() -> None:
    """Root may read everything, so the text stands for the case that only others meet."""
    assert "permission is missing" in say("tables.not_permitted", name="a.csv")


def test_what_unpacks_without_end_is_stopped(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(b"0," * 5_000_000))
    with bomb.open("rb") as file, pytest.raises(Unreadable, match="larger than the 1 MB"):
        open_source(file, bomb.name, limit=1 << 20)
    packed = tmp_path / "bomb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"0," * 5_000_000)
    with packed.open("rb") as file, pytest.raises(Unreadable, match="larger than the 1 MB"):
        open_source(file, packed.name, limit=1 << 20)


def test_a_name_with_line_breaks_stays_one_sentence(tmp_path: Path) -> None:
    assert "a b\\" not in refusal(tmp_path / "a\nb\x1b[31m.csv")
    assert "\x1b" not in refusal(tmp_path / "a\nb\x1b[31m.csv")


def test_an_arrow_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "3f2a"
    table = pa.table({"a": [1, 2]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    assert read_table(path, name="sales").to_pandas()["a"].tolist() == [1, 2]
    kept = read_table(path, name="sales")
    assert (kept.read_code.splitlines()[-1], kept.source_path) == ('df = pd.read_feather("sales.arrow")', "sales")
    own = read_table(path)
    assert (own.read_code, own.source_path) == (f'df = pd.read_feather("{path}")', str(path))


def test_a_kept_copy_is_called_as_the_person_calls_it(tmp_path: Path) -> None:
    copy = tmp_path / "5f3c"
    copy.write_bytes(b"a\tb\n1,5\t2,5\n")
    table = read_table(copy, name="sales.tsv")
    assert (table.name, table.to_pandas()["a"].tolist()) == ("sales", [1.5])
    copy.write_bytes(b"")
    with pytest.raises(Unreadable, match=r"“sales\.tsv” is empty"):
        read_table(copy, name="sales.tsv")


def test_every_text_is_there_in_both_languages() -> None:
    for key, (english, russian) in catalogue("tables").items():
        assert english and russian, key
        assert any("а" <= letter <= "я" for letter in russian.casefold()), key
        assert "!" not in english + russian, key
