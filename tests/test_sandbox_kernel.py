"""The dedicated kernel: what goes in, what comes back, and what happens when code misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import pytest_asyncio

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import DeadlineExceeded, KernelDied
from csvagent_jupyter.messages import Execution
from csvagent_jupyter.sandbox import SandboxKernel

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "canary-9f3b"
SALES = pd.DataFrame(
    {
        "city": ["Oslo", "Rome", "Oslo", None],
        "amount": [1.5, 2.0, float("nan"), 4.0],
        "day": pd.to_datetime(["2024-01-01", "2024-01-02", None, "2024-01-04"]),
        "kind": pd.Categorical(["a", "b", "a", "a"]),
        "big": pd.array([1, None, 2**60 + 1, 4], dtype="Int64"),
    }
)


def write_arrow(frame: pd.DataFrame, path: Path) -> Path:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return path


WAYS = {"forked": (True, True), "started": (False, True), "open": (True, False)}


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=list(WAYS))
async def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SandboxKernel]:
    """One kernel with a table, for the tests that leave it as it was: from the fork server, not from it, unconfined."""
    forked, confined = WAYS[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", CANARY)
        patch.setenv("CSVAGENT_TEST_SECRET", CANARY)
        kernel = SandboxKernel(Limits(memory=1500 * 2**20), forked=forked, confined=confined)
        await kernel.start()
    await kernel.load({"sales": write_arrow(SALES, tmp_path_factory.mktemp("sources") / "sales.arrow")})
    yield kernel
    await kernel.stop()


async def run(kernel: SandboxKernel, code: str, *, timeout: float = 30, keep: bool = False) -> Execution:
    return await kernel.execute(code, timeout=timeout, keep=keep)


async def test_the_last_expression_is_the_value(kernel: SandboxKernel) -> None:
    done = await run(kernel, "x = 20\nprint('thinking')\nx + 1")
    assert (done.value, done.value_text, done.stdout, done.error) == (21, "21", "thinking\n", None)
    assert done.seconds > 0


async def test_a_last_statement_has_no_value(kernel: SandboxKernel) -> None:
    done = await run(kernel, "x = 20")
    assert (done.value, done.value_text) == (None, "")


async def test_tables_arrive_as_they_were(kernel: SandboxKernel) -> None:
    assert (await run(kernel, "df is tables['sales']")).value is True
    kinds = await run(kernel, "[str(kind) for kind in df.dtypes]")
    assert kinds.value == [str(kind) for kind in SALES.dtypes]
    whole = await run(kernel, "df")
    with pa.ipc.open_file(whole.tables[0].path) as reader:
        back = reader.read_all().to_pydict()
    assert back["big"] == [1, None, 2**60 + 1, 4]
    assert back["city"] == ["Oslo", "Rome", "Oslo", None]


async def test_a_table_is_a_value_with_its_first_rows(kernel: SandboxKernel) -> None:
    done = await run(kernel, "pd.DataFrame({'n': range(500), 'day': pd.Timestamp('2024-02-03'), 'q': np.nan})")
    assert done.value["columns"] == ["n", "day", "q"]
    assert (len(done.value["rows"]), done.value["total_rows"]) == (200, 500)
    assert done.value["rows"][3] == [3, "2024-02-03", None]
    assert (len(done.tables), len(done.tables[0].rows), done.tables[0].total_rows) == (1, 200, 500)


async def test_displayed_tables_come_in_order_and_once(kernel: SandboxKernel) -> None:
    done = await run(kernel, "a = df.head(1)\nb = df.city\ndisplay(a)\ndisplay(b)\ndisplay('a text')\na")
    assert [table.columns for table in done.tables] == [tuple(SALES.columns), ("city",)]
    assert done.stdout == "a text\n"


async def test_an_index_that_says_something_is_a_column(kernel: SandboxKernel) -> None:
    done = await run(kernel, "df.groupby('city')['amount'].sum()")
    assert done.value == {"columns": ["city", "amount"], "rows": [["Oslo", 1.5], ["Rome", 2.0]], "total_rows": 2}


async def test_printed_text_is_heard_while_the_code_runs(kernel: SandboxKernel) -> None:
    heard: list[str] = []
    first = asyncio.Event()

    def hear(text: str) -> None:
        heard.append(text)
        first.set()

    code = "import time\nprint('one', flush=True)\nwhile not go.exists(): time.sleep(0.01)\nprint('two')"
    flag = kernel.folder / "work" / "go"
    setup = f"from pathlib import Path\ngo = Path({str(flag)!r})\n"
    running = asyncio.ensure_future(kernel.execute(setup + code, timeout=30, on_output=hear, keep=False))
    await asyncio.wait_for(first.wait(), 20)
    assert not running.done()
    flag.touch()
    done = await running
    flag.unlink()
    assert "".join(heard) == done.stdout == "one\ntwo\n"


async def test_an_error_speaks_of_the_code_alone(kernel: SandboxKernel) -> None:
    done = await run(kernel, "# a comment\ndef total(frame):\n    return frame['Amount'].sum()\n\ntotal(df)")
    assert done.error is not None
    assert (done.error.ename, done.error.line_number) == ("KeyError", 3)
    assert 'File "<answer>", line 5, in <module>' in done.error.traceback
    assert "return frame['Amount'].sum()" in done.error.traceback
    assert "site-packages" not in done.error.traceback and "\x1b" not in done.error.traceback


async def test_a_syntax_error_names_its_line(kernel: SandboxKernel) -> None:
    done = await run(kernel, "x = 1\ny = = 2")
    assert done.error is not None
    assert (done.error.ename, done.error.line_number) == ("SyntaxError", 2)
    assert "<answer-" not in done.error.evalue + done.error.traceback


async def test_a_function_of_an_earlier_answer_is_named_as_such(kernel: SandboxKernel) -> None:
    await run(kernel, "def broken():\n    return 1 / 0", keep=True)
    done = await run(kernel, "x = 1\nbroken()\ndel broken")
    assert done.error is not None and done.error.line_number == 2
    assert 'File "<earlier answer>", line 2, in broken' in done.error.traceback
    await run(kernel, "del broken", keep=True)


async def test_failed_code_leaves_no_trace(kernel: SandboxKernel) -> None:
    code = (
        "made = 1\ndf['extra'] = 1\ndf.loc[0, 'amount'] = 99\ntables['sales'].drop(columns='day', inplace=True)\n"
        "tables['other'] = 1\npd = None\nplt.figure()\nraise ValueError('no')"
    )
    failed = await run(kernel, "import warnings\nwarnings.simplefilter('ignore')\n" + code, keep=True)
    assert failed.error is not None and failed.error.ename == "ValueError"
    after = await run(
        kernel,
        "'made' in globals(), list(df.columns) == list(tables['sales'].columns), df is tables['sales'], "
        "df.loc[0, 'amount'], len(df.columns), len(tables), pd.__name__, len(plt.get_fignums())",
    )
    assert after.value == [False, True, True, 1.5, 5, 1, "pandas", 0]


async def test_code_that_worked_is_built_upon_unless_it_was_a_trial(kernel: SandboxKernel) -> None:
    await run(kernel, "kept = [1]", keep=True)
    await run(kernel, "trial = 2\nkept.append(2)", keep=False)
    done = await run(kernel, "kept, 'trial' in globals()")
    assert done.value == ["[1]", False]
    await run(kernel, "del kept", keep=True)


async def test_what_code_does_to_the_process_is_undone(kernel: SandboxKernel) -> None:
    code = (
        "import os, sys, io\nplt.style.use('dark_background')\nplt.rcParams['figure.figsize'] = (1, 1)\n"
        "os.chdir('/')\nsys.stdout = io.StringIO()\nplt.switch_backend('agg')\nplt.plot([1, 2])"
    )
    first = await run(kernel, code, keep=True)
    assert first.error is None and len(first.plots) == 1
    after = await run(
        kernel,
        "print('heard')\nos.path.basename(os.getcwd()), plt.rcParams['figure.figsize'][0], len(plt.get_fignums())",
    )
    assert (after.stdout, after.value) == ("heard\n", ["work", 6.4, 0])
    shown = await run(kernel, "plt.plot([1])\nplt.show()")
    assert len(shown.plots) == 1


async def test_files_that_the_code_writes_come_back(kernel: SandboxKernel) -> None:
    code = (
        "import os\ndf.to_csv('out.csv', index=False)\nos.makedirs('more', exist_ok=True)\n"
        "open('more/notes.txt', 'w').write('notes')\nimport contextlib\n"
        "with contextlib.suppress(PermissionError):\n    os.symlink('/etc/passwd', 'link.txt')\n    os.mkfifo('pipe')"
    )
    done = await run(kernel, code)
    assert done.error is None
    assert [(file.name, file.size) for file in done.files] == [
        ("more/notes.txt", 5),
        ("out.csv", (kernel.folder / "work" / "out.csv").stat().st_size),
    ]
    assert Path(done.files[0].path).read_text() == "notes"
    again = await run(kernel, "import os\nfor name in os.listdir(): os.path.isdir(name) or os.unlink(name)")
    assert again.files == ()


async def test_no_secret_is_visible(kernel: SandboxKernel) -> None:
    done = await run(
        kernel,
        "import os\ntry: environ = open('/proc/self/environ').read()\nexcept PermissionError: environ = ''\n"
        "sorted(k for k, v in os.environ.items() if 'canary' in v), 'canary' in environ, os.environ['HOME']",
    )
    assert done.value[:2] == ["[]", False]
    assert done.value[2].startswith(str(kernel.folder))


async def test_warnings_of_libraries_do_not_stand_in_the_text(kernel: SandboxKernel) -> None:
    done = await run(kernel, "import warnings, sys\nwarnings.warn('old')\nprint('err', file=sys.stderr)\nprint('out')")
    assert done.stdout == "out\n"


async def test_the_kernel_says_what_it_is(kernel: SandboxKernel) -> None:
    reached = await run(kernel, "import socket\nsocket.socket().close()\nopen('/etc/passwd').close()")
    assert kernel.isolation == ("process" if reached.error is None else "confined")
    assert ("The code may use the network." in kernel.isolation_gaps) is (reached.error is None)
    assert kernel.isolation_gaps and all(" " in gap for gap in kernel.isolation_gaps)
    assert "файл" in " ".join(kernel.say_gaps("ru"))
    assert f"pandas {pd.__version__}" in kernel.libraries


async def test_exhausted_memory_is_an_error_that_the_kernel_survives(kernel: SandboxKernel) -> None:
    done = await run(kernel, "np.ones((200_000, 20_000))")
    assert done.error is not None
    assert done.error.ename in ("MemoryError", "_ArrayMemoryError")
    assert (await run(kernel, "1")).value == 1


async def test_a_flood_of_output_is_cut(kernel: SandboxKernel) -> None:
    heard: list[int] = []
    code = "for _ in range(20):\n    print('x' * 5_000_000)\n'done'"
    done = await kernel.execute(code, timeout=60, on_output=lambda text: heard.append(len(text)), keep=False)
    assert (done.cut, done.value, len(done.stdout)) == (True, "done", kernel.limits.output)
    assert sum(heard) == kernel.limits.output


async def test_endless_code_is_interrupted_and_the_kernel_goes_on(kernel: SandboxKernel) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        await run(kernel, "made = 1\nwhile True: print('x' * 100)", timeout=0.5)
    assert "0.5" in str(caught.value)
    assert kernel.alive
    assert (await run(kernel, "'made' in globals()")).value is False


async def test_an_interrupt_is_told_as_an_error(kernel: SandboxKernel) -> None:
    started = asyncio.Event()
    code = "import time\nprint('on')\nwhile True: time.sleep(0.01)"
    running = asyncio.ensure_future(kernel.execute(code, timeout=30, on_output=lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 20)
    await kernel.interrupt()
    done = await running
    assert done.error is not None and done.error.ename == "KeyboardInterrupt"
    assert (done.error.line_number, kernel.alive) == (3, True)
    await kernel.interrupt()
    assert (await run(kernel, "1")).value == 1


async def test_a_cancelled_caller_stops_the_code(kernel: SandboxKernel) -> None:
    started = asyncio.Event()
    code = "import time\nprint('on')\nwhile True: time.sleep(0.01)"
    running = asyncio.ensure_future(kernel.execute(code, timeout=30, on_output=lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await run(kernel, "1")).value == 1


async def test_two_executions_at_once_are_refused(kernel: SandboxKernel) -> None:
    running = asyncio.ensure_future(run(kernel, "import time\ntime.sleep(0.3)\n1"))
    await asyncio.sleep(0)
    with pytest.raises(KernelDied):
        await run(kernel, "2")
    assert (await running).value == 1


async def test_leaving_early_is_not_dying(kernel: SandboxKernel) -> None:
    well = await run(kernel, "print('so far')\nplt.plot([1, 2])\nexit()")
    assert (well.error, well.stdout, len(well.plots)) == (None, "so far\n", 1)
    badly = await run(kernel, "import sys\nsys.exit('no data')")
    assert badly.error is not None and (badly.error.ename, badly.error.evalue) == ("SystemExit", "no data")


async def test_a_fork_does_not_answer_twice(kernel: SandboxKernel) -> None:
    done = await run(kernel, "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\npid > 0")
    if kernel.isolation == "confined":
        assert done.error is not None and done.error.ename == "PermissionError"
    else:
        assert done.value is True
    assert (await run(kernel, "1")).value == 1


async def test_a_question_to_the_person_ends_at_once(kernel: SandboxKernel) -> None:
    done = await run(kernel, "input('name?')")
    assert done.error is not None


async def test_a_table_that_cannot_be_read_is_told(kernel: SandboxKernel, tmp_path: Path) -> None:
    broken = tmp_path / "broken.arrow"
    broken.write_bytes(b"not arrow")
    with pytest.raises(KernelDied) as caught:
        await kernel.load({"broken": broken})
    assert "ArrowInvalid" in str(caught.value)
    assert (await run(kernel, "len(df)")).value == 4
