"""An interpreter that an ordinary user can run, for when the tests run as root.

Root's own is often where nobody else may look. Then a virtual environment is laid out on the system's interpreter of
the same version, with the very packages that are installed for root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

CHECK = "import csvagent_jupyter, pandas, sys; print(sys.prefix)"


def nobody() -> dict[str, Any]:
    """Return what makes subprocess start a process as the user who owns nothing."""
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def interpreter_for_nobody(folder: Path) -> Path:
    """Return an interpreter that nobody can run and that has our packages; `folder` is where one may be laid out."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [Path(sys.executable)]
    if system := shutil.which(version, path="/usr/local/bin:/usr/bin:/bin"):
        candidates.append(_environment(folder / "python", Path(system), version))
    for candidate in candidates:
        if _runs(candidate):
            return candidate
    raise RuntimeError(f"No {version} is readable for an ordinary user; install one in /usr or run the tests as one.")


def _environment(place: Path, system: Path, version: str) -> Path:
    packages = place / "lib" / version / "site-packages"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(sysconfig.get_path("purelib"))
    (place / "bin").mkdir()
    os.chown(place, nobody()["user"], nobody()["group"])
    (place / "bin" / "python").symlink_to(system)
    (place / "pyvenv.cfg").write_text(f"home = {system.parent}\ninclude-system-site-packages = false\n")
    return place / "bin" / "python"


def _runs(python: Path) -> bool:
    try:
        told = subprocess.run(
            [python, "-c", CHECK], **nobody(), cwd="/", capture_output=True, text=True, env={"PATH": os.defpath}
        )
    except PermissionError:
        return False
    return told.returncode == 0 and told.stdout.strip() == str(python.parent.parent)
