"""The fork server's part in a host's life: a host that forks, and one that is killed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from csvagent_jupyter.confinement.folders import sweep

FORKS_WHILE_MEASURING = """
    import asyncio, os, sys, threading, time
    from pathlib import Path
    from csvagent_jupyter.sandbox import SandboxKernel
    from csvagent_jupyter.sandbox.forking import usual_server
    async def two():
        kernel = SandboxKernel()
        await kernel.start()
        done = await kernel.execute("1 + 1", timeout=30)
        level = kernel.isolation
        await kernel.stop()
        return done.value, level
    server = usual_server()
    if sys.argv[1] == "measuring":
        threading.Thread(target=lambda: asyncio.run(two())).start()
        while server._refused is None:
            time.sleep(0)
    else:
        from csvagent_jupyter.sandbox import forking
        forking._lock.acquire()
    child = os.fork()
    if child == 0:
        print(*asyncio.run(asyncio.wait_for(two(), 45)), flush=True)
        os._exit(0)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("meanwhile", ["measuring", "locked"])
def test_a_fork_of_a_host_that_was_just_starting_a_kernel_can_start_its_own(meanwhile: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(FORKS_WHILE_MEASURING), meanwhile]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    assert (done.stdout, done.returncode) == ("2 confined\n", 0), done.stderr


OWNER = """
    import asyncio
    from csvagent_jupyter.sandbox import SandboxKernel
    async def go_on(forked):
        kernel = SandboxKernel(forked=forked)
        await kernel.start()
        print("ready", flush=True)
        await asyncio.sleep(30)
    import sys
    asyncio.run(go_on(sys.argv[1] == "forked"))
"""
FOLDERS_AT_THE_KILL = (1, 2, 3, 4)  # it is ready before it has made the last of these


@pytest.mark.parametrize("start", ["forked", "started"])
def test_what_a_killed_asker_left_is_swept_by_the_next_one(tmp_path: Path, start: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(OWNER), start]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    for number in FOLDERS_AT_THE_KILL:
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as owner:
            assert owner.stdout is not None
            while (
                len(list(tmp_path.glob("csvagent-*/owner"))) < number
                and not select.select([owner.stdout], [], [], 0.001)[0]
            ):
                continue
            owner.kill()
        deadline = time.monotonic() + 60
        while list(tmp_path.glob("csvagent-*")) and time.monotonic() < deadline:
            sweep(tmp_path)  # as the next one does; a fork server may be just ending
            time.sleep(0.05)
        assert list(tmp_path.glob("csvagent-*")) == []
