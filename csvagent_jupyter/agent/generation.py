"""One request to a model: reserved in the budget, written to the ledger, streamed, and closed at once when stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Literal

from ..exceptions import BudgetExceeded, DeadlineExceeded
from ..messages import LedgerEntry, Prompt, Share, Usage
from ..models.base import ChatModel, Chunk
from .code import MAX_REPLY, partial
from .desk import Desk

DELTA_SECONDS: Final = 0.2
MIN_TOKENS: Final = 256


@dataclass(slots=True)
class Spending:
    """What a run has used: `told` as the servers said, `counted` also with estimates where a server said nothing."""

    told: Usage = field(default_factory=Usage)
    counted: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class Generation:
    """One reply on its way; `text` is what has come so far, also after an error or a cancellation."""

    desk: Desk
    model: ChatModel
    prompt: Prompt
    share: Share
    attempt: int
    deadline: float
    spending: Spending
    text: str = ""
    usage: Usage | None = None
    cut: bool = False

    async def deltas(self) -> AsyncGenerator[str, None]:
        """Yield what was added to the code, at most five times a second; `text` is whole when this ends.

        Raises BudgetExceeded before anything is sent, DeadlineExceeded, and what the model raises.
        """
        if self.model.local:
            async with aclosing(self._stream(self.prompt)) as deltas:
                async for delta in deltas:
                    yield delta
            self.spending.told += self.usage or Usage()
            return
        prompt = replace(self.prompt, max_tokens=self._affordable())
        most = self._most(prompt.max_tokens)
        await self.desk.charge(most)
        entry = self._entry(prompt)
        outcome: Literal["answered", "failed", "cancelled"] = "failed"
        try:
            await self.desk.record(entry)
            async with aclosing(self._stream(prompt)) as deltas:
                async for delta in deltas:
                    yield delta
            outcome = "answered"
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            # Shielded, so that what was sent is written down even when a second cancellation comes.
            await asyncio.shield(self._settle(entry, most, outcome))

    async def _stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Read the model's stream in a task of its own, so that whoever stops this closes the connection at once."""
        queue: asyncio.Queue[Chunk | None] = asyncio.Queue()
        pump = asyncio.create_task(_pump(self.model.stream(prompt), queue))
        pump.add_done_callback(lambda _: queue.put_nowait(None))
        loop = asyncio.get_running_loop()
        shown, shown_at = "", float("-inf")
        try:
            while len(self.text) < MAX_REPLY:
                try:
                    async with asyncio.timeout_at(min(self.deadline, loop.time() + DELTA_SECONDS)):
                        chunk = await queue.get()
                except TimeoutError:
                    if loop.time() >= self.deadline:
                        raise DeadlineExceeded("agent.timeout_model", seconds=self.desk.timeout) from None
                else:
                    if chunk is None:
                        pump.result()
                        return
                    self.text += chunk.text
                    self.usage = chunk.usage or self.usage
                    self.cut = self.cut or chunk.cut
                if loop.time() - shown_at >= DELTA_SECONDS and self.text:
                    code = partial(self.text)
                    if len(code) > len(shown) and code.startswith(shown):
                        delta, shown, shown_at = code[len(shown) :], code, loop.time()
                        yield delta
        finally:
            pump.cancel()
            await asyncio.wait({pump})
            if not pump.cancelled():
                pump.exception()

    # --- money and tokens -------------------------------------------------------------------------------------------

    def _estimate(self) -> int:
        """Estimate the prompt's tokens from above: two characters each (English has four, Russian two to three)."""
        return sum(len(message.content) for message in self.prompt.messages) // 2 + 16

    def _affordable(self) -> int:
        """Return how many tokens the reply may have; raises BudgetExceeded when too few are left for any."""
        budget, used, price = self.desk.budget, self.spending.counted, self.model.price
        most = self.desk.max_tokens
        if budget.tokens is not None:
            most = min(most, budget.tokens - used.input_tokens - used.output_tokens - self._estimate())
            if most < MIN_TOKENS:
                raise BudgetExceeded("agent.budget_tokens", tokens=budget.tokens)
        if budget.cost is not None:
            if price is None:
                raise BudgetExceeded("agent.no_price", model=self.model.name)
            left = budget.cost - (used.cost or 0.0) - self._estimate() * price.input
            if price.output > 0:
                most = min(most, int(left / price.output))
            if left < 0 or most < MIN_TOKENS:
                raise BudgetExceeded("agent.budget_cost", cost=budget.cost)
        return most

    def _most(self, max_tokens: int) -> Usage:
        return self._priced(Usage(self._estimate(), max_tokens))

    def _priced(self, usage: Usage) -> Usage:
        price = self.model.price
        if usage.cost is not None or price is None:
            return usage
        return replace(usage, cost=usage.input_tokens * price.input + usage.output_tokens * price.output)

    async def _settle(
        self, entry: LedgerEntry, most: Usage, outcome: Literal["answered", "failed", "cancelled"]
    ) -> None:
        """Write down what the request used, in the ledger, the run's sum and the counters."""
        told = self._priced(self.usage) if self.usage is not None else Usage()
        counted = told
        if self.usage is None and (self.text or outcome != "failed"):
            counted = self._priced(Usage(self._estimate() // 2, len(self.text) // 3))
        self.spending.told += told
        self.spending.counted += counted
        cost = None if most.cost is None else (counted.cost or 0.0) - most.cost
        await self.desk.charge(
            Usage(counted.input_tokens - most.input_tokens, counted.output_tokens - most.output_tokens, cost)
        )
        await self.desk.record(replace(entry, usage=told, outcome=outcome))

    def _entry(self, prompt: Prompt) -> LedgerEntry:
        return LedgerEntry(
            task_id=self.desk.task_id,
            session_id=self.desk.session_id,
            attempt=self.attempt,
            model=self.model.name,
            share=self.share,
            messages=prompt.messages,
            at=datetime.now(UTC).isoformat(),
            outcome="sent",
        )


async def _pump(stream: AsyncIterator[Chunk], queue: asyncio.Queue[Chunk | None]) -> None:
    try:
        async for chunk in stream:
            queue.put_nowait(chunk)
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
