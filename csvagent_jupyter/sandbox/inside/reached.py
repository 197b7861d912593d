"""Which limit of the sandbox an error of generated code comes from."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

from .guarded import guarded

MAX_CAUSES = 10
_NUMBERS = {errno.EFBIG: "file_size", errno.EMFILE: "open_files", errno.ENOMEM: "memory"}
# Libraries tell some only in words.
_WORDS = {"can't start new thread": "tasks", "Too many open files": "open_files", "File too large": "file_size"}
_OUT_OF_MEMORY = "OutOfMemoryException"  # duckdb's, which is no MemoryError


class ProcessorTimeUp(BaseException):
    """The code took more processor time than it may; like an interrupt, it is none of the errors that code expects."""


def reached(error: BaseException) -> str:
    """Return the limit that the error comes from, as a field of `Limits`, or nothing."""
    return next((limit for cause in _causes(error) if (limit := guarded(partial(_limit, cause), ""))), "")


@contextmanager
def processor_time() -> Iterator[None]:
    """Raise ProcessorTimeUp, once, where the code is when the system says that its time is up; no effect otherwise."""
    if not hasattr(signal, "SIGXCPU"):
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)  # who goes on all the same is ended from outside
        raise ProcessorTimeUp

    signal.signal(signal.SIGXCPU, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(MAX_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _limit(error: BaseException) -> str:
    if isinstance(error, ProcessorTimeUp):
        return "cpu_seconds"
    if isinstance(error, MemoryError) or type(error).__name__ == _OUT_OF_MEMORY:
        return "memory"
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return _NUMBERS[error.errno]
    text = str(error)[:2_000] if isinstance(error, Exception) else ""
    return next((limit for words, limit in _WORDS.items() if words in text), "")
