"""The SQLite schema, as numbered steps: a file is brought from the version it has to the newest one.

A notebook kernel and a Jupyter server of different versions may share one file. So each step says the oldest version
that can still work with the file after it: a step that only adds leaves that number alone, one that changes the
meaning of what is there raises it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from ..exceptions import StoreError


def _first(connection: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";;"):
        connection.execute(statement)


_FIRST: Final = """
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;;
INSERT INTO marks VALUES ('oldest_reader', 1), ('line', 0);;

CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, language TEXT,
    created_at TEXT NOT NULL, updated_at REAL NOT NULL, expires_at REAL, deleted_at REAL,
    last_seq INTEGER NOT NULL DEFAULT 0
);;
CREATE INDEX sessions_of ON sessions (owner, updated_at);;

CREATE TABLE events (
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    seq INTEGER NOT NULL, at TEXT NOT NULL, task_id TEXT, kind TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (session_id, seq)
);;
CREATE INDEX events_of_task ON events (task_id, kind);;
CREATE INDEX turns ON events (session_id, seq) WHERE kind = 'turn';;
CREATE UNIQUE INDEX one_result ON events (task_id) WHERE kind IN ('turn', 'result');;

CREATE TABLE tasks (
    position INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    owner TEXT NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL,
    runner TEXT NOT NULL, lease_until REAL NOT NULL, fence INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL, outlives_runner INTEGER NOT NULL, claimed_at REAL
);;
CREATE INDEX tasks_of_session ON tasks (session_id, position);;
CREATE INDEX tasks_of_owner ON tasks (owner, claimed_at);;
CREATE INDEX unfinished ON tasks (position) WHERE status IN ('PENDING', 'PROCESSING');;
CREATE TRIGGER task_came AFTER INSERT ON tasks
    BEGIN UPDATE marks SET value = value + 1 WHERE name = 'line'; END;;
CREATE TRIGGER task_moved AFTER UPDATE OF status, fence, cancel_requested ON tasks
    BEGIN UPDATE marks SET value = value + 1 WHERE name = 'line'; END;;

CREATE TABLE artifacts (
    holder TEXT NOT NULL, artifact TEXT NOT NULL, PRIMARY KEY (holder, artifact)
) WITHOUT ROWID;;

CREATE TABLE ledger (
    number INTEGER PRIMARY KEY, session_id TEXT NOT NULL, task_id TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (task_id, at)
);;
CREATE INDEX ledger_of_session ON ledger (session_id);;
CREATE TABLE counters (
    name TEXT NOT NULL, starts REAL NOT NULL, ends REAL, amount REAL NOT NULL, PRIMARY KEY (name, starts)
) WITHOUT ROWID;;

CREATE TABLE grants (
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    name TEXT NOT NULL, link TEXT NOT NULL, may TEXT NOT NULL
);;
CREATE INDEX grants_of_session ON grants (session_id);;
CREATE INDEX grants_to ON grants (name) WHERE name != '';;
CREATE UNIQUE INDEX grants_by_link ON grants (link) WHERE link != '';;
CREATE TABLE analyses (analysis_id TEXT PRIMARY KEY, owner TEXT NOT NULL, at REAL NOT NULL, body TEXT NOT NULL);;
CREATE INDEX analyses_of ON analyses (owner, at);;
CREATE TABLE feedback (
    task_id TEXT NOT NULL, owner TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (task_id, owner)
) WITHOUT ROWID
"""

MIGRATIONS: Final[tuple[tuple[Callable[[sqlite3.Connection], None], int], ...]] = ((_first, 1),)
VERSION: Final = len(MIGRATIONS)
APPLICATION_ID: Final = 0x63737661
"""Marks a SQLite file as ours ("csva"), so that nobody else's is ever changed."""


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the file to VERSION, one process at a time; StoreError for a file that only a newer version understands."""
    if _version(connection) == VERSION and not _is_foreign(connection, VERSION):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)
        if _is_foreign(connection, found):
            raise StoreError("sessions.foreign", path=path)
        if found > VERSION and (oldest := _oldest_reader(connection)) > VERSION:
            raise StoreError("sessions.newer", path=path, found=found, known=VERSION, oldest=oldest)
        for number, (step, oldest_reader) in enumerate(MIGRATIONS[found:], found + 1):
            step(connection)
            connection.execute("UPDATE marks SET value = ? WHERE name = 'oldest_reader'", (oldest_reader,))
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it by itself when the disk is full
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _is_foreign(connection: sqlite3.Connection, version: int) -> bool:
    if version:
        return bool(connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID)
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _oldest_reader(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT value FROM marks WHERE name = 'oldest_reader'").fetchone()[0])
