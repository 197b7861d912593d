from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from csvagent_jupyter.exceptions import ModelRefused, ModelUnreachable
from csvagent_jupyter.models.secret import Secret
from csvagent_jupyter.models.trouble import Server, error_object, from_status, retry_after

KEY = "sk-test-9f8e7d6c5b4a"
OPENAI = Server("openai", "OpenAI", "https://api.example/v1", Secret(KEY), "OPENAI_API_KEY", "OPENAI_BASE_URL")
OLLAMA = Server("ollama", "Ollama", "http://127.0.0.1:11434/v1", address_variable="OLLAMA_HOST", own=True)


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (401, error("Incorrect API key provided"), "wrong_key"),
        (403, error("Country, region, or territory not supported"), "forbidden"),
        (402, error("Insufficient credits"), "no_credit"),
        (429, error("You exceeded your current quota", code="insufficient_quota"), "no_credit"),
        (400, {"type": "error", "error": {"type": "x", "message": "Your credit balance is too low"}}, "no_credit"),
        (404, error("The model `gpt-9` does not exist", code="model_not_found"), "unknown_model"),
        (400, error("lab/none is not a valid model ID"), "unknown_model"),
        (404, error("No endpoints found for lab/none."), "unknown_model"),
        (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-0"}}, "unknown_model"),
        (404, {"detail": "Not Found"}, "no_api"),
        (404, "404 page not found", "no_api"),
        (405, "<html>no</html>", "no_api"),
        (307, "", "redirected"),
        (400, error("This model's maximum context length is 8192 tokens", code="context_length_exceeded"), "too_long"),
        (400, error("the request exceeds the available context size"), "too_long"),
        (413, "", "too_long"),
        (400, error("prompt is too long: 300000 tokens > 200000 maximum"), "too_long"),
        (400, error("messages: something odd"), "bad_request"),
        (422, {"detail": [{"loc": ["body"], "msg": "Field required"}]}, "bad_request"),
        (418, "", "bad_request"),
    ],
)
def test_a_refusal_is_one_sentence_that_names_what_to_do(status: int, body: Any, key: str) -> None:
    trouble = from_status(OPENAI, "gpt-9", status, _bytes(body), {})
    assert isinstance(trouble.error, ModelRefused)
    assert trouble.error.key == f"models.{key}"
    assert not trouble.passing
    for language in ("en", "ru"):
        said = trouble.error.say(language)
        assert any(hint in said for hint in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "%csvagent models", "--share"))
        assert "{" not in said and "\n" not in said


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_what_passes_may_be_tried_again(status: int) -> None:
    trouble = from_status(OPENAI, "m", status, b"", {"retry-after": "7"})
    assert isinstance(trouble.error, ModelUnreachable)
    assert trouble.passing and trouble.retry_after == 7


def test_a_server_that_asks_to_wait_is_quoted_with_its_time() -> None:
    trouble = from_status(OPENAI, "m", 429, b"", {"retry-after": "95"})
    assert "95 seconds" in trouble.error.say("en")
    assert "95 секунд" in trouble.error.say("ru")


def test_ollama_says_what_to_pull_and_wants_no_key() -> None:
    body = error('model "qwen9" not found, try pulling it first')
    assert "ollama pull qwen9" in str(from_status(OLLAMA, "qwen9", 404, _bytes(body), {}).error)
    assert from_status(OLLAMA, "qwen9", 401, b"", {}).error.key == "models.needs_key"


@pytest.mark.parametrize(
    ("body", "unwanted"),
    [
        (error("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."), "max_tokens"),
        (error("Unsupported value: 'temperature' does not support 0", param="temperature"), "temperature"),
        (error("Unrecognized request argument supplied: stream_options"), "stream_options"),
        ({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]}, "stream_options"),
        (error("`temperature` is deprecated for this model."), "temperature"),
        (error("something else", param="messages"), ""),
    ],
)
def test_a_parameter_that_a_server_does_not_take_is_named(body: Any, unwanted: str) -> None:
    assert from_status(OPENAI, "m", 400, _bytes(body), {}).unwanted == unwanted


def test_what_a_server_wrote_is_quoted_short_and_without_the_key() -> None:
    long = from_status(OPENAI, "m", 400, _bytes(error(f"bad\nthing {KEY} " + "x" * 9_000)), {}).error.say("en")
    assert "bad thing •••" in long
    assert KEY not in long and len(long) < 500
    behind = error("Provider returned error", metadata={"raw": "the real reason"})
    assert "the real reason" in str(from_status(OPENAI, "m", 400, _bytes(behind), {}).error)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 100_000, b"\xff\xfe", b'{"error": 7}', b'"x"'])
def test_a_body_that_is_no_error_object_is_none(body: bytes) -> None:
    assert error_object(body) is None
    assert from_status(OPENAI, "m", 500, body, {}).passing


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    wait = retry_after({"retry-after": date})
    assert wait is not None and 500 < wait <= 600


def _bytes(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()
