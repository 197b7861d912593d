"""The ledger, counters, shares, saved analyses and feedback as SQLite rows."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from sqlite3 import Connection
from typing import Literal

from ..exceptions import NotFound
from ..messages import Feedback, Grant, LedgerEntry, SavedAnalysis, Session
from . import sqlite_log as log
from .base import without
from .codec import iso, mentioned_artifacts, read_json, write_json


def record(connection: Connection, entry: LedgerEntry, body: str) -> None:
    connection.execute(
        "INSERT INTO ledger (session_id, task_id, at, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (task_id, at) DO UPDATE SET body = excluded.body",
        (entry.session_id, entry.task_id, entry.at, body),
    )


def ledger(connection: Connection, task_id: str) -> tuple[LedgerEntry, ...]:
    rows = connection.execute("SELECT body FROM ledger WHERE task_id = ? ORDER BY number", (task_id,))
    return tuple(read_json(LedgerEntry, body) for (body,) in rows)


def add(connection: Connection, name: str, amount: float, window: float | None) -> float:
    now = time.time()
    starts = 0.0 if window is None else now // window * window
    if window is not None:
        connection.execute("DELETE FROM counters WHERE name = ? AND ends <= ?", (name, now))
    connection.execute(
        "INSERT INTO counters VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name, starts) DO UPDATE SET amount = amount + excluded.amount",
        (name, starts, None if window is None else starts + window, amount),
    )
    found = connection.execute("SELECT amount FROM counters WHERE name = ? AND starts = ?", (name, starts)).fetchone()
    return float(found[0])


def reserve(connection: Connection, name: str, amount: float, limit: float) -> bool:
    if add(connection, name, 0.0, None) + amount > limit:
        return False
    add(connection, name, amount, None)
    return True


def set_grants(connection: Connection, session_id: str, grants: Sequence[Grant]) -> None:
    log.get(connection, session_id)
    connection.execute("DELETE FROM grants WHERE session_id = ?", (session_id,))
    connection.executemany(
        "INSERT INTO grants (session_id, name, link, may) VALUES (?, ?, ?, ?)",
        [(session_id, grant.name, grant.link, grant.may) for grant in grants],
    )


def remove_grants(connection: Connection, session_id: str, named: Collection[str]) -> None:
    set_grants(connection, session_id, without(grants(connection, session_id), named))


def grants(connection: Connection, session_id: str) -> tuple[Grant, ...]:
    log.get(connection, session_id)
    rows = connection.execute("SELECT may, name, link FROM grants WHERE session_id = ? ORDER BY rowid", (session_id,))
    return tuple(Grant(*row) for row in rows)


def shares_mark(connection: Connection, session_id: str) -> int:
    """Return what is another number when a session is shared with others."""
    return hash(tuple(connection.execute("SELECT may, name, link FROM grants WHERE session_id = ?", (session_id,))))


def linked(connection: Connection, link: str) -> tuple[Session, Literal["read", "ask"]]:
    found = connection.execute("SELECT session_id, may FROM grants WHERE link = ? AND link != ''", (link,)).fetchone()
    if found is None:
        raise NotFound("sessions.no_link")
    return log.get(connection, found[0]), found[1]


def save_analysis(connection: Connection, analysis: SavedAnalysis) -> SavedAnalysis:
    now = time.time()
    analysis = replace(analysis, created_at=iso(now))
    body = write_json(analysis)
    connection.execute(
        "INSERT INTO analyses VALUES (?, ?, ?, ?)"
        " ON CONFLICT (analysis_id) DO UPDATE SET owner = excluded.owner, at = excluded.at, body = excluded.body",
        (analysis.analysis_id, analysis.owner, now, body),
    )
    holder = f"analysis:{analysis.analysis_id}"
    connection.execute("DELETE FROM artifacts WHERE holder = ?", (holder,))
    log.hold_artifacts(connection, holder, mentioned_artifacts(body))
    return analysis


def analysis(connection: Connection, analysis_id: str) -> SavedAnalysis:
    found = connection.execute("SELECT body FROM analyses WHERE analysis_id = ?", (analysis_id,)).fetchone()
    if found is None:
        raise NotFound("sessions.no_analysis", analysis_id=analysis_id)
    return read_json(SavedAnalysis, found[0])


def analyses(connection: Connection, owner: str) -> tuple[SavedAnalysis, ...]:
    rows = connection.execute("SELECT body FROM analyses WHERE owner = ? ORDER BY at DESC, rowid DESC", (owner,))
    return tuple(read_json(SavedAnalysis, body) for (body,) in rows)


def delete_analysis(connection: Connection, analysis_id: str) -> None:
    analysis(connection, analysis_id)
    connection.execute("DELETE FROM analyses WHERE analysis_id = ?", (analysis_id,))
    connection.execute("DELETE FROM artifacts WHERE holder = ?", (f"analysis:{analysis_id}",))


def give_feedback(connection: Connection, feedback: Feedback) -> Feedback:
    feedback = replace(feedback, at=iso(time.time()))
    connection.execute(
        "INSERT INTO feedback VALUES (?, ?, ?) ON CONFLICT (task_id, owner) DO UPDATE SET body = excluded.body",
        (feedback.task_id, feedback.owner, write_json(feedback)),
    )
    return feedback


def feedback(connection: Connection, task_id: str) -> tuple[Feedback, ...]:
    rows = connection.execute("SELECT body FROM feedback WHERE task_id = ? ORDER BY owner", (task_id,))
    return tuple(read_json(Feedback, body) for (body,) in rows)


def artifacts_in_use(connection: Connection) -> frozenset[str]:
    return frozenset(artifact for (artifact,) in connection.execute("SELECT DISTINCT artifact FROM artifacts"))
