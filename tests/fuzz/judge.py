"""Reads one file in every way that this hunts for faults in, and says what is wrong with what came of it."""

from __future__ import annotations

import json
import re
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pandas as pd

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Note
from csvagent_jupyter.tables import Table, read_table
from csvagent_jupyter.tables.inside.large import reading as large
from csvagent_jupyter.tables.inside.large import streams

in_process = False
"""Whether files are read in this process."""
BROKEN = frozenset(f"tables.reading_{how}" for how in ("crashed", "garbled", "killed", "memory", "slow"))
"""Refusals that say the reader failed, not the file."""
LEFT_OUT = re.compile(
    "passed over|not read|dropped|left out|cut|skipped|footer|total|remark|comment|stand as|could not be read"
    "|table|merged|above|below|repeat|empty|blank|sep="
)
CHECKS = ("plain", "letters", "strict", "code", "text", "profile", "large")


class Finding(NamedTuple):
    """A fault: `kind` and `where` tell one fault from another, `detail` is for a person."""

    kind: str
    where: str
    detail: str = ""


def judge(path: Path, options: dict[str, Any], check: str) -> Finding | None:
    """Return the first fault found; None when the file was read well, or refused in plain words."""
    try:
        try:
            table = read_table(path, **options)
        except Unreadable as refusal:
            return _of_refusal(refusal)
        return _of_notes(table) or _MORE[check](table, path, options)
    except Exception as error:  # whatever it is, it is what is looked for
        return Finding("crash", _where(error), traceback.format_exc()[-3000:])


def _where(error: BaseException) -> str:
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "csvagent_jupyter" in frame.filename
    ]
    return f"{type(error).__name__} in {frames[-1] if frames else 'the check'}"


def _of_refusal(refusal: Unreadable) -> Finding | None:
    told = [refusal.say("en"), refusal.say("ru")]
    if refusal.key in BROKEN:
        return Finding("crash", refusal.key, told[0])
    if any("Traceback" in text or "Error:" in text or not text.strip() for text in told):
        return Finding("words", refusal.key, told[0])
    return None


def _of_notes(table: Table) -> Finding | None:
    for language in ("en", "ru"):
        for note in table.profile(language).notes:  # type: ignore[arg-type]
            if "Traceback" in note.text or not note.text.strip() or len(note.text) > 3_000:
                return Finding("words", note.text[:40], note.text[:2000])
    names = table.arrow.column_names
    if len(set(names)) < len(names):
        return Finding("names", "the same name twice", repr(names)[:500])
    return None


def _plain(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    return None


def _letters(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    """Look whether every letter and digit of the file is in the table, unless the notes say that something is not."""
    dialect = table.dialect
    if dialect is None or dialect.compression or re.search(r"\w", dialect.delimiter + dialect.quotechar):
        return None
    stated = {**options, "as_text": True, "header_rows": 0, "encoding": dialect.encoding}
    stated.update(delimiter=dialect.delimiter, quotechar=dialect.quotechar, escapechar=dialect.escapechar)
    stated |= {"types": {}, "strict": False}
    try:
        whole = read_table(path, **stated)
    except Unreadable:
        return None
    try:
        text = path.read_bytes().decode(dialect.encoding, "replace").removeprefix("\ufeff")
    except UnicodeError:  # an encoding that knows no replacing
        return None
    if "\ufffd" in text or any(_leaves_out(note) for note in whole.notes):
        return None
    cells = (cell for column in whole.arrow.columns for cell in column.to_pylist() if cell)
    stood, got = _counted([text]), _counted(cells)
    if stood == got:
        return None
    return Finding(
        "lost" if stood - got else "invented",
        "letters without a note",
        f"lost {dict((stood - got).most_common(5))}, invented {dict((got - stood).most_common(5))}; "
        f"notes {[note.text for note in whole.notes]}",
    )


def _leaves_out(note: Note) -> bool:
    return bool(LEFT_OUT.search(note.text))


def _counted(texts: Any) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(letter for letter in text if letter.isalnum())
    return counts


def _strict(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    """Look whether a file that is read strictly is the same table."""
    try:
        strict = read_table(path, **options | {"strict": True})
    except Unreadable as refusal:
        return _of_refusal(refusal)
    if strict.arrow.equals(table.arrow) or strict.arrow.to_pandas().equals(table.arrow.to_pandas()):
        return None
    return Finding("differs", "strict", f"{table.arrow.shape} and strictly {strict.arrow.shape}")


def _code(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    """Look whether the shown code gives the same frame in a bare interpreter."""
    code = table.read_code
    namespace: dict[str, Any] = {}
    try:
        exec(compile("import pandas as pd\n" + code, "shown", "exec"), namespace)
        pd.testing.assert_frame_equal(namespace["df"], table.to_pandas(), rtol=1e-14, atol=0)
    except Exception as error:
        reason = re.sub(r"[(:].*", "", str(error).splitlines()[0]) if isinstance(error, AssertionError) else ""
        return Finding("code", f"{type(error).__name__} {reason}", f"{code}\n{traceback.format_exc()[-1500:]}")
    return None


def _text(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    """Look whether the rows and columns are the same when cells stay text."""
    try:
        texts = read_table(path, **options | {"as_text": True})
    except Unreadable as refusal:
        return Finding("differs", "as text it is refused", refusal.say("en"))
    if texts.arrow.shape != table.arrow.shape or texts.arrow.column_names != table.arrow.column_names:
        return Finding("differs", "as text", f"{table.arrow.shape} and as text {texts.arrow.shape}")
    for name in table.arrow.column_names:
        values, cells = table.arrow.column(name), texts.arrow.column(name)
        if cells.null_count > values.null_count:
            return Finding("differs", "a value where there is no text", name[:100])
    return None


def _profile(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    profile = table.profile("ru")
    if profile.rows != table.arrow.num_rows:
        return Finding("profile", "rows", f"{profile.rows} and {table.arrow.num_rows}")
    for column in profile.columns:
        nulls = table.arrow.column(column.name).null_count
        if column.nulls != nulls:
            return Finding("profile", "nulls", f"{column.nulls} and {nulls} in {column.name[:80]}")
        cells = [column.min, column.max, *column.examples]
        json.dumps(cells)
        if any(isinstance(cell, str) and len(cell) > 1_000 for cell in cells):
            return Finding("profile", "a long cell", column.name[:80])
    table.find_values("a")
    return None


def _large(table: Table, path: Path, options: dict[str, Any]) -> Finding | None:
    """Look whether the file is the same table when it is read block by block; only where reading is in this process."""
    if not in_process:
        return None
    with (
        patch.object(streams, "LARGE", 0),
        patch.object(large, "BLOCK", 2_000),
        patch.object(large, "ROWS_PER_BLOCK", 3),
    ):
        try:
            blocks = read_table(path, **options)
        except Unreadable as refusal:
            return Finding("large", f"refused, {refusal.key}", refusal.say("en"))
    if blocks.arrow.column_names != table.arrow.column_names:
        return Finding("large", "names", f"{table.arrow.column_names} and {blocks.arrow.column_names}"[:1000])
    if blocks.arrow.num_rows != table.arrow.num_rows:
        return Finding("large", "rows", f"{table.arrow.shape} and {blocks.arrow.shape}")
    if [str(kind) for kind in blocks.arrow.schema.types] != [str(kind) for kind in table.arrow.schema.types]:
        return Finding("large", "types", f"{table.arrow.schema.types} and {blocks.arrow.schema.types}")
    if not blocks.to_pandas().equals(table.to_pandas()):
        return Finding("large", "cells", f"{table.to_pandas()} and {blocks.to_pandas()}"[:1500])
    notes = [{note.text for note in one.notes} for one in (table, blocks)]
    if notes[0] != notes[1]:
        return Finding("large", "notes", f"only small: {notes[0] - notes[1]}, only large: {notes[1] - notes[0]}")
    return None


_MORE = {
    "plain": _plain,
    "letters": _letters,
    "strict": _strict,
    "code": _code,
    "text": _text,
    "profile": _profile,
    "large": _large,
}
