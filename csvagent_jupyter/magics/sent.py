"""``%csvagent sent``: what went to the model, on view and never in the notebook's file.

An output is saved with the notebook, whatever its type; only a widget keeps its content outside. When the next cell
runs, or Close is pressed, one line takes the widget's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..messages import LedgerEntry
from ..translations import Language, say
from ..widget import Display, hear_clicks, listing_html
from ..widget.code import plain_block
from ..widget.live import front_end_has_widgets, view_of
from ..widget.markup import Html, clean, fold, join, tag
from ..widget.style import STYLE
from .notebook import Notebook


def show_sent(notebook: Notebook, entries: Sequence[LedgerEntry]) -> None:
    """Show the requests where it leaves no trace: a terminal, or a widget; elsewhere say why not."""
    language = notebook.language
    if notebook.is_terminal:
        print(sent_text(entries, language))
    elif front_end_has_widgets(notebook.shell):
        SentView(notebook, sent_html(entries, language))
    else:
        kept_out = say("view.sent_kept_out", language)
        notebook.show(listing_html(kept_out, [], language), kept_out)


def sent_html(entries: Sequence[LedgerEntry], language: Language) -> Html:
    """Return every request with its messages, the last one open."""
    parts = [
        fold(_about(entry, language), *_messages(entry, language), opened=entry is entries[-1]) for entry in entries
    ]
    return tag("div", STYLE, tag("p", tag("b", say("view.sent_title", language))), *parts, class_="csvagent")


def sent_text(entries: Sequence[LedgerEntry], language: Language) -> str:
    """Return the same as text."""
    lines = [say("view.sent_title", language)]
    for entry in entries:
        lines += ["", _about(entry, language)]
        lines += [f"[{say(f'view.role_{one.role}', language)}]\n{one.content}" for one in entry.messages]
    return clean("\n".join(lines))


class SentView:
    """The requests in a widget, as long as they are looked at."""

    def __init__(self, notebook: Notebook, html: Html) -> None:
        import ipywidgets

        self.notebook = notebook
        self.display = Display(notebook.shell)
        self.content = ipywidgets.HTML(str(html))
        self.button = ipywidgets.Button(description=say("view.close", notebook.language))
        hear_clicks(self.button)
        self.button.on_click(self.close)
        self.box = ipywidgets.VBox([self.content, self.button])
        self.text = say("view.sent_kept_out", notebook.language)
        self.display.show({**view_of(self.box), "text/plain": self.text})
        notebook.shell.events.register("pre_run_cell", self.close)

    def close(self, *_: Any) -> None:
        """Put one line in the place of the content; called by Close and by the next cell."""
        if self.box.comm is None:
            return
        self.notebook.shell.events.unregister("pre_run_cell", self.close)
        language = self.notebook.language
        self.display.finish(listing_html(self.text, [], language), self.text)
        for widget in (self.box, self.content, self.button):
            widget.close()


def _about(entry: LedgerEntry, language: Language) -> str:
    return say(
        "view.sent_request",
        language,
        attempt=entry.attempt,
        model=entry.model,
        share=entry.share,
        at=entry.at[:19].replace("T", " "),
        tokens=entry.usage.input_tokens + entry.usage.output_tokens,
    )


def _messages(entry: LedgerEntry, language: Language) -> list[Html]:
    return [
        join([tag("p", say(f"view.role_{one.role}", language), class_="muted"), plain_block(one.content)])
        for one in entry.messages
    ]
