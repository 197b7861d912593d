"""What a confined process may read: libraries, and nothing of anybody's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy
import pytest

import csvagent_jupyter
from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.confinement.policy import Policy, own_process, readable_paths


def readable(path: str | Path, paths: tuple[str, ...]) -> bool:
    """Whether a path is one of those, or beneath one."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(allowed) for allowed in paths)


def paths_in_a_new_process(**environment: str) -> tuple[str, ...]:
    """What `readable_paths` returns in an interpreter that was started with these variables."""
    code = "import json; from csvagent_jupyter.confinement.policy import *; print(json.dumps(readable_paths()))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, check=True, timeout=60
    )
    return tuple(json.loads(done.stdout))


def test_what_python_and_its_libraries_need_is_there() -> None:
    paths = readable_paths()
    for needed in (sysconfig.get_path("stdlib"), numpy.__file__, csvagent_jupyter.__file__, "/proc/meminfo"):
        assert readable(needed, paths), needed
    for wanted in ("/etc/localtime", "/usr/share/zoneinfo", "/usr/share/fonts", "/dev/urandom", "/etc/ld.so.cache"):
        assert readable(wanted, paths) or not Path(wanted).exists(), wanted


def test_all_modules_that_are_loaded_from_the_installation_can_be_read() -> None:
    site = Path(sysconfig.get_path("purelib")).resolve()
    loaded = [Path(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
    inside = [path for path in loaded if path.is_relative_to(site)]
    assert len(inside) > 20
    assert all(readable(path, readable_paths()) for path in inside)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/etc",
        "/etc/passwd",
        "/etc/shadow",
        "/home",
        "/proc",
        "/proc/1",
        "/tmp",
        "/dev",
        "/dev/shm",
        "/var",
        "/run",
        "/sys/fs/cgroup",
        sys.prefix,
        sys.base_prefix,
        f"{sys.prefix}/etc/jupyter",
        f"{sys.base_prefix}/etc/jupyter",
        f"{sys.prefix}/share/jupyter",
        Path(__file__),
        Path(csvagent_jupyter.__file__).parents[1],
        Path.home(),
    ],
)
def test_what_is_somebodys_own_is_not(path: str | Path) -> None:
    assert not readable(path, readable_paths())


def test_paths_are_real_and_none_is_beneath_another() -> None:
    paths = readable_paths()
    assert all(os.path.realpath(path) == path and Path(path).exists() for path in paths)
    assert not [path for path in paths if readable(Path(path).parent, paths)]


def test_a_project_on_the_path_is_not_readable_and_a_folder_of_packages_is(tmp_path: Path) -> None:
    project, packages = tmp_path / "project", tmp_path / "site-packages"
    project.mkdir()
    packages.mkdir()
    paths = paths_in_a_new_process(PYTHONPATH=f"{project}:{packages}")
    assert (readable(project, paths), readable(packages, paths)) == (False, True)


def test_folders_of_libraries_never_open_a_home(tmp_path: Path) -> None:
    home, libraries = tmp_path / "home", tmp_path / "libraries"
    (home / "notes").mkdir(parents=True)
    libraries.mkdir()
    paths = paths_in_a_new_process(HOME=str(home), LD_LIBRARY_PATH=f"{home}:{tmp_path}::relative:{libraries}:/")
    assert readable(libraries, paths)
    assert not readable(home / "notes", paths)
    assert not readable("/etc/passwd", paths)


def test_of_itself_a_process_reads_figures_and_neither_environment_nor_network() -> None:
    paths = own_process()
    assert f"/proc/{os.getpid()}/status" in paths
    names = {Path(path).name for path in paths}
    assert not names & {"environ", "mem", "net", "root", "task", "mountinfo", "ns", "cwd"}


def test_a_policy_survives_the_way_to_another_process() -> None:
    policy = Policy(("/usr",), ("/work",), ("/ipc",), Limits(memory=7))
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert Policy.from_dict({}) == Policy()
