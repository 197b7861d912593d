"""A folder goes with all that is in it, and nothing else goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from csvagent_jupyter.confinement import own_folder, remove_folder
from csvagent_jupyter.confinement.folders import sweep


def test_a_folder_goes_and_what_its_links_point_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (outside / "kept.txt").write_text("kept")
    folder = tmp_path / "sandbox"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "link").symlink_to(outside)
    os.mkfifo(folder / "a" / "pipe")
    remove_folder(folder)
    assert not folder.exists()
    assert (outside / "kept.txt").read_text() == "kept" and outside.stat().st_mode & 0o777 == 0o755
    remove_folder(folder)


def test_folders_without_permissions_go_too(tmp_path: Path) -> None:
    """Root may do anything, so the folder is emptied by a process without root's powers."""
    folder = tmp_path / "sandbox"
    (folder / "closed" / "within").mkdir(parents=True)
    (folder / "closed" / "within" / "file").write_text("x")
    (folder / "closed" / "within").chmod(0)
    (folder / "closed").chmod(0)
    program = """
import ctypes, sys
from pathlib import Path
from csvagent_jupyter.confinement import remove_folder
ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
remove_folder(Path(sys.argv[1]))
"""
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True)
    assert not folder.exists()


def test_a_folder_is_swept_once_its_owner_is_dead_and_nobody_elses_ever(tmp_path: Path) -> None:
    own = "import os, sys; from csvagent_jupyter.confinement.folders import own_folder; from pathlib import Path\n"
    live = "print(own_folder(parent=Path(sys.argv[1])), flush=True); import signal; signal.pause()"
    command = [sys.executable, "-c", own + live, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        try:
            theirs = Path(other.stdout.readline().strip())
            unmarked, mine = tmp_path / "csvagent-of-whom", own_folder(parent=tmp_path)
            unmarked.mkdir()
            (tmp_path / "csvagent-link").symlink_to(theirs)
            sweep(tmp_path)
            assert theirs.exists() and mine.exists() and unmarked.exists()
        finally:
            other.kill()
    (tmp_path / "csvagent-link").unlink()
    sweep(tmp_path)
    assert not theirs.exists() and mine.exists() and unmarked.exists()
    if (child := os.fork()) == 0:
        sweep(tmp_path)  # a fork is another process, whose parent still owns it
        os._exit(not mine.exists())
    assert os.waitpid(child, 0)[1] == 0
    remove_folder(mine)
    assert sorted(tmp_path.iterdir()) == [unmarked]
    (unmarked / "owner.new").touch()
    os.utime(unmarked, (0, 0))
    sweep(tmp_path)  # nobody takes an hour to make one
    assert not unmarked.exists()
