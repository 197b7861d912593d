"""All attempts to break out, the heavy ones too, refused in a confined kernel and working in a control run.

What the control run shows is written down in `escapes/control.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from escapes.lane import LASTS, USERS, Lane, own_folder
from escapes.record import record
from escapes.table import read_table

AT_LEAST = 130


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that both users can enter."""
    with own_folder() as folder:
        folder.chmod(0o755)
        yield folder


def in_both_lanes(place: Path, user: str, *options: str) -> list[Lane]:
    """The heavy part beside the rest, for its time."""
    return [Lane(place, user, *options, "--part", part) for part in ("heavy", "light")]


@pytest.mark.timeout(LASTS)
@pytest.mark.parametrize("user", USERS)
def test_confined_all_are_refused_but_those_known_to_be_open(place: Path, user: str) -> None:
    with ExitStack() as stack:
        runs = [stack.enter_context(lane).result() for lane in in_both_lanes(place, user)]
    assert [run.code for run in runs] == [0, 0], "".join(run.said for run in runs)
    outcomes = [one for run in runs for one in run.outcomes]
    assert {one.isolation for one in outcomes} == {"confined"}
    assert len(outcomes) >= AT_LEAST


@pytest.mark.timeout(LASTS)
@pytest.mark.parametrize("user", USERS)
def test_without_confinement_each_would_have_worked(place: Path, user: str) -> None:
    """An attempt that is refused anyway says nothing about the sandbox."""
    with ExitStack() as stack:
        runs = [stack.enter_context(lane).result() for lane in in_both_lanes(place, user, "--control")]
    outcomes = [one for run in runs for one in run.outcomes]
    record(outcomes, user)
    assert [run.code for run in runs] == [0, 0], "".join(run.said for run in runs)
    assert {one.isolation for one in outcomes} == {"process"}
    assert {one.id for one in outcomes} >= {one.id for one in read_table() if not one.who and not one.machine}
