"""How a kernel starts and ends: by request, by accident, by force, and together with the process that asked."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets.config import Config

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import DeadlineExceeded, KernelDied
from csvagent_jupyter.sandbox import KERNEL_NAME, SandboxKernel
from csvagent_jupyter.sandbox.specs import SandboxSpecs, register_provisioner

ENDS_IN_TIME = 20.0


@asynccontextmanager
async def started(kernel: SandboxKernel | None = None) -> AsyncIterator[SandboxKernel]:
    kernel = kernel or SandboxKernel()
    await kernel.start()
    try:
        yield kernel
    finally:
        await kernel.stop()


def processes_of(folder: Path) -> list[int]:
    """Return the processes that carry the mark of a sandbox in their environment, zombies left out."""
    mark = f"CSVAGENT_SANDBOX={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def is_running(pid: int) -> bool:
    """Tell whether there is such a process; one that ended and was not reaped does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until_gone(folder: Path, pid: int) -> bool:
    """Wait until no process of a sandbox is left; `pid` is its kernel."""
    for _ in range(int(ENDS_IN_TIME / 0.02)):
        if not processes_of(folder) and not is_running(pid):
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.mark.parametrize("forked", [True, False])
async def test_stop_leaves_no_process_and_no_folder(forked: bool) -> None:
    async with started(SandboxKernel(forked=forked, confined=False)) as kernel:
        folder = kernel.folder
        code = (
            "import subprocess, sys\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        )
        assert (await kernel.execute(code, timeout=30)).error is None
        # These two, and beside them the kernel and the one that watches over it; a fork's environment cannot be seen.
        assert len(processes_of(folder)) == (2 if forked else 4)
        pid = (await kernel.execute("import os\nos.getpid()", timeout=30)).value
        assert folder.stat().st_mode & 0o777 == 0o700
        await kernel.stop()
        assert not kernel.alive
        assert not folder.exists()
        assert await until_gone(folder, pid)
        with pytest.raises(KernelDied):
            await kernel.execute("1", timeout=5)


@pytest.mark.parametrize("code", ["import os; os._exit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
async def test_a_kernel_that_ends_is_noticed_at_once(code: str) -> None:
    async with started() as kernel:
        began = time.monotonic()
        with pytest.raises(KernelDied):
            await kernel.execute(code, timeout=60)
        assert time.monotonic() - began < 2
        assert not kernel.alive


async def test_code_that_does_not_hear_interrupts_is_killed() -> None:
    code = "import time\nprint('on')\nwhile True:\n    try: time.sleep(0.01)\n    except KeyboardInterrupt: pass"
    async with started() as kernel:
        deaf = asyncio.Event()
        running = asyncio.ensure_future(kernel.execute(code, timeout=60, on_output=lambda _: deaf.set()))
        await asyncio.wait_for(deaf.wait(), ENDS_IN_TIME)
        await kernel.interrupt()
        with pytest.raises(KernelDied):
            await running
        assert not kernel.alive


async def test_a_deadline_that_is_not_heard_ends_the_kernel() -> None:
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    async with started() as kernel:
        with pytest.raises(DeadlineExceeded):
            await kernel.execute(code, timeout=3)
        assert not kernel.alive


async def test_messages_beyond_the_budget_end_the_kernel() -> None:
    """The code speaks past the cap in the kernel, straight to the socket, as hostile code would."""
    code = (
        "import sys\nstream = type(sys.stdout)\n"
        "from ipykernel.iostream import OutStream\n"
        "while True:\n    OutStream.write(sys.stdout, 'x' * 1_000_000)\n    sys.stdout.flush()"
    )
    async with started(SandboxKernel(Limits(traffic=20 * 2**20))) as kernel:
        with pytest.raises(KernelDied) as caught:
            await kernel.execute(code, timeout=60, on_output=lambda _: None)
        assert "20 MB" in str(caught.value)
        assert not kernel.alive


ENDLESS_MESSAGE = """
import os, socket, stat, struct

def is_iopub(number):
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        return False
    with socket.socket(fileno=os.dup(number)) as one:
        listens = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return not listens and one.family == socket.AF_UNIX and str(one.getsockname()).endswith("k-2")

numbers = [int(name) for name in os.listdir("/proc/self/fd")]
(found,) = [number for number in numbers if os.path.exists(f"/proc/self/fd/{number}") and is_iopub(number)]
with socket.socket(fileno=os.dup(found)) as wire:
    wire.setblocking(True)
    wire.sendall(struct.pack(">BB", 1, 13) + b"stream.stdout")
    part = struct.pack(">BQ", 3, 1_000_000) + bytes(1_000_000)  # 3: a long part, and more to come
    while True:
        wire.sendall(part)
"""


async def test_a_message_without_an_end_ends_the_kernel() -> None:
    """ZMQ would collect its parts for ever, and no part is too large."""
    async with started(SandboxKernel(Limits(traffic=20 * 2**20))) as kernel:
        with pytest.raises(KernelDied) as caught:
            await kernel.execute(ENDLESS_MESSAGE, timeout=60)
        assert "20 MB" in str(caught.value)
        assert not kernel.alive


async def test_one_message_larger_than_allowed_ends_the_kernel() -> None:
    code = (
        "import sys\nfrom ipykernel.iostream import OutStream\n"
        "OutStream.write(sys.stdout, 'x' * 5_000_000)\nsys.stdout.flush()\nimport time\ntime.sleep(600)"
    )
    async with started(SandboxKernel(Limits(message=2**20))) as kernel:
        with pytest.raises(KernelDied):
            await kernel.execute(code, timeout=60)
        assert not kernel.alive


async def test_a_reply_that_is_not_ours_ends_the_kernel() -> None:
    code = (
        "import json\njson_dumps = json.dumps\n"
        "from csvagent_jupyter.sandbox.inside import answers\n"
        'class Liar:\n    @staticmethod\n    def dumps(*args, **kwargs): return \'{"charts": [{"kind": 3}]}\'\n'
        "answers.json = Liar"
    )
    async with started() as kernel:
        with pytest.raises(KernelDied):
            await kernel.execute(code, timeout=60)
        assert not kernel.alive


async def test_a_kernel_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("raise ImportError('this pandas is broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    kernel = SandboxKernel(folder=tmp_path)
    with pytest.raises(KernelDied) as caught:
        await kernel.start()
    assert "this pandas is broken" in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pandas.py"]


async def test_a_path_too_long_for_sockets_is_told(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with pytest.raises(KernelDied) as caught:
        await SandboxKernel(folder=folder).start()
    assert "TMPDIR" in str(caught.value)
    assert not list(folder.iterdir())


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(KernelDied) as caught:
        await SandboxKernel(folder=tmp_path / "not there").start()
    assert "No such file or directory" in str(caught.value)


async def test_a_disk_too_full_to_start_is_told_and_nothing_stays(tmp_path: Path) -> None:
    """The limit on file sizes makes the very system calls fail that a full disk does."""
    program = """
import asyncio, resource, sys, tempfile
from pathlib import Path
from csvagent_jupyter.exceptions import KernelDied
from csvagent_jupyter.sandbox import SandboxKernel
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    asyncio.run(SandboxKernel(folder=Path(sys.argv[1])).start())
except KernelDied as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "Free some space" in done.stdout
    assert not list(tmp_path.iterdir())


CONSOLE = """
import sys
from jupyter_client.blocking.client import BlockingKernelClient

client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=30)
client.execute_interactive("print(answer)", timeout=30)
client.execute_interactive("df2 = pd.DataFrame({'a': [answer]}); int(df2.a.sum())", timeout=30)
client.stop_channels()
"""


async def test_a_console_can_join() -> None:
    """A client in another process attaches by the connection file, as ``jupyter console --existing`` does."""
    async with started() as kernel:
        await kernel.execute("answer = 42", timeout=30)
        command = [sys.executable, "-W", "ignore", "-c", CONSOLE, str(kernel.connection_file)]
        console = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
        assert console.stdout.split() == ["42", "42"], console.stderr
        assert (await kernel.execute("df2.a[0] + answer", timeout=30)).value == 84


@pytest.mark.parametrize("forked", [True, False])
async def test_an_ordinary_manager_starts_our_kernelspec(forked: bool) -> None:
    register_provisioner()
    config = Config({"SandboxProvisioner": {"forked": forked}})
    with zmq.asyncio.Context() as context:
        manager = AsyncKernelManager(
            kernel_name=KERNEL_NAME, kernel_spec_manager=SandboxSpecs(), config=config, context=context
        )
        await manager.start_kernel()
        client = manager.client()
        try:
            client.start_channels()
            await use(manager, client)
        finally:
            client.stop_channels()
            folder, pid = manager.provisioner.folder, manager.provisioner.pid
            await manager.shutdown_kernel(now=False)
        assert not folder.exists()
        assert await until_gone(folder, pid)


async def use(manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
    """Do what a notebook server does with a kernel: run, interrupt, restart."""
    await client.wait_for_ready(timeout=ENDS_IN_TIME)
    assert manager.provisioner.report.isolation == "confined"
    assert await value_of(client, "6 * 7") == "42"
    client.execute("import time\nwhile True: time.sleep(0.01)", stop_on_error=False)
    await until_busy(client)
    await manager.interrupt_kernel()
    assert await value_of(client, "7 * 7") == "49"
    assert await manager.is_alive()
    first = manager.provisioner.pid
    await manager.restart_kernel(now=True)
    await client.wait_for_ready(timeout=ENDS_IN_TIME)
    assert await value_of(client, "'time' in globals()") == "False"
    assert manager.provisioner.pid != first and not is_running(first)


async def value_of(client: AsyncKernelClient, code: str) -> str:
    """Return the value of an expression as an ordinary front end gets it."""
    reply = await client.execute(code, user_expressions={"value": code}, silent=True, reply=True, timeout=ENDS_IN_TIME)
    text: str = reply["content"]["user_expressions"]["value"]["data"]["text/plain"]
    return text


async def until_busy(client: AsyncKernelClient) -> None:
    while True:
        message = await client.get_iopub_msg(timeout=ENDS_IN_TIME)
        if message["msg_type"] == "execute_input" and "while" in message["content"]["code"]:
            return


def test_a_kernel_lives_in_a_loop_of_another_thread() -> None:
    outcome: list[object] = []

    async def ask() -> None:
        async with started() as kernel:
            outcome.append((await kernel.execute("6 * 7", timeout=30)).value)

    thread = threading.Thread(target=lambda: asyncio.run(ask()))
    thread.start()
    thread.join(60)
    assert outcome == [42]


ASKER = """
import asyncio, sys
from csvagent_jupyter.sandbox import SandboxKernel

async def main():
    kernel = SandboxKernel(forked=sys.argv[3] == "forked")
    await kernel.start()
    print(kernel.folder, (await kernel.execute("import os; os.getpid()", timeout=30)).value, flush=True)
    if sys.argv[1] == "forget":
        return
    await kernel.execute("print('on', flush=True)\\n" + sys.argv[2], timeout=30, on_output=lambda _: print(flush=True))

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("kill", "while True: pass"),
        ("kill", "sum(range(10**12))"),  # holds the interpreter's lock, so that no thread of the kernel runs
        ("forget", ""),
    ],
)
@pytest.mark.parametrize("start", ["forked", "started"])
async def test_a_kernel_does_not_outlive_its_asker(way: str, code: str, start: str) -> None:
    asker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", ASKER, way, code, start],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert asker.stdout is not None
    with asker, asker.stdout as out:
        told, pid = out.readline().split()
        folder = Path(told)
        if way == "kill":
            out.readline()
            os.kill(asker.pid, signal.SIGKILL)
        asker.wait(60)
    assert await until_gone(folder, int(pid))
    for _ in range(int(ENDS_IN_TIME / 0.02)):
        if not folder.exists():
            break
        await asyncio.sleep(0.02)
    assert not folder.exists()
