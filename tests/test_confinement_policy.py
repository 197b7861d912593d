"""What a confined process may read: libraries, and nothing of anybody's own."""

from __future__ import annotations

import json
import os
import shutil
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
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    inside = [Path(path) for path in loaded if path and Path(path).is_relative_to(site)]
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


# What lies in an installation of conda's and in a home beside it, and whether a kernel may read it.
INSTALLATION = {
    "conda/lib/libsome.so": True,
    "conda/lib/python{version}/site-packages/some.py": True,
    "conda/share/zoneinfo/Some/Where": True,
    "conda/etc/jupyter/jupyter_server_config.json": False,
    "conda/etc/conda/activate.d/keys.sh": False,
    "conda/etc/conda/.condatoken": False,
    "conda/share/jupyter/kernels/some/kernel.json": False,
    "conda/conda-meta/history": False,
    "conda/condabin/conda": False,
    "conda/bin/some": False,
    "conda/ssl/private.pem": False,
    "conda/var/log": False,
    "conda/pkgs/urls.txt": False,
    "conda/pkgs/some/lib/python{version}/site-packages/some.py": False,
    "conda/envs/other/lib/python{version}/site-packages/some.py": False,
    "conda/.condarc": False,
    "conda/.condatoken": False,
    "home/.condarc": False,
    "home/.conda/environments.txt": False,
    "home/.continuum/anaconda-client/tokens/some.token": False,
    "home/.jupyter/jupyter_server_config.json": False,
    "home/.netrc": False,
    "home/project/linked/__init__.py": False,
    "home/project/.env": False,
    "home/found/elsewhere.py": False,
}
CONFINED_READER = """
import json, sys, linked, elsewhere
from csvagent_jupyter.confinement.confine import confine
from csvagent_jupyter.confinement.policy import Policy, readable_paths
confine(Policy(readable_paths()))
found = {"prefix": [sys.prefix, sys.base_prefix], "projects": [linked.__file__, elsewhere.__file__], "read": []}
for path in sys.argv[1:]:
    try:
        open(path).close()
    except PermissionError:
        continue
    found["read"].append(path)
print(json.dumps(found))
"""
FINDER = """
import sys
from importlib.util import spec_from_file_location
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return spec_from_file_location(name, PLACE) if name == "elsewhere" else None
sys.meta_path.append(Finder)
"""


def install_like_conda(place: Path) -> tuple[Path, dict[Path, bool]]:
    """Lay out an interpreter with a prefix of its own, and what is around it; returns it and the files."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = {place / name.format(version=version): allowed for name, allowed in INSTALLATION.items()}
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    python = place / "conda" / "bin" / "python"
    shutil.copy(os.path.realpath(sys.executable), python)
    library = place / "conda" / "lib" / f"python{version}"
    for entry in Path(sys.base_prefix, "lib", f"python{version}").iterdir():
        if entry.name not in ("site-packages", "dist-packages"):
            (library / entry.name).symlink_to(entry)
    packages, home = library / "site-packages", place / "home"
    (packages / "linked.pth").write_text(f"{home}/project\n")
    (packages / "__editable___elsewhere_finder.py").write_text(f"PLACE = '{home}/found/elsewhere.py'\n{FINDER}")
    (packages / "elsewhere.pth").write_text("import __editable___elsewhere_finder\n")
    return python, files


@pytest.mark.parametrize("named", ["", "{prefix}:{prefix}/..", "{prefix}/lib"])
def test_of_a_conda_installation_only_libraries_are_readable_and_no_project_or_token(
    tmp_path: Path, named: str
) -> None:
    python, files = install_like_conda(tmp_path)
    prefix = tmp_path / "conda"
    environment = {
        "HOME": str(tmp_path / "home"),
        "PATH": f"{prefix}/bin:{prefix}/condabin",
        "CONDA_PREFIX": str(prefix),
        "PYTHONPATH": f"{Path(csvagent_jupyter.__file__).parents[1]}:{sysconfig.get_path('purelib')}",
        "PYTHONTZPATH": f"{prefix}/share/zoneinfo:{prefix}",
        "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib:{named.format(prefix=prefix)}",
    }
    command = [str(python), "-c", CONFINED_READER, *map(str, files)]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["prefix"] == [str(prefix), str(prefix)]
    projects = [tmp_path / "home/project/linked/__init__.py", tmp_path / "home/found/elsewhere.py"]
    assert found["projects"] == [str(path) for path in projects]
    assert set(found["read"]) == {str(path) for path, allowed in files.items() if allowed}


def test_a_folder_of_packages_that_is_a_link_to_a_home_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "site-packages").symlink_to(home)
    paths = paths_in_a_new_process(HOME=str(home), PYTHONPATH=str(tmp_path / "site-packages"))
    assert not readable(home / "notes", paths)


def test_of_itself_a_process_reads_figures_and_neither_environment_nor_network() -> None:
    paths = own_process()
    assert f"/proc/{os.getpid()}/status" in paths
    names = {Path(path).name for path in paths}
    assert not names & {"environ", "mem", "net", "root", "task", "mountinfo", "ns", "cwd"}


def test_a_policy_survives_the_way_to_another_process() -> None:
    policy = Policy(("/usr",), ("/work",), ("/ipc",), Limits(memory=7))
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert Policy.from_dict({}) == Policy()
