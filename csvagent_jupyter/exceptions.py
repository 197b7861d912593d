"""The errors that a question can end with.

    CSVAgentError
    ├── BadInput                  the request itself is wrong: empty question, unknown option
    │   ├── NotAllowed            who asks has no right to it
    │   └── Unreadable            a source cannot be read as a table
    ├── NotAnswered               the question was understood as a request, and there is no answer
    │   ├── Failed                every attempt failed
    │   ├── Declined              the engine cannot answer this
    │   └── Ambiguous             it can be read in several ways
    ├── Stopped
    │   ├── Cancelled             a person stopped it
    │   ├── DeadlineExceeded      the time was up
    │   ├── BudgetExceeded        tokens, money or requests are used up
    │   └── RateLimited           too many questions in too short a time
    ├── ModelError
    │   ├── ModelUnreachable      no answer, a time-out, a cut stream
    │   └── ModelRefused          a wrong key, an unknown model, a request it does not take
    ├── SandboxError
    │   ├── KernelDied            the dedicated kernel ended
    │   │   └── LimitExceeded     it was ended, because the code in it took more than it may
    │   └── IsolationRefused      the host cannot isolate the code as well as is asked for
    └── StoreError
        ├── NotFound              no such session, task, artifact
        ├── Busy                  the waiting line is full
        ├── LeaseLost             somebody else runs this task now
        ├── StorageFull           the disk or a quota is full
        └── StoreUnreachable      the store does not answer

A failed execution is not here: it is a value (`messages.Execution`), which the loop feeds into the next prompt.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .translations import Language, say


class CSVAgentError(Exception):
    """An error that is told to a person: a text by its key, and the data that fill it.

    `kind` is the word in `Answer.error.kind` and in REST's `reason`; `status` is the HTTP status; `exit_code` is the
    command line's. Survives pickling, so that it can cross a process boundary.
    """

    kind: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, key: str, *, suggestions: tuple[str, ...] = (), **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values
        self.suggestions = suggestions

    def say(self, language: Language = "en") -> str:
        """Return what happened and what to do next, in `language`."""
        return say(self.key, language, **self.values)

    @property
    def retry_after(self) -> int | None:
        """Seconds after which it is worth trying again; None where time alone does not help."""
        seconds = self.values.get("retry_after")
        return None if seconds is None else max(1, math.ceil(seconds))

    def __str__(self) -> str:
        return self.say("en")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.key, self.suggestions, self.values))


def _rebuild(cls: type[CSVAgentError], key: str, suggestions: tuple[str, ...], values: dict[str, Any]) -> CSVAgentError:
    return cls(key, suggestions=suggestions, **values)


class BadInput(CSVAgentError):
    kind, status, exit_code = "bad_input", 400, 2


class NotAllowed(BadInput):
    kind, status = "not_allowed", 403


class Unreadable(BadInput):
    kind = "unreadable"


class NotAnswered(CSVAgentError):
    kind, status = "failed", 422


class Failed(NotAnswered):
    kind = "failed"


class Declined(NotAnswered):
    kind = "declined"


class Ambiguous(NotAnswered):
    kind = "ambiguous"


class Stopped(CSVAgentError):
    kind, status = "cancelled", 409


class Cancelled(Stopped):
    kind, exit_code = "cancelled", 130


class DeadlineExceeded(Stopped):
    kind, status = "timeout", 504


class BudgetExceeded(Stopped):
    kind, status = "budget", 429


class RateLimited(Stopped):
    kind, status = "rate_limit", 429


class ModelError(CSVAgentError):
    kind, status, exit_code = "model_unreachable", 503, 3


class ModelUnreachable(ModelError):
    kind = "model_unreachable"


class ModelRefused(ModelError):
    kind = "model_refused"


class SandboxError(CSVAgentError):
    kind = "kernel_died"


class KernelDied(SandboxError):
    kind = "kernel_died"


class LimitExceeded(KernelDied):
    """`values` has the limit's `name` and its value, `limit`."""


class IsolationRefused(SandboxError):
    kind, status = "isolation", 403


class StoreError(CSVAgentError):
    kind, status, exit_code = "internal", 503, 3


class NotFound(StoreError):
    kind, status, exit_code = "not_found", 404, 2


class Busy(StoreError):
    kind, status, exit_code = "busy", 409, 1


class LeaseLost(StoreError):
    kind, status, exit_code = "lease_lost", 409, 1


class StorageFull(StoreError):
    kind, status, exit_code = "storage_full", 413, 1


class StoreUnreachable(StoreError):
    kind = "store_unreachable"
