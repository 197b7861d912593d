"""Has ready what reads files: a process with pandas and Arrow imported, which takes a second."""

from __future__ import annotations

import threading
from pathlib import Path

from ..exceptions import Unreadable

# Its own, because the process may end in the middle, and nobody would take away a file that was made for it.
_ROWS = Path(__file__).with_suffix(".csv")
_begun = threading.Lock()


def warm() -> None:
    """Read and profile a small file, once in a process: what is imported and started on the way stays."""
    if not _begun.acquire(blocking=False):
        return
    from .reader import read_table

    try:
        read_table(_ROWS).find_values("?")
    except (OSError, Unreadable):  # no file can be opened now; a question does without, and says so if it needs some
        return
    except RuntimeError:  # this process is ending, and starts nothing any more
        return


def warm_in_background() -> None:
    """Do that in a thread, which keeps nobody from ending."""
    if not _begun.locked():
        threading.Thread(target=warm, name="csvagent-warm", daemon=True).start()
