"""How long ``%load_ext csvagent_jupyter`` takes, beside ``import IPython``: each run is a fresh process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from .figures import Sample

RUNS = 11
PROGRAM = """
from time import perf_counter
begin = perf_counter()
import IPython
imported = perf_counter() - begin
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begin = perf_counter()
shell.run_line_magic("load_ext", "csvagent_jupyter")
print(imported, perf_counter() - begin)
"""


def report() -> Iterator[str]:
    """Yield the lines of this part."""
    pairs = [_measured() for _ in range(RUNS + 1)][1:]
    imported = Sample([pair[0] for pair in pairs])
    loaded = Sample([pair[1] for pair in pairs])
    yield f"%load_ext csvagent_jupyter   {loaded}"
    yield f"import IPython               {imported}"
    yield f"ratio                        {loaded.median / imported.median:.2f}"


def _measured() -> tuple[float, float]:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    imported, loaded = run.stdout.split()
    return float(imported), float(loaded)
