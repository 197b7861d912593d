"""A sandbox's folder and its environment."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..confinement import Limits, clean_environment, remove_folder
from ..confinement.environment import ONE_THREAD as ONE_THREAD
from .processes import MARK

LIMITS = "CSVAGENT_LIMITS"
CONFINED = "CSVAGENT_CONFINED"
WRITABLE = ("work", "out", "tmp", "home")


def make_folder(folder: Path) -> None:
    """Lay out a sandbox's folder: what it may read, where it writes, its home, and its sockets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ("data", "work", "out", "tmp", "ipc", "home", "home/matplotlib", "home/ipython", "home/jupyter"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)


def empty_home(folder: Path) -> None:
    """Remove what earlier code left where libraries look for settings; `make_folder` lays it out anew."""
    for name in ("home", "tmp"):
        remove_folder(folder / name)


def sandbox_environment(environ: Mapping[str, str], folder: Path, limits: Limits) -> dict[str, str]:
    """Return a clean environment that tells a kernel its folder and its limits."""
    told = {MARK: str(folder), LIMITS: json.dumps(limits.to_dict())}
    return clean_environment(environ, folder, limits) | told


def share_font_list(folder: Path) -> None:
    """Give a sandbox this person's list of fonts, which matplotlib otherwise builds anew in each home."""
    candidates = []
    with contextlib.suppress(RuntimeError):  # a user without a home, as in some containers
        candidates = [Path.home() / ".cache" / "matplotlib", Path.home() / ".matplotlib"]
    if cache := os.environ.get("XDG_CACHE_HOME"):
        candidates.insert(0, Path(cache) / "matplotlib")
    if chosen := os.environ.get("MPLCONFIGDIR"):
        candidates.insert(0, Path(chosen))
    for candidate in candidates:
        for found in candidate.glob("fontlist-*.json"):
            with contextlib.suppress(OSError):
                shutil.copyfile(found, folder / "home" / "matplotlib" / found.name)


def put_file(source: Path, place: Path) -> None:
    """Put a file into the sandbox without copying its bytes where the file system allows it."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
