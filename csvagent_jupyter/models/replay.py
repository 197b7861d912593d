"""A chat model that says what a script tells it to: for tests, demonstrations and work without a network."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..exceptions import BadInput, ModelRefused, ModelUnreachable
from ..messages import Prompt, Usage
from .base import ChatModel, Chunk

MAX_SCRIPT = 16 << 20


class ScriptedReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reply of a script.

    It is written as `chunks`, or as the words of `text`, with `delay` seconds before each. `when` keeps it for a
    question that has this text in it. `error` ends it, after the chunks, as unreachable or refused; `cut` says that it
    came to its limit of tokens. `usage` is (input, output) tokens, `cost` in US dollars.
    """

    text: str = ""
    chunks: tuple[str, ...] = ()
    delay: float = 0.0
    when: str = ""
    error: Literal["", "unreachable", "refused"] = ""
    cut: bool = False
    usage: tuple[int, int] = (0, 0)
    cost: float | None = 0.0

    def pieces(self) -> tuple[str, ...]:
        return self.chunks or tuple(re.findall(r"\s*\S+|\s+$", self.text))


class ReplayModel(ChatModel):
    """Gives the replies of a script, each once and in order; keeps the prompts it got in `prompts`.

    A reply with `when` waits for a question that has that text in it; the others go to whoever asks next.
    """

    def __init__(self, replies: Sequence[str | Mapping[str, Any] | ScriptedReply], *, name: str = "replay") -> None:
        self.name = name
        self.prompts: list[Prompt] = []
        self._replies = [_reply(each) for each in replies]
        self._open = list(self._replies)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        self.prompts.append(prompt)
        reply = self._next(prompt)
        for piece in reply.pieces():
            await asyncio.sleep(reply.delay)
            yield Chunk(piece)
        if reply.error:
            unreachable = reply.error == "unreachable"
            raise (ModelUnreachable if unreachable else ModelRefused)(f"models.replay_{reply.error}")
        yield Chunk(usage=Usage(*reply.usage, reply.cost), cut=reply.cut)

    def _next(self, prompt: Prompt) -> ScriptedReply:
        asked = "\n".join([prompt.question, *(message.content for message in prompt.messages[-1:])])
        chosen = next((reply for reply in self._open if reply.when and reply.when in asked), None)
        chosen = chosen or next((reply for reply in self._open if not reply.when), None)
        if chosen is None:
            path = self.name.partition(":")[2] or self.name
            raise ModelRefused("models.replay_ended", path=path, count=len(self._replies))
        self._open.remove(chosen)
        return chosen


def replay(model: str, environ: Mapping[str, str]) -> ReplayModel:
    """Make a model that replays the file `model`: a JSON list of texts, or of objects with ScriptedReply's fields."""
    if not model:
        raise BadInput("models.replay_no_path")
    try:
        with Path(model).expanduser().open("rb") as file:
            content = file.read(MAX_SCRIPT)
        return ReplayModel(msgspec.json.decode(content, type=list[str | ScriptedReply]), name=f"replay:{model}")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
    except (ValueError, RecursionError) as error:
        reason = str(error)[:200]
    raise BadInput("models.replay_unreadable", path=model, reason=reason)


def _reply(given: str | Mapping[str, Any] | ScriptedReply) -> ScriptedReply:
    if isinstance(given, ScriptedReply):
        return given
    return ScriptedReply(text=given) if isinstance(given, str) else msgspec.convert(given, ScriptedReply)
