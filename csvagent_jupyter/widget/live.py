"""The live view of one run: widgets where the front end has them, else a display or a line that is written over.

Only the cell's thread touches a screen. Each screen ends with the same lasting display, which takes the live one's
place, so that a saved notebook holds the answer once and needs nothing to show it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TextIO
from uuid import uuid4

from ..translations import say
from . import progress
from .code import plain_block
from .markup import Html
from .plain import progress_line
from .run import Run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

PAGE_PAUSE = 1.0


class Screen(Protocol):
    """Where a run is shown while it goes on."""

    def draw(self, run: Run) -> None:
        """Show the run as it is now; called on every event and a few times a second."""

    def finish(self, html: Html | None, text: str) -> None:
        """Put the lasting display in the place of the live one; without `html` the text alone."""


class Display:
    """One output of a cell, which is replaced each time it is shown again."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.publisher = shell.display_pub
        self.display_id = uuid4().hex
        self.shown = False

    def show(self, bundle: Mapping[str, Any]) -> None:
        """Show a MIME bundle in the place of what was there."""
        plain = {kind: str(value) if isinstance(value, str) else value for kind, value in bundle.items()}
        self.publisher.publish(plain, transient={"display_id": self.display_id}, update=self.shown)
        self.shown = True

    def finish(self, html: Html | None, text: str) -> None:
        """Show what lasts."""
        self.show({"text/plain": text} if html is None else {"text/html": html, "text/plain": text})


def open_screen(shell: InteractiveShell, run: Run, stop: Callable[[], None], *, background: bool = False) -> Screen:
    """Return the best screen that this front end can show; `stop` is called when a person presses Stop.

    A run in the background gets no widget: a notebook may well be saved and closed before it ends.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return TerminalScreen(sys.stderr)
    if background:
        return PageScreen(Display(shell), run, say("view.background", run.language))
    if front_end_has_widgets(shell):
        return WidgetScreen(Display(shell), run, stop, works_while_running=_hears_clicks(kernel))
    return PageScreen(Display(shell), run, say("view.stop_hint", run.language))


class WidgetScreen:
    """Three pieces of HTML and a Stop button; each piece is sent only when it changed, so that an opened fold stays."""

    _kept: WidgetScreen | None = None

    def __init__(
        self, display: Display, run: Run, stop: Callable[[], None], *, works_while_running: bool = True
    ) -> None:
        import ipywidgets

        self.display = display
        self.headline, self.steps, self.code = (ipywidgets.HTML() for _ in range(3))
        self.headline.layout.flex = "1 1 auto"
        self.button = ipywidgets.Button(
            description=say("view.stop", run.language), tooltip=say("view.stop_tip", run.language), icon="stop"
        )
        self.button.layout.width, self.button.layout.flex = "auto", "0 0 auto"
        hear_clicks(self.button)
        self.button.on_click(lambda _: stop())
        self.button.disabled = not works_while_running
        self.top = ipywidgets.HBox([self.headline, self.button] if works_while_running else [self.headline])
        self.top.layout.align_items, self.top.layout.max_width = "center", "860px"
        self.box = ipywidgets.VBox([self.top, self.steps, self.code])
        saved = say("view.interrupted_save", run.language)
        self.display.show({**view_of(self.box), "text/plain": saved})
        self.draw(run)

    def draw(self, run: Run) -> None:
        _put(self.headline, progress.headline(run))
        _put(self.steps, progress.steps(run))
        _put(self.code, progress.code(run))
        if run.stopping and not self.button.disabled:
            self.button.disabled = True

    def finish(self, html: Html | None, text: str) -> None:
        """Put the lasting display in place; the widget shows it too, for a page that was reloaded meanwhile.

        It is kept for that until the next run ends.
        """
        self.box.children = (self.steps,)
        _put(self.steps, html if html is not None else plain_block(text))
        self.display.finish(html, text)
        kept, WidgetScreen._kept = WidgetScreen._kept, self
        if kept is not None:
            kept.close()

    def close(self) -> None:
        for widget in (self.headline, self.steps, self.code, self.button, self.top, self.box):
            widget.close()


class PageScreen:
    """One display that is replaced now and then, for a front end without widgets; nothing but the answer remains."""

    def __init__(self, display: Display, run: Run, hint: str) -> None:
        self.display, self.hint = display, hint
        self._drawn_at = run.elapsed
        self.display.show(self._bundle(run))

    def draw(self, run: Run) -> None:
        if run.elapsed - self._drawn_at >= PAGE_PAUSE:
            self._drawn_at = run.elapsed
            self.display.show(self._bundle(run))

    def finish(self, html: Html | None, text: str) -> None:
        self.display.finish(html, text)

    def _bundle(self, run: Run) -> dict[str, Any]:
        return {"text/html": progress.whole(run, self.hint), "text/plain": progress_line(run)}


class TerminalScreen:
    """One line that is written over, only where a person watches; the answer itself is what the cell returns."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.watched = stream.isatty()

    def draw(self, run: Run) -> None:
        if self.watched:
            self._write("\r\x1b[K" + progress_line(run, self._width()))

    def finish(self, html: Html | None, text: str) -> None:
        if self.watched:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def _width(self) -> int:
        import shutil

        return shutil.get_terminal_size().columns - 1


def hear_clicks(widget: Any) -> None:
    """Let a widget's messages reach Python while a cell runs.

    ipykernel 7.4 sends a comm's message back to the loop that last published on that comm, which is the busy cell's;
    the front end had sent it to a loop of its own, and that is where it must stay.
    """
    comm = widget.comm
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default


def _hears_clicks(kernel: Any) -> bool:
    """Tell whether a message can be handled while a cell runs: kernels with subshells can (ipykernel 7)."""
    return bool(getattr(kernel, "_supports_kernel_subshells", False))


def front_end_has_widgets(shell: InteractiveShell) -> bool:
    """Guess by who started the kernel: a Jupyter server and VS Code have widgets, a bare client (nbclient) has none."""
    return "JPY_SESSION_NAME" in os.environ or "__vsc_ipynb_file__" in shell.user_ns


def _put(widget: Any, html: Html) -> None:
    if widget.value != html:
        widget.value = str(html)


def view_of(widget: Any) -> dict[str, Any]:
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"application/vnd.jupyter.widget-view+json": view}
