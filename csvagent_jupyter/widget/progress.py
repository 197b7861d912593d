"""A run under way as pieces of HTML: the headline, the steps so far, the code as it is written."""

from __future__ import annotations

from typing import Final

from ..translations import say
from .cells import file_name, profile_line
from .lasting import attempt_fold
from .markup import Html, clean, join, prose, tag
from .plain import clock_text
from .run import Run, Step
from .style import STYLE

_SPINNER: Final = "◐◓◑◒"
_CODE_SHOWN: Final = 8_000


def headline(run: Run) -> Html:
    """Return what is happening now, with a sign that turns and the time since the question was asked."""
    elapsed = run.elapsed
    row = tag(
        "div",
        tag("span", _SPINNER[int(elapsed * 2) % len(_SPINNER)], class_="mark"),
        tag("span", run.headline(), class_="grow title"),
        tag("span", clock_text(elapsed), class_="time"),
        class_="row",
    )
    return tag("div", STYLE, row, class_="csvagent live", lang=run.language)


def steps(run: Run) -> Html:
    """Return what is done and what is under way, one line each, the failed attempts, and what still waits."""
    shown = [step for step in run.steps.values() if step.state != "waiting"]
    reading = [_line(run, step) for step in shown if step.name in ("reading", "profiling")]
    failed = [attempt_fold(attempt, run.language) for attempt in run.failed]
    later = [_line(run, step) for step in shown if step.name not in ("reading", "profiling")]
    waiting = [tag("span", f"○ {_name(run, step)} ") for step in run.steps.values() if step.state == "waiting"]
    rest = None
    if waiting and run.answer is None:
        rest = tag("div", *waiting, class_="row waiting muted")
    return tag("div", *reading, *failed, *later, rest, class_="csvagent", lang=run.language)


def code(run: Run) -> Html:
    """Return the code as far as it is written; the box keeps its end in sight."""
    text = clean(run.code).strip("\n")
    if not text.strip():
        return Html("")
    cursor = " ▌" if run.current is not None and run.current.name == "writing" else ""
    box = tag("div", tag("pre", text[-_CODE_SHOWN:] + cursor), class_="stream")
    return tag("div", box, class_="csvagent")


def so_far(run: Run) -> Html:
    """Return the steps and the code of a run that was stopped, to be kept on view."""
    return join([steps(run), code(run)])


def whole(run: Run, hint: str | None = None) -> Html:
    """Return the three pieces in one, for a front end without widgets."""
    under = tag("p", prose(hint), class_="muted") if hint else None
    return tag("div", headline(run), steps(run), code(run), under)


def _line(run: Run, step: Step) -> Html:
    marks = {"done": ("good", "✓"), "under_way": ("", "◐"), "broken_off": ("muted", "■"), "waiting": ("muted", "○")}
    class_, sign = marks[step.state]
    label: list[str] = []
    if step.name == "reading" and step.state == "done" and run.profiles:
        for profile in run.profiles[:5]:
            done = say("view.read_file", run.language, name=file_name(profile))
            label.append(join([done, tag("span", " " + profile_line(profile, run.language), class_="muted")]))
        if len(run.profiles) > 5:
            label.append(say("view.more_files", run.language, files=len(run.profiles) - 5))
    else:
        label.append(_name(run, step))
    if step.name == "writing" and run.model:
        label[0] = join([label[0], tag("span", "  " + run.model, class_="muted")])
    seconds = say("view.seconds", run.language, seconds=round(step.seconds, 1)) if step.seconds >= 0.05 else ""
    return tag(
        "div",
        tag("span", sign, class_=f"mark {class_}".strip()),
        tag("span", join(label, "<br>"), class_="grow"),
        tag("span", seconds, class_="time"),
        class_="row",
    )


def _name(run: Run, step: Step) -> str:
    done = "done" if step.state == "done" else "step"
    return say(f"view.{done}_{step.name}", run.language)
