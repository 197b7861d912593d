"""The one door, with its real parts: a SQLite store, dedicated kernels, files, and an HTTP model server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest
import pytest_asyncio
from model_server import KEY, Reply, ScriptedServer

from csvagent_jupyter.exceptions import BadInput, NotFound, Unreadable
from csvagent_jupyter.manager import MAX_QUESTION, CSVAgentManager, current_owner
from csvagent_jupyter.messages import Answer, Event, Question, Source
from csvagent_jupyter.sandbox import KernelPool, SandboxKernel
from csvagent_jupyter.settings import RULES

pytestmark = pytest.mark.asyncio(loop_scope="module")

CSV = "city,price\nOslo,10\nRiga,20\nOslo,30\n"
GOOD = 'The mean of price.\n```python\nprint("Mean:", df["price"].mean())\ndf["price"].mean()\n```'
BAD = 'The mean of price.\n```python\nprint(df["prize"].mean())\n```'
PLOT = "A bar.\n```python\nfig, ax = plt.subplots()\nax.bar(df['city'], df['price'])\nprint('Drawn')\n```"


@pytest.fixture(scope="module")
def model_server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started(
    tmp_path_factory: pytest.TempPathFactory, model_server: ScriptedServer
) -> AsyncIterator[CSVAgentManager]:
    """One manager for all tests of this module: a dedicated kernel takes longer to start than most of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in model_server.environ().items():
            patch.setenv(name, value)
        data = tmp_path_factory.mktemp("data")
        (data / "copies").mkdir()
        old = data / "copies" / "old.json"
        old.touch()
        os.utime(old, (1_700_000_000, 1_700_000_000))
        manager = CSVAgentManager(data_folder=str(data), model="openai:test", timeout=60.0, max_kernels=2)
        await manager.start()
        yield manager
        await manager.stop()


@pytest.fixture
def manager(started: CSVAgentManager, model_server: ScriptedServer) -> Iterator[CSVAgentManager]:
    """The manager as it was at its start: with its settings, an owner nobody knows yet, and no request on record."""
    settings = {name: getattr(started, name) for name in RULES}
    started.owner = f"test:{uuid4()}"
    model_server.forget()
    yield started
    for name, value in settings.items():
        setattr(started, name, value)


@pytest_asyncio.fixture(loop_scope="module")
async def session_id(manager: CSVAgentManager) -> str:
    """A session of who asks in this test."""
    return (await manager.store.create_session(manager.owner)).session_id


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "cities.csv"
    path.write_text(CSV, encoding="utf-8")
    return Source("cities.csv", path=str(path))


async def test_copies_of_files_that_nobody_used_for_long_are_gone(manager: CSVAgentManager) -> None:
    while (manager.folder / "copies" / "old.json").exists():
        await asyncio.sleep(0.01)


async def test_a_question_becomes_an_answer_after_a_failed_attempt(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    model_server.script(BAD, GOOD)
    task = await manager.ask(Question("mean price?", (source,)), session_id=session_id)
    answer = await manager.result(task.task_id)
    assert answer.success and answer.attempts_count == 2
    assert answer.attempts[0].error is not None and answer.attempts[1].error is None
    assert answer.text_output == "Mean: 20.0" and answer.value == 20.0
    assert (await manager.store.task(task.task_id)).status == "SUCCESS"


async def test_events_can_be_read_from_any_place_in_the_log(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    model_server.script(GOOD)
    task = await manager.ask(Question("mean price?", (source,)), session_id=session_id)
    events = await all_events(manager, task.task_id)
    assert [event.type for event in events][:1] == ["task_started"] and events[-1].type == "result"
    stages = [event.meta.stage for event in events if event.meta is not None]
    assert list(dict.fromkeys(stages)) == [
        "queued",
        "reading",
        "profiling",
        "generating",
        "executing",
        "checking",
        "done",
    ]
    middle = events[2].seq
    assert middle is not None
    again = await all_events(manager, task.task_id, after=middle)
    assert await asyncio.wait_for(all_events(manager, task.task_id, after=events[-1].seq or 0), 10) == []
    # Pieces of code leave the log once the whole of it is there.
    lasting = [event for event in events if event.meta is None or not event.meta.code_delta]
    assert [event.seq for event in again] == [event.seq for event in lasting if (event.seq or 0) > middle]


async def test_a_dataframe_is_kept_as_it_was_and_replayed_without_a_model(
    manager: CSVAgentManager, model_server: ScriptedServer, session_id: str
) -> None:
    model_server.script(GOOD)
    frame = pd.DataFrame({"city": ["Oslo", "Riga"], "price": [1, 3]})
    task = await manager.ask(Question("mean price?", (Source("frame"),)), dataframes={"frame": frame})
    frame["price"] = 100
    first = await manager.result(task.task_id)
    again = await manager.result((await manager.replay(task.task_id)).task_id)
    assert (first.value, again.value) == (2.0, 2.0)
    assert again.model is None and len(model_server.requests) == 1
    other = {"frame": pd.DataFrame({"city": ["Rome"], "price": [7]})}
    moved = await manager.replay(task.task_id, (Source("frame"),), dataframes=other)
    assert (await manager.result(moved.task_id)).value == 7.0


async def test_a_follow_up_needs_no_source_and_knows_the_dialogue(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source
) -> None:
    model_server.script("Named.\n```python\nmean_price = df['price'].mean()\nprint(mean_price)\nmean_price\n```")
    model_server.script("Doubled.\n```python\nprint(mean_price * 2)\nmean_price * 2\n```")
    first = await manager.ask(Question("mean price?", (source,)), session_name="work")
    await manager.result(first.task_id)
    second = await manager.ask(Question("and doubled?"), session_name="work")
    assert second.session_id == first.session_id
    assert second.question.sources == (source,)
    answer = await manager.result(second.task_id)
    assert (answer.value, answer.attempts_count) == (40.0, 1)
    history = await manager.history(first.session_id)
    assert [task.question.text for task, _ in history] == ["mean price?", "and doubled?"]
    assert "mean price?" in model_server.requests[1].body.decode()


async def test_how_a_file_is_read_can_be_stated_and_holds_for_the_dialogue_and_its_replays(
    manager: CSVAgentManager, model_server: ScriptedServer, tmp_path: Path
) -> None:
    model_server.script(GOOD, GOOD)
    for name, price in (("one.csv", "1,500"), ("two.csv", "2,500")):
        (tmp_path / name).write_text(f"city;price\nOslo;{price}\nRiga;{price}\n", encoding="utf-8")
    one, two = (Source(name, path=str(tmp_path / name)) for name in ("one.csv", "two.csv"))
    thousands = {"decimal": ".", "thousands": ","}
    found = await manager.result((await manager.ask(Question("mean price?", (one,)), session_name="said")).task_id)
    stated = await manager.ask(Question("mean price?"), session_name="said", read=thousands)
    answer = await manager.result(stated.task_id)
    assert (found.value, answer.value) == (1.5, 1500.0)
    assert stated.question.sources[0].overrides == thousands
    assert answer.profiles[0].dialect is not None and answer.profiles[0].dialect.stated == ("decimal", "thousands")
    follow_up = await manager.ask(Question("mean price?"), session_name="said", read={"one.csv": {"header_rows": 1}})
    assert follow_up.question.sources[0].overrides == {"header_rows": 1, **thousands}
    await manager.cancel(follow_up.task_id)

    async def value(*args: object, **options: object) -> object:
        again = await manager.replay(stated.task_id, *args, **options)  # type: ignore[arg-type]
        return (await manager.result(again.task_id)).value

    assert await value() == 1500.0
    assert await value(read={"decimal": ",", "thousands": ""}) == 1.5
    assert await value((two,)) == 2.5  # another file is looked at anew
    assert await value((two,), read=thousands) == 2500.0
    with pytest.raises(BadInput, match=r"three\.csv"):
        await manager.ask(Question("mean price?", (one,)), read={"three.csv": thousands})
    with pytest.raises(Unreadable, match="delimeter"):
        await manager.ask(Question("mean price?", (one,)), read={"delimeter": ";"})
    with pytest.raises(BadInput):  # nothing is there to ask about
        await manager.ask(Question("mean price?"), session_name="new")
    assert [session.title for session in await manager.sessions()] == ["said"]


async def test_cancel_ends_the_model_stream_and_keeps_what_was_done(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    model_server.script(Reply(chunks=["The ", "mean.\n```python\n", "print(", "1)"], stall_after=3))
    task = await manager.ask(Question("mean price?", (source,)), session_id=session_id)
    request = await asyncio.to_thread(model_server.wait_for_request, 1)
    assert await asyncio.to_thread(request.stalled.wait, 30)
    await manager.cancel(task.task_id)
    answer = await asyncio.wait_for(manager.result(task.task_id), 10)
    assert await asyncio.to_thread(request.disconnected.wait, 10)
    assert not answer.success and answer.error is not None and answer.error.kind == "cancelled"
    assert "print(" in answer.attempts[-1].code
    assert (await manager.store.task(task.task_id)).status == "REVOKED"


async def test_plots_are_references_within_and_data_urls_outside(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    model_server.script(PLOT)
    answer = await manager.result(
        (await manager.ask(Question("bar of price", (source,)), session_id=session_id)).task_id
    )
    assert answer.plots[0].startswith("artifact:")
    shown = await manager.resolve(answer)
    assert shown.plots[0].startswith("data:image/png;base64,iVBOR")
    assert shown.plots_svg[0].startswith("data:image/svg+xml;base64,")
    assert Answer.from_dict(shown.to_dict()).plots == shown.plots


async def test_what_was_sent_is_in_the_ledger_without_the_key(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    model_server.script(GOOD)
    task = await manager.ask(Question("mean price?", (source,)), session_id=session_id)
    await manager.result(task.task_id)
    (entry,) = await manager.sent(task.task_id)
    assert entry.outcome == "answered" and entry.usage.input_tokens == 100
    sent = model_server.requests[0].body.decode()
    assert all(message.content.splitlines()[0][:40] in sent for message in entry.messages)
    assert KEY not in str(entry.to_dict())


async def test_a_found_model_sees_the_schema_until_a_person_agrees(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    manager.model = ""
    model_server.script(GOOD, GOOD)
    first = await manager.result((await manager.ask(Question("mean price?", (source,)), session_id=session_id)).task_id)
    await manager.allow("share")
    second = await manager.result(
        (await manager.ask(Question("mean price?", (source,)), session_id=session_id)).task_id
    )
    assert (first.share, second.share) == ("schema", "sample")
    assert "Riga" not in model_server.requests[0].body.decode()
    assert "Riga" in model_server.requests[1].body.decode()


async def test_the_ceiling_holds_whatever_a_question_asks_for(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    manager.share_ceiling = "schema"
    model_server.script(GOOD)
    answer = await manager.result(
        (await manager.ask(Question("mean?", (source,), share="sample"), session_id=session_id)).task_id
    )
    assert answer.share == "schema" and "Riga" not in model_server.requests[0].body.decode()


async def test_code_below_the_minimum_isolation_waits_for_consent(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, session_id: str
) -> None:
    model_server.script(GOOD)
    kept = manager.workshop.kernels
    async with KernelPool(make=lambda: SandboxKernel(confined=False)) as unconfined:
        manager.workshop.kernels = unconfined
        try:
            ask = Question("mean?", (source,))
            refused = await manager.result((await manager.ask(ask, session_id=session_id)).task_id)
            assert refused.error is not None and refused.error.kind == "isolation"
            assert "%csvagent allow process" in refused.error.message
            assert not model_server.requests
            await manager.allow("process")
            answer = await manager.result((await manager.ask(ask, session_id=session_id)).task_id)
            assert answer.success and answer.isolation == "process" and answer.isolation_gaps
            with pytest.raises(BadInput, match="cities"):
                await manager.replay(answer.task_id, owner="os:somebody-else")
            kept_frame = {"frame": pd.DataFrame({"price": [1]})}
            replayed = await manager.replay(answer.task_id, dataframes=kept_frame, owner="os:somebody-else")
            again = await manager.result(replayed.task_id)
            assert again.error is not None and again.error.kind == "isolation"
        finally:
            manager.workshop.kernels = kept


@pytest.mark.parametrize("setting", ["run_tokens", "session_tokens", "owner_tokens"])
async def test_a_budget_is_hard(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, setting: str, session_id: str
) -> None:
    setattr(manager, setting, 50)
    model_server.script(GOOD)
    answer = await manager.result((await manager.ask(Question("mean?", (source,)), session_id=session_id)).task_id)
    assert answer.error is not None and answer.error.kind == "budget"
    assert not model_server.requests


async def test_two_questions_of_one_session_take_turns(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source
) -> None:
    model_server.script(GOOD, GOOD)
    first = await manager.ask(Question("mean?", (source,)), session_name="one")
    second = await manager.ask(Question("mean again?", (source,)), session_name="one")
    answers = await asyncio.gather(manager.result(first.task_id), manager.result(second.task_id))
    assert [answer.success for answer in answers] == [True, True]
    events = await manager.store.read(first.session_id)
    ends = [event.seq or 0 for event in events if event.type == "result" and event.task_id == first.task_id]
    begins = [
        event.seq or 0
        for event in events
        if event.task_id == second.task_id and event.meta is not None and event.meta.stage == "reading"
    ]
    assert ends[0] < begins[0]


async def test_a_dialogue_is_found_by_name_behind_a_hundred_others(manager: CSVAgentManager) -> None:
    made = await manager.store.create_session(manager.owner, title="work")
    for number in range(100):
        await manager.store.create_session(manager.owner, title=f"other {number}")
    assert await manager.session_named("work") == made
    assert await manager.session_named("never made") is None


async def test_reset_ends_the_kernel_and_keeps_the_dialogue(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source
) -> None:
    model_server.script("Set.\n```python\ntwice = df['price'] * 2\nprint('ok')\n```", GOOD)
    task = await manager.ask(Question("double it", (source,)), session_name="one")
    await manager.result(task.task_id)
    assert manager.workshop.place(task.session_id) is not None
    await manager.reset(task.session_id)
    assert manager.workshop.place(task.session_id) is None
    again = await manager.ask(Question("mean?"), session_name="one")
    assert (await manager.result(again.task_id)).success
    assert len(await manager.history(task.session_id)) == 2


@pytest.mark.parametrize(
    ("question", "key"),
    [
        (Question("  \n"), "manager.empty_question"),
        (Question("x" * (MAX_QUESTION + 1)), "manager.long_question"),
        (Question("mean?"), "manager.no_sources"),
        (Question("mean?", max_attempts=0), "manager.bad_attempts"),
        (Question("mean?", timeout=float("nan")), "manager.bad_timeout"),
        (Question("mean?", share="everything"), "manager.bad_share"),  # type: ignore[arg-type]
        (Question("mean?", language="de"), "manager.bad_language"),  # type: ignore[arg-type]
    ],
)
async def test_what_cannot_be_asked_is_refused_in_one_sentence(
    manager: CSVAgentManager, question: Question, key: str
) -> None:
    with pytest.raises(BadInput) as refused:
        await manager.ask(question)
    assert refused.value.key == key
    assert refused.value.say("ru") != refused.value.say("en")


async def test_a_file_that_is_gone_is_an_answer_that_says_so(
    manager: CSVAgentManager, tmp_path: Path, session_id: str
) -> None:
    gone = Source("gone.csv", path=str(tmp_path / "gone.csv"))
    answer = await manager.result(
        (await manager.ask(Question("сколько строк?", (gone,)), session_id=session_id)).task_id
    )
    assert answer.error is not None and answer.error.kind == "unreadable"
    assert "gone.csv" in answer.error.message and answer.language == "ru"


async def test_only_an_answered_question_can_be_replayed(
    manager: CSVAgentManager, tmp_path: Path, session_id: str
) -> None:
    gone = Source("gone.csv", path=str(tmp_path / "gone.csv"))
    task = await manager.ask(Question("mean?", (gone,)), session_id=session_id)
    await manager.result(task.task_id)
    with pytest.raises(BadInput):
        await manager.replay(task.task_id)
    with pytest.raises(NotFound):
        await manager.replay("no-such-task")


async def test_an_unknown_consent_is_refused(manager: CSVAgentManager) -> None:
    with pytest.raises(BadInput):
        await manager.allow("everything")


async def test_what_is_kept_of_a_dataframe_can_be_gone(
    manager: CSVAgentManager, model_server: ScriptedServer, tmp_path: Path
) -> None:
    source = Source("frame", artifact="artifact:" + "0" * 64)
    with pytest.raises(Unreadable):
        await manager.workshop.open_source(source)


async def test_the_owner_is_the_hub_user_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert current_owner() == "jupyterhub:ada"
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert current_owner().startswith("os:")


async def all_events(manager: CSVAgentManager, task_id: str, after: int = 0) -> list[Event]:
    async with aclosing(manager.events(task_id, after=after)) as events:
        return [event async for event in events]


async def test_a_question_about_another_file_does_not_build_on_code_for_the_first(
    manager: CSVAgentManager, model_server: ScriptedServer, source: Source, tmp_path: Path
) -> None:
    other = tmp_path / "towns.csv"
    other.write_text("town,cost\nBergen,7\n", encoding="utf-8")
    model_server.script("Kept.\n```python\nmean = df['price'].mean()\nprint(mean)\nmean\n```")
    model_server.script("The same.\n```python\nmean = df['cost'].mean()\nprint(mean)\nmean\n```")
    model_server.script("Back.\n```python\nprint(mean)\nmean\n```")
    for text, sources in (
        ("mean price?", (source,)),
        ("the same here", (Source("t", str(other)),)),
        ("again", (source,)),
    ):
        task = await manager.ask(Question(text, sources), session_name="one")
        answer = await manager.result(task.task_id)
        assert answer.success, answer.error
    assert answer.value == 20.0
    assert "cost" not in answer.script and "price" in answer.script
    second = model_server.requests[1].body.decode()
    assert "about other tables" in second and "mean price?" in second
