"""Asking in somebody else's session: one's own model, kernel, budget and files, and confined whatever was agreed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import pytest_asyncio
from model_server import Reply, ScriptedServer

from csvagent_jupyter.exceptions import BadInput, BudgetExceeded, NotFound, RateLimited
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Answer, Grant, Question, Session, Source
from csvagent_jupyter.sandbox import KernelPool, SandboxKernel

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNER, GUEST = "people:anna", "people:boris"
WHO = "Who I am.\n```python\nimport os\nprint('mine' in globals(), os.getpid())\nmine = df['price'].sum()\nmine\n```"


@dataclass
class Shared:
    """A manager, and a session of anna's where boris may ask."""

    manager: CSVAgentManager
    session: Session
    path: Path

    async def ask(self, owner: str, text: str = "sum?", *, by_path: bool = False) -> Answer:
        frames = {} if by_path else {"prices": pd.DataFrame({"price": [1, 2]})}
        sources = (Source("cities.csv", path=str(self.path)),) if by_path else ()
        task = await self.manager.ask(
            Question(text, sources), session_id=self.session.session_id, owner=owner, dataframes=frames
        )
        return await self.manager.result(task.task_id)

    async def ask_again(self, owner: str) -> Answer:
        task = await self.manager.ask(Question("and now?"), session_id=self.session.session_id, owner=owner)
        return await self.manager.result(task.task_id)


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer(Reply(text=WHO, usage=(30, 20)), repeat=True) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def manager(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> AsyncIterator[CSVAgentManager]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in model.environ().items():
            patch.setenv(name, value)
        manager = CSVAgentManager(data_folder=str(tmp_path_factory.mktemp("data")), model="openai:test", timeout=60.0)
        await manager.start()
        yield manager
        await manager.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def shared(manager: CSVAgentManager, model: ScriptedServer, tmp_path: Path) -> AsyncIterator[Shared]:
    model.requests.clear()
    path = tmp_path / "cities.csv"
    path.write_text("price\n10\n")
    session = await manager.store.create_session(OWNER)
    await manager.store.set_grants(session.session_id, [Grant("ask", name=GUEST)])
    yield Shared(manager, session, path)
    manager.owner_tokens = manager.session_tokens = None
    manager.owner_questions_per_minute = 120


async def test_a_guest_has_a_kernel_of_their_own(shared: Shared) -> None:
    first, second = await shared.ask(OWNER), await shared.ask(OWNER)
    assert first.text_output.startswith("False ") and second.text_output.startswith("True ")
    guest = await shared.ask(GUEST)
    pid = second.text_output.split()[1]
    assert guest.success and guest.isolation == "confined" and guest.text_output.split()[1] != pid
    # What was answered is the guest's too: a fresh kernel runs the turns of the session first.
    assert guest.text_output.startswith("True ")
    assert (await shared.ask(OWNER)).text_output.split()[1] == pid
    await shared.manager.reset(shared.session.session_id)
    assert len(shared.manager.workshop.kernels) == 0


async def test_a_guest_never_uses_a_file_by_the_path_that_somebody_else_named(shared: Shared) -> None:
    answer = await shared.ask(OWNER, by_path=True)
    assert answer.success and answer.value == 10
    with pytest.raises(BadInput, match="cities"):
        await shared.ask_again(GUEST)
    with pytest.raises(BadInput, match="cities"):
        await shared.ask(GUEST, by_path=True)
    with pytest.raises(BadInput, match="cities"):
        await shared.manager.replay(answer.task_id, owner=GUEST)
    kept = await shared.ask(OWNER)
    assert kept.value == 3
    assert (await shared.ask_again(GUEST)).value == 3, "what is kept by content is the same for everybody"
    replayed = await shared.manager.replay(kept.task_id, owner=GUEST)
    assert (await shared.manager.result(replayed.task_id)).value == 3


async def test_no_consent_lowers_the_level_where_others_ask(shared: Shared, model: ScriptedServer) -> None:
    manager, kept = shared.manager, shared.manager.workshop.kernels
    await manager.allow("process", OWNER)
    await manager.allow("process", GUEST)
    async with KernelPool(make=lambda: SandboxKernel(confined=False)) as unconfined:
        manager.workshop.kernels = unconfined
        try:
            own = await shared.ask(OWNER)
            assert own.success and own.isolation == "process"
            guest = await shared.ask(GUEST)
            assert guest.error is not None and guest.error.kind == "isolation" and "confined" in guest.error.message
            manager.workshop.kernels = kept
            assert (await shared.ask(GUEST)).success
            manager.workshop.kernels = unconfined
            # What the guest's model wrote would run in the owner's kernel from now on.
            refused = await shared.ask(OWNER)
            assert refused.error is not None and refused.error.kind == "isolation"
            assert len(model.requests) == 2, "nothing is sent when the code may not run"
        finally:
            manager.workshop.kernels = kept
    assert (await shared.ask(OWNER)).isolation == "confined"


async def test_a_guest_spends_their_own_budget(shared: Shared) -> None:
    manager = shared.manager
    manager.session_tokens = manager.owner_tokens = 20_000
    assert (await shared.ask(GUEST)).success
    counters = {counter.name for counter in manager.workshop.counters(GUEST, f"{shared.session.session_id} {GUEST}")}
    assert len(counters) == 2
    assert [await manager.store.add(name, 0) for name in sorted(counters)] == [50.0, 50.0]
    question = Question("sum?")
    manager.session_tokens = 50
    await manager.check_budget(question, shared.session, OWNER)
    await manager.check_budget(question, None, GUEST)
    with pytest.raises(BudgetExceeded) as spent:
        await manager.check_budget(question, shared.session, GUEST)
    assert spent.value.retry_after is None, "time does not help"
    manager.session_tokens, manager.owner_tokens = None, 50
    with pytest.raises(BudgetExceeded) as spent:
        await manager.check_budget(question, shared.session, GUEST)
    assert spent.value.retry_after is not None and 1 <= spent.value.retry_after <= 86_400
    await manager.check_budget(Question("sum?", model="offline"), shared.session, GUEST)
    await manager.check_budget(Question("sum?", model="nobody:knows"), shared.session, GUEST)


async def test_questions_are_counted_for_each_person(shared: Shared) -> None:
    manager = shared.manager
    manager.owner_questions_per_minute = 1
    asked = [await _asked(manager, "people:carla") for _ in range(4)]
    # A minute may have ended in between.
    assert asked[0] is None and 2 <= sum(one is not None for one in asked) <= 3
    assert all(1 <= seconds <= 60 for seconds in asked if seconds is not None)
    assert await _asked(manager, "people:dora") is None
    manager.owner_questions_per_minute = None
    assert await _asked(manager, "people:carla") is None


async def test_the_gate_knows_what_each_may_do(shared: Shared) -> None:
    access, session_id = shared.manager.access, shared.session.session_id
    assert (await access.session(session_id, OWNER, "own")).session_id == session_id
    assert (await access.session(session_id, GUEST, "ask")).session_id == session_id
    for owner, need in ((GUEST, "own"), ("people:carla", "read"), ("", "read")):
        with pytest.raises(NotFound):
            await access.session(session_id, owner, need)  # type: ignore[arg-type]


async def _asked(manager: CSVAgentManager, owner: str) -> int | None:
    """Count a question; return the seconds to wait when it was refused."""
    try:
        await manager.access.count_question(owner, manager.owner_questions_per_minute)
    except RateLimited as refused:
        return refused.retry_after
    return None
