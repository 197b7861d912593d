"""The line of tasks as SQLite rows: who may run what, and until when."""

from __future__ import annotations

import time
from dataclasses import replace
from sqlite3 import Connection, IntegrityError
from typing import Any, Final

from ..exceptions import BadInput, Busy, NotFound
from ..messages import Event, Status, Task
from . import sqlite_log as log
from .base import MAX_WAITING
from .codec import iso, mentioned_artifacts, read_question, write_json

_COLUMNS: Final = (
    "task_id, session_id, owner, question, status, created_at, runner, lease_until, fence, cancel_requested,"
    " outlives_runner"
)
_UNFINISHED: Final = "status IN ('PENDING', 'PROCESSING')"

_NEXT: Final = f"""
SELECT task_id FROM tasks t
WHERE {_UNFINISHED}
  AND (:task_id IS NULL OR task_id = :task_id)
  AND (
      (status = 'PENDING' AND runner IN ('', :runner))
      OR (:take_over AND lease_until < :now AND runner != :runner)
  )
  AND (
      (status = 'PENDING' AND cancel_requested)
      OR NOT EXISTS (
          SELECT 1 FROM tasks e
          WHERE e.session_id = t.session_id AND e.position < t.position AND e.{_UNFINISHED}
            AND NOT (e.status = 'PENDING' AND e.cancel_requested)
      )
  )
ORDER BY
  (status = 'PENDING' AND cancel_requested) DESC,
  (SELECT count(*) FROM tasks r WHERE r.owner = t.owner AND r.status = 'PROCESSING'),
  (SELECT max(claimed_at) FROM tasks c WHERE c.owner = t.owner),
  position
LIMIT 1
"""


def submit(
    connection: Connection,
    task: Task,
    events: tuple[tuple[Event, str], ...],
    lease: float,
    expire_seconds: float | None,
) -> Task:
    log.get(connection, task.session_id)
    waiting = connection.execute(
        f"SELECT count(*) FROM tasks WHERE session_id = ? AND {_UNFINISHED}", (task.session_id,)
    ).fetchone()[0]
    if waiting > MAX_WAITING:
        raise Busy("sessions.line_full", waiting=MAX_WAITING)
    now = time.time()
    task = replace(task, status="PENDING", created_at=iso(now), lease_until=now + lease, fence=0)
    question = write_json(task.question)
    try:
        connection.execute(
            f"INSERT INTO tasks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(task.task_id, task.session_id, task.owner, question, task.status, task.created_at, task.runner),
                *(task.lease_until, task.fence, task.cancel_requested, task.outlives_runner),
            ),
        )
    except IntegrityError:
        raise BadInput("sessions.task_taken", task_id=task.task_id) from None
    log.hold_artifacts(connection, task.session_id, mentioned_artifacts(question))
    for event, body in events:
        log.append(connection, task.session_id, event, body, None, expire_seconds)
    return task


def get(connection: Connection, task_id: str) -> Task:
    found = connection.execute(f"SELECT {_COLUMNS} FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
    if found is None:
        raise NotFound("sessions.no_task", task_id=task_id)
    return _task(found)


def list_of(
    connection: Connection, owner: str | None, session_id: str | None, unfinished: bool, limit: int
) -> tuple[Task, ...]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM tasks WHERE (:owner IS NULL OR owner = :owner)"
        f" AND (:session IS NULL OR session_id = :session) AND (NOT :unfinished OR {_UNFINISHED})"
        " ORDER BY position DESC LIMIT :limit",
        {"owner": owner, "session": session_id, "unfinished": unfinished, "limit": limit},
    )
    return tuple(map(_task, rows))


def claim(connection: Connection, runner: str, lease: float, task_id: str | None, take_over: bool) -> Task | None:
    now = time.time()
    found = connection.execute(
        _NEXT, {"runner": runner, "task_id": task_id, "take_over": take_over, "now": now}
    ).fetchone()
    if found is None:
        return None
    connection.execute(
        "UPDATE tasks SET status = 'PROCESSING', runner = ?, lease_until = ?, fence = fence + 1, claimed_at = ?"
        " WHERE task_id = ?",
        (runner, now + lease, now, found[0]),
    )
    return get(connection, found[0])


def renew(connection: Connection, task_id: str, fence: int, lease: float) -> Task:
    log.check_fence(connection, task_id, fence)
    connection.execute("UPDATE tasks SET lease_until = ? WHERE task_id = ?", (time.time() + lease, task_id))
    return get(connection, task_id)


def renew_waiting(connection: Connection, runner: str, lease: float) -> None:
    connection.execute(
        "UPDATE tasks SET lease_until = ? WHERE runner = ? AND status = 'PENDING'", (time.time() + lease, runner)
    )


def abandon(connection: Connection, runner: str) -> int:
    return connection.execute(
        f"UPDATE tasks SET lease_until = 0 WHERE runner = ? AND {_UNFINISHED}", (runner,)
    ).rowcount


def request_cancel(connection: Connection, task_id: str) -> Task:
    connection.execute(
        f"UPDATE tasks SET cancel_requested = 1 WHERE task_id = ? AND {_UNFINISHED} AND NOT cancel_requested",
        (task_id,),
    )
    return get(connection, task_id)


def finish(
    connection: Connection,
    task_id: str,
    fence: int,
    event: Event,
    body: str,
    status: Status,
    expire_seconds: float | None,
) -> Event:
    log.check_fence(connection, task_id, fence)
    found = get(connection, task_id)
    connection.execute("UPDATE tasks SET status = ? WHERE task_id = ?", (status, task_id))
    answered = event.result is not None and event.result.success
    return log.insert(connection, found.session_id, event, body, "turn" if answered else "result", expire_seconds)


def _task(row: Any) -> Task:
    task_id, session_id, owner, question, status, created_at, runner, lease_until, fence, cancel, outlives = row
    return Task(
        task_id,
        session_id,
        owner,
        read_question(question),
        status=status,
        created_at=created_at,
        runner=runner,
        lease_until=lease_until,
        fence=fence,
        cancel_requested=bool(cancel),
        outlives_runner=bool(outlives),
    )
