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
    _draw()
    prepare_shell()


def start_kernel(argument: dict[str, Any]) -> None:
    """Called in a fork: become a kernel."""
    tempfile.tempdir = None  # the server's, if anybody asked for it
    os.chdir("work")
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
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.to_datetime(["2024-01-01", "2024-02-01"])})
    repr(frame)
    frame.describe()
    frame.groupby("b", as_index=False)["a"].agg(["sum", "mean"])
    frame.pivot_table(index="b", values="a").sort_values("a")
    frame.merge(frame, on="b")
    np.random.default_rng(0).normal(size=4)


def _draw() -> None:
    """Draw once what is drawn most: the list of fonts, glyphs and tick labels are kept after that."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import pandas as pd

    from . import figures

    mpl.use(figures.BACKEND)
    figure, axes = plt.subplots()
    pd.Series([1.0, 2.0], index=["x", "y"]).plot.bar(ax=axes, title="Title")
    axes.legend()
    figures.render(figure)
    plt.close("all")
