"""The outer layer: real where this host has it, with programs that stand in for it, and where it is missing."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confined import NOBODY, USERS
from escapes.ordinary import interpreter_for_nobody, nobody

from csvagent_jupyter.confinement.outer import OUTER_LAYERS, Trouble, chosen, command_in, trouble
from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.translations import LANGUAGES

ROOT = Path(__file__).parents[1]
KERNEL = """
import asyncio, json, os, sys
from csvagent_jupyter.confinement.outer import trouble
from csvagent_jupyter.exceptions import CSVAgentError
from csvagent_jupyter.sandbox import SandboxKernel
from csvagent_jupyter.sandbox.forking import prewarm
asked = os.environ["CSVAGENT_OUTER_LAYER"]
INSIDE = '''
import json, os, time
import pandas as pd
from pathlib import Path
Path("file").write_text("kept")
print(json.dumps({
    "there": [path for path in PATHS if os.path.lexists(path)],
    "sum": int(pd.Series([1, 2]).sum()), "kept": Path("file").read_text(), "pid": os.getpid(),
}))
'''
async def main():
    layer = os.environ.pop("SET", None)
    prewarm(layer)
    kernel = SandboxKernel(forked=sys.argv[1] == "forked", outer_layer=layer)
    try:
        await kernel.start()
        done = await kernel.execute(f"PATHS = {sys.argv[2:]!r}" + INSIDE, timeout=60)
        assert done.error is None, done.error
        found = json.loads(done.stdout) | {"level": kernel.isolation, "gaps": kernel.isolation_gaps}
        print(json.dumps(found | {"folder": str(kernel.folder), "trouble": asked and repr(trouble())}), flush=True)
        if sys.stdin.readline():
            await asyncio.sleep(60)
    except CSVAgentError as error:
        print(json.dumps({"refused": str(error)}), flush=True)
    finally:
        await kernel.stop()
asyncio.run(main())
"""
DOCTOR = "import sys; from csvagent_jupyter.cli import main; sys.exit(main())"
NAMED = "The code can tell whether a file exists, its size and date, and where a link leads, when it guesses the path."
NUMBERED = "The code can tell which process numbers are in use on this computer, and by which account."
LOCKED = "The code can lock files of the libraries, for which another program that locks them too would wait."
PASSES = """#!/bin/sh
echo "$@" >> "$0.log"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""
REFUSES = """#!/bin/sh
echo "No permissions to create a new namespace" >&2
exit 1
"""


class Host:
    """A place for one user: a temporary folder of its own, and canaries beside it."""

    def __init__(self, folder: Path, user: str) -> None:
        self.temporary, self.theirs, self.programs = folder / "t", folder / "theirs", folder / "bin"
        for made in (self.temporary, self.theirs, self.programs):
            made.mkdir()
        (self.theirs / "secret").write_text("canary")
        (self.theirs / "link").symlink_to("secret")
        self.paths = [str(self.theirs / "secret"), str(self.theirs / "link"), "/etc/passwd", str(ROOT / "README.md")]
        self._identity: dict[str, Any] = {}
        self._python = Path(sys.executable)
        if user == "nobody":
            os.chown(self.temporary, NOBODY, NOBODY)
            self._identity, self._python = nobody(), interpreter_for_nobody(folder)

    def program(self, text: str) -> None:
        """Have this program found as bubblewrap."""
        program = self.programs / "bwrap"
        program.write_text(text)
        program.chmod(0o755)

    def environment(self, layer: str, path: str | None = None, setting: str | None = None) -> dict[str, str]:
        """What a process of this user is started with."""
        return ({} if setting is None else {"SET": setting}) | {
            "PATH": path if path is not None else f"{self.programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.temporary),
            "TMPDIR": str(self.temporary),
            "CSVAGENT_OUTER_LAYER": layer,
        }

    def start(
        self, layer: str, *, forked: bool = True, path: str | None = None, setting: str | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a kernel in a process of this user, which waits for a line or the end of its input."""
        command = [self._python, "-W", "ignore", "-c", KERNEL, "forked" if forked else "started", *self.paths]
        return subprocess.Popen(
            command,
            **self._identity,
            env=self.environment(layer, path, setting),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ask(
        self, layer: str, *, forked: bool = True, path: str | None = None, setting: str | None = None
    ) -> dict[str, Any]:
        """Start a kernel, end it, and return what it told."""
        with self.start(layer, forked=forked, path=path, setting=setting) as process:
            told, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
        found: dict[str, Any] = json.loads(told)
        return found

    def left(self) -> list[str]:
        """What is in the temporary folder, but for the one that all sandboxes share and caches of libraries."""
        return [str(path) for path in self.temporary.rglob("csvagent-*") if path.name.count("-") > 1 or path.is_file()]


@contextlib.contextmanager
def host_of(user: str) -> Iterator[Host]:
    with tempfile.TemporaryDirectory(prefix="o", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)
        yield Host(Path(place), user)


@pytest.fixture
def host() -> Iterator[Host]:
    with host_of("tester") as one:
        yield one


def works(user: str) -> bool:
    """Whether bubblewrap itself works here for that user."""
    program = shutil.which("bwrap")
    identity = nobody() if user == "nobody" else {}
    command = [program or "", "--unshare-net", "--ro-bind", "/", "/", "true"]
    return program is not None and subprocess.run(command, **identity, capture_output=True).returncode == 0


@pytest.mark.parametrize("user", USERS)
def test_other_paths_are_not_there_where_bubblewrap_works_and_it_is_said_where_it_does_not(user: str) -> None:
    with host_of(user) as host:
        found = host.ask("bubblewrap")
        assert (found["level"], found["sum"], found["kept"]) == ("confined", 3, "kept")
        if works(user):
            assert (found["trouble"], found["there"], found["gaps"]) == ("None", [], [NUMBERED, LOCKED])
            assert Path(found["folder"]).parent.parent == host.temporary
        else:
            assert (found["there"], found["gaps"]) == (host.paths, [NAMED, NUMBERED, LOCKED])
            assert "confinement.outer_" in found["trouble"]
        assert host.left() == []


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("first", ["starter", "server"])
def test_nothing_is_left_when_who_started_it_or_the_layer_is_killed(user: str, first: str) -> None:
    with host_of(user) as host, host.start("bubblewrap") as starter:
        assert starter.stdout is not None
        kernel = json.loads(starter.stdout.readline())["pid"]
        server = _parent(kernel)
        watched = [os.pidfd_open(pid) for pid in {kernel, server, _parent(server)} - {starter.pid}]
        os.kill(starter.pid if first == "starter" else server, signal.SIGKILL)
        for process in watched:
            assert select.select([process], [], [], 10)[0]
            os.close(process)
        starter.communicate(timeout=30)
        assert host.left() == []
        place = next(host.temporary.glob("csvagent-*"), None)
        assert place is None or stat.S_IMODE(place.stat().st_mode) == 0o700


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_it_is_not_used_unless_it_is_asked_for(host: Host) -> None:
    host.program(PASSES)
    found = host.ask("")
    assert (found["gaps"], Path(found["folder"]).parent) == ([NAMED, NUMBERED, LOCKED], host.temporary)
    assert not (host.programs / "bwrap.log").exists()


def test_the_fork_server_is_started_through_the_program_and_a_layer_that_hides_nothing_is_told_as_open(
    host: Host,
) -> None:
    host.program(PASSES)
    found = host.ask("required")
    assert (found["level"], found["sum"]) == ("confined", 3)
    assert (found["there"], found["gaps"]) == (host.paths, [NAMED, NUMBERED, LOCKED])
    trial, server = (host.programs / "bwrap.log").read_text().splitlines()
    assert trial.endswith("-c") or trial.endswith("-c ")
    place = Path(found["folder"]).parent
    assert f"--bind {place} {place} -- " in server and "csvagent_jupyter.confinement.forkserver" in server
    assert "--unshare-net" in server
    assert host.left() == []


@pytest.mark.parametrize(("program", "word"), [(REFUSES, "No permissions to create"), (None, "is not installed")])
def test_where_there_can_be_none_it_goes_on_without_or_refuses_as_the_setting_says(
    host: Host, program: str | None, word: str
) -> None:
    if program is not None:
        host.program(program)
    path = None if program is not None else str(host.programs)
    found = host.ask("bubblewrap", path=path)
    assert (found["level"], found["gaps"], found["there"]) == ("confined", [NAMED, NUMBERED, LOCKED], host.paths)
    refused = host.ask("required", path=path)["refused"]
    assert word in refused and "set the outer layer to off" in refused
    assert host.left() == []


@pytest.mark.parametrize(
    ("program", "mark", "word"),
    [(PASSES, "✓ outer layer", "bubblewrap"), (REFUSES, "✗ outer layer", "No permissions")],
    ids=["there", "refused"],
)
def test_the_doctor_tells_whether_there_is_one(host: Host, program: str, mark: str, word: str) -> None:
    host.program(program)
    command = [sys.executable, "-W", "ignore", "-c", DOCTOR, "doctor", "--lang", "en"]
    environment = host.environment("bubblewrap")
    done = subprocess.run(command, env=environment, cwd=host.theirs, capture_output=True, text=True, timeout=120)
    row = next(line for line in done.stdout.splitlines() if line.startswith(mark))
    assert word in row
    assert NAMED in done.stdout


def test_an_ordinary_start_has_no_outer_layer_and_is_refused_where_that_is_required(host: Host) -> None:
    host.program(PASSES)
    assert host.ask("bubblewrap", forked=False)["gaps"] == [NAMED, NUMBERED, LOCKED]
    assert "The outer layer around the code is required" in host.ask("required", forked=False)["refused"]


def test_a_setting_goes_before_the_environment(host: Host) -> None:
    host.program(PASSES)
    assert Path(host.ask("off", setting="required")["folder"]).parent.name == f"csvagent-{os.getuid()}"
    assert Path(host.ask("required", setting="off")["folder"]).parent == host.temporary
    host.program(REFUSES)
    assert "No permissions to create a new namespace" in host.ask("off", setting="required")["refused"]
    assert "refused" not in host.ask("on", setting="off")


def test_a_folder_that_somebody_else_made_is_not_used(host: Host) -> None:
    host.program(PASSES)
    (host.temporary / f"csvagent-{os.getuid()}").symlink_to(host.theirs)
    assert "refused" in host.ask("required")
    assert sorted(path.name for path in host.theirs.iterdir()) == ["link", "secret"]


def test_an_unknown_value_is_refused_in_words(host: Host) -> None:
    assert "CSVAGENT_OUTER_LAYER is on, which is not known" in host.ask("on")["refused"]
    assert [chosen({"CSVAGENT_OUTER_LAYER": value}) for value in ("", " Off", *OUTER_LAYERS)] == [
        *("off", "off"),
        *OUTER_LAYERS,
    ]
    with pytest.raises(KernelDied) as caught:
        chosen({"CSVAGENT_OUTER_LAYER": "on"})
    for language in LANGUAGES:
        said = caught.value.say(language)
        assert "CSVAGENT_OUTER_LAYER" in said and "off, bubblewrap, required" in said


def test_what_is_missing_is_said_in_each_language() -> None:
    for key in ("confinement.outer_missing", "confinement.outer_refused"):
        texts = {Trouble(key, "its own words").say(language) for language in LANGUAGES}
        assert len(texts) == len(LANGUAGES) and all("bwrap" in text for text in texts)
    assert trouble() is trouble()


def test_of_the_file_system_only_one_place_can_be_written(tmp_path: Path) -> None:
    words = command_in(tmp_path)
    written = [words[at + 1] for at, word in enumerate(words) if word == "--bind"]
    shown = [words[at + 2] for at, word in enumerate(words) if word == "--ro-bind"]
    assert written == ["/proc", str(tmp_path)]
    assert not {"/", "/etc", "/home", "/root", "/tmp", "/var", sys.prefix, sys.base_prefix, str(ROOT)} & set(shown)
    assert words[-1] == "--"
