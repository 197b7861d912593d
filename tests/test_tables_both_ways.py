"""A file comes out the same, cells and types and notes, whether it is read whole or block by block."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables.inside.large import reading as large
from csvagent_jupyter.tables.inside.large import streams
from csvagent_jupyter.tables.inside.large.lines_at import above
from csvagent_jupyter.tables.inside.layout.repairs import Repairs
from csvagent_jupyter.tables.inside.reading import read
from csvagent_jupyter.tables.order import Order, Reply

ROWS = "".join(f"{number},{number / 4:.2f},2024-01-{number % 28 + 1:02},word {number % 7}\n" for number in range(400))


def both(data: bytes, folder: Path, patch: pytest.MonkeyPatch, **options: Any) -> list[tuple[Reply, pa.Table]]:
    """Return what is said of a file and its cells, read whole and read in small blocks."""
    path = folder / "t.csv"
    path.write_bytes(data)
    found = []
    for blocks in (False, True):
        with patch.context() as patched, path.open("rb") as source, (folder / f"copy{blocks}").open("w+b") as sink:
            if blocks:
                patched.setattr(streams, "LARGE", 0)
                patched.setattr(large, "BLOCK", 2_000)
                patched.setattr(large, "ROWS_PER_BLOCK", 3)
            reply = read(source.fileno(), sink.fileno(), Order(name="t.csv", suffix=".csv", options=options, threads=2))
            with pa.memory_map(str(folder / f"copy{blocks}")) as mapped:
                found.append((reply, pa.ipc.open_file(mapped).read_all()))
    return found


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(("id,price,day,word\n" + ROWS).encode(), id="regular"),
        pytest.param(("id,price,day,word\n" + ROWS).encode("utf-16"), id="two bytes each"),
        pytest.param(("id,price,day,word\n" + ROWS + "400,1").encode(), id="breaks off"),
        pytest.param(
            ("id,price,day,word\n" + ROWS + "400,1,2024-01-02 10:00:00,x\n").encode(), id="a late time of day"
        ),
        pytest.param(('id,pri"ce,day,word\n' + ROWS).encode(), id="a quote in the header"),
        pytest.param(gzip.compress(("id,price,day,word\n" + ROWS).encode()), id="packed"),
        pytest.param(b'"\r6', id="a header of a quote"),
        pytest.param(b",".join([b"0"] * 8) + b"\n" + b"\n".join([b",".join([b"0"] * 6)] * 3), id="no last line end"),
    ],
)
def test_cells_types_and_notes_are_the_same(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small, whole), (blocks, table) = both(data, tmp_path, monkeypatch)
    assert table.schema.names == whole.schema.names
    assert [(field.type, field.metadata) for field in table.schema] == [(f.type, f.metadata) for f in whole.schema]
    assert table.to_pylist() == whole.to_pylist()
    assert sorted(map(repr, blocks.said)) == sorted(map(repr, small.said))
    assert blocks.columns == small.columns


def test_a_strict_reading_refuses_a_damaged_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ('id,"price,day,word\n' + ROWS).encode()
    with pytest.raises(Unreadable) as small:
        both(data, tmp_path, monkeypatch, strict=True)
    monkeypatch.setattr(streams, "LARGE", 0)
    with pytest.raises(Unreadable) as blocks:
        both(data, tmp_path, monkeypatch, strict=True)
    assert (blocks.value.key, blocks.value.values) == (small.value.key, small.value.values)


def test_what_was_repaired_above_a_line() -> None:
    repairs = Repairs()
    repairs.add("nul", 1, 3)
    for line in range(1, 40):
        repairs.add("padded", line)
    repairs.add("blank", 9)
    found = above(repairs, 3)
    assert {kind: (repair.count, repair.lines) for kind, repair in found.kinds.items()} == {
        "nul": (3, [1]),
        "padded": (2, [1, 2]),
    }
