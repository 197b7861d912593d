"""What the person pointed at: paths, globs and the DataFrames of a notebook, made into sources."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..exceptions import Unreadable
from ..messages import Source
from ..translations import Language
from .names import shown
from .opening import not_found

MAX_FILES = 100
MAX_NEAR = 500
ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".arrow", ".feather", ".gz", ".bz2", ".xz", ".zst", ".zip")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """A source, and for a variable of the notebook the DataFrame itself, which the manager keeps as an artifact."""

    source: Source
    dataframe: Any = None


def resolve_sources(
    words: Sequence[str],
    *,
    directory: Path | None = None,
    namespace: Mapping[str, object] | None = None,
    language: Language = "en",
) -> tuple[Found, ...]:
    """Return what each word means: a DataFrame in `namespace`, a file, or all files that a pattern matches.

    A file of that very name goes before a pattern. Paths are relative to `directory`; each file is taken once.
    Raises Unreadable for a word that is none of these. (`language` is the person's; an error is told when it is said.)
    """
    if not words:
        raise Unreadable("tables.no_sources")
    base = Path.cwd() if directory is None else directory
    found: list[Found] = []
    seen: set[str] = set()
    for word in words:
        for each in _resolve(word, base, namespace or {}):
            key = each.source.path or f"={each.source.name}"
            if key not in seen:
                seen.add(key)
                found.append(each)
    return tuple(found)


def dataframe_names(namespace: Mapping[str, object]) -> list[str]:
    """Return the names in `namespace` that are DataFrames (or tables that turn into one)."""
    return [name for name, value in namespace.items() if not name.startswith("_") and is_dataframe(value)]


def is_dataframe(value: object) -> bool:
    """Tell a pandas, polars or Arrow table from everything else, without importing any of them."""
    return any(
        (cls.__module__.partition(".")[0], cls.__name__)
        in {("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table")}
        for cls in type(value).__mro__
    )


def _resolve(word: str, base: Path, namespace: Mapping[str, object]) -> list[Found]:
    if word in namespace and is_dataframe(namespace[word]):
        return [Found(Source(word), namespace[word])]
    try:
        path = base / Path(word).expanduser()
        if path.exists():
            return [_file(path)]
        if _GLOB.search(word):
            return _matches(word, path)
    except (OSError, ValueError, RuntimeError):
        raise Unreadable("tables.no_such_file", name=shown(word)) from None
    if word in namespace:
        raise Unreadable("tables.not_a_dataframe", name=word, type=type(namespace[word]).__name__)
    raise _unknown(word, path, namespace)


def _file(path: Path) -> Found:
    return Found(Source(path.name, path=str(path.resolve())))


def _matches(word: str, path: Path) -> list[Found]:
    """Return the files that a pattern matches; a folder that really has brackets in its name is no pattern."""
    anchor, parts = Path(path.anchor), path.parts[1:]
    while len(parts) > 1 and (anchor / parts[0]).is_dir():
        anchor, parts = anchor / parts[0], parts[1:]
    pattern = str(Path(*parts))
    files: list[Path] = []
    for match in anchor.glob(pattern):
        if match.is_file() and not match.name.startswith("."):
            files.append(match)
        if len(files) > MAX_FILES * 10:
            break
    if not files:
        raise Unreadable("tables.no_match", name=shown(word))
    if len(files) > MAX_FILES:
        raise Unreadable("tables.too_many_files", name=shown(word), files=len(files), limit=MAX_FILES)
    return [_file(match) for match in sorted(files)]


def _unknown(word: str, path: Path, namespace: Mapping[str, object]) -> Unreadable:
    looks_like_path = "/" in word or "\\" in word or Path(word).suffix.lower() in ENDINGS
    parent = path.parent
    if looks_like_path and not parent.is_dir():
        return Unreadable("tables.no_such_folder", name=shown(path.name), folder=shown(str(parent)))
    near: list[str] = []
    if parent.is_dir():
        near = [entry.name for entry in _first(parent) if entry.suffix.lower() in ENDINGS]
    if looks_like_path:
        return not_found(path.name, near)
    return not_found(shown(word), [*dataframe_names(namespace), *near], "tables.no_such_source")


def _first(folder: Path) -> list[Path]:
    entries: list[Path] = []
    try:
        for entry in folder.iterdir():
            entries.append(entry)
            if len(entries) >= MAX_NEAR:
                break
    except PermissionError:
        return []
    return entries
