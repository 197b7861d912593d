"""Whose turn it is, when tasks are taken up by their ids."""

from __future__ import annotations

from csvagent_jupyter.messages import Question, Task
from csvagent_jupyter.tasks.turns import Turns


def line(*tasks: tuple[str, str]) -> list[Task]:
    """Tasks as a store lists them, the last submitted first: each is (owner, session), called by its place."""
    made = [Task(str(number), session, owner, Question("?")) for number, (owner, session) in enumerate(tasks)]
    return made[::-1]


def chosen(turns: Turns, unfinished: list[Task], *, but: str = "", running: tuple[Task, ...] = ()) -> str | None:
    found = turns.next(unfinished, {task.task_id for task in unfinished} - set(but), running)
    return None if found is None else found.task_id


def test_of_one_owners_tasks_the_oldest_begins() -> None:
    assert chosen(Turns(), line(("ann", "a"), ("ann", "b"))) == "0"
    assert chosen(Turns(), []) is None


def test_a_session_has_one_task_at_a_time() -> None:
    unfinished = line(("ann", "a"), ("ann", "a"), ("ann", "b"))
    assert chosen(Turns(), unfinished, but="0") == "2"
    assert chosen(Turns(), unfinished, but="02") is None, "the other one waits for the first of its session"


def test_who_has_fewer_running_goes_first_and_then_who_was_served_longest_ago() -> None:
    unfinished = line(("ann", "a"), ("bob", "b"), ("cid", "c"))
    turns = Turns()
    (running,) = line(("ann", "z"))
    assert chosen(turns, unfinished, running=(running,)) == "1"
    for task in reversed(unfinished):
        turns.took(task)
    assert chosen(turns, unfinished) == "0"
    turns.took(unfinished[-1])
    assert chosen(turns, unfinished) == "1"
    (other,) = line(("bob", "y"))
    assert chosen(turns, unfinished, running=(other,)) == "2"
