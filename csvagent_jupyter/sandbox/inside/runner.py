"""Runs one piece of generated code in the kernel's namespace and gathers all that came of it."""

from __future__ import annotations

import ast
import linecache
import os
import signal
import sys
import time
import warnings
from pathlib import Path
from types import CodeType
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from ...confinement import Limits, time_for_run
from . import figures
from .display import displaying
from .errors import error_data
from .kept import Kept
from .losses import Losses
from .plotted import remember_numbers
from .reached import ProcessorTimeUp, processor_time
from .snapshot import Snapshot
from .streams import Capture
from .tables import read_source, write_table
from .values import Table, as_table, table_behind, table_data, value_and_text

ERROR_OUTPUT = 64_000
_KEPT = Kept()


class Runner:
    """Obeys the orders that come in the metadata of an execute request: `load` and `execute`."""

    def __init__(self, shell: Any, limits: Limits, folder: Path) -> None:
        self._shell = shell
        self._limits = limits
        self._folder = folder
        self._streams: tuple[Any, Any] = (sys.stdout, sys.stderr)
        pa.set_cpu_count(limits.threads)  # a fork server's Arrow has one
        mpl.use(figures.BACKEND)
        remember_numbers()
        self._rc = dict.copy(mpl.rcParams)
        shell.enable_matplotlib = lambda gui=None: ("agg", "agg")
        self._names.update({"pd": pd, "np": np, "plt": plt, "tables": {}, "exit": sys.exit, "quit": sys.exit})

    @property
    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = self._shell.user_ns
        return names

    def obey(self, order: dict[str, Any], code: str) -> dict[str, Any]:
        """Do what an order says and return the result as plain data; errors of the code are data too."""
        try:
            if order.get("do") == "load":
                return self._load(order["sources"])
            execution = Execution(self._limits, self._folder / "out", int(order["number"]))
            if sys.platform != "linux":
                time_for_run(self._limits)  # elsewhere who started us does it
            with processor_time(), _KEPT:
                result = self._run(execution, code, bool(order.get("keep", True)))
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # too late: the code is through
            self._tidy()
        except (Exception, KeyboardInterrupt, ProcessorTimeUp) as error:  # whatever it was, the asker needs a reply
            return {"error": error_data(error, "")}
        return result

    def _load(self, sources: list[list[str]]) -> dict[str, Any]:
        """Read the Arrow files of `data/`; the first table is `df` too."""
        paths = {name: self._folder / "data" / file for name, file in sources}
        tables = {name: read_source(path) for name, path in paths.items()}
        self._names["tables"] = tables
        if tables:
            self._names["df"] = next(iter(tables.values()))
        return {}

    def _run(self, execution: Execution, code: str, keep: bool) -> dict[str, Any]:
        before = Snapshot(self._names)
        out, err = Capture(self._limits.output), Capture(ERROR_OUTPUT)
        self._streams[0].capture, self._streams[1].capture = out, err
        self._names.update({"pd": pd, "np": np, "plt": plt})
        try:
            execution.run(code, self._names, self._shell)
        finally:
            self._streams[0].flush()
            self._streams[0].capture = self._streams[1].capture = None
        if execution.error is not None or not keep:
            before.restore()
        return execution.result(out)

    def _tidy(self) -> None:
        """Undo what code does to the process rather than to its own names: open figures, style, folder, streams."""
        plt.close("all")
        if mpl.get_backend() != figures.BACKEND:
            mpl.use(figures.BACKEND)
        dict.update(mpl.rcParams, self._rc)
        np.seterr(all="warn", under="ignore")
        sys.stdout, sys.stderr = self._streams
        os.chdir(self._folder / "work")


class Execution:
    """One run: the code, what it displayed, and what its last expression was."""

    def __init__(self, limits: Limits, out: Path, number: int) -> None:
        self.error: dict[str, Any] | None = None
        self._limits = limits
        self._out = out
        self._number = number
        self._filename = f"<answer-{number}>"
        self._figures = figures.start(limits.figures)
        self._losses = Losses(self._filename)
        self._tables: list[Table] = []
        self._shown: list[Any] = []
        self._value: Any = None
        self._hit: set[str] = set()
        self._seconds = 0.0

    def run(self, code: str, names: dict[str, Any], shell: Any) -> None:
        """Run `code`; whatever it raises, an interrupt included, ends up in `error`."""
        began, process = time.perf_counter(), os.getpid()
        linecache.cache[self._filename] = (len(code), None, code.splitlines(keepends=True), self._filename)
        try:
            body, last = self._compiled(code)
            with warnings.catch_warnings(), self._losses.counting(), displaying(shell, self.show), _KEPT:
                exec(body, names)  # noqa: S102 - this is what the kernel is for
                if last is not None:
                    self._value = names["_"] = eval(last, names)  # noqa: S307
        except SystemExit as stop:
            if stop.code not in (None, 0):
                self.error = error_data(stop, self._filename)
        except BaseException as error:
            self.error = error_data(error, self._filename)
        if os.getpid() != process:
            os._exit(0)  # a fork that the code made must not answer in our place
        self._seconds = time.perf_counter() - began
        if self.error is None:
            self._finish()

    def _finish(self) -> None:
        """Display what is left to display; a figure that cannot be drawn is an error of the code."""
        try:
            self._last_value()
            self._figures.finish()
        except BaseException as error:
            self.error = error_data(error, self._filename)

    def _compiled(self, code: str) -> tuple[CodeType, CodeType | None]:
        tree = ast.parse(code, self._filename)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            expression = ast.Expression(tree.body[-1].value)
            last = compile(expression, self._filename, "eval", dont_inherit=True)
            del tree.body[-1]
        return compile(tree, self._filename, "exec", dont_inherit=True), last

    def show(self, shown: Any) -> None:
        """Take a displayed DataFrame, Series or figure."""
        table = table_behind(shown)
        if table is not None:
            if len(self._tables) < self._limits.tables:
                self._tables.append(as_table(table))
                self._shown.append(shown)
            else:
                self._hit.add("tables")
        else:
            self._figures.collect(shown)

    def _last_value(self) -> None:
        """A table or figure that the last expression gives is displayed, as a notebook does, unless it already was."""
        value = self._value
        if isinstance(value, Figure):
            self._figures.collect(value)
        elif table_behind(value) is not None and not any(value is one for one in self._shown):
            self.show(value)

    def result(self, out: Capture) -> dict[str, Any]:
        """Return all of it as plain data, with pictures and whole tables written to files."""
        result: dict[str, Any] = {
            "stdout": out.text().encode("utf-8", "replace").decode("utf-8"),
            "error": self.error,
            "seconds": self._seconds,
        }
        if self.error is None:
            try:
                self._add_outputs(result)
            except BaseException as error:
                result["error"] = self.error = error_data(error, self._filename)
        if out.cut:
            self._hit.add("output")
        if self._figures.cut:
            self._hit.add("figures")
        result["limits"] = sorted(self._hit)
        return result

    def _add_outputs(self, result: dict[str, Any]) -> None:
        prefix = f"e{self._number}"
        result["value"], result["value_text"] = value_and_text(self._value)
        result["figures"] = self._figures.write(self._out, prefix)
        result["charts"] = [
            {
                name: getattr(entry.chart, name)
                for name in ("kind", "title", "x_label", "y_label", "data", "total_points")
            }
            for entry in self._figures.drawn
        ]
        result["tables"] = []
        room = self._limits.work_size // 2
        for number, table in enumerate(self._tables, 1):
            name = f"{prefix}-table-{number}.arrow"
            whole = write_table(table, self._out / name, min(self._limits.table_size, room))
            if whole:
                room -= (self._out / name).stat().st_size
            else:
                self._hit.add("table_size")
            result["tables"].append(table_data(table) | {"arrow": name if whole else ""})
        result["losses"] = self._losses.found()
