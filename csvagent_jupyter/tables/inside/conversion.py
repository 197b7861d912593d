"""From what the cells are to the pandas call that reads them so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...messages import Dialect
from ..recipe import Recipe, Step, ToDatetime, ToNumber
from .dialect import Layout
from .values import STANDARD, ColumnPlan, wordlike_are_missing

LOW_MEMORY_FROM = 200_000
"""From this size on pandas decides types piece by piece, unless told not to."""
_SPACES = (" ", "\u00a0", "\u202f", "\u2009")
_SUFFIXES = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns a file has: `plain` when pandas finds the same names by itself, `extra` stand beyond the header."""

    names: tuple[str, ...]
    plain: bool
    extra: int = 0


def structure(
    dialect: Dialect, shape: Shape, layout: Layout, *, size: int, replaced: bool, suffix: str
) -> dict[str, Any]:
    """Return the options of ``pandas.read_csv`` that find the cells of the file, whatever they are."""
    options: dict[str, Any] = {}
    if dialect.delimiter != ",":
        options["sep"] = dialect.delimiter
    if dialect.encoding.lower().replace("_", "-") not in {"utf-8", "utf8", "ascii"}:
        options["encoding"] = dialect.encoding
    if replaced:
        options["encoding_errors"] = "replace"
    if dialect.skipped_rows:
        options["skiprows"] = dialect.skipped_rows
    if not shape.plain or dialect.header_rows != 1:
        by_name = dialect.header_rows and not shape.extra
        options["header"] = dialect.header_rows - 1 if by_name else None
        options["names"] = list(shape.names)
        if not by_name and layout.body_from:
            options["skiprows"] = layout.body_from
    if layout.widest > len(shape.names):
        options["usecols"] = range(len(shape.names))
    if not shape.plain or layout.widest > len(shape.names):
        options["index_col"] = False
    if not dialect.quotechar:
        options["quoting"] = 3
    elif dialect.quotechar != '"':
        options["quotechar"] = dialect.quotechar
    if dialect.escapechar:
        options["escapechar"] = dialect.escapechar
    if len(shape.names) == 1 and layout.blank_count:
        options["skip_blank_lines"] = True
    if _SUFFIXES.get(suffix, "") != dialect.compression:
        options["compression"] = dialect.compression or None
    if size > LOW_MEMORY_FROM:
        options["low_memory"] = False
    return options


def recipe_for(path: str, structural: Mapping[str, Any], plans: Sequence[ColumnPlan], member: str = "") -> Recipe:
    """Return the recipe that reads the columns as planned."""
    decimal, thousands = _usual_marks(plans)
    options = dict(structural)
    if decimal != ".":
        options["decimal"] = decimal
    if thousands:
        options["thousands"] = thousands
    pins: dict[str, Any] = {}
    steps: list[Step] = []
    for plan in plans:
        step = _step(plan, decimal, thousands)
        if step is not None:
            steps.append(step)
            if (
                isinstance(step, ToNumber)
                or thousands
                or "-" not in plan.date_format.replace(".", "-").replace("/", "-")
            ):
                pins[plan.name] = str
        elif pin := _pin(plan):
            pins[plan.name] = pin
    if pins:
        options["dtype"] = str if len(pins) > 3 and all(pins.get(plan.name) is str for plan in plans) else pins
    options.update(_missing_options(plans))
    return Recipe(path, options, tuple(_merged(steps)), member)


def corrected(plans: Sequence[ColumnPlan], frame: Any) -> list[ColumnPlan]:
    """Return the plans, with those made explicit whose column pandas read as something else than planned."""
    import pandas.api.types as types

    fits = {
        "integer": types.is_any_real_numeric_dtype,
        "number": types.is_any_real_numeric_dtype,
        "boolean": types.is_bool_dtype,
        "text": types.is_string_dtype,
        "time": types.is_string_dtype,
    }
    return [
        replace(plan, explicit=True) if plan.kind in fits and not fits[plan.kind](frame[plan.name].dtype) else plan
        for plan in plans
    ]


def _usual_marks(plans: Iterable[ColumnPlan]) -> tuple[str, str]:
    """Return the decimal sign and the thousands mark that most numbers of the file are written with."""
    numbers = [plan for plan in plans if plan.kind in {"integer", "number"} and not plan.marks]
    decimals = Counter(plan.decimal for plan in numbers if plan.kind == "number" or plan.thousands)
    decimal = max(decimals, key=lambda mark: (decimals[mark], mark == ".")) if decimals else "."
    marks = Counter(plan.thousands for plan in numbers if plan.thousands in {",", "."} and plan.decimal == decimal)
    return decimal, marks.most_common(1)[0][0] if marks else ""


def _step(plan: ColumnPlan, decimal: str, thousands: str) -> Step | None:
    if plan.kind in {"date", "datetime"}:
        return ToDatetime((plan.name,), plan.date_format, plan.utc)
    if plan.kind not in {"integer", "number"}:
        return None
    same_decimal = plan.decimal == decimal or (plan.kind == "integer" and not plan.thousands)
    same_thousands = not plan.thousands or plan.thousands == thousands
    if same_decimal and same_thousands and not plan.marks and not plan.explicit:
        return None
    removed = plan.marks
    if plan.thousands == " ":
        removed += _SPACES
    elif plan.thousands == "'":
        removed += ("'", "’")
    elif plan.thousands:
        removed += (plan.thousands,)
    return ToNumber((plan.name,), removed, plan.decimal, "Int64" if plan.nullable_integer else "")


def _pin(plan: ColumnPlan) -> Any:
    if plan.kind in {"text", "time"} and (plan.looks_numeric or plan.explicit):
        return str
    if plan.kind == "boolean" and plan.missing_count:
        return "boolean"
    if plan.kind == "integer" and plan.nullable_integer and plan.missing_count:
        return "Int64"
    return None


def _missing_options(plans: Sequence[ColumnPlan]) -> dict[str, Any]:
    """Return ``na_values`` and ``keep_default_na``: nothing where pandas' own list already does what is planned."""
    keeps = {plan.name: plan.kept_words - plan.missing for plan in plans}
    extra = frozenset().union(*(plan.missing for plan in plans)) - STANDARD
    if not any(keeps.values()) and not any(plan.met_extra - plan.missing for plan in plans if extra):
        return {"na_values": sorted(extra)} if extra else {}
    return {"na_values": {plan.name: ["", *sorted(plan.missing)] for plan in plans}, "keep_default_na": False}


def settle_words(plans: Sequence[ColumnPlan]) -> list[ColumnPlan]:
    """Decide what NA and None mean in columns of text: missing where the file's numbers use them so, else words."""
    if not wordlike_are_missing(plans):
        return list(plans)
    return [
        replace(plan, missing=plan.missing | plan.kept_words, kept_words=frozenset()) if plan.kept_words else plan
        for plan in plans
    ]


def _merged(steps: Iterable[Step]) -> list[Step]:
    """Join the steps that do the same to several columns."""
    groups: dict[Step, list[str]] = {}
    for step in steps:
        groups.setdefault(replace(step, columns=()), []).extend(step.columns)
    return [replace(step, columns=tuple(names)) for step, names in groups.items()]
