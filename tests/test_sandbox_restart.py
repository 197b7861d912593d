"""A kernel that starts again in its folder runs nothing that earlier code left there, before it is confined."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from csvagent_jupyter.sandbox.layout import empty_home, make_folder

ROOT = Path(__file__).parents[1]
# What Python and a kernel import while they start
NAMES = ("argparse", "colorsys", "decimal", "pandas", "sitecustomize", "usercustomize", "zmq")
# It starts a kernel as a Jupyter server does, has it plant modules that would write outside, and starts it again.
SCRIPT = """
import asyncio, json, os, sys
from pathlib import Path
from jupyter_client.manager import AsyncKernelManager
from traitlets.config import Config
from csvagent_jupyter.sandbox.specs import KERNEL_NAME, SandboxSpecs, register_provisioner

told = json.loads(sys.argv[1])

async def run(client, code):
    lines = []
    def take(message):
        lines.append(message["content"].get("text", "") + "".join(message["content"].get("traceback", [])))
    await client.execute_interactive(code, timeout=30, output_hook=take)
    return "".join(lines)

async def main():
    register_provisioner()
    config = Config({"SandboxProvisioner": {"forked": told["forked"]}})
    manager = AsyncKernelManager(kernel_name=KERNEL_NAME, kernel_spec_manager=SandboxSpecs(), config=config)
    await manager.start_kernel()
    results = {}
    for turn in ("planted", "again"):
        client = manager.client(); client.start_channels()
        await client.wait_for_ready(timeout=30)
        results[turn] = (await run(client, told["code"][turn])).strip()
        results[turn + " level"] = manager.provisioner.report.isolation
        client.stop_channels()
        if turn == "planted":
            await manager.restart_kernel(now=True)
    await manager.shutdown_kernel(now=True)
    print(json.dumps(results))

asyncio.run(main())
"""
PLANT = """
import os, sysconfig
places = [".", "..", "../tmp", "../home", sysconfig.get_path("purelib", "posix_user", {"userbase": "../home/.local"})]
made = 0
for place in places:
    for name in NAMES:
        try:
            os.makedirs(place, exist_ok=True)
            open(f"{place}/{name}.py", "w").write(EVIL)
            made += 1
        except OSError:
            continue
open("kept.txt", "w").write("kept")
os.makedirs("../home/matplotlib", exist_ok=True)
open("../home/matplotlib/matplotlibrc", "w").write("lines.linewidth: 77")
open("matplotlibrc", "w").write("lines.linewidth: 78")
print(made)
"""
AGAIN = """
import os, matplotlib
import argparse, colorsys
print(open("kept.txt").read(), os.getcwd().endswith("/work"), matplotlib.rcParams["lines.linewidth"] < 70)
"""


def restarted(environment: dict[str, str], program: str, forked: bool) -> tuple[dict[str, Any], str]:
    """Start a kernel twice in one folder, and return what was told and what the planted modules wrote outside."""
    with tempfile.TemporaryDirectory(prefix="restart-") as place:
        canary = Path(place, "canary")
        canary.touch()
        evil = (
            f"try:\n    open({str(canary)!r}, 'a').write(__name__ + ' ')\n"
            "except OSError:\n    pass\nraise ImportError('planted')\n"
        )
        plant = f"NAMES, EVIL = {NAMES!r}, {evil!r}\n{PLANT}"
        told = json.dumps({"forked": forked, "code": {"planted": plant, "again": AGAIN}})
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [program, "-W", "ignore", "-c", SCRIPT, told],
            env=inherited | environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            cwd=place,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1]), canary.read_text()


@pytest.mark.parametrize("forked", [True, False])
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONPATH": f":{ROOT}"},  # as `export PYTHONPATH=$PYTHONPATH:/here` makes it
        {"PYTHONPATH": f"{ROOT}:.:../home", "LD_LIBRARY_PATH": ":/nowhere"},
    ],
)
def test_a_path_that_leads_to_where_code_writes_is_not_taken_along(environment: dict[str, str], forked: bool) -> None:
    told, written = restarted(environment, sys.executable, forked)
    assert written == ""
    assert told == {
        "planted": str(4 * len(NAMES)),  # beside the sandbox's own folders nothing can be planted
        "planted level": "confined",
        "again": "kept True True",
        "again level": "confined",
    }


def test_a_home_that_code_wrote_is_not_where_a_person_has_libraries() -> None:
    """Outside of a virtual environment, with the person's own libraries turned off."""
    libraries = [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *libraries]), "PYTHONNOUSERSITE": "1"}
    told, written = restarted(environment, getattr(sys, "_base_executable", sys.executable), forked=False)
    assert (told["again"], written) == ("kept True True", "")


def test_only_the_home_is_emptied_and_links_in_it_are_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "box", tmp_path / "outside"
    make_folder(folder)
    outside.mkdir()
    for path in (outside / "file", folder / "work" / "file", folder / "tmp" / "file", folder / "home" / ".rc"):
        path.touch()
    (folder / "home" / "link").symlink_to(outside)
    (folder / "home" / "closed").mkdir(mode=0o0)
    empty_home(folder)
    make_folder(folder)
    assert sorted(path.name for path in (folder / "home").rglob("*")) == ["ipython", "jupyter", "matplotlib"]
    assert [(outside / "file").exists(), (folder / "work" / "file").exists()] == [True, True]
    assert list((folder / "tmp").iterdir()) == []
