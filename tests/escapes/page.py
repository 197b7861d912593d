"""Whether something on a page would run, told by a parser and not by looks."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

from csvagent_jupyter.messages import Answer, Execution
from csvagent_jupyter.widget.lasting import answer_html

RUNS = frozenset({"script", "iframe", "object", "embed", "form", "base", "meta", "link", "foreignobject"})
LEADS = frozenset({"href", "src", "xlink:href", "action", "formaction", "data", "to", "values", "from"})


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in RUNS:
            self.found.append(tag)
        for name, value in attrs:
            target = "".join((value or "").split()).lower()
            if name.startswith("on") or (
                name in LEADS and target.startswith(("javascript:", "data:text", "vbscript:"))
            ):
                self.found.append(f"{tag} {name}")


def what_runs(page: str) -> list[str]:
    """Return the elements and attributes that would run code or fetch something."""
    finder = _Finder()
    finder.feed(page)
    finder.close()
    return finder.found


def page_of(done: Execution) -> str:
    """Return the page that our own software makes of an execution, pictures as they are included."""
    plots = tuple("data:image/png;base64," + base64.b64encode(plot.png).decode() for plot in done.plots)
    drawn = tuple("data:image/svg+xml;base64," + base64.b64encode(plot.svg).decode() for plot in done.plots)
    answer = Answer(
        success=done.error is None,
        task_id="t",
        text_output=done.stdout + done.value_text,
        plots=plots,
        plots_svg=drawn,
        tables=done.tables,
        charts=done.charts,
        value=done.value,
        files=done.files,
    )
    return answer_html(answer) + "".join(plot.svg.decode("utf-8", "replace") for plot in done.plots)
