"""What can be stated of how a file is read: one table of options, the same names on every surface.

A value is plain JSON here: a text, a whole number, true or false, a list of texts, or texts by column. How the options
are written as words, on a command line or in a cell, is `option_words`.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, Literal

from ..exceptions import Unreadable
from ..messages import Dialect
from ..translations import Language, say

Form = Literal["encoding", "mark", "character", "count", "flag", "words", "types"]
TYPES: Final = ("text", "integer", "number", "boolean", "date", "datetime", "time")
"""What the option `types` can make of a column."""
MOST_ROWS: Final = 1_000_000_000
LONGEST_MARK: Final = 20
LONGEST_WORD: Final = 200
MOST_WORDS: Final = 1_000
MOST_COLUMNS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Option:
    """One option; `form` is what its values are: a mark is several characters, a character exactly one.

    `usual` are words for its most frequent values. `optional` marks and characters can be stated to be absent, by an
    empty text. Counts go from `least` to `most`.
    """

    name: str
    form: Form
    usual: tuple[str, ...] = ()
    optional: bool = False
    least: int = 0
    most: int = MOST_ROWS

    def about(self, language: Language = "en") -> str:
        """Return what it says of the file, in one line."""
        return say(f"options.{self.name}", language)

    def possible(self, language: Language = "en") -> str:
        """Return in a sentence which values it can have."""
        return say(f"options.form_{self._key}", language, **self._values)

    def check(self, value: object) -> Any:
        """Return the value as plain JSON; raises Unreadable, which says which values are possible."""
        found = _CHECKS[self.form](self, value)
        if found is None:
            raise self.refusal(value)
        return found

    def refusal(self, value: object) -> Unreadable:
        """Return the error that this cannot be the option's value."""
        shown = repr(value) if isinstance(value, str) else str(value)
        return Unreadable(f"options.not_{self._key}", option=self.name, value=shown[:80], **self._values)

    def schema(self, language: Language = "en") -> dict[str, Any]:
        """Return what its values are, as JSON Schema."""
        return _schema(self) | {"description": f"{self.about(language)} {self.possible(language)}"}

    @property
    def _key(self) -> str:
        return f"{self.form}_or_none" if self.optional else self.form

    @property
    def _values(self) -> dict[str, Any]:
        return {"least": self.least, "most": self.most, "longest": LONGEST_MARK, "types": ", ".join(TYPES)}


_YES_NO: Final = ("yes", "no")
_ALL: Final = (
    Option("encoding", "encoding", ("utf-8", "utf-16", "cp1251", "cp1252", "cp866", "koi8-r", "latin-1")),
    Option("delimiter", "mark", ("comma", "semicolon", "tab", "pipe", "space")),
    Option("quotechar", "character", ("quote", "apostrophe", "none"), optional=True),
    Option("escapechar", "character", ("backslash", "none"), optional=True),
    Option("comment", "mark", ("#", "none"), optional=True),
    Option("header_rows", "count", ("0", "1", "2"), most=100),
    Option("skipped_rows", "count"),
    Option("footer_rows", "count"),
    Option("decimal", "character", ("point", "comma")),
    Option("thousands", "character", ("none", "comma", "point", "space", "apostrophe"), optional=True),
    Option("dayfirst", "flag", _YES_NO),
    Option("missing", "words"),
    Option("types", "types", TYPES),
    Option("table", "count", ("1", "2"), least=1, most=1_000_000),
    Option("strict", "flag", _YES_NO),
    Option("as_text", "flag", _YES_NO),
)
OPTIONS: Final[Mapping[str, Option]] = MappingProxyType({option.name: option for option in _ALL})
_APART: Final = (("delimiter", "quotechar"), ("delimiter", "escapechar"), ("decimal", "thousands"))
"""Options that cannot have the same value, or one within the other."""


def checked(given: Mapping[str, object]) -> dict[str, Any]:
    """Return what is stated as plain JSON, in the order of the table.

    Raises Unreadable for a name that is no option, a value that an option cannot have, and two that exclude each other.
    """
    for name in given:
        if name not in OPTIONS:
            raise unknown(name)
    found = {name: option.check(given[name]) for name, option in OPTIONS.items() if name in given}
    for first, second in _APART:
        if found.get(first) and found.get(second) and found[second] in found[first]:
            raise Unreadable("options.same", first=first, second=second, value=repr(found[second]))
    return found


def dialect_of(given: Mapping[str, object]) -> tuple[Dialect, frozenset[str]]:
    """Return a dialect that has what is stated and else the usual values, and the names of what is stated.

    Raises Unreadable as `checked` does.
    """
    found = checked(given)
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Dialect(**values, stated=tuple(found)), frozenset(found)


def overrides_of(dialect: Dialect) -> dict[str, Any]:
    """Return what was stated when a file was read, as it would be stated again."""
    values = {field.name: getattr(dialect, field.name) for field in fields(dialect)}
    return checked({name: values[name] for name in dialect.stated if name in OPTIONS})


def unknown(name: str) -> Unreadable:
    """Return the error that there is no such option."""
    return Unreadable("tables.unknown_option", option=name[:80], options=", ".join(OPTIONS))


# --- what values can be ---------------------------------------------------------------------------------------------


def _encoding(_: Option, value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        found = codecs.lookup(value)
    except (LookupError, ValueError):
        raise Unreadable("tables.unknown_encoding", encoding=value[:80]) from None
    if not getattr(found, "_is_text_encoding", True):
        raise Unreadable("tables.unknown_encoding", encoding=value[:80])
    return value


def _mark(option: Option, value: object) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST_MARK or any(end in value for end in "\r\n\0"):
        return None
    return value if value or option.optional else None


def _character(option: Option, value: object) -> str | None:
    mark = _mark(option, value)
    return None if mark is None or len(mark) > 1 or mark.isalnum() else mark


def _count(option: Option, value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if option.least <= value <= option.most else None


def _flag(_: Option, value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _words(_: Option, value: object) -> list[str] | None:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return None
    words = list(value)
    fit = all(isinstance(word, str) and len(word) <= LONGEST_WORD for word in words)
    return list(dict.fromkeys(words)) if fit and len(words) <= MOST_WORDS else None


def _types(_: Option, value: object) -> dict[str, str] | None:
    if not isinstance(value, Mapping) or len(value) > MOST_COLUMNS:
        return None
    fit = all(isinstance(column, str) and column and kind in TYPES for column, kind in value.items())
    return dict(value) if fit else None


_CHECKS: Final[Mapping[Form, Callable[[Option, object], Any]]] = {
    "encoding": _encoding,
    "mark": _mark,
    "character": _character,
    "count": _count,
    "flag": _flag,
    "words": _words,
    "types": _types,
}


def _schema(option: Option) -> dict[str, Any]:
    least = 0 if option.optional else 1
    schemas: dict[Form, dict[str, Any]] = {
        "encoding": {"type": "string", "examples": ["utf-8", "cp1251"]},
        "mark": {"type": "string", "minLength": least, "maxLength": LONGEST_MARK, "pattern": r"^[^\r\n\x00]*$"},
        "character": {"type": "string", "minLength": least, "maxLength": 1, "pattern": r"^[^\r\n\x00]*$"},
        "count": {"type": "integer", "minimum": option.least, "maximum": option.most},
        "flag": {"type": "boolean"},
        "words": {"type": "array", "items": {"type": "string", "maxLength": LONGEST_WORD}, "maxItems": MOST_WORDS},
        "types": {"type": "object", "additionalProperties": {"enum": list(TYPES)}, "maxProperties": MOST_COLUMNS},
    }
    return schemas[option.form]
