"""The way of a request: patience, second tries, bounds, and letting go."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import Reply, ScriptedServer

from csvagent_jupyter.exceptions import CSVAgentError, ModelRefused, ModelUnreachable
from csvagent_jupyter.messages import ChatMessage, Prompt, Usage
from csvagent_jupyter.models.base import Chunk, Price
from csvagent_jupyter.models.catalog import open_model
from csvagent_jupyter.models.http import HTTPModel
from csvagent_jupyter.models.transport import Patience

# A throwaway certificate for 127.0.0.1, signed by itself.
CERTIFICATE = (
    "MIIBmjCCAUCgAwIBAgIUWL7kHH5x4CDdLbc8OqufkUegh8owCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOY3N2YWdlbnQgdGVzdHMw"
    "IBcNMjYxMTIwMTg1MzQxWhgPMjEyNjEwMjcxODUzNDFaMBkxFzAVBgNVBAMMDmNzdmFnZW50IHRlc3RzMFkwEwYHKoZIzj0CAQYI"
    "KoZIzj0DAQcDQgAErSALBRMEn3mM4MmMEDGqDFP2ov8kXFXhyl7CEezUiSIxrddbHjoqBfoknl6NYo2buJSIZvd+c6UjBjLkMjIV"
    "NaNkMGIwHQYDVR0OBBYEFA49uQgTk2qTNbtRWxYzZX7SwtKxMB8GA1UdIwQYMBaAFA49uQgTk2qTNbtRWxYzZX7SwtKxMA8GA1Ud"
    "EwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEfwAAATAKBggqhkjOPQQDAgNIADBFAiBz4+bkjNLuA6mD/reZvqt60JNuhIvoQ9/9DxlS"
    "OsWjtQIhAMKyV4savBBfFVeVI2y99aCGXg+mLyTw6Sw31oOKOVTu"
)
CERTIFICATE_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2V42dLVVhlu5Lz4V44BCb+rqSIwJYmLiZhmIVefeLEGhRANCAASt"
    "IAsFEwSfeYzgyYwQMaoMU/ai/yRcVeHKXsIR7NSJIjGt11seOioF+iSeXo1ijZu4lIhm935zpSMGMuQyMhU1"
)

QUICK = Patience(connect=5, first=30, between=30, ending=30, pause=0.001)
PROVIDERS = ("openai:m", "anthropic:m")
BUSY = {"message": "busy", "type": "overloaded_error", "code": 529}
PROMPT = Prompt(messages=(ChatMessage("system", "You write code."), ChatMessage("user", "How many rows?")))


def opened(server: ScriptedServer, name: str = "openai:m", patience: Patience = QUICK, **environ: str) -> HTTPModel:
    model = open_model(name, environ={**server.environ(), **environ})
    assert isinstance(model, HTTPModel)
    model.patience = patience
    return model


async def read(chunks: AsyncIterator[Chunk]) -> tuple[str, Usage | None]:
    said = [chunk async for chunk in chunks]
    return "".join(chunk.text for chunk in said), said[-1].usage


async def failing(model: HTTPModel) -> tuple[str, CSVAgentError]:
    """Read a stream that must end in an error; return the text before it, and the error."""
    text = ""
    with pytest.raises(CSVAgentError) as caught:
        async for chunk in model.stream(PROMPT):
            text += chunk.text
    return text, caught.value


# --- second tries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=429),
        Reply(status=500),
        Reply(status=503, body="<html>busy</html>"),
        Reply(status=529),
        Reply(text="a b", cut_after=0),
        Reply(raw=[]),
        Reply(raw=[b": keep-alive\n\n"]),
    ],
)
async def test_what_passes_is_tried_again_before_the_first_token(
    model_server: ScriptedServer, name: str, failure: Reply
) -> None:
    model_server.script(failure, failure, "The answer.")
    assert (await read(opened(model_server, name).stream(PROMPT)))[0] == "The answer."
    assert len({request.body for request in model_server.requests}) == 1
    assert len(model_server.requests) == 3


@pytest.mark.parametrize("name", PROVIDERS)
async def test_after_so_many_tries_the_error_is_told(model_server: ScriptedServer, name: str) -> None:
    model_server.script(*[Reply(status=503)] * 10)
    _, error = await failing(opened(model_server, name, replace(QUICK, retries=2)))
    assert isinstance(error, ModelUnreachable) and error.key == "models.overloaded"
    assert len(model_server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_what_does_not_pass_is_asked_once(model_server: ScriptedServer, status: int) -> None:
    model_server.script(*[Reply(status=status)] * 3)
    _, error = await failing(opened(model_server))
    assert isinstance(error, ModelRefused)
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    "costly",
    [
        Reply("one two three", cut_after=2),
        Reply("one two three", stall_after=2),
        Reply("one two", error=BUSY),
        Reply("", reasoning="Let me think", error=BUSY),
    ],
)
async def test_nothing_is_asked_again_once_it_costs(model_server: ScriptedServer, name: str, costly: Reply) -> None:
    model_server.script(costly, "never")
    text, error = await failing(opened(model_server, name, replace(QUICK, between=1.0)))
    assert isinstance(error, ModelUnreachable)
    assert text == ("" if costly.reasoning else "one two")
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_error_in_the_stream_ahead_of_the_first_token_may_pass(
    model_server: ScriptedServer, name: str
) -> None:
    model_server.script(Reply("", error=BUSY), "The answer.")
    assert (await read(opened(model_server, name).stream(PROMPT)))[0] == "The answer."


async def test_a_server_that_says_when_is_obeyed(model_server: ScriptedServer) -> None:
    loop = asyncio.get_running_loop()
    model_server.script(Reply(status=429, headers={"Retry-After": "0.3"}), "The answer.")
    start = loop.time()
    await read(opened(model_server).stream(PROMPT))
    assert loop.time() - start >= 0.3


async def test_a_server_that_wants_too_long_a_pause_is_not_waited_for(model_server: ScriptedServer) -> None:
    model_server.script(Reply(status=429, headers={"Retry-After": "3600"}), "never")
    _, error = await failing(opened(model_server))
    assert "3600 seconds" in str(error)
    assert len(model_server.requests) == 1


def test_pauses_double_with_jitter_and_have_an_end(model_server: ScriptedServer) -> None:
    model = opened(model_server, patience=Patience(pause=1.0, longest_pause=20.0))
    for tries, longest in enumerate([1, 2, 4, 8, 16, 20, 20]):
        pauses = {model._pause(tries, None) for _ in range(50)}
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(pauses) > 1
    assert model._pause(0, 7.0) == 7.0


# --- a reply that breaks off ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("clean", [False, True])
async def test_a_cut_stream_is_noticed_and_what_it_used_is_told(
    model_server: ScriptedServer, name: str, clean: bool
) -> None:
    model_server.script(Reply("one two three four", cut_after=3, clean_cut=clean))
    chunks: list[Chunk] = []
    with pytest.raises(ModelUnreachable, match="broke off"):
        async for chunk in opened(model_server, name).stream(PROMPT):
            chunks.append(chunk)
    assert "".join(chunk.text for chunk in chunks) == "one two three"
    told = chunks[-1].usage
    assert told is None if name.startswith("openai") else told == Usage(100, 4)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_silent_server_is_given_up_and_left(model_server: ScriptedServer, name: str) -> None:
    model_server.script(Reply("never", stall_after=0))
    _, error = await failing(opened(model_server, name, replace(QUICK, first=1.0)))
    assert error.key == "models.no_first_token"
    assert len(model_server.requests) == 1
    assert await model_server.requests[0].left()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_server_that_stops_writing_is_given_up_and_left(model_server: ScriptedServer, name: str) -> None:
    model_server.script(Reply("one two three", stall_after=2))
    text, error = await failing(opened(model_server, name, replace(QUICK, between=1.0)))
    assert text == "one two" and error.key == "models.stopped_writing"
    assert await model_server.requests[0].left()


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    "keep_alive",
    [b": OPENROUTER PROCESSING\n\n", b'data: {"type": "ping"}\n\n', b'data: {"choices": [{"delta": {}}]}\n\n'],
)
async def test_keep_alives_are_no_sign_of_life(model_server: ScriptedServer, name: str, keep_alive: bytes) -> None:
    model_server.script(Reply(raw=[keep_alive] * 10_000, delay=0.02))
    _, error = await failing(opened(model_server, name, replace(QUICK, first=0.5, between=20)))
    assert error.key == "models.no_first_token"


@pytest.mark.parametrize("ending", [{"cut_after": 1}, {"stall_after": 1}, {"cut_after": 1, "clean_cut": True}])
async def test_a_whole_reply_is_kept_when_only_its_counts_do_not_come(
    model_server: ScriptedServer, ending: dict[str, Any]
) -> None:
    whole = b'data: {"choices": [{"delta": {"content": "Whole."}, "finish_reason": "stop"}]}\n\n'
    model_server.script(Reply(raw=[whole, b": never\n\n"], **ending))
    model = opened(model_server, patience=replace(QUICK, ending=0.3))
    assert await read(model.stream(PROMPT)) == ("Whole.", None)
    assert len(model_server.requests) == 1


async def test_a_model_may_think_for_longer_than_it_may_pause(model_server: ScriptedServer) -> None:
    model_server.script(Reply("Done.", reasoning="hm " * 30, delay=0.05))
    assert (await read(opened(model_server, patience=replace(QUICK, between=1.0)).stream(PROMPT)))[0] == "Done."


# --- letting go -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("stall_after", [0, 2])
async def test_a_cancelled_run_closes_its_connection_at_once(
    model_server: ScriptedServer, name: str, stall_after: int
) -> None:
    model_server.script(Reply("one two three", stall_after=stall_after))
    task = asyncio.create_task(read(opened(model_server, name).stream(PROMPT)))
    request = await model_server.request(1)
    await asyncio.to_thread(request.stalled.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await request.left()
    assert request.chunks_sent == stall_after


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_closed_stream_closes_its_connection_at_once(model_server: ScriptedServer, name: str) -> None:
    model_server.script(Reply("one two three", stall_after=1))
    async with aclosing(opened(model_server, name).stream(PROMPT)) as chunks:
        assert (await anext(chunks)).text == "one"
    assert await model_server.requests[0].left()


async def test_a_run_can_be_cancelled_in_the_pause_between_tries(model_server: ScriptedServer) -> None:
    model_server.script(Reply(status=500), "never")
    task = asyncio.create_task(read(opened(model_server, patience=replace(QUICK, pause=20.0)).stream(PROMPT)))
    request = await model_server.request(1)
    await asyncio.to_thread(request.finished.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(model_server.requests) == 1


# --- hostile replies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        [b"data: " + b"x" * 4_000_000],
        [b'data: {"choices":[{"delta":{"content":"' + b"x" * 600_000 + b'"}}]}\n\n'] * 3,
        [b'data: {"choices":[{"delta":{"content":"<think>' + b"x" * 600_000 + b'"}}]}\n\n'] * 3,
    ],
)
async def test_a_reply_without_end_is_stopped(model_server: ScriptedServer, raw: list[bytes]) -> None:
    model_server.script(Reply(raw=raw))
    _, error = await failing(opened(model_server))
    assert error.key == "models.too_large"
    assert len(model_server.requests) == 1


async def test_a_stream_of_junk_without_end_is_stopped(model_server: ScriptedServer) -> None:
    model_server.script(Reply(raw=[b": " + b"x" * 1_000 + b"\n"] * 1_000_000))
    model = opened(model_server)
    model.max_stream = 100_000
    _, error = await failing(model)
    assert error.key == "models.too_large"
    assert await model_server.requests[0].left()


async def test_an_error_without_end_is_read_in_part(model_server: ScriptedServer) -> None:
    model_server.script(Reply(status=400, body=b"x" * 50_000_000))
    _, error = await failing(opened(model_server))
    assert error.key == "models.bad_request" and len(str(error)) < 500
    assert await model_server.requests[0].left()


async def test_a_packed_reply_is_not_unpacked(model_server: ScriptedServer) -> None:
    packed = gzip.compress(b"data: {}\n\n" * 1_000_000)
    model_server.script(Reply(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/event-stream"}))
    _, error = await failing(opened(model_server))
    assert error.key == "models.unreadable_reply"


@pytest.mark.parametrize(
    ("body", "kind"),
    [("<html>Please log in</html>", "text/html"), ("not json", "application/json"), ("[1]", "application/json")],
)
async def test_a_page_instead_of_a_model_is_told(model_server: ScriptedServer, body: str, kind: str) -> None:
    model_server.script(Reply(body=body, headers={"Content-Type": kind}))
    _, error = await failing(opened(model_server))
    assert "OPENAI_BASE_URL" in str(error) and error.key == "models.no_api"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(model_server: ScriptedServer, status: int) -> None:
    with ScriptedServer("stolen") as other:
        model_server.script(Reply(status=status, headers={"Location": f"{other.url}/v1/chat/completions"}))
        _, error = await failing(opened(model_server))
        assert error.key == "models.redirected"
        assert not other.requests and not other.lookups


async def test_odd_values_in_events_are_passed_over(model_server: ScriptedServer) -> None:
    odd = [
        b'data: {"choices": 7, "usage": "x"}\n',
        b'data: {"choices": [null]}\ndata: {"choices": [{"delta": [1], "finish_reason": 3}]}\n',
        b'data: {"choices": [{"delta": {"content": {"a": 1}, "reasoning": 5}}], "usage": {"prompt_tokens": -1}}\n',
        b'data: {"choices": [{"delta": {"content": "fine"}, "finish_reason": "stop"}]}\n',
        b'data: {"usage": {"prompt_tokens": 1e99, "completion_tokens": 3, "cost": NaN}}\n',
    ]
    model_server.script(Reply(raw=odd))
    text, usage = await read(opened(model_server).stream(PROMPT))
    assert text == "fine" and usage == Usage(8, 3, None)


async def test_a_question_with_broken_characters_is_still_sent(model_server: ScriptedServer) -> None:
    model_server.script("ok")
    prompt = Prompt(messages=(ChatMessage("user", 'cell "\ud800" {x} Ж\u2028'),))
    await read(opened(model_server).stream(prompt))
    assert model_server.requests[0].json["messages"][0]["content"] == 'cell "?" {x} Ж\u2028'


# --- the way there ----------------------------------------------------------------------------------------------------


async def test_a_server_that_does_not_run_is_told_at_once() -> None:
    with ScriptedServer() as server:
        environ = server.environ()
    for name, hint in (("openai:m", "OPENAI_BASE_URL"), ("ollama:m", "ollama serve")):
        model = open_model(name, environ=environ)
        with pytest.raises(ModelUnreachable, match=hint) as caught:
            await read(model.stream(PROMPT))
        assert caught.value.__context__ is None and caught.value.__cause__ is None


async def test_the_proxy_of_the_environment_is_used_but_not_on_this_machine(
    model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with ScriptedServer("through the proxy") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        model_server.script("directly")
        assert (await read(opened(model_server).stream(PROMPT)))[0] == "directly"
        far = opened(model_server, OPENAI_BASE_URL="http://models.invalid/v1")
        assert (await read(far.stream(PROMPT)))[0] == "through the proxy"
        assert proxy.requests[0].path == "http://models.invalid/v1/chat/completions"


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9", "bad_proxy"),
        ("HTTPS_PROXY", "gopher://user:hunter2@host", "bad_proxy"),
        ("HTTPS_PROXY", "http://127.0.0.1:9", "unreachable"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "bad_ca"),
    ],
)
async def test_settings_of_the_machine_that_do_not_work_are_named(
    model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, key: str
) -> None:
    monkeypatch.setenv(variable, value)
    model = opened(model_server, patience=replace(QUICK, retries=1), OPENAI_BASE_URL="https://models.invalid/v1")
    _, error = await failing(model)
    assert error.key == f"models.{key}"
    assert "hunter2" not in str(error)


async def test_a_certificate_counts_only_when_it_is_trusted(
    model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_text(ssl.DER_cert_to_PEM_cert(b64decode(CERTIFICATE)), encoding="ascii")
    key.write_text(f"-----BEGIN PRIVATE KEY-----\n{CERTIFICATE_KEY}\n-----END PRIVATE KEY-----\n", encoding="ascii")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with ScriptedServer("Over TLS.", tls=tls) as server:
        _, error = await failing(opened(server))
        assert error.key == "models.certificate" and "SSL_CERT_FILE" in str(error)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert (await read(opened(server).stream(PROMPT)))[0] == "Over TLS."


# --- what it uses -----------------------------------------------------------------------------------------------------


async def test_what_a_server_does_not_tell_is_not_made_up(model_server: ScriptedServer) -> None:
    model_server.script(Reply("x" * 400, usage=None), Reply("x" * 400, usage=None, cut_after=1, chunks=["x", "y"]))
    model = opened(model_server)
    assert (await read(model.stream(PROMPT)))[1] is None
    chunks: list[Chunk] = []
    with pytest.raises(ModelUnreachable):
        async for chunk in model.stream(PROMPT):
            chunks.append(chunk)
    assert [chunk.usage for chunk in chunks] == [None]


async def test_told_tokens_are_priced_where_the_price_is_known(model_server: ScriptedServer) -> None:
    model_server.script(Reply("x", usage=(1_000, 500)), Reply("x", usage=(1_000, 500), cost=0.5))
    model = opened(model_server)
    model.price = Price(input=2e-6, output=1e-5)
    usage = (await read(model.stream(PROMPT)))[1]
    assert usage is not None and usage.cost == pytest.approx(0.007)
    assert (await read(model.stream(PROMPT)))[1] == Usage(1_000, 500, 0.5)
