"""A CSV of 1.3 GB (10 million rows, 11 columns): read, profiled and mapped, beside pandas, pyarrow, polars and duckdb.

Every measurement is a process of its own, so that its peak memory is its own; all take turns, so that a busy moment of
the machine meets each of them. Beside the seconds stand those of the processor, which a busy machine changes less.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .figures import Sample

ROWS: Final = 10_000_000
RUNS: Final = 3
BATCH: Final = 250_000
HEADER: Final = "id,quantity,account,price,discount,ordered,shipped,city,status,customer,note"
FOLDER: Final = Path(os.environ.get("CSVAGENT_BENCH_LARGE", gettempdir())) / "csvagent-large"
CITIES: Final = ["Berlin", "Paris", "Roma", "Madrid", "Lisboa", "Wien", "Praha", "Oslo", "Нижний Новгород", "Athens"]
_CLOCK: Final = """
import resource, sys
from time import perf_counter, process_time
path, copy = sys.argv[1:]
{before}
begin, worked = perf_counter(), process_time()
{timed}
took, worked = perf_counter() - begin, process_time() - worked
print(took, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_OPEN: Final = """
from csvagent_jupyter.messages import Dialect
from csvagent_jupyter.tables.inside.large.reading import read_large
from csvagent_jupyter.tables.inside.large.sampling import glance
from csvagent_jupyter.tables.inside.large.streams import open_source
"""
_SOURCE: Final = """
file = open(path, "rb", buffering=0)
source = open_source(file, "large.csv", limit=2**40)
names = source.head[: source.head.index(b"\\n")].decode().split(",")
"""
_PROFILE: Final = """
told = connection.sql(f"describe select * from read_csv('{path}')").fetchall()
parts = ["count(*)"]
for name, kind, *_ in told:
    parts += [f"approx_count_distinct({name})", f"min({name})", f"max({name})", f"count({name})"]
    if kind in ("BIGINT", "DOUBLE"):
        parts += [f"avg({name})", f"approx_quantile({name}, [0.05, 0.25, 0.5, 0.75, 0.95])"]
connection.sql(f"select {', '.join(parts)} from read_csv('{path}')").fetchall()
"""
PROGRAMS: Final[dict[str, tuple[str, str]]] = {
    "glance, ours": (_OPEN, _SOURCE + "glance(source, Dialect(), names, 'utf-8', 2)"),
    "glance, duckdb": (
        "import duckdb; connection = duckdb.connect()",
        "connection.sql(f\"select * from read_csv('{path}') limit 1000\").fetchall()",
    ),
    "profile, ours": (_OPEN, _SOURCE + "read_large(source, Dialect(), names, body_line=2, header=names)"),
    "profile, duckdb": ("import duckdb; connection = duckdb.connect()", _PROFILE),
    "first question, ours": (
        _OPEN,
        _SOURCE
        + "read_large(source, Dialect(), names, body_line=2, header=names, sink=open(copy, 'w+b', buffering=0))",
    ),
    "first question, duckdb": (
        "import duckdb; connection = duckdb.connect()",
        "connection.execute(f\"create table t as select * from read_csv('{path}')\")",
    ),
    "first question, pandas": (
        "import pandas as pd",
        "pd.read_csv(path, parse_dates=['ordered', 'shipped'])",
    ),
    "first question, pyarrow": ("import pyarrow.csv as csv", "csv.read_csv(path)"),
    "first question, polars": ("import polars as pl", "pl.read_csv(path, try_parse_dates=True)"),
    "second question, ours": (
        "from pathlib import Path; import pandas as pd; from csvagent_jupyter.sandbox.inside.tables import read_source",
        "frame = read_source(Path(copy)); frame.groupby('city')['price'].mean()",
    ),
}


def report() -> Iterator[str]:
    """Yield the lines of this part."""
    path = generated()
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    worked: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    memory: dict[str, int] = dict.fromkeys(PROGRAMS, 0)
    for _ in range(RUNS):
        for name, (before, timed) in PROGRAMS.items():
            seconds, processor, peak = measured(_CLOCK.format(before=before, timed=timed), path)
            taken[name].append(seconds)
            worked[name].append(processor)
            memory[name] = max(memory[name], peak)
    samples = {name: Sample(times) for name, times in taken.items()}
    work = {name: Sample(times) for name, times in worked.items()}
    yield f"a CSV of {path.stat().st_size / 1e9:.1f} GB, {ROWS:,} rows"
    for name, sample in samples.items():
        yield f"{name:26} {sample!s:36} processor {work[name].median:5.2f} s, peak {memory[name] >> 10} MB"
    yield _aim("schema and first rows", samples["glance, ours"].median, 0.3, "s")
    yield _aim("profile, of duckdb's", _ratio(samples, "profile"), 1.0)
    yield _aim("profile, of duckdb's, processor", _ratio(work, "profile"), 1.0)
    yield _aim("profile, peak memory", memory["profile, ours"] / 1024, 300, "MB")
    yield _aim("first question, of duckdb's load", _ratio(samples, "first question"), 1.5)
    yield _aim("first question, processor", _ratio(work, "first question"), 1.5)
    yield _aim("second question", samples["second question, ours"].median, 1.0, "s")


def measured(program: str, path: Path) -> tuple[float, float, int]:
    """Run a program in a process of its own; return its seconds, the processor's, and its peak memory in kilobytes."""
    arguments = [sys.executable, "-c", program, str(path), str(path.with_suffix(".arrow"))]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True)
    seconds, processor, peak = run.stdout.split()[-3:]
    return float(seconds), float(processor), int(peak)


def generated() -> Path:
    """Return the path of the file, which is written once and kept in the folder of temporary files."""
    path = FOLDER / "large.csv"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(HEADER.encode() + b"\n")
            draw = np.random.default_rng(7)
            for first in range(0, ROWS, BATCH):
                lines = _lines(draw, first, min(BATCH, ROWS - first))
                ends = np.frombuffer(lines.buffers()[1], np.int32)
                file.write(memoryview(lines.buffers()[2])[: ends[len(lines)]])
        part.rename(path)
    return path


def _lines(draw: np.random.Generator, first: int, rows: int) -> Any:
    """Return rows as text: numbers, dates, few and many different words, some missing and some quoted."""
    days = np.datetime64("2020-01-01") + draw.integers(0, 1_800, rows).astype("timedelta64[D]")
    moments = np.datetime64("2020-01-01T00:00:00") + draw.integers(0, 150_000_000, rows).astype("timedelta64[s]")
    note = _joined(["Order", _text(draw.integers(0, 2**33, rows)), "of the", _text(draw.integers(0, 2_000, rows))], " ")
    quoted = _joined(['"', note, ', said ""urgent"""'], "")
    columns = [
        _text(np.arange(first, first + rows)),
        _text(draw.integers(1, 50, rows)),
        _text(draw.integers(10_000_000, 99_999_999, rows)),
        _text(np.round(draw.lognormal(4, 1, rows), 2)),
        pc.if_else(pa.array(draw.random(rows) < 0.02), "", _text(np.round(draw.random(rows), 6))),
        _text(days),
        pc.strftime(pa.array(moments), format="%Y-%m-%d %H:%M:%S"),
        pa.array(CITIES).take(draw.integers(0, len(CITIES), rows)),
        pa.array(["new", "paid", "sent", "returned"]).take(draw.integers(0, 4, rows)),
        _joined(["customer", _text(draw.integers(0, 400_000, rows))], " "),
        pc.if_else(pa.array(draw.random(rows) < 0.05), quoted, note),
    ]
    return _joined([_joined(columns, ","), ""], "\n")


def _joined(parts: list[Any], between: str) -> Any:
    return pc.binary_join_element_wise(*parts, between)


def _text(cells: Any) -> Any:
    return pa.array(cells).cast(pa.string())


def _ratio(samples: dict[str, Sample], part: str) -> float:
    return samples[f"{part}, ours"].median / samples[f"{part}, duckdb"].median


def _aim(name: str, found: float, aim: float, unit: str = "") -> str:
    verdict = "reached" if found <= aim else "MISSED"
    return f"{name:34} {found:.2f} {unit}, aim {aim:g} {unit}: {verdict}"


if __name__ == "__main__":
    print("\n".join(report()))
