"""The options of reading as words, ``delimiter=tab`` or ``b.csv:decimal=,``, and which files they are said of."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from ..exceptions import BadInput
from ..messages import Dialect, Source
from .options import OPTIONS, Option, checked, overrides_of, unknown

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "none": "",
        "tab": "\t",
        "space": " ",
        "comma": ",",
        "semicolon": ";",
        "colon": ":",
        "pipe": "|",
        "point": ".",
        "dot": ".",
        "apostrophe": "'",
        "quote": '"',
        "backslash": "\\",
    }
)
"""What characters are called that are hard to type, or that a shell would take for itself."""
_YES: Final = frozenset({"yes", "true", "on", "1", "y", "да"})
_NO: Final = frozenset({"no", "false", "off", "0", "n", "нет"})
_OPTION: Final = "|".join(OPTIONS)
_WORDS: Final = (
    re.compile(rf"(?P<file>)(?P<name>{_OPTION})(?:=(?P<value>.*))?", re.DOTALL),
    re.compile(rf"(?P<file>.+?):(?P<name>{_OPTION})(?:=(?P<value>.*))?", re.DOTALL),
)
_ESCAPE: Final = re.compile(r"\\(?:(t)|(\\)|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_TO_QUOTE: Final = re.compile(r"""[",\r\n]|^[\s'\[{]|\s$|^$""")


def read_words(words: Iterable[str]) -> dict[str, Any]:
    """Return what words state: values by option, and for one of several files such a mapping by its name.

    A word is ``option=value`` or ``file:option=value``; of yes and no the option alone means yes. What is said twice
    holds as it was said last, but lists grow. Raises Unreadable for an unknown option or a value it cannot have.
    """
    stated: dict[str, Any] = {}
    for word in words:
        file, name, value = _read(word)
        place = stated.setdefault(file, {}) if file else stated
        if name in place and isinstance(value, list):
            value = [*place[name], *value]
        elif name in place and isinstance(value, dict):
            value = place[name] | value
        place[name] = value
    return stated


def word_of(name: str, value: Any) -> str:
    """Return the word that states this."""
    return f"{name}={_WRITERS.get(OPTIONS[name].form, str)(value)}"


def stated_words(dialect: Dialect | None) -> list[str]:
    """Return as words what was stated when a file was read; all else was found."""
    return [] if dialect is None else [word_of(name, value) for name, value in overrides_of(dialect).items()]


def checked_by_file(stated: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Part what is stated of all files from what is stated of one, and check all of it; raises Unreadable."""
    by_file: dict[str, dict[str, Any]] = {}
    for name, value in stated.items():
        if name not in OPTIONS:
            if not isinstance(value, Mapping):
                raise unknown(name)
            by_file[name] = checked(value)
    return checked({name: value for name, value in stated.items() if name in OPTIONS}), by_file


def with_stated(sources: Sequence[Source], stated: Mapping[str, Any]) -> tuple[Source, ...]:
    """Return the sources, read as is stated of them; a DataFrame is read as it is.

    Raises Unreadable for what cannot be stated, and BadInput for what is stated of nothing that is there.
    """
    common, by_file = checked_by_file(stated)
    for file in by_file:
        if not any(_is_called(source, file) for source in sources):
            raise BadInput("options.no_such_file", name=file[:200], files=", ".join(s.name for s in sources)[:500])
    read = tuple(_with(source, common, by_file) for source in sources)
    if common and sources and not any(map(_is_file, sources)):
        raise BadInput("options.only_dataframes", options=", ".join(common))
    return read


def all_with_stated(
    sources: Sequence[Source], dataframes: Iterable[str], stated: Mapping[str, Any]
) -> tuple[Source, ...]:
    """Return the sources and the DataFrames that are not among them, read as is stated; none when there are none.

    Raises as `with_stated` does.
    """
    known = {source.name for source in sources}
    wanted = (*sources, *(Source(name) for name in dataframes if name not in known))
    return with_stated(wanted, stated) if wanted else ()


def _with(source: Source, common: Mapping[str, Any], by_file: Mapping[str, Mapping[str, Any]]) -> Source:
    own = {name: value for file, said in by_file.items() if _is_called(source, file) for name, value in said.items()}
    if not _is_file(source):
        if own:
            raise BadInput("options.dataframe", name=source.name, options=", ".join(own))
        return source
    together = {**source.overrides, **common, **own}
    return replace(source, overrides=checked(together)) if common or own else source


def _is_file(source: Source) -> bool:
    return bool(source.path or source.artifact)


def _is_called(source: Source, file: str) -> bool:
    if fnmatchcase(source.name, file) or source.name == file:
        return True
    if not source.path:
        return source.name == PurePosixPath(file).name
    return source.path == os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111


# --- one word -------------------------------------------------------------------------------------------------------


def _read(word: str) -> tuple[str, str, Any]:
    found = next(filter(None, (pattern.fullmatch(word) for pattern in _WORDS)), None)
    if found is None:
        raise unknown(word.partition("=")[0])
    option = OPTIONS[found["name"]]
    value = found["value"]
    if value is None and option.form != "flag":
        raise BadInput("options.no_value", option=option.name)
    return found["file"], option.name, _value(option, "yes" if value is None else value)


def _value(option: Option, text: str) -> Any:
    try:
        value = _READERS.get(option.form, str)(text)
    except (ValueError, csv.Error, RecursionError):
        raise option.refusal(text) from None
    return option.check(value)


def _mark(text: str) -> str:
    if text.lower() in NAMES:
        return NAMES[text.lower()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    tab, backslash, *codes = found.groups()
    return "\t" if tab else "\\" if backslash else chr(int(codes[0] or codes[1], 16))


def written_mark(text: str) -> str:
    """Return how a delimiter or another mark is written, with a name or a code where it cannot be seen."""
    if not text or text.isspace():
        named = next((name for name, mark in NAMES.items() if mark == text), None)
        if named is not None:
            return named
    if len(text) > 1:
        text = text.replace("\\", "\\\\")
    written = "".join(letter if letter.isprintable() and letter != " " else _code(letter) for letter in text)
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return f"'{written}'" if quoted or text.lower() in NAMES else written


def _code(letter: str) -> str:
    if letter == "\t":
        return "\\t"
    return f"\\x{ord(letter):02x}" if letter < "\x7f" else f"\\u{ord(letter):04x}" if letter <= "\uffff" else letter


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ValueError(text)
    return int(text)


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise ValueError(text)
    return word in _YES


def _list(text: str) -> list[Any]:
    """Read a list with commas, quoted as in a CSV where a word has one, or a JSON list."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if text.startswith("["):
        found = json.loads(text)
        if not isinstance(found, list):
            raise ValueError(text)
        return found
    rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    return [word for row in rows for word in row]


def _types(text: str) -> dict[str, Any]:
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if text.startswith("{"):
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError(text)
        return found
    pairs = [word.rpartition(":") for word in _list(text)]
    return {column.strip(): kind.strip() for column, _, kind in pairs}


def _written_list(words: Iterable[str]) -> str:
    return ",".join('"' + word.replace('"', '""') + '"' if _TO_QUOTE.search(word) else word for word in words)


def _written_types(types: Mapping[str, str]) -> str:
    return _written_list(f"{column}:{kind}" for column, kind in types.items())


_READERS: Final[Mapping[str, Any]] = {
    "mark": _mark,
    "character": _mark,
    "count": _count,
    "flag": _flag,
    "words": _list,
    "types": _types,
}
_WRITERS: Final[Mapping[str, Any]] = {
    "mark": written_mark,
    "character": written_mark,
    "flag": lambda value: "yes" if value else "no",
    "words": _written_list,
    "types": _written_types,
}
