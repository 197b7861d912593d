"""The one door: everything that a surface can ask of the product goes through `CSVAgentManager`."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from traitlets import observe

from .access import refuse_paths
from .exceptions import BadInput, StoreError, StoreUnreachable
from .messages import (
    FINAL,
    ISOLATIONS,
    SHARES,
    Answer,
    Event,
    LedgerEntry,
    Profile,
    Question,
    ResultFile,
    ResultTable,
    Session,
    Source,
    Task,
)
from .sessions.ownership import current_owner, installation_id, kernel_key, located
from .settings import MAX_ATTEMPTS, RULES, Settings
from .tables.option_words import all_with_stated, with_stated
from .translations import LANGUAGES, Language

if TYPE_CHECKING:
    from .access import Access
    from .models.base import ChatModel
    from .models.catalog import ModelChoice
    from .sessions.artifacts import Artifacts
    from .sessions.base import SessionStore
    from .sessions.sweeper import Sweeper
    from .tasks.base import Observer, TaskQueue
    from .tasks.standing import Standing
    from .tasks.workshop import Workshop

MAX_QUESTION: Final = 20_000
MAX_SECONDS: Final = 86_400.0
MOST_EVENTS: Final = 100_000
PREVIEW_ROWS: Final = 50


class CSVAgentManager(Settings):
    """Asks, cancels, follows and repeats; one object per process, used on one event loop between start and stop."""

    @observe(*RULES)
    def _rules_changed(self, _: Any) -> None:
        if self._workshop is not None:
            self._workshop.rules = self.rules

    def __init__(self, **kwargs: Any) -> None:
        self._sweeper: Sweeper | None = None
        self._queue: TaskQueue | None = None
        self._workshop: Workshop | None = None
        self.observers: list[Observer] = []  # set before `start`, so that what is taken up then is seen too
        super().__init__(**kwargs)
        self.owner = current_owner()
        self.installation = ""
        self.store: SessionStore
        self.access: Access
        self.artifacts: Artifacts

    # --- its life ---------------------------------------------------------------------------------------------------

    async def start(self, *, warm: bool = True) -> None:
        """Open the store and begin to run tasks; raises StoreError when the store cannot be used.

        With `warm` a kernel is made ready at once, without waiting for it; `prewarm` does it later."""
        from .access import Access
        from .agent.loop import Run
        from .sandbox import KernelPool, SandboxKernel
        from .sessions.artifacts import Artifacts
        from .sessions.sweeper import Sweeper
        from .tables.copies import Copies
        from .tasks.workshop import Workshop

        store_class: type[SessionStore] = self.session_store_class
        if store_class.is_shared and not self.installation:
            self.installation = await asyncio.to_thread(installation_id, self.folder)
            self.owner = located(self.owner, self.installation)
        self.store = store_class.in_folder(self.folder)
        await self.store.open()
        self.access = Access(self.store)
        kept = self.folder / self.store.artifacts_folder
        self.artifacts = Artifacts(kept, quota=self.artifact_quota, days=self.artifact_days)
        limits, idle, layer = self.kernel_limits, self.kernel_idle_seconds, self.kernel_outer_layer
        provisioner = self.kernel_provisioner
        make = partial(SandboxKernel, limits, server_idle_seconds=idle, outer_layer=layer, provisioner=provisioner)
        pool = KernelPool(self.max_kernels, idle, make, spare=self.spare_kernel, max_memory=self.kernels_memory)
        self._workshop = Workshop(self.store, self.artifacts, pool, self.rules, bounds=self.reading_bounds)
        self._queue = self.task_queue_class(
            self.store, self._workshop.prepare, Run, max_running=self.max_running, adopts=self.adopts
        )
        self._queue.observers += self.observers
        await self._queue.start()
        self._sweeper = Sweeper(self.store, self.artifacts, beside=Copies(self.reading_bounds).clear_up)
        self._sweeper.start()
        if warm:
            self.prewarm()

    def prewarm(self) -> None:
        """Have a kernel made ready in the background, and what reads files, so that the first question finds them."""
        from .tables.warming import warm_in_background

        self.workshop.kernels.prewarm()
        warm_in_background()

    async def stop(self) -> None:
        """End what runs here, and let go of kernels, connections and files; harmless when repeated."""
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            await sweeper.stop()
        queue, self._queue = self._queue, None
        workshop, self._workshop = self._workshop, None
        if queue is not None:
            await queue.stop()
        if workshop is not None:
            await workshop.close()
            await self.store.close()

    @property
    def workshop(self) -> Workshop:
        """What the runs of this process share; there is one between start and stop."""
        if self._workshop is None:
            raise RuntimeError("the manager is not started")
        return self._workshop

    @property
    def queue(self) -> TaskQueue:
        if self._queue is None:
            raise RuntimeError("the manager is not started")
        return self._queue

    # --- questions --------------------------------------------------------------------------------------------------

    async def ask(
        self,
        question: Question,
        *,
        session_id: str | None = None,
        session_name: str | None = None,
        owner: str | None = None,
        dataframes: Mapping[str, object] | None = None,
        read: Mapping[str, Any] | None = None,
        outlives_runner: bool = False,
    ) -> Task:
        """Put a question in line and return at once; `events` tells the rest.

        It goes to the session `session_id`, or to the owner's session titled `session_name`, or to a new one. A
        source that is neither a path nor kept yet is looked up in `dataframes`, as are all of them when the question
        names no source. A question without any source is about the session's last ones. `read` states how files are
        read: values by option (`tables.options`), and such mappings by the name of one of several files.

        Raises BadInput, Unreadable, Busy, NotFound.
        """
        self._refuse(question)
        dataframes = dataframes or {}
        wanted = all_with_stated(question.sources, dataframes, read or {})
        owner = owner or self.owner
        await self.access.count_question(owner, self.owner_questions_per_minute)
        session = await self._session(session_id, session_name, owner, replace(question, sources=wanted))
        sources = await self._keep_dataframes(wanted, dataframes, owner)
        if not sources:
            sources = with_stated(await self._last_sources(session.session_id, owner), read or {})
        refuse_paths(sources, session.owner, owner)
        return await self.queue.submit(
            replace(question, sources=sources, language=question.language or self.rules.language),
            session_id=session.session_id,
            owner=owner,
            outlives_runner=outlives_runner,
        )

    async def replay(
        self,
        task_id: str,
        sources: Sequence[Source] = (),
        *,
        dataframes: Mapping[str, object] | None = None,
        read: Mapping[str, Any] | None = None,
        owner: str | None = None,
        outlives_runner: bool = False,
    ) -> Task:
        """Run an answered task's script again, on its own or on other sources, without a model."""
        owner = owner or self.owner
        await self.access.count_question(owner, self.owner_questions_per_minute)
        task = await self.store.task(task_id)
        answer = await self.store.result(task_id)
        if answer is None or not answer.script:
            raise BadInput("tasks.nothing_to_replay", task_id=task_id)
        dataframes = dataframes or {}
        kept = await self._keep_dataframes(all_with_stated(sources, dataframes, read or {}), dataframes, owner)
        if kept:
            refuse_paths(kept, (await self.store.session(task.session_id)).owner, owner)
        else:
            refuse_paths(task.question.sources, task.owner, owner)
        question = replace(
            task.question,
            sources=kept or with_stated(task.question.sources, read or {}),
            replay_of=task_id,
            model=None,
            language=answer.language,
        )
        return await self.queue.submit(
            question, session_id=task.session_id, owner=owner, outlives_runner=outlives_runner
        )

    async def check_budget(self, question: Question, session: Session | None, owner: str) -> None:
        """Raise BudgetExceeded when nothing is left of the bounds of session and owner, before a task is made of it."""
        await self.workshop.check_budget(question, owner, "" if session is None else kernel_key(session, owner))

    async def cancel(self, task_id: str) -> Task:
        """Stop a task, waiting or running; returns at once, its result event follows."""
        return await self.queue.cancel(task_id)

    async def events(self, task_id: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """Yield a task's events after `after` as they come; the last one is its result.

        Of a task that has ended there is nothing to wait for: who has its result already gets nothing more.
        """
        task = await self.store.task(task_id)
        if task.status in FINAL:
            await self.store.session(task.session_id)
            for event in await self.store.read(task.session_id, after, task_id=task_id, limit=MOST_EVENTS):
                yield event
            return
        async with aclosing(self.store.follow(task.session_id, after, task_id=task_id)) as events:
            async for event in events:
                yield event
                if event.type == "result":
                    return

    async def standing(self, task: Task) -> Standing:
        """Return how a task stands, with its answer once it has ended."""
        from .tasks.standing import look

        found = await look(self.store, task)
        return found if found.result is None else replace(found, result=await self.resolve(found.result))

    async def result(self, task_id: str) -> Answer:
        """Wait for a task's end and return its answer."""
        answer = await self.store.result(task_id)
        if answer is not None:
            return answer
        async with aclosing(self.events(task_id)) as events:
            async for event in events:
                if event.result is not None:
                    return event.result
        raise StoreUnreachable("sessions.closed")

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def sessions(self, owner: str | None = None) -> tuple[Session, ...]:
        """Return the owner's sessions, the last used first."""
        return await self.store.sessions(owner or self.owner)

    async def session_named(self, name: str, owner: str | None = None) -> Session | None:
        """Return the owner's session of that title (or id), None when there is none."""
        return next(iter(await self.store.sessions(owner or self.owner, named=name, limit=1)), None)

    async def history(self, session_id: str, *, limit: int = 1_000) -> tuple[tuple[Task, Answer | None], ...]:
        """Return the last questions of a session with their answers, the oldest first; None for one under way."""
        tasks = await self.store.tasks(session_id=session_id, limit=limit)
        answers = [await self.store.result(task.task_id) for task in tasks]
        return tuple(reversed(list(zip(tasks, answers, strict=True))))

    async def reset(self, session_id: str) -> None:
        """Stop what runs in a session and end its kernel; what was asked and answered stays in the log."""
        for task in await self.store.tasks(session_id=session_id, unfinished=True):
            await self.cancel(task.task_id)
            await self.result(task.task_id)
        await self.workshop.forget(session_id)

    async def sent(self, task_id: str) -> tuple[LedgerEntry, ...]:
        """Return every request of a task to a model, word for word."""
        return await self.store.ledger(task_id)

    # --- files ------------------------------------------------------------------------------------------------------

    async def profile(
        self, source: Source, language: Language = "en", *, glance: bool = False
    ) -> tuple[Profile, ResultTable]:
        """Return how a source is read and what is in it, and its first rows; raises Unreadable.

        With a `glance`, a large file is described from samples of it.
        """
        from .agent.reading import read_source
        from .tables.written import first_rows

        path = await self.workshop.open_source(source)
        bounds = replace(self.reading_bounds, kernel=0, whole=False, glance=glance)
        table = await read_source(path, source, (), language, bounds)
        return await asyncio.to_thread(table.profile, language), await asyncio.to_thread(
            first_rows, table.arrow, PREVIEW_ROWS
        )

    # --- models and consent -----------------------------------------------------------------------------------------

    async def models(self) -> list[ModelChoice]:
        """Return what can be asked for, and what each needs."""
        from .models.catalog import available_models

        return await available_models()

    async def current_model(self, name: str | None = None) -> ChatModel:
        """Return the model that a question without a choice of its own goes to."""
        return await self.workshop.model(name)

    async def allow(self, what: str, owner: str | None = None) -> None:
        """Write down a person's consent: ``share`` for the model that was found by its key, or an isolation level."""
        who = owner or self.owner
        if what == "share":
            model = await self.current_model()
            await self.workshop.agree(who, f"share:{model.name}")
        elif what in ISOLATIONS:
            await self.workshop.agree(who, f"isolation:{what}")
        else:
            raise BadInput("manager.unknown_consent", what=what)

    # --- results ----------------------------------------------------------------------------------------------------

    async def artifact_bytes(self, reference: str) -> bytes:
        """Return the content of an ``artifact:<sha256>``; raises NotFound when it is gone."""
        return await self.artifacts.read(reference)

    async def resolve(self, answer: Answer) -> Answer:
        """Return the answer as the outside sees it, with plots as data URLs; one that cannot be had is empty."""
        plots = [await self._data_url(plot, "image/png") for plot in answer.plots]
        drawings = [await self._data_url(plot, "image/svg+xml") for plot in answer.plots_svg]
        return replace(answer, plots=tuple(plots), plots_svg=tuple(drawings))

    async def whole(self, part: ResultTable | ResultFile) -> bytes:
        """Return a whole table (as Arrow) or a written file of an answer."""
        return await self.artifact_bytes(part.artifact)

    async def _data_url(self, reference: str, media_type: str) -> str:
        if not reference.startswith("artifact:"):
            return reference
        try:
            content = await self.artifact_bytes(reference)
        except StoreError:  # the rest of the answer, and the readers who follow it, must not suffer for it
            return ""
        return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"

    # --- within -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _refuse(question: Question) -> None:
        """Raise BadInput for what cannot be asked at all, before anything is kept of it."""
        if not question.text.strip():
            raise BadInput("manager.empty_question")
        if len(question.text) > MAX_QUESTION:
            raise BadInput("manager.long_question", length=len(question.text), limit=MAX_QUESTION)
        if question.max_attempts is not None and not 1 <= question.max_attempts <= MAX_ATTEMPTS:
            raise BadInput("manager.bad_attempts", limit=MAX_ATTEMPTS)
        if question.share is not None and question.share not in SHARES:
            raise BadInput("manager.bad_share", share=question.share, known=", ".join(SHARES))
        if question.language is not None and question.language not in LANGUAGES:
            raise BadInput("manager.bad_language", asked=question.language, known=", ".join(LANGUAGES))
        if question.timeout is not None and not 0 < question.timeout <= MAX_SECONDS:
            raise BadInput("manager.bad_timeout", limit=int(MAX_SECONDS))

    async def _session(self, session_id: str | None, name: str | None, owner: str, question: Question) -> Session:
        title = name or " ".join(question.text.split())[:80]
        if session_id is not None:
            found = await self.store.session(session_id)
            return found if found.title or found.owner != owner else await self.store.rename_session(session_id, title)
        if name and (known := await self.session_named(name, owner)) is not None:
            return known
        if not question.sources:
            raise BadInput("manager.no_sources")
        return await self.store.create_session(owner, title=title, language=question.language)

    async def _keep_dataframes(
        self, wanted: Sequence[Source], dataframes: Mapping[str, object], owner: str
    ) -> tuple[Source, ...]:
        """Keep each DataFrame as an Arrow artifact, as it is now: later changes of the variable do not matter."""
        return tuple([await self._keep_dataframe(source, dataframes, owner) for source in wanted])

    async def _keep_dataframe(self, source: Source, dataframes: Mapping[str, object], owner: str) -> Source:
        if source.path or source.artifact or source.name not in dataframes:
            return source
        from .tables import dataframe_to_arrow

        content = await asyncio.to_thread(dataframe_to_arrow, dataframes[source.name])
        reference = await self.artifacts.put(
            content, media_type="application/vnd.apache.arrow.file", name=f"{source.name}.arrow", owner=owner
        )
        return replace(source, artifact=reference)

    async def _last_sources(self, session_id: str, owner: str) -> tuple[Source, ...]:
        for task in await self.store.tasks(session_id=session_id):
            if task.question.sources:
                refuse_paths(task.question.sources, task.owner, owner)
                return task.question.sources
        raise BadInput("manager.no_sources")
