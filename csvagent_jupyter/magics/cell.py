"""``%%csvagent``: a question about files and DataFrames, with its live view and its lasting answer."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ..exceptions import BadInput, CSVAgentError
from ..messages import Answer, AnswerError, Event, Question, Task
from ..translations import Language, language_of, say
from ..widget import Run, Screen, answer_html, answer_text, open_screen, so_far, watch
from .notebook import Interrupted, Notebook, json_text
from .options import CellOptions, parse_cell_line

if TYPE_CHECKING:
    from ..blocking import BlockingManager


class Background:
    """A question that goes on while other cells run; its answer comes into the view of the cell that asked."""

    def __init__(self, task_id: str, door: BlockingManager) -> None:
        self.task_id = task_id
        self._door = door
        self._answer: Future[Answer] = Future()

    @property
    def done(self) -> bool:
        return self._answer.done()

    def result(self, timeout: float | None = None) -> Answer:
        """Wait for the answer; raises TimeoutError when `timeout` seconds have passed."""
        return self._answer.result(timeout)

    def cancel(self) -> None:
        """Stop the question at once; the answer then says so."""
        self._door.run(self._door.manager.cancel(self.task_id))

    def _run(self, follower: Follower, options: CellOptions) -> None:
        try:
            answer, _ = follower.follow()
            follower.notebook.keep(answer, options)
            self._answer.set_result(answer)
        except BaseException as error:
            self._answer.set_exception(error)
            raise

    def __repr__(self) -> str:
        return f"<Background question {self.task_id}, {'answered' if self.done else 'under way'}>"


def ask_cell(notebook: Notebook, line: str, cell: str) -> Answer | Background | None:
    """Ask what a cell says and return its value; whatever is wrong with it is shown in one sentence."""
    language = notebook.language = language_of(cell, notebook.language)
    try:
        options = parse_cell_line(line)
        language = notebook.language = options.lang or language
        if not cell.strip():
            raise BadInput("magics.no_question")
        if options.background and options.insert:
            raise BadInput("magics.not_together", first="--background", second="--insert")
        if options.out is not None:
            from ..saving import prepare_folder

            prepare_folder(Path(options.out).expanduser())
        task = _submit(notebook, options, cell.strip(), language)
        return follow_task(notebook, task, options, language)
    except CSVAgentError as error:
        return notebook.refuse(error, language)
    except Interrupted:
        raise
    except KeyboardInterrupt:
        notebook.refuse(BadInput("magics.not_asked"), language)
        notebook.interrupt()
        return None


def follow_task(notebook: Notebook, task: Task, options: CellOptions, language: Language) -> Answer | Background | None:
    """Show a task until it ends, or let a thread do so when it runs in the background; return the cell's value."""
    notebook.task_id = task.task_id
    follower = Follower(notebook, task, language, background=options.background, as_json=options.as_json)
    if options.background:
        handle = Background(task.task_id, notebook.door)
        work = threading.Thread(target=handle._run, args=(follower, options), name="csvagent-view", daemon=True)
        work.start()
        if not notebook.is_terminal:
            notebook.mark_shown(handle)
        return handle
    answer, interrupted = follower.follow()
    notebook.keep(answer, options)
    if options.as_json and notebook.is_terminal:
        print(json_text(answer))
    if options.as_json or not notebook.is_terminal:
        notebook.mark_shown(answer)
    if interrupted:
        notebook.interrupt()
    return answer


class Follower:
    """Carries the events of one task to a screen; the thread that calls `follow` is the only one that touches it."""

    def __init__(
        self, notebook: Notebook, task: Task, language: Language, *, background: bool = False, as_json: bool = False
    ) -> None:
        self.notebook, self.task, self.as_json = notebook, task, as_json
        self.door = notebook.door
        self.run = Run(language, task_id=task.task_id)
        self.screen: Screen = open_screen(notebook.shell, self.run, self.stop, background=background)
        self.events: SimpleQueue[Event | BaseException] = SimpleQueue()

    def stop(self) -> None:
        """Ask for the end of the task; returns at once, may be called from any thread."""
        self.door.submit(self.door.manager.cancel(self.task.task_id))

    def follow(self) -> tuple[Answer, bool]:
        """Show the task until it ends; return its answer, and whether the thread was interrupted meanwhile."""
        self.door.submit(self._forward()).add_done_callback(self._forwarded)
        interrupted = False
        try:
            answer, interrupted = watch(self.run, self.screen, self.events, self.stop)
            answer = self.door.run(self.door.manager.resolve(answer))
        except CSVAgentError as error:
            told = AnswerError(error.kind, error.say(self.run.language))
            answer = Answer(success=False, task_id=self.task.task_id, error=told, language=self.run.language)
        except KeyboardInterrupt:
            answer, interrupted = self._broken_off(), True
        except BaseException:
            self._finish(self._broken_off())
            raise
        self._finish(answer)
        return answer, interrupted

    def _finish(self, answer: Answer) -> None:
        if self.as_json:
            self.screen.finish(None, json_text(answer))
        else:
            self.screen.finish(answer_html(answer, so_far=so_far(self.run)), answer_text(answer))

    def _broken_off(self) -> Answer:
        seconds = self.run.elapsed
        told = AnswerError("cancelled", say("view.stopped", self.run.language, seconds=round(seconds, 1)))
        empty = Answer(success=False, task_id=self.task.task_id, error=told, language=self.run.language)
        return replace(empty, cancelled_after=seconds, model=self.run.model, seconds=seconds)

    async def _forward(self) -> None:
        async for event in self.door.manager.events(self.task.task_id):
            self.events.put(event)

    def _forwarded(self, done: Future[Any]) -> None:
        """Wake the watcher when the events ended early: it must not wait for a result that cannot come."""
        error = None if done.cancelled() else done.exception()
        self.events.put(error or BadInput("magics.no_result", task_id=self.task.task_id))


def _submit(notebook: Notebook, options: CellOptions, text: str, language: Language) -> Task:
    stated = options.stated
    sources, frames = notebook.sources(options.sources)
    question = Question(
        text=text,
        sources=sources,
        model=options.model,
        max_attempts=options.max_attempts,
        timeout=options.timeout,
        share=options.share,
        language=language,
    )
    door = notebook.door
    session_id = None if options.session else notebook.session_id
    task = door.run(
        door.manager.ask(question, session_id=session_id, session_name=options.session, dataframes=frames, read=stated)
    )
    if not options.session:
        notebook.session_id = task.session_id
    return task
