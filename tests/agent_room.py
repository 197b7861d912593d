"""A desk for tests of the agent: a real kernel, real files, and books that can be looked into."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from csvagent_jupyter.agent.desk import Desk, Workplace
from csvagent_jupyter.agent.loop import Run
from csvagent_jupyter.messages import Answer, Event, LedgerEntry, Prompt, Question, Source, Usage
from csvagent_jupyter.models.base import ChatModel, Chunk, Price
from csvagent_jupyter.sandbox import SandboxKernel

SALES = "region,amount,date\nNorth,10,2024-01-02\nSouth,20,2024-02-03\nNorth,5,2024-03-01\nEast,,2024-03-09\n"


def reply(code: str, sentence: str = "I read it so.") -> str:
    return f"{sentence}\n\n```python\n{code}\n```\n"


class ScriptedModel(ChatModel):
    """Says its replies in order, line by line; one that is an exception is raised, `pause` holds it up forever."""

    def __init__(
        self,
        *replies: str | Exception,
        local: bool = False,
        found: bool = False,
        price: Price | None = None,
        usage: Usage | None = None,
        pause: bool = False,
    ) -> None:
        self.name = "test:scripted"
        self.local, self.found, self.price = local, found, price
        self.replies = list(replies)
        self.usage = usage
        self.pause = pause
        self.prompts: list[Prompt] = []
        self.waiting = asyncio.Event()
        self.closed = 0

    async def stream(self, prompt: Prompt) -> AsyncIterator[Chunk]:
        self.prompts.append(prompt)
        said = self.replies.pop(0)
        try:
            if isinstance(said, Exception):
                raise said
            for line in said.splitlines(keepends=True):
                yield Chunk(line)
            if self.pause:
                self.waiting.set()
                await asyncio.Event().wait()
            yield Chunk(usage=self.usage)
        finally:
            self.closed += 1

    @property
    def sent(self) -> str:
        return "\n".join(message.content for prompt in self.prompts for message in prompt.messages)


@dataclass
class Books:
    """What a run left behind at its doors."""

    ledger: dict[tuple[str, str], LedgerEntry] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    charged: list[Usage] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    released: int = 0

    @property
    def entries(self) -> list[LedgerEntry]:
        return list(self.ledger.values())

    @property
    def balance(self) -> Usage:
        return sum(self.charged, Usage())


def make_desk(place: Workplace | None, model: ChatModel | None, books: Books, **values: Any) -> Desk:
    """Return a desk whose doors write into `books`; `values` are fields of Desk."""

    async def acquire() -> Workplace:
        assert place is not None
        return place

    async def release(_: Workplace) -> None:
        books.released += 1

    async def open_source(source: Source) -> Path:
        return Path(source.path)

    async def keep(content: bytes | Path, media_type: str, name: str) -> str:
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        books.kept[f"artifact:{digest}"] = data
        return f"artifact:{digest}"

    async def record(entry: LedgerEntry) -> None:
        books.ledger[entry.task_id, entry.at] = entry
        books.outcomes.append(entry.outcome)

    async def charge(usage: Usage) -> None:
        books.charged.append(usage)

    doors: dict[str, Any] = {
        "acquire": acquire,
        "release": release,
        "open_source": open_source,
        "keep": keep,
        "record": record,
        "charge": charge,
    }
    return Desk(**({"task_id": "t1", "session_id": "s1", "model": model} | doors | values))


class Shop:
    """One real kernel for many tests; a test that ends it gets the next test a new one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kernel = SandboxKernel()

    async def place(self) -> Workplace:
        """Return the kernel as a session finds it that has not used it yet."""
        if not self.kernel.alive:
            await self.kernel.stop()
            self.kernel = SandboxKernel()
            await self.kernel.start()
        return Workplace(self.kernel, self.folder)


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    shop = Shop(folder)
    try:
        yield shop
    finally:
        await shop.kernel.stop()


def table_file(folder: Path, text: str = SALES, name: str = "sales.csv") -> Source:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Source(name, str(path))


async def run(desk: Desk, text: str, *sources: Source) -> tuple[Answer, list[Event]]:
    """Run a question to its end."""
    events = [event async for event in Run(Question(text, sources), desk).events()]
    assert events[-1].result is not None
    return events[-1].result, events


def stages(events: Sequence[Event]) -> list[str]:
    """Return the stages that a reader saw, without repetitions."""
    seen = [event.meta.stage for event in events if event.meta is not None]
    return [stage for number, stage in enumerate(seen) if number == 0 or seen[number - 1] != stage]
