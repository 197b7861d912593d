"""What a fork server does once, so that the kernels which it forks find it done: imports, and the first of everything.

Nothing here may leave a thread behind, open a socket, or look at anybody's data.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from ...confinement.confine import prepare
from ...confinement.probe import Measured
from .app import measure_here, readable, start, told_folder, told_limits
from .libraries import installed

REPORT_TO: Final = 3
# What the kernel would import while it starts, or when it draws or writes a table for the first time.
MODULES: Final = """
    IPython.core.completerlib IPython.core.debugger IPython.core.oinspect IPython.utils.wildcard
    resource encodings.ascii tornado.gen tornado.platform.asyncio faulthandler zmq.eventloop.zmqstream
    matplotlib.pyplot matplotlib.backends.backend_agg matplotlib.backends.backend_svg matplotlib.dates
    matplotlib.category pyarrow.compute pyarrow.ipc pandas.plotting._matplotlib pandas.io.formats.style
"""
_REHEARSAL: Final = """
total = df.groupby("b")["a"].sum()
total.reset_index().plot.bar(x="b", y="a", title="Title")
total
"""


def warm() -> None:
    """Called once by the fork server."""
    from .application import prepare_shell  # first, because it leaves the debugger out

    package = sys.modules[__package__]
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{__package__}.{module.name}")
    for name in MODULES.split():
        importlib.import_module(name)
    installed()
    readable()
    prepare()
    _use_pandas()
    _rehearse()
    prepare_shell()


def start_kernel(argument: dict[str, Any]) -> None:
    """Called in a fork: become a kernel."""
    tempfile.tempdir = None  # the server's, if anybody asked for it
    measured = Measured.from_refused(argument["refused"])
    start(argument["arguments"], REPORT_TO, parent=os.getppid(), measured=measured)


def measure_confinement(outside: str | None) -> None:
    """Called in a fork: report what a kernel in this place would really be kept from.

    `outside` is a folder of canaries that an outer layer hides.
    """
    found = measure_here(told_limits(), told_folder(), Path(outside) if outside else None)
    with os.fdopen(REPORT_TO, "wb") as out:
        out.write(json.dumps(found.refused).encode() + b"\n")


def _use_pandas() -> None:
    import numpy as np

    frame = _frame()
    repr(frame)
    frame.describe()
    frame.groupby("b", as_index=False)["a"].agg(["sum", "mean"])
    frame.pivot_table(index="b", values="a").sort_values("a")
    frame.merge(frame, on="b")
    np.random.default_rng(0).normal(size=4)


def _rehearse() -> None:
    """Run once, the way a session's code is run, what is run most: lists of fonts, glyphs and code are kept then."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import pandas as pd
    from IPython.core.formatters import DisplayFormatter

    from . import figures
    from .runner import Execution
    from .streams import Capture

    mpl.use(figures.BACKEND)
    execution = Execution(told_limits(), Path("out"), 0)
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    execution.run(_REHEARSAL, {"df": _through_arrow(_frame()), "pd": pd, "plt": plt}, shell)
    json.dumps(execution.result(Capture(1)))
    if execution.error is not None:
        raise RuntimeError(execution.error["traceback"])
    for file in Path("out").iterdir():
        file.unlink()
    figures.start(0)


def _frame() -> Any:
    import pandas as pd

    return pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.to_datetime(["2024-01-01", "2024-02-01"])})


def _through_arrow(frame: Any) -> Any:
    """Return a table as a session's data comes; in this thread, because a fork takes none of the others along."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame)
    out = pa.BufferOutputStream()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return pa.ipc.open_file(out.getvalue()).read_all().to_pandas(use_threads=False)
