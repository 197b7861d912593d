"""Has ready what reads files: pandas, Arrow and the rest take a second to import, which no question should wait for."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

_ROWS = "day;amount\n2024-01-02;1,5\n2024-01-03;2,25\n"
_begun = threading.Lock()


def warm() -> None:
    """Read and profile a small file, once in a process: what is imported on the way stays."""
    if not _begun.acquire(blocking=False):
        return
    from .reader import read_table

    try:
        with tempfile.TemporaryDirectory(prefix="csvagent-") as folder:
            file = Path(folder, "rows.csv")
            file.write_text(_ROWS, encoding="utf-8")
            read_table(file).profile()
    except OSError:  # no room for it; a question does without, and says so if it needs some
        return


def warm_in_background() -> None:
    """Do that in a thread, which keeps nobody from ending."""
    if not _begun.locked():
        threading.Thread(target=warm, name="csvagent-warm", daemon=True).start()
