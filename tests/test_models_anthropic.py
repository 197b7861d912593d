from __future__ import annotations

import json
from typing import Any

import pytest
from model_server import KEY, Reply, ScriptedServer

from csvagent_jupyter.exceptions import ModelError, ModelRefused, ModelUnreachable
from csvagent_jupyter.messages import ChatMessage, Prompt, Usage
from csvagent_jupyter.models.anthropic import AnthropicModel, anthropic
from csvagent_jupyter.models.base import Chunk

PROMPT = Prompt(
    messages=(
        ChatMessage("system", "You write code."),
        ChatMessage("system", "Answer in Russian."),
        ChatMessage("user", "Сколько строк?"),
        ChatMessage("assistant", "len(d)"),
        ChatMessage("user", "It failed."),
    ),
    question="not sent",
    max_tokens=777,
)


async def read(model: AnthropicModel) -> list[Chunk]:
    return [chunk async for chunk in model.stream(PROMPT)]


def said(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def event(kind: str, **values: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **values})}\n\n".encode()


async def test_the_request_has_the_messages_with_the_system_apart(model_server: ScriptedServer) -> None:
    model_server.script("Ответ.")
    await read(anthropic("claude-test", model_server.environ()))
    request = model_server.requests[0]
    assert request.path == "/v1/messages"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers
    assert request.json == {
        "model": "claude-test",
        "max_tokens": 777,
        "system": "You write code.\n\nAnswer in Russian.",
        "messages": [
            {"role": "user", "content": "Сколько строк?"},
            {"role": "assistant", "content": "len(d)"},
            {"role": "user", "content": "It failed."},
        ],
        "stream": True,
        "temperature": 0,
    }


async def test_without_a_system_message_none_is_sent(model_server: ScriptedServer) -> None:
    model_server.script("x")
    prompt = Prompt(messages=(ChatMessage("user", "hi"),))
    assert [chunk async for chunk in anthropic("m", model_server.environ()).stream(prompt)]
    assert "system" not in model_server.requests[0].json


async def test_thinking_is_not_part_of_the_reply(model_server: ScriptedServer) -> None:
    model_server.script(Reply("The answer.", reasoning="```python wrong()```"))
    assert said(await read(anthropic("m", model_server.environ()))) == "The answer."


async def test_all_parts_of_the_usage_are_counted(model_server: ScriptedServer) -> None:
    taken = {"input_tokens": 10, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 3_000}
    model_server.script(
        Reply(
            raw=[
                event("message_start", message={"usage": {**taken, "output_tokens": 1}}),
                event("content_block_start", index=0, content_block={"type": "text", "text": "He"}),
                event("content_block_delta", index=0, delta={"type": "text_delta", "text": "llo"}),
                event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 42}),
                event("message_stop"),
            ]
        )
    )
    assert await read(anthropic("m", model_server.environ())) == [
        Chunk("He"),
        Chunk("llo"),
        Chunk(usage=Usage(3_210, 42)),
    ]


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
async def test_a_reply_cut_at_its_limit_is_told(model_server: ScriptedServer, reason: str) -> None:
    model_server.script(Reply("half of", finish=reason))
    chunks = await read(anthropic("m", model_server.environ()))
    assert chunks[-1].cut and said(chunks) == "half of"


async def test_a_refusal_is_told(model_server: ScriptedServer) -> None:
    model_server.script(Reply("I", finish="refusal"))
    with pytest.raises(ModelRefused, match="declined"):
        await read(anthropic("m", model_server.environ()))


@pytest.mark.parametrize(
    ("kind", "message", "error", "key"),
    [
        ("overloaded_error", "Overloaded", ModelUnreachable, "overloaded"),
        ("api_error", "Internal", ModelUnreachable, "overloaded"),
        ("rate_limit_error", "Slow down", ModelUnreachable, "rate_limited"),
        ("authentication_error", "invalid x-api-key", ModelRefused, "wrong_key"),
        ("not_found_error", "model: m", ModelRefused, "unknown_model"),
        ("billing_error", "pay", ModelRefused, "no_credit"),
        ("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", ModelRefused, "too_long"),
        ("something_new", "?", ModelUnreachable, "overloaded"),
    ],
)
async def test_an_error_in_the_middle_of_the_stream_is_told(
    model_server: ScriptedServer, kind: str, message: str, error: type[ModelError], key: str
) -> None:
    model_server.script(Reply("some text", error={"type": kind, "message": message}))
    with pytest.raises(error) as caught:
        await read(anthropic("m", model_server.environ()))
    assert caught.value.key == f"models.{key}"


async def test_a_refused_temperature_is_left_out_from_then_on(model_server: ScriptedServer) -> None:
    message = "`temperature` is deprecated for this model."
    refusal = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    model_server.script(Reply(status=400, body=refusal), "a", "b")
    model = anthropic("m", model_server.environ())
    assert said(await read(model)) + said(await read(model)) == "ab"
    assert ["temperature" in request.json for request in model_server.requests] == [True, False, False]


async def test_a_server_that_does_not_stream_is_understood(model_server: ScriptedServer) -> None:
    whole = {
        "type": "message",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "At once."}, 7],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    model_server.script(Reply(body=whole))
    assert await read(anthropic("m", model_server.environ())) == [Chunk("At once."), Chunk(usage=Usage(3, 2))]


async def test_odd_events_are_passed_over(model_server: ScriptedServer) -> None:
    odd = [
        event("message_start", message=None),
        event("content_block_start", content_block=[1]),
        event("content_block_delta", delta={"type": "text_delta", "text": 5}),
        event("content_block_delta", delta={"type": "input_json_delta", "partial_json": "{}"}),
        event("vendor_news", text="buy"),
        event("message_delta", delta=None, usage={"output_tokens": "many"}),
        event("content_block_delta", delta={"type": "text_delta", "text": "fine"}),
        event("message_stop"),
    ]
    model_server.script(Reply(raw=odd))
    assert said(await read(anthropic("m", model_server.environ()))) == "fine"


def test_it_needs_its_key_and_has_a_default() -> None:
    with pytest.raises(ModelRefused, match="ANTHROPIC_API_KEY"):
        anthropic("", {})
    model = anthropic("", {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "https://gate.example/v1/"})
    assert model.name == "anthropic:claude-sonnet-5-5"
    assert model.server.address == "https://gate.example"
