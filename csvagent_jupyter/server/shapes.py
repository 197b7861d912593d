"""What replies look like, for the description of them: the words of `messages`, and what is put around them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..access import May
from ..messages import Answer, Column, Dialect, LedgerEntry, RowsAre, Status


class Error(msgspec.Struct):
    """What happened and what to do next, and one word for programs."""

    message: str
    reason: str


class SessionReply(msgspec.Struct):
    """A session, and what who asks may do in it."""

    session_id: str
    owner: str
    created_at: str
    updated_at: str
    title: str
    language: Literal["en", "ru"] | None
    expires_at: str | None
    may: May


class HistoryEntry(msgspec.Struct):
    """A question of a session; the plots of its answer are addresses."""

    task_id: str
    question: str
    status: Status
    created_at: str
    asked_by: str
    sources: list[str]
    result: Answer | None


class SessionHistory(SessionReply):
    """A session with its questions and answers, the oldest first."""

    history: list[HistoryEntry]


class SessionList(msgspec.Struct):
    """Own sessions and shared ones, the last used first."""

    sessions: list[SessionReply]


class ShareReply(msgspec.Struct, omit_defaults=True):
    """Whom a session is shared with: a person by name, or whoever has the link."""

    may: Literal["read", "ask"]
    name: str = ""
    link: str = ""


class ShareList(msgspec.Struct):
    """All shares of a session."""

    shares: list[ShareReply]


class TaskReply(msgspec.Struct):
    """What a client needs to go on with a task."""

    task_id: str
    session_id: str
    status: Status


class TaskEntry(TaskReply):
    """A task in a list."""

    question: str
    created_at: str


class TaskList(msgspec.Struct):
    """Tasks, the last first."""

    tasks: list[TaskEntry]


class TablePage(msgspec.Struct):
    """Rows of a table as JSON values."""

    columns: list[str]
    rows: list[list[Any]]
    total_rows: int


class SentList(msgspec.Struct):
    """Every request to a model, word for word."""

    sent: list[LedgerEntry]


class ProfileReply(msgspec.Struct):
    """How a file is read and what is in it."""

    path: str
    name: str
    rows: int
    columns: list[Column]
    dialect: Dialect | None
    notes: list[str]
    columns_left_out: int
    rows_are: RowsAre
    preview: TablePage


class ModelEntry(msgspec.Struct):
    """A model that a question may name, and what it needs."""

    name: str
    provider: str
    ready: bool
    about: str


class CurrentModel(msgspec.Struct):
    """The model that a question without a choice goes to; `about` says why there is none."""

    name: str | None
    local: bool | None
    about: str | None


class ModelList(msgspec.Struct):
    """Models, first those that would work now."""

    models: list[ModelEntry]
    current: CurrentModel


class Settings(msgspec.Struct):
    """What holds for the next question."""

    settings: dict[str, Any]
    fixed: list[str]
    bounds: list[str]
    choices: dict[str, Any]
    max_upload: int
    max_message: int


class TaskCounts(msgspec.Struct):
    """How many tasks stand how."""

    total: int
    PENDING: int
    PROCESSING: int
    SUCCESS: int
    FAILURE: int
    REVOKED: int


class AttemptCounts(msgspec.Struct):
    """Attempts of the ended tasks."""

    total: int
    mean: float | None


class TokenCounts(msgspec.Struct):
    """Tokens of the ended tasks; `cost` in US dollars where it is known."""

    input: int
    output: int
    cost: float | None


class QueueCounts(msgspec.Struct):
    """What waits and what runs."""

    waiting: int
    running: int


class Stats(msgspec.Struct):
    """Figures of the last questions of who asks."""

    tasks: TaskCounts
    success_rate: float | None
    attempts: AttemptCounts
    tokens: TokenCounts
    queue: QueueCounts
    kernels: int
    at_most: int


class Health(msgspec.Struct, omit_defaults=True):
    """How the server is; who is not signed in gets the status alone."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str = ""
    model: str | None = None
    isolation: Literal["process", "confined"] | None = None
    redis: dict[str, Any] = {}
    celery: dict[str, Any] = {}
    queue: dict[str, Any] = {}
    store: dict[str, Any] = {}
    kernels: dict[str, Any] = {}
    disk: dict[str, Any] = {}
    model_status: str = ""
    problems: list[str] = []
