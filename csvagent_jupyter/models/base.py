"""What a chat model is to the agent: one prompt in, a stream of chunks out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ..messages import Prompt, Usage


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a reply: text as it comes, and, once known, what the request used (the last chunk has it all).

    `usage` stays None where a server does not tell it.
    `cut` on the last chunk says that the reply came to its limit of tokens and is probably not whole.
    """

    text: str = ""
    usage: Usage | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per token, for reserving money before a request."""

    input: float
    output: float


class ChatModel(ABC):
    """A model that writes code; one object may serve many runs at a time.

    `name` is ``provider:model`` as a person writes it. `local` says that nothing leaves this process: such an engine
    reads the prompt's data fields, any other gets `Prompt.messages` alone. `found` says that it was only found by a
    key in the environment, so that a person has not chosen it yet.
    """

    name: str
    local: bool = False
    found: bool = False
    price: Price | None = None

    @abstractmethod
    def stream(self, prompt: Prompt) -> AsyncIterator[Chunk]:
        """Yield the reply as it is written.

        The reply is one or two sentences on how the question is read, then one fenced code block. Closing the
        iterator (or cancelling the task that reads it) closes the connection at once.

        Raises ModelUnreachable, ModelRefused; a local engine also Declined and Ambiguous, with suggestions.
        """

    async def aclose(self) -> None:  # noqa: B027 - most engines hold nothing
        """Let go of connections; called once, when the manager stops."""
