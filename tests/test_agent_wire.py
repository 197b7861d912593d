"""What really leaves for a hosted model, byte by byte: canaries in the file, and a server that keeps what it gets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from agent_room import Books, Shop, make_desk, open_shop, reply, run, table_file
from model_server import ScriptedServer

from csvagent_jupyter.agent.desk import Workplace
from csvagent_jupyter.messages import Share, Turn
from csvagent_jupyter.models.base import ChatModel
from csvagent_jupyter.models.catalog import open_model

pytestmark = pytest.mark.asyncio(loop_scope="module")

CELLS = ("canaryName", "канарейка", "4711-0815", "canary@example.org")
RANGES = ("86421", "13579", "1999-12-31", "2042-02-24")
FILE = (
    "customer,mail,amount,day\n"
    "canaryName,canary@example.org,86421,1999-12-31\n"
    "канарейка,4711-0815,13579,2042-02-24\n"
    "canaryName,canary@example.org,20000,2020-05-05\n"
)
FAILS = [
    "print(df['customer'].iloc[0])\nfloat(df['customer'].iloc[0])",
    "print(df['mail'].iloc[1])\n{}[df['customer'].iloc[1]]",
    "raise type(df['customer'].iloc[0], (Exception,), {})(df['mail'].iloc[0])",
    "assert df['amount'].iloc[0] == 1, df.to_string()",
]
TURN = Turn(
    "t0", "Who bought most?", "canaryName wins", "# canaryName\nbest = df[df['customer'] == 'канарейка']", "канарейка"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path_factory.mktemp("tables")) as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="module")
async def place(shop: Shop) -> Workplace:
    return await shop.place()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose path must not leave either."""
    secret = tmp_path / "secret folder of jane"
    secret.mkdir()
    return secret


async def wire(
    server: ScriptedServer, place: Workplace, folder: Path, share: Share | None, *, name: str, found: bool = False
) -> tuple[str, Books]:
    """Ask one question whose attempts all fail in telling ways; return every byte that the server got."""
    server.script(*(reply(code) for code in FAILS))
    model: ChatModel = open_model(f"{name}:test-model", environ=server.environ(), found=found)
    books = Books()
    desk = make_desk(place, model, books, share=share, turns=(TURN,), max_attempts=len(FAILS))
    try:
        result, _ = await run(desk, "Who bought most in total?", table_file(folder, FILE, "customers.csv"))
    finally:
        await model.aclose()
    assert result.attempts_count == len(FAILS) == len(server.requests)
    bodies = [request.body.decode("utf-8") for request in server.requests]
    # A JSON body may write a letter as \\uXXXX: look at both writings.
    told = "\n".join(bodies + [json.dumps(json.loads(body), ensure_ascii=False) for body in bodies])
    return told + "\n".join(str(request.headers) + request.path for request in server.requests), books


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_at_schema_no_cell_and_no_range_leaves(
    name: str, model_server: ScriptedServer, place: Workplace, folder: Path
) -> None:
    told, _ = await wire(model_server, place, folder, "schema", name=name)
    for canary in (*CELLS, *RANGES, "jane"):
        assert canary not in told
    for known in ("customer", "amount", "ValueError", "float(df['customer'].iloc[0])", "Who bought most?"):
        assert known in told


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_at_stats_ranges_leave_and_no_cell(
    name: str, model_server: ScriptedServer, place: Workplace, folder: Path
) -> None:
    told, _ = await wire(model_server, place, folder, "stats", name=name)
    for canary in (*CELLS, "jane"):
        assert canary not in told
    for known in (*RANGES, "could not convert string to float"):
        assert known in told


async def test_at_sample_cells_errors_and_earlier_answers_leave_and_no_path(
    model_server: ScriptedServer, place: Workplace, folder: Path
) -> None:
    told, _ = await wire(model_server, place, folder, "sample", name="openai")
    for known in (*CELLS, *RANGES):
        assert known in told
    assert "jane" not in told


async def test_a_model_that_was_only_found_gets_the_schema(
    model_server: ScriptedServer, place: Workplace, folder: Path
) -> None:
    told, books = await wire(model_server, place, folder, None, name="openai", found=True)
    for canary in (*CELLS, *RANGES):
        assert canary not in told
    assert {entry.share for entry in books.entries} == {"schema"}


async def test_the_ledger_has_word_for_word_what_the_server_got(
    model_server: ScriptedServer, place: Workplace, folder: Path
) -> None:
    _, books = await wire(model_server, place, folder, "stats", name="openai")
    written = [[{"role": m.role, "content": m.content} for m in entry.messages] for entry in books.entries]
    assert written == [request.json["messages"] for request in model_server.requests]
    assert [entry.usage.input_tokens for entry in books.entries] == [100] * len(FAILS)
    assert books.outcomes == ["sent", "answered"] * len(FAILS)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_a_first_reply_that_fails_is_repaired_over_a_real_connection(
    name: str, model_server: ScriptedServer, place: Workplace, folder: Path
) -> None:
    model_server.script(reply("int('x')"), reply("print(f\"Total {df['amount'].sum()}\")"))
    model = open_model(f"{name}:test-model", environ=model_server.environ())
    try:
        result, _ = await run(make_desk(place, model, Books()), "Total?", table_file(folder, FILE, "customers.csv"))
    finally:
        await model.aclose()
    assert result.success
    assert result.text_output == "Total 120000"
    assert result.attempts_count == 2
    assert result.usage.input_tokens == 200
