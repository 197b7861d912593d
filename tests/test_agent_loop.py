"""Whole runs: real files, a real kernel, and a model that says what a test lets it say."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio
from agent_room import SALES, Books, ScriptedModel, Shop, make_desk, open_shop, reply, run, stages, table_file
from PIL import Image

from csvagent_jupyter.agent.desk import Workplace
from csvagent_jupyter.agent.loop import MAX_QUESTION, Run, answer
from csvagent_jupyter.exceptions import Ambiguous, Declined, ModelUnreachable, StorageFull
from csvagent_jupyter.messages import Budget, Execution, Plot, Question, Source, Turn, Usage
from csvagent_jupyter.tables import Table
from csvagent_jupyter.tables.frame import write_arrow

SUM = "total = df['amount'].sum()\nprint(f'The sum is {total:.0f}')\ntotal"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path_factory.mktemp("tables")) as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="module")
async def place(shop: Shop) -> Workplace:
    return await shop.place()


@pytest.fixture
def sales(tmp_path: Path) -> Source:
    return table_file(tmp_path)


async def test_a_question_is_answered(place: Workplace, sales: Source) -> None:
    books = Books()
    model = ScriptedModel(reply(SUM, "The sum of amount."), usage=Usage(100, 20))
    result, events = await run(make_desk(place, model, books), "What is the sum?", sales)
    assert result.success
    assert result.text_output == "The sum is 35"
    assert result.value == 35
    assert result.interpretation == "The sum of amount."
    assert result.final_code == SUM + "\n"
    assert result.final_code in result.script
    assert (result.model, result.share, result.usage) == ("test:scripted", "sample", Usage(100, 20))
    assert [attempt.error for attempt in result.attempts] == [None]
    assert result.profiles[0].rows == 4
    assert stages(events) == ["reading", "profiling", "generating", "executing", "checking", "done"]
    assert events[-1].status == "success"
    executing = next(event.meta for event in events if event.meta and event.meta.stage == "executing")
    assert executing.code == SUM + "\n"
    assert (books.released, books.outcomes) == (1, ["sent", "answered"])


async def test_sentences_have_the_form_of_the_contract_in_both_languages(place: Workplace, sales: Source) -> None:
    said = {}
    for language in ("en", "ru"):
        _, events = await run(make_desk(place, ScriptedModel(reply(SUM)), Books(), language=language), "q", sales)
        said[language] = [event.meta.status for event in events if event.meta]
    assert "Attempt 1/3: generating code…" in said["en"]
    assert "Попытка 1/3: Генерация кода…" in said["ru"]
    assert "Прочитан sales.csv: 4 строки, 3 столбца" in said["ru"]


async def test_failing_code_is_repaired_and_both_attempts_are_kept(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("a = 1\nint(df['region'].iloc[0])"), reply(SUM))
    result, events = await run(make_desk(place, model, Books()), "What is the sum?", sales)
    assert result.success
    assert result.attempts_count == 2
    error = result.attempts[0].error
    assert error is not None
    assert (error.ename, error.line_number) == ("ValueError", 2)
    assert "Line 2 failed: int(df['region'].iloc[0])" in model.prompts[1].messages[-1].content
    assert "invalid literal for int()" in model.prompts[1].messages[-1].content
    failed = [event.meta.failed for event in events if event.meta and event.meta.failed]
    assert failed == [result.attempts[0]]
    assert "repairing" in stages(events)


async def test_advice_and_a_missing_block_cost_an_attempt_and_no_execution(place: Workplace, sales: Source) -> None:
    model = ScriptedModel("The sum is probably 35.", reply("df['amuont'].sum()"), reply(SUM))
    result, events = await run(make_desk(place, model, Books()), "q", sales)
    assert [attempt.error and attempt.error.ename for attempt in result.attempts] == ["NoCode", "KeyError", None]
    assert stages(events).count("executing") == 1
    assert "had no code" in model.prompts[1].messages[-1].content
    assert "near: 'amount'" in model.prompts[2].messages[-1].content


async def test_when_no_attempt_works_all_are_kept_and_the_last_error_is_told(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(*(reply(f"raise ValueError('try {n}')") for n in range(3)))
    result, events = await run(make_desk(place, model, Books()), "q", sales)
    assert not result.success
    assert result.error is not None
    assert result.error.kind == "failed"
    assert "ValueError: try 2 (line 1)" in result.error.message
    assert result.attempts_count == 3
    assert result.profiles
    assert events[-1].status == "error"
    assert all(isinstance(suggestion, str) for suggestion in result.suggestions)


async def test_two_replies_without_code_end_the_run_and_are_called_so(place: Workplace, sales: Source) -> None:
    model = ScriptedModel("I cannot do that.", "Nor can I do this.", reply("print(1)"))
    result, _ = await run(make_desk(place, model, Books()), "Total?", sales)
    assert result.error is not None
    assert "answered twice without usable code" in result.error.message
    assert len(model.prompts) == 2


async def test_the_same_failing_code_twice_ends_the_run(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(*[reply("1 / 0")] * 3)
    result, _ = await run(make_desk(place, model, Books()), "q", sales)
    assert result.attempts_count == 2
    assert len(model.replies) == 1
    assert result.error is not None
    assert "the same failing code twice: ZeroDivisionError" in result.error.message


async def test_max_attempts_is_kept(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("1 / 0"), reply(SUM))
    result, _ = await run(make_desk(place, model, Books(), max_attempts=1), "q", sales)
    assert (result.success, result.attempts_count) == (False, 1)


async def test_an_empty_result_costs_an_attempt_and_its_traces_are_taken_out(place: Workplace, sales: Source) -> None:
    spoils = "df.drop(df.index, inplace=True)\ndf"
    model = ScriptedModel(reply(spoils), reply(SUM))
    result, _ = await run(make_desk(place, model, Books()), "q", sales)
    assert result.success
    assert result.text_output == "The sum is 35"
    assert [attempt.error and attempt.error.ename for attempt in result.attempts] == ["CheckFailed", None]
    assert "The result has no rows." in model.prompts[1].messages[-1].content


async def test_a_doubtful_result_that_the_model_stands_by_is_the_answer_with_a_note(
    place: Workplace, sales: Source
) -> None:
    code = "print('Those above 100:')\ndf[df['amount'] > 100]"
    result, _ = await run(make_desk(place, ScriptedModel(reply(code), reply(code)), Books()), "q", sales)
    assert result.success
    assert result.final_code == code + "\n"
    assert [note.text for note in result.notes] == ["The result is empty: nothing fits the conditions."]
    assert result.attempts_count == 1


async def test_a_doubtful_result_stands_when_the_later_attempts_fail(place: Workplace, sales: Source) -> None:
    code = "df[df['amount'] > 100]"
    model = ScriptedModel(reply(code), reply("1 / 0"), reply("1 / 0 + 1"))
    result, _ = await run(make_desk(place, model, Books()), "q", sales)
    assert result.success
    assert result.final_code == code + "\n"
    assert result.attempts_count == 3
    assert result.text_output


async def test_a_doubtful_result_stands_when_no_better_one_can_be_asked_for(place: Workplace, sales: Source) -> None:
    code = "df[df['amount'] > 100]"
    model = ScriptedModel(reply(code), ModelUnreachable("agent.no_model"))
    result, _ = await run(make_desk(place, model, Books()), "q", sales)
    assert result.success
    assert [note.level for note in result.notes] == ["info", "warning"]
    assert "No model was given" in result.notes[0].text


async def test_code_that_gives_nothing_is_no_answer(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("x = 1"), reply("x = 2"), reply("x = 3"))
    result, _ = await run(make_desk(place, model, Books()), "q", sales)
    assert not result.success
    assert result.error is not None
    assert "gave nothing" in result.error.message


async def test_code_that_prints_nothing_is_told_in_words(place: Workplace, sales: Source) -> None:
    desk = make_desk(place, ScriptedModel(reply("df.groupby('region')['amount'].sum()")), Books())
    result, _ = await run(desk, "q", sales)
    assert result.text_output == "The result is a table with 3 rows and 2 columns."


async def test_plots_tables_and_files_are_kept_as_references(place: Workplace, sales: Source) -> None:
    code = (
        "by = df.groupby('region')['amount'].sum()\nby.plot.bar(title='Amount by region')\n"
        "by.to_csv('by region.csv')\nprint('See the chart.')\nby"
    )
    books = Books()
    result, _ = await run(make_desk(place, ScriptedModel(reply(code)), books), "q", sales)
    assert books.kept[result.plots[0]].startswith(b"\x89PNG")
    assert books.kept[result.plots_svg[0]].lstrip().startswith(b"<")
    assert "Bar chart “Amount by region”" in result.alt_texts[0]
    assert result.tables[0].path == ""
    assert books.kept[result.tables[0].artifact].startswith(b"ARROW1")
    assert books.kept[result.files[0].artifact].startswith(b"region,amount")
    assert result.to_dict()["files"][0]["name"] == "by region.csv"


async def test_rows_that_were_left_out_are_told(place: Workplace, sales: Source) -> None:
    code = "clean = df.dropna(subset=['amount'])\nprint(f'Mean {clean[\"amount\"].mean():.1f}')"
    result, _ = await run(make_desk(place, ScriptedModel(reply(code)), Books(), language="ru"), "q", sales)
    assert [note.text for note in result.notes] == ["В результате нет 1 строки с пропуском в столбце «amount»."]


# --- what ends a run ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part"), [("  \n", "question is empty"), ("x" * (MAX_QUESTION + 1), "20,001 characters")]
)
async def test_a_bad_question_is_refused_in_a_sentence(text: str, part: str, sales: Source) -> None:
    model = ScriptedModel()
    result, events = await run(make_desk(None, model, Books()), text, sales)
    assert result.error is not None
    assert result.error.kind == "bad_input"
    assert part in result.error.message
    assert (model.prompts, len(events)) == ([], 1)


async def test_a_question_about_nothing_is_refused() -> None:
    result, _ = await run(make_desk(None, ScriptedModel(), Books()), "q")
    assert result.error is not None
    assert "nothing to ask about" in result.error.message


async def test_an_unreadable_file_is_told_and_the_kernel_is_given_back(place: Workplace, tmp_path: Path) -> None:
    books = Books()
    gone = Source("gone.csv", str(tmp_path / "gone.csv"))
    result, _ = await run(make_desk(place, ScriptedModel(), books), "q", gone)
    assert result.error is not None
    assert result.error.kind == "unreadable"
    assert books.released == 1


@pytest.mark.parametrize(
    ("error", "kind", "suggestions"),
    [
        (Declined("agent.no_model", suggestions=("Count the rows?",)), "declined", ("Count the rows?",)),
        (Ambiguous("agent.no_model", suggestions=("By month?",)), "ambiguous", ("By month?",)),
        (ModelUnreachable("agent.no_model"), "model_unreachable", ()),
    ],
)
async def test_what_the_model_raises_becomes_the_answers_error(
    error: Exception, kind: str, suggestions: tuple[str, ...], place: Workplace, sales: Source
) -> None:
    books = Books()
    result, events = await run(make_desk(place, ScriptedModel(error), books), "q", sales)
    assert result.error is not None
    assert (result.error.kind, result.suggestions) == (kind, suggestions)
    assert (events[-1].status, books.released) == ("error", 1)
    assert result.profiles


async def test_the_budget_is_told_and_earlier_attempts_are_kept(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("1 / 0"), reply(SUM), usage=Usage(5_000, 900))
    result, _ = await run(make_desk(place, model, Books(), budget=Budget(tokens=6_000)), "q", sales)
    assert result.error is not None
    assert (result.error.kind, result.attempts_count) == ("budget", 1)
    assert len(model.prompts) == 1


async def test_endless_code_ends_with_the_deadline(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("print('on it', flush=True)\nwhile True: pass"))
    result, _ = await run(make_desk(place, model, Books(), timeout=4.0), "q", sales)
    assert result.error is not None
    assert (result.error.kind, result.error.message) == (
        "timeout",
        "The time was up after 4 seconds. Ask for less at once, or allow more time (c.CSVAgentManager.timeout).",
    )
    assert "while True" in result.attempts[0].code
    assert result.text_output == "on it"


DIE = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


async def test_a_kernel_that_dies_is_told(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply(DIE))
    result, _ = await run(make_desk(place, model, Books(), max_attempts=1), "q", sales)
    assert result.error is not None
    assert result.error.kind == "kernel_died"
    assert "c.CSVAgentManager.kernel_memory" in result.error.message
    assert not place.kernel.alive


async def test_after_a_kernel_that_died_other_code_is_tried_in_another_one(shop: Shop, sales: Source) -> None:
    model, books = ScriptedModel(reply(DIE), reply(SUM)), Books()
    desk = make_desk(None, model, books, acquire=shop.place, language="ru")
    result, events = await run(desk, "Сумма?", sales)
    assert (result.success, result.value, result.attempts_count, books.released) == (True, 35, 2, 2)
    error = result.attempts[0].error
    assert error is not None and "c.CSVAgentManager.kernel_memory" in error.evalue
    assert "took more memory than there is, or a library crashed" in model.prompts[1].messages[-1].content
    assert any("процесс, выполнявший код, завершился" in event.meta.status for event in events if event.meta)


@pytest.mark.parametrize(
    ("code", "said"), [("import os\nos._exit(0)", "код завершил"), ("import os\nos.abort()", "библиотеки (SIGABRT)")]
)
async def test_after_code_that_ended_its_process_other_code_is_tried(
    shop: Shop, sales: Source, code: str, said: str
) -> None:
    model = ScriptedModel(reply(code), reply(SUM))
    result, _ = await run(make_desk(None, model, Books(), acquire=shop.place, language="ru"), "Сумма?", sales)
    assert (result.success, result.value, result.attempts_count) == (True, 35, 2)
    error = result.attempts[0].error
    assert error is not None and said in error.evalue and "памят" not in error.evalue
    assert "never call os._exit" in model.prompts[1].messages[-1].content


async def test_a_kernel_that_dies_again_ends_the_run(shop: Shop, sales: Source) -> None:
    model = ScriptedModel(reply(DIE), reply(f"x = 1\n{DIE}"), reply(SUM))
    result, _ = await run(make_desk(None, model, Books(), acquire=shop.place), "What is the sum?", sales)
    assert result.error is not None and result.error.kind == "kernel_died"
    assert "c.CSVAgentManager.kernel_memory" in result.error.message
    assert len(result.attempts) == 2 and len(model.replies) == 1


async def test_code_that_a_limit_stops_is_repaired_with_advice_whatever_may_be_shared(
    place: Workplace, sales: Source
) -> None:
    model = ScriptedModel(reply("np.ones(10**12)"), reply(SUM))
    result, _ = await run(make_desk(place, model, Books(), share="schema", language="ru"), "Сумма?", sales)
    assert result.success and result.attempts[0].error is not None
    assert "4 ГБ" in result.attempts[0].error.evalue and "kernel_memory" in result.attempts[0].error.evalue
    told = model.prompts[1].messages[-1].content
    assert "gives the code 4 GB of memory" in told and "Unable to allocate" not in told


POOL = """from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1) as pool:
    list(pool.map(len, ['a']))"""


async def test_a_pool_of_processes_is_told_to_both_and_repaired(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply(POOL), reply(SUM))
    result, _ = await run(make_desk(place, model, Books(), share="schema", language="ru"), "Сумма?", sales)
    error = result.attempts[0].error
    assert result.success and error is not None
    assert "нельзя запускать другие процессы" in error.evalue
    assert "No other process can be started here" in model.prompts[1].messages[-1].content


async def test_a_full_disk_ends_the_run_and_is_named(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("import errno\nraise OSError(errno.ENOSPC, 'No space left on device')"), reply(SUM))
    result, _ = await run(make_desk(place, model, Books()), "What is the sum?", sales)
    assert result.error is not None and result.error.kind == "storage_full"
    assert tempfile.gettempdir() in result.error.message and "TMPDIR" in result.error.message
    assert len(model.replies) == 1


async def test_a_table_that_finds_no_room_is_told_the_same(
    place: Workplace, sales: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Table, "write_arrow", lambda table, _, **__: write_arrow(table.arrow, Path("/dev/full")))
    result, _ = await run(make_desk(place, ScriptedModel(reply(SUM)), Books()), "What is the sum?", sales)
    assert result.error is not None and result.error.kind == "storage_full"
    assert tempfile.gettempdir() in result.error.message


async def test_after_a_limit_that_ended_the_kernel_another_one_takes_the_next_attempt(
    shop: Shop, sales: Source
) -> None:
    model = ScriptedModel(reply("for n in range(3000): open(f'{n}.txt', 'w').close()"), reply(SUM))
    books = Books()
    result, _ = await run(make_desk(None, model, books, acquire=shop.place), "What is the sum?", sales)
    assert (result.success, result.value, result.attempts_count, books.released) == (True, 35, 2, 2)
    error = result.attempts[0].error
    assert error is not None and "more files and folders than the 1000" in error.evalue
    assert "there may be 1000 files" in model.sent


async def test_a_limit_at_the_last_attempt_is_told_with_its_setting(shop: Shop, sales: Source) -> None:
    model = ScriptedModel(reply("for n in range(3000): open(f'{n}.txt', 'w').close()"))
    desk = make_desk(None, model, Books(), acquire=shop.place, max_attempts=1)
    result, _ = await run(desk, "What is the sum?", sales)
    assert result.error is not None and "LimitExceeded" not in result.error.message
    assert "c.CSVAgentManager.kernel_work_files" in result.error.message


async def test_what_a_limit_left_out_is_a_note(place: Workplace, sales: Source) -> None:
    model = ScriptedModel(reply("for _ in range(31): display(df)\n'all'"))
    result, _ = await run(make_desk(place, model, Books()), "Show it", sales)
    assert result.success and len(result.tables) == 30
    assert any("30" in note.text and "c.CSVAgentManager.kernel_tables" in note.text for note in result.notes)


# --- stopping -------------------------------------------------------------------------------------------------------


async def test_stop_while_code_runs_keeps_what_was_done(place: Workplace, sales: Source) -> None:
    books = Books()
    code = "print('half of it', flush=True)\nimport time\nwhile True: time.sleep(0.01)"
    one = Run(Question("q", (sales,)), make_desk(place, ScriptedModel(reply(code)), books))
    running = asyncio.Event()

    async def follow() -> None:
        async with aclosing(one.events()) as events:
            async for event in events:
                if event.meta and event.meta.stage == "executing":
                    running.set()

    task = asyncio.create_task(follow())
    await running.wait()
    while "half" not in one.account.heard:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    told = one.cancelled_answer()
    assert told.error is not None
    assert told.error.kind == "cancelled"
    assert told.cancelled_after is not None
    assert "while True" in told.attempts[0].code
    assert told.text_output == "half of it"
    assert told.profiles
    assert books.released == 1
    result, _ = await run(make_desk(place, ScriptedModel(reply(SUM)), Books()), "and now?", sales)
    assert result.text_output == "The sum is 35"


async def test_stop_while_the_model_writes_keeps_the_code_so_far(place: Workplace, sales: Source) -> None:
    books = Books()
    model = ScriptedModel("I read it so.\n```python\nx = 1\n", pause=True)
    one = Run(Question("q", (sales,)), make_desk(place, model, books))

    async def follow() -> None:
        async with aclosing(one.events()) as events:
            async for _ in events:
                pass

    task = asyncio.create_task(follow())
    await model.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [attempt.code for attempt in one.cancelled_answer().attempts] == ["x = 1\n"]
    assert (model.closed, books.released, books.outcomes) == (1, 1, ["sent", "cancelled"])


async def test_stop_while_the_kernel_starts_leaves_nothing_open(sales: Source) -> None:
    starting, ended = asyncio.Event(), asyncio.Event()

    async def acquire() -> Workplace:
        starting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    one = Run(Question("q", (sales,)), make_desk(None, ScriptedModel(), Books(), acquire=acquire))

    async def follow() -> None:
        async with aclosing(one.events()) as events:
            async for _ in events:
                pass

    task = asyncio.create_task(follow())
    await starting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_leaving_the_events_early_gives_the_kernel_back(place: Workplace, sales: Source) -> None:
    books = Books()
    model = ScriptedModel("I read it so.\n```python\nx = 1\n", pause=True)
    async with aclosing(answer(Question("q", (sales,)), make_desk(place, model, books))) as events:  # type: ignore[type-var]
        async for event in events:
            if event.meta and event.meta.code_delta:
                break
    assert (model.closed, books.released) == (1, 1)


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_a_kept_kernel_has_what_earlier_turns_made_and_is_not_loaded_again(
    place: Workplace, sales: Source
) -> None:
    first, _ = await run(
        make_desk(place, ScriptedModel(reply("north = df[df['region'] == 'North']\nlen(north)")), Books()), "q1", sales
    )
    turn = Turn("t1", "q1", None, first.final_code, first.text_output)
    mark = place.loaded
    model = ScriptedModel(reply("print(north['amount'].sum())"))
    second, _ = await run(make_desk(place, model, Books(), task_id="t2", turns=(turn,)), "q2", sales)
    assert second.text_output == "15.0"
    assert place.loaded == mark
    assert place.turns == ("t1", "t2")
    assert "Earlier question: q1" in model.sent
    assert "north = df[df['region'] == 'North']" in second.script


async def test_a_fresh_kernel_gets_what_the_code_builds_on_and_nothing_else(place: Workplace, sales: Source) -> None:
    turns = (
        Turn("t1", "q1", None, "north = df[df['region'] == 'North']", "2"),
        Turn("t2", "q2", None, "north = df['no such column']", "?"),
        Turn("t3", "q3", None, "unused = 1", "1"),
    )
    model = ScriptedModel(reply("print(len(north))"))
    result, _ = await run(make_desk(place, model, Books(), task_id="t4", turns=turns), "q4", sales)
    assert result.text_output == "2"
    assert place.turns == ("t1", "t4")
    assert "no such column" not in result.script
    assert "unused" not in result.script


async def test_turns_are_rebuilt_in_the_order_of_the_session(place: Workplace, sales: Source) -> None:
    turns = (Turn("t1", "q1", None, "a = 1\nlimit = 5", ""), Turn("t2", "q2", None, "limit = 9", ""))
    model = ScriptedModel(reply("print(limit)"), reply("print(a, limit)"))
    for name, printed in (("t3", "9"), ("t4", "1 9")):
        result, _ = await run(make_desk(place, model, Books(), task_id=name, turns=turns), name, sales)
        assert result.text_output == printed


async def test_a_file_that_changed_is_read_again(place: Workplace, sales: Source) -> None:
    await run(make_desk(place, ScriptedModel(reply(SUM)), Books()), "q", sales)
    Path(sales.path).write_text(SALES + "East,100,2024-04-01\n", encoding="utf-8")
    result, _ = await run(make_desk(place, ScriptedModel(reply(SUM)), Books(), task_id="t2"), "q", sales)
    assert result.text_output == "The sum is 135"


async def test_what_an_earlier_turn_made_of_a_file_is_made_again_when_the_file_changes(
    place: Workplace, sales: Source
) -> None:
    code = "df['double'] = df['amount'] * 2\nprint('done')"
    await run(make_desk(place, ScriptedModel(reply(code)), Books()), "q1", sales)
    Path(sales.path).write_text(SALES + "East,100,2024-04-01\n", encoding="utf-8")
    turn = Turn("t1", "q1", None, code, "done")
    model = ScriptedModel(reply("print(df['double'].sum())"))
    result, _ = await run(make_desk(place, model, Books(), task_id="t2", turns=(turn,)), "q2", sales)
    assert result.text_output == "270.0"
    assert code in result.script


async def test_several_tables_are_there_by_name(place: Workplace, sales: Source, tmp_path: Path) -> None:
    costs = table_file(tmp_path, "region,cost\nNorth,3\n", "costs.csv")
    code = "print(sorted(tables), len(df), tables['costs']['cost'].iloc[0])"
    result, events = await run(make_desk(place, ScriptedModel(reply(code)), Books()), "q", sales, costs)
    assert result.text_output == "['costs', 'sales'] 4 3"
    assert [profile.name for profile in result.profiles] == ["sales", "costs"]
    assert any(event.meta and event.meta.status == "Read 2 tables" for event in events)


class Painter:
    """A kernel whose code leaves one huge blank picture."""

    isolation = "process"
    libraries = ()
    alive = True

    def __init__(self) -> None:
        canvas = io.BytesIO()
        Image.new("RGB", (7_000, 7_000), "white").save(canvas, "PNG")
        self.execution = Execution(stdout="drawn", plots=(Plot(canvas.getvalue()),))

    def say_gaps(self, language: str = "en") -> tuple[str, ...]:
        return ()

    async def load(self, sources: object) -> None:
        return

    async def execute(self, code: str, **_: object) -> Execution:
        return self.execution


async def test_checking_a_huge_picture_holds_nobody_up(tmp_path: Path, sales: Source) -> None:
    loop = asyncio.get_running_loop()
    beats = [loop.time()]

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.01)
            beats.append(loop.time())

    place = Workplace(Painter(), tmp_path / "tables")  # type: ignore[arg-type]
    beating = asyncio.create_task(beat())
    began: float | None = None
    one = Run(Question("q", (sales,)), make_desk(place, ScriptedModel(reply("1")), Books(), max_attempts=1))
    async with aclosing(one.events()) as events:
        async for event in events:
            if event.meta is not None and event.meta.stage == "checking":
                began = loop.time()
    beating.cancel()
    assert began is not None
    assert sum(beat > began for beat in beats) >= 3, "nothing else came to its turn while the picture was checked"


async def test_who_leaves_early_is_not_held_by_a_trouble_of_the_leaving(place: Workplace, sales: Source) -> None:
    books = Books()
    desk = make_desk(place, ScriptedModel(reply(SUM), pause=True), books)

    async def full(_: object) -> None:
        if books.outcomes:
            raise StorageFull("sessions.full", path="store")
        books.outcomes.append("sent")

    desk.record = full
    events = Run(Question("What is the sum?", (sales,)), desk).events()
    async for event in events:
        if event.meta is not None and event.meta.code_delta:
            break
    await events.aclose()
    assert books.released == 1
