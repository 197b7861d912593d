"""Sessions and their events as SQLite rows: functions of a connection, called within the store's thread."""

from __future__ import annotations

import math
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import replace
from sqlite3 import Connection, IntegrityError, Row
from typing import Any, Final, Literal, NamedTuple

from msgspec import ValidationError

from ..exceptions import BadInput, LeaseLost, NotFound
from ..messages import Answer, Event, Session, Turn
from ..translations import Language
from .codec import iso, mentioned_artifacts, read_json, storable, turn_of

SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_COLUMNS: Final = "session_id, owner, title, language, created_at, updated_at, expires_at"
_ALIVE: Final = "deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)"


def create(
    connection: Connection,
    owner: str,
    title: str,
    language: Language | None,
    session_id: str | None,
    expire_seconds: float | None,
) -> Session:
    session_id = str(uuid.uuid4()) if session_id is None else session_id
    if not SESSION_ID.fullmatch(session_id):
        raise BadInput("sessions.bad_session_id", session_id=session_id)
    now = time.time()
    expires_at = None if expire_seconds is None else now + expire_seconds
    try:
        connection.execute(
            f"INSERT INTO sessions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (session_id, owner, storable(title), language, iso(now), now, expires_at),
        )
    except IntegrityError:
        raise BadInput("sessions.session_taken", session_id=session_id) from None
    return get(connection, session_id)


def get(connection: Connection, session_id: str) -> Session:
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM sessions WHERE session_id = :id AND {_ALIVE}", {"id": session_id, "now": time.time()}
    ).fetchone()
    if found is None:
        raise NotFound("sessions.no_session", session_id=session_id)
    return _session(found)


def list_of(connection: Connection, owner: str, named: str | None, limit: int) -> tuple[Session, ...]:
    name = None if named is None else storable(named)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM sessions WHERE owner = :owner AND {_ALIVE}"
        " AND (:name IS NULL OR title = :name OR session_id = :name) ORDER BY updated_at DESC LIMIT :limit",
        {"owner": owner, "name": name, "limit": limit, "now": time.time()},
    )
    return tuple(map(_session, rows))


def list_shared(connection: Connection, name: str) -> tuple[tuple[Session, Literal["read", "ask"]], ...]:
    rows = connection.execute(
        f"SELECT {_COLUMNS}, (SELECT max(may = 'ask') FROM grants g WHERE g.session_id = s.session_id AND name = :name)"
        f" FROM sessions s WHERE :name != '' AND session_id IN (SELECT session_id FROM grants WHERE name = :name)"
        f" AND {_ALIVE} ORDER BY updated_at DESC",
        {"name": name, "now": time.time()},
    )
    return tuple((_session(row[:7]), "ask" if row[7] else "read") for row in rows)


def rename(connection: Connection, session_id: str, title: str) -> Session:
    get(connection, session_id)
    connection.execute("UPDATE sessions SET title = ? WHERE session_id = ?", (storable(title), session_id))
    return get(connection, session_id)


def touch(connection: Connection, session_id: str, expire_seconds: float | None) -> Session:
    get(connection, session_id)
    _touch(connection, session_id, time.time(), expire_seconds)
    return get(connection, session_id)


def delete(connection: Connection, session_id: str) -> None:
    get(connection, session_id)
    connection.execute("UPDATE sessions SET deleted_at = ? WHERE session_id = ?", (time.time(), session_id))
    connection.execute(
        "UPDATE tasks SET cancel_requested = 1 WHERE session_id = ? AND status IN ('PENDING', 'PROCESSING')",
        (session_id,),
    )


def restore(connection: Connection, session_id: str, owner: str | None, expire_seconds: float | None) -> Session:
    restored = connection.execute(
        "UPDATE sessions SET deleted_at = NULL WHERE session_id = :id AND (:owner IS NULL OR owner = :owner)",
        {"id": session_id, "owner": owner},
    )
    if not restored.rowcount:
        raise NotFound("sessions.no_session", session_id=session_id)
    return touch(connection, session_id, expire_seconds)


def purge(connection: Connection, undo_seconds: float) -> None:
    """Remove for good what was deleted longer ago than it can be undone, and what has expired."""
    now = time.time()
    gone = connection.execute(
        "SELECT session_id FROM sessions WHERE deleted_at <= ? OR expires_at <= ?", (now - undo_seconds, now)
    ).fetchall()
    for table, column in (("sessions", "session_id"), ("ledger", "session_id"), ("artifacts", "holder")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)
    connection.execute("DELETE FROM counters WHERE ends <= ?", (now,))


def append(
    connection: Connection, session_id: str, event: Event, body: str, fence: int | None, expire_seconds: float | None
) -> Event:
    if fence is not None:
        check_fence(connection, event.task_id or "", fence)
    if event.meta is not None and event.meta.stage == "executing":
        connection.execute("DELETE FROM events WHERE task_id = ? AND kind = 'delta'", (event.task_id,))
    kind = "delta" if event.meta is not None and event.meta.code_delta else "event"
    return insert(connection, session_id, event, body, kind, expire_seconds)


def check_fence(connection: Connection, task_id: str, fence: int) -> None:
    """Raise LeaseLost unless the task is under way with that very fence."""
    found = connection.execute("SELECT status, fence FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
    if found is None or tuple(found) != ("PROCESSING", fence):
        raise LeaseLost("sessions.lease_lost", task_id=task_id)


def insert(
    connection: Connection, session_id: str, event: Event, body: str, kind: str, expire_seconds: float | None
) -> Event:
    now = time.time()
    seq = _touch(connection, session_id, now, expire_seconds, events=1)
    at = iso(now)
    connection.execute(
        "INSERT INTO events (session_id, seq, at, task_id, kind, body) VALUES (?, ?, ?, ?, ?, ?)",
        (session_id, seq, at, event.task_id, kind, body),
    )
    hold_artifacts(connection, session_id, mentioned_artifacts(body))
    return replace(event, session_id=session_id, seq=seq, at=at)


def hold_artifacts(connection: Connection, holder: str, artifacts: Iterable[str]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO artifacts VALUES (?, ?)", [(holder, artifact) for artifact in artifacts]
    )


class Page(NamedTuple):
    """A piece of a log: its events, the last number it covers, and whether there may be more behind it."""

    events: tuple[Event, ...]
    last: int
    is_full: bool


def read(
    connection: Connection,
    session_id: str,
    after: int,
    task_id: str | None,
    limit: int,
    most_characters: float = math.inf,
) -> Page:
    """Return at most `limit` events, and no more once they have `most_characters`: a page is held whole in memory."""
    events = []
    count, characters = 0, 0
    for row in connection.execute(
        "SELECT session_id, seq, at, body FROM events WHERE session_id = ? AND seq > ?"
        " AND (? IS NULL OR task_id = ?) ORDER BY seq LIMIT ?",
        (session_id, after, task_id, task_id, limit),
    ):
        event = _event(*row)
        if event is not None:
            events.append(event)
        after = row[1]
        count += 1
        characters += len(row[3])
        if characters >= most_characters:
            return Page(tuple(events), after, True)
    return Page(tuple(events), after, count == limit)


def _event(session_id: str, seq: int, at: str, body: str) -> Event | None:
    """Build an event; None for one of a newer version with words that this one does not know."""
    try:
        return replace(read_json(Event, body), session_id=session_id, seq=seq, at=at)
    except ValidationError:
        return None


def last_numbers(connection: Connection, session_ids: Iterable[str]) -> dict[str, int]:
    """Return the number of the last event of each of these sessions that is there."""
    found = (
        connection.execute("SELECT session_id, last_seq FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
        for session_id in session_ids
    )
    return {row[0]: row[1] for row in found if row is not None}


def result(connection: Connection, task_id: str) -> Answer | None:
    found = connection.execute(
        "SELECT body FROM events WHERE task_id = ? AND kind IN ('turn', 'result')", (task_id,)
    ).fetchone()
    return None if found is None else read_json(Event, found[0]).result


def turns(connection: Connection, session_id: str) -> tuple[Turn, ...]:
    rows = connection.execute(
        "SELECT session_id, seq, at, body FROM events WHERE session_id = ? AND kind = 'turn' ORDER BY seq",
        (session_id,),
    )
    events = (event for row in rows if (event := _event(*row)) is not None)
    return tuple(turn_of(event.result) for event in events if event.result is not None)


def _touch(
    connection: Connection, session_id: str, now: float, expire_seconds: float | None, *, events: int = 0
) -> int:
    """Note a use of the session and count `events` more; returns the last number."""
    connection.execute(
        "UPDATE sessions SET last_seq = last_seq + ?, updated_at = ?, expires_at = ? WHERE session_id = ?",
        (events, now, None if expire_seconds is None else now + expire_seconds, session_id),
    )
    found = connection.execute("SELECT last_seq FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    if found is None:
        raise NotFound("sessions.no_session", session_id=session_id)
    return int(found[0])


def _session(row: Row | tuple[Any, ...]) -> Session:
    session_id, owner, title, language, created_at, updated_at, expires_at = row
    return Session(
        session_id,
        owner,
        created_at,
        iso(updated_at),
        title=title,
        language=language,
        expires_at=None if expires_at is None else iso(expires_at),
    )
