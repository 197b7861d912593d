"""What a kernel sends is read as from an enemy: strictly, within bounds, and never through links."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from pathlib import Path

import pyarrow as pa
import pytest

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox.arrow_stream import check_table
from csvagent_jupyter.sandbox.intake import OutFolder, Taken, WorkFolder
from csvagent_jupyter.sandbox.outputs import read_reply, to_execution
from csvagent_jupyter.sandbox.svg import clean_svg

LIMITS = Limits(output=100, tables=2, figures=2)


def png(width: int = 3, height: int = 2) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"rest"


def stream(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return out.getvalue()


@pytest.fixture
def out(tmp_path: Path) -> OutFolder:
    return OutFolder(tmp_path, Taken(tmp_path / "taken"))


def checked(content: bytes, folder: Path, columns: tuple[str, ...], rows: int) -> Path | None:
    """Check a stream as it is once it was copied out of the sandbox."""
    copy = folder / "copy"
    copy.write_bytes(content)
    found = check_table(copy, columns, rows)
    assert [entry for entry in folder.iterdir() if entry.is_file()] == ([] if found is None else [found])
    return found


@pytest.mark.parametrize(
    "reply",
    [
        None,
        7,
        "",
        "not json",
        "[]",
        '{"stdout": 3}',
        '{"value": {"columns": "a"}}',
        '{"charts": [{"kind": "bar", "data": [[[1]]]}]}',
        '{"error": {"ename": "E"}}',
        "[" * 100_000,
        '{"value": ' + "[" * 100_000,
        '{"stdout": "\\ud800"}',
    ],
)
def test_anything_but_a_reply_ends_the_kernel(reply: object) -> None:
    with pytest.raises(KernelDied):
        read_reply(reply)


def test_texts_lists_and_tables_are_bounded(out: OutFolder) -> None:
    table = {"columns": ["c" * 9_000, "d"], "rows": [["x" * 90_000, None]] * 400 + [["short"]], "total_rows": 1}
    reply = read_reply(
        json.dumps(
            {
                "stdout": "y" * 1_000,
                "value": table,
                "value_text": "z" * 90_000,
                "tables": [table] * 5,
                "losses": [{"operation": "o" * 900, "rows_before": 2, "rows_after": 1}] * 500,
                "error": {"ename": "E" * 9_000, "evalue": "v", "traceback": "t" * 90_000},
                "seconds": -3,
            }
        )
    )
    done = to_execution(reply, out, (), LIMITS)
    assert len(done.stdout) == 100
    assert len(done.value_text) == 20_000
    assert (len(done.value["rows"]), done.value["total_rows"]) == (200, 200)
    assert len(done.value["rows"][0][0]) == 20_000
    assert len(done.tables) == 2 and done.tables[0].total_rows == 200
    assert len(done.losses) == 100 and len(done.losses[0].operation) == 100
    assert done.error is not None and len(done.error.ename) == 500 and len(done.error.traceback) == 20_000
    assert done.seconds == 0


def test_plots_and_charts_stay_together(tmp_path: Path, out: OutFolder) -> None:
    (tmp_path / "e1-figure-1.png").write_bytes(b"no picture")
    (tmp_path / "e1-figure-2.png").write_bytes(png())
    reply = read_reply(
        json.dumps(
            {
                "figures": [{"png": f"e1-figure-{number}.png"} for number in (1, 2, 3)],
                "charts": [
                    {"kind": kind, "data": [[1, 2], [1], [1, 2, "s"]], "total_points": -4} for kind in ("a", "b", "c")
                ],
            }
        )
    )
    done = to_execution(reply, out, (), LIMITS)
    assert [plot.png for plot in done.plots] == [png()]
    assert [(chart.kind, chart.data, chart.total_points) for chart in done.charts] == [("b", ((1, 2), (1, 2, "s")), 2)]


def test_a_picture_of_absurd_size_is_left_out(tmp_path: Path, out: OutFolder) -> None:
    (tmp_path / "f.png").write_bytes(png(width=200_000))
    reply = read_reply('{"figures": [{"png": "f.png"}], "charts": [{"kind": "bar"}]}')
    assert to_execution(reply, out, (), LIMITS).plots == ()


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd.png", "a/b.png", ".png", "secret.svg", "x\0.png", "."])
def test_only_plain_names_are_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "secret.svg").write_bytes(png())
    folder = tmp_path / "out"
    folder.mkdir()
    assert OutFolder(folder, Taken(tmp_path / "taken")).read(name, ".png", 1_000) == b""


def test_links_pipes_folders_and_large_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "link.png").symlink_to(secret)
    (folder / "hard.png").hardlink_to(secret)
    os.mkfifo(folder / "pipe.png")
    (folder / "dir.png").mkdir()
    (folder / "large.png").write_bytes(b"x" * 11)
    (folder / "good.png").write_bytes(b"x" * 10)
    out = OutFolder(folder, Taken(tmp_path / "taken"))
    found = {name: out.read(f"{name}.png", ".png", 10) for name in ("link", "hard", "pipe", "dir", "large", "good")}
    assert [name for name, data in found.items() if data] == ["good"]
    out.clear()
    assert not list(folder.iterdir()) and secret.exists()


def test_written_files_are_those_that_are_new_or_changed(tmp_path: Path) -> None:
    work, secret = tmp_path / "work", tmp_path / "secret"
    work.mkdir()
    secret.write_bytes(b"secret")
    (work / "old.csv").write_text("a")
    (work / "changed.csv").write_text("a")
    folder = WorkFolder(work, Taken(tmp_path / "taken"), Limits(work_files=20, work_size=100))
    folder.note()
    (work / "changed.csv").write_text("ab")
    (work / "new.csv").write_text("b")
    (work / "too large").write_text("c" * 101)
    (work / ".hidden").write_text("d")
    (work / "link").symlink_to(secret)
    (work / "hard").hardlink_to(secret)
    (work / "linked folder").symlink_to(tmp_path)
    (work / "new\nline").write_text("e")
    written = folder.written()
    assert [(file.name, file.size) for file in written] == [("changed.csv", 2), ("new.csv", 1)]
    assert [Path(file.path).parent for file in written] == [tmp_path / "taken"] * 2
    assert Path(written[1].path).read_text() == "b"


def test_the_number_and_the_size_of_written_files_are_bounded(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    folder = WorkFolder(work, Taken(tmp_path / "taken"), Limits(work_files=3, work_size=25))
    folder.note()
    for number in range(6):
        (work / f"{number}.txt").write_text("x" * 10)
    assert [file.name for file in folder.written()] == ["0.txt", "1.txt"]


def test_a_table_becomes_a_plain_arrow_file(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"]}).replace_schema_metadata({"pandas": "{}"})
    with pa.ipc.open_file(checked(stream(table), tmp_path, ("a", "b"), 2)) as reader:
        back = reader.read_all()
    assert back.to_pydict() == table.to_pydict()
    assert back.schema.metadata is None


COMPRESSED = stream(pa.table({"a": [0] * 1_000_000}), compression="zstd")


@pytest.mark.parametrize(
    ("data", "columns", "rows"),
    [
        (COMPRESSED, ("a",), 1_000_000),
        (stream(pa.table({"a": [1]})), ("a",), 2),
        (stream(pa.table({"a": [1]})), ("a", "b"), 1),
        (stream(pa.table({"a": [[1]]})), ("a",), 1),
        (stream(pa.table({"a": pa.array(["x"]).dictionary_encode()})), ("a",), 1),
        (stream(pa.table({"a": pa.array(["x"], pa.string_view())})), ("a",), 1),
        (stream(pa.table({"a": [1, 2, 3]}))[:-40], ("a",), 3),
        (b"ARROW1\0\0" + stream(pa.table({"a": [1]})), ("a",), 1),
        (b"\x80\x04\x95pickle", ("a",), 1),
        (b"", ("a",), 1),
    ],
    ids=["compressed", "rows", "columns", "nested", "dictionary", "view", "cut", "file", "pickle", "empty"],
)
def test_other_arrow_is_refused(tmp_path: Path, data: bytes, columns: tuple[str, ...], rows: int) -> None:
    assert checked(data, tmp_path, columns, rows) is None


def test_damaged_arrow_is_refused_whatever_byte_is_wrong(tmp_path: Path) -> None:
    good = stream(pa.table({"a": ["x", "yy"], "b": [1, 2]}))
    for position in range(0, len(good), 7):
        damaged = good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :]
        result = checked(damaged, tmp_path, ("a", "b"), 2)
        if result:
            with pa.ipc.open_file(result) as reader:
                reader.read_all().validate(full=True)
            result.unlink()


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>canary()</script>",
        '<g onload="canary()"/>',
        '<a xlink:href="javascript:canary()"><text>x</text></a>',
        '<use xlink:href="https://canary.example/x.svg#a"/>',
        '<image xlink:href="https://canary.example/x.png"/>',
        '<image href="data:image/svg+xml;base64,canary"/>',
        "<foreignObject><iframe src='canary'/></foreignObject>",
        "<style>@import url(https://canary.example);</style>",
        '<rect style="fill: url(https://canary.example)"/>',
        '<rect fill="url( &quot;canary.svg#x&quot; )"/>',
        '<rect fill="url(#x) url(canary.svg)"/>',
        "<style>" + " " * 9_000 + "g {background: url(canary.png)}</style>",
        '<animate attributeName="href" values="javascript:canary()"/>',
        '<set attributeName="onmouseover" to="canary()"/>',
        "<metadata>canary</metadata>",
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">canary()</h:script>',
    ],
)
def test_nothing_that_runs_or_loads_stays_in_a_drawing(inside: str) -> None:
    cleaned = clean_svg(SVG.format("<path d='M 0 0'/>" + inside).encode())
    assert b"<path" in cleaned
    assert b"canary" not in cleaned


@pytest.mark.parametrize(
    "drawing",
    [
        b"",
        b"<html><svg/></html>",
        b"<svg><g></svg>",
        b'<!DOCTYPE svg [<!ENTITY a "x">]><svg>&a;</svg>',
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_drawing_is_left_out(drawing: bytes) -> None:
    assert clean_svg(drawing) == b""


def test_a_drawing_keeps_what_makes_it_up() -> None:
    inside = (
        '<defs><style type="text/css">*{stroke-linejoin: round}</style><clipPath id="p"><rect x="1"/></clipPath></defs>'
        '<g id="g" clip-path="url(#p)"><path d="M 0 0 L 1 1" style="fill: none; stroke: #1f77b4"/>'
        '<use xlink:href="#m" x="3"/><image xlink:href="data:image/png;base64,AAAA"/><text>5 &lt; 6</text></g>'
    )
    cleaned = clean_svg(SVG.format(inside).encode()).decode()
    for part in (
        "stroke-linejoin",
        'clip-path="url(#p)"',
        'd="M 0 0 L 1 1"',
        'href="#m"',
        "png;base64,AAAA",
        "5 &lt; 6",
    ):
        assert part in cleaned
