"""The key of a model server goes to that server, and is nowhere else: no log, no error, no text, no traceback."""

from __future__ import annotations

import gc
import logging
import pickle
import traceback
from typing import Any

import pytest
from model_server import KEY, Recorded, Reply, ScriptedServer

from csvagent_jupyter.exceptions import CSVAgentError
from csvagent_jupyter.messages import ChatMessage, Prompt
from csvagent_jupyter.models.catalog import open_model
from csvagent_jupyter.models.http import HTTPModel
from csvagent_jupyter.models.transport import Patience

PROMPT = Prompt(messages=(ChatMessage("user", "How many rows?"),))


def opened(server: ScriptedServer, name: str) -> HTTPModel:
    model = open_model(name, environ=server.environ())
    assert isinstance(model, HTTPModel)
    model.patience = Patience(first=30, between=1, retries=1, pause=0.001)
    return model


async def failing(model: HTTPModel) -> CSVAgentError:
    """Read a reply that ends in an error, in a frame of its own: the test's frame knows the key."""
    with pytest.raises(CSVAgentError) as caught:
        async for _ in model.stream(PROMPT):
            pass
    return caught.value


def echo(request: Recorded) -> Reply:
    """A server that repeats all it was sent, the key included, as an error."""
    return Reply(status=400, body={"error": {"message": f"bad request {request.headers}"}})


LEAKS: list[Any] = [
    echo,
    Reply(status=401, body={"error": {"message": f"Incorrect API key: {KEY}"}}),
    Reply(status=403, body={"error": {"message": f"no rights for {KEY[:20]}"}}),
    Reply(status=500, body=KEY),
    Reply(status=302, headers={"Location": f"http://127.0.0.1:9/?key={KEY}"}),
    Reply("a", error={"message": f"broken {KEY}", "type": "invalid_request_error", "code": 400}),
    Reply("a b c", cut_after=1),
    Reply("a b c", stall_after=1),
    Reply(raw=[b"HTTP nonsense"]),
]


@pytest.mark.parametrize("name", ["openai:m", "anthropic:m"])
@pytest.mark.parametrize("reply", LEAKS, ids=range(len(LEAKS)))
async def test_the_key_is_nowhere_but_on_the_wire(
    model_server: ScriptedServer, name: str, reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    model_server.script(*[reply] * 5)
    model = opened(model_server, name)
    error = await failing(model)
    header = model_server.requests[0].headers.get("authorization") or model_server.requests[0].headers["x-api-key"]
    assert header.endswith(KEY)
    shown = [str(error), repr(error), error.say("ru"), repr(error.values), repr(model), caplog.text]
    shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
    assert KEY not in "".join(shown) and KEY[8:20] not in "".join(shown)
    assert KEY.encode() not in pickle.dumps(error)
    assert error.__cause__ is None and error.__context__ is None
    assert not _holds(error, KEY)


@pytest.mark.parametrize("name", ["openai:m", "anthropic:m"])
async def test_a_reply_that_repeats_the_key_shows_a_mask(model_server: ScriptedServer, name: str) -> None:
    model_server.script(Reply(chunks=["key: ", KEY[:9], KEY[9:], f" {KEY} ", "sk-te", "am"]))
    chunks = [chunk.text async for chunk in opened(model_server, name).stream(PROMPT)]
    assert "".join(chunks) == "key: ••• ••• sk-team"


def _holds(start: object, word: str) -> bool:
    """Search all that an exception refers to, at any depth, for a text; our own Secret is allowed to have it."""
    frames = [frame for frame, _ in traceback.walk_tb(getattr(start, "__traceback__", None))]
    own = [frame for frame in frames if "csvagent_jupyter" in frame.f_code.co_filename]
    waiting: list[Any] = [vars(start), start.args] + [frame.f_locals for frame in own]  # type: ignore[attr-defined]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen or type(each).__name__ in ("Secret", "module", "type", "function", "coroutine"):
            continue
        seen.add(id(each))
        if isinstance(each, str | bytes):
            if word in (each if isinstance(each, str) else each.decode("latin-1")):
                return True
        elif type(each).__module__.split(".")[0] in ("csvagent_jupyter", "builtins", "httpx", "httpcore"):
            waiting.extend(gc.get_referents(each))
    return False
