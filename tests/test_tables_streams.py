"""A file is seen as blocks of unpacked bytes, as often as wanted, and never more of them than allowed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables.inside.large.streams import HEAD, LARGE, PIECE, PIECES, open_source

TEXT = b"a,b\n" + b"1,2\n" * 50_000


def zipped(data: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("read.me", "nothing")
        archive.writestr("data.csv", data)
    return kept.getvalue()


def lz4(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as packed:
        packed.write(data)
    return bytes(sink.getvalue().to_pybytes())


PACKERS = {
    "": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "zip": zipped,
    "lz4": lz4,
}


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_and_plain_files_are_the_same(kind: str) -> None:
    pack: Callable[[bytes], bytes] = PACKERS[kind]
    source = open_source(io.BytesIO(pack(TEXT)), "t.csv", limit=1 << 30)
    assert (source.compression, source.large, source.start) == (kind, False, TEXT)
    for size in (1_000, 77_777):
        assert b"".join(source.blocks(size)) == TEXT
    assert source.head == TEXT[:HEAD]
    assert source.member == ("data.csv" if kind == "zip" else "")


@pytest.mark.parametrize("kind", PACKERS)
def test_no_more_is_unpacked_than_allowed(kind: str) -> None:
    with pytest.raises(Unreadable, match="larger than"):
        open_source(io.BytesIO(PACKERS[kind](TEXT)), "t.csv", limit=100_000)


@pytest.mark.parametrize("kind", ["gzip", "bz2", "xz", "zstd"])
def test_what_breaks_off_is_damaged(kind: str) -> None:
    with pytest.raises(Unreadable, match="damaged"):
        open_source(io.BytesIO(PACKERS[kind](TEXT)[:-9]), "t.csv", limit=1 << 30)


def test_frames_of_zstd_follow_each_other() -> None:
    packed = zstandard.compress(TEXT) + zstandard.compress(b"3,4\n")
    source = open_source(io.BytesIO(packed), "t.csv", limit=1 << 30)
    assert source.start == TEXT + b"3,4\n"


def test_a_large_file_is_seen_in_pieces_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"".join(b"%07d\n" % number for number in range(LARGE // 8 + 200_000)))
    with path.open("rb", buffering=0) as file:
        source = open_source(file, "t.csv", limit=1 << 30)
        assert (source.large, len(source.head), len(source.tail)) == (True, HEAD, PIECE)
        assert [len(piece) for piece in source.middle] == [PIECE] * PIECES
        assert path.read_bytes().endswith(source.tail)
        assert file.tell() == 0
        assert sum(map(len, source.blocks())) == path.stat().st_size
    packed = open_source(io.BytesIO(gzip.compress(path.read_bytes(), 1)), "t.csv", limit=1 << 30)
    assert (packed.large, packed.tail, packed.middle) == (True, b"", ())
    assert len(packed.start) > LARGE
