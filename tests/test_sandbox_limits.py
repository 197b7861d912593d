"""Each limit holds in a real kernel, and whoever meets it is told which it was, its value, and what raises it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace

import pytest

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.exceptions import CSVAgentError, LimitExceeded
from csvagent_jupyter.sandbox import SandboxKernel, watch
from csvagent_jupyter.translations import LANGUAGES

MIB = 2**20
LOW = Limits(memory=300 * MIB, file_size=8 * MIB, work_size=16 * MIB, open_files=128, output=1_000, figures=2, tables=2)
DRAW = "for _ in range(3):\n    plt.plot([1, 2])\n    plt.show()"
SEND = "from ipykernel.iostream import OutStream\nimport sys\nfor _ in range(40):\n    OutStream.write(sys.stdout, "
THREADS = (
    "import threading\ngate = threading.Event()\nthreads = [threading.Thread(target=gate.wait) for _ in range(2000)]\n"
    "try:\n    for thread in threads: thread.start()\nfinally: gate.set()"
)

# What the code runs into without its kernel ending, and what is left out without an error.
ERRORS = {
    "memory": [
        "bytearray(600 * 2**20)",
        "np.ones(600 * 2**20)",
        "import pyarrow\npyarrow.allocate_buffer(600 * 2**20)",
    ],
    "file_size": [
        "open('a', 'wb').write(bytes(9 * 2**20))",
        "import pyarrow as pa\nwith pa.OSFile('a', 'wb') as file: file.write(bytes(9 * 2**20))",
        "try: open('a', 'wb').write(bytes(9 * 2**20))\nexcept OSError as error: raise ValueError('no') from error",
    ],
    "open_files": ["kept = [open('/dev/null') for _ in range(200)]"],
    "tasks": [THREADS],
}
CUTS = {
    "output": ["print('x' * 5_000)\n'through'"],
    "figures": [DRAW],
    "tables": ["for _ in range(3): display(df_of := pd.DataFrame({'a': [1]}))"],
    "table_size": ["pd.DataFrame({'a': range(2_000_000)})"],
}
ENDS = {
    "work_size": ["for n in range(8): open(f'{n}', 'wb').write(bytes(4_000_000))"],
    "work_files": ["for n in range(3_000): open(f'{n}', 'w').close()"],
    "message": [SEND + "'x' * 3_000_000)\n    sys.stdout.flush()"],
    "traffic": [SEND + "'x' * 1_000_000)\n    sys.stdout.flush()"],
}
TIME = {
    "cpu_seconds": [
        "while True: pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_DFL)\nwhile True: pass",
        "def spin():\n    while True:\n        try:\n            while True: sum(range(100))\n"
        "        except BaseException: spin()\nspin()",
    ]
}


def cases(*tables: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(limit, code) for table in tables for limit, codes in table.items() for code in codes]


@asynccontextmanager
async def started(limits: Limits = LOW) -> AsyncIterator[SandboxKernel]:
    kernel = SandboxKernel(limits)
    await kernel.start()
    try:
        yield kernel
    finally:
        await kernel.stop()


def assert_told(error: CSVAgentError, limit: str) -> None:
    for language in LANGUAGES:
        assert f"c.CSVAgentManager.kernel_{limit}" in error.say(language)


def test_there_is_a_case_for_every_limit() -> None:
    """All but the size of a library's pools, which nobody runs into."""
    assert {*ERRORS, *CUTS, *ENDS, *TIME} == {field.name for field in fields(Limits)} - {"threads"}


@pytest.mark.parametrize(("limit", "code"), cases(ERRORS))
async def test_an_error_names_its_limit_and_the_kernel_goes_on(limit: str, code: str) -> None:
    async with started() as kernel:
        done = await kernel.execute(code, timeout=30)
        assert done.error is not None
        assert [(hit.name, hit.value) for hit in done.limits] == [(limit, getattr(LOW, limit))]
        again = await kernel.execute("1 + 1", timeout=30)
        assert (again.value, again.limits) == (2, ())


@pytest.mark.parametrize(("confined", "forked"), [(True, True), (True, False), (False, False)])
async def test_the_code_may_open_as_many_files_as_is_said_beside_what_its_kernel_has_open(
    confined: bool, forked: bool
) -> None:
    count = "kept = []\ntry:\n    while True: kept.append(open('/dev/null'))\nexcept OSError: pass\nlen(kept)"
    kernel = SandboxKernel(LOW, confined=confined, forked=forked)
    await kernel.start()
    try:
        done = await kernel.execute(count, timeout=30)
        assert done.error is None and done.value in range(LOW.open_files, LOW.open_files + 6)
    finally:
        await kernel.stop()


@pytest.mark.parametrize(("limit", "code"), cases(CUTS))
async def test_what_is_left_out_names_its_limit(limit: str, code: str) -> None:
    async with started(replace(LOW, table_size=MIB, memory=1024 * MIB)) as kernel:
        done = await kernel.execute(code, timeout=30)
        assert (done.error, done.cut, [hit.name for hit in done.limits]) == (None, True, [limit])


async def test_tables_that_are_kept_whole_have_half_of_the_folder() -> None:
    limits = Limits(work_size=16 * MIB, tables=5, table_size=6 * MIB)
    async with started(limits) as kernel:
        done = await kernel.execute("for n in range(3): display(pd.DataFrame({'a': np.arange(600_000)}))", timeout=30)
        assert [bool(table.path) for table in done.tables] == [True, False, False]
        assert [hit.name for hit in done.limits] == ["table_size"]


@pytest.mark.parametrize(("limit", "code"), cases(ENDS))
async def test_a_kernel_that_takes_too_much_is_ended_and_its_limit_named(limit: str, code: str) -> None:
    async with started(replace(LOW, message=2 * MIB, traffic=80 * MIB if limit == "message" else 8 * MIB)) as kernel:
        with pytest.raises(LimitExceeded) as caught:
            await kernel.execute(code, timeout=30)
        assert (caught.value.values["name"], kernel.alive) == (limit, False)
        assert_told(caught.value, limit)


@pytest.mark.parametrize("code", [code for _, code in cases(TIME)])
async def test_processor_time_ends_the_code_however_it_resists(code: str) -> None:
    async with started(replace(LOW, cpu_seconds=1)) as kernel:
        try:
            done = await kernel.execute(code, timeout=60)
        except LimitExceeded as error:
            assert error.values["name"] == "cpu_seconds" and not kernel.alive
            assert_told(error, "cpu_seconds")
        else:
            assert done.error is not None and done.error.ename == "ProcessorTimeUp" and kernel.alive
            assert [hit.name for hit in done.limits] == ["cpu_seconds"]


async def test_processor_time_counts_anew_for_each_piece_of_code() -> None:
    work = "import time\nend = time.process_time() + 0.7\nwhile time.process_time() < end: pass\n1"
    async with started(replace(LOW, cpu_seconds=1)) as kernel:
        assert [(await kernel.execute(work, timeout=30)).value for _ in range(5)] == [1] * 5


async def test_a_library_computes_with_as_many_threads_as_it_may() -> None:
    async with started(replace(LOW, threads=3)) as kernel:
        done = await kernel.execute(
            "import pyarrow, os\n[pyarrow.cpu_count(), os.environ['POLARS_MAX_THREADS']]", timeout=30
        )
        assert done.value == [3, "3"]


# --- the folder -----------------------------------------------------------------------------------------------------

HIDDEN = {
    "beside": "path = tempfile.mkdtemp()\nfor n in range(8): open(f'{path}/{n}', 'wb').write(data)",
    "at home": "path = os.path.expanduser('~')\nfor n in range(8): open(f'{path}/{n}', 'wb').write(data)",
    "removed and open": "kept = [tempfile.TemporaryFile() for _ in range(8)]\n[file.write(data) for file in kept]",
    "removed and mapped": (
        "kept = []\nfor _ in range(8):\n    with tempfile.TemporaryFile() as file:\n        file.write(data)\n"
        "        file.flush()\n        kept.append(mmap.mmap(file.fileno(), 4096))\n"
        "        os.close(max(int(name) for name in os.listdir('/proc/self/fd')[:-1]))"
    ),
    "in a socket": (
        "ours, theirs = socket.socketpair()\nfor _ in range(8):\n    with tempfile.TemporaryFile() as file:\n"
        "        file.write(data)\n        file.flush()\n        socket.send_fds(ours, [b'x'], [file.fileno()])"
    ),
    "in folders": "for n in range(600): os.makedirs(f'{n}/in')\n",
    "in a thread": "threading.Thread(target=lambda: [open(f'{n}', 'wb').write(data) for n in range(8)]).start()",
}
IMPORTS = "import mmap, os, socket, tempfile, threading, time\ndata = bytes(4_000_000)\n"


@pytest.mark.parametrize("way", list(HIDDEN))
async def test_nothing_that_is_kept_on_the_disk_escapes_a_look_while_code_runs(way: str) -> None:
    async with started() as kernel:
        with pytest.raises(LimitExceeded, match="kernel_work_"):
            await kernel.execute(f"{IMPORTS}{HIDDEN[way]}\nwhile True: time.sleep(0.01)", timeout=60)


LATER = (
    "def later():\n    while not os.path.exists('go'): time.sleep(0.01)\n"
    "    for n in range(8): open(f'{n}', 'wb').write(data)\nthreading.Thread(target=later).start()"
)


@pytest.mark.parametrize("code", [HIDDEN["removed and open"], LATER], ids=["hidden", "later"])
async def test_what_is_kept_or_done_after_the_reply_is_found_out(code: str) -> None:
    async with started() as kernel:
        done = await kernel.execute(IMPORTS + code, timeout=30)
        assert done.error is None
        (kernel.folder / "work" / "go").touch()
        await asyncio.wait_for(_gone(kernel), 30)


async def _gone(kernel: SandboxKernel) -> None:
    while kernel.alive:
        await asyncio.sleep(0.02)


async def test_code_that_keeps_little_is_left_alone_and_so_is_an_idle_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PAUSE", 0.02)
    monkeypatch.setattr(watch, "IDLE_PAUSE", 0.02)
    looks: list[bool] = []
    real = watch.Watch.look

    def look(self: watch.Watch, *, closely: bool = True) -> object:
        looks.append(closely)
        return real(self, closely=closely)

    monkeypatch.setattr(watch.Watch, "look", look)
    async with started() as kernel:
        code = f"{IMPORTS}open('a', 'wb').write(data)\nopen('b', 'wb').truncate(7 * 2**20)\ntime.sleep(0.5)\n1"
        assert (await kernel.execute(code, timeout=30)).value == 1
        assert looks.count(True) >= 3 and False in looks
        await asyncio.sleep(0.5)
        looks.clear()
        await asyncio.sleep(0.5)
        assert (looks, kernel.alive) == ([], True)
