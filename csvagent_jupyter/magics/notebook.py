"""What the magics know of their notebook: its shell, its session, its manager, and what a cell has already shown."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import BadInput, CSVAgentError
from ..messages import Answer, AnswerError, Source
from ..translations import Language
from ..widget import Display, answer_html, answer_text
from ..widget.markup import Html

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..blocking import BlockingManager
    from ..manager import CSVAgentManager
    from .options import CellOptions

_VARIABLE = re.compile(r"\{(\w+)\}|\$(\w+)")


class Interrupted(KeyboardInterrupt):
    """The notebook's own interrupt, raised once the view has ended in order: the cells that wait must not run.

    It has nothing to show, because the view says what happened.
    """

    def _render_traceback_(self) -> list[str]:
        return []


class Notebook:
    """One per shell; `session_id` is the dialogue that its cells carry on, `task_id` the last question asked."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.session_id: str | None = None
        self.task_id: str | None = None
        self.language: Language = "en"
        self.frames: dict[str, object] = {}
        self._manager: CSVAgentManager | None = None
        self._lock = threading.RLock()
        self._shown: tuple[object, int] | None = None

    @property
    def door(self) -> BlockingManager:
        """The manager of this process, started when it is first needed."""
        from ..blocking import shared

        with self._lock:
            door = shared(manager=self._manager or self._offer(self._new()))
            if door.manager is not self._manager:
                self._offer(door.manager)
            return door

    def start_ahead(self) -> None:
        """Have the manager started, and with it a kernel, before a cell needs it; not when one has already."""
        from ..blocking import shared

        with self._lock:
            if self._manager is None:
                self._offer(shared(manager=self._new(), ahead=True).manager)

    def manager_for_config(self) -> CSVAgentManager:
        """Return the manager and offer its settings to ``%config``: not started, as long as no cell needed it.

        One that was started ahead makes room for another: some settings count only at its start.
        """
        from ..blocking import close_unwanted

        with self._lock:
            if self._manager is not None and close_unwanted(self._manager):
                return self._offer(self._new())
            return self._manager or self._offer(self._new())

    def _new(self) -> CSVAgentManager:
        from ..manager import CSVAgentManager

        return CSVAgentManager(parent=self.shell)

    def _offer(self, manager: CSVAgentManager) -> CSVAgentManager:
        configurables: list[Any] = self.shell.configurables
        configurables[:] = [one for one in configurables if one is not self._manager]
        configurables.append(manager)
        self._manager = manager
        return manager

    @property
    def is_terminal(self) -> bool:
        return getattr(self.shell, "kernel", None) is None

    def sources(self, words: Sequence[str]) -> tuple[tuple[Source, ...], dict[str, object]]:
        """Return the sources that words mean, and the DataFrames among them by name.

        Without words, what was put into the session. A word ``{name}`` or ``$name`` stands for the text or path in
        that variable. Raises Unreadable or BadInput.
        """
        if not words:
            return (), dict(self.frames)
        from ..tables import resolve_sources

        meant = [self._meant(word) for word in words]
        found = resolve_sources(meant, directory=Path.cwd(), namespace=self.shell.user_ns, language=self.language)
        frames = {each.source.name: each.dataframe for each in found if each.dataframe is not None}
        return tuple(each.source for each in found), frames

    def forget(self) -> None:
        """Begin anew: another session, nothing put into it, no last question."""
        self.session_id = self.task_id = None
        self.frames = {}

    def refuse(self, error: CSVAgentError, language: Language) -> Answer:
        """Show why something cannot be done, in one sentence, and return that as an answer."""
        return self.give(_refusal(error, language))

    def give(self, answer: Answer) -> Answer:
        """Show an answer that has no live view, and return it."""
        if not self.is_terminal:
            self.show(answer_html(answer), answer_text(answer))
            self.mark_shown(answer)
        return answer

    def show(self, html: Html, text: str) -> None:
        """Show something that needs no live view, once."""
        if self.is_terminal:
            print(text)
        else:
            Display(self.shell).show({"text/html": html, "text/plain": text})

    def keep(self, answer: Answer, options: CellOptions) -> None:
        """Do with an answer what the options ask for: a variable, a new cell, files; say so when these cannot be."""
        if options.keep_as is not None:
            self.shell.user_ns[options.keep_as] = answer
        if options.insert and answer.script:
            self.shell.set_next_input(answer.script, replace=False)
        if options.out is not None:
            from ..saving import prepare_folder, save_answer

            try:
                save_answer(answer, prepare_folder(Path(options.out).expanduser()))
            except CSVAgentError as error:
                refusal = _refusal(error, answer.language)
                self.show(answer_html(refusal), answer_text(refusal))

    def mark_shown(self, value: object) -> None:
        """Note that a cell has shown its value, so that its being the cell's value does not show it again."""
        self._shown = (value, self.shell.execution_count)

    def is_shown(self, value: object) -> bool:
        return self._shown is not None and self._shown[0] is value and self._shown[1] == self.shell.execution_count

    def interrupt(self) -> None:
        """End this cell as interrupted, without a traceback; raises Interrupted."""
        shell: Any = self.shell
        if not shell.custom_exceptions:
            shell.set_custom_exc((Interrupted,), _say_nothing)
            shell.events.register("post_run_cell", self._after_interrupt)
        raise Interrupted

    def _after_interrupt(self, *_: object) -> None:
        self.shell.events.unregister("post_run_cell", self._after_interrupt)
        shell: Any = self.shell
        shell.set_custom_exc((), None)

    def _meant(self, word: str) -> str:
        match = _VARIABLE.fullmatch(word)
        if match is None:
            return word
        name = match.group(1) or match.group(2)
        value = self.shell.user_ns.get(name)
        if isinstance(value, str | Path):
            return str(value)
        if name in self.shell.user_ns and word.startswith("{"):
            return name
        if Path(word).exists():
            return word
        raise BadInput("magics.no_such_variable", name=name)


def _say_nothing(shell: Any, etype: Any, value: Any, tb: Any, tb_offset: int | None = None) -> None:
    """Stand in for the traceback of Interrupted."""


def _refusal(error: CSVAgentError, language: Language) -> Answer:
    told = AnswerError(error.kind, error.say(language))
    return Answer(success=False, error=told, suggestions=error.suggestions, language=language)


def json_text(answer: Answer) -> str:
    """Return an answer as the JSON text of the command line."""
    return json.dumps(answer.to_dict(), ensure_ascii=False, indent=2)
