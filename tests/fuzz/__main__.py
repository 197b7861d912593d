"""``python -m tests.fuzz [--seconds N] [--seed N] [--folder DIR] [--bare]``: damaged files are read until time is up.

A fault is a crash, a reading that does not end, memory that grows, letters of the file that are in no cell and in no
note, shown code that gives another table, a profile that does not fit. Each is made small and kept in the folder: the
file, and beside it how it was read. With the seed that is printed first, the same files come again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import selectors
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from .judge import CHECKS
from .minimise import smaller
from .mutations import NAMES, damaged, options
from .seeds import generated, published

LONGEST = 60.0
MOST_MEMORY = 400 << 10  # kilobytes that judging may take, beside a share of the file's size
PER_BYTE = 100


class Verdict(NamedTuple):
    """What came of a file: the fault's kind and place, empty when there is none."""

    kind: str = ""
    where: str = ""
    detail: str = ""
    holds: int = 0


class Judge:
    """A process that judges; another one takes its place when it dies or does not answer."""

    def __init__(self, folder: Path, bare: bool) -> None:
        self.folder = folder
        self.options = ["--bare"] if bare else []
        self.process: subprocess.Popen[str] | None = None

    def judge(self, data: bytes, name: str, stated: dict[str, Any], check: str) -> Verdict:
        path = self.folder / name
        path.write_bytes(data)
        process = self._ready()
        assert process.stdin is not None and process.stdout is not None
        begin = time.monotonic()
        try:
            process.stdin.write(json.dumps({"path": str(path), "options": stated, "check": check}) + "\n")
            process.stdin.flush()
            with selectors.DefaultSelector() as waiting:
                waiting.register(process.stdout, selectors.EVENT_READ)
                if not waiting.select(LONGEST):
                    self.end()
                    return Verdict("hang", check, f"no answer in {LONGEST} seconds")
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            status = process.wait()
            self.end()
            return Verdict("death", f"status {status}", "the process that judged ended")
        told = json.loads(line)
        if told["finding"]:
            return Verdict(*told["finding"], told["holds"])
        if told["grew"] > MOST_MEMORY + PER_BYTE * len(data) // 1024:
            return Verdict("memory", check, f"{told['grew']} kB for {len(data)} bytes", told["holds"])
        if time.monotonic() - begin > LONGEST / 2:
            return Verdict("slow", check, f"{time.monotonic() - begin:.0f} seconds", told["holds"])
        return Verdict(holds=told["holds"])

    def _ready(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "tests.fuzz.worker", *self.options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        return self.process

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            self.process = None


def main() -> None:
    """Damage, read and judge until time is up; the status is 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--check", choices=CHECKS, default=None)
    parser.add_argument("--bare", action="store_true", help="without the confined process: faster")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {seed}, findings go to {given.folder}", flush=True)
    with TemporaryDirectory(prefix="csvagent-") as folder:
        judge = Judge(Path(folder), given.bare)
        try:
            found = _hunt(judge, seed, given.seconds, given.folder, given.check)
        finally:
            judge.end()
    sys.exit(1 if found else 0)


def _hunt(judge: Judge, seed: int, seconds: float, folder: Path, check: str | None) -> Counter[tuple[str, str]]:
    kept = published()
    found: Counter[tuple[str, str]] = Counter()
    begin, told, number, first = time.monotonic(), 0.0, 0, 0
    while (passed := time.monotonic() - begin) < seconds:
        chance = random.Random(f"{seed}/{number}")
        data, other = (_seed(chance, kept) for _ in range(2))
        if chance.random() < 0.95:
            data = damaged(chance, data, other)
        name, stated, way = chance.choice(NAMES), options(chance), check or chance.choice(CHECKS)
        verdict = judge.judge(data, name, stated, way)
        number += 1
        first = first or verdict.holds
        if passed - told > 60:
            told = passed
            print(f"{passed:6.0f} s, {number} files, {len(found)} findings, {verdict.holds >> 10} MB", flush=True)
        if verdict.kind:
            found[verdict.kind, verdict.where] += 1
            if found[verdict.kind, verdict.where] == 1:
                _keep(judge, verdict, data, name, stated, way, folder, f"{seed}/{number - 1}")
    print(f"{number} files; " + (", ".join(f"{kind} {where}: {n}" for (kind, where), n in found.items()) or "nothing"))
    return found


def _seed(chance: random.Random, kept: list[bytes]) -> bytes:
    return chance.choice(kept) if kept and chance.random() < 0.5 else generated(chance)


def _keep(
    judge: Judge, verdict: Verdict, data: bytes, name: str, stated: dict[str, Any], way: str, folder: Path, origin: str
) -> None:
    """Make the file small, and write it down with how it was read."""

    def shows(candidate: bytes, options: dict[str, Any]) -> bool:
        return judge.judge(candidate, name, options, way)[:2] == verdict[:2]

    tries = 5 if verdict.kind in {"hang", "slow"} else 300
    if verdict.kind in {"hang", "slow", "death"} and not shows(data, stated):
        return  # a moment's doing of the machine
    least, options = smaller(data, stated, shows, tries)
    final = judge.judge(least, name, options, way)
    label = re.sub(r"\W+", "-", f"{verdict.kind}-{verdict.where}")[:60].strip("-")
    target = folder / f"{label}-{hashlib.sha256(least).hexdigest()[:6]}"
    target.with_suffix(".csv").write_bytes(least)
    how = {"name": name, "options": options, "check": way, "origin": origin, "bytes": repr(least[:2000])}
    how |= {"kind": verdict.kind, "where": verdict.where, "detail": final.detail or verdict.detail}
    target.with_suffix(".json").write_text(json.dumps(how, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{verdict.kind}: {verdict.where} ({len(least)} bytes, {options}): {target}", flush=True)


if __name__ == "__main__":
    main()
