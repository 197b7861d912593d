"""Why an attempt is not good enough: told to the reader as an error, and to the model as a failure to repair."""

from __future__ import annotations

import errno
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..exceptions import KernelDied, StorageFull
from ..messages import ExecutionError, Failure, LimitHit
from ..translations import Language, say, size
from .advice import Advice
from .checks import Finding
from .code import Reply

MAX_TOLD: Final = 300
MAX_BESIDE_A_LIMIT: Final = 60
NO_CODE: Final = "The reply has no fenced block that starts with ```python. Write the code in exactly one such block."
CUT: Final = "the reply was cut off before its end: write shorter code"

ADVICE: Final = "\n→ "
"""Stands in an error's text between what went wrong and what can be done about it."""
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_ERRNO: Final = re.compile(r"\[errno (\d{1,4})\]", re.IGNORECASE)
_PROCESSES: Final = re.compile(
    r"\b(?:subprocess|multiprocessing|ProcessPoolExecutor|joblib|loky|n_jobs)\b|\bos\.(?:fork|exec|spawn|popen|system)"
)
NO_PROCESSES: Final = (
    "No other process can be started here: no subprocess, multiprocessing, ProcessPoolExecutor or os.fork. "
    "Compute in this one, with pandas and numpy."
)

LIMIT_EXCEEDED: Final = "LimitExceeded"
PROCESS_DIED: Final = "ProcessDied"
DEATHS: Final = {
    "sandbox.died": "agent.process_died",
    "sandbox.crashed": "agent.process_crashed",
    "sandbox.ended": "agent.process_ended",
}
"""What is said of a process that ended by itself while other code may do better."""
DIED: Final = (
    "The process that ran the code ended at once: it took more memory than there is, or a library crashed, or the code "
    "ended it (never call os._exit). Do it in another way and with less: keep only the rows and columns that matter, "
    "aggregate before you merge; use plain pandas."
)
LIMITS: Final = {
    "memory": "The sandbox gives the code {size} of memory. Do with less: keep only the rows and columns that matter, "
    "aggregate before you merge, make no copies.",
    "cpu_seconds": "The sandbox gives the code {value} seconds of processor time. Use vectorised operations instead of "
    "loops, and less data.",
    "tasks": "The sandbox lets the code start no more threads. Start none.",
    "open_files": "In the sandbox {value} files may be open at a time. Close each file before you open the next.",
    "file_size": "In the sandbox a file may have {size}. Write less, or several files.",
    "work_size": "In the sandbox all files together may have {size}. Write less.",
    "work_files": "In the sandbox there may be {value} files. Write fewer.",
    "message": "The result is too large to be sent: print and return a summary or the first rows.",
    "traffic": "The output is too large to be sent: print and return a summary or the first rows.",
}
"""What a model is told of a limit that its code ran into, so that its next attempt does with less."""


@dataclass(frozen=True, slots=True)
class Setback:
    """`ours` says that the text of the failure was written here and quotes no cell, so that it may leave as it is."""

    error: ExecutionError
    failure: Failure
    ours: bool


def of_error(code: str, error: ExecutionError, limits: Sequence[LimitHit] = (), language: Language = "en") -> Setback:
    """Return the setback of code that failed while it ran; of a limit that it ran into both are told.

    Raises StorageFull when the disk is full, because no other code would find room either.
    """
    if _numbers(error) & NO_ROOM:
        raise no_room()
    line = line_of(code, error.line_number)
    number = error.line_number if line else None
    failure = Failure(code, error.ename, error.evalue, number, line, error.traceback)
    if error.ename == PROCESS_DIED:
        return Setback(error, Failure(code, PROCESS_DIED, "", hint=DIED), ours=True)
    for hit in limits:
        if hit.name in LIMITS:
            hint = LIMITS[hit.name].format(size=size(hit.value), value=hit.value)
            return Setback(_advised(error, hit.say(language)), replace(failure, hint=hint), ours=False)
    if error.ename == "PermissionError" and _PROCESSES.search(f"{code}\n{error.traceback}"):
        advised = _advised(error, say("agent.no_processes", language))
        return Setback(advised, replace(failure, hint=NO_PROCESSES), ours=False)
    return Setback(error, failure, ours=False)


def death(error: KernelDied, language: Language) -> ExecutionError:
    """Return the error of code whose process ended by itself, for one of `DEATHS`."""
    return ExecutionError(PROCESS_DIED, say(DEATHS[error.key], language, **error.values))


def no_room() -> StorageFull:
    """Return the error of a disk that is full where the code works."""
    return StorageFull("agent.no_room", folder=tempfile.gettempdir())


def _numbers(error: ExecutionError) -> set[int]:
    """Return the system's numbers for an error, as they stand in its text."""
    if not error.ename.endswith(("OSError", "IOError")):
        return set()
    return {int(number) for number in _ERRNO.findall(error.evalue)}


def _advised(error: ExecutionError, advice: str) -> ExecutionError:
    """Return the error with what it means and what can be done about it."""
    said = " ".join(error.evalue.split()).rstrip(".")
    if len(said) > MAX_BESIDE_A_LIMIT:
        said = said[: MAX_BESIDE_A_LIMIT - 1] + "…"
    advice = advice.removesuffix(".")
    return replace(error, evalue=f"{said}{ADVICE}{advice}" if said else advice)


def of_advice(reply: Reply, advice: Advice, language: Language = "en") -> Setback:
    """Return the setback of code that was not run, because it would certainly fail."""
    error, step = advice.error(), advice.next_step(language).removesuffix(".")
    evalue = f"{error.evalue} ({CUT})" if reply.cut and error.ename == "SyntaxError" else error.evalue
    line = line_of(reply.code, error.line_number)
    failure = Failure(reply.code, error.ename, evalue, error.line_number if line else None, line)
    said = advice.error(language)
    return Setback(replace(said, evalue=f"{said.evalue}{ADVICE}{step}") if step else said, failure, ours=True)


def of_check(code: str, finding: Finding, language: Language) -> Setback:
    """Return the setback of code that ran and whose result is not believable."""
    error = ExecutionError("CheckFailed", finding.note(language).text)
    return Setback(error, Failure(code, "CheckFailed", finding.hint), ours=True)


def of_missing_code(language: Language, *, cut: bool = False) -> Setback:
    """Return the setback of a reply without code; `cut` says that it hit its bound on tokens before there was any."""
    error = ExecutionError("NoCode", say("agent.no_code_cut" if cut else "agent.no_code", language))
    return Setback(error, Failure("", "NoCode", f"{NO_CODE} ({CUT})" if cut else NO_CODE), ours=True)


def line_of(code: str, number: int | None) -> str:
    """Return line `number` of the code, counted from 1; nothing when there is no such line."""
    lines = code.splitlines()
    return lines[number - 1] if number is not None and 1 <= number <= len(lines) else ""


def told(error: ExecutionError, language: Language) -> str:
    """Return an error in one line, as a person reads it: "KeyError: 'reveune' (line 3)", and then what can be done."""
    evalue, _, advice = (_shortened(part) for part in error.evalue.partition(ADVICE))
    if error.ename in ("CheckFailed", "NoCode", LIMIT_EXCEEDED, PROCESS_DIED):
        return evalue.rstrip(".")
    text = f"{error.ename}: {evalue}" if evalue else error.ename
    if error.line_number is not None:
        text = say("agent.at_line", language, error=text, line=error.line_number)
    return f"{text}. {advice}" if advice else text


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_TOLD else text[: MAX_TOLD - 1] + "…"
