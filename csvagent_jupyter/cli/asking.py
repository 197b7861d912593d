"""``csvagent ask`` and ``csvagent replay``: progress to standard error, the answer to standard output."""

from __future__ import annotations

import signal
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..blocking import BlockingManager
from ..configuration import configured_manager
from ..exceptions import Cancelled, CSVAgentError
from ..messages import Answer, Event, Question, Source, Task
from ..saving import prepare_folder, save_answer
from ..tables import resolve_sources
from ..translations import Language, say
from ..widget.plain import answer_text
from .output import Output


def ask(options: Namespace, language: Language, output: Output) -> int:
    """Ask about the files and write the answer; returns the exit code."""
    question = Question(
        text=options.question,
        sources=_sources(options.sources, language),
        model=options.model,
        max_attempts=options.max_attempts,
        timeout=options.timeout,
        share=options.share,
        language=language,
    )
    with _Run(options, output) as run:
        return run.to_its_end(run.door.run(run.manager.ask(question, session_name=options.session, read=options.read)))


def replay(options: Namespace, language: Language, output: Output) -> int:
    """Run the script of an answered task again, on other files where given; returns the exit code."""
    task_id, *files = options.words
    sources = _sources(files, language) if files else ()
    with _Run(options, output) as run:
        return run.to_its_end(run.door.run(run.manager.replay(task_id, sources, read=options.read)))


def _sources(words: list[str], language: Language) -> tuple[Source, ...]:
    return tuple(found.source for found in resolve_sources(words, directory=Path.cwd(), language=language))


class _Run:
    """One task from its start to its answer, with the manager that lives as long."""

    def __init__(self, options: Namespace, output: Output) -> None:
        self.output = output
        self.as_json: bool = options.json
        self.folder = prepare_folder(options.out) if options.out else None

    def __enter__(self) -> _Run:
        self.manager = configured_manager()
        self.door = BlockingManager(self.manager)
        return self

    def __exit__(self, *_: object) -> None:
        self.door.close()

    def to_its_end(self, task: Task) -> int:
        """Show a task's progress, then its answer; the first interrupt cancels it and still shows what there is."""
        with interrupts(lambda: self.door.submit(self.manager.cancel(task.task_id))):
            for line in told(self.door.events(task.task_id)):
                self.output.progress(line)
            answer = self.door.run(self.manager.result(task.task_id))
        resolved = self.door.run(self.manager.resolve(answer))
        if self.as_json:
            self.output.json(resolved.to_dict())
        else:
            tell = self.output.text if answer.success else self.output.progress
            tell(answer_text(answer, in_notebook=False))
            if answer.error is not None and answer.error.kind == "declined" and answer.model == "offline":
                tell("\n" + say("cli.connect", self.output.language))
        if self.folder is not None:
            save_answer(resolved, self.folder)
            self.output.progress(say("cli.saved", self.output.language, folder=str(self.folder)))
        if answer.success and not self.as_json:
            self.output.progress(say("cli.again", self.output.language, task_id=task.task_id))
        return exit_code(answer)


@contextmanager
def interrupts(cancel: Callable[[], object]) -> Iterator[None]:
    """Let the first Ctrl-C (or SIGTERM) call `cancel`, wherever the program just is; a second one ends the program.

    A signal that the caller has this program ignore stays ignored.
    """
    signals = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    cancelled = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal cancelled
        if cancelled:
            signal.signal(number, signal.SIG_DFL)
            raise SystemExit(Cancelled.exit_code)
        cancelled = True
        cancel()

    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def told(events: Iterator[Event]) -> Iterator[str]:
    """Say what happens, each thing once: the stages, and the attempts that failed."""
    last = ""
    for event in events:
        progress = event.meta
        if progress is None:
            continue
        if progress.status and progress.status != last:
            last = progress.status
            yield last if progress.failed is None else f"✗ {last}"


def exit_code(answer: Answer) -> int:
    """Return the exit code that goes with an answer: 0, or what the kind of its error stands for."""
    if answer.success:
        return 0
    kinds = _exit_codes(CSVAgentError) | {CSVAgentError.kind: CSVAgentError.exit_code}
    return kinds.get(answer.error.kind if answer.error else "", 1)


def _exit_codes(cls: type[CSVAgentError]) -> dict[str, int]:
    codes: dict[str, int] = {}
    for child in cls.__subclasses__():
        codes |= {child.kind: child.exit_code} | _exit_codes(child)
    return codes
