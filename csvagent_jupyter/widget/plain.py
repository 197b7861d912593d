"""An Answer and a run as text: for a terminal, and as the text of every display."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..messages import Answer, ResultTable
from ..translations import Language, say
from .cells import cell_text, file_name, profile_line
from .lasting import error_line, foot_words, ideas_key, read_as, size_text, went_to_a_model
from .markup import clean, shorten
from .run import Run

ROWS: Final = 10
COLUMNS: Final = 8
CELL: Final = 24
MAX_TEXT: Final = 20_000


def answer_text(answer: Answer, *, in_notebook: bool = True) -> str:
    """Return the answer in the order of every surface; nothing in it can steer a terminal.

    Only `in_notebook` does it name the magic's words for what to do next.
    """
    parts = _answered(answer) if answer.success else _not_answered(answer, in_notebook)
    notes = sorted(answer.notes, key=lambda note: note.level != "warning")
    parts.append("\n".join(("⚠ " if note.level == "warning" else "ℹ ") + note.text for note in notes))
    if answer.files:
        names = ", ".join(f"{file.name} ({size_text(file.size, answer.language)})" for file in answer.files)
        parts.append(say("view.files", answer.language, names=names))
    if not answer.success or len(answer.attempts) > 1:
        parts.append("\n".join(error_line(attempt, answer.language) for attempt in answer.attempts))
    if answer.task_id:
        foot = foot_words(answer)
        if in_notebook and went_to_a_model(answer):
            foot.append(say("view.sent_hint", answer.language) + " %csvagent sent")
        parts.append(" · ".join(foot))
    return clean("\n\n".join(part for part in parts if part))


def progress_line(run: Run, width: int = 100) -> str:
    """Return what is happening now in one line, for a place that is overwritten."""
    return shorten(f"◐ {run.headline()} · {clock_text(run.elapsed)}", width)


def clock_text(seconds: float) -> str:
    """Write an elapsed time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _answered(answer: Answer) -> list[str]:
    language = answer.language
    parts = [shorten(answer.text_output.strip("\n"), MAX_TEXT)]
    parts.append(read_as(answer))
    for index, plot in enumerate(answer.plots):
        alternative = answer.alt_texts[index] if index < len(answer.alt_texts) else ""
        parts.append(f"[{say('view.plot', language, number=index + 1)}] {alternative}".rstrip() if plot else "")
    parts.extend(_table(table, language) for table in answer.tables[:3])
    parts.extend(f"{file_name(profile)}: {profile_line(profile, language)}" for profile in answer.profiles)
    return parts


def _not_answered(answer: Answer, in_notebook: bool) -> list[str]:
    language, error = answer.language, answer.error
    if error is not None and error.kind == "cancelled":
        seconds = answer.seconds if answer.cancelled_after is None else answer.cancelled_after
        return [say("view.stopped", language, seconds=round(seconds, 1)), answer.final_code]
    parts = [error.message.replace("`", "") if error is not None else say("view.no_answer", language)]
    heading = ideas_key(answer)
    if heading is not None:
        parts.append("\n".join([say(heading, language), *(f"  · {text}" for text in answer.suggestions)]))
    if in_notebook and error is not None and error.kind == "declined" and answer.model == "offline":
        parts.append(say("view.connect", language).replace("`", ""))
    return parts


def _table(table: ResultTable, language: Language) -> str:
    columns, rows = table.columns[:COLUMNS], table.rows[:ROWS]
    cells = [list(columns), *([cell_text(value, language) for value in row[: len(columns)]] for row in rows)]
    lines = _aligned([[shorten(cell.replace("\n", " "), CELL) for cell in row] for row in cells])
    if table.total_rows > len(rows):
        lines.append(say("view.first_rows", language, shown=len(rows), rows=table.total_rows))
    if len(table.columns) > len(columns):
        lines.append(say("view.first_columns", language, shown=len(columns), columns=len(table.columns)))
    return "\n".join(lines)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows if index < len(row)) for index in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
