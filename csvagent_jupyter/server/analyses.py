"""Ask, look how it stands, cancel, run again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ..exceptions import BadInput
from ..messages import Answer, Source, Task
from ..tables.option_words import read_words
from .asking import Asked, put_question
from .handler import CSVAgentAPIHandler
from .sources import on_trial, sources_by_path
from .uploads import FormHandler

if TYPE_CHECKING:
    from ..sessions.trial import Trial

T = TypeVar("T", "Asked", "Again", "Profiled")
MOST_TASKS: Final = 1_000


class Again(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Other files for a replay; none: the files of the first time. `dialect` states how they are read."""

    path: str = ""
    paths: tuple[str, ...] = ()
    dialect: dict[str, Any] = {}

    @property
    def all_paths(self) -> tuple[str, ...]:
        return (self.path, *self.paths) if self.path else self.paths


class Profiled(Again, kw_only=True):
    """One file to be profiled; with a `glance`, a large one from samples of it."""

    glance: bool = False


class AskingHandler(FormHandler):
    """Takes JSON, or a form with files."""

    @asynccontextmanager
    async def parts(self, shape: type[T]) -> AsyncIterator[tuple[T, tuple[Source, ...], Trial]]:
        """Give what is asked, and the files that came along or were named; they go again unless they are granted."""
        form = await self.form()
        try:
            async with on_trial(self) as trial:
                asked = self._of_fields(form.fields, shape) if form.fields or form.files else self.read_json(shape)
                sources = [Source(file.name, artifact=await trial.keep(file)) for file in form.files]
                sources += await sources_by_path(trial, self, asked.all_paths)
                yield asked, tuple(sources), trial
        finally:
            form.discard()

    @staticmethod
    def _of_fields(fields: dict[str, str], shape: type[T]) -> T:
        """Return a form's fields as `shape`: all are text there, paths JSON, a dialect JSON or words.

        A page sends all the fields that it has, so an empty one says nothing; but a question is not to be guessed.
        """
        try:
            said = {name: text for name, text in fields.items() if text or name == "query"}
            plain = {name: _READERS.get(name, str)(text) for name, text in said.items()}
            return msgspec.convert(plain, shape, strict=False)
        except (ValueError, RecursionError) as error:
            raise BadInput("server.bad_json", problem=str(error)) from error


class AnalyzeAsyncHandler(AskingHandler):
    @authenticated
    @authorized("execute")
    async def post(self) -> None:
        """Put a question in line and tell its task's id."""
        async with self.parts(Asked) as (asked, sources, trial):
            task = await put_question(self, asked, sources, trial, asked.session_id)
        self.reply(_named(task), 202)


class AnalyzeHandler(AskingHandler):
    _waiting: asyncio.Task[Answer] | None = None
    _client_left = False

    @authenticated
    @authorized("execute")
    async def post(self) -> None:
        """Ask, wait, and return the answer; when the client goes away the task is stopped."""
        async with self.parts(Asked) as (asked, sources, trial):
            task = await put_question(self, asked, sources, trial, asked.session_id)
        manager = await self.manager()
        self._waiting = asyncio.create_task(manager.result(task.task_id), name=f"csvagent-wait-{task.task_id}")
        if self._client_left:
            self._waiting.cancel()
        await asyncio.wait({self._waiting})
        if self._waiting.cancelled():
            await manager.cancel(task.task_id)
            return
        self.reply((await manager.resolve(self._waiting.result())).to_dict())

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._client_left = True
        if self._waiting is not None:
            self._waiting.cancel()


class TasksHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """List the tasks of who asks, or with `session_id` those of a session, the last first."""
        manager = await self.manager()
        if session_id := self.get_query_argument("session_id", ""):
            await self.session_for(session_id)
            tasks = await manager.store.tasks(session_id=session_id, limit=MOST_TASKS)
        else:
            tasks = await manager.access.tasks(self.owner, MOST_TASKS, self.link)
        self.reply({"tasks": [_listed(task) for task in tasks]})


class TaskHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self, task_id: str) -> None:
        """Tell how a task stands, with its answer once there is one."""
        manager = await self.manager()
        self.reply((await manager.standing(await self.task_for(task_id))).to_dict())

    @authenticated
    @authorized("write")
    async def delete(self, task_id: str) -> None:
        """Stop a task, waiting or running; its answer tells what was done until then."""
        manager = await self.manager()
        await self.task_for(task_id, "own")
        self.reply(_named(await manager.cancel(task_id)), 202)


class ReplayHandler(AskingHandler):
    @authenticated
    @authorized("execute")
    async def post(self, task_id: str) -> None:
        """Run an answered task's script again, on other files when some are given."""
        manager = await self.manager()
        task = await self.task_for(task_id)
        await self.session_for(task.session_id, "ask")
        async with self.parts(Again) as (asked, sources, trial):
            again = await manager.replay(task_id, sources, read=asked.dialect, owner=self.owner, outlives_runner=True)
            await trial.grant()
        self.reply(_named(again), 202)


def _dialect(text: str) -> Any:
    """Read a form's dialect: a JSON object, or ``option=value`` on lines of their own."""
    if text.lstrip()[:1] in {"{", "["}:
        return json.loads(text)
    return read_words(line for line in text.replace("\r\n", "\n").split("\n") if line)


_READERS: Final[dict[str, Callable[[str], Any]]] = {"dialect": _dialect, "paths": json.loads}
"""How the fields of a form are read that are no plain text."""


def _named(task: Task) -> dict[str, Any]:
    """Return what a client needs to go on with a task."""
    return {"task_id": task.task_id, "session_id": task.session_id, "status": task.status}


def _listed(task: Task) -> dict[str, Any]:
    return _named(task) | {"question": task.question.text, "created_at": task.created_at}


ROUTES: Final[tuple[tuple[str, type], ...]] = (
    (r"api/analyze-async", AnalyzeAsyncHandler),
    (r"api/analyze", AnalyzeHandler),
    (r"api/tasks", TasksHandler),
    (r"api/tasks/([\w-]+)", TaskHandler),
    (r"api/tasks/([\w-]+)/replay", ReplayHandler),
)
