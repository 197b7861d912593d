"""One SQLite file, used from one thread: opening it safely, transactions, and errors told as sentences."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from msgspec import ValidationError

from ..exceptions import StorageFull, StoreError, StoreUnreachable
from .filesystem import is_network_folder, make_private_folder
from .migrations import migrate

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS: Final = 15.0
FULL_BYTES: Final = 256 * 1024
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_OUT_OF_REACH: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})


class SQLiteFile:
    """A database file whose every call runs in a thread of its own, so that the event loop never waits for a disk.

    `journal` is ``"wal"`` or ``"delete"`` once open. WAL is the faster, but its shared memory does not work between
    hosts, so it is never used on a network file system (https://sqlite.org/wal.html, "Use Without Shared-Memory").
    """

    def __init__(self, path: Path, *, max_bytes: int | None = None, journal: str | None = None) -> None:
        self.path = path
        self.journal = ""
        self._wished_journal = journal
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Open or make the file and bring its schema up to date."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="csvagent-store")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._translated, self._open)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the file and end the thread; does nothing the second time."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(thread, self._close))
        finally:
            thread.shutdown()

    async def read(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` with the connection, in the thread."""
        return await self._submit(lambda: work(self._open_connection(), *args, **kwargs))

    async def write(
        self,
        done: Callable[[T], None],
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `work` in a transaction that no other process can come between.

        `done` is called in the thread with the result once it is on disk, even when nobody awaits it any more.
        """

        def transaction() -> T:
            connection = self._open_connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection, *args, **kwargs)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            done(result)
            return result

        return await self._submit(transaction)

    async def _submit(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            raise StoreUnreachable("sessions.closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._translated, work)

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreUnreachable("sessions.closed")
        return self._connection

    # --- in the thread ----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            make_private_folder(self.path.parent)
            _make_private_file(self.path)
        except OSError as error:
            raise StoreUnreachable("sessions.no_folder", path=str(self.path), reason=error.strerror or "") from error
        before = self.path.stat()
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            self._close()
            if _code(error) not in _DAMAGED:
                raise
            kept = _set_aside(self.path, before)
            raise StoreError("sessions.set_aside", path=str(self.path), kept=str(kept)) from error

    def _connect(self) -> None:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        self._connection = connection
        connection.execute("PRAGMA schema_version").fetchone()
        connection.execute("PRAGMA busy_timeout=200")
        wal = self._wished_journal == "wal" or (
            self._wished_journal is None and not is_network_folder(self.path.parent)
        )
        self.journal = set_journal(connection, "wal" if wal else "delete")
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        # With WAL a commit survives the end of the process without waiting for the disk each time.
        connection.execute(f"PRAGMA synchronous={'NORMAL' if self.journal == 'wal' else 'FULL'}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=FAST")
        migrate(connection, str(self.path))
        if self._max_bytes is not None:
            page_size = connection.execute("PRAGMA page_size").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={max(self._max_bytes // page_size, 1)}")

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _translated(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            raise as_store_error(error, self.path) from error
        except ValidationError as error:
            raise StoreError("sessions.newer_entry", path=str(self.path)) from error


def as_store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Return what SQLite says as an error that is told to a person."""
    code = _code(error)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return StorageFull("sessions.full", path=str(path))
    if code in _DAMAGED:
        return StoreError("sessions.damaged", path=str(path))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreUnreachable("sessions.locked", path=str(path))
    if code in _OUT_OF_REACH:
        return StoreUnreachable("sessions.no_folder", path=str(path), reason=str(error))
    return StoreUnreachable("sessions.failed", path=str(path), reason=str(error))


def _is_full(path: Path) -> bool:
    """Tell whether an input/output error may be for want of room: for WAL's shared memory SQLite tells no other."""
    try:
        return shutil.disk_usage(path.parent).free < FULL_BYTES
    except OSError:
        return False


def _code(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of SQLite's extended one."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _make_private_file(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its companions the same mode."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if hasattr(os, "fchmod") and os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def set_journal(connection: sqlite3.Connection, mode: str) -> str:
    """Switch the journal if it can be and return the mode that is in force.

    A file system without shared memory refuses WAL. A file that another process has open in WAL stays so. Switching to
    WAL may have to wait for another process that opens the file at the same time.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return str(connection.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]).lower()
        except sqlite3.OperationalError as error:
            busy = _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or mode == "delete" or time.monotonic() > deadline:
                return str(connection.execute("PRAGMA journal_mode").fetchone()[0]).lower()
            time.sleep(0.02)


def _set_aside(path: Path, before: os.stat_result) -> Path:
    """Move a damaged file and its companions away; a file that somebody has replaced meanwhile stays."""
    kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    now = path.stat()
    if (now.st_ino, now.st_dev) == (before.st_ino, before.st_dev):
        path.rename(kept)
        for companion in ("-wal", "-shm", "-journal"):
            beside = path.with_name(path.name + companion)
            if beside.exists():
                beside.rename(kept.with_name(kept.name + companion))
    return kept
