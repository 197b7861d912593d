"""What a question costs on top of its code, with a model that replies at once, beside that code in a warm kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from jupyter_client.manager import KernelManager

from csvagent_jupyter.blocking import BlockingManager
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Question
from csvagent_jupyter.tables import resolve_sources

from .figures import Sample

RUNS = 15
SALES = Path(__file__).parents[2] / "examples" / "sales.csv"
CODE = 'total = df.groupby("region")["revenue"].sum()\nprint(f"Revenue: {total.sum():.2f}")\ntotal'
READ = f'import pandas as pd\ndf = pd.read_csv({str(SALES)!r}, sep=";", decimal=",")'


def report() -> Iterator[str]:
    """Yield the lines of this part; asking and running bare take turns."""
    with TemporaryDirectory() as folder:
        ask, stop = asking(Path(folder))
        kernel, bare = bare_kernel()
        try:
            begin = perf_counter()
            ask()
            first = perf_counter() - begin
            bare(READ)
            pairs = [(_timed(ask), _timed(bare)) for _ in range(RUNS)]
        finally:
            stop()
            kernel.shutdown_kernel(now=True)
    asked, alone = Sample([pair[0] for pair in pairs]), Sample([pair[1] for pair in pairs])
    yield f"a question, instant model    {asked}"
    yield f"the same code, warm kernel   {alone}"
    yield f"overhead                     {Sample([pair[0] - pair[1] for pair in pairs])}"
    yield f"ratio                        {asked.median / alone.median:.1f}"
    yield f"the first question           {first:.2f} s, kernel and imports included"


def _timed(action: Callable[[], None]) -> float:
    begin = perf_counter()
    action()
    return perf_counter() - begin


def asking(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return how to ask the same question once more in one session, and how to end that."""
    script = folder / "replies.json"
    script.write_text(json.dumps([f"It sums.\n```python\n{CODE}\n```"] * (RUNS + 1)))
    manager = CSVAgentManager(data_folder=str(folder / "data"), model=f"replay:{script}")
    door = BlockingManager(manager)
    sources = tuple(found.source for found in resolve_sources([str(SALES)]))

    def ask() -> None:
        question = Question("total revenue by region", sources)
        task = door.run(manager.ask(question, session_name="bench"))
        answer = door.run(manager.result(task.task_id))
        assert answer.success, answer.error

    return ask, door.close


def bare_kernel() -> tuple[KernelManager, Callable[..., None]]:
    """Start a kernel that has nothing of ours; return it, and how to run code there and wait for its end."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(extra_arguments=["--log-level=ERROR"])
    client = manager.client()
    client.start_channels()
    client.wait_for_ready()

    def run(code: str = CODE) -> None:
        reply = client.execute_interactive(code, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok", reply

    return manager, run
