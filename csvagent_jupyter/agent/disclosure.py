"""The one gate for what leaves for a model: what the share level does not allow is taken out here, and nowhere else.

- ``schema``: column names, types, counts of rows, nulls and distinct values; of a failure its class, the failing line
  of the model's own code and its number; of earlier turns the question and the code without values.
- ``stats``: also numeric and date ranges, means, quantiles; no text of any cell, hence of an error's text only what
  Python and pandas always say, with column names and literals of the model's own code.
- ``sample``: also example cells, frequent values, full errors, earlier answers.

Never, at any level: paths of files. A model that lives in this process gets everything.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

from ..messages import SHARES, Column, Failure, Profile, Prompt, Share, Turn
from ..models.base import ChatModel
from .error_texts import known_message
from .names import KERNEL_NAMES, parse
from .prompt import MAX_TURNS, render

MASK: Final = "…"
MAX_SUSPECTS: Final = 60
SHORT_CELL: Final = 4
"""A cell of at most so many words is told by one of them: "ivanov" of "Ivan Ivanov"."""
Lookup = Callable[[str], list[tuple[str, str, str]]]

_RANGED: Final = frozenset({"integer", "number", "date", "datetime", "time", "duration"})
_NUMERIC: Final = frozenset({"integer", "number"})
_DATE_LIKE = re.compile(r"[-+0-9.:,TtZ/ ]*(?:days?)?[-+0-9.:, ]*")
_DTYPE = re.compile(r"[A-Za-z]+[0-9]*(?:\[[A-Za-z0-9_/+:, -]{1,40}\])?")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_QUOTED_FILE = re.compile(r'(File ")([^"\n]*[/\\])([^"\n/\\]*")')
_PATH = re.compile(r"(?<![\w.])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'\"<>|:]+[/\\])+")
_WORD = re.compile(r"(?:\w|[^\x00-\x7f])+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZА-ЯЁ])(?=[A-ZА-ЯЁ])")

_ERRORS: Final = frozenset(
    {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}
    | {"IntCastingNaNError", "ParserError", "EmptyDataError", "MergeError", "UndefinedVariableError", "LinAlgError"}
    | {"IndexingError", "SpecificationError", "DataError", "OutOfBoundsDatetime", "OutOfBoundsTimedelta"}
    | {"InvalidIndexError", "DuplicateLabelError", "UnsupportedFunctionCall", "InvalidComparison", "AxisError"}
    | {"DateParseError", "IncompatibleFrequency", "NumbaUtilError", "DTypePromotionError", "ArrowInvalid"}
)
_OPTIONS: Final = frozenset(
    _WORD.findall(
        """all any asc average bar barh bfill box coerce count cross cumsum date desc errors ffill first float hist
    ignore index inner int int64 float64 key kde kind last left left_on line linear M ME MS W D Q QE YE Y h min max mean
    median nearest nunique outer pie raise right scatter size std str string sum total value values var"""
    )
)


def share_for(model: ChatModel, requested: Share | None, ceiling: Share, agreed: bool) -> Share:
    """Return the share level of a run: what was asked for, else the model's default, never above the ceiling."""
    wanted = requested or ("schema" if model.found and not agreed else "sample")
    return min(wanted, ceiling, key=SHARES.index)


def outbound(prompt: Prompt, model: ChatModel, share: Share, *, failure_is_ours: bool = False) -> Prompt:
    """Return what `model` gets of `prompt`: all of it when it lives here, else messages and nothing besides.

    `failure_is_ours` says that the failure's text was written by the agent itself and quotes no data.
    """
    if model.local:
        return prompt
    messages = render(disclose(prompt, share, failure_is_ours=failure_is_ours), share)
    return Prompt(messages=messages, language=prompt.language, max_tokens=prompt.max_tokens)


def disclose(prompt: Prompt, share: Share, *, failure_is_ours: bool = False) -> Prompt:
    """Return `prompt` without what `share` forbids, and without the way to look cells up."""
    columns = {column.name for profile in prompt.profiles for column in profile.columns}
    failure = prompt.failure
    if failure is not None and not failure_is_ours:
        failure = _failure(failure, share, columns)
    find_values = cache(prompt.find_values) if prompt.find_values is not None else None
    asked = " ".join([prompt.question, *(turn.question for turn in prompt.turns)])
    return replace(
        prompt,
        profiles=tuple(_profile(profile, share) for profile in prompt.profiles),
        turns=tuple(_turn(turn, share, columns, asked, find_values) for turn in prompt.turns[-MAX_TURNS:]),
        failure=failure,
        find_values=None,
    )


def without_paths(text: str) -> str:
    """Return `text` with every path cut to the file's name, and without terminal colours."""
    return _PATH.sub("", _QUOTED_FILE.sub(r"\1\3", _ANSI.sub("", text)))


# --- the profile ----------------------------------------------------------------------------------------------------


def _profile(profile: Profile, share: Share) -> Profile:
    notes = tuple(replace(note, text=without_paths(note.text)) for note in profile.notes) if share == "sample" else ()
    return replace(
        profile,
        path=profile.name,
        columns=tuple(_column(column, share) for column in profile.columns),
        dialect=None,
        notes=notes,
    )


def _column(column: Column, share: Share) -> Column:
    bare = Column(
        name=column.name,
        type=column.type,
        nulls=column.nulls,
        distinct=column.distinct,
        distinct_is_approximate=column.distinct_is_approximate,
        dtype=column.dtype if _DTYPE.fullmatch(column.dtype) else "",
    )
    if share == "sample":
        return replace(column, dtype=bare.dtype)
    if share == "schema" or column.type not in _RANGED:
        return bare
    return replace(
        bare,
        min=_ranged(column.min, column),
        max=_ranged(column.max, column),
        mean=column.mean,
        quantiles=tuple(value for value in column.quantiles if _ranged(value, column) is not None),
        quantiles_are_approximate=column.quantiles_are_approximate,
    )


def _ranged(value: int | float | str | None, column: Column) -> int | float | str | None:
    """Let a bound through when it is a number, or written as a date: whatever else stands there is text of a cell."""
    if isinstance(value, str):
        return value if column.type not in _NUMERIC and _DATE_LIKE.fullmatch(value) else None
    return value


# --- errors ---------------------------------------------------------------------------------------------------------


def _failure(failure: Failure, share: Share, columns: set[str]) -> Failure:
    own = set(_WORD.findall(failure.code))
    if failure.line not in failure.code:
        failure = replace(failure, line="")
    # A class can be made at run time and named after a cell.
    ename = failure.ename if failure.ename in _ERRORS or failure.ename in own or share == "sample" else "Exception"
    if share == "schema":
        return replace(failure, ename=ename, evalue="", traceback="")
    if share == "stats":
        return replace(failure, ename=ename, evalue=known_message(failure, columns), traceback="")
    return replace(
        failure,
        ename=ename,
        evalue=without_paths(failure.evalue),
        traceback=without_paths(failure.traceback),
    )


# --- earlier turns --------------------------------------------------------------------------------------------------


def _turn(turn: Turn, share: Share, columns: set[str], asked: str, find_values: Lookup | None) -> Turn:
    if share == "sample":
        return replace(turn, text_output=without_paths(turn.text_output), code=without_paths(turn.code))
    code = _without_values(turn.code, columns | _OPTIONS, asked)
    # Of a turn about other tables the cells are not at hand to be looked up, and its names are gone anyway.
    if turn.paths or (find_values is not None and _names_a_cell(code, columns, asked, find_values)):
        code = ""
    return replace(turn, interpretation=None, code=code, text_output="")


def _without_values(code: str, allowed: set[str], asked: str) -> str:
    """Return earlier code whose literals tell nothing that the question and the schema do not; comments go too.

    That code may have been written by a model that saw cells (the built-in engine, or a run with a higher level).
    """
    try:
        return ast.unparse(_Masking(allowed, asked).visit(parse(code)))
    except (SyntaxError, RecursionError):
        return ""


def _names_a_cell(code: str, columns: set[str], asked: str, find_values: Lookup) -> bool:
    """Tell whether an identifier in the code is called after a cell, as `north_total` or `wide.North` is."""
    known = f"{asked} {' '.join(columns)}".casefold()
    attributes, names = ({_words(_CAMEL.sub(" ", name)) for name in each} for each in _identifiers(code))
    suspects = {words for words in attributes | names if words not in known and len(words) > 2}
    within = {word for words in names for word in words.split() if word not in known and len(word) > 2}
    if len(suspects | within) > MAX_SUSPECTS:
        return True
    return any(_is_told(word, find_values, within=word in within) for word in sorted(suspects | within))


def _is_told(words: str, find_values: Lookup, *, within: bool) -> bool:
    """Tell whether `words` are a cell, however they are joined there, or one word `within` a cell of a few."""
    cells = {_words(cell) for _, _, cell in find_values(max(words.split(), key=len))}
    squeezed = words.replace(" ", "")
    if any(cell.replace(" ", "") == squeezed for cell in cells):
        return True
    return within and any(words in cell.split() and cell.count(" ") < SHORT_CELL for cell in cells)


def _words(text: str) -> str:
    """Return `text` as lower-case words: those of "North_America", "North-America" and "north america" are the same."""
    return " ".join(_WORD.findall(text.replace("_", " ").casefold()))


def _identifiers(code: str) -> tuple[set[str], set[str]]:
    """Return the attributes and keywords of the code that are not pandas' own, and all the names that it makes."""
    attributes: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(parse(code)):
        if isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.keyword):
            attributes.add(node.arg or "")
        elif not isinstance(node, ast.Constant | ast.alias | ast.ImportFrom):
            for _, value in ast.iter_fields(node):
                names.update(name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str))
        elif isinstance(node, ast.alias):
            names.add(node.asname or "")
    return attributes - _of_pandas() - _OPTIONS, names - KERNEL_NAMES - frozenset(dir(builtins)) - _OPTIONS


@cache
def _of_pandas() -> frozenset[str]:
    import pandas as pd

    owners: tuple[object, ...] = (pd, pd.DataFrame, pd.Series, vars(pd.Series)["str"], vars(pd.Series)["dt"])
    return frozenset(name for owner in owners for name in dir(owner))


class _Masking(ast.NodeTransformer):
    def __init__(self, allowed: set[str], asked: str) -> None:
        self.allowed = allowed
        self.asked = asked

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        value = node.value
        if isinstance(value, bytes):
            return ast.Constant(MASK.encode())
        if isinstance(value, str) and not self._is_known(value):
            return ast.Constant(MASK)
        if isinstance(value, int | float | complex) and not isinstance(value, bool):
            small = isinstance(value, int) and abs(value) < 100
            return node if small or str(value) in self.asked else ast.Constant(0)
        return node

    def _is_known(self, text: str) -> bool:
        return text in self.allowed or len(text) <= 1 or text in self.asked
