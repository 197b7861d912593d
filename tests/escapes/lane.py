"""A run of the table in a process of its own, as root or as an ordinary user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .leftovers import own_folder
from .ordinary import interpreter_for_nobody, nobody
from .runner import Outcome, user_here

__all__ = ["LASTS", "USERS", "Lane", "Ran", "own_folder"]
ROOT = Path(__file__).parent.parent.parent
USERS = ("root", "user") if user_here() == "root" else ("user",)
LASTS = 600


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to: its exit code, its outcomes, and what it printed."""

    code: int
    outcomes: tuple[Outcome, ...]
    said: str


class Lane:
    """One run that goes on beside others until it is asked for; `place` is a folder that both users can enter."""

    def __init__(self, place: Path, user: str, *options: str) -> None:
        home = Path(tempfile.mkdtemp(dir=place))
        python, identity = Path(sys.executable), {}
        if user != user_here():
            identity = nobody()
            os.chown(home, identity["user"], identity["group"])
            python = interpreter_for_nobody(home)
        environment = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        environment |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
        self._outcomes, self._said = home / "outcomes.json", home / "said.txt"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [python, "-W", "ignore", "-m", "tests.escapes", "--json", self._outcomes, *options],
                **identity,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def result(self) -> Ran:
        """Wait for the end of the run."""
        code = self._process.wait(LASTS)
        found = json.loads(self._outcomes.read_text()) if self._outcomes.exists() else []
        return Ran(code, tuple(Outcome(**one) for one in found), self._said.read_text("utf-8", "replace"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the run if it still goes on; it puts its things away first."""
        with self._process:
            if self._process.poll() is None:
                self._process.terminate()
