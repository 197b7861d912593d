"""Names of tables and columns: usable in code, unique, and as close as possible to what the person sees."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import PurePath

MAX_NAME = 60
MAX_COLUMN_NAME = 200
_RESERVED = frozenset({"df", "pd", "np", "plt", "tables"})
_ENDINGS = re.compile(r"(\.(csv|tsv|tab|txt|dat|arrow|feather|gz|bz2|xz|zst|zip))+$", re.IGNORECASE)
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Letters that terminals obey, that change the direction of writing, or that are none."""


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
    used, number = set(taken), 2
    if word not in used:
        return word
    while f"{word}_{number}" in used:
        number += 1
    return f"{word}_{number}"


def column_names(header: Sequence[object]) -> tuple[list[str], dict[str, str]]:
    """Return unique, non-empty, single-line column names, and the renamed ones as {new name: what stood there}.

    None is longer than `MAX_COLUMN_NAME`, and none has what a terminal obeys or what turns the direction of writing.
    """
    cleaned = [_clean(str(cell)) if cell is not None else "" for cell in header]
    used, taken = set(cleaned), set[str]()
    free: dict[str, int] = {}
    names: list[str] = []
    for position, word in enumerate(cleaned, start=1):
        name = word or f"column_{position}"
        if name in taken or (not word and name in used):
            number = free.get(name, 2)
            while (numbered := f"{name}_{number}") in used:
                number += 1
            free[name] = number + 1
            name = numbered
        used.add(name)
        taken.add(name)
        names.append(name)
    renamed = {new: str(old) for new, old in zip(names, header, strict=True) if new != str(old)}
    return names, renamed


def is_column_name(name: str) -> bool:
    """Tell whether `column_names` could have made it; a number may make it a little longer than others."""
    return bool(name) and len(name) <= MAX_COLUMN_NAME + 20 and not _HIDDEN.search(name)


def _clean(cell: str) -> str:
    word = re.sub(r"\s+", " ", _HIDDEN.sub("", re.sub(r"\s+", " ", cell))).strip()
    return word if len(word) <= MAX_COLUMN_NAME else word[: MAX_COLUMN_NAME - 1] + "…"


def printable(text: str) -> str:
    """Return a text with a blank for whatever a terminal obeys or nobody sees."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def shown(name: str) -> str:
    """Return a name as it can stand in a sentence: on one line, without control characters, cut if long."""
    line = " ".join(printable(name[: 20 * MAX_NAME]).split())
    return line if len(line) <= 2 * MAX_NAME else line[: 2 * MAX_NAME - 1] + "…"
