"""Why an attempt is not good enough: told to the reader as an error, and to the model as a failure to repair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..messages import ExecutionError, Failure
from ..translations import Language, say
from .checks import Finding
from .code import Reply

MAX_TOLD: Final = 300
NO_CODE: Final = "The reply has no fenced block that starts with ```python. Write the code in exactly one such block."
CUT: Final = "the reply was cut off before its end: write shorter code"


@dataclass(frozen=True, slots=True)
class Setback:
    """`ours` says that the text of the failure was written here and quotes no cell, so that it may leave as it is."""

    error: ExecutionError
    failure: Failure
    ours: bool


def of_error(code: str, error: ExecutionError) -> Setback:
    """Return the setback of code that failed while it ran."""
    line = line_of(code, error.line_number)
    number = error.line_number if line else None
    return Setback(error, Failure(code, error.ename, error.evalue, number, line, error.traceback), ours=False)


def of_advice(reply: Reply, error: ExecutionError) -> Setback:
    """Return the setback of code that was not run, because it would certainly fail."""
    evalue = f"{error.evalue} ({CUT})" if reply.cut and error.ename == "SyntaxError" else error.evalue
    line = line_of(reply.code, error.line_number)
    failure = Failure(reply.code, error.ename, evalue, error.line_number if line else None, line)
    return Setback(error, failure, ours=True)


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
    """Return an error in one line, as a person reads it: "KeyError: 'reveune' (line 3)"."""
    evalue = " ".join(error.evalue.split())
    if len(evalue) > MAX_TOLD:
        evalue = evalue[: MAX_TOLD - 1] + "…"
    if error.ename in ("CheckFailed", "NoCode"):
        return evalue.rstrip(".")
    text = f"{error.ename}: {evalue}" if evalue else error.ename
    if error.line_number is None:
        return text
    return say("agent.at_line", language, error=text, line=error.line_number)
