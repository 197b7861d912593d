"""Makes the folder of an untrusted process, and removes it, whatever was left there and however its owner ended.

An owner holds a lock on a file in its folder, which the system lets go of when it is killed: whoever makes the next
folder beside it removes those whose lock nobody holds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import Final

PREFIX: Final = "csvagent-"
_OWNER: Final = "owner"
_NEW: Final = "owner.new"
_MADE_WITHIN: Final = 3600.0


def own_folder(kind: str = "", parent: Path | None = None) -> Path:
    """Make a folder in `parent`, else the system's temporary folder, that is this process's until `remove_folder`."""
    place = Path(parent or tempfile.gettempdir())
    if str(place) not in _swept:
        _swept.add(str(place))
        sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX + kind, dir=place))
    try:
        _own(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def sweep(place: Path) -> None:
    """Remove the folders in `place` that were this person's, and whose owner has ended without doing so."""
    with contextlib.suppress(OSError):
        for folder in place.glob(f"{PREFIX}*"):
            if _is_nobodys(folder):
                remove_folder(folder)


def _own(folder: Path) -> None:
    """Lock the owner's file before it is there by its name, so that nobody ever finds it unlocked."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return
    new = folder / _NEW
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    _owned[folder] = descriptor
    with contextlib.suppress(OSError):  # a file system without locks: there nothing is swept
        flock(descriptor, LOCK_EX | LOCK_NB)
        new.rename(folder / _OWNER)


def _is_nobodys(folder: Path) -> bool:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return False
    try:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return False
        if folder.name == f"{PREFIX}{os.getuid()}":
            return False  # the outer layer's place, which stays
        if found.st_mtime < time.time() - _MADE_WITHIN and {one.name for one in folder.iterdir()} <= {_NEW}:
            return True  # its owner was killed while it made it
        descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _disown(folder: Path) -> None:
    descriptor = _owned.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)


def _disown_all() -> None:
    """In a fork of the owner, which is not the owner, and may live longer."""
    for folder in list(_owned):
        _disown(folder)


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; call it when nobody writes there any more.

    Code may take its own folders' permissions away, which keeps anybody but root from emptying them, so they are given
    back first. What cannot be removed all the same stays.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _disown(folder)
        return
    for above, names, _ in os.walk(folder):
        for name in names:
            _open_up(Path(above, name))
    shutil.rmtree(folder, ignore_errors=True)
    _disown(folder)


def _open_up(folder: Path) -> None:
    if folder.is_symlink():
        return
    try:
        folder.chmod(0o700)
    except OSError:
        return


_owned: dict[Path, int] = {}
_swept: set[str] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
