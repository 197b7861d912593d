"""The desk of a run: its model, its bounds, its books, with a real store and kept files; few need a kernel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import BadInput, BudgetExceeded, NotFound, Unreadable
from csvagent_jupyter.messages import Budget, Question, Source, Task, Usage
from csvagent_jupyter.models.offline import OfflineModel
from csvagent_jupyter.sandbox import KernelPool
from csvagent_jupyter.sessions.artifacts import Artifacts
from csvagent_jupyter.sessions.sqlite import SQLiteStore
from csvagent_jupyter.tasks.workshop import Rules, Workshop

OWNER = "os:ann"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with SQLiteStore(tmp_path / "sessions.sqlite") as store:
        await store.create_session(OWNER, session_id="s")
        shop = Workshop(store, Artifacts(tmp_path / "kept"), KernelPool(), Rules(model="offline"), environ={})
        yield shop
        await shop.close()


def task(text: str = "how many rows?", **options: object) -> Task:
    return Task("t", "s", OWNER, Question(text, **options))  # type: ignore[arg-type]


async def test_a_question_may_ask_for_less_than_the_rules_allow_and_not_for_more(shop: Workshop) -> None:
    shop.rules = replace(shop.rules, run_budget=Budget(tokens=100), share_ceiling="stats")
    desk = await shop.prepare(task(budget=Budget(tokens=500, cost=1.0), share="sample", max_attempts=2, timeout=5.0))
    assert desk.budget == Budget(tokens=100, cost=1.0)
    assert (desk.ceiling, desk.max_attempts, desk.timeout) == ("stats", 2, 5.0)
    desk = await shop.prepare(task(budget=Budget(tokens=50)))
    assert desk.budget == Budget(tokens=50)
    assert (desk.max_attempts, desk.timeout) == (shop.rules.max_attempts, shop.rules.timeout)


async def test_the_language_is_the_questions_unless_it_is_asked_for(shop: Workshop) -> None:
    assert (await shop.prepare(task("сколько строк?"))).language == "ru"
    assert (await shop.prepare(task("сколько строк?", language="en"))).language == "en"
    shop.rules = replace(shop.rules, language="ru")
    assert (await shop.prepare(task("2 + 2"))).language == "ru"


async def test_a_model_is_opened_once_and_an_unknown_one_is_refused(shop: Workshop) -> None:
    assert isinstance(await shop.model(), OfflineModel)
    assert await shop.model() is await shop.model("offline")
    with pytest.raises(BadInput):
        await shop.model("no-such-provider:x")


async def test_a_consent_is_one_persons_and_for_one_thing(shop: Workshop) -> None:
    await shop.agree(OWNER, "share:openai:x")
    assert await shop.agreed(OWNER, "share:openai:x")
    assert not await shop.agreed(OWNER, "share:openai:y")
    assert not await shop.agreed("os:bob", "share:openai:x")


async def test_what_would_go_over_a_bound_is_refused_and_counted_nowhere(shop: Workshop) -> None:
    shop.rules = replace(shop.rules, session_budget=Budget(tokens=100), owner_budget=Budget(tokens=60))
    desk = await shop.prepare(task())
    await desk.charge(Usage(30, 20))
    with pytest.raises(BudgetExceeded) as refused:
        await desk.charge(Usage(30, 0))
    assert refused.value.key == "tasks.budget_tokens_owner"
    assert await shop.store.add("tokens:session:s", 0) == 50
    await desk.charge(Usage(-40, 0))
    assert await shop.store.add("tokens:session:s", 0) == 10
    await desk.charge(Usage(30, 0))


async def test_the_session_bound_holds_without_one_for_its_owner(shop: Workshop) -> None:
    shop.rules = replace(shop.rules, session_budget=Budget(cost=0.5))
    desk = await shop.prepare(task())
    await desk.charge(Usage(1_000_000, cost=0.5))
    with pytest.raises(BudgetExceeded) as refused:
        await desk.charge(Usage(1, cost=0.01))
    assert refused.value.key == "tasks.budget_cost_session"


async def test_a_source_is_a_path_or_what_was_kept_of_it(shop: Workshop) -> None:
    assert await shop.open_source(Source("a.csv", "/data/a.csv")) == Path("/data/a.csv")
    desk = await shop.prepare(task())
    kept = await desk.keep(b"ARROW1", "application/vnd.apache.arrow.file", "frame.arrow")
    assert (await shop.open_source(Source("frame", artifact=kept))).read_bytes() == b"ARROW1"
    with pytest.raises(Unreadable):
        await shop.open_source(Source("frame", artifact="artifact:" + "0" * 64))


async def test_a_replay_has_the_answer_and_no_model(shop: Workshop) -> None:
    with pytest.raises(NotFound):
        await shop.prepare(task(replay_of="never asked"))


async def test_nothing_is_kept_of_a_session_whose_kernel_left_for_anothers(shop: Workshop) -> None:
    shop.kernels.max_kernels = 2
    places = []
    for number in range(4):
        session = await shop.store.create_session(OWNER, title=str(number))
        desk = await shop.prepare(replace(task(), session_id=session.session_id))
        place = await desk.acquire()
        await desk.release(place)
        places.append((session.session_id, place))
    known = [shop.place(session_id) for session_id, _ in places]
    assert known == [None, None, places[2][1], places[3][1]]
    assert [place.kernel.alive for _, place in places] == [False, False, True, True]
