"""The first line of ``%%csvagent`` as words and options; what is wrong with it is said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any, Final, Literal

from ..exceptions import BadInput

_QUOTED = r'"((?:[^"\\]|\\[\\"]|\\(?![\\"]))*)"|\'([^\']*)\''
_NAMED = r"(?:--[\w-]+=)?(?:[^\s\"'=]+=)?"
_WORD = re.compile(rf"\s*(?:({_NAMED})(?:{_QUOTED})(?=\s|$)|(\S+))")


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how its value is read, the values it may have, and where it is kept in `CellOptions`."""

    name: str
    kind: Literal["text", "count", "seconds", "flag", "words"] = "text"
    choices: tuple[str, ...] = ()
    field: str = ""

    @property
    def key(self) -> str:
        return self.field or self.name.strip("-").replace("-", "_")


OPTIONS: Final[tuple[Option, ...]] = (
    Option("--model"),
    Option("--max-attempts", "count"),
    Option("--timeout", "seconds"),
    Option("--share", choices=("schema", "stats", "sample")),
    Option("--session"),
    Option("--read", "words"),
    Option("--strict", "flag"),
    Option("--lang", choices=("en", "ru")),
    Option("--json", "flag", field="as_json"),
    Option("--out"),
    Option("--as", field="keep_as"),
    Option("--insert", "flag"),
    Option("--background", "flag"),
)
_BY_NAME: Final = {option.name: option for option in OPTIONS}


@dataclass(slots=True)
class CellOptions:
    """What the first line says; an option that is not there is None or False."""

    sources: list[str] = field(default_factory=list)
    model: str | None = None
    max_attempts: int | None = None
    timeout: float | None = None
    share: Literal["schema", "stats", "sample"] | None = None
    session: str | None = None
    read: list[str] = field(default_factory=list)
    strict: bool = False
    lang: Literal["en", "ru"] | None = None
    as_json: bool = False
    out: str | None = None
    keep_as: str | None = None
    insert: bool = False
    background: bool = False

    @property
    def stated(self) -> dict[str, Any]:
        """What the line states of how files are read; raises Unreadable for what cannot be."""
        from ..tables.option_words import read_words

        return read_words([*self.read, *(["strict"] if self.strict else [])])


def split_words(line: str) -> list[str]:
    """Split a line at spaces; quotes around a whole word, or around a value after ``=``, keep its spaces.

    In double quotes ``\\"`` and ``\\\\`` stand for a quote and a backslash; elsewhere a backslash is just a character.
    Raises BadInput when a quote is opened and not closed.
    """
    words = []
    for match in _WORD.finditer(line.rstrip()):
        option, double, single, bare = match.groups()
        if bare is None:
            written = single if double is None else re.sub(r'\\([\\"])', r"\1", double)
            words.append((option or "") + written)
        elif bare[0] in "\"'":
            raise BadInput("magics.open_quote", word=bare)
        else:
            words.append(bare)
    return words


def parse_cell_line(line: str) -> CellOptions:
    """Read the first line of a cell. Raises BadInput for an unknown option or a value that does not fit."""
    options = CellOptions()
    words = iter(split_words(line))
    for word in words:
        if word == "--":
            options.sources.extend(words)
        elif word.startswith("--"):
            option, value = _option(word, words)
            if option.kind == "words":
                getattr(options, option.key).append(value)
            else:
                setattr(options, option.key, value)
        else:
            options.sources.append(word)
    name = options.keep_as
    if name is not None and (not name.isidentifier() or iskeyword(name)):
        raise BadInput("magics.not_a_name", name=name)
    return options


def _option(word: str, words: Iterator[str]) -> tuple[Option, Any]:
    name, equals, written = word.partition("=")
    option = _BY_NAME.get(name)
    if option is None:
        raise _unknown(name, tuple(_BY_NAME))
    if option.kind == "flag":
        if equals:
            raise BadInput("magics.flag_with_value", option=name)
        return option, True
    value = written if equals else next(words, None)
    if value is None or (not equals and value.startswith("--")):
        raise BadInput("magics.value_missing", option=name)
    return option, _value(option, value)


def _value(option: Option, value: str) -> Any:
    if option.choices and value not in option.choices:
        raise BadInput("magics.not_a_choice", option=option.name, value=value, choices=", ".join(option.choices))
    if option.kind in {"text", "words"}:
        return value
    try:
        number = int(value) if option.kind == "count" else float(value)
    except ValueError:
        number = 0
    if not 0 < number < 1e9:
        key = "magics.not_a_count" if option.kind == "count" else "magics.not_seconds"
        raise BadInput(key, option=option.name, value=value)
    return number


def _unknown(name: str, known: Sequence[str]) -> BadInput:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    if close:
        return BadInput("magics.unknown_option_near", option=name, near=close[0])
    return BadInput("magics.unknown_option", option=name, options=" ".join(known))
