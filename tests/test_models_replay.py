from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import BadInput, ModelRefused, ModelUnreachable
from csvagent_jupyter.messages import ChatMessage, Prompt, Usage
from csvagent_jupyter.models.base import Chunk
from csvagent_jupyter.models.catalog import open_model
from csvagent_jupyter.models.replay import ReplayModel, ScriptedReply


async def ask(model: ReplayModel, text: str = "anything") -> list[Chunk]:
    return [chunk async for chunk in model.stream(Prompt(messages=(ChatMessage("user", text),)))]


def said(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


async def test_replies_come_in_order_from_a_file_and_then_end(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    replies = ["First.\n", {"chunks": ["Se", "cond."], "usage": [12, 3], "cost": 0.5, "cut": True}]
    path.write_text(json.dumps(replies), encoding="utf-8")
    model = open_model(f"replay:{path}", environ={})
    assert isinstance(model, ReplayModel)
    assert model.name == f"replay:{path}" and not model.local
    assert said(await ask(model)) == "First.\n"
    second = await ask(model)
    assert second == [Chunk("Se"), Chunk("cond."), Chunk(usage=Usage(12, 3, 0.5), cut=True)]
    with pytest.raises(ModelRefused, match=r"all 2 replies were given"):
        await ask(model)
    assert len(model.prompts) == 3


async def test_a_reply_can_wait_for_its_question() -> None:
    model = ReplayModel([{"text": "map", "when": "cities"}, "other", {"text": "again", "when": "cities"}])
    assert said(await ask(model, "How many rows?")) == "other"
    assert said(await ask(model, "Which cities?")) == "map"
    assert said(await ask(model, "Which cities?")) == "again"
    with pytest.raises(ModelRefused):
        await ask(model, "How many rows?")


@pytest.mark.parametrize(("error", "kind"), [("unreachable", ModelUnreachable), ("refused", ModelRefused)])
async def test_a_script_can_fail_after_some_text(error: str, kind: type[Exception]) -> None:
    model = ReplayModel([{"chunks": ["half"], "error": error}])
    chunks = model.stream(Prompt())
    assert (await anext(chunks)).text == "half"
    with pytest.raises(kind):
        await anext(chunks)


async def test_a_slow_reply_can_be_cancelled() -> None:
    model = ReplayModel([ScriptedReply(chunks=("a", "b"), delay=3_600)])
    task = asyncio.create_task(ask(model))
    while not model.prompts:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "content", ["", "{}", '"text"', "[1]", '[{"txt": "x"}]', '[{"error": "maybe"}]', "[" * 10_000, "\udcff"]
)
def test_a_script_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "replies.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInput, match=r"replies\.json.* cannot be read") as caught:
        open_model(f"replay:{path}", environ={})
    assert "JSON" in caught.value.say("ru")


def test_a_missing_file_and_no_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        open_model(f"replay:{tmp_path / 'none.json'}", environ={})
    with pytest.raises(BadInput, match=r"replay:replies\.json"):
        open_model("replay", environ={})
