"""Messages as JSON text, the way every store keeps them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from ..messages import Answer, Message, Question, Turn

M = TypeVar("M", bound=Message)

_ARTIFACT: Final = re.compile(r"artifact:[0-9a-f]{64}")


def write_json(message: Message) -> str:
    """Return the message as JSON text; half a surrogate pair, as in an undecodable file name, is escaped."""
    plain = message.to_dict()
    try:
        return msgspec.json.encode(plain).decode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(_finite(plain))


def read_json(kind: type[M], text: str) -> M:
    """Build the message from what `write_json` wrote."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return kind.from_dict(json.loads(text))


def read_question(text: str) -> Question:
    """Build a question; one of a newer version that this one cannot read is empty, so that its task still ends."""
    try:
        return read_json(Question, text)
    except (msgspec.MsgspecError, ValueError):
        return Question("")


def turn_of(answer: Answer) -> Turn:
    """Return what later questions need to know of an answered one."""
    return Turn(
        answer.task_id,
        answer.question,
        answer.interpretation,
        answer.final_code,
        answer.text_output,
        tuple(profile.path for profile in answer.profiles),
    )


def storable(title: str) -> str:
    """Replace what no store can keep as text: half a surrogate pair, as in an undecodable file name."""
    return title.encode("utf-8", "replace").decode("utf-8")


def mentioned_artifacts(text: str) -> set[str]:
    """Return every artifact reference in a JSON text."""
    return set(_ARTIFACT.findall(text))


def iso(seconds: float) -> str:
    """Write a time (seconds since the epoch) as UTC in ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finite(value: object) -> object:
    """Put null in the place of NaN and infinity, which JSON does not have; msgspec does it by itself."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
