"""What is asked of the process that reads a file, and what it replies: plain data, and checked when it comes back.

That process looked at a file that may be hostile, so nothing that it says is believed to be what it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ..exceptions import Unreadable
from ..messages import Column, Dialect, Note, RowsAre
from ..translations import LANGUAGES, Language, catalogue, say
from .names import is_column_name, printable, shown
from .recipe import ReaderCall, Recipe, recipe_from

ROOM: Final = "tables."
MOST_NOTES: Final = 500
MOST_COLUMNS: Final = 1_000
MOST_VALUES: Final = 20
MOST_SUGGESTIONS: Final = 20
LONGEST_VALUE: Final = 5_000
LONGEST_NOTES: Final = 200_000
LONGEST_WORD: Final = 200
LONGEST_DIALECT: Final = 200_000
LONGEST_CELL: Final = 1_000
MOST_CELLS: Final = 100
LONGEST_REPLY: Final = 64 * 2**20
"""Bytes of a reply: a recipe may name all of several thousand columns."""

Scalar = str | int | float | bool
Value = Scalar | list[Scalar | dict[str, str]] | dict[str, str]
"""What fills a text: ``{"say": key}`` is a text of ours in the reader's language, a list is its parts in one."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading a file may take: bytes of `memory` beside the libraries, and `seconds`.

    A table that would take more than the `kernel` may have is refused before it is read to the end; 0: none is.
    Who needs the first rows only, not the `whole` table, gets no more of a file that is too large for a copy. With a
    `glance`, of a large file only samples are looked at, and no copy is made of any.
    Copies of large files are kept in `folder` (None: in Jupyter's data folder), at most `copies_size` bytes of them,
    and none that nobody used for `copies_days`.
    """

    memory: int = 4 * 2**30
    seconds: float = 600.0
    kernel: int = 0
    whole: bool = True
    glance: bool = False
    folder: Path | None = None
    copies_size: int = 10 * 2**30
    copies_days: float = 7.0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to read and how; the file itself comes as a descriptor.

    `name` is what the person calls it, `suffix` the last one of the file's own name. `options` are what was stated of
    it. `memory` is what the process may take, `largest` the most that it may write, in bytes; a table that takes
    more than the `kernel` may have is refused (0: none is).
    Without `whole`, a large file is described, and only its first rows are written; with a `glance`, it is described
    from samples of it. `own` is a file that this package wrote of a DataFrame: only of such a one the notes are
    believed.
    """

    name: str
    suffix: str = ""
    options: dict[str, Any] = {}
    memory: int = 4 * 2**30
    seconds: int = 600
    largest: int = 2**40
    threads: int = 4
    kernel: int = 0
    whole: bool = True
    glance: bool = False
    own: bool = False


class Said(msgspec.Struct, frozen=True):
    """A note by the key of its text: told anew in the language of whoever reads it."""

    level: Literal["info", "warning"]
    key: str
    values: dict[str, Value] = {}

    def note(self, language: Language) -> Note:
        """Return the note in that language; raises when there is no such text, or a value does not fit it."""
        return Note(self.level, say(ROOM + self.key, language, **_filled(self.values, language)))


class Refusal(msgspec.Struct, frozen=True):
    """Why the file is not read: the key of a text, and what fills it."""

    key: str
    values: dict[str, Value] = {}
    suggestions: tuple[str, ...] = ()

    def error(self) -> Unreadable:
        """Return the error that a person is told."""
        values = _filled(self.values, "en")
        if isinstance(name := values.get("name"), str):
            values["name"] = shown(name)
        return Unreadable(self.key, suggestions=tuple(map(shown, self.suggestions)), **values)


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was found in a file, or why it was not read; the cells are in an Arrow file of `size` bytes.

    A kernel takes `needed` bytes of memory for the table of a large file.
    `broken` is the end of a traceback, when the reading itself failed. `recipe` is data for `recipe.recipe_from`.
    """

    rows: int = 0
    rows_are: RowsAre = "exact"
    columns: tuple[Column, ...] = ()
    columns_left_out: int = 0
    dialect: Dialect | None = None
    said: tuple[Said, ...] = ()
    recipe: dict[str, Any] | None = None
    size: int = 0
    needed: int = 0
    refusal: Refusal | None = None
    broken: str = ""

    def code(self, path: str) -> Recipe | ReaderCall | None:
        """Return the code that reads the file at `path`; None for a table that was not read from text."""
        return recipe_from(self.recipe, path) if self.recipe is not None else None

    def notes(self, language: Language) -> tuple[Note, ...]:
        """Return what a person should know of how the file was read."""
        return tuple(said.note(language) for said in self.said)


def encoded(message: Order | Reply) -> bytes:
    """Return an order or a reply as it is written down."""
    return msgspec.json.encode(message)


def order_in(data: bytes) -> Order:
    """Return the order that was written down; raises ValueError."""
    return msgspec.json.decode(data, type=Order)


def reply_in(data: bytes) -> Reply:
    """Return a reply that is all that a reply should be; raises ValueError for any other."""
    try:
        reply = msgspec.json.decode(data, type=Reply)
        _check(reply)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise ValueError(f"no reply: {type(error).__name__}") from error
    return reply


def _check(reply: Reply) -> None:
    """Raise when a reply is of the right shape and still cannot be: too long, or with a text that there is not."""
    sizes = (reply.rows, reply.columns_left_out, reply.size, reply.needed)
    if len(reply.said) > MOST_NOTES or len(reply.columns) > MOST_COLUMNS or min(sizes) < 0:
        raise ValueError("more than there can be")
    told = 0
    for said in reply.said:
        if not said.key.startswith("note_"):
            raise ValueError("not a note")
        _check_text(ROOM + said.key, said.values)
        if (told := told + len(str(said.values))) > LONGEST_NOTES:
            raise ValueError("more than anybody reads")
    if reply.refusal is not None:
        room, _, _ = reply.refusal.key.partition(".")
        if f"{room}." != ROOM and room != "options":
            raise ValueError("not a text about files")
        _check_text(reply.refusal.key, reply.refusal.values)
        if len(reply.refusal.suggestions) > MOST_SUGGESTIONS:
            raise ValueError("more than there can be")
    for column in reply.columns:
        _check_column(column)
    if reply.dialect is not None:
        _check_dialect(reply.dialect)
    reply.code("")


def _check_text(key: str, values: Mapping[str, Value]) -> None:
    """Raise when the text cannot be told with these values, in either language."""
    if len(values) > MOST_VALUES:
        raise ValueError("more than there can be")
    for value in values.values():
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            if isinstance(part, dict) and part.keys() != {"say"}:
                raise ValueError("not a text")
        if sum(len(str(part)) for part in parts) > LONGEST_VALUE:
            raise ValueError("a text that is too long")
    room, _, name = key.partition(".")
    if name not in catalogue(room):
        raise ValueError("no such text")
    for language in LANGUAGES:
        say(key, language, **_filled(values, language))


def _check_column(column: Column) -> None:
    """Raise when a column's cells are more, or longer, than a profile shows, or its name is none that we give."""
    if not is_column_name(column.name) or not _is_word(column.dtype):
        raise ValueError("not a name")
    cells = [*column.examples, *(cell for cell, _ in column.frequent), *column.quantiles, column.min, column.max]
    if len(cells) > MOST_CELLS or any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
        raise ValueError("more cells than there can be")


def _check_dialect(dialect: Dialect) -> None:
    """Raise when what is said of how a file is written is more than anybody can have stated or found."""
    marks = (dialect.delimiter, dialect.quotechar, dialect.escapechar, dialect.comment, dialect.decimal)
    if (
        not _is_word(dialect.encoding + dialect.compression)
        or max(map(len, (*marks, dialect.thousands))) > LONGEST_WORD
    ):
        raise ValueError("not a mark")
    if len(str((dialect.missing, dialect.types, dialect.stated))) > LONGEST_DIALECT:
        raise ValueError("more than can be stated")


def _is_word(text: str) -> bool:
    return len(text) <= LONGEST_WORD and text.isprintable()


def _filled(values: Mapping[str, Value], language: Language) -> dict[str, Scalar]:
    return {name: _told(value, language) for name, value in values.items()}


def _told(value: Value, language: Language) -> Scalar:
    if isinstance(value, dict):
        return say(ROOM + value["say"], language)
    if isinstance(value, list):
        return "".join(str(_told(part, language)) for part in value)
    # A reader that a file has taken over may say anything: nothing that a terminal obeys comes of it.
    return printable(value) if isinstance(value, str) else value
