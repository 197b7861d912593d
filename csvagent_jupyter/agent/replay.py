"""A saved analysis on other files: does its code still fit them? No model is asked."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from ..exceptions import BadInput, Failed
from ..messages import Answer, Column, Kind, Note, Profile
from ..translations import Language, say
from .names import parse
from .reading import Reading
from .script import cells_of

# A column may become what is on the right without the code noticing.
_FITS: Final[dict[Kind, frozenset[Kind]]] = {
    "integer": frozenset({"number"}),
    "number": frozenset({"integer"}),
    "text": frozenset({"category", "mixed"}),
    "category": frozenset({"text", "mixed"}),
    "mixed": frozenset({"text", "category"}),
    "date": frozenset({"datetime"}),
    "datetime": frozenset({"date"}),
}


@dataclass(frozen=True, slots=True)
class Saved:
    """What is to run, on which tables (under the names the code knows), and what the reader should know."""

    earlier: tuple[str, ...]
    code: str
    reading: Reading
    notes: tuple[Note, ...]


def prepare_replay(original: Answer, reading: Reading, language: Language) -> Saved:
    """Fit the tables of `reading` to the saved code of `original`, the first to the first and so on.

    Raises BadInput when there is no code or another number of files, Failed when a column is missing or has a type
    that no longer fits; both name what is wrong.
    """
    cells = cells_of(original.script)
    if not cells.answer.strip():
        raise BadInput("agent.replay_nothing")
    wanted, given = len(original.profiles), len(reading.profiles)
    if wanted != given:
        raise BadInput("agent.replay_sources", wanted=wanted, given=given)
    texts = _texts([*cells.earlier, cells.answer])
    notes = [
        note
        for before, now in zip(original.profiles, reading.profiles, strict=True)
        for note in _compare(before, now, texts, language)
    ]
    renamed = reading.renamed([profile.name for profile in original.profiles])
    return Saved(cells.earlier, cells.answer, renamed, tuple(notes))


def _compare(before: Profile, now: Profile, texts: Sequence[str], language: Language) -> Iterator[Note]:
    columns = {column.name: column for column in now.columns}
    gone = []
    for column in before.columns:
        used = _is_used(column.name, texts)
        other = columns.get(column.name)
        if other is not None:
            yield from _compare_types(column, other, now, used, language)
        elif used:
            raise Failed(
                "agent.replay_no_column",
                name=_called(now),
                column=column.name,
                near=_near(column.name, columns, language),
            )
        elif not now.columns_left_out:
            gone.append(column.name)
    known = {column.name for column in before.columns}
    new = [name for name in columns if name not in known]
    if gone:
        yield Note("warning", say("agent.replay_gone_columns", language, name=_called(now), columns=_listed(gone)))
    if new and not before.columns_left_out:
        yield Note("info", say("agent.replay_new_columns", language, name=_called(now), columns=_listed(new)))
    if before.rows != now.rows:
        yield Note("info", say("agent.replay_rows", language, name=_called(now), before=before.rows, now=now.rows))


def _compare_types(before: Column, now: Column, profile: Profile, used: bool, language: Language) -> Iterator[Note]:
    if before.type == now.type or now.type in _FITS.get(before.type, ()):
        return
    values: dict[str, Any] = {
        "name": _called(profile),
        "column": now.name,
        "before": say(f"agent.type_{before.type}", language),
        "now": say(f"agent.type_{now.type}", language),
    }
    if used and "empty" not in (before.type, now.type):
        raise Failed("agent.replay_type", **values)
    yield Note("warning", say("agent.replay_other_type", language, **values))


def _texts(codes: Sequence[str]) -> list[str]:
    """Return the texts and attribute names in which code can name a column."""
    texts = []
    for code in codes:
        try:
            nodes = list(ast.walk(parse(code)))
        except SyntaxError:
            return [code]
        texts += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        texts += [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    return texts


def _is_used(column: str, texts: Sequence[str]) -> bool:
    """Tell whether the code names a column: as a whole text or attribute, or within a query."""
    return any(text == column or (len(column) > 2 and column in text and " " in text) for text in texts)


def _near(name: str, columns: dict[str, Column], language: Language) -> str:
    near = difflib.get_close_matches(name, list(columns), n=3, cutoff=0.6)
    return say("agent.replay_near", language, names=", ".join(f"“{one}”" for one in near)) if near else ""


def _called(profile: Profile) -> str:
    """Return what a person calls the table: its file's name, or the variable."""
    return PurePath(profile.path).name


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + ("…" if len(names) > 8 else "")
