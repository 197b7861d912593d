from __future__ import annotations

import json
from typing import Any

import pytest
from model_server import KEY, Reply, ScriptedServer

from csvagent_jupyter.exceptions import BadInput, ModelError, ModelRefused, ModelUnreachable
from csvagent_jupyter.messages import ChatMessage, Prompt, Usage
from csvagent_jupyter.models.base import Chunk, Price
from csvagent_jupyter.models.openai import OpenAIModel, model_names, ollama, openai, openrouter

PROMPT = Prompt(
    messages=(
        ChatMessage("system", "Пиши код."),
        ChatMessage("user", "Сколько строк?"),
        ChatMessage("assistant", "```python\nlen(d)\n```"),
        ChatMessage("user", "It failed."),
    ),
    question="not sent",
    max_tokens=777,
)


async def read(model: OpenAIModel) -> list[Chunk]:
    return [chunk async for chunk in model.stream(PROMPT)]


def said(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def choices(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


async def test_the_request_has_the_messages_and_nothing_else_of_the_prompt(model_server: ScriptedServer) -> None:
    model_server.script("Ответ.")
    await read(openai("gpt-test", model_server.environ()))
    request = model_server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": "gpt-test",
        "messages": [{"role": message.role, "content": message.content} for message in PROMPT.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "max_tokens": 777,
    }
    assert "Сколько строк?".encode() in request.body
    assert b"not sent" not in request.body


async def test_openrouter_tells_what_it_cost(model_server: ScriptedServer) -> None:
    model_server.script(Reply("x", usage=(10, 2), cost=0.0123))
    model = openrouter("lab/coder", model_server.environ())
    assert (await read(model))[-1].usage == Usage(10, 2, 0.0123)
    assert model_server.requests[0].json["usage"] == {"include": True}


async def test_ollama_needs_no_key_and_costs_nothing(model_server: ScriptedServer) -> None:
    model_server.script("x")
    model = ollama("qwen:7b", {"OLLAMA_HOST": f"0.0.0.0:{model_server.port}", "OPENAI_API_KEY": KEY})
    usage = (await read(model))[-1].usage
    assert usage == Usage(100, 20, 0.0)
    assert model.price == Price(0, 0)
    assert "authorization" not in model_server.requests[0].headers
    assert ollama("big:cloud", {}).price is None


async def test_without_a_name_the_first_model_that_can_write_is_taken(model_server: ScriptedServer) -> None:
    model_server.models[:] = ["nomic-embed-text", "qwen:7b", "llama:8b"]
    model_server.script("a", "b")
    model = ollama("", model_server.environ())
    await read(model)
    await read(model)
    assert model.name == "ollama:qwen:7b"
    assert [request.json["model"] for request in model_server.requests] == ["qwen:7b", "qwen:7b"]
    assert len(model_server.lookups) == 1
    model_server.models.clear()
    with pytest.raises(ModelRefused, match="no model yet"):
        await read(openai("", model_server.environ()))


@pytest.mark.parametrize(
    "listing", [None, [], {"data": 5}, {"data": [1, {"id": 7}, {"id": "a\nb"}, {}]}, {"models": None}]
)
def test_an_odd_list_of_models_is_empty(listing: Any) -> None:
    assert model_names(listing) == []


REFUSED = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
    "temperature": "Unsupported value: 'temperature' does not support 0 with this model.",
    "stream_options": "Unrecognized request argument supplied: stream_options",
}


async def test_refused_parameters_are_changed_once_and_remembered(model_server: ScriptedServer) -> None:
    model_server.script(*(Reply(status=400, body={"error": {"message": text}}) for text in REFUSED.values()), "a", "b")
    assert said(await read(openai("o9", model_server.environ()))) == "a"
    assert said(await read(openai("o9", model_server.environ()))) == "b"
    assert len(model_server.requests) == 5
    for request in model_server.requests[3:]:
        assert request.json["max_completion_tokens"] == 777
        assert not {"max_tokens", "temperature", "stream_options"} & set(request.json)


async def test_a_parameter_refused_twice_ends_the_run(model_server: ScriptedServer) -> None:
    model_server.script(*[Reply(status=400, body={"error": {"message": REFUSED["temperature"]}})] * 3)
    with pytest.raises(ModelRefused, match="temperature"):
        await read(openai("o9", model_server.environ()))
    assert len(model_server.requests) == 2


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_is_not_part_of_the_reply(model_server: ScriptedServer, field: str) -> None:
    thought = Reply(
        raw=[
            event(choices(role="assistant", content="")),
            event(choices(**{field: "```python\nwrong()\n```"})),
            event(choices(**{field: None, "content": "<think>more</think>right"})),
            event({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
        ]
    )
    model_server.script(thought)
    assert said(await read(openai("r1", model_server.environ()))) == "right"


@pytest.mark.parametrize("ending", [[b"data: [DONE]\n\n"], [b'data: {"choices":[{"finish_reason":"stop"}]}\n\n']])
async def test_either_closing_sign_is_enough(model_server: ScriptedServer, ending: list[bytes]) -> None:
    model_server.script(Reply(raw=[event(choices(content="whole")), *ending]))
    assert said(await read(openai("m", model_server.environ()))) == "whole"


async def test_a_reply_cut_at_its_limit_is_told(model_server: ScriptedServer) -> None:
    model_server.script(Reply("half of", finish="length"))
    chunks = await read(openai("m", model_server.environ()))
    assert chunks[-1].cut and said(chunks) == "half of"


async def test_a_filtered_reply_is_told(model_server: ScriptedServer) -> None:
    model_server.script(Reply("I", finish="content_filter"))
    with pytest.raises(ModelRefused, match="declined"):
        await read(openai("m", model_server.environ()))


@pytest.mark.parametrize(
    ("error", "kind", "key"),
    [
        ({"code": 502, "message": "upstream broke"}, ModelUnreachable, "overloaded"),
        ({"code": 429, "message": "slow down"}, ModelUnreachable, "rate_limited"),
        ({"code": 402, "message": "no credit"}, ModelRefused, "no_credit"),
        ({"code": "server_error", "message": "broke"}, ModelUnreachable, "overloaded"),
        ({"code": 400, "message": "maximum context length is 9"}, ModelRefused, "too_long"),
    ],
)
async def test_an_error_in_the_middle_of_the_stream_is_told(
    model_server: ScriptedServer, error: dict[str, Any], kind: type[ModelError], key: str
) -> None:
    model_server.script(Reply("some text", error=error))
    with pytest.raises(kind) as caught:
        await read(openai("m", model_server.environ()))
    assert caught.value.key == f"models.{key}"
    assert len(model_server.requests) == 1


async def test_a_server_that_does_not_stream_is_understood(model_server: ScriptedServer) -> None:
    whole = {
        "choices": [{"message": {"role": "assistant", "content": "All at once."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 4},
    }
    parts = {"choices": [{"message": {"content": [{"type": "text", "text": "In parts."}, {"type": "image"}]}}]}
    failed = {"error": {"message": "No such key", "code": 401}}
    model_server.script(Reply(body=whole), Reply(body=parts), Reply(body=failed))
    model = openai("m", model_server.environ())
    assert await read(model) == [Chunk("All at once."), Chunk(usage=Usage(5, 4))]
    assert said(await read(model)) == "In parts."
    with pytest.raises(ModelRefused, match="OPENAI_API_KEY"):
        await read(model)


async def test_windows_line_ends_comments_and_split_characters(model_server: ScriptedServer) -> None:
    stream = b": PROCESSING\r\n\r\n" + event(choices(content="Ж—🙂")).replace(b"\n", b"\r\n") + b"data: [DONE]\r\n\r\n"
    model_server.script(Reply(raw=[stream[i : i + 1] for i in range(len(stream))]))
    assert said(await read(openai("m", model_server.environ()))) == "Ж—🙂"


def test_hosted_models_need_their_key_and_have_a_default() -> None:
    with pytest.raises(ModelRefused, match="OPENAI_API_KEY"):
        openai("", {})
    with pytest.raises(ModelRefused, match="OPENROUTER_API_KEY"):
        openrouter("", {"OPENAI_API_KEY": KEY})
    assert openai("", {"OPENAI_API_KEY": KEY}).name == "openai:gpt-5.4-mini"
    assert openrouter("", {"OPENROUTER_API_KEY": KEY}).name == "openrouter:qwen/qwen3-coder"
    assert "max_completion_tokens" in openai("", {"OPENAI_API_KEY": KEY}).payload(PROMPT)
    assert openai("m", {"OPENAI_BASE_URL": "http://localhost:8000/v1"}).server.key is None
    with pytest.raises(BadInput, match="OLLAMA_HOST"):
        ollama("m", {"OLLAMA_HOST": "http://["})


def event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
