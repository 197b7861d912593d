"""``csvagent profile``: how a file is read and what is in it, without asking anything."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..messages import Column, Profile, Source
from ..tables.option_words import with_stated
from ..tables.order import Bounds
from ..tables.process import in_thread
from ..tables.reader import reading
from ..translations import Language, number, say
from ..widget.cells import cell_text, profile_line
from ..widget.markup import shorten
from .columns import aligned
from .output import Output

EXAMPLES = 3
WIDTH = 28


def profile(options: Namespace, language: Language, output: Output) -> int:
    """Read the file and write its profile; returns the exit code. Raises Unreadable."""
    (path,) = options.words
    (source,) = with_stated([Source(Path(path).name, path=str(Path(path).absolute()))], options.read)
    bounds = Bounds(glance=options.glance)
    table = in_thread(reading(path, language=language, options=source.overrides, bounds=bounds))
    found = table.profile(language)
    if options.json:
        output.json(profile_json(found))
    else:
        output.text(profile_text(found, language))
    return 0


def profile_json(found: Profile) -> dict[str, Any]:
    """Return the profile in the shape that ``--json`` prints: its notes are plain texts."""
    return found.to_dict() | {"notes": [note.text for note in found.notes]}


def profile_text(found: Profile, language: Language) -> str:
    """Return the profile as a table with a line for each column, and the notes below it."""
    words = ("column", "type", "nulls", "distinct", "from", "to")
    head = [say(f"view.column_{word}", language) for word in words] + [say("cli.examples", language)]
    table = aligned([head, *(_row(column, language) for column in found.columns)], right=(2, 3, 4, 5))
    parts = [f"{found.path} · {profile_line(found, language)}", table]
    if found.columns_left_out:
        parts.append(say("view.more_columns", language, columns=found.columns_left_out))
    notes = sorted(found.notes, key=lambda note: note.level != "warning")
    parts.append("\n".join(("⚠ " if note.level == "warning" else "ℹ ") + note.text for note in notes))
    return "\n\n".join(part for part in parts if part)


def _row(column: Column, language: Language) -> list[str]:
    about = "≈ " if column.distinct_is_approximate else ""
    cells = [
        column.name,
        say(f"view.type_{column.type}", language),
        number(column.nulls, language),
        about + number(column.distinct, language),
        cell_text(column.min, language),
        cell_text(column.max, language),
        ", ".join(column.examples[:EXAMPLES]),
    ]
    return [shorten(" ".join(cell.split()), WIDTH) for cell in cells]
