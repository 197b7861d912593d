"""``%%csvagent`` and ``%csvagent``: registered at once; what they need is imported when one of them is first used."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..messages import Answer
    from .completion import Matcher
    from .notebook import Notebook

_ANSWER = ("csvagent_jupyter.messages", "Answer")
_HANDLE = ("csvagent_jupyter.magics.cell", "Background")
_loaded: dict[int, Loaded] = {}


def register(shell: InteractiveShell) -> None:
    """Give a shell the magics; called by ``%load_ext``, also for a second time."""
    unregister(shell)
    _loaded[id(shell)] = loaded = Loaded(shell)
    loaded.install()


def unregister(shell: InteractiveShell) -> None:
    """Take from a shell what `register` gave it."""
    loaded = _loaded.pop(id(shell), None)
    if loaded is not None:
        loaded.remove()


class Loaded:
    """What one shell has of ours: the two magics, Tab on their lines, and how an Answer looks."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._notebook: Notebook | None = None
        self._making = threading.Lock()
        self._matcher: Matcher | None = None

    @property
    def notebook(self) -> Notebook:
        """What the magics know of this notebook; made when it is first asked for."""
        with self._making:
            if self._notebook is None:
                from .notebook import Notebook

                self._notebook = Notebook(self.shell)
            return self._notebook

    def install(self) -> None:
        from IPython.core.magic import MAGIC_NO_VAR_EXPAND_ATTR

        def csvagent_cell(line: str, cell: str) -> object:
            """Ask a question about CSV files and DataFrames; ``%csvagent`` alone shows how."""
            from .cell import ask_cell

            return ask_cell(self.notebook, line, cell)

        def csvagent_line(line: str) -> object:
            """Look after questions and their answers; ``%csvagent`` alone lists the words."""
            from .words import say_word

            return say_word(self.notebook, line)

        for magic in (csvagent_cell, csvagent_line):
            setattr(magic, MAGIC_NO_VAR_EXPAND_ATTR, True)
        self.shell.magics_manager.register_function(csvagent_cell, "cell", "csvagent")
        self.shell.magics_manager.register_function(csvagent_line, "line", "csvagent")
        self.shell.input_transformers_cleanup.append(_let_the_body_be_empty)
        self.shell.events.register("pre_run_cell", self._before_cell)
        self.shell.events.register("post_run_cell", self._after_cell)
        completer = self.shell.Completer
        if completer is not None:
            completer.custom_matchers.append(self._match)
        display: Any = self.shell.display_formatter
        for module, name in (_ANSWER, _HANDLE):
            display.ipython_display_formatter.for_type_by_name(module, name, self._unless_shown)
        display.formatters["text/html"].for_type_by_name(*_ANSWER, _html)
        display.formatters["text/plain"].for_type_by_name(*_ANSWER, _plain)

    def remove(self) -> None:
        self.shell.magics_manager.magics["cell"].pop("csvagent", None)
        self.shell.magics_manager.magics["line"].pop("csvagent", None)
        self.shell.input_transformers_cleanup.remove(_let_the_body_be_empty)
        self.shell.events.unregister("pre_run_cell", self._before_cell)
        self._listen_no_more()
        completer = self.shell.Completer
        if completer is not None and self._match in completer.custom_matchers:
            completer.custom_matchers.remove(self._match)
        display: Any = self.shell.display_formatter
        for formatter in (display.ipython_display_formatter, *display.formatters.values()):
            for module, name in (_ANSWER, _HANDLE):
                formatter.pop(f"{module}.{name}", None)

    def _before_cell(self, info: Any) -> None:
        """Have the manager's settings ready for ``%config``, which knows only what is there; else load nothing."""
        if "%config" in (info.raw_cell or ""):
            self.notebook.manager_for_config()

    def _after_cell(self, result: Any) -> None:
        """Once the cell that loaded us is through, have ready what the first question's code will run in."""
        self._listen_no_more()
        layer = self.shell.config.get("CSVAgentManager", {}).get("kernel_outer_layer")
        threading.Thread(target=_prewarm, args=(self, layer), name="csvagent-prewarm", daemon=True).start()

    def _listen_no_more(self) -> None:
        if self._after_cell in self.shell.events.callbacks["post_run_cell"]:
            self.shell.events.unregister("post_run_cell", self._after_cell)

    def _unless_shown(self, value: object) -> None:
        """Tell IPython that a value needs no display when its cell has just shown it."""
        if not self.notebook.is_shown(value):
            raise NotImplementedError

    def _match(self, context: Any) -> Any:
        """Complete our own lines, and leave all others alone at the cost of one look at their start."""
        line = context.line_with_cursor.lstrip()
        if context.cursor_line != 0 or not line.startswith(("%%csvagent ", "%csvagent ")):
            return {"completions": []}
        if self._matcher is None:
            from .completion import Matcher

            self._matcher = Matcher(self.shell)
        return self._matcher.match(context)

    _match.matcher_api_version = 2  # type: ignore[attr-defined]
    _match.matcher_identifier = "csvagent"  # type: ignore[attr-defined]


def _let_the_body_be_empty(lines: list[str]) -> list[str]:
    """Give a cell without a question an empty line for one, so that we can say what is missing, not IPython."""
    if len(lines) == 1 and lines[0].startswith("%%csvagent"):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines


# Left out when a terminal asks whether a cell is complete: its question is still to be typed.
_let_the_body_be_empty.has_side_effects = True  # type: ignore[attr-defined]


def _prewarm(loaded: Loaded, outer_layer: object) -> None:
    from ..blocking import import_ahead
    from ..confinement.outer import OUTER_LAYERS
    from ..sandbox.forking import prewarm
    from ..tables.warming import warm

    prewarm(next((layer for layer in OUTER_LAYERS if layer == outer_layer), None))
    warm()
    import_ahead()
    from . import cell  # noqa: F401

    with contextlib.suppress(Exception):  # whatever is wrong, the first question says it
        loaded.notebook.start_ahead()


def _html(answer: Answer) -> str:
    from ..widget import answer_html

    return str(answer_html(answer))


def _plain(answer: Answer, printer: Any, cycle: bool) -> None:
    from ..widget import answer_text

    printer.text(answer_text(answer))
