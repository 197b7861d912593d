"""How many rows and cells of damaged files are read right, beside what other readers reach on the same files.

The files and their scorers are no part of this project: they are looked for in the folder that CSVAGENT_BENCH names,
else in ``../shared/bench`` beside the checkout. Every reader gets a path and nothing else. Alone, for one who works on
the reader: ``python -m tests.benchmarks.scores --ours --worst 20``.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from csvagent_jupyter.exceptions import Unreadable

Rows = Sequence[Sequence[str | None]]
Reader = Callable[[Path], Rows]
POLLOCK, READING = "pollock/score_pollock.py", "csv_reader/score_csv_reader.py"


class Aim(NamedTuple):
    """A set of files, its headline number, and what is to be reached there."""

    name: str
    measure: str
    least: float


AIMS = (
    Aim("polluted_files", "simple", 9.90),
    Aim("survey_sample", "simple", 9.60),
    Aim("csv_reader", "exact", 100.0),
)


def report() -> Iterator[str]:
    """Yield the lines of this part."""
    yield from _report(list(READERS), AIMS, 0)


def main() -> None:
    """Print the scores; the options say of whom, on what, and which files came out worst."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scores")
    parser.add_argument("--ours", action="store_true", help="only this project's reader")
    parser.add_argument("--set", choices=[aim.name for aim in AIMS], action="append", help="only this set of files")
    parser.add_argument("--worst", type=int, default=0, help="as many files that our reader scores least on")
    options = parser.parse_args()
    aims = [aim for aim in AIMS if not options.set or aim.name in options.set]
    for line in _report(list(READERS)[: 1 if options.ours else None], aims, options.worst):
        print(line, flush=True)


def _report(readers: Sequence[str], aims: Sequence[Aim], worst: int) -> Iterator[str]:
    data = Path(os.environ.get("CSVAGENT_BENCH") or Path(__file__).parents[3] / "shared" / "bench")
    if not (data / POLLOCK).is_file() or not (data / READING).is_file():
        yield "scores of reading: no measuring sets here; the variable CSVAGENT_BENCH names their folder"
        return
    with TemporaryDirectory(prefix="csvagent-") as folder:
        home = Path(folder)
        _run(data / POLLOCK, "--unpack", str(home))
        for aim in aims:
            yield from _one_set(aim, data, home, readers, worst)


def _one_set(aim: Aim, data: Path, home: Path, readers: Sequence[str], worst: int) -> Iterator[str]:
    files = data / "csv_reader" / "files" if aim.name == "csv_reader" else home / aim.name / "csv"
    paths = sorted(path for path in files.iterdir() if path.is_file())
    yield f"{aim.name}: {len(paths)} files, {aim.measure}"
    for name in readers:
        begin = perf_counter()
        predictions = home / f"{aim.name}-{READERS.index(name)}.jsonl"
        failed = _predict(READERS_BY_NAME[name], paths, aim.name, predictions)
        seconds = perf_counter() - begin
        ours = name == READERS[0]
        score, lines = _score(aim, data, home, predictions, worst if ours else 0)
        verdict = f", aim {aim.least:g}: {'reached' if score >= aim.least else 'MISSED'}" if ours else ""
        yield f"  {name:34} {score:7.3f}   {failed:3} not loaded {seconds * 1e3 / len(paths):7.1f} ms each{verdict}"
        yield from lines


def _predict(read: Reader, paths: Sequence[Path], dataset: str, target: Path) -> int:
    """Write what a reader makes of each file; return how many it refused."""
    failed = 0
    with target.open("w", encoding="utf-8") as lines:
        for path in paths:
            found: dict[str, object] = {"dataset": dataset, "file": path.name, "id": path.name}
            try:
                found["rows"] = [["" if cell is None else cell for cell in row] for row in read(path)]
            except Exception as error:  # a reader of any kind, on files made to break it
                found["error"] = str(error)[:200]
                failed += 1
            lines.write(json.dumps(found) + "\n")
    return failed


def _score(aim: Aim, data: Path, home: Path, predictions: Path, worst: int) -> tuple[float, list[str]]:
    if aim.name == "csv_reader":
        text = _run(data / READING, str(predictions), *(["--wrong"] if worst else []))
    else:
        options = ["--data", str(home), "--dataset", aim.name, "--worst", str(worst)]
        text = _run(data / POLLOCK, str(predictions), *options)
    found, end = json.JSONDecoder().raw_decode(text)
    rest = [f"    {line[:200]}" for line in text[end:].splitlines() if line.strip()][:worst]
    if worst:
        rest += _refusals(predictions)
    return float(found[aim.measure]), rest


def _refusals(predictions: Path) -> list[str]:
    """Return the reasons for which files were refused, each with how many there are and one of them."""
    refused: dict[str, list[str]] = {}
    for line in map(json.loads, predictions.read_text("utf-8").splitlines()):
        if "error" in line:
            refused.setdefault(line["error"].replace(line["file"], "…"), []).append(line["file"])
    return [f"    {len(files)} refused, one of them {files[0]}: {error}" for error, files in refused.items()]


def _run(scorer: Path, *arguments: str) -> str:
    run = subprocess.run([sys.executable, str(scorer), *arguments], capture_output=True, text=True, check=True)
    return run.stdout


# --- readers ----------------------------------------------------------------------------------------------------------


def ours(path: Path) -> Rows:
    """Read with nothing stated; a header row as it stands in the file, where it is one, because names get tidied."""
    from csvagent_jupyter.tables import read_table

    table = read_table(path, as_text=True)
    dialect = table.dialect
    assert dialect is not None
    rows = _cells(table.arrow)
    if dialect.header_rows == 0:
        return rows
    names: Sequence[str | None] = table.arrow.column_names
    renaming = {"note_renamed", "note_tidied", "note_row_nameless"}
    if dialect.header_rows == 1 and any(said.key in renaming for said in table.said):
        stated = {"encoding": dialect.encoding, "delimiter": dialect.delimiter, "quotechar": dialect.quotechar}
        top = {"header_rows": 0, "skipped_rows": dialect.skipped_rows}
        try:
            again = read_table(path, as_text=True, escapechar=dialect.escapechar, **stated, **top)
        except Unreadable:
            again = None
        if again is not None and again.arrow.num_columns == len(names):
            names = _cells(again.arrow.slice(0, 1))[0]
    return [names, *rows]


def _cells(table: object) -> list[list[str | None]]:
    columns = [column.to_pylist() for column in table.columns]  # type: ignore[attr-defined]
    return [list(row) for row in zip(*columns, strict=True)]


def pandas_defaults(path: Path) -> Rows:
    return _pandas(path)


def pandas_sniffing(path: Path) -> Rows:
    return _pandas(path, sep=None, engine="python")


def _pandas(path: Path, **options: object) -> Rows:
    import pandas as pd

    frame = pd.read_csv(path, header=None, dtype=str, keep_default_na=False, **options)  # type: ignore[call-overload]
    return [["" if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy().tolist()]


def chardet_sniffer(path: Path) -> Rows:
    import chardet

    data = path.read_bytes()
    text = data.decode(chardet.detect(data[: 1 << 16])["encoding"] or "utf-8", "replace").removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline=""), csv.Sniffer().sniff(text[: 1 << 14])))


def normalizer_clevercsv(path: Path) -> Rows:
    import clevercsv
    from charset_normalizer import from_bytes

    data = path.read_bytes()
    best = from_bytes(data[: 1 << 16]).best()
    text = data.decode(best.encoding if best else "utf-8", "replace").removeprefix("\ufeff")
    found = clevercsv.Detector().detect(text[: 1 << 14])
    return list(clevercsv.reader(io.StringIO(text, newline=""), found))


def duckdb_tolerant(path: Path) -> Rows:
    """Let duckdb find everything itself, and forgive rows: with its defaults it takes most of these for one column."""
    import duckdb

    options = "all_varchar = true, null_padding = true, strict_mode = false, ignore_errors = true"
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT * FROM read_csv(?, {options})", [str(path)])
        assert found.description is not None
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    return rows if all(re.fullmatch(r"column\d+", name) for name in names) else [names, *rows]


def polars_defaults(path: Path) -> Rows:
    import polars

    return polars.read_csv(path, has_header=False, infer_schema=False).rows()


READERS_BY_NAME: dict[str, Reader] = {
    "read_table": ours,
    "pandas, its defaults": pandas_defaults,
    "pandas, sep=None": pandas_sniffing,
    "chardet, csv.Sniffer": chardet_sniffer,
    "charset-normalizer, CleverCSV": normalizer_clevercsv,
    "duckdb, tolerant": duckdb_tolerant,
    "polars, its defaults": polars_defaults,
}
READERS = tuple(READERS_BY_NAME)


if __name__ == "__main__":
    main()
