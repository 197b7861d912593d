"""Runs code in a real child process that has confined itself, as the person who tests and as an ordinary user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NOBODY = 65534
USERS = ("tester", "nobody") if os.geteuid() == 0 else ("tester",)

_PRELUDE = """
import ctypes, errno, json, os, resource, signal, socket, struct, subprocess, sys, threading, time
import csvagent_jupyter.confinement.confine as steps
from pathlib import Path
from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.confinement import landlock, privileges, probe, seccomp
from csvagent_jupyter.confinement.confine import confine
from csvagent_jupyter.confinement.policy import Policy, readable_paths
from csvagent_jupyter.confinement.seccomp_rules import Check, Rules, sealed, starting
from csvagent_jupyter.confinement.syscalls import NUMBERS, call, machine, prctl
told = json.loads(sys.argv[1])
folder = Path(told["folder"])
work, ipc, foreign = folder / "work", folder / "ipc", folder / "foreign"
policy = Policy(readable_paths(), (str(work),), (str(ipc),))
if told["user"] == "nobody":
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    prctl(4, 1)  # PR_SET_DUMPABLE: as a process that was this user's from its start

def tried(attempt):
    "What came of it: the name of the error, or nothing."
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    except Exception as error:
        return type(error).__name__
    return ""

results = {}
"""


def run_child(code: str, user: str = "tester") -> dict[str, Any]:
    """Run `code` in a child, which fills `results`; `folder` has work/, ipc/ and foreign/ with a secret in it.

    The folder is not pytest's own, which an ordinary user cannot reach when root tests.
    """
    with tempfile.TemporaryDirectory(prefix="confined-") as place:
        folder = Path(place)
        for name in ("work", "ipc", "foreign"):
            (folder / name).mkdir()
        (folder / "foreign" / "secret").write_text("canary")
        if user == "nobody":
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        script = f"{_PRELUDE}\n{code}\nos.write(1, json.dumps(results).encode())\n"
        told = json.dumps({"folder": place, "user": user})
        command = [sys.executable, "-c", script, told]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False, cwd=folder)
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, Any] = json.loads(done.stdout)
        return found
