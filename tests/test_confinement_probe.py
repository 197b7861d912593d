"""The level is measured: the same attempts succeed without the confinement and are refused under it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from confined import USERS, run_child

from csvagent_jupyter.confinement.probe import ATTEMPTS, Measured, measure_apart
from csvagent_jupyter.translations import LANGUAGES, say

MAY_STAY_OPEN = {name for name, attempt in ATTEMPTS.items() if attempt.may_stay_open}
OPEN = ["confinement.gap_paths", "confinement.gap_process_ids", "confinement.gap_locks"]


@pytest.mark.parametrize("user", USERS)
def test_every_attempt_succeeds_without_confinement_and_is_refused_under_it(user: str) -> None:
    code = """
import tempfile
tempfile.tempdir = str(foreign)  # where nobody else measures at the same time
results["control"] = probe.measure(None).to_dict()
results["confined"] = probe.measure(policy).to_dict()
results["left"] = [path.name for path in foreign.iterdir() if path.name != "secret"]
"""
    results = run_child(code, user)
    control, confined = results["control"], results["confined"]
    assert {name for name in ATTEMPTS if control["refused"].get(name)} == set()
    assert control["level"] == "process"
    assert set(control["gaps"]) == {attempt.gap for attempt in ATTEMPTS.values()}
    assert (
        {name for name in ATTEMPTS if not confined["refused"][name]}
        == MAY_STAY_OPEN
        == {"stat", "link_target", "process_id", "lock"}
    )
    assert (confined["level"], confined["gaps"]) == ("confined", OPEN)
    assert results["left"] == []


@pytest.mark.parametrize(
    ("missing", "gap", "closed"),
    [
        ("landlock_create_ruleset", "confinement.gap_files", "confinement.gap_network"),
        ("seccomp", "confinement.gap_processes", "confinement.gap_files"),
    ],
)
def test_a_missing_layer_is_a_lower_level_and_a_gap(missing: str, gap: str, closed: str) -> None:
    code = f"""
seccomp.install(seccomp.program(Rules((), {{"{missing}": errno.ENOSYS}}, {{}}, None), machine()))
results = probe.measure(policy).to_dict()
"""
    results = run_child(code)
    assert results["level"] == "process"
    assert gap in results["gaps"]
    assert closed not in results["gaps"]


def test_what_is_not_told_counts_as_open() -> None:
    assert Measured.from_refused({}).level == "process"
    all_refused = dict.fromkeys(ATTEMPTS, True)
    assert Measured.from_refused(all_refused).level == "confined"
    assert Measured.from_refused(all_refused).gaps == ()
    for name in ATTEMPTS.keys() - MAY_STAY_OPEN:
        found = Measured.from_refused(all_refused | {name: False})
        assert (found.level, found.gaps) == ("process", (ATTEMPTS[name].gap,))


def test_the_page_has_a_row_for_each_gap_that_may_stay_open() -> None:
    page = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| **") and "| **yes** |" in line]
    assert len(rows) == len(OPEN)


def test_what_an_outer_layer_hides_is_asked_where_it_hides_it() -> None:
    code = """
results["there"] = probe.measure(policy, foreign).to_dict()["refused"]
probe.lay_out(foreign)
results["asked"] = probe.measure(policy, foreign).to_dict()["refused"]
results["hidden"] = probe.measure(policy, folder / "hidden").to_dict()["refused"]
"""
    results = run_child(code)
    by_path = ("stat", "link_target")
    assert [results["there"][name] for name in by_path] == [False, True]  # a secret is there, and no link
    assert [results["asked"][name] for name in by_path] == [False, False]
    assert [results["hidden"][name] for name in by_path] == [True, True]


def test_a_process_with_threads_measures_in_another_one() -> None:
    assert measure_apart().level == "confined"


def test_the_module_prints_its_finding_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "csvagent_jupyter.confinement.probe"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert '"level": "confined"' in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_deep_temporary_folder_is_no_hindrance() -> None:
    with tempfile.TemporaryDirectory() as place:
        deep = Path(place, "x" * 100)
        deep.mkdir()
        command = [sys.executable, "-P", "-m", "csvagent_jupyter.confinement.probe"]
        environment = os.environ | {"TMPDIR": str(deep)}
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert '"level": "confined"' in done.stdout


def test_a_program_that_could_be_started_prints_nothing_among_the_finding() -> None:
    """What is not refused is really done: the program runs, here with the canaries' process waiting for its end."""
    code = """
import tempfile
tempfile.tempdir = str(foreign)
with probe.ExitStack() as cleaning:
    targets = probe.Targets.make(cleaning)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1); os.dup2(writing, 2)
        probe.ATTEMPTS["exec"].make(targets)
    os.close(writing)
    results["printed"] = os.read(reading, 999).decode()
    results["status"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
    assert run_child(code) == {"printed": "", "status": 0}


def test_every_gap_is_said_in_each_language() -> None:
    for attempt in ATTEMPTS.values():
        assert len({say(attempt.gap, language) for language in LANGUAGES}) == len(LANGUAGES)
