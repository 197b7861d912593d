"""Removes the folder of an untrusted process, whatever it left there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; call it when nobody writes there any more.

    Code may take its own folders' permissions away, which keeps anybody but root from emptying them, so they are given
    back first. What cannot be removed all the same stays.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    for above, names, _ in os.walk(folder):
        for name in names:
            _open_up(Path(above, name))
    shutil.rmtree(folder, ignore_errors=True)


def _open_up(folder: Path) -> None:
    if folder.is_symlink():
        return
    try:
        folder.chmod(0o700)
    except OSError:
        return
