"""``%csvagent``: the words that look after models, sessions, tasks and answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from ..exceptions import BadInput, CSVAgentError
from ..messages import Answer, LedgerEntry, SavedAnalysis, Task
from ..tables.options import OPTIONS as READING
from ..translations import say
from ..widget import listing_html, listing_text
from ..widget.markup import shorten
from .cell import follow_task
from .notebook import Notebook
from .options import OPTIONS, parse_cell_line, split_words


@dataclass(frozen=True, slots=True)
class Word:
    """A word: how many further words it takes, and what it does; what that returns is the value."""

    least: int
    most: int
    do: Callable[[Notebook, list[str]], object]


def say_word(notebook: Notebook, line: str) -> object:
    """Do what the line of ``%csvagent`` asks for; whatever is wrong with it is shown in one sentence."""
    try:
        name, *rest = split_words(line) or ["help"]
        word = WORDS.get(name)
        if word is None:
            raise _unknown(name)
        if len(rest) < word.least:
            raise BadInput("magics.word_missing", word=name, usage=_usage(notebook, name))
        if len(rest) > word.most:
            raise BadInput("magics.too_many_words", word=name, extra=rest[word.most], usage=_usage(notebook, name))
        return word.do(notebook, rest)
    except CSVAgentError as error:
        return notebook.refuse(error, notebook.language)


def _unknown(name: str) -> BadInput:
    close = get_close_matches(name, WORDS, n=1)
    if close:
        return BadInput("magics.unknown_word_near", word=name, near=close[0])
    return BadInput("magics.unknown_word", word=shorten(name, 60), words=" ".join(WORDS))


def _list(notebook: Notebook, title: str, rows: Sequence[Sequence[str]], *, under: str = "") -> None:
    html = listing_html(title, rows, notebook.language, under=under)
    notebook.show(html, listing_text(title, rows, under=under))


def _tell(notebook: Notebook, key: str, **values: Any) -> None:
    _list(notebook, say(f"magics.{key}", notebook.language, **values), [])


def _help(notebook: Notebook, _: list[str]) -> None:
    language = notebook.language
    rows = [
        (f"`%csvagent {_usage(notebook, name)}`", say(f"magics.help_{name}", language))
        for name in WORDS
        if name != "help"
    ]
    options = " ".join(option.name for option in OPTIONS)
    names = " ".join(READING)
    under = say("magics.help_options", language, options=options, names=names)
    _list(notebook, say("magics.help", language), rows, under=under)


def _usage(notebook: Notebook, name: str) -> str:
    return f"{name} {say(f'magics.usage_{name}', notebook.language)}" if name in TAKING else name


def _models(notebook: Notebook, _: list[str]) -> None:
    choices = notebook.door.run(notebook.door.manager.models())
    rows = [("✓" if choice.ready else "○", f"`{choice.name}`", choice.say(notebook.language)) for choice in choices]
    try:
        chosen = notebook.door.run(notebook.door.manager.current_model())
        under = say("magics.model_now", notebook.language, model=chosen.name)
    except CSVAgentError as error:
        under = error.say(notebook.language)
    _list(notebook, say("magics.models", notebook.language), rows, under=under)


def _sessions(notebook: Notebook, _: list[str]) -> None:
    sessions = notebook.door.run(notebook.door.manager.sessions())
    rows = []
    for session in sessions[:50]:
        here = say("magics.this_session", notebook.language) if session.session_id == notebook.session_id else ""
        rows.append((session.session_id, shorten(session.title, 80), session.updated_at[:16].replace("T", " "), here))
    _list(notebook, say("magics.sessions" if rows else "magics.no_sessions", notebook.language), rows)


def _history(notebook: Notebook, rest: list[str]) -> None:
    session_id = _session(notebook, rest)
    past = notebook.door.run(notebook.door.manager.history(session_id)) if session_id else ()
    rows = [(_mark(answer), task.task_id, shorten(task.question.text, 80), _line(answer)) for task, answer in past]
    _list(notebook, say("magics.history" if rows else "magics.no_history", notebook.language), rows)


def _cancel(notebook: Notebook, rest: list[str]) -> None:
    manager, run = notebook.door.manager, notebook.door.run
    if rest:
        ids = rest
    else:
        past: tuple[tuple[Task, Answer | None], ...] = ()
        if notebook.session_id is not None:
            past = run(manager.history(notebook.session_id))
        ids = [task.task_id for task, answer in past if answer is None]
    for task_id in ids:
        run(manager.cancel(task_id))
        _tell(notebook, "cancelling", task_id=task_id)
    if not ids:
        _tell(notebook, "nothing_runs")


def _reset(notebook: Notebook, _: list[str]) -> None:
    if notebook.session_id is not None:
        notebook.door.run(notebook.door.manager.reset(notebook.session_id))
    notebook.forget()
    _tell(notebook, "reset")


def _replay(notebook: Notebook, rest: list[str]) -> object:
    options = parse_cell_line(" ".join(f'"{_escaped(word)}"' for word in rest))
    words = options.sources
    task_id = _saved(notebook, words[0]) if words else _last(notebook)
    sources, frames = notebook.sources(words[1:]) if words[1:] else ((), {})
    door = notebook.door
    task = door.run(door.manager.replay(task_id, sources, dataframes=frames, read=options.stated))
    return follow_task(notebook, task, options, notebook.language)


def _sent(notebook: Notebook, rest: list[str]) -> None:
    from .sent import show_sent

    entries: tuple[LedgerEntry, ...] = notebook.door.run(
        notebook.door.manager.sent(rest[0] if rest else _last(notebook))
    )
    if entries:
        show_sent(notebook, entries)
    else:
        _list(notebook, say("view.sent_nothing", notebook.language), [])


def _save(notebook: Notebook, rest: list[str]) -> None:
    door, name = notebook.door, rest[0]
    task_id = _last(notebook)
    answer = door.run(door.manager.store.result(task_id))
    if answer is None or not answer.script:
        raise BadInput("magics.no_script")
    if name.endswith(".py"):
        _write(Path(name).expanduser(), answer.script)
        _tell(notebook, "saved", path=name)
        return
    task = door.run(door.manager.store.task(task_id))
    kept = SavedAnalysis(uuid4().hex, task.owner, name, task.question, answer.script, task_id)
    door.run(door.manager.store.save_analysis(kept))
    _tell(notebook, "kept", name=name)


def _put(notebook: Notebook, rest: list[str]) -> None:
    _, frames = notebook.sources(rest)
    if not frames:
        raise BadInput("magics.not_a_frame", name=rest[0])
    notebook.frames |= frames
    _tell(notebook, "put", name=rest[0])


def _allow(notebook: Notebook, rest: list[str]) -> None:
    notebook.door.run(notebook.door.manager.allow(rest[0]))
    _list(notebook, say(f"manager.allowed_{rest[0]}", notebook.language), [])


def _report(notebook: Notebook, _: list[str]) -> None:
    _tell(notebook, "no_reports")


def _doctor(notebook: Notebook, _: list[str]) -> None:
    """Show what the command line's doctor says, asked of this very interpreter with this kernel's environment."""
    import subprocess

    from ..widget.code import plain_block

    code = "import sys; from csvagent_jupyter.cli import main; sys.exit(main())"
    asked = [sys.executable, "-c", code, "doctor", "--lang", notebook.language]
    done = subprocess.run(asked, capture_output=True, encoding="utf-8", errors="replace", check=False)  # noqa: S603
    text = (done.stdout + done.stderr).strip()
    notebook.show(plain_block(text), text)


def _session(notebook: Notebook, rest: list[str]) -> str | None:
    if not rest:
        return notebook.session_id
    named = notebook.door.run(notebook.door.manager.session_named(rest[0]))
    if named is None:
        raise BadInput("magics.no_session", name=rest[0])
    return named.session_id


def _last(notebook: Notebook) -> str:
    if notebook.task_id is None:
        raise BadInput("magics.nothing_asked")
    return notebook.task_id


def _saved(notebook: Notebook, name: str) -> str:
    """Return the task of a saved analysis of that name, else the name itself, which is a task's then."""
    manager, run = notebook.door.manager, notebook.door.run
    saved = run(manager.store.analyses(manager.owner))
    return next((one.task_id for one in saved if name in (one.title, one.analysis_id)), name)


def _write(path: Path, script: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(script)
    except FileExistsError:
        raise BadInput("magics.exists", path=str(path)) from None
    except OSError as error:
        raise BadInput("magics.not_written", path=str(path), reason=error.strerror or str(error)) from error


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


def _mark(answer: Answer | None) -> str:
    return "◐" if answer is None else "✓" if answer.success else "✗"


def _line(answer: Answer | None) -> str:
    if answer is None:
        return ""
    text = answer.text_output if answer.success else answer.error.message if answer.error else ""
    return shorten(" ".join(text.split()), 100)


WORDS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "models": Word(0, 0, _models),
        "sessions": Word(0, 0, _sessions),
        "history": Word(0, 1, _history),
        "cancel": Word(0, 1, _cancel),
        "reset": Word(0, 0, _reset),
        "replay": Word(0, 200, _replay),
        "report": Word(0, 1, _report),
        "sent": Word(0, 1, _sent),
        "save": Word(1, 1, _save),
        "put": Word(1, 1, _put),
        "allow": Word(1, 1, _allow),
        "doctor": Word(0, 0, _doctor),
        "help": Word(0, 0, _help),
    }
)
TAKING: Final = frozenset(name for name, word in WORDS.items() if word.most and name != "report")
