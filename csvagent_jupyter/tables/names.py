"""Names of tables and columns: usable in code, unique, and as close as possible to what the person sees."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePath

MAX_NAME = 60
_RESERVED = frozenset({"df", "pd", "np", "plt", "tables"})
_ENDINGS = re.compile(r"(\.(csv|tsv|tab|txt|dat|arrow|feather|gz|bz2|xz|zst|zip))+$", re.IGNORECASE)


def table_name(label: str, taken: Collection[str] = ()) -> str:
    """Return a Python identifier for a file or variable name, different from all `taken` ones.

    Letters of any alphabet stay: «Продажи 2024.csv» becomes ``Продажи_2024``.
    """
    stem = _ENDINGS.sub("", PurePath(label).name)
    word = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", stem)).strip("_")[:MAX_NAME]
    if not word or word[0].isdigit():
        word = f"table_{word}".rstrip("_")
    if not word.isidentifier():
        word = "table_" + re.sub(r"[^0-9A-Za-z_]", "", word)
    if keyword.iskeyword(word) or keyword.issoftkeyword(word) or word in _RESERVED:
        word += "_"
    return _unused(word, set(taken))


def column_names(header: Sequence[object]) -> tuple[list[str], dict[str, str]]:
    """Return unique, non-empty, single-line column names, and the renamed ones as {new name: what stood there}."""
    cleaned = [re.sub(r"\s+", " ", str(cell)).strip() if cell is not None else "" for cell in header]
    taken: set[str] = set()
    whole = set(cleaned)
    names: list[str] = []
    for position, word in enumerate(cleaned, start=1):
        name = word or f"column_{position}"
        if name in taken or (not word and name in whole):
            name = _unused(name, taken | whole)
        taken.add(name)
        names.append(name)
    renamed = {new: str(old) for new, old in zip(names, header, strict=True) if new != str(old)}
    return names, renamed


def shown(name: str) -> str:
    """Return a name as it can stand in a sentence: on one line, without control characters, cut if long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return line if len(line) <= 2 * MAX_NAME else line[: 2 * MAX_NAME - 1] + "…"


def _unused(word: str, taken: Iterable[str]) -> str:
    used = set(taken)
    if word not in used:
        return word
    number = 2
    while f"{word}_{number}" in used:
        number += 1
    return f"{word}_{number}"
