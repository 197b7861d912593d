"""What went wrong with a model server, as one error that says what to do, and whether to try again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Final

from ..exceptions import ModelError, ModelRefused, ModelUnreachable
from .secret import Secret, quoted

_PASSING: Final = frozenset({408, 409, 425, 429})
_TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|context window|prompt is too long|available context size"
    r"|input is too long|request_too_large|too many (?:input )?tokens|reduce the length",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_quota|insufficient credits?|credit balance|billing_error", re.IGNORECASE)
_NO_MODEL = re.compile(
    r"model_not_found|not a valid model|no endpoints found for|(?:unknown|invalid|no such) model"
    r"|model\b.{0,120}(?:not found|not exist|not available|not supported|is not loaded)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a model is asked, and in whose words its errors are told.

    `address` is without credentials; `key_variable` and `address_variable` are what a person sets. `own` says that a
    person runs it (Ollama, vLLM, …) rather than a company.
    """

    provider: str
    title: str
    address: str
    key: Secret | None = None
    key_variable: str = ""
    address_variable: str = ""
    own: bool = False


class Trouble(Exception):  # not an error by itself: it may pass
    """A request that failed. `error` is for the person; `passing` says that trying again may help.

    `retry_after` is the server's wish in seconds. `unwanted` names a parameter that the server does not take. Nothing
    in it refers to the request, which has the key in its headers.
    """

    def __init__(
        self, error: ModelError, *, passing: bool = False, retry_after: float | None = None, unwanted: str = ""
    ) -> None:
        super().__init__(error.key)
        self.error = error
        self.passing = passing
        self.retry_after = retry_after
        self.unwanted = unwanted


def unreachable(server: Server, reason: str, *, passing: bool = False, **values: Any) -> Trouble:
    """A trouble on the way to the server, or in the middle of its reply: ``models.<reason>``."""
    told = {"provider": server.title, "address": server.address, "variable": server.address_variable, **values}
    return Trouble(ModelUnreachable(f"models.{reason}", **told), passing=passing)


def refused(server: Server, reason: str, model: str = "", **values: Any) -> Trouble:
    """A trouble that no second try mends: ``models.<reason>``."""
    told = {"provider": server.title, "address": server.address, "variable": server.key_variable, "model": model}
    return Trouble(ModelRefused(f"models.{reason}", **{**told, **values}))


def from_status(server: Server, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> Trouble:
    """Read an HTTP response that is not the wanted one."""
    if 300 <= status < 400:
        return refused(server, "redirected", model, variable=server.address_variable, status=status)
    error = error_object(body)
    if error is None and status in (404, 405) and not _NO_MODEL.search(body.decode("utf-8", "replace")):
        return refused(server, "no_api", model, variable=server.address_variable)
    return from_error(server, model, status, error or {"message": ""}, wait=retry_after(headers))


def from_error(
    server: Server, model: str, status: int, error: Mapping[str, Any], *, wait: float | None = None
) -> Trouble:
    """Read an error object of a server, which came with or stands for an HTTP status."""
    words = " ".join(str(error.get(field) or "") for field in ("code", "type", "param", "message", "raw"))[:4_000]
    detail = quoted(str(error.get("raw") or error.get("message") or error.get("type") or ""), server.key)
    if status == 402 or _NO_CREDIT.search(words):
        return refused(server, "no_credit", model)
    if status == 401:
        return refused(server, "wrong_key" if server.key is not None else "needs_key", model)
    if status == 403:
        return refused(server, "forbidden", model, detail=detail)
    if status == 429:
        return _told_to_wait(server, wait)
    if status >= 500 or status in _PASSING:
        trouble = unreachable(server, "overloaded", passing=True, status=status, detail=detail)
        trouble.retry_after = wait
        return trouble
    if status == 413 or _TOO_LONG.search(words):
        return refused(server, "too_long", model)
    if status == 404 and "model" not in words and not _NO_MODEL.search(words):
        return refused(server, "no_api", model, variable=server.address_variable)
    if status == 404 or _NO_MODEL.search(words):
        return refused(server, "not_pulled" if server.provider == "ollama" else "unknown_model", model)
    trouble = refused(server, "bad_request", model, detail=detail or str(status))
    trouble.unwanted = _unwanted_parameter(error, words)
    return trouble


def _told_to_wait(server: Server, wait: float | None) -> Trouble:
    reason = "rate_limited" if wait is None or wait < 1 else "rate_limited_until"
    trouble = unreachable(server, reason, passing=True, seconds=round(wait or 0))
    trouble.retry_after = wait
    return trouble


def _unwanted_parameter(error: Mapping[str, Any], words: str) -> str:
    """Name the parameter that a server refuses, among those that can be left out or written otherwise."""
    for name in ("max_completion_tokens", "stream_options", "temperature"):
        if str(error.get("param") or "") == name or name in words[:600]:
            return "max_tokens" if name == "max_completion_tokens" else name
    return "max_tokens" if error.get("param") == "max_tokens" and "unsupported" in words.lower() else ""


def error_object(body: bytes | Mapping[str, Any]) -> dict[str, Any] | None:
    """Find the error in a JSON body, in the shapes that servers use; None where there is none.

    `raw` is added where a go-between (OpenRouter) passes on what the provider behind it said.
    """
    value: Any = body
    if isinstance(body, bytes):
        try:
            value = json.loads(body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, Mapping):
        return None
    found = value.get("error", value.get("detail", value.get("message")))
    if isinstance(found, str) and found:
        return {"message": found, "code": value.get("code"), "type": value.get("type")}
    if isinstance(found, list):
        return {"message": "; ".join(_complaint(each) for each in found[:5])}
    if not isinstance(found, Mapping):
        return None
    metadata = found.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    return {**found, "raw": raw if isinstance(raw, str) else None}


def _complaint(entry: Any) -> str:
    """Write one entry of a validation error, as FastAPI servers send them, like ``body.top_k: too large``."""
    if not isinstance(entry, Mapping):
        return str(entry)
    place = entry.get("loc")
    where = ".".join(map(str, place)) if isinstance(place, list) else ""
    return f"{where}: {entry.get('msg', '')}".strip(": ")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how long a server wants to be left alone, in seconds: a number or an HTTP date."""
    milliseconds, seconds = headers.get("retry-after-ms", ""), headers.get("retry-after", "").strip()
    try:
        if milliseconds:
            wait = float(milliseconds) / 1_000
        elif re.fullmatch(r"\d+(?:\.\d+)?", seconds):
            wait = float(seconds)
        else:
            date = parsedate_to_datetime(seconds)
            wait = (date - datetime.now(date.tzinfo or UTC)).total_seconds() if date.tzinfo else 0.0
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), 86_400.0) if isfinite(wait) else None
