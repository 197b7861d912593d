"""What a sandbox keeps on the disk is added up as it is, and nothing is too odd to be counted."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.confinement.syscalls import call
from csvagent_jupyter.sandbox.inside.reached import reached
from csvagent_jupyter.sandbox.layout import make_folder
from csvagent_jupyter.sandbox.storage import too_much

MIB = 2**20
LIMITS = Limits(work_files=50, work_size=4 * MIB, file_size=MIB)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folder(tmp_path / "box")
    return tmp_path / "box"


def test_a_new_folder_is_not_too_much(folder: Path) -> None:
    assert too_much(folder, os.getpid(), LIMITS) == ""


@pytest.mark.parametrize("place", ["work", "work/deep/er", "out", "tmp", "home"])
def test_every_folder_counts_in_number_and_in_size(folder: Path, place: str) -> None:
    (folder / place).mkdir(parents=True, exist_ok=True)
    for number in range(3):
        (folder / place / f"{number}").write_bytes(bytes(MIB))
    assert too_much(folder, 0, LIMITS) == ""
    (folder / place / "more").write_bytes(bytes(2 * MIB))
    assert too_much(folder, 0, LIMITS) == "work_size"
    assert too_much(folder, 0, Limits(work_files=6, work_size=20 * MIB)) == "work_files"


def test_what_is_not_written_does_not_count_and_data_does_not_either(folder: Path) -> None:
    with (folder / "work" / "sparse").open("wb") as file:
        file.truncate(100 * MIB)
    (folder / "data" / "1.arrow").write_bytes(bytes(6 * MIB))
    assert too_much(folder, 0, LIMITS) == ""


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "file").write_bytes(bytes(6 * MIB))
    (folder / "work" / "link").symlink_to(tmp_path / "large")
    (folder / "work" / "other").symlink_to(tmp_path / "large" / "file")
    (folder / "work" / "around").symlink_to(folder / "work")
    assert too_much(folder, 0, LIMITS) == ""


def test_a_path_too_long_to_be_looked_into_is_too_much(folder: Path) -> None:
    descriptor = os.open(folder / "work", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptor)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    assert too_much(folder, 0, LIMITS) == "work_files"


def test_a_folder_that_may_not_be_looked_into_is_too_much() -> None:
    """Root may look anywhere, so it becomes somebody else for the look."""
    with tempfile.TemporaryDirectory() as name:
        folder, user = Path(name), os.geteuid() or 65534
        make_folder(folder)
        (folder / "work" / "closed").mkdir(mode=0o300)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, -1)
        before = os.geteuid()
        os.seteuid(user)
        try:
            assert too_much(folder, 0, LIMITS) == "work_files"
        finally:
            os.seteuid(before)
            (folder / "work" / "closed").chmod(0o700)


def test_removed_files_count_once_for_as_long_as_somebody_has_them_open(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder / "tmp") as file:
        file.write(bytes(3 * MIB))
        file.flush()
        again = os.dup(file.fileno())
        assert too_much(folder, os.getpid(), LIMITS) == ""
        os.close(again)
        file.write(bytes(2 * MIB))
        file.flush()
        assert too_much(folder, os.getpid(), LIMITS) == "work_size"
        assert too_much(folder, 0, LIMITS) == ""
    assert too_much(folder, os.getpid(), LIMITS) == ""


def test_a_descriptor_on_its_way_through_a_socket_counts_as_the_largest_file(folder: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, (folder / "tmp" / "file").open("wb") as file:
        for _ in range(3):
            socket.send_fds(ours, [b"x"], [file.fileno()])
        assert too_much(folder, os.getpid(), LIMITS) == ""
        socket.send_fds(ours, [b"x"], [file.fileno()] * 2)
        assert too_much(folder, os.getpid(), LIMITS) == "work_size"


def test_descriptors_that_a_thread_has_for_itself_are_counted(folder: Path) -> None:
    """Confined code cannot make such a thread; one of this process stands for one that could."""
    kept, done, before = threading.Event(), threading.Event(), threading.active_count()

    def keep() -> None:
        call("close_range", 2**31, 2**31, 2)  # CLOSE_RANGE_UNSHARE
        kept.set()
        done.wait()

    file = tempfile.TemporaryFile(dir=folder / "tmp")  # noqa: SIM115 - closed before the thread ends
    file.write(bytes(5 * MIB))
    file.flush()
    thread = threading.Thread(target=keep)
    thread.start()
    try:
        assert kept.wait(20)
        file.close()
        assert list((folder / "tmp").iterdir()) == []
        assert too_much(folder, os.getpid(), LIMITS) == "work_size"
    finally:
        done.set()
        thread.join()
    assert threading.active_count() == before
    assert too_much(folder, os.getpid(), LIMITS) == ""


def test_what_threads_share_is_counted_once(folder: Path) -> None:
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(20)]
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile(dir=folder / "tmp") as file:
        file.write(bytes(2 * MIB))
        file.flush()
        socket.send_fds(ours, [b"x"], [file.fileno()])
        for thread in threads:
            thread.start()
        try:
            assert too_much(folder, os.getpid(), LIMITS) == ""
        finally:
            done.set()
            for thread in threads:
                thread.join()


def test_a_process_that_has_ended_is_no_trouble(folder: Path) -> None:
    assert too_much(folder, 2**22 + 1, LIMITS) == ""


# --- what an error says of its limit --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOMEM, "no"), "memory"),
        (OSError(errno.EFBIG, "no"), "file_size"),
        (OSError(errno.EMFILE, "no"), "open_files"),
        (RuntimeError("can't start new thread"), "tasks"),
        (ValueError("IO Error: File too large"), "file_size"),
        (OSError(errno.ENOSPC, "the disk is full"), ""),
        (OSError("no number"), ""),
        (KeyError("memory"), ""),
        (KeyboardInterrupt(), ""),
    ],
)
def test_an_error_tells_its_limit(error: BaseException, limit: str) -> None:
    assert reached(error) == limit
    other = ValueError("other")
    other.__context__ = error
    assert reached(other) == limit


def test_a_database_that_ran_out_of_memory_says_so() -> None:
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "10MB", "temp_directory": ""})
    with connection, pytest.raises(duckdb.Error) as caught:
        connection.execute("select list(i) from range(20000000) rows(i)").fetchall()
    assert reached(caught.value) == "memory"


def test_errors_that_lie_or_go_round_in_circles_do_no_harm() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise SystemError

    first, second = Odd(), ValueError("x")
    first.__cause__, second.__cause__ = second, first
    assert reached(first) == ""
