"""One request: reserved, written down, streamed in measured steps, and closed when it is stopped."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from agent_room import Books, ScriptedModel, make_desk, reply

from csvagent_jupyter.agent.generation import Generation, Spending
from csvagent_jupyter.exceptions import BudgetExceeded, DeadlineExceeded, ModelUnreachable
from csvagent_jupyter.messages import Budget, ChatMessage, Prompt, Usage
from csvagent_jupyter.models.base import ChatModel, Price

PROMPT = Prompt(messages=(ChatMessage("system", "Rules."), ChatMessage("user", "x" * 968)))


def generation(model: ChatModel, books: Books, seconds: float = 30.0, **values: object) -> Generation:
    deadline = asyncio.get_running_loop().time() + seconds
    return Generation(make_desk(None, model, books, **values), model, PROMPT, "sample", 1, deadline, Spending())


async def drain(one: Generation) -> list[str]:
    async with aclosing(one.deltas()) as deltas:
        return [delta async for delta in deltas]


async def test_the_reply_is_read_and_written_down_before_and_after() -> None:
    books = Books()
    model = ScriptedModel(reply("print(1)"), usage=Usage(300, 20, 0.5))
    one = generation(model, books)
    await drain(one)
    assert one.text == reply("print(1)")
    assert books.outcomes == ["sent", "answered"]
    [entry] = books.entries
    assert entry.messages == PROMPT.messages == model.prompts[0].messages
    assert (entry.usage, entry.share, entry.attempt, entry.model) == (Usage(300, 20, 0.5), "sample", 1, "test:scripted")
    assert one.spending.told == Usage(300, 20, 0.5)


async def test_the_counters_are_charged_with_the_most_first_and_end_at_what_was_used() -> None:
    books = Books()
    model = ScriptedModel(reply("print(1)"), usage=Usage(300, 20), price=Price(0.001, 0.01))
    await drain(generation(model, books, max_tokens=1_000))
    assert books.charged[0].output_tokens == 1_000
    assert books.charged[0].input_tokens >= len("Rules." + "x" * 968) // 4
    assert books.charged[0].cost == pytest.approx(books.charged[0].input_tokens * 0.001 + 10.0)
    assert (books.balance.input_tokens, books.balance.output_tokens) == (300, 20)
    assert books.balance.cost == pytest.approx(300 * 0.001 + 20 * 0.01)


async def test_deltas_put_together_are_the_beginning_of_the_code_and_are_few() -> None:
    code = "\n".join(f"x{n} = {n}" for n in range(400))
    one = generation(ScriptedModel(reply(code)), Books())
    began = asyncio.get_running_loop().time()
    deltas = await drain(one)
    seconds = asyncio.get_running_loop().time() - began
    assert code.startswith("".join(deltas).rstrip("\n"))
    assert 1 <= len(deltas) <= seconds / 0.2 + 1


async def test_a_delta_comes_while_the_model_pauses() -> None:
    model = ScriptedModel(reply("a = 1\nb = 2"), pause=True)
    one = generation(model, Books())
    async with aclosing(one.deltas()) as deltas:
        shown = ""
        while "b = 2" not in shown:
            shown += await anext(deltas)
    assert model.closed == 1


async def test_a_stopped_request_closes_the_stream_and_is_written_down_as_cancelled() -> None:
    books = Books()
    model = ScriptedModel("I read it so.\n```python\nx = 1\n", pause=True)
    one = generation(model, books)
    task = asyncio.create_task(drain(one))
    await model.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.closed == 1
    assert books.outcomes == ["sent", "cancelled"]
    assert one.text.endswith("x = 1\n")
    assert books.balance.input_tokens > 0


async def test_the_deadline_closes_the_stream() -> None:
    books = Books()
    model = ScriptedModel("I think", pause=True)
    with pytest.raises(DeadlineExceeded) as caught:
        await drain(generation(model, books, seconds=0.05, timeout=0.05))
    assert "had not finished" in caught.value.say()
    assert model.closed == 1
    assert books.outcomes == ["sent", "failed"]


async def test_a_failed_request_is_written_down_and_costs_nothing() -> None:
    books = Books()
    with pytest.raises(ModelUnreachable):
        await drain(generation(ScriptedModel(ModelUnreachable("agent.no_model")), books))
    assert books.outcomes == ["sent", "failed"]
    assert books.balance == Usage(0, 0)


@pytest.mark.parametrize(
    ("budget", "price", "part"),
    [
        (Budget(tokens=500), None, "500 tokens"),
        (Budget(cost=0.5), None, "price of test:scripted is not known"),
        (Budget(cost=0.01), Price(0.001, 0.001), "0.01 US dollars"),
    ],
)
async def test_a_request_beyond_the_budget_is_not_sent(budget: Budget, price: Price | None, part: str) -> None:
    books = Books()
    model = ScriptedModel(reply("print(1)"), price=price)
    with pytest.raises(BudgetExceeded, match=part):
        await drain(generation(model, books, budget=budget))
    assert (model.prompts, books.ledger, books.charged) == ([], {}, [])


async def test_the_reply_may_be_no_longer_than_the_budget_allows() -> None:
    model = ScriptedModel(reply("print(1)"), price=Price(0.0, 0.001))
    await drain(generation(model, Books(), budget=Budget(cost=1.0)))
    assert model.prompts[0].max_tokens == 1_000


async def test_what_was_used_before_counts() -> None:
    one = generation(ScriptedModel(reply("print(1)")), Books(), budget=Budget(tokens=10_000))
    one.spending.counted = Usage(9_000, 500)
    with pytest.raises(BudgetExceeded):
        await drain(one)


async def test_a_counter_that_refuses_keeps_the_request_from_being_sent() -> None:
    async def refuse(_: Usage) -> None:
        raise BudgetExceeded("agent.budget_tokens", tokens=1)

    books = Books()
    model = ScriptedModel(reply("print(1)"))
    with pytest.raises(BudgetExceeded):
        await drain(generation(model, books, charge=refuse))
    assert (model.prompts, books.ledger) == ([], {})


async def test_a_local_engine_is_neither_charged_nor_written_down() -> None:
    books = Books()
    await drain(generation(ScriptedModel(reply("print(1)"), local=True), books, budget=Budget(cost=0.0)))
    assert (books.ledger, books.charged) == ({}, [])
