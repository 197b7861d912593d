"""Which of two readings numbers like 1.234 and 1,234 have, where their column alone does not say it.

What decides is looked for in the order in which people would: what the column is called, how the file's other numbers
are written, then how the numbers themselves are spread. Where nothing decides, a plan stays `ambiguous`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from .plans import ColumnPlan
from .quantities import NumberStyle
from .words import Words

_NUMBERS: Final = frozenset({"integer", "number"})
_MEASURED: Final = re.compile(
    r"(?<![^\W_])(?:lat|lon|lng|long|x|y|kg|ph)(?![^\W_])|latitude|longitude|coord|weight|ratio|rate|coef|density"
    r"|широт|долгот|координат|вес|масса|коэф|плотност|курс",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    r"population|inhabit|revenue|turnover|salary|amount|count|umsatz|betrag|einwohner|anzahl|gehalt|montant|importe"
    r"|население|численност|количеств|выручк|зарплат|оклад|сумма|стоимост",
    re.IGNORECASE,
)
_UNGROUPED: Final = r"\D*\d{4,},\d+\D*"
_POINT: Final = r".*\d\.\d{3}(?!\d).*"
_FEW: Final = 4


def numbers_settled(plans: Sequence[ColumnPlan], delimiter: str, words: Mapping[str, Words]) -> list[ColumnPlan]:
    """Decide what may be a thousand or a decimal; `words` are the cells of the columns of numbers with a mark."""
    sure = [plan for plan in plans if plan.kind in _NUMBERS and not plan.either]
    grouped = next((plan for plan in sure if plan.style.thousands == "."), None)
    comma = next((plan for plan in sure if plan.style.decimal == "," and not plan.style.whole), None) or grouped
    point = next((plan for plan in sure if plan.style.thousands == ","), None)
    point = point or next((plan for plan in sure if plan.style.decimal == "." and not plan.style.whole), None)
    done = []
    for plan in plans:
        if plan.either and plan.kind in _NUMBERS:
            if plan.style.thousands == ",":
                plan = _comma_settled(plan, comma, point, delimiter)
            elif _MEASURED.search(plan.name):
                plan = replace(plan, because=plan.name)
            elif comma is not None:
                plan = _point_settled(plan, comma, grouped, words)
            elif point is not None:
                plan = replace(plan, because_column=point.name)
            elif delimiter == "," and words[plan.name].all_fit(_POINT):
                plan = replace(plan, either="")
        done.append(plan)
    return done


def other_style(style: NumberStyle) -> NumberStyle:
    """Return the style that numbers like 1,234 or 1.234 may have as well: the mark is the other one."""
    if style.thousands == ",":
        return replace(style, decimal=",", thousands="", whole=False)
    return replace(style, decimal=",", thousands=".", whole=True)


def _comma_settled(plan: ColumnPlan, comma: ColumnPlan | None, point: ColumnPlan | None, delimiter: str) -> ColumnPlan:
    deciding = comma or point
    if comma is not None or (point is None and delimiter == ";"):
        plan = _exchanged(plan)
    if deciding is not None:
        return replace(plan, because_column=deciding.name)
    return replace(plan, either="") if delimiter == "," else plan


def _point_settled(
    plan: ColumnPlan, comma: ColumnPlan, grouped: ColumnPlan | None, words: Mapping[str, Words]
) -> ColumnPlan:
    """Decide on 1.234 in a file with decimal commas: coordinates and measurements keep their point there, too."""
    cells = words[plan.name]
    pointed = cells.kept(cells.fits(_POINT))
    if grouped is not None or _COUNTED.search(plan.name) or len(pointed) < len(cells):
        # Beside numbers with a fraction of three digits, all others would have one, too.
        return replace(_exchanged(plan), because_column=(grouped or comma).name)
    ungrouped = next((name for name, each in words.items() if name != plan.name and each.any_fits(_UNGROUPED)), "")
    if ungrouped:
        return replace(plan, because_column=ungrouped)
    texts = pointed.sample()
    round_ = sum(1 for text in texts if text.rstrip(" %").endswith("0"))
    if round_ >= _FEW and 3 * round_ > len(texts):
        return replace(_exchanged(plan), because_column=comma.name)
    sizes = [abs(int("".join(filter(str.isdigit, text)))) for text in texts]
    return plan if max(sizes) < 2 * min(sizes) else _exchanged(plan)


def _exchanged(plan: ColumnPlan) -> ColumnPlan:
    style = other_style(plan.style)
    return replace(plan, style=style, kind="integer" if style.whole else "number")
