"""Whose sessions these are: a person as ``issuer:name``, and where that name is known."""

from __future__ import annotations

import getpass
import os
import re
import secrets
from pathlib import Path
from typing import Final

from ..exceptions import StoreUnreachable
from ..messages import Session
from .filesystem import make_private_folder

HUB: Final = "jupyterhub"
_FILE: Final = "installation"
_ID: Final = re.compile(r"[0-9a-f]{16}")


def current_owner() -> str:
    """Return who asks, as ``issuer:name``: the Hub's user, else the operating system's."""
    hub = os.environ.get("JUPYTERHUB_USER")
    if hub:
        return f"{HUB}:{hub}"
    try:
        return f"os:{getpass.getuser()}"
    except (OSError, KeyError):
        return f"os:{os.getuid()}" if hasattr(os, "getuid") else "os:unknown"


def located(owner: str, installation: str) -> str:
    """Return an owner whose name means something in one installation only: ``os:ann`` as ``os@…:ann``.

    In a store that several hosts share, the ann of one is not the ann of another. The Hub's names are the same on all.
    """
    issuer, _, name = owner.partition(":")
    return owner if not installation or issuer == HUB else f"{issuer}@{installation}:{name}"


def kernel_key(session: Session, owner: str) -> str:
    """Return whose kernel and budget a question of `owner` uses: the session's own, or a guest's in it."""
    return session.session_id if session.owner == owner else f"{session.session_id} {owner}"


def installation_id(folder: Path) -> str:
    """Return what names this installation, made once and kept in its data folder; raises StoreUnreachable."""
    try:
        make_private_folder(folder)
        place = folder / _FILE
        if not place.exists():
            ours = folder / f"{_FILE}-{secrets.token_hex(8)}"
            ours.write_text(secrets.token_hex(8), encoding="ascii")
            try:
                place.hardlink_to(ours)
            except OSError:
                if not place.exists():  # no links here; else another process was faster
                    ours.replace(place)
            finally:
                ours.unlink(missing_ok=True)
        found = place.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or type(error).__name__
        raise StoreUnreachable("sessions.no_folder", path=str(folder), reason=reason) from error
    if not _ID.fullmatch(found):
        raise StoreUnreachable("sessions.no_folder", path=str(folder / _FILE), reason="?")
    return found
