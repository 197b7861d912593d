"""From what the cells are to the pandas call that reads them so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...messages import Dialect
from ..recipe import Recipe, Step, ToBoolean, ToDatetime, ToNumber
from .columns.booleans import AS_PANDAS
from .columns.missing import STANDARD
from .columns.plans import ColumnPlan
from .columns.quantities import NumberStyle, replacements
from .columns.values import settle_words as settle_words
from .layout.walking import Layout

LOW_MEMORY_FROM = 200_000
"""From this size on pandas decides types piece by piece, unless told not to."""
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
    """Return the recipe that reads the columns as planned; see `ColumnPlan.needs_reader` for what has none."""
    decimal, thousands = _usual_marks(plans)
    options = dict(structural)
    if decimal != ".":
        options["decimal"] = decimal
    if thousands:
        options["thousands"] = thousands
    pins: dict[str, str] = {}
    steps: list[Step] = []
    for plan in plans:
        step = _step(plan, decimal, thousands)
        if step is not None:
            steps.append(step)
            if not isinstance(step, ToDatetime) or thousands or "%Y%m" in plan.formats[0] or step.strip:
                pins[plan.name] = "str"
        elif pin := _pin(plan):
            pins[plan.name] = pin
    if pins:
        options["dtype"] = "str" if len(pins) > 3 and all(pins.get(plan.name) == "str" for plan in plans) else pins
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
    styles = [(plan.kind, plan.style) for plan in plans if plan.kind in {"integer", "number"}]
    numbers = [(kind, style) for kind, style in styles if _by_pandas(style)]
    decimals = Counter(style.decimal for kind, style in numbers if kind == "number" or style.thousands)
    decimal = max(decimals, key=lambda mark: (decimals[mark], mark == ".")) if decimals else "."
    marks = Counter(style.thousands for _, style in numbers if style.thousands and style.decimal == decimal)
    return decimal, marks.most_common(1)[0][0] if marks else ""


def _by_pandas(style: NumberStyle) -> bool:
    """Tell whether ``decimal`` and ``thousands`` of read_csv are enough for these numbers."""
    return style.thousands in {"", ",", "."} and not (style.marks or style.minus or style.scales or style.spaces)


def _step(plan: ColumnPlan, decimal: str, thousands: str) -> Step | None:
    if plan.formats:
        return ToDatetime((plan.name,), plan.formats, plan.utc, plan.padded)
    if plan.kind == "boolean":
        true, false = plan.truth
        if true | false <= AS_PANDAS and not plan.padded and not plan.explicit:
            return None
        return ToBoolean((plan.name,), tuple(sorted(true)), tuple(sorted(false)), bool(plan.missing_count), plan.padded)
    if plan.kind not in {"integer", "number"}:
        return None
    style = plan.style
    same_decimal = style.decimal == decimal or (style.whole and not style.thousands)
    same_thousands = not style.thousands or style.thousands == thousands
    if _by_pandas(style) and same_decimal and same_thousands and not plan.explicit:
        return None
    exact = plan.nullable_integer and bool(plan.missing_count)
    return ToNumber((plan.name,), replacements(style), "after" in style.minus, plan.padded, exact)


def _pin(plan: ColumnPlan) -> str:
    if plan.textual and (plan.looks_typed or plan.explicit or plan.why_text):
        return "str"
    if plan.kind == "boolean" and plan.missing_count:
        return "boolean"
    if plan.kind == "integer" and plan.nullable_integer and plan.missing_count:
        return "Int64"
    return ""


def _missing_options(plans: Sequence[ColumnPlan]) -> dict[str, Any]:
    """Return ``na_values`` and ``keep_default_na``: nothing where pandas' own list already does what is planned."""
    keeps = {plan.name: plan.kept_words - plan.missing for plan in plans}
    extra = frozenset().union(*(plan.missing for plan in plans)) - STANDARD
    if not any(keeps.values()) and not any(plan.met_extra - plan.missing for plan in plans if extra):
        return {"na_values": sorted(extra)} if extra else {}
    return {"na_values": {plan.name: ["", *sorted(plan.missing)] for plan in plans}, "keep_default_na": False}


def _merged(steps: Iterable[Step]) -> list[Step]:
    """Join the steps that do the same to several columns."""
    groups: dict[Step, list[str]] = {}
    for step in steps:
        groups.setdefault(replace(step, columns=()), []).extend(step.columns)
    return [replace(step, columns=tuple(names)) for step, names in groups.items()]
