"""Attempts to break out: refused in a confined kernel, working in a control run, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from escapes.ordinary import interpreter_for_nobody, nobody
from escapes.page import what_runs
from escapes.table import read_cells, read_table

ROOT = Path(__file__).parent.parent
AT_LEAST = 130
AREAS = {"coming_back", "network", "processes", "protocol", "published", "reading", "resources", "writing"}
USERS = ["root", "user"] if os.geteuid() == 0 else ["user"]
WHOLE = os.environ.get("ESCAPES") == "whole"  # `make escapes`; otherwise the control run takes a part, for its time
CONTROLS = [(user, ()) for user in USERS] if WHOLE else [(USERS[0], ("published/*",))]
HEAVY = ("resources/*", "protocol/*")
LASTS = 600


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that both users can enter."""
    folder = Path(tempfile.mkdtemp(prefix="e"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def whole(place: Path, user: str, *options: str) -> tuple[int, dict[str, dict[str, object]], str]:
    """Run the whole table as that user, the heavy part beside the rest."""
    light = [f"{area}/*" for area in sorted(AREAS) if f"{area}/*" not in HEAVY]
    with ThreadPoolExecutor(2) as lanes:
        (code, found, said), (code_2, found_2, said_2) = lanes.map(
            lambda patterns: told(place, user, *options, *patterns), (HEAVY, light)
        )
    return code or code_2, found | found_2, said + said_2


def told(place: Path, user: str, *options: str) -> tuple[int, dict[str, dict[str, object]], str]:
    """Run attempts in a process of that user; returns its exit code, outcomes by attempt, and what it printed."""
    home = Path(tempfile.mkdtemp(dir=place))
    python, identity = Path(sys.executable), {}
    if user == "user" and os.geteuid() == 0:
        identity = nobody()
        os.chown(home, identity["user"], identity["group"])
        python = interpreter_for_nobody(home)
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    environment |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [python, "-W", "ignore", "-m", "tests.escapes", "--json", home / "outcomes.json", *options],
        **identity,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LASTS,
    )
    outcomes = home / "outcomes.json"
    found = json.loads(outcomes.read_text()) if outcomes.exists() else []
    return ran.returncode, {one["id"]: one for one in found}, ran.stdout + ran.stderr


@pytest.mark.timeout(LASTS)
@pytest.mark.parametrize("user", USERS)
def test_confined_all_are_refused_but_those_known_to_be_open(place: Path, user: str) -> None:
    code, outcomes, said = whole(place, user)
    assert code == 0, said
    assert {one["isolation"] for one in outcomes.values()} == {"confined"}
    assert len(outcomes) >= AT_LEAST


@pytest.mark.timeout(LASTS)
@pytest.mark.parametrize(("user", "part"), CONTROLS)
def test_without_confinement_each_would_have_worked(place: Path, user: str, part: tuple[str, ...]) -> None:
    """An attempt that is refused anyway says nothing about the sandbox."""
    code, outcomes, said = told(place, user, "--control", *part) if part else whole(place, user, "--control")
    assert code == 0, said
    assert {one["isolation"] for one in outcomes.values()} == {"process"}


def test_the_table_covers_all_areas_and_says_why_something_is_open() -> None:
    table = read_table()
    areas = Counter(attempt.area for attempt in table)
    assert set(areas) == AREAS
    assert min(areas.values()) >= 15
    assert sum(areas.values()) >= AT_LEAST
    known_open = [attempt for attempt in table if attempt.known_open]
    assert len(known_open) <= 8
    assert all(len(attempt.known_open) > 20 for attempt in known_open)


def test_a_cell_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="not understood"):
        read_cells("area", "# %% Name with spaces | won\npass\n")
    with pytest.raises(ValueError, match="no such judge"):
        read_cells("area", "# %% name | looked\npass\n")


def test_a_cell_says_where_and_how_it_runs() -> None:
    text = "# %% a | won | careless=plain seconds=2 memory=3M open=a reason\nfirst()\n\n# %% b | printed\nsecond()\n"
    first, second = read_cells("area", text)
    assert (first.id, first.code, first.careless, first.seconds) == ("area/a", "first()", "plain", 2.0)
    assert (first.limits, first.alone, first.known_open) == ({"memory": 3 * 2**20}, True, "a reason")
    assert (second.judge, second.alone, second.limits) == ("printed", False, {})


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
