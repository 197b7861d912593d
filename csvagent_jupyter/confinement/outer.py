"""The outer layer, which is optional: the fork server inside bubblewrap, so that other paths are not even there.

What it and the kernels that it forks see is a file system of their own: the paths that may be read, the interpreter,
and one folder in which all sandboxes of this person are. It has no network and no abstract sockets of others. Process
ids stay those of the host, because who asks for a kernel watches it by its id; so /proc tells which of them are taken.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ..exceptions import KernelDied
from ..translations import Language, say
from .policy import needed_paths

OUTER_LAYERS: Final = ("off", "bubblewrap", "required")
VARIABLE: Final = "CSVAGENT_OUTER_LAYER"
PROGRAM: Final = "bwrap"
_TRIED_WITHIN: Final = 20.0
# No namespace of process ids: see above. It does not die with its parent, which would be with one thread of ours: the
# server ends by itself when we are gone, and puts its folders away first.
_APART: Final = ("--unshare-net", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL")
# What links in the folders of libraries lead through
_ALSO: Final = ("/etc/alternatives", "/etc/ld.so.conf", "/etc/ld.so.conf.d")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there can be no outer layer here."""

    key: str
    detail: str = ""

    def say(self, language: Language = "en") -> str:
        return say(self.key, language, program=PROGRAM, detail=self.detail)


def chosen(environ: Mapping[str, str] = os.environ) -> str:
    """Return what the environment asks for, one of `OUTER_LAYERS`; raises KernelDied for anything else."""
    value = environ.get(VARIABLE, "").strip().lower() or "off"
    if value not in OUTER_LAYERS:
        raise KernelDied("confinement.outer_unknown", variable=VARIABLE, value=value, known=", ".join(OUTER_LAYERS))
    return value


@cache
def trouble() -> Trouble | None:
    """Try once whether a program can be started in there, and return why not; None when it can."""
    program = shutil.which(PROGRAM)
    if sys.platform != "linux" or program is None:
        return Trouble("confinement.outer_missing")
    with tempfile.TemporaryDirectory(prefix="csvagent-outer-") as place:
        command = [*command_in(Path(place), program), sys.executable, "-I", "-S", "-c", ""]
        try:
            subprocess.run(  # noqa: S603 - nothing of it comes from outside
                command, capture_output=True, check=True, timeout=_TRIED_WITHIN, cwd=place
            )
        except subprocess.CalledProcessError as error:
            return Trouble("confinement.outer_refused", error.stderr.decode("utf-8", "replace").strip()[-300:])
        except (OSError, subprocess.TimeoutExpired) as error:
            return Trouble("confinement.outer_refused", str(error)[-300:])
    return None


def command_in(place: Path, program: str = PROGRAM) -> tuple[str, ...]:
    """Return the words before a command that make it see only what is needed; of `place` it sees and writes all."""
    words = [program, *_APART, "--bind", "/proc", "/proc", "--dev", "/dev"]
    for named in _seen():
        words += ["--ro-bind", os.path.realpath(named), named]
    return (*words, "--bind", str(place), str(place), "--")


def shared_place() -> Path:
    """Return the folder for all sandboxes of this person, which stays; raises OSError when it is somebody else's."""
    place = Path(os.path.realpath(tempfile.gettempdir()), f"csvagent-{os.getuid()}")
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(1, "somebody else made it", str(place))
    place.chmod(0o700)
    return place


def usual_place(layer: str | None = None) -> Path | None:
    """Return where sandboxes are made when `layer`, else the environment, asks for one and there can be one."""
    return shared_place() if (layer or chosen()) != "off" and trouble() is None else None


def _seen() -> Iterator[str]:
    """Return every path that is shown, by the name that it is known by and by its real one, those above first."""
    interpreter = Path(sys.executable)
    named = {
        *needed_paths(),
        *_ALSO,
        str(interpreter.parent),
        os.path.realpath(interpreter),
        str(Path(sys.prefix, "pyvenv.cfg")),
    }
    shown = {path for path in named if Path(path).is_absolute() and not path.startswith(("/proc/", "/dev/"))}
    shown |= {os.path.realpath(path) for path in shown}
    yield from sorted(path for path in shown if Path(path).exists())
