"""The code that is shown for a file: pandas' own, where it gives the very same table when tried, or ours."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

import pyarrow as pa

from ...messages import Dialect
from ..options import OPTIONS
from ..recipe import ReaderCall, Recipe
from .columns.plans import ColumnPlan
from .conversion import Shape, corrected, recipe_for, structure
from .encoding.decoder import Wrong
from .layout.walking import Layout, scan
from .looking import Look

_CANNOT: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, csv.Error)
_ALWAYS: Final = ("encoding", "delimiter", "header_rows", "skipped_rows")
_WHERE_OTHER: Final = ("quotechar", "escapechar", "comment", "footer_rows")


def code_for(look: Look, plans: Sequence[ColumnPlan], table: pa.Table, suffix: str) -> Recipe | ReaderCall:
    """Return the code that gives this table of a small file: pandas' is run, and every cell compared."""
    wanted = table.to_pandas(use_threads=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for recipe in _recipes(look, plans, suffix):
            if _is_equal(_frame(recipe, look.source.start), wanted):
                return recipe
    return reader_call(look, look.decoded.wrong)


def reader_call(look: Look, wrong: Wrong) -> ReaderCall:
    """Return the call of ``read_table`` with everything stated that was found, and that a person stated.

    The encoding is left to be found again where lines are in a second one: stated, it would be the only one.
    """
    usual = Dialect()
    options = {name: getattr(look.dialect, name) for name in _ALWAYS if name != "encoding" or not wrong.mixed}
    for name in _WHERE_OTHER:
        if (found := getattr(look.dialect, name)) != getattr(usual, name):
            options[name] = found
    known = {field.name for field in fields(Dialect)}
    for name in look.given.stated:
        if name in OPTIONS and name in known:
            value = getattr(look.given, name)
            options[name] = list(value) if isinstance(value, tuple) else value
    return ReaderCall("", options)


def _recipes(look: Look, plans: Sequence[ColumnPlan], suffix: str) -> Iterator[Recipe]:
    """Yield the pandas calls that may do; the next one makes explicit what pandas took for something else."""
    if look.given.as_text:
        options = _structure(look, suffix) | {"dtype": "str", "keep_default_na": False}
        yield Recipe("", options, member=_member(look))
        return
    if any(plan.needs_reader for plan in plans):
        return
    try:
        first = recipe_for("", _structure(look, suffix), plans, _member(look))
    except _CANNOT:
        return
    yield first
    frame = _frame(first, look.source.start)
    if frame is not None and set(frame.columns) >= {plan.name for plan in plans}:
        second = corrected(plans, frame)
        if second != list(plans):
            yield recipe_for("", _structure(look, suffix), second, _member(look))


def _structure(look: Look, suffix: str) -> dict[str, Any]:
    """Return the options that find the cells."""
    try:
        header, layout = scan(look.text, look.dialect)
    except csv.Error:
        header, layout = [], Layout()
    plain = len(header) == 1 and list(header[0]) == look.names
    extra = max(0, len(look.names) - layout.width)
    options = structure(
        look.dialect,
        Shape(tuple(look.names), plain and not extra, extra),
        layout,
        size=len(look.source.start),
        replaced=bool(look.decoded.replaced),
        suffix=suffix,
    )
    if look.dialect.footer_rows or look.dialect.table > 1 or look.examined.tables:
        options["nrows"] = len(look.rows.cells)
    if look.dialect.comment:
        options["comment"] = look.dialect.comment
    return options


def _member(look: Look) -> str:
    return "" if look.source.alone else look.source.member


def _frame(recipe: Recipe, data: bytes) -> Any:
    """Return what the code gives; None when it gives nothing."""
    try:
        return recipe.frame(data)
    except (*_CANNOT, Warning):
        return None


def _is_equal(frame: Any, wanted: Any) -> bool:
    from pandas.testing import assert_frame_equal

    if frame is None:
        return False
    try:
        # The number parser of pandas may be wrong in the last bit.
        assert_frame_equal(frame, wanted, rtol=1e-14, atol=0)
    except (AssertionError, *_CANNOT):
        return False
    return True
