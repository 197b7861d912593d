"""Start the kernel: ``python -m csvagent_jupyter.sandbox.inside -f CONNECTION_FILE``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    # Another provisioner than ours, which tells this, knows of no pipes: its input may be at its end from the start.
    report_to = _take_pipes() if "CSVAGENT_CONFINED" in os.environ else os.open(os.devnull, os.O_WRONLY)
    from .app import start

    start(sys.argv[1:], report_to)


def _take_pipes() -> int:
    """Keep the two pipes to our parent, and give the code an empty input and a silent output in their place."""
    from .lifeline import watch

    lifeline, report = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    watch(lifeline, os.environ.get("CSVAGENT_SANDBOX", ""))
    return report


if __name__ == "__main__":
    main()
