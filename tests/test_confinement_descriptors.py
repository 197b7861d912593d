"""What a kernel has open when foreign code begins: its own, and nothing of the process that started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Opens a file, sockets and pipes that any program would inherit, starts a kernel, and tells what is open in both.
STARTER = """
import asyncio, json, os, socket, sys
from pathlib import Path
place, forked, confined = Path(sys.argv[1]), sys.argv[2] == "forked", sys.argv[3] == "confined"
(place / "canary").write_text("secret")
local = socket.socket(socket.AF_UNIX)
local.bind(str(place / "local"))
network = socket.create_server(("127.0.0.1", 0))
canaries = [os.open(place / "canary", os.O_RDWR), os.open(place, os.O_PATH), local.fileno(), network.fileno(),
    *os.pipe(), *(one.detach() for one in socket.socketpair())]
for number, canary in enumerate(tuple(canaries)):
    canaries.append(os.dup2(canary, 900 + number))
for canary in canaries:
    os.set_inheritable(canary, True)
from csvagent_jupyter.sandbox import SandboxKernel
INSIDE = '''
import json, os, socket
opened = {}
for number in range(4096):
    try:
        opened[number] = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        continue
names = {}
for number, target in opened.items():
    if target.startswith("socket:"):
        with socket.socket(fileno=os.dup(number)) as one:
            names[number] = [one.family.name, one.type.name, one.getsockname()]
print(json.dumps({"opened": opened, "sockets": names, "pid": os.getpid()}))
'''
async def main():
    kernel = SandboxKernel(forked=forked, confined=confined)
    await kernel.start()
    try:
        done = await kernel.execute(INSIDE, timeout=60)
        assert done.error is None, done.error
        theirs = [os.readlink(f"/proc/self/fd/{canary}") for canary in canaries]
        level, ipc = kernel.isolation, str(kernel.folder / "ipc")
    finally:
        await kernel.stop()
    print(json.dumps(json.loads(done.stdout) | {"theirs": theirs, "level": level, "ipc": ipc}))
asyncio.run(main())
"""
ANONYMOUS = {"anon_inode:[eventfd]", "anon_inode:[eventpoll]"}
OF_PROC = {
    *("cpuinfo", "loadavg", "meminfo", "stat", "sys/vm/overcommit_memory", "uptime"),
    *(f"PID/{name}" for name in ("status", "statm", "stat", "maps", "smaps", "cgroup", "limits", "cmdline", "comm")),
    *("PID/io", "PID/fd"),
}


@pytest.mark.parametrize(("start", "level"), [("forked", "confined"), ("started", "confined"), ("started", "process")])
def test_a_kernel_has_its_own_descriptors_and_none_of_its_starters(tmp_path: Path, start: str, level: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", STARTER, str(tmp_path), start, level]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    opened = {int(number): target for number, target in found["opened"].items()}
    assert found["level"] == level
    assert len(found["theirs"]) == 16 and not set(opened.values()) & set(found["theirs"])
    assert [opened.pop(number) for number in (0, 1, 2)] == ["/dev/null"] * 3
    sockets = {number: opened.pop(int(number)) for number in found["sockets"]}
    assert sockets and all(target.startswith("socket:") for target in sockets.values())
    for family, kind, name in found["sockets"].values():
        assert (family, kind) == ("AF_UNIX", "SOCK_STREAM")
        assert name == "" or name.startswith(f"{found['ipc']}/")
    held = {target for target in opened.values() if target.startswith("/")}
    assert {path.replace(f"/proc/{found['pid']}/", "/proc/PID/") for path in held} == (
        {f"/proc/{name}" for name in OF_PROC} if level == "confined" else set()
    )
    assert set(opened.values()) - held == ANONYMOUS
