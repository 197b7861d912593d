"""The bytes of a file: opened, unpacked within bounds, and refused in words when they are not a text table."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...exceptions import Unreadable
from ..names import shown
from .streams import BLOCK, open_source, told

MAX_BYTES = 2 << 30
MEMORY_PER_BYTE = 10
"""Bytes of memory that reading needs at its peak for one byte of text: the text, its cells, and the frame.

Measured on six columns of numbers, dates and short texts: 9.9 for 81 MB, 13.9 for 16 MB (pandas 3.1).
"""

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
    with told(path.name, bound):
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
    source = open_source(file, path.name, limit=limit)
    data = source.whole() if source.large else source.start
    return Contents(data, source.compression, source.member, source.others, source.alone)


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
