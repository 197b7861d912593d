"""The bytes of a file: opened, unpacked within bounds, and refused in words when they are not a text table."""

from __future__ import annotations

import bz2
import difflib
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...exceptions import Unreadable
from ..names import shown

BLOCK = 1 << 20
SMALL_BLOCK = 4 << 10
"""Packed bytes taken at a time where what they unpack to cannot be bounded beforehand."""
MAX_BYTES = 2 << 30
MEMORY_PER_BYTE = 10
"""Bytes of memory that reading needs at its peak for one byte of text: the text, its cells, and the frame.

Measured on six columns of numbers, dates and short texts: 9.9 for 81 MB, 13.9 for 16 MB (pandas 3.1).
"""

_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_BINARY = {
    b"\x89PNG": "picture", b"\xff\xd8\xff": "picture", b"GIF8": "picture", b"%PDF": "pdf",
    b"\xd0\xcf\x11\xe0": "excel", b"PAR1": "parquet", b"SQLite format 3": "sqlite", b"\x89HDF": "hdf",
    b"\x93NUMPY": "numpy", b"\x7fELF": "program", b"MZ\x90": "program", b"ORC": "orc", b"Obj\x01": "avro",
    b"FEA1": "feather", b"7z\xbc\xaf": "archive", b"Rar!": "archive", b"PK\x05\x06": "empty_archive",
}  # fmt: skip
_OFFICE = {"xl/": "excel", "word/": "word", "ppt/": "slides", "content.xml": "office"}
_PICKLES = (b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")
ARROW = b"ARROW1"


@dataclass(frozen=True, slots=True)
class Contents:
    """The unpacked bytes of a file; `member` is the file read inside a zip, `others` the ones beside it.

    `alone` says that the zip has no further entry, not even a folder or a hidden file: only such a one pandas opens.
    """

    data: bytes
    compression: str = ""
    member: str = ""
    others: tuple[str, ...] = ()
    alone: bool = True


def read_contents(path: Path, *, limit: int | None = None) -> Contents:
    """Return the unpacked bytes of the file at `path`, at most `limit` of them.

    Raises Unreadable: no such file, a folder, no permission, empty, not a table, larger than memory allows.
    """
    bound = memory_limit() if limit is None else limit
    with _told(path):
        if path.is_dir():
            raise _is_folder(path)
        if not path.exists():
            raise _not_found(path)
        if not path.is_file():
            raise Unreadable("tables.not_a_file", name=shown(path.name))
        with path.open("rb") as file:
            return read_file(file, path, limit=bound)


def read_file(file: IO[bytes], path: Path, *, limit: int) -> Contents:
    """Return the unpacked bytes of an open file that is called `path`, at most `limit` of them; raises Unreadable."""
    with _told(path):
        start = file.read(64)
        _refuse_binary(path, start)
        packed = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), "")
        file.seek(0)
        contents = _unzip(path, file, limit) if packed == "zip" else _unpack(path, file, packed, limit)
    if not contents.data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("tables.empty_file", name=shown(path.name))
    if packed:
        _refuse_binary(path, contents.data[:64])
    return contents


def is_arrow(path: Path) -> bool:
    """Tell whether the file at `path` starts as an Arrow file does; False when it cannot be opened."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(ARROW)) == ARROW
    except OSError:
        return False


def memory_limit() -> int:
    """Return how many bytes of text can be read: what fits into free memory, at most `MAX_BYTES`."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return MAX_BYTES
    return max(BLOCK, min(MAX_BYTES, free // MEMORY_PER_BYTE))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the operating system and the unpackers raise into one sentence."""
    try:
        yield
    except PermissionError:
        raise Unreadable("tables.not_permitted", name=shown(path.name)) from None
    except MemoryError:
        raise Unreadable("tables.too_large", name=shown(path.name), megabytes=memory_limit() >> 20) from None
    except (EOFError, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, RuntimeError, NotImplementedError):
        raise Unreadable("tables.damaged_archive", name=shown(path.name)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreadable("tables.cannot_open", name=shown(path.name), reason=reason) from None


def _unpack(path: Path, file: IO[bytes], packed: str, bound: int) -> Contents:
    if packed == "zstd":
        return Contents(_unzstd(path, file, bound), packed)
    unpackers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    if packed not in unpackers:
        return Contents(_bounded(path, file, bound))
    with unpackers[packed](file) as opened:
        return Contents(_bounded(path, opened, bound), packed)


def _unzstd(path: Path, file: IO[bytes], bound: int) -> bytes:
    """Unpack all frames; unlike the library's file reader, notice a file that is cut off."""
    import zstandard

    kept = io.BytesIO()
    rest = b""
    frame = zstandard.ZstdDecompressor().decompressobj()
    try:
        while block := rest or file.read(SMALL_BLOCK):
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            kept.write(frame.decompress(block))
            rest = frame.unused_data if frame.eof else b""
            if kept.tell() > bound:
                raise Unreadable("tables.too_large", name=shown(path.name), megabytes=bound >> 20)
    except zstandard.ZstdError:
        raise Unreadable("tables.damaged_archive", name=shown(path.name)) from None
    if not frame.eof:
        raise EOFError
    return kept.getvalue()


def _unzip(path: Path, file: IO[bytes], bound: int) -> Contents:
    with zipfile.ZipFile(file) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        names = [info.filename for info in members]
        office = next((kind for begin, kind in _OFFICE.items() if any(n.startswith(begin) for n in names)), "")
        if office:
            raise Unreadable(f"tables.binary_{office}", name=shown(path.name))
        tables = [i for i in members if i.filename.lower().endswith((".csv", ".tsv", ".tab", ".txt"))] or members
        if not tables:
            raise Unreadable("tables.empty_file", name=shown(path.name))
        chosen = max(tables, key=lambda info: info.file_size)
        with archive.open(chosen) as opened:
            data = _bounded(path, opened, bound)
        others = tuple(name for name in names if name != chosen.filename)
        alone = len(archive.namelist()) == 1
    return Contents(data, "zip", chosen.filename, others, alone)


def _is_hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _bounded(path: Path, opened: Any, bound: int) -> bytes:
    """Read all of `opened`, and stop a file that unpacks without end at `bound` bytes."""
    kept = io.BytesIO()
    while block := opened.read(BLOCK):
        kept.write(block)
        if kept.tell() > bound:
            raise Unreadable("tables.too_large", name=shown(path.name), megabytes=bound >> 20)
    return kept.getvalue()


def _refuse_binary(path: Path, start: bytes) -> None:
    kind = next((kind for magic, kind in _BINARY.items() if start.startswith(magic)), "")
    if not kind and start.startswith(_PICKLES):
        kind = "pickle"
    if kind:
        raise Unreadable(f"tables.binary_{kind}", name=shown(path.name))


def _is_folder(path: Path) -> Unreadable:
    files = [entry for entry in path.iterdir() if entry.name.lower().endswith(".csv")]
    if files:
        return Unreadable(
            "tables.folder_with_tables", name=shown(path.name or str(path)), files=len(files), path=shown(str(path))
        )
    return Unreadable("tables.folder", name=shown(path.name or str(path)))


def _not_found(path: Path) -> Unreadable:
    parent = path.parent
    if not parent.is_dir():
        return Unreadable("tables.no_such_folder", name=shown(path.name), folder=shown(str(parent)))
    return not_found(path.name, [entry.name for entry in parent.iterdir() if entry.is_file()])


def not_found(name: str, candidates: list[str], key: str = "tables.no_such_file") -> Unreadable:
    """Return the error for a name that is not there, with the names near it."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)
    if not near:
        return Unreadable(key, name=shown(name))
    names = tuple(shown(folded[word]) for word in near)
    return Unreadable(f"{key}_near", name=shown(name), near=", ".join(names), suggestions=names)
