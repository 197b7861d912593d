"""The words of the product as plain values: they know nobody, everybody knows them.

Every class is a frozen dataclass with ``to_dict`` and ``from_dict``; what ``to_dict`` returns is JSON. The shapes of
`Answer` and `Event` are the stable surface that programs are written against, so they change only by adding.

Large things (plots, whole tables, files) are kept as artifacts; inside a message stands a reference
``artifact:<sha256>``. The edges (cell, REST, command line) put the content in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import msgspec

from .translations import Language, say

Share = Literal["schema", "stats", "sample"]
Isolation = Literal["process", "confined"]
Status = Literal["PENDING", "PROCESSING", "SUCCESS", "FAILURE", "REVOKED"]
Stage = Literal["queued", "reading", "profiling", "generating", "executing", "checking", "repairing", "done"]
RowsAre = Literal["exact", "about", "at least"]
Kind = Literal[
    "integer", "number", "boolean", "text", "category", "date", "datetime", "time", "duration", "mixed", "empty"
]

SHARES: tuple[Share, ...] = ("schema", "stats", "sample")
ISOLATIONS: tuple[Isolation, ...] = ("process", "confined")
FINAL: frozenset[Status] = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
MAX_TABLE_ROWS = 200
MAX_CHART_POINTS = 2_000


class Message:
    """What all words share: there and back through plain JSON values."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the message as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build the message from JSON values; unknown keys are passed over.

        Raises msgspec.ValidationError (a ValueError) that names the field which does not fit.
        """
        return msgspec.convert(data, cls)


# --- the file -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note(Message):
    """Something the reader should know about a file or an answer."""

    level: Literal["info", "warning"]
    text: str


@dataclass(frozen=True, slots=True)
class Source(Message):
    """What the person pointed at: a path, or a DataFrame of the notebook kept as an Arrow artifact.

    `name` is what the person calls it: a file name or a variable. `overrides` are the dialect fields they set.
    """

    name: str
    path: str = ""
    artifact: str = ""
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialect(Message):
    """How a file is written and read; `header_rows` 0 means that it has no header.

    `comment` begins the lines that are remarks, `footer_rows` are no rows of the table, `table` is which of several in
    the file, from 1. With `repeated`, several blanks between cells count as one. `stated` names what a person said of
    it: all else was found. `dayfirst`, `missing` (words), `types` (by column), `strict` and `as_text` are nothing but
    what was said.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str = '"'
    escapechar: str = ""
    header_rows: int = 1
    decimal: str = "."
    thousands: str = ""
    skipped_rows: int = 0
    compression: str = ""
    comment: str = ""
    footer_rows: int = 0
    table: int = 1
    repeated: bool = False
    dayfirst: bool | None = None
    missing: tuple[str, ...] = ()
    types: dict[str, str] = field(default_factory=dict)
    strict: bool = False
    as_text: bool = False
    stated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column(Message):
    """One column as the profile sees it; `min`, `max`, `mean` and `quantiles` (5, 25, 50, 75, 95 %) are JSON values.

    `examples` are a few cells as text, cut to a readable length; `frequent` are (cell, count), most frequent first,
    only where the distinct values are few. In long tables `distinct` and `quantiles` are approximate, and say so.
    """

    name: str
    type: Kind
    nulls: int = 0
    distinct: int = 0
    distinct_is_approximate: bool = False
    min: int | float | str | None = None
    max: int | float | str | None = None
    mean: float | None = None
    quantiles: tuple[int | float | str, ...] = ()
    examples: tuple[str, ...] = ()
    frequent: tuple[tuple[str, int], ...] = ()
    dtype: str = ""
    quantiles_are_approximate: bool = False


@dataclass(frozen=True, slots=True)
class Profile(Message):
    """What a model or a person needs to know of a table.

    `name` is the key in the kernel's ``tables``; `path` is the file or the variable it came from. Where only samples
    of a file were looked at, `rows` is an estimate (``about``) or a lower bound (``at least``).
    """

    path: str
    name: str
    rows: int
    columns: tuple[Column, ...]
    dialect: Dialect | None = None
    notes: tuple[Note, ...] = ()
    columns_left_out: int = 0
    rows_are: RowsAre = "exact"


# --- the question ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Budget(Message):
    """What a run may use at the most; None means no bound. `cost` is in US dollars."""

    tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Question(Message):
    """One request: a text about sources, in a session, with the options of its asker.

    An option that is None follows the manager's setting. With `replay_of` the script of that task runs again, without
    a model.
    """

    text: str
    sources: tuple[Source, ...] = ()
    model: str | None = None
    max_attempts: int | None = None
    timeout: float | None = None
    share: Share | None = None
    language: Literal["en", "ru"] | None = None
    budget: Budget = Budget()
    replay_of: str | None = None


@dataclass(frozen=True, slots=True)
class Turn(Message):
    """An earlier question of the session and what came of it, as far as a model may need it.

    `paths` are the files or variables it was about; for a model, only those of a turn about other tables than the
    question's, whose names the kernel does not hold any more.
    """

    task_id: str
    question: str
    interpretation: str | None
    code: str
    text_output: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatMessage(Message):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Failure(Message):
    """Why the last attempt is not good enough: its error (or a failed check), and the failing line of its code.

    `hint` is advice of ours, which quotes no data.
    """

    code: str
    ename: str
    evalue: str
    line_number: int | None = None
    line: str = ""
    traceback: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Prompt(Message):
    """All that a model gets for one attempt.

    A remote model sends `messages` and nothing else: they were rendered through the disclosure gate, and for it the
    data fields are empty. A local engine reads the data fields, and may look cells up with `find_values`, which maps a
    term to the (table, column, cell) triples that hold it.
    """

    messages: tuple[ChatMessage, ...] = ()
    question: str = ""
    language: Literal["en", "ru"] = "en"
    profiles: tuple[Profile, ...] = ()
    turns: tuple[Turn, ...] = ()
    failure: Failure | None = None
    libraries: tuple[str, ...] = ()
    max_tokens: int = 4_096
    find_values: Callable[[str], list[tuple[str, str, str]]] | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the prompt as JSON values, without `find_values`, which lives in this process only."""
        plain: dict[str, Any] = msgspec.to_builtins(replace(self, find_values=None))
        del plain["find_values"]
        return plain


@dataclass(frozen=True, slots=True)
class Usage(Message):
    """Tokens of all requests of a run; `cost` in US dollars where the server tells it or the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(known) if known else None,
        )


@dataclass(frozen=True, slots=True)
class LedgerEntry(Message):
    """One request to a model, word for word: what was sent, when, under which share level, and what it used."""

    task_id: str
    session_id: str
    attempt: int
    model: str
    share: Share
    messages: tuple[ChatMessage, ...]
    at: str
    usage: Usage = Usage()
    outcome: Literal["sent", "answered", "failed", "cancelled"] = "answered"


# --- running the code -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExecutionError(Message):
    """An error of generated code; `line_number` counts from 1 in that code."""

    ename: str
    evalue: str
    traceback: str = ""
    line_number: int | None = None


@dataclass(frozen=True, slots=True)
class Chart(Message):
    """What a plot shows, in drawing order, read from the figure itself: data is [x, y] or [x, y, series]."""

    kind: str
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    data: tuple[tuple[Any, ...], ...] = ()
    total_points: int = 0


@dataclass(frozen=True, slots=True)
class Plot(Message):
    """A figure as the kernel drew it."""

    png: bytes
    svg: bytes = b""


@dataclass(frozen=True, slots=True)
class ResultTable(Message):
    """A table of the result: its first rows as JSON values, and the whole of it as an Arrow file.

    `path` is where the sandbox has it, until it is kept as an artifact.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total_rows: int
    path: str = ""
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class ResultFile(Message):
    """A file that the code wrote; `path` is where the sandbox has it, until it is kept as an artifact."""

    name: str
    size: int
    path: str = ""
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class RowLoss(Message):
    """Rows that an operation left out of a result: counted in the kernel, for the checks."""

    operation: str
    rows_before: int
    rows_after: int
    column: str = ""
    line_number: int | None = None


@dataclass(frozen=True, slots=True)
class LimitHit(Message):
    """A limit of the sandbox that code ran into: the field of `Limits`, and its value."""

    name: str
    value: int

    @property
    def setting(self) -> str:
        """What raises it, as it stands in a configuration file."""
        return f"c.CSVAgentManager.{limit_setting(self.name)}"

    @property
    def key(self) -> str:
        """The text's key, for an error that fills it with `values`."""
        return f"sandbox.limit_{self.name}"

    @property
    def values(self) -> dict[str, Any]:
        return {"name": self.name, "limit": self.value, "setting": self.setting}

    def say(self, language: Language = "en") -> str:
        """Return what happened and what to do next."""
        return say(self.key, language, **self.values)


def limit_setting(name: str) -> str:
    """Return the setting of a field of `Limits`."""
    return f"kernel_{name}"


@dataclass(frozen=True, slots=True)
class Execution(Message):
    """What running one piece of code brought: never an exception, an error is a value here.

    `value` is the last expression as JSON data, `value_text` as text. `cut` is true when something of it is not there
    because there was too much; `limits` are those that the code ran into, whether it went on or not.
    """

    stdout: str = ""
    value_text: str = ""
    value: Any = None
    plots: tuple[Plot, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[ResultTable, ...] = ()
    files: tuple[ResultFile, ...] = ()
    losses: tuple[RowLoss, ...] = ()
    error: ExecutionError | None = None
    seconds: float = 0.0
    cut: bool = False
    limits: tuple[LimitHit, ...] = ()


# --- the answer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt(Message):
    number: int
    code: str
    error: ExecutionError | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AnswerError(Message):
    """Why there is no answer; `kind` is one word of a fixed list, `message` is for a person."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer(Message):
    """The result of a task, answered or not.

    `plots` are data URLs at the edges and artifact references within; `plots_svg` and `alt_texts` go with them, one
    each. `script` reads the sources and runs in a bare interpreter.
    """

    success: bool
    task_id: str = ""
    session_id: str = ""
    question: str = ""
    interpretation: str | None = None
    final_code: str = ""
    script: str = ""
    text_output: str = ""
    plots: tuple[str, ...] = ()
    tables: tuple[ResultTable, ...] = ()
    charts: tuple[Chart, ...] = ()
    value: Any = None
    files: tuple[ResultFile, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    notes: tuple[Note, ...] = ()
    suggestions: tuple[str, ...] = ()
    model: str | None = None
    isolation: Isolation = "process"
    isolation_gaps: tuple[str, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    error: AnswerError | None = None
    language: Literal["en", "ru"] = "en"
    share: Share | None = None
    profiles: tuple[Profile, ...] = ()
    plots_svg: tuple[str, ...] = ()
    alt_texts: tuple[str, ...] = ()
    cancelled_after: float | None = None

    @property
    def attempts_count(self) -> int:
        return len(self.attempts)

    def to_dict(self) -> dict[str, Any]:
        """Return the Answer as JSON values, `attempts_count` included."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        plain["attempts_count"] = len(self.attempts)
        for table in plain["tables"]:
            del table["path"]
        for file in plain["files"]:
            del file["path"]
        return plain


# --- sessions, tasks, events ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress(Message):
    """Where a task stands: `status` is a sentence in the session's language, `code_delta` what was just written.

    `profiles` comes with the stage after reading, `failed` with the stage that follows a failed attempt. Of a `file`
    that takes long to read, `bytes_read` of its `bytes_total` were read.
    """

    status: str
    stage: Stage
    attempt: int = 0
    max_attempts: int = 0
    code: str = ""
    code_delta: str = ""
    model: str | None = None
    profiles: tuple[Profile, ...] = ()
    failed: Attempt | None = None
    file: str = ""
    bytes_read: int = 0
    bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class Event(Message):
    """One entry of a session's log: `seq` and `at` (UTC, ISO 8601) are given by the store when it is appended."""

    type: Literal["task_started", "progress", "result", "error", "connected", "pong"]
    task_id: str | None = None
    session_id: str | None = None
    status: str | None = None
    meta: Progress | None = None
    result: Answer | None = None
    message: str | None = None
    seq: int | None = None
    at: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the event as JSON values, without the keys that its type does not use."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        if self.result is not None:
            plain["result"] = self.result.to_dict()
        return {key: value for key, value in plain.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Session(Message):
    session_id: str
    owner: str
    created_at: str
    updated_at: str
    title: str = ""
    language: Literal["en", "ru"] | None = None
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Task(Message):
    """A question in the line or under way.

    `fence` grows with each claim: an append that carries an older one is refused. `lease_until` is in seconds since
    the epoch; when it is past, another runner may take the task up.
    """

    task_id: str
    session_id: str
    owner: str
    question: Question
    status: Status = "PENDING"
    created_at: str = ""
    runner: str = ""
    lease_until: float = 0.0
    fence: int = 0
    cancel_requested: bool = False
    outlives_runner: bool = False


@dataclass(frozen=True, slots=True)
class Grant(Message):
    """Whom a session is shared with: a person by `name` (an owner), or whoever has the secret `link`."""

    may: Literal["read", "ask"]
    name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class SavedAnalysis(Message):
    """A question and the script that answered it, kept to be run again; it outlives its session."""

    analysis_id: str
    owner: str
    title: str
    question: Question
    script: str
    task_id: str = ""
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Feedback(Message):
    """What a person thinks of an answer."""

    task_id: str
    owner: str
    helpful: bool
    comment: str = ""
    at: str = ""
