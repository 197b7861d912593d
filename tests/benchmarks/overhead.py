"""What a question costs on top of its code, with a model that replies at once, beside that code in a warm kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

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


class Asking(NamedTuple):
    """A manager with a model that replies at once, and one question to it."""

    ask: Callable[..., None]
    ready: Callable[[], None]
    stop: Callable[[], None]


def report() -> Iterator[str]:
    """Yield the lines of this part; asking and running bare take turns."""
    with TemporaryDirectory() as folder:
        asked = asking(Path(folder))
        kernel, bare = bare_kernel()
        try:
            begin = perf_counter()
            asked.ask()
            first = perf_counter() - begin
            bare(READ)
            pairs = [(_timed(asked.ask), _timed(bare)) for _ in range(RUNS)]
        finally:
            asked.stop()
            kernel.shutdown_kernel(now=True)
    again, alone = Sample([pair[0] for pair in pairs]), Sample([pair[1] for pair in pairs])
    yield f"one more question in a session      {again}"
    yield f"the same code, warm kernel          {alone}"
    yield f"overhead                            {Sample([pair[0] - pair[1] for pair in pairs])}"
    yield f"ratio                               {again.median / alone.median:.1f}"
    yield f"the first question of a process     {first:.2f} s, fork server and its imports included"


def fresh_sessions() -> tuple[Sample, Sample]:
    """Return what the first question of a session costs over its bare code, and that code.

    The pool has a kernel ready, and room, so that no other session's kernel has to end first.
    """
    with TemporaryDirectory() as folder:
        asked = asking(Path(folder), max_kernels=RUNS + 2)
        kernel, bare = bare_kernel()
        try:
            bare(READ)
            bare()
            asked.ask("warm-up")
            pairs = []
            for number in range(RUNS):
                asked.ready()
                asking_took = _timed(lambda session=f"session-{number}": asked.ask(session))  # type: ignore[misc]
                asked.ready()  # the next one's start is nobody's business here
                pairs.append((asking_took, _timed(bare)))
        finally:
            asked.stop()
            kernel.shutdown_kernel(now=True)
    return Sample([pair[0] - pair[1] for pair in pairs]), Sample([pair[1] for pair in pairs])


def _timed(action: Callable[[], None]) -> float:
    begin = perf_counter()
    action()
    return perf_counter() - begin


def asking(folder: Path, **settings: int) -> Asking:
    """Return how to ask the same question once more, how to wait for the pool's kernel, and how to end that."""
    script = folder / "replies.json"
    script.write_text(json.dumps([f"It sums.\n```python\n{CODE}\n```"] * (RUNS + 1)))
    manager = CSVAgentManager(data_folder=str(folder / "data"), model=f"replay:{script}", **settings)
    door = BlockingManager(manager)
    sources = tuple(found.source for found in resolve_sources([str(SALES)]))

    def ask(session: str = "bench") -> None:
        question = Question("total revenue by region", sources)
        task = door.run(manager.ask(question, session_name=session))
        answer = door.run(manager.result(task.task_id))
        assert answer.success, answer.error

    async def started() -> None:
        manager.prewarm()
        spare = manager.workshop.kernels._spare
        assert spare is not None and await spare.started()

    return Asking(ask, lambda: door.run(started()), door.close)


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
