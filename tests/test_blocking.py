"""The door for callers that block: scripts in processes of their own, and an interrupted thread."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from model_server import Reply, ScriptedServer

from csvagent_jupyter.blocking import BlockingManager, LoopThread
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Event, Question, Source

REPLY = "The number of rows.\n```python\nprint(len(df), 'rows')\nlen(df)\n```"


def run_python(code: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "JUPYTER_DATA_DIR": str(folder / "jupyter"), **environ}
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", code],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_a_script_asks_about_a_file_and_a_dataframe_and_ends_by_itself(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a;b\n1;2\n3;4\n")
    (tmp_path / "replies.json").write_text(json.dumps([REPLY, REPLY, REPLY]))
    (tmp_path / "drawing.json").write_text(json.dumps(["I draw.\n```python\nplt.bar(['a'], [1])\n```\n"]))
    code = (
        "import pandas as pd\n"
        "from csvagent_jupyter import ask\n"
        "first = ask('how many rows?', 'data.csv', model='replay:replies.json', session='s')\n"
        "second = ask('how many rows?', pd.DataFrame({'x': [1, 2, 3]}), model='replay:replies.json')\n"
        "print(first.value, second.value, first.text_output)\n"
        "drawn = ask('n as a bar', pd.DataFrame({'n': [1]}), model='replay:drawing.json')\n"
        "print(*(plot[:22] for plot in drawn.plots))\n"
        "stated = {'header_rows': 0, 'data.csv': {'delimiter': '|'}}\n"
        "print(ask('how many rows?', 'data.csv', model='replay:replies.json', read=stated).value)\n"
    )
    done = run_python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2", "3", "2", "rows", "data:image/png;base64,", "3"]
    assert "Traceback" not in done.stderr and "never awaited" not in done.stderr and "destroyed" not in done.stderr


def test_a_fork_gets_a_manager_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a;b\n1;2\n3;4\n")
    (tmp_path / "replies.json").write_text(json.dumps([REPLY, REPLY]))
    code = (
        "import os\n"
        "from csvagent_jupyter import ask\n"
        "ask('how many rows?', 'data.csv', model='replay:replies.json')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    answer = ask('how many rows?', 'data.csv', model='replay:replies.json')\n"
        "    os._exit(answer.value)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = run_python(code, tmp_path)
    assert done.stdout.split() == ["2"], done.stderr


def test_an_interrupt_cancels_the_task_and_the_events_still_end_in_order(
    tmp_path: Path, model_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in model_server.environ().items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n")
    model_server.script(Reply(chunks=["Reading.\n", "```python\n", "x = 1"], stall_after=2))
    door = BlockingManager(CSVAgentManager(data_folder=str(tmp_path / "store"), model="openai:test"))
    try:
        task = door.run(door.manager.ask(Question("rows?", (Source("data.csv", path=str(path)),))))

        def interrupt() -> None:
            model_server.wait_for_request(1).stalled.wait(30)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        events = list(door.events(task.task_id))
    finally:
        door.close()
    assert events[-1].type == "result" and events[-1].status == "cancelled"
    assert model_server.requests[0].disconnected.wait(10)


class Deaf:
    """Stands where a manager does whose task does not end, whoever asks for it."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def cancel(self, task_id: str) -> None:
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    async def events(self, task_id: str, after: int = 0) -> AsyncIterator[Event]:
        try:
            yield Event("task_started", task_id)
            threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            await asyncio.Event().wait()
        finally:
            self.closed.set()


def test_a_second_interrupt_is_raised_as_such_and_ends_the_following() -> None:
    manager = Deaf()
    door = BlockingManager(cast(CSVAgentManager, manager))
    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        seen += (event.type for event in door.events("t"))
    assert manager.closed.wait(10)
    door.close()


def test_close_is_harmless_when_repeated(tmp_path: Path) -> None:
    door = BlockingManager(CSVAgentManager(data_folder=str(tmp_path)))
    assert door.alive
    door.close()
    door.close()
    assert not door.alive


def test_a_store_that_cannot_be_opened_leaves_no_thread_behind(tmp_path: Path) -> None:
    (tmp_path / "sessions.sqlite").mkdir()
    before = threading.active_count()
    with pytest.raises(Exception, match=r"\w"):
        BlockingManager(CSVAgentManager(data_folder=str(tmp_path)))
    assert threading.active_count() == before


def test_an_interrupted_wait_cancels_what_it_waited_for() -> None:
    thread = LoopThread("test")
    cancelled = threading.Event()

    async def forever() -> None:
        threading.Timer(0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(KeyboardInterrupt):
        thread.run(forever())
    assert cancelled.wait(10)
    thread.close()


def test_what_a_first_question_needs_is_imported_by_itself_after_loading(tmp_path: Path) -> None:
    program = """
import sys, threading
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext csvagent_jupyter")
for thread in threading.enumerate():
    if thread.name == "csvagent-prewarm":
        thread.join()
before = set(sys.modules)
from csvagent_jupyter import blocking
door = blocking._shared
async def ready():
    return await door.manager.workshop.kernels._spare.started()
assert door.run(ready())
shell.run_cell("%config CSVAgentManager.max_kernels = 2")
assert not door.alive and blocking._shared is None
shell.run_cell("%config CSVAgentManager.max_attempts = 1")
answer = shell.run_cell("%%csvagent sales.csv\\nhow many rows?").result
assert answer.success, answer.error
manager = blocking._shared.manager
assert (manager.max_kernels, manager.max_attempts) == (2, 1)
print(len(set(sys.modules) - before), len(before & {"pyarrow", "jupyter_client.asynchronous.client"}))
print("pandas" in sys.modules)
"""
    (tmp_path / "sales.csv").write_text("a,b\n1,2\n")
    places = {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "IPYTHONDIR": str(tmp_path / "ipython")}
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | places | {"CSVAGENT_MODEL": "offline"},
        capture_output=True,
        encoding="utf-8",
    )
    assert run.stderr == ""
    *_, late, ahead, has_pandas = run.stdout.split()
    assert (int(late) < 100, int(ahead)) == (True, 2)
    assert has_pandas == "False"  # files are read by a process of their own
