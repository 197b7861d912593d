"""The manager for callers that block: cells, scripts and the command line.

The manager runs on an event loop in a thread of its own, so that it goes on while a cell's thread waits, and can be
told to cancel when that thread is interrupted.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from traitlets.config import Configurable

    from .manager import CSVAgentManager
    from .messages import Answer, Event

T = TypeVar("T")
_DONE = object()


class LoopThread:
    """An event loop in a thread of its own; any thread may hand it coroutines."""

    def __init__(self, name: str = "csvagent") -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine on the loop and return at once."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; an interrupt of the waiting thread cancels it."""
        future = self.submit(coroutine)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        if self.alive:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(timeout=10)


class BlockingManager:
    """A started manager on its own loop thread; every method waits for its result.

    `manager` may be used from here with ``run(manager.method(...))``, as the command line and the magics do.
    """

    def __init__(self, manager: CSVAgentManager) -> None:
        self.manager = manager
        self.wanted = False
        self._thread = LoopThread()
        try:
            self._thread.run(manager.start())
        except BaseException:
            self._thread.close()
            raise
        self.submit = self._thread.submit
        self.run = self._thread.run

    @property
    def alive(self) -> bool:
        return self._thread.alive

    def events(self, task_id: str, after: int = 0) -> Iterator[Event]:
        """Yield a task's events as they come, up to its result; an interrupt cancels the task and still ends in order.

        The first KeyboardInterrupt asks for the task's end and goes on with the events that follow from that, the
        second one is raised.
        """
        arrived: SimpleQueue[Any] = SimpleQueue()
        following = self.submit(_hand_over(self.manager.events(task_id, after=after), arrived))
        interrupted = False
        try:
            while True:
                try:
                    event = arrived.get()
                except KeyboardInterrupt:
                    if interrupted:
                        raise
                    interrupted = True
                    self.run(self.manager.cancel(task_id))
                    continue
                if event is _DONE:
                    following.result()
                    return
                yield event
        finally:
            following.cancel()

    def close(self) -> None:
        """Stop the manager, whatever it runs, and its loop; harmless when repeated."""
        if self._thread.alive:
            with contextlib.suppress(RuntimeError):
                self._thread.run(self.manager.stop())
            self._thread.close()


async def _hand_over(events: AsyncGenerator[Event, None], arrived: SimpleQueue[Any]) -> None:
    """Put events where another thread takes them, and last that there are no more; closes them when cancelled."""
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                arrived.put(event)
    finally:
        arrived.put(_DONE)


_shared: BlockingManager | None = None
_shared_by: int = 0
_ended = False
_lock = threading.Lock()


def shared(
    parent: Configurable | None = None, manager: CSVAgentManager | None = None, *, ahead: bool = False
) -> BlockingManager:
    """Return this process's one manager, started when it is first asked for and stopped when the process ends.

    After a fork the child gets one of its own: threads and connections do not survive a fork. With `ahead` nobody
    wants it yet; `close_unwanted` ends it while that is so. Raises RuntimeError then when the process is ending.
    """
    global _shared, _shared_by
    with _lock:
        if ahead and _ended:
            raise RuntimeError("the process is ending")
        if _shared is None or _shared_by != os.getpid() or not _shared.alive:
            _close_at_exit()
            _shared = BlockingManager(manager or _manager(parent))
            _shared_by = os.getpid()
        _shared.wanted = _shared.wanted or not ahead
        return _shared


def _manager(parent: Configurable | None) -> CSVAgentManager:
    from .configuration import configured_manager
    from .manager import CSVAgentManager

    return configured_manager() if parent is None else CSVAgentManager(parent=parent)


def import_ahead() -> None:
    """Import what the manager and a first question need, so that it need not wait; starts nothing."""
    from . import manager  # noqa: F401
    from .agent import loop  # noqa: F401
    from .models import catalog  # noqa: F401
    from .models.offline import engine  # noqa: F401
    from .sandbox import kernel, pool  # noqa: F401
    from .sessions import artifacts, sqlite  # noqa: F401
    from .tasks import inprocess, workshop  # noqa: F401


def close_shared() -> None:
    """Stop this process's manager, if it was ever started."""
    global _shared
    with _lock:
        if _shared is not None and _shared_by == os.getpid():
            _shared.close()
        _shared = None


def close_unwanted(manager: CSVAgentManager) -> bool:
    """Stop the shared manager when it is this one, started ahead, and nobody has wanted it yet; tell whether."""
    global _shared
    with _lock:
        if _shared is None or _shared.manager is not manager or _shared.wanted:
            return False
        _shared.close()
        _shared = None
        return True


def _close_for_good() -> None:
    global _ended
    _ended = True
    close_shared()


@cache
def _close_at_exit() -> None:
    """Have the manager stopped when the interpreter ends, before executors refuse work: stopping needs them.

    `concurrent.futures` shuts down before `atexit` runs; only what is registered here, after it, comes earlier.
    """
    import concurrent.futures.thread  # noqa: F401  (registers itself first)

    getattr(threading, "_register_atexit", atexit.register)(_close_for_good)


def ask(
    question: str,
    *sources: Any,
    session: str | None = None,
    read: Mapping[str, Any] | None = None,
    **options: Any,
) -> Answer:
    """Ask a question about CSV files (paths, globs) or DataFrames and return the Answer.

    `session` is the name of a dialogue to go on with. `read` states how the files are read, as `read_table` takes it,
    ``{"delimiter": ";"}``; for one of several files ``{"b.csv": {"delimiter": ";"}}``.

    Options are those of `messages.Question`: `model`,
    `max_attempts`, `timeout` (seconds), `share`, `language`. What the question cannot be answered for stands in
    ``answer.error``. Raises BadInput and Unreadable for what cannot be asked at all.
    """
    from .messages import Question
    from .tables import resolve_sources

    door = shared()
    paths, frames = _sources(sources)
    found = tuple(f.source for f in resolve_sources(paths, directory=Path.cwd())) if paths else ()
    asked = Question(text=question, sources=found, **options)
    task = door.run(door.manager.ask(asked, session_name=session, dataframes=frames, read=read))
    for _ in door.events(task.task_id):
        pass
    return door.run(_whole(door.manager, task.task_id))


async def _whole(manager: CSVAgentManager, task_id: str) -> Answer:
    return await manager.resolve(await manager.result(task_id))


def _sources(sources: Iterable[Any]) -> tuple[list[str], dict[str, object]]:
    """Part paths and globs from DataFrames, which get the names df, df2 and so on."""
    paths: list[str] = []
    frames: dict[str, object] = {}
    for source in sources:
        if isinstance(source, str | os.PathLike):
            paths.append(os.fspath(source))
        else:
            frames[f"df{len(frames) + 1}" if frames else "df"] = source
    return paths, frames
