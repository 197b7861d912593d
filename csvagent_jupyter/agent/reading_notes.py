"""What a person should know of how the files were read, as notes under every answer about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from ..messages import Note, Profile, Turn
from ..translations import Language, say

MOST_CHARACTERS: Final = 300


def reading_notes(profiles: Sequence[Profile], turns: Sequence[Turn], language: Language) -> tuple[Note, ...]:
    """Return the notes on how the files of `profiles` were read, warnings first.

    Warnings come with every question. What is only information is one note for each file, and does not come again when
    a turn of the session was about that file.
    """
    several = len(profiles) > 1
    known = {path for turn in turns for path in turn.paths}
    warnings = [
        Note("warning", f"{_name(profile)}: {note.text}" if several else note.text)
        for profile in profiles
        for note in profile.notes
        if note.level == "warning"
    ]
    infos = [_folded(profile, language) for profile in profiles if profile.path not in known]
    return (*warnings, *(note for note in infos if note is not None))


def _folded(profile: Profile, language: Language) -> Note | None:
    """Return all that is only information about one file as one note of readable length."""
    texts = [note.text for note in profile.notes if note.level == "info"]
    if not texts:
        return None
    kept = 1
    while kept < len(texts) and len(" ".join(texts[: kept + 1])) <= MOST_CHARACTERS:
        kept += 1
    parts = texts[:kept]
    if kept < len(texts):
        parts.append(say("agent.reading_more", language, notes=len(texts) - kept))
    return Note("info", say("agent.reading_notes", language, name=_name(profile), notes=" ".join(parts)))


def _name(profile: Profile) -> str:
    return PurePath(profile.path).name or profile.name
