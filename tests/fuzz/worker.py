"""A process that judges files one after another: a line of JSON in, a line of JSON out.

With ``--bare`` files are read in this process rather than in one each, which is many times as fast; what that process's
bounds do is not seen then.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from csvagent_jupyter.tables.inside.reading import read
from csvagent_jupyter.tables.order import Order, Reply, encoded, reply_in
from csvagent_jupyter.tables.process import Readers

from . import judge as judging
from .judge import Finding, judge


class _Heard(logging.Handler):
    """Keeps what the reader says of a reading process that failed: the end of its traceback."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


class _Bare(Readers):
    """Reads in this process."""

    async def read(self, order: Order, source: int, sink: int, *_: object, **__: object) -> Reply:
        return reply_in(encoded(read(source, sink, order)))


def main() -> None:
    """Judge until there is nothing more to judge; nothing else comes out of this process."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if "--bare" in sys.argv:
        Readers.read = _Bare.read  # type: ignore[method-assign]
        judging.in_process = True
    heard = _Heard()
    logging.getLogger("csvagent_jupyter").addHandler(heard)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        order = json.loads(line)
        heard.text = ""
        _reset_peak()
        before = _kilobytes("VmRSS")
        finding = judge(Path(order["path"]), order["options"], order["check"])
        if finding is not None and heard.text:
            finding = Finding(finding.kind, _last_frame(heard.text), heard.text)
        told: dict[str, Any] = {"finding": finding, "grew": _kilobytes("VmHWM") - before, "holds": _kilobytes("VmRSS")}
        print(json.dumps(told), file=out, flush=True)


def _last_frame(text: str) -> str:
    frames = re.findall(r'csvagent_jupyter/[\w/]*?(\w+\.py)", line \d+, in (\S+)', text)
    last = text.strip().splitlines()[-1]
    file, function = frames[-1] if frames else ("?", "?")
    return f"{last.split(':')[0][:60]} in {file}:{function}"


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _kilobytes(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main()
