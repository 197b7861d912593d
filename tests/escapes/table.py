"""The table of attempts, read from the cells in `attempts/`.

A cell begins with ``# %% name | judge | options``. The judge says how success is told:

printed  what only the canaries know came back     reached  a canary listener heard from the code
won      the code called `won()`, which prints      changed  a canary file, or a file of the host, is not what it was
died     a canary process ended, or the asker        flooded  the asker's memory grew by what the code sent
         was sent a signal                           hung     the asker did not return in time
                                                     script   something on the page would run

Options: `alone` (a kernel of its own), `careless` (the control run reads as trusting
software would; `careless=plain` sends the code as an ordinary cell), `who=root`,
`machine=x86_64`, `seconds=2` (its deadline), `memory=256M` and the like (a limit, only where confined),
`heavy` (not among those that `make test` runs, for its time or memory), `waits` (does nothing but wait: the control run
has several of them side by side), `child` (in the control run the kernel is a child of ours, not of the fork server),
and at the end `open=reason` for what is known to stay possible.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

CELLS = Path(__file__).parent / "attempts"
JUDGES = frozenset({"printed", "won", "reached", "changed", "died", "flooded", "hung", "script"})
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}
_HEAD = re.compile(r"^# %% (?P<name>[a-z0-9-]+) \| (?P<judge>[a-z]+)(?: \| (?P<options>.+))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; `limits` are those of its confined run, `known_open` is why it is expected to work there too."""

    area: str
    name: str
    judge: str
    code: str
    alone: bool = False
    careless: str = ""
    who: str = ""
    machine: str = ""
    seconds: float = 20.0
    limits: dict[str, int] = field(default_factory=dict)
    known_open: str = ""
    heavy: bool = False
    waits: bool = False
    child: bool = False

    @property
    def id(self) -> str:
        return f"{self.area}/{self.name}"

    @property
    def digest(self) -> str:
        """Changes when what the attempt does, or how it is judged, does."""
        return hashlib.sha256(f"{self.judge}\n{self.careless}\n{self.code}".encode()).hexdigest()[:16]


def part_of(table: Iterable[Attempt], part: str) -> list[Attempt]:
    """Return the attempts of a part: `whole`, `light`, `heavy`, or the `sample` that a quick control run takes.

    The sample has all that go quickly, those against others among them, and one of each kind of the rest.
    """
    if part == "whole":
        return list(table)
    if part == "heavy":
        return [one for one in table if one.heavy]
    light = [one for one in table if not one.heavy]
    if part == "light":
        return light
    first: dict[tuple[str, str], Attempt] = {}
    for one in light:
        first.setdefault((one.area, one.judge), one)
    return [one for one in light if one.area == "published" or not one.alone or first[one.area, one.judge] is one]


def read_table(folder: Path = CELLS) -> tuple[Attempt, ...]:
    """Return all attempts in the order of their files; a name is given once."""
    found = [attempt for path in sorted(folder.glob("*.py")) for attempt in read_cells(path.stem, path.read_text())]
    names = [attempt.id for attempt in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"given twice: {sorted(twice)}")
    return tuple(found)


def read_cells(area: str, text: str) -> list[Attempt]:
    heads = list(_HEAD.finditer(text))
    if len(heads) != text.count("# %%"):
        raise ValueError(f"{area}: a cell's first line is not understood")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [_attempt(area, head, text[head.end() : end].strip()) for head, end in zip(heads, ends, strict=True)]


def _attempt(area: str, head: re.Match[str], code: str) -> Attempt:
    if head["judge"] not in JUDGES:
        raise ValueError(f"{area}/{head['name']}: no such judge")
    options, _, known_open = (head["options"] or "").partition("open=")
    given: dict[str, str] = {}
    for word in options.split():
        key, _, value = word.partition("=")
        given[key] = value
    attempt = Attempt(
        area,
        head["name"],
        head["judge"],
        code,
        careless=(given.pop("careless") or "order") if "careless" in given else "",
        who=given.pop("who", ""),
        machine=given.pop("machine", ""),
        seconds=float(given.pop("seconds", 20)),
        known_open=known_open,
        alone=given.pop("alone", None) is not None,
        heavy=given.pop("heavy", None) is not None,
        waits=given.pop("waits", None) is not None,
        child=given.pop("child", None) is not None,
        limits=(limits := {key: _size(value) for key, value in given.items()}),
    )
    return replace(attempt, alone=attempt.alone or attempt.child or bool(limits))


def _size(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else int(text)
