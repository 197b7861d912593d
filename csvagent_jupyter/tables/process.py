"""Has a file read by a process of its own, which is confined, and ends it when it takes too much or nobody waits.

The process comes from a fork server, where pandas and Arrow are imported already; where there can be none, it is an
ordinary child, which has the same order and gives the same reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any, Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from ..confinement import Limits, clean_environment
from ..confinement.environment import ONE_THREAD
from ..confinement.spawning import CannotFork, ForkServer, Refused
from ..exceptions import Unreadable
from .order import LONGEST_REPLY, Bounds, Order, Reply, encoded, reply_in

IDLE_SECONDS: Final = 900.0
ENDS_WITHIN: Final = 10.0
TAIL: Final = 2_000
LOOKS_EVERY: Final = 0.25
KEPT_FREE: Final = 64 * 2**20
"""Bytes of a disk that no reading may take: others write there, too."""
LITTLE: Final = 16 * 2**20
"""Bytes that a reading may take all the same, if they are there: so much a small file may need."""
LEAST: Final = 2**16
MOST_AT_ONCE: Final = max(2, os.cpu_count() or 1)
"""Files that are read at once in one event loop: each may take the memory of its bounds."""
PROGRESS_SECONDS: Final = 0.5
INSIDE: Final = f"{__package__}.inside.app"
_KILLED: Final = -int(getattr(signal, "SIGKILL", 9))
_TOO_LONG: Final = -int(getattr(signal, "SIGXCPU", 24))
_SIZE_LIMIT: Final = -int(getattr(signal, "SIGXFSZ", 25))
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # a person in a terminal gets the sentence, not the log
T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Hears now and then how many bytes of a file were read, and how many there are."""


class Readers:
    """Starts the processes that read files: `entry` is what each of them does, `preload` what their server imports.

    One that cannot fork after that, because a thread is left, is replaced by one that does no more than `plainly`.
    """

    def __init__(
        self,
        entry: str = f"{INSIDE}:start",
        preload: str = f"{INSIDE}:warm",
        forked: bool = True,
        plainly: str = f"{INSIDE}:ready",
    ) -> None:
        self.server = ForkServer(preload, _server_environment, IDLE_SECONDS) if forked else None
        self._plainly = plainly
        self._entry = entry
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def read(
        self, order: Order, source: int, sink: int, bounds: Bounds, progress: Progress | None = None
    ) -> Reply:
        """Return what a process found in the file `source`, whose cells it wrote into `sink`.

        `progress` is told, now and then, how far the file was read. Raises Unreadable: what the process says of the
        file, or that it crashed, or took more memory or time than `bounds`. When the caller is cancelled, the process
        is ended first.
        """
        with tempfile.TemporaryFile(buffering=0) as letter:
            order = msgspec.structs.replace(order, largest=min(order.largest, _room(sink), _room(letter.fileno())))
            if order.largest < LEAST:
                raise Unreadable("tables.reading_no_room", name=order.name)
            letter.write(encoded(order))
            async with self._turn():
                status = await self._run(order, (source, sink, letter.fileno()), bounds, progress)
            reply = await asyncio.to_thread(_reply, letter, status, order, bounds)
        if reply.size != os.fstat(sink).st_size:
            raise Unreadable("tables.reading_garbled", name=order.name)
        return reply

    async def _run(self, order: Order, files: tuple[int, int, int], bounds: Bounds, progress: Progress | None) -> int:
        watch = asyncio.create_task(_watch(files[0], progress)) if progress is not None else None
        ending = asyncio.create_task(self._ended(files))
        talk = asyncio.create_task(_beyond(files, order.largest))
        try:
            async with asyncio.timeout(bounds.seconds):
                await asyncio.wait({ending, talk}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                raise Unreadable(talk.result(), name=order.name)
            return ending.result()
        except TimeoutError:
            raise Unreadable("tables.reading_slow", name=order.name, seconds=bounds.seconds) from None
        finally:
            for task in (ending, talk, watch):
                if task is not None:
                    task.cancel()
            await asyncio.gather(ending, talk, return_exceptions=True)

    async def _ended(self, files: tuple[int, int, int]) -> int:
        """Return how the process ended that reads a file; when the caller is cancelled, it is ended first."""
        while self.server is not None:
            try:
                return await _forked(self.server, self._entry, files)
            except Refused as reason:  # what it tried for warming up left something behind
                if not self._plainly:
                    break
                _log.info("What reads files is not warmed up: %s", reason)
                self.server.close()
                self.server, self._plainly = ForkServer(self._plainly, _server_environment, IDLE_SECONDS), ""
            except CannotFork as reason:
                _log.info("A file is read without the fork server: %s", reason)
                break
        return await _launched(files)

    def _turn(self) -> asyncio.Semaphore:
        """Return what lets only so many files be read at once in this event loop; the others wait for their turn."""
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST_AT_ONCE))

    def begin(self) -> None:
        """Have the server started, without waiting for it."""
        if self.server is not None:
            self.server.begin()


async def _forked(server: ForkServer, entry: str, files: tuple[int, int, int]) -> int:
    """Return how a process from the fork server ended; raises CannotFork before there is one."""
    source, sink, letter = files
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        spawned = await server.spawn(
            entry,
            None,
            errors=nowhere,
            report=letter,
            folder=None,
            environment=_environment(Path(os.sep)),
            standard=(source, sink),
        )
    finally:
        os.close(nowhere)
    try:
        return await spawned.wait()
    except asyncio.CancelledError:
        spawned.send_signal(-_KILLED, group=True)
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(spawned.wait())), ENDS_WITHIN)
        except TimeoutError:
            spawned.end_server()
        raise


async def _launched(files: tuple[int, int, int]) -> int:
    """Return how an ordinary child ended."""
    source, sink, letter = files
    with tempfile.TemporaryDirectory(prefix="csvagent-") as folder:
        # At once: nobody would know of a child whose start was cancelled meanwhile.
        child = subprocess.Popen(  # noqa: ASYNC220, S603 - our own interpreter and module
            [sys.executable, "-P", "-m", INSIDE],
            env=_server_environment(Path(folder)),
            cwd=folder,
            stdin=source,
            stdout=sink,
            stderr=letter,
            start_new_session=True,
        )
        try:
            return await asyncio.to_thread(_status, child)
        except asyncio.CancelledError:
            _end_group(child)
            await asyncio.to_thread(child.wait)
            raise


def _status(child: subprocess.Popen[bytes]) -> int:
    """Return how a child ended, when none is left of those that it may have started: they could write on."""
    if hasattr(os, "waitid"):
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # until it is waited for, its number is its own
            _end_group(child)
    return child.wait()


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


async def _beyond(files: tuple[int, int, int], largest: int) -> str:
    """Return why a process is ended that still writes, once it has written more than it may, or no room is left."""
    _, sink, letter = files
    while True:
        if os.fstat(letter).st_size > LONGEST_REPLY:
            return "tables.reading_garbled"
        written = os.fstat(sink).st_size
        if written > largest or (written > LITTLE and _free(sink) < KEPT_FREE // 2):
            return "tables.reading_no_room"
        await asyncio.sleep(LOOKS_EVERY)


def _room(file: int) -> int:
    """Return how many bytes may be written into a file where it is; that process itself cannot ask for it."""
    free = _free(file)
    return max(free - KEPT_FREE, min(free, LITTLE))


def _free(file: int) -> int:
    """Return how many bytes are free where a file is; more than enough where that cannot be known."""
    try:
        found = os.fstatvfs(file)
    except (AttributeError, OSError):
        return 2**40
    return found.f_bavail * found.f_frsize


async def _watch(source: int, progress: Progress) -> None:
    """Tell now and then how far the file was read: its position is the same in both processes.

    One that is beyond the next one was a look ahead, or a former reading of the same bytes.
    """
    told, before, size = 0, 0, os.fstat(source).st_size
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        at = os.lseek(source, 0, os.SEEK_CUR)
        if told < (sure := min(before, at)):
            told = sure
            progress(sure, size)
        before = at


def _reply(letter: IO[bytes], status: int, order: Order, bounds: Bounds) -> Reply:
    """Return what is in the letter of a process that ended with `status`; raises Unreadable."""
    name = order.name
    if status == _TOO_LONG:
        raise Unreadable("tables.reading_slow", name=name, seconds=bounds.seconds)
    if status == _SIZE_LIMIT:
        raise Unreadable("tables.reading_too_wide", name=name)
    if status == _KILLED:
        raise Unreadable("tables.reading_killed", name=name)
    if status:
        _log.warning("The process that read a file ended with %d: %s", status, _tail(letter))
        raise Unreadable("tables.reading_crashed", name=name)
    size = os.fstat(letter.fileno()).st_size
    if size > LONGEST_REPLY:
        raise Unreadable("tables.reading_garbled", name=name)
    letter.seek(0)
    try:
        reply = reply_in(letter.read(size))
    except ValueError:
        raise Unreadable("tables.reading_garbled", name=name) from None
    if reply.broken:
        _log.warning("The reading of a file failed: %s", ascii(reply.broken[-TAIL:]))
        raise Unreadable("tables.reading_crashed", name=name)
    if reply.refusal is not None:
        raise reply.refusal.error()
    return reply


def _tail(letter: IO[bytes]) -> str:
    """Return the end of what an ordinary child wrote of its errors, where the reply would be."""
    letter.seek(max(0, os.fstat(letter.fileno()).st_size - TAIL))
    return ascii(letter.read(TAIL))


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns, for a caller that may be in an event loop; an interrupt cancels it."""
    done: Future[T] = Future()
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            done.set_result(loop.run_until_complete(task))
        except BaseException as error:  # told to who waits
            done.set_exception(error)
        finally:
            with contextlib.suppress(RuntimeError):  # this process is ending
                loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=run, name="csvagent-reading", daemon=True)
    thread.start()
    try:
        return done.result()
    except BaseException:
        with contextlib.suppress(RuntimeError):  # it has ended
            loop.call_soon_threadsafe(task.cancel)
        raise
    finally:
        thread.join()


def usual() -> Readers:
    """Return what starts the reading processes of this process."""
    global _usual
    with _lock:
        if _usual is None:
            _usual = Readers()
        return _usual


def _server_environment(folder: Path) -> Mapping[str, str]:
    for name in ("home", "tmp"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    return _environment(folder)


def _environment(folder: Path) -> dict[str, str]:
    return clean_environment(os.environ, folder, Limits()) | ONE_THREAD


_usual: Readers | None = None
_lock = threading.Lock()
