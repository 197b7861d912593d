"""The names under which Redis has what belongs to the store, and how its texts become messages again."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from ..exceptions import NotFound, StoreError
from ..messages import Message
from .codec import read_json
from .sqlite_log import SESSION_ID

M = TypeVar("M", bound=Message)

LINE: Final = "csvagent:line"
SERVED: Final = "csvagent:served"
SHARED: Final = (LINE, SERVED)
"""What every call of a script is given first."""

POSITION: Final = "csvagent:position"
TASKS: Final = "csvagent:tasks"
ALL_TASKS: Final = "csvagent:tasks-of-all"
LEDGERS: Final = "csvagent:ledgers"
LINKS: Final = "csvagent:links"
ANALYSES: Final = "csvagent:analyses"


def session_keys(session_id: str) -> tuple[str, ...]:
    """Return a session's own keys, in the scripts' order; raises NotFound for what cannot be a session's id.

    Without that check ``x:grants`` would be taken for a session.
    """
    if not SESSION_ID.fullmatch(session_id):
        raise NotFound("sessions.no_session", session_id=session_id)
    first = f"session:{session_id}"
    return (first, *(f"{first}:{part}" for part in ("events", "index", "tasks", "ledger", "artifacts", "grants")))


def tasks_key(session_id: str) -> str:
    return session_keys(session_id)[3]


def ledger_key(session_id: str) -> str:
    return session_keys(session_id)[4]


def grants_key(session_id: str) -> str:
    return session_keys(session_id)[6]


def sessions_of(owner: str) -> str:
    return f"csvagent:sessions-of:{owner}"


def tasks_of(owner: str) -> str:
    return f"csvagent:tasks-of:{owner}"


def shared_with(name: str) -> str:
    return f"csvagent:shared-with:{name}"


def analyses_of(owner: str) -> str:
    return f"csvagent:analyses-of:{owner}"


def feedback_on(task_id: str) -> str:
    return f"csvagent:feedback:{task_id}"


def counter(name: str, window: float | None) -> str:
    return f"csvagent:counter:{name}" if window is None else f"csvagent:window:{window!r}:{name}"


def decoded(kind: type[M], text: str, where: str) -> M:
    """Build a message from its text; StoreError when another version, or another program, has written it."""
    try:
        return read_json(kind, text)
    except (msgspec.MsgspecError, ValueError):
        raise StoreError("sessions.newer_entry", path=where) from None


def fields_of(text: str, where: str) -> dict[str, Any]:
    """Return the fields of an object that a script has written; StoreError when it is none."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        found = None
    if not isinstance(found, dict):
        raise StoreError("sessions.newer_entry", path=where)
    return found
