"""An Answer as one piece of HTML that lasts: it needs no widget, no script, no kernel and no network.

The order is that of every surface: the answer, how it was read, plots, notes, and everything else folded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

from ..messages import Answer, Attempt, ResultTable
from ..translations import Language, number, say
from .cells import profile_part, result_table
from .code import code_block, plain_block
from .markup import Html, fold, join, prose, shorten, tag
from .style import STYLE

PLOTS_OPEN: Final = 4
TABLES_SHOWN: Final = 20
LINES_OPEN: Final = 40
CHARACTERS_OPEN: Final = 4_000
MAX_TEXT: Final = 100_000
BROKEN_OFF: Final = frozenset({"cancelled", "timeout", "budget", "kernel_died", "model_unreachable"})
_IMAGE = re.compile(r"data:image/(?:png|svg\+xml|jpeg);base64,[A-Za-z0-9+/=]+\Z")


def answer_html(answer: Answer, *, so_far: Html | None = None) -> Html:
    """Return the lasting display; `so_far` is what a run that was broken off had on view, lost otherwise.

    An answer without a task (a question that could not be asked) has no foot.
    """
    broken_off = answer.error is not None and answer.error.kind in BROKEN_OFF
    parts = [
        STYLE,
        *(_answered(answer) if answer.success else _not_answered(answer)),
        so_far if broken_off else None,
        _notes(answer),
        _folds(answer, with_attempts=so_far is None or not broken_off),
        _files(answer),
        tag("div", _foot(answer), class_="foot") if answer.task_id else None,
    ]
    return tag("div", *parts, class_="csvagent", lang=answer.language)


def error_line(attempt: Attempt, language: Language) -> str:
    """Say in one line what was wrong with an attempt: the error's name, its text, the line."""
    error = attempt.error
    if error is None:
        return say("view.attempt_good", language, number=attempt.number)
    told = error.evalue if error.evalue.startswith(error.ename) else f"{error.ename}: {error.evalue}"
    what = shorten(told.split("\n")[0], 160) if error.evalue else error.ename
    if error.line_number is None:
        return say("view.attempt_bad", language, number=attempt.number, error=what)
    return say("view.attempt_bad_line", language, number=attempt.number, error=what, line=error.line_number)


def attempt_fold(attempt: Attempt, language: Language, *, opened: bool = False) -> Html:
    """Return one attempt as a line that opens to its code and its error."""
    error = attempt.error
    mark = _mark("good", "✓") if error is None else _mark("bad", "✗")
    trace = plain_block(error.traceback) if error is not None and error.traceback else None
    summary = join([mark, " ", error_line(attempt, language)])
    return fold(summary, code_block(attempt.code) if attempt.code else None, trace, opened=opened, class_="try")


def foot_words(answer: Answer) -> list[str]:
    """Say model, isolation, time, tokens and cost, as far as there are any."""
    language = answer.language
    words = [answer.model or say("view.no_model", language)]
    if code_ran(answer):
        words.append(say(f"view.{answer.isolation}", language))
    if answer.cancelled_after is None:
        words.append(seconds_text(answer.seconds, language))
    tokens = answer.usage.input_tokens + answer.usage.output_tokens
    if tokens:
        words.append(say("view.tokens", language, tokens=tokens))
    if answer.usage.cost:
        words.append("$" + number(answer.usage.cost, language, ".4f" if answer.usage.cost < 0.1 else ".2f"))
    return words


def code_ran(answer: Answer) -> bool:
    """Tell whether it came to running code: else there is no level at which it ran."""
    return answer.success or bool(answer.attempts)


def read_as(answer: Answer) -> str:
    """Say how the question was understood; a model that begins its reply with these very words is not repeated."""
    label, text = say("view.read_as", answer.language), (answer.interpretation or "").strip()
    return text if text.startswith(label) or not text else f"{label} {text}"


def ideas_key(answer: Answer) -> str | None:
    """Return the key of the line above the suggestions, None when they would not help with this error."""
    kind = answer.error.kind if answer.error is not None else "failed"
    keys = {"ambiguous": "view.readings", "declined": "view.suggestions", "failed": "view.suggestions"}
    return keys.get(kind) if answer.suggestions else None


def went_to_a_model(answer: Answer) -> bool:
    """Tell whether something was sent to a model that is not part of this program."""
    return answer.model not in (None, "offline")


def _answered(answer: Answer) -> list[Html | None]:
    words = read_as(answer)
    understood = tag("p", words, class_="muted") if words else None
    return [_text(answer.text_output, answer.language), understood, _plots(answer)]


def _not_answered(answer: Answer) -> list[Html | None]:
    language, error = answer.language, answer.error
    kind = error.kind if error is not None else "failed"
    if kind == "cancelled":
        seconds = answer.seconds if answer.cancelled_after is None else answer.cancelled_after
        return [tag("p", tag("b", say("view.stopped", language, seconds=round(seconds, 1))))]
    message = error.message if error is not None else say("view.no_answer", language)
    ideas, heading = None, ideas_key(answer)
    if heading is not None:
        entries = [tag("li", "· ", text) for text in answer.suggestions]
        ideas = join([tag("p", say(heading, language)), tag("ul", *entries, class_="ideas")])
    connect = None
    if kind == "declined" and answer.model == "offline":
        connect = tag("p", prose(say("view.connect", language)), class_="muted")
    return [tag("p", _mark("bad", "✗"), " ", tag("b", prose(message))), ideas, connect]


def _text(text: str, language: Language) -> Html | None:
    text = text.strip("\n")
    if not text.strip():
        return None
    lines = text.split("\n")
    if len(lines) <= LINES_OPEN and len(text) <= CHARACTERS_OPEN:
        return _block(text)
    start = shorten("\n".join(lines[: LINES_OPEN // 2]), CHARACTERS_OPEN // 2)
    key = "view.whole_text" if len(text) <= MAX_TEXT else "view.much_text"
    heading = say(key, language, lines=len(lines), characters=MAX_TEXT)
    return join([_block(start), fold(heading, plain_block(shorten(text, MAX_TEXT)))])


def _block(text: str) -> Html:
    """Prose is set as prose; text with columns made of spaces keeps them."""
    if re.search(r"\S(?: {2,}|\t)\S", text):
        return plain_block(text)
    paragraphs = [tag("p", join(part.split("\n"), "<br>")) for part in re.split(r"\n{2,}", text)]
    return tag("div", *paragraphs, class_="text")


def _plots(answer: Answer) -> Html | None:
    figures = []
    for index, plot in enumerate(answer.plots):
        if not _IMAGE.match(plot):
            continue
        alternative = answer.alt_texts[index] if index < len(answer.alt_texts) else ""
        alternative = alternative or say("view.plot", answer.language, number=index + 1)
        image = tag("img", src=plot, alt=alternative, width=_width(plot))
        figures.append(tag("figure", image))
    if not figures:
        return None
    rest = figures[PLOTS_OPEN:]
    more = None
    if rest:
        more = fold(say("view.more_plots", answer.language, plots=len(rest)), tag("div", *rest, class_="grid"))
    return join([*figures[:PLOTS_OPEN], more])


def _width(plot: str) -> int | None:
    """Half of a PNG's own width, because plots are drawn twice as fine as a screen shows them."""
    try:
        head = base64.b64decode(plot.partition(",")[2][:44])
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(head[16:20], "big") // 2 or None if head[:4] == b"\x89PNG" else None


def _notes(answer: Answer) -> Html | None:
    ordered = sorted(answer.notes, key=lambda note: note.level != "warning")
    marks = {"warning": _mark("warn", "⚠"), "info": _mark("muted", "ℹ")}
    entries = [tag("li", marks[note.level], " ", note.text) for note in ordered]
    return tag("ul", *entries) if entries else None


def _folds(answer: Answer, *, with_attempts: bool) -> Html | None:
    language = answer.language
    folds = [_table_fold(table, language) for table in answer.tables[:TABLES_SHOWN]]
    if len(answer.tables) > TABLES_SHOWN:
        folds.append(tag("span", say("view.more_tables", language, tables=len(answer.tables) - TABLES_SHOWN)))
    if answer.success and (answer.final_code or answer.script):
        folds.append(fold(say("view.code", language), *_code(answer)))
    if answer.attempts and with_attempts:
        entries = _attempts(answer.attempts, language, with_code=not answer.success or len(answer.attempts) > 1)
        heading = say("view.attempts", language, attempts=len(answer.attempts))
        folds.append(fold(heading, *entries, opened=not answer.success))
    if answer.profiles:
        profiles = [profile_part(profile, language) for profile in answer.profiles]
        notes = [tag("p", note.text) for profile in answer.profiles for note in profile.notes]
        folds.append(fold(say("view.how_read", language), *profiles, *notes))
    return tag("div", *folds, class_="folds") if folds else None


def _table_fold(table: ResultTable, language: Language) -> Html:
    return fold(say("view.table", language, rows=table.total_rows), result_table(table, language))


def _code(answer: Answer) -> list[Html]:
    shown = [code_block(answer.final_code or answer.script)]
    if answer.final_code and answer.script and answer.script != answer.final_code:
        shown.append(fold(say("view.script", answer.language), code_block(answer.script)))
    return shown


def _attempts(attempts: Sequence[Attempt], language: Language, *, with_code: bool) -> list[Html]:
    if with_code:
        return [attempt_fold(attempt, language) for attempt in attempts]
    return [tag("p", _mark("good", "✓"), " ", error_line(attempt, language)) for attempt in attempts]


def _files(answer: Answer) -> Html | None:
    if not answer.files:
        return None
    names = ", ".join(f"{file.name} ({size_text(file.size, answer.language)})" for file in answer.files[:20])
    return tag("p", say("view.files", answer.language, names=names), class_="muted")


def seconds_text(seconds: float, language: Language) -> str:
    """Write a time to a tenth of a second, and what is shorter to a hundredth."""
    return say("view.seconds", language, seconds=round(seconds, 1 if seconds >= 0.1 else 2))


def size_text(size: int, language: Language) -> str:
    """Write a number of bytes as a person reads it."""
    if size < 1_000:
        return say("view.bytes", language, size=size)
    unit, divided = ("kilobytes", size / 1e3) if size < 1_000_000 else ("megabytes", size / 1e6)
    return say(f"view.{unit}", language, size=round(divided, 1))


def _foot(answer: Answer) -> Html:
    gaps = "\n".join(answer.isolation_gaps)
    words: list[str] = [tag("span", word) for word in foot_words(answer)]
    if gaps and code_ran(answer):
        words[1] = tag("span", say(f"view.{answer.isolation}", answer.language), title=gaps)
    if went_to_a_model(answer):
        sent = say("view.sent_hint", answer.language)
        words.append(join([sent, " ", tag("code", "%csvagent sent")]))
    return join(words, " · ")


def _mark(class_: str, sign: str) -> Html:
    return tag("span", sign, class_=f"mark {class_}")
