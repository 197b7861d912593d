"""Runs a notebook in a real kernel, prints its questions with their answers, and writes its page.

    python examples/run.py examples/tour.ipynb

Without CSVAGENT_MODEL in the environment the built-in engine answers, so that trying it costs nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

PAGES = Path(__file__).parent.parent / "build" / "demo"
MAGIC = "%%csvagent"


def main(path: Path) -> Path:
    """Run the notebook at `path` where it is, and return the path of its page."""
    os.environ.setdefault("CSVAGENT_MODEL", "offline")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            if cell.cell_type == "code" and cell.source.startswith(MAGIC):
                print("\n".join(told(cell)), flush=True)
    page, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    PAGES.mkdir(parents=True, exist_ok=True)
    place = PAGES / f"{path.stem}.html"
    place.write_text(page, encoding="utf-8")
    return place


def told(cell: Any) -> Iterator[str]:
    """Yield the question of a cell, and its answer as a terminal shows it."""
    line, _, question = cell.source.partition("\n")
    yield f"── {line.removeprefix(MAGIC).strip()} ── {question.strip()}"
    for output in cell.outputs:
        if "text/html" in output.get("data", {}):
            yield output.data["text/plain"].strip()
    yield ""


if __name__ == "__main__":
    print(main(Path(sys.argv[1])).resolve())
