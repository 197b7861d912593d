"""What the place of the store is like: private folders, and folders that live on another host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_NETWORK: Final = frozenset(
    (
        *("9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs", "gpfs", "lustre"),
        *("ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "virtiofs", "wekafs"),
    )
)
_LOCAL_FUSE: Final = frozenset(("fuse.fuse-overlayfs", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.ntfs-3g"))


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter; one that exists stays as it is."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def is_network_folder(folder: Path, mounts: str | None = None) -> bool:
    """Tell whether `folder` is on a file system of another host; `mounts` is the text of ``/proc/mounts``.

    Where the system does not tell (not Linux), the answer is no.
    """
    return is_network_filesystem(filesystem_of(folder, mounts))


def is_network_filesystem(name: str) -> bool:
    """Tell it from the file system's name; an unknown FUSE is taken for a network one, since most are."""
    return name in _NETWORK or (name.startswith("fuse.") and name not in _LOCAL_FUSE)


def filesystem_of(folder: Path, mounts: str | None = None) -> str:
    """Return the name of the file system that holds `folder`, empty when unknown."""
    if mounts is None:
        try:
            mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    path = os.path.realpath(folder)
    best, found = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _unescape(fields[1])
        # A later mount on the same point covers the earlier one.
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, found = point, fields[2]
    return found


def _unescape(point: str) -> str:
    """Undo the octal escapes (space, tab, line feed, backslash) of a mount point."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(escape, character)
    return point
