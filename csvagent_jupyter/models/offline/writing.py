"""From an intent to the code that answers it, as a colleague would write it."""

from __future__ import annotations

from ...messages import Profile
from ...translations import Language
from . import charts, telling
from .draft import Draft, one_line_comment
from .groups import write_aggregate
from .intent import Intent
from .lists import write_list
from .sentence import NotUnderstoodError


def write(intent: Intent, profile: Profile, language: Language, *, first: bool = True, coerce: bool = False) -> str:
    """Return Python that computes the answer, draws what helps, prints one sentence and ends with the result.

    `first` says that the table is the kernel's ``df``. `coerce` reads dates and numbers anew, for a table whose types
    are not what its profile says.
    """
    if intent.share and not intent.keys and not intent.conditions:
        raise NotUnderstoodError("%", "offline.no_whole")
    draft = Draft(profile, language, first=first)
    draft.may_lack = _may_lack(intent, profile)
    _plan(draft, intent)
    if intent.act == "aggregate":
        write_aggregate(draft, intent, coerce=coerce)
    else:
        write_list(draft, intent, coerce=coerce)
    return draft.source()


def _may_lack(intent: Intent, profile: Profile) -> bool:
    """Tell whether a number of the answer may have no value: of no rows, of gaps only, the spread of one row."""
    if intent.conditions or intent.having or not profile.rows or intent.act != "aggregate":
        return True
    used = {measure.column for measure in intent.measures}
    gaps = any(column.nulls for column in profile.columns if column.name in used)
    return gaps or any(measure.aggregate in ("std", "var") for measure in intent.measures)


def _plan(draft: Draft, intent: Intent) -> None:
    steps = []
    if intent.conditions:
        steps.append(draft.say("plan_filter", conditions=telling.conditions(intent.conditions, draft.language)))
    steps.append(telling.what(intent.but(chart=""), draft.language))
    kind = charts.chosen_kind(draft, intent) if intent.act == "aggregate" and intent.keys else intent.chart
    steps.append(draft.say("plan_answer"))
    if kind:
        steps.append(draft.say("plan_chart", chart=draft.say(f"chart_{kind}")))
    draft.comment("plan")
    for at, step in enumerate(steps, 1):
        draft.add(f"# {at}. {one_line_comment(step)}")
    draft.gap()
