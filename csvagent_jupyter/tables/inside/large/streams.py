"""A file as blocks of unpacked bytes, from the start as often as wanted, and pieces of it from everywhere.

What a packed file unpacks to is known only when it was unpacked: every pass is bounded anew.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from ....exceptions import Unreadable
from ...names import shown

BLOCK: Final = 1 << 20
SMALL_BLOCK: Final = 4 << 10
"""Packed bytes taken at a time where what they unpack to cannot be bounded beforehand."""
LARGE: Final = 8 << 20
"""A file of more bytes than this is read block by block."""
HEAD: Final = 1 << 20
PIECE: Final = 32 << 10
PIECES: Final = 20

_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_LZ4 = b"\x04\x22\x4d\x18"
_BINARY = {
    b"\x89PNG": "picture", b"\xff\xd8\xff": "picture", b"GIF8": "picture", b"%PDF": "pdf",
    b"\xd0\xcf\x11\xe0": "excel", b"PAR1": "parquet", b"SQLite format 3": "sqlite", b"\x89HDF": "hdf",
    b"\x93NUMPY": "numpy", b"\x7fELF": "program", b"MZ\x90": "program", b"ORC": "orc", b"Obj\x01": "avro",
    b"FEA1": "feather", b"7z\xbc\xaf": "archive", b"Rar!": "archive", b"PK\x05\x06": "empty_archive",
}  # fmt: skip
_OFFICE = {"xl/": "excel", "word/": "word", "ppt/": "slides", "content.xml": "office"}
_PICKLES = (b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")
_DAMAGED = (EOFError, RuntimeError, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error)
_NOTHING = b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"


@dataclass(slots=True)
class Source:
    """An open file. `size` is how many bytes it has as it lies there, `limit` how many it may have unpacked."""

    file: IO[bytes]
    name: str
    limit: int
    size: int
    compression: str = ""
    member: str = ""
    others: tuple[str, ...] = ()
    alone: bool = True
    head: bytes = b""
    tail: bytes = b""
    middle: tuple[bytes, ...] = ()
    large: bool = False
    start: bytes = b""

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """Yield all unpacked bytes from the start, `size` at a time; raises Unreadable."""
        with told(self.name, self.limit):
            self.file.seek(0)
            with self._unpacked() as opened:
                left = self.limit
                while block := opened.read(size):
                    left -= len(block)
                    if left < 0:
                        raise Unreadable("tables.too_large", name=shown(self.name), megabytes=self.limit >> 20)
                    yield block

    def whole(self) -> bytes:
        """Return all unpacked bytes."""
        return b"".join(self.blocks())

    @contextmanager
    def _unpacked(self) -> Iterator[Any]:
        if self.compression == "zip":
            with zipfile.ZipFile(self.file) as archive, archive.open(self.member) as opened:
                yield opened
        elif self.compression == "zstd":
            yield Unzstd(self.file)
        elif self.compression == "lz4":
            import pyarrow as pa

            packed: Any = pa.PythonFile(_Lent(self.file), "r")
            yield pa.CompressedInputStream(packed, "lz4")
        elif self.compression:
            unpackers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
            with unpackers[self.compression](self.file) as opened:
                yield opened
        else:
            yield self.file


def open_source(file: IO[bytes], name: str, *, limit: int) -> Source:
    """Return the source of an open file that is called `name`.

    Raises Unreadable: nothing in it, no text, damaged, more than `limit` bytes of a small file unpacked.
    """
    with told(name, limit):
        start = file.read(64)
        _refuse_binary(name, start)
        packed = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), "")
        packed = "lz4" if start.startswith(_LZ4) else packed
        source = Source(file, name, limit, file.seek(0, os.SEEK_END), packed)
        if packed == "zip":
            _choose(source)
    source.large = not packed and source.size > LARGE
    kept: list[bytes] = []
    size = 0
    for block in source.blocks(HEAD):
        kept.append(block)
        size += len(block)
        if source.large or size > LARGE:
            source.large = True
            break
    source.start = b"".join(kept)
    source.head = source.start[:HEAD]
    if not source.head.strip(_NOTHING) and not source.start.strip(_NOTHING) and not source.large:
        raise Unreadable("tables.empty_file", name=shown(name))
    if packed:
        _refuse_binary(name, source.head[:64])
    if source.large and not packed:
        source.tail = _at(file, source.size - PIECE)
        step = (source.size - HEAD - PIECE) // (PIECES + 1)
        source.middle = tuple(_at(file, HEAD + step * number) for number in range(1, PIECES + 1))
        file.seek(0)
    return source


@contextmanager
def told(name: str, limit: int) -> Iterator[None]:
    """Turn what the operating system and the unpackers raise into one sentence."""
    try:
        yield
    except PermissionError:
        raise Unreadable("tables.not_permitted", name=shown(name)) from None
    except MemoryError:
        raise Unreadable("tables.too_large", name=shown(name), megabytes=limit >> 20) from None
    except (
        EOFError,
        lzma.LZMAError,
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ):
        raise Unreadable("tables.damaged_archive", name=shown(name)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreadable("tables.cannot_open", name=shown(name), reason=reason) from None


def _choose(source: Source) -> None:
    """Choose the file in a zip that is read: the largest that is called like a table."""
    with zipfile.ZipFile(source.file) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        names = [info.filename for info in members]
        office = next((kind for begin, kind in _OFFICE.items() if any(n.startswith(begin) for n in names)), "")
        if office:
            raise Unreadable(f"tables.binary_{office}", name=shown(source.name))
        tables = [i for i in members if i.filename.lower().endswith((".csv", ".tsv", ".tab", ".txt"))] or members
        if not tables:
            raise Unreadable("tables.empty_file", name=shown(source.name))
        source.member = max(tables, key=lambda info: info.file_size).filename
        source.others = tuple(name for name in names if name != source.member)
        source.alone = len(archive.namelist()) == 1


def _at(file: IO[bytes], place: int) -> bytes:
    try:
        return os.pread(file.fileno(), PIECE, max(0, place))  # the place of the file is how far it was read
    except (AttributeError, io.UnsupportedOperation):
        file.seek(max(0, place))
        return file.read(PIECE)


def _is_hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _refuse_binary(name: str, start: bytes) -> None:
    kind = next((kind for magic, kind in _BINARY.items() if start.startswith(magic)), "")
    if not kind and start.startswith(_PICKLES):
        kind = "pickle"
    if kind:
        raise Unreadable(f"tables.binary_{kind}", name=shown(name))


class _Lent(io.RawIOBase):
    """A file for a reader that closes what it reads: this one stays open."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class Unzstd:
    """Unpacks all frames of a zstd file; unlike the library's own reader, it notices a file that is cut off."""

    def __init__(self, file: IO[bytes]) -> None:
        import zstandard

        self._new = zstandard.ZstdDecompressor
        self._error = zstandard.ZstdError
        self._file = file
        self._frame = self._new().decompressobj()
        self._rest = b""
        self._ready = bytearray()

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer only at the end."""
        while len(self._ready) < size:
            block = self._rest or self._file.read(SMALL_BLOCK)
            if not block:
                if not self._frame.eof:
                    raise EOFError
                break
            if self._frame.eof:
                self._frame = self._new().decompressobj()
            try:
                self._ready += self._frame.decompress(block)
            except self._error:
                raise EOFError from None
            self._rest = self._frame.unused_data if self._frame.eof else b""
        found = bytes(self._ready[:size])
        del self._ready[:size]
        return found
