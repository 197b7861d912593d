"""The screens: each shows the run as it goes on and ends as the lasting display alone."""

from __future__ import annotations

import io
import threading
from queue import SimpleQueue
from typing import Any

import pytest
from bare_shell import bare_shell
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from csvagent_jupyter.exceptions import Busy
from csvagent_jupyter.messages import Answer, Event, Progress
from csvagent_jupyter.widget import Display, Run, open_screen, pump, watch
from csvagent_jupyter.widget.live import PageScreen, TerminalScreen, WidgetScreen
from csvagent_jupyter.widget.markup import Html

VIEW = "application/vnd.jupyter.widget-view+json"


class Kernel:
    """As much of a kernel as says that there is one, and whether it hears clicks while a cell runs."""

    _supports_kernel_subshells = True


@pytest.fixture
def shell() -> InteractiveShell:
    made = bare_shell()
    made.display_pub = CapturingDisplayPublisher()
    return made


def published(shell: InteractiveShell) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = shell.display_pub.outputs
    return outputs


def writing(code: str = "x = 1") -> Event:
    return Event("progress", task_id="t", meta=Progress("…", "generating", 1, 3, code_delta=code))


def result(success: bool = True) -> Event:
    return Event("result", task_id="t", result=Answer(success, task_id="t"))


def test_the_front_end_decides_which_screen_it_is(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert isinstance(open_screen(shell, Run(), print), TerminalScreen)
    shell.kernel = Kernel()
    assert isinstance(open_screen(shell, Run(), print), PageScreen)
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    assert isinstance(open_screen(shell, Run(), print), WidgetScreen)
    assert isinstance(open_screen(shell, Run(), print, background=True), PageScreen)


def test_a_page_is_one_output_that_ends_as_the_answer(shell: InteractiveShell) -> None:
    clock = iter(range(100))
    run = Run(clock=lambda: float(next(clock)))
    screen = PageScreen(Display(shell), run, "`%csvagent cancel` stops it.")
    run.see(writing())
    screen.draw(run)
    screen.finish(Html("<p>42</p>"), "42")
    outputs = published(shell)
    assert [output["update"] for output in outputs] == [False, True, True]
    assert len({output["transient"]["display_id"] for output in outputs}) == 1
    assert "<code>%csvagent cancel</code> stops it." in outputs[0]["data"]["text/html"]
    assert "x = 1" in outputs[1]["data"]["text/html"]
    assert outputs[1]["data"]["text/plain"].startswith("◐ Attempt 1 of 3 · writing code")
    assert outputs[2]["data"] == {"text/html": "<p>42</p>", "text/plain": "42"}
    assert not [output for output in outputs if VIEW in output["data"]]


def test_a_page_is_not_drawn_more_often_than_a_person_reads(shell: InteractiveShell) -> None:
    run = Run(clock=lambda: 5.0)
    screen = PageScreen(Display(shell), run, "")
    for _ in range(100):
        screen.draw(run)
    assert len(published(shell)) == 1


def test_widgets_move_without_new_outputs_and_end_without_a_widget(shell: InteractiveShell) -> None:
    run = Run()
    pressed: list[str] = []
    screen = WidgetScreen(Display(shell), run, lambda: pressed.append("stop"))
    run.see(writing("x <- 1"))
    screen.draw(run)
    assert "x &lt;- 1" in screen.code.value
    assert "Writing code" in screen.steps.value
    screen.button.click()
    assert pressed == ["stop"]
    run.stopping = True
    screen.draw(run)
    assert screen.button.disabled
    assert "Stopping" in screen.headline.value
    screen.finish(Html("<p>42</p>"), "42")
    first, last = published(shell)
    assert first["data"][VIEW]["model_id"] == screen.box.model_id
    assert "Run the cell again" in first["data"]["text/plain"]
    assert last["data"] == {"text/html": "<p>42</p>", "text/plain": "42"}
    assert last["update"]
    assert [child.value for child in screen.box.children] == ["<p>42</p>"]


def test_the_last_view_stays_for_a_reloaded_page_until_the_next_one_ends(shell: InteractiveShell) -> None:
    screens = [WidgetScreen(Display(shell), Run(), print) for _ in range(2)]
    for screen in screens:
        screen.finish(Html("<p>42</p>"), "42")
    assert screens[0].box.comm is None
    assert screens[1].box.comm is not None


def test_without_a_kernel_that_hears_clicks_there_is_no_button(shell: InteractiveShell) -> None:
    screen = WidgetScreen(Display(shell), Run(), print, works_while_running=False)
    assert screen.top.children == (screen.headline,)


def test_text_alone_is_shown_as_text_alone(shell: InteractiveShell) -> None:
    screen = PageScreen(Display(shell), Run(), "")
    screen.finish(None, '{"success": true}')
    assert published(shell)[-1]["data"] == {"text/plain": '{"success": true}'}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_writes_over_one_line_and_leaves_nothing() -> None:
    terminal = Terminal()
    screen = TerminalScreen(terminal)
    run = Run()
    screen.draw(run)
    run.see(writing())
    screen.draw(run)
    screen.finish(Html("<p>42</p>"), "42")
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines[1:] == ["◐ Waiting for its turn · 0:00", "◐ Attempt 1 of 3 · writing code · 0:00", ""]


def test_where_nobody_watches_a_terminal_nothing_is_written() -> None:
    pipe = io.StringIO()
    screen = TerminalScreen(pipe)
    screen.draw(Run())
    screen.finish(None, "42")
    assert pipe.getvalue() == ""


class Recorder:
    """A screen that keeps what it was asked to draw, and does something when it draws."""

    def __init__(self, then: Any = None) -> None:
        self.drawn: list[str] = []
        self.then = then

    def draw(self, run: Run) -> None:
        self.drawn.append(run.code)
        if self.then is not None:
            then, self.then = self.then, None
            then()

    def finish(self, html: Html | None, text: str) -> None:
        raise AssertionError("the one who watches does not finish the screen")


def queue(*events: Event | BaseException) -> SimpleQueue[Event | BaseException]:
    made: SimpleQueue[Event | BaseException] = SimpleQueue()
    for event in events:
        made.put(event)
    return made


def test_events_that_came_together_are_drawn_once() -> None:
    screen, events = Recorder(), queue(*[writing("x") for _ in range(500)])
    screen.then = lambda: events.put(result())
    answer, interrupted = watch(Run(), screen, events, lambda: None)
    assert (answer.success, interrupted) == (True, False)
    assert screen.drawn == ["x" * 500]


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupt_asks_for_the_end_and_waits_for_it() -> None:
    events = queue(writing())
    asked: list[int] = []

    def stop() -> None:
        asked.append(1)
        threading.Timer(0.1, events.put, [result(success=False)]).start()

    run = Run()
    answer, interrupted = watch(run, Recorder(then=interrupt), events, stop)
    assert (answer.success, interrupted, asked) == (False, True, [1])
    assert run.stopping


def test_a_second_interrupt_leaves_at_once() -> None:
    screen = Recorder(then=interrupt)

    def stop() -> None:
        screen.then = interrupt

    with pytest.raises(KeyboardInterrupt):
        watch(Run(), screen, queue(writing(), writing()), stop)


def test_an_end_that_nobody_confirms_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "PATIENCE", 0.3)
    run = Run("ru", task_id="t")
    answer, interrupted = watch(run, Recorder(then=interrupt), queue(writing("y = 2")), lambda: None)
    assert interrupted
    assert answer.error is not None
    assert (answer.error.kind, answer.final_code, answer.task_id, answer.language) == ("cancelled", "y = 2", "t", "ru")
    assert answer.cancelled_after is not None


def test_an_error_among_the_events_reaches_the_cell() -> None:
    with pytest.raises(Busy):
        watch(Run(), Recorder(), queue(writing(), Busy("sessions.line_full")), lambda: None)
