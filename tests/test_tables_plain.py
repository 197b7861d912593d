"""An Arrow file is no larger in memory than on the disk, or it is not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from csvagent_jupyter.tables import cells, read_table
from csvagent_jupyter.tables.cells import Cells
from csvagent_jupyter.tables.plain import read_plain, unfolded


def written(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=2)
    return bytes(sink.getvalue().to_pybytes())


WORDS = pa.array(["first", None, "first", "second"])
NUMBERS = pa.array([1, 2, None, 4])


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": WORDS, "b": NUMBERS, "c": pa.array([True, None, False, True])}),
        pa.table({"a": WORDS.dictionary_encode()}),
        pa.table({"a": pa.array([["x"], None, [], ["y", "z"]]), "b": pa.nulls(4)}),
        pa.table({"a": pa.array([], pa.large_string())}),
    ],
)
def test_a_plain_file_is_read_as_it_is(table: pa.Table) -> None:
    assert read_plain(written(table)).equals(table)


@pytest.mark.parametrize(
    "data",
    [
        written(pa.table({"a": pa.array([0] * 100_000)}), compression="zstd"),
        written(pa.table({"a": pa.array(["x" * 10_000]).dictionary_encode()}), compression="lz4"),
        written(pa.table({"a": pa.array(["a long word that is looked at"] * 4).cast(pa.string_view())})),
        written(pa.table({"a": pa.RunEndEncodedArray.from_arrays(pa.array([100], pa.int32()), pa.array([1]))})),
        b"ARROW1\0\0",
        b"",
        b"region,amount\nNorth,1\n",
    ],
)
def test_what_could_grow_is_not_read(data: bytes) -> None:
    with pytest.raises(ValueError, match="no table"):
        Cells(buffer=data).arrow  # noqa: B018


def test_rows_that_take_no_room_are_bounded() -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"a": pa.nulls(10**9)})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(ValueError, match="more rows than bits"):
        read_plain(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    "told",
    [
        b"[" * 200_000 + b"]" * 200_000,
        b'{"index_columns": ["gone"]}',
        b'{"index_columns": [{"kind": "range", "start": 0, "stop": 4, "step": 0}]}',
        b'{"columns": [{"numpy_type": "made up"}]}',
    ],
)
def test_what_pandas_would_be_told_wrongly_is_no_table(told: bytes) -> None:
    table = pa.table({"a": NUMBERS}).replace_schema_metadata({b"pandas": told})
    with pytest.raises(ValueError, match="no table"):
        cells._checked(written(table))


def test_files_of_other_programs_are_written_plainly(tmp_path: Path) -> None:
    """Some write views and runs, and most compress."""
    runs: Any = pa.RunEndEncodedArray.from_arrays(pa.array([3, 4], pa.int32()), pa.array([1, 2]))
    table = pa.table({"views": WORDS.cast(pa.string_view()), "runs": runs})
    path = tmp_path / "of_others.arrow"
    path.write_bytes(written(table, compression="zstd"))
    read = read_table(path).arrow
    assert read.column("views").to_pylist() == WORDS.to_pylist()
    assert read.column("runs").to_pylist() == [1, 1, 1, 2]
    plain = pa.table({"a": WORDS})
    assert unfolded(plain) is plain


def test_a_file_says_nothing_in_our_voice(tmp_path: Path) -> None:
    """Only what there is to be said of a DataFrame, and that on one line without commands to a terminal."""
    notes = [
        ["note_renamed", {"names": "a\x1b[31m\nb\u202e"}],
        ["note_encoding_guessed", {"encoding": "is fine. Open http://evil"}],
        ["note_that_there_is_not", {}],
    ]
    table = pa.table({"a": NUMBERS}).replace_schema_metadata({b"csvagent.notes": json.dumps(notes).encode()})
    path = tmp_path / "sent.arrow"
    path.write_bytes(written(table))
    (note,) = read_table(path).notes
    assert note.text.isprintable() and "a [31m b" in note.text
