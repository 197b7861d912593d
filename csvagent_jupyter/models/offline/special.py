"""Questions that are not about groups: distributions, correlation, gaps, summaries, duplicates, the columns."""

from __future__ import annotations

from .columns import NUMERIC, TEMPORAL, is_group, is_identifier, is_measure, is_year, usual_grain
from .intent import ChartKind, Intent, Key, Measure
from .sentence import NotUnderstoodError, Sentence


def read_special(s: Sentence, chart: ChartKind) -> Intent | None:
    """Return the intent of such a question, None when it is of another sort."""
    if s.unused("correlation") or (s.unused("relation") and not s.unused("aggregate", "count")):
        return _relation(s, chart)
    if s.unused("duplicates"):
        return _duplicates(s)
    if s.unused("missing", "present") and not s.unused("aggregate", "by"):
        return _missing(s)
    if s.unused("distribution") or chart in ("hist", "box"):
        return _distribution(s, chart)
    if s.unused("describe"):
        return _describe(s)
    if s.unused("columns", "shape") and not s.unused("aggregate", "by"):
        if any(True for _ in s.columns()):
            return None
        s.use(*s.unused("columns", "shape", "count", "rows", "distinct"))
        return Intent("columns", "")
    return None


def _named(s: Sentence) -> list[int]:
    return list(s.columns())


def _relation(s: Sentence, chart: ChartKind) -> Intent:
    asked = s.unused("correlation", "relation")
    number = s.unused("correlation")
    places = [at for at in _named(s) if s.column(at, lambda c: c.type in NUMERIC) is not None]
    names = [c.name for at in places if (c := s.column(at, lambda c: c.type in NUMERIC)) is not None]
    s.use(*asked, *places, *s.unused("by"))
    if len(names) == 2:
        kind = "correlation" if number or chart == "" else "scatter"
        return Intent(kind, "", columns=tuple(names), chart="scatter")  # type: ignore[arg-type]
    if number and len(names) != 1:
        listed = tuple(names) or tuple(c.name for c in s.index.profile.columns if is_measure(c))
        if len(listed) < 2:
            raise NotUnderstoodError(s.tags[asked[0]].text, "offline.needs_numbers")
        return Intent("correlation", "", columns=listed)
    if number and len(names) == 1 and not _named(s):
        others = tuple(c.name for c in s.index.profile.columns if is_measure(c) and c.name != names[0])
        if others:
            return Intent("correlation", "", columns=(names[0], *others), order=names[0])
    raise NotUnderstoodError(s.tags[asked[0]].text, "offline.needs_numbers")


def _duplicates(s: Sentence) -> Intent:
    s.use(*s.unused("duplicates", "rows", "count", "by", "distinct"))
    places = _named(s)
    names = tuple(c.name for at in places if (c := s.column(at)) is not None)
    s.use(*places)
    return Intent("duplicates", "", columns=names)


def _missing(s: Sentence) -> Intent | None:
    if s.unused("present"):
        return None
    s.use(*s.unused("missing", "count", "columns", "rows", "most"), *s.unused("share"))
    places = _named(s)
    names = tuple(c.name for at in places if (c := s.column(at)) is not None)
    s.use(*places)
    return Intent("missing", "", columns=names)


def _distribution(s: Sentence, chart: ChartKind) -> Intent | None:
    places = _named(s)
    numbers = [(at, c) for at in places if (c := s.column(at, lambda c: c.type in NUMERIC and not is_identifier(c)))]
    others = [(at, c) for at in places if at not in {n for n, _ in numbers} and (c := s.column(at)) is not None]
    words = s.unused("distribution")
    grains = s.unused("grain")
    if s.unused("aggregate", "count") or (len(numbers) > 1 and chart != "box") or len(others) > 1 or grains:
        s.use(*words)
        return None
    if not places:
        if not words and not chart:
            return None
        raise NotUnderstoodError(" ".join(s.tags[at].text for at in words) or chart, "offline.of_what")
    s.use(*words)
    if numbers and others:
        group = others[0][1]
        if not is_group(group, s.rows) or len(numbers) > 1:
            return None
        s.use(*places, *s.unused("by"))
        return Intent("box", "", columns=(numbers[0][1].name,), keys=(Key(group.name),), chart="box")
    if numbers:
        column = numbers[0][1]
        if is_year(column) and chart == "":
            s.use(*places, *s.unused("by"))
            return Intent("aggregate", "", measures=(Measure("count"),), keys=(Key(column.name),), chart=chart)
        s.use(*places, *s.unused("by"))
        act = "box" if chart == "box" else "distribution"
        return Intent(act, "", columns=tuple(c.name for _, c in numbers), chart="box" if act == "box" else "hist")  # type: ignore[arg-type]
    column = others[0][1]
    if chart == "box":
        raise NotUnderstoodError(s.tags[others[0][0]].text, "offline.needs_numbers")
    s.use(*places, *s.unused("by"))
    grain = usual_grain(column) if column.type in TEMPORAL else ""
    kind: ChartKind = chart if chart in ("bar", "barh", "pie", "line") else ""
    return Intent("aggregate", "", measures=(Measure("count"),), keys=(Key(column.name, grain),), chart=kind)  # type: ignore[arg-type]


def _describe(s: Sentence) -> Intent | None:
    if s.unused("aggregate", "count", "by"):
        return None
    s.use(*s.unused("describe", "columns", "rows"))
    places = _named(s)
    names = tuple(c.name for at in places if (c := s.column(at)) is not None)
    s.use(*places)
    return Intent("describe", "", columns=names)
