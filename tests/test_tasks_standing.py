"""How a task stands, read from its log."""

from __future__ import annotations

from pathlib import Path

from task_parts import store_path

from csvagent_jupyter.messages import Answer, AnswerError, Event, Progress, Question, Task
from csvagent_jupyter.sessions.sqlite import SQLiteStore
from csvagent_jupyter.tasks.standing import look, standing

TASK = Task("t", "s", "os:ann", Question("how many?"))


def progress(status: str, stage: str, attempt: int = 0, **fields: object) -> Event:
    return Event("progress", "t", meta=Progress(status, stage, attempt, 3 if attempt else 0, **fields))  # type: ignore[arg-type]


def test_a_task_that_nobody_has_begun_is_queued() -> None:
    shown = standing(TASK, (), None).to_dict()
    assert shown == {
        "task_id": "t",
        "session_id": "s",
        "status": "PENDING",
        "meta": {"status": "Starting", "stage": "queued", "attempt": 0, "max_attempts": 0, "code": ""},
        "result": None,
    }
    assert standing(Task("t", "s", "os:ann", Question("сколько?")), (), None).meta.status == "Начинаю"


def test_code_grows_and_begins_anew_with_each_attempt() -> None:
    events = [
        progress("Reading", "reading"),
        progress("1", "generating", 1, code_delta="x = "),
        progress("1", "generating", 1, code_delta="1"),
    ]
    meta = standing(TASK, events, None).meta
    assert (meta.stage, meta.attempt, meta.max_attempts, meta.code) == ("generating", 1, 3, "x = 1")
    events += [progress("1", "executing", 1, code="x = 1\n"), progress("Mending", "repairing", 2)]
    meta = standing(TASK, events, None).meta
    assert (meta.status, meta.stage, meta.attempt, meta.code) == ("Mending", "repairing", 2, "")


def test_a_run_that_was_taken_up_again_counts_from_its_first_attempt() -> None:
    events = [progress("2", "generating", 2, code_delta="old"), progress("1", "generating", 1, code_delta="new")]
    meta = standing(TASK, events, None).meta
    assert (meta.attempt, meta.code) == (1, "new")


async def test_an_end_is_told_also_where_it_could_not_be_written(tmp_path: Path) -> None:
    async with SQLiteStore(store_path(tmp_path)) as store:
        await store.create_session("os:ann", session_id="s")
        await store.submit(TASK)
        assert (await look(store, TASK)).status == "PENDING"
        claimed = await store.claim("", 60, task_id="t")
        assert claimed is not None and (await look(store, TASK)).status == "PROCESSING"
        stopped = Answer(False, "t", "s", final_code="x = 1", error=AnswerError("cancelled", "Stopped."))
        store.announce(Event("result", "t", "s", "cancelled", result=stopped))
        shown = await look(store, TASK)
        assert (shown.status, shown.meta.stage) == ("REVOKED", "done")
        assert (shown.meta.status, shown.meta.code) == ("Stopped.", "x = 1")
        store.announce(Event("result", "t", "s", "error", result=stopped))
        await store.finish(
            "t", claimed.fence, Event("result", "t", "s", "success", result=Answer(True, "t")), "SUCCESS"
        )
        assert (await look(store, TASK)).status == "SUCCESS"


def test_an_answer_without_a_status_says_how_it_ended() -> None:
    assert standing(TASK, (), Answer(True)).status == "SUCCESS"
    assert standing(TASK, (), Answer(False, error=AnswerError("failed", "no"))).status == "FAILURE"
    assert standing(TASK, (), Answer(False)).meta.stage == "done"
