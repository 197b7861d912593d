"""What a kernel changes while it is fetched leads nowhere else, and no size of it grows the process that asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import pytest_asyncio

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.messages import Execution
from csvagent_jupyter.sandbox import SandboxKernel
from csvagent_jupyter.sandbox.intake import OutFolder, Taken, WorkFolder
from csvagent_jupyter.sandbox.memory import used_by
from csvagent_jupyter.sessions.artifacts import Artifacts

CANARY = "canary of the person"
MB = 2**20


@contextlib.contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something again and again, as a thread does that code left behind."""
    over = threading.Event()

    def repeat() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A folder of the person's, outside the sandbox."""
    folder = tmp_path / "person"
    folder.mkdir()
    (folder / "file.txt").write_text(CANARY)
    return folder


def contents(paths: list[Path]) -> set[str]:
    return {path.read_text() for path in paths}


@pytest.mark.parametrize("moment", ["sub", "file.txt"])
def test_a_folder_swapped_for_a_link_leads_nowhere(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It is swapped when it has been seen as a folder, just before it or the file in it is opened."""
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    (work / "sub" / "file.txt").write_text("of the code, and longer")
    swapped: list[str] = []
    really_open = os.open

    def swap_and_open(path: str, *options: Any, **more: Any) -> int:
        if os.path.basename(path) == moment and not swapped:  # noqa: PTH119
            swapped.append(path)
            (work / "sub").rename(work / ".kept")
            (work / "sub").symlink_to(secret)
        return really_open(path, *options, **more)

    monkeypatch.setattr(os, "open", swap_and_open)
    written = WorkFolder(work, Taken(tmp_path / "taken"), Limits()).written()
    assert swapped
    assert contents([Path(file.path) for file in written]) <= {"of the code, and longer"}


def test_a_file_swapped_for_a_link_leads_nowhere(tmp_path: Path, secret: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_text("of the code")
    (out / "link").symlink_to(secret / "file.txt")

    def swap() -> None:
        for source, target in (("a.png", "kept"), ("link", "a.png"), ("a.png", "link"), ("kept", "a.png")):
            (out / source).rename(out / target)

    taken = Taken(tmp_path / "taken")
    found: set[str] = set()
    with meanwhile(swap):
        for _ in range(1_000):
            folder = OutFolder(out, taken)
            found.add(folder.read("a.png", ".png", 100).decode())
            copy = folder.take("a.png", ".png", 100)
            found |= contents([copy] if copy else [])
    assert found <= {"", "of the code"}
    assert OutFolder(out, taken).read("a.png", ".png", 100) == b"of the code"


@pytest.mark.parametrize("place", ["out", "work"])
def test_a_folder_that_is_a_link_itself_is_not_looked_into(tmp_path: Path, secret: Path, place: str) -> None:
    (secret / "a.png").write_text(CANARY)
    (tmp_path / place).symlink_to(secret)
    taken = Taken(tmp_path / "taken")
    assert WorkFolder(tmp_path / place, taken, Limits()).written() == ()
    out = OutFolder(tmp_path / place, taken)
    assert (out.read("a.png", ".png", 100), out.take("a.png", ".png", 100)) == (b"", None)
    out.clear()
    assert (secret / "a.png").exists() and not taken.folder.exists()


def test_a_file_without_an_end_is_copied_up_to_the_bound_and_left_out(tmp_path: Path) -> None:
    taken = Taken(tmp_path / "taken")
    with Path("/dev/zero").open("rb") as endless:
        assert taken.copy(endless.fileno(), 5 * MB) is None
    assert not list(taken.folder.iterdir())


def test_pictures_are_bounded_all_together(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"x" * 40)
    out = OutFolder(tmp_path, Taken(tmp_path / "taken"), pictures=100)
    assert [len(out.read(f"{number}.png", ".png", 50)) for number in range(3)] == [40, 40, 0]


def test_a_disk_that_is_full_keeps_what_was_taken_so_far(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.txt").write_text("a")
    (tmp_path / "taken").write_text("no folder can be made here")
    taken = Taken(tmp_path / "taken")
    assert WorkFolder(work, taken, Limits()).written() == ()
    assert OutFolder(work, taken).take("a.txt", ".txt", 10) is None


# --- with a kernel --------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def kernel(tmp_path: Path) -> AsyncIterator[SandboxKernel]:
    limits = Limits(work_size=512 * MB, table_size=256 * MB)
    kernel = SandboxKernel(limits, confined=False)  # code that could make any link
    await kernel.start()
    yield kernel
    await kernel.stop()


@contextlib.contextmanager
def growth_below(most: int) -> Iterator[None]:
    """Watch the memory of this process, and see that it never takes so much more."""
    before = used_by(os.getpid())
    peak = [before]

    def look() -> None:
        peak[0] = max(peak[0], used_by(os.getpid()))

    with meanwhile(look):
        yield
    assert before > 0 and peak[0] - before < most, f"{(peak[0] - before) // MB} MB more"


async def test_a_large_file_is_fetched_and_kept_without_reading_it_whole(kernel: SandboxKernel, tmp_path: Path) -> None:
    await kernel.execute("1", timeout=30)
    code = "with open('large.bin', 'wb') as file:\n    for _ in range(200):\n        file.write(os.urandom(2**20))"
    with growth_below(60 * MB):
        done = await kernel.execute(f"import os\n{code}", timeout=60)
        (file,) = done.files
        assert (file.name, file.size) == ("large.bin", 200 * MB)
        store = Artifacts(tmp_path / "store")
        reference = await store.put(Path(file.path), media_type="application/octet-stream", name=file.name, owner="me")
    assert (await store.path(reference)).stat().st_size == 200 * MB


async def test_a_large_table_is_checked_and_kept_without_reading_it_whole(
    kernel: SandboxKernel, tmp_path: Path
) -> None:
    await kernel.execute("1", timeout=30)
    with growth_below(140 * MB):  # the table's pages are mapped, which the system may take back
        done = await kernel.execute("pd.DataFrame({'n': np.arange(12 * 2**20)})", timeout=60)
        (table,) = done.tables
        store = Artifacts(tmp_path / "store")
        reference = await store.put(Path(table.path), media_type="application/x", name="t.arrow", owner="me")
    with pa.memory_map(str(await store.path(reference))) as source, pa.ipc.open_file(source) as reader:
        assert sum(reader.get_batch(n).num_rows for n in range(reader.num_record_batches)) == 12 * MB


SWAPPER = """
import os, threading
os.makedirs('sub', exist_ok=True)
open('sub/file.txt', 'w').write('of the code')
os.path.lexists('link') or os.symlink({secret!r}, 'link')
def swap():
    while True:
        try:
            for source, target in (('sub', 'kept'), ('link', 'sub'), ('sub', 'link'), ('kept', 'sub')):
                os.rename(source, target)
        except OSError:
            pass
threading.Thread(target=swap, daemon=True).start()
"""


async def test_a_thread_that_swaps_while_files_are_fetched_gets_nothing_of_the_persons(
    kernel: SandboxKernel, secret: Path
) -> None:
    done = await kernel.execute(SWAPPER.format(secret=str(secret)), timeout=30)
    assert done.error is None
    found: list[Execution] = []
    for number in range(60):
        touch = f"for name in ('sub', 'kept'):\n    try: open(name + '/file.txt', 'w').write('{number:>11}')\n"
        done = await kernel.execute(touch + "    except OSError: pass", timeout=30)
        found.append(done)
        texts = await asyncio.to_thread(contents, [Path(file.path) for file in done.files])
        assert not any(CANARY in text for text in texts)
    assert any(execution.files for execution in found)
