"""What control runs showed: `control.json` has for each attempt as which users it worked without confinement.

An attempt is known there by its digest, so one that was changed has to be shown anew, by ``make escapes`` or by
``python -m tests.escapes --control --record area/name``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from .runner import Outcome, user_here
from .table import Attempt, read_table

RECORD = Path(__file__).parent / "control.json"


def record(outcomes: Iterable[Outcome], user: str = "") -> None:
    """Write down the outcomes of a control run as that user, by default the one who runs this."""
    known, digests = _read(), {one.id: one.digest for one in read_table()}
    for one in outcomes:
        users = {user or user_here()} if one.worked else set()
        digest, *before = known.get(one.id, [one.digest])
        rest = set(before) - {user or user_here()} if digest == one.digest else set()
        known[one.id] = [one.digest, *sorted(users | rest)]
    kept = {name: known[name] for name in sorted(known) if digests.get(name) == known[name][0]}
    RECORD.write_text(json.dumps(kept, indent=0) + "\n")


def not_shown(table: Iterable[Attempt]) -> list[str]:
    """Return the attempts of which no control run has shown, for each user whom they concern, that they work."""
    known, found = _read(), []
    for one in table:
        digest, *users = known.get(one.id, [""])
        wanted = {one.who} if one.who else {"root", "user"}
        if digest != one.digest or not wanted <= set(users):
            found.append(one.id)
    return found


def _read() -> dict[str, list[str]]:
    known: dict[str, list[str]] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return known
