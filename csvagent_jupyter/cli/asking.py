"""``csvagent ask`` and ``csvagent replay``: progress to standard error, the answer to standard output."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from ..blocking import BlockingManager
from ..exceptions import CSVAgentError
from ..manager import CSVAgentManager
from ..messages import Answer, Event, Question, Source, Task
from ..saving import prepare_folder, save_answer
from ..tables import resolve_sources
from ..translations import Language, say
from ..widget.cells import profile_line
from ..widget.lasting import error_line
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
        return run.to_its_end(run.door.run(run.manager.ask(question, session_name=options.session)))


def replay(options: Namespace, language: Language, output: Output) -> int:
    """Run the script of an answered task again, on other files where given; returns the exit code."""
    task_id, *files = options.words
    sources = _sources(files, language) if files else ()
    with _Run(options, output) as run:
        return run.to_its_end(run.door.run(run.manager.replay(task_id, sources)))


def _sources(words: list[str], language: Language) -> tuple[Source, ...]:
    return tuple(found.source for found in resolve_sources(words, directory=Path.cwd(), language=language))


class _Run:
    """One task from its start to its answer, with the manager that lives as long."""

    def __init__(self, options: Namespace, output: Output) -> None:
        self.output = output
        self.as_json: bool = options.json
        self.folder = prepare_folder(options.out) if options.out else None

    def __enter__(self) -> _Run:
        self.manager = CSVAgentManager()
        self.door = BlockingManager(self.manager)
        return self

    def __exit__(self, *_: object) -> None:
        self.door.close()

    def to_its_end(self, task: Task) -> int:
        """Show a task's progress, then its answer; the first interrupt cancels it and still shows what there is."""
        for line in told(self.door.events(task.task_id), self.output.language):
            self.output.progress(line)
        answer = self.door.run(self.manager.result(task.task_id))
        resolved = self.door.run(self.manager.resolve(answer))
        if self.as_json:
            self.output.json(resolved.to_dict())
        elif answer.success:
            self.output.text(answer_text(answer))
        else:
            self.output.progress(answer_text(answer))
        if self.folder is not None:
            save_answer(resolved, self.folder)
            self.output.progress(say("cli.saved", self.output.language, folder=str(self.folder)))
        if answer.success and not self.as_json:
            self.output.progress(say("cli.again", self.output.language, task_id=task.task_id))
        return exit_code(answer)


def told(events: Iterator[Event], language: Language) -> Iterator[str]:
    """Say what happens, each thing once: the file as it was read, the stages, the attempts that failed."""
    last = ""
    for event in events:
        progress = event.meta
        if progress is None:
            continue
        for profile in progress.profiles:
            name = say("view.read_file", language, name=profile.path)
            yield f"{name} · {profile_line(profile, language)}"
        if progress.failed is not None:
            yield "✗ " + error_line(progress.failed, language)
        if progress.status and progress.status != last:
            last = progress.status
            yield last


def exit_code(answer: Answer) -> int:
    """Return the exit code that goes with an answer: 0, or what the kind of its error stands for."""
    if answer.success:
        return 0
    return _exit_codes(CSVAgentError).get(answer.error.kind if answer.error else "", 1)


def _exit_codes(cls: type[CSVAgentError]) -> dict[str, int]:
    codes: dict[str, int] = {}
    for child in cls.__subclasses__():
        codes |= {child.kind: child.exit_code} | _exit_codes(child)
    return codes
