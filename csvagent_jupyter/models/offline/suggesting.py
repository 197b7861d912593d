"""Questions that can really be answered on a table: for an empty panel, and beside every refusal."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages import Column, Profile
from ...translations import Language, say
from .columns import NUMERIC, TEMPORAL, is_group, is_measure, usual_aggregate
from .reading import read
from .sentence import NotUnderstoodError, UnclearError

HOW_MANY = 3


def suggest(profiles: tuple[Profile, ...], language: Language) -> tuple[str, ...]:
    """Return up to three questions about the first table that has columns, each of which the engine answers."""
    profile = next((profile for profile in profiles if profile.columns), None)
    if profile is None:
        return ()
    found: list[str] = []
    languages = ("ru", "en") if language == "ru" else ("en",)
    for question in _candidates(profile, language):
        if question not in found and _answerable(question, profile, languages):
            found.append(question)
        if len(found) == HOW_MANY:
            break
    return tuple(found)


def _answerable(question: str, profile: Profile, languages: tuple[str, ...]) -> bool:
    try:
        read(question, profile, languages)
    except (NotUnderstoodError, UnclearError):
        return False
    return True


def _candidates(profile: Profile, language: Language) -> Iterator[str]:
    measures = sorted(
        (c for c in profile.columns if is_measure(c)), key=lambda c: (usual_aggregate(c) != "sum", c.type != "number")
    )
    most = min(50, max(2, profile.rows // 2))
    groups = [c for c in profile.columns if is_group(c, profile.rows) and 2 <= c.distinct <= most and _nameable(c)]
    dates = [c for c in profile.columns if c.type in TEMPORAL and _nameable(c)]
    measures = [c for c in measures if _nameable(c)]
    measure = measures[0].name if measures else ""
    word = "sum" if measures and usual_aggregate(measures[0]) == "sum" else "mean"
    names = {"measure": measure, "group": groups[0].name if groups else "", "date": dates[0].name if dates else ""}
    if measures and dates:
        yield say(f"offline.suggest_{word}_by_month", language, **names)
    if measures and groups:
        yield say(f"offline.suggest_{word}_by_group", language, **names)
    if groups:
        yield say("offline.suggest_count_by_group", language, **names)
    numbers = [c.name for c in profile.columns if c.type in NUMERIC and _nameable(c)]
    if numbers:
        yield say("offline.suggest_distribution", language, number=(measure or numbers[0]))
    if len(measures) > 1:
        yield say("offline.suggest_correlation", language, x=measures[0].name, y=measures[1].name)
    yield say("offline.suggest_missing", language)
    yield say("offline.suggest_rows", language)
    yield say("offline.suggest_describe", language)


def _nameable(column: Column) -> bool:
    return column.name.isprintable() and '"' not in column.name and 0 < len(column.name.strip()) <= 60
