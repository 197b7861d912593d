"""What every chat model does, whatever is behind it.

An engine joins by one line in ENGINES: a function that opens it, given the scripted server. The prompt has messages
for a remote model and data for a local one; its question is how many rows `sales` has.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
from model_server import KEY, ScriptedServer

from csvagent_jupyter.messages import ChatMessage, Column, Profile, Prompt
from csvagent_jupyter.models.base import ChatModel, Chunk
from csvagent_jupyter.models.catalog import open_model
from csvagent_jupyter.models.replay import ReplayModel

REPLY = "I count the rows of sales.\n\n```python\nprint(f'There are {len(df)} rows.')\nlen(df)\n```"


def _remote(name: str) -> Callable[[ScriptedServer], ChatModel]:
    def opened(server: ScriptedServer) -> ChatModel:
        server.script(*[REPLY] * 8)
        return open_model(name, environ=server.environ())

    return opened


ENGINES: dict[str, Callable[[ScriptedServer], ChatModel]] = {
    "openai": _remote("openai:test-model"),
    "openrouter": _remote("openrouter:lab/test-model"),
    "ollama": _remote("ollama:test-model:7b"),
    "anthropic": _remote("anthropic:test-model"),
    "replay": lambda server: ReplayModel([REPLY] * 8, name="replay:script.json"),
    "offline": lambda server: open_model("offline"),
}

PROMPT = Prompt(
    messages=(ChatMessage("system", "You write pandas code."), ChatMessage("user", "How many rows does sales have?")),
    question="How many rows does sales have?",
    profiles=(Profile("sales.csv", "sales", 12, (Column("city", "text", distinct=3), Column("amount", "number"))),),
    libraries=("pandas 3.1.1",),
)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, model_server: ScriptedServer) -> ChatModel:
    return ENGINES[request.param](model_server)


def stream(model: ChatModel) -> Any:
    return model.stream(PROMPT)


async def read(chunks: AsyncIterator[Chunk]) -> list[Chunk]:
    return [chunk async for chunk in chunks]


async def test_a_reply_comes_in_pieces_and_ends_with_its_usage(engine: ChatModel) -> None:
    chunks = await read(stream(engine))
    text = "".join(chunk.text for chunk in chunks)
    reading, _, rest = text.partition("```python\n")
    assert reading.strip()
    assert rest.count("```") == 1
    compile(rest.partition("```")[0], "<reply>", "exec")
    assert sum(bool(chunk.text) for chunk in chunks) > 1
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert not any(chunk.cut for chunk in chunks)


async def test_a_model_has_a_name_and_hides_its_key(engine: ChatModel) -> None:
    provider, _, model = engine.name.partition(":")
    assert provider
    assert model or engine.local
    assert isinstance(engine.local, bool) and isinstance(engine.found, bool)
    await read(stream(engine))
    assert KEY not in repr(engine) + repr(vars(engine))
    try:
        pickled = pickle.dumps(engine)
    except (TypeError, AttributeError, pickle.PicklingError):
        pickled = b""
    assert KEY.encode() not in pickled


async def test_one_model_serves_several_runs_at_a_time(engine: ChatModel) -> None:
    alone = "".join(chunk.text for chunk in await read(stream(engine)))
    runs = await asyncio.gather(*(read(stream(engine)) for _ in range(4)))
    assert ["".join(chunk.text for chunk in run) for run in runs] == [alone] * 4


def test_one_model_serves_several_event_loops(engine: ChatModel) -> None:
    first, second = (asyncio.run(read(stream(engine))) for _ in range(2))
    assert [chunk.text for chunk in first] == [chunk.text for chunk in second]


async def test_a_stream_can_be_left_early_and_the_model_goes_on(engine: ChatModel) -> None:
    async with aclosing(stream(engine)) as chunks:
        first = await anext(chunks)
    assert first.text
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)
    assert await read(stream(engine))
    await engine.aclose()
