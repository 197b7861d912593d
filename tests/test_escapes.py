"""Attempts to break out: what of them goes quickly, and the table itself. The rest is in `make escapes`.

As root and as an ordinary user, refused in a confined kernel. Without confinement a part of them is shown to work, at
least one of each kind; that all of them do was shown by the last `make escapes`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from escapes.lane import LASTS, ROOT, USERS, Lane, own_folder
from escapes.leftovers import NAME, places, sweep
from escapes.page import what_runs
from escapes.record import not_shown
from escapes.table import part_of, read_cells, read_table

AT_LEAST = 130
AREAS = {"coming_back", "network", "processes", "protocol", "published", "reading", "resources", "writing"}
WAITS = 60.0


@pytest.fixture(scope="module")
def lanes() -> Iterator[dict[str, Lane]]:
    """The runs side by side: confined as each user, and without confinement as the last of them."""
    with ExitStack() as stack:
        place = stack.enter_context(own_folder())
        place.chmod(0o755)
        found = {user: stack.enter_context(Lane(place, user, "--part", "light")) for user in USERS}
        found["control"] = stack.enter_context(Lane(place, USERS[-1], "--control", "--part", "sample"))
        yield found


@pytest.mark.timeout(LASTS)
@pytest.mark.parametrize("user", USERS)
def test_confined_they_are_refused_but_those_known_to_be_open(lanes: dict[str, Lane], user: str) -> None:
    run = lanes[user].result()
    assert run.code == 0, run.said
    assert {one.isolation for one in run.outcomes} == {"confined"}
    assert len(run.outcomes) >= AT_LEAST


@pytest.mark.timeout(LASTS)
def test_without_confinement_they_would_have_worked(lanes: dict[str, Lane]) -> None:
    run = lanes["control"].result()
    assert run.code == 0, run.said
    assert {one.isolation for one in run.outcomes} == {"process"}
    assert len(run.outcomes) >= AT_LEAST


def test_a_control_run_has_shown_of_every_attempt_that_it_works() -> None:
    """One that was changed since: ``python -m tests.escapes --control --record area/name``, as both users."""
    assert not_shown(read_table()) == []


def test_the_table_covers_all_areas_and_says_why_something_is_open() -> None:
    table = read_table()
    areas = Counter(attempt.area for attempt in table)
    assert set(areas) == AREAS
    assert min(areas.values()) >= 15
    assert sum(areas.values()) >= AT_LEAST
    known_open = [attempt for attempt in table if attempt.known_open]
    assert len(known_open) <= 8
    assert all(len(attempt.known_open) > 20 for attempt in known_open)
    assert all(attempt.waits for attempt in table if attempt.judge == "hung")


def test_the_quick_parts_leave_out_no_kind() -> None:
    table = read_table()
    light, heavy, sample = (part_of(table, part) for part in ("light", "heavy", "sample"))
    assert {(one.area, one.judge) for one in sample} == {(one.area, one.judge) for one in table}
    assert [one for one in sample if one.area == "published"] == [one for one in table if one.area == "published"]
    assert len(light) + len(heavy) == len(part_of(table, "whole")) == len(table)
    assert len(heavy) < len(table) / 10


# --- nothing is left behind -------------------------------------------------------------------------------------------


def left_of(pid: int) -> list[Path]:
    """Return what a run has laid outside its own folder."""
    return [path for place in places() for path in place.glob(f"{NAME}-{pid}-*")]


def wait_until_laid_out(pid: int) -> None:
    end = time.monotonic() + WAITS
    while not left_of(pid):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.escapes", "--control", "resources/wall-time*"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        wait_until_laid_out(process.pid)
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_told_to_end_puts_its_things_away(
    running: subprocess.Popen[bytes], number: signal.Signals, tmp_path: Path
) -> None:
    running.send_signal(number)
    assert running.wait(WAITS) == 130
    assert left_of(running.pid) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(
    running: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep()
    assert left_of(running.pid), "what belongs to a process that runs is not touched"
    running.kill()
    running.wait(WAITS)
    assert left_of(running.pid)
    (tmp_path / "else").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sweep()
    assert left_of(running.pid) == []
    assert [path.name for path in tmp_path.glob("e*")] == ["else"]


# --- the table's own rules --------------------------------------------------------------------------------------------


def test_a_cell_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="not understood"):
        read_cells("area", "# %% Name with spaces | won\npass\n")
    with pytest.raises(ValueError, match="no such judge"):
        read_cells("area", "# %% name | looked\npass\n")


def test_a_cell_says_where_and_how_it_runs() -> None:
    text = (
        "# %% a | won | careless=plain seconds=2 memory=3M open=a reason\nfirst()\n\n# %% b | printed | waits\nlast()\n"
    )
    first, last = read_cells("area", text)
    assert (first.id, first.code, first.careless, first.seconds) == ("area/a", "first()", "plain", 2.0)
    assert (first.limits, first.alone, first.known_open) == ({"memory": 3 * 2**20}, True, "a reason")
    assert (last.judge, last.alone, last.waits, last.heavy, last.limits) == ("printed", False, True, False, {})
    assert first.digest != read_cells("area", text.replace("first()", "other()"))[0].digest


@pytest.mark.parametrize(
    "page",
    [
        "<script>x</script>",
        "<img src=x onerror=x>",
        "<a href=' java\nscript:x'>",
        "<svg><a xlink:href='javascript:x'>",
        "<iframe>",
    ],
)
def test_the_page_is_judged_by_what_runs(page: str) -> None:
    assert what_runs(page)
    assert not what_runs(page.replace("<", "&lt;"))


def test_harmless_markup_is_left_in_peace() -> None:
    assert what_runs("<table><td>javascript:x</td></table><img src='data:image/png;base64,AA=='>") == []
