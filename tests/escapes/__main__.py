"""``python -m tests.escapes [--control] [--part PART] [PATTERN …]``: run the table and say what worked."""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import os
import secrets
import sys
import time
from pathlib import Path

from .leftovers import end_in_good_order
from .record import record
from .runner import Outcome, applicable, run, to_json, user_here
from .table import part_of, read_table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.escapes")
    parser.add_argument("patterns", nargs="*", default=["*"], help="attempts, as reading/*")
    parser.add_argument("--control", action="store_true", help="without confinement: each attempt must work")
    parser.add_argument("--record", action="store_true", help="write down in control.json what the control run showed")
    parser.add_argument("--part", choices=("whole", "light", "heavy", "sample"), default="whole")
    parser.add_argument("--all", action="store_true", help="name those too that went as they must")
    parser.add_argument("--json", type=Path, help="write the outcomes here")
    chosen = parser.parse_args()
    end_in_good_order()
    table = part_of(applicable(read_table()), chosen.part)
    attempts = [one for one in table if any(fnmatch.fnmatch(one.id, word) for word in chosen.patterns)]
    began = time.monotonic()

    def tell(one: Outcome) -> None:
        wrong = is_wrong(one, control=chosen.control)
        if wrong or chosen.all:
            word = "worked" if one.worked else "refused"
            print(
                "WRONG" if wrong else "right",
                one.id,
                word,
                one.seconds,
                one.detail[-200:].replace("\n", " "),
                flush=True,
            )

    try:
        outcomes = asyncio.run(run(attempts, confined=not chosen.control, told=tell))
    except KeyboardInterrupt:
        return 130
    if chosen.json:
        chosen.json.write_text(to_json(outcomes))
    if chosen.control and chosen.record:
        record(outcomes)
    wrong = [one for one in outcomes if is_wrong(one, control=chosen.control)]
    user = "root" if user_here() == "root" else "an ordinary user"
    levels = ", ".join(sorted({one.isolation for one in outcomes}))
    print(
        f"{len(outcomes)} attempts as {user} at level {levels}: {sum(one.worked for one in outcomes)} worked,"
        f" {len(wrong)} otherwise than expected, {time.monotonic() - began:.0f} s"
    )
    return 1 if wrong else 0


def is_wrong(outcome: Outcome, *, control: bool) -> bool:
    """Tell whether an attempt went otherwise than it must."""
    return not outcome.worked if control else outcome.worked != bool(outcome.known_open)


if __name__ == "__main__":
    if "CSVAGENT_CANARY" not in os.environ:  # so that a key stands in the environment that this process began with
        environment = os.environ | {"CSVAGENT_CANARY": "canary_" + secrets.token_hex(12)}
        os.execve(sys.executable, [sys.executable, "-m", "tests.escapes", *sys.argv[1:]], environment)
    sys.exit(main())
