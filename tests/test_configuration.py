"""The command line and Python's `ask` are set by the files that set a Jupyter server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_server.serverapp import ServerApp

from csvagent_jupyter.configuration import NAMES, configured_manager, read_files, unknown_settings
from csvagent_jupyter.exceptions import BadInput
from csvagent_jupyter.server.app import CSVAgentExtension


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's configuration folder; beside it is one that was named for this process."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "person"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "shared"))
    for name in ("person", "shared"):
        (tmp_path / name).mkdir()
    return tmp_path / "person"


def test_the_files_are_those_of_a_server_with_our_extension() -> None:
    assert (ServerApp().config_file_name, CSVAgentExtension().config_file_name) == NAMES[1:]


def test_without_files_all_is_as_it_comes(folder: Path) -> None:
    assert read_files() == ({}, ())
    manager = configured_manager(spare_kernel=False)
    assert (manager.max_attempts, unknown_settings(manager)) == (3, ())


def test_what_is_read_later_has_the_say_and_a_folder_that_was_named_before_all(folder: Path) -> None:
    (folder / "jupyter_config.py").write_text("c.CSVAgentManager.max_attempts = 1\nc.CSVAgentManager.timeout = 7\n")
    (folder / "jupyter_csvagent_config.json").write_text('{"CSVAgentManager": {"max_attempts": 2}}')
    shared = folder.parent / "shared" / "jupyter_config.py"
    shared.write_text("c.CSVAgentManager.timeout = 8\nc.CSVAgentManager.model = 'offline'\nc.ServerApp.port = 1\n")
    manager = configured_manager(spare_kernel=False)
    assert (manager.max_attempts, manager.timeout, manager.model, manager.spare_kernel) == (2, 8, "offline", False)
    assert read_files()[1] == (folder / "jupyter_config.py", shared, folder / "jupyter_csvagent_config.json")


def test_a_setting_goes_before_the_file(folder: Path) -> None:
    (folder / "jupyter_config.py").write_text("c.CSVAgentManager.max_attempts = 1\n")
    assert configured_manager(max_attempts=4).max_attempts == 4


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("jupyter_config.py", "c.CSVAgentManager. = 1", "line 1"),
        ("jupyter_config.py", "import no_such_library_here", "ModuleNotFoundError: No module named"),
        ("jupyter_config.py", "raise SystemExit", "SystemExit"),
        ("jupyter_server_config.json", '{"CSVAgentManager": {', "line"),
        ("jupyter_server_config.json", "3", "TypeError"),
        ("jupyter_csvagent_config.py", "c.CSVAgentManager.max_attempts = 'x'", "expected an int"),
        ("jupyter_csvagent_config.py", "c.CSVAgentManager.session_store_class = 'no.such.Store'", "no"),
    ],
)
def test_a_broken_file_is_one_sentence_that_names_it(folder: Path, name: str, text: str, part: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(BadInput) as caught:
        configured_manager()
    for said in (caught.value.say("en"), caught.value.say("ru")):
        assert part in said
        assert str(folder / name) in said
        assert "\n" not in said
        assert ".." not in said


def test_a_section_that_is_none_is_left_alone(folder: Path) -> None:
    (folder / "jupyter_config.json").write_text(json.dumps({"CSVAgentManager": 3}))
    assert read_files() == ({}, ())


def test_a_name_that_means_nothing_is_told_once_with_the_nearest(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "jupyter_config.py").write_text(
        "c.CSVAgentManager.max_attemps = 1\nc.CSVAgentManager.wxyz = 2\nc.CSVAgentManager.timeout = 9\n"
    )
    manager = configured_manager(spare_kernel=False)
    assert (manager.max_attempts, manager.timeout) == (3, 9)
    near, far = unknown_settings(manager)
    told = [(record.name, record.levelname) for record in caplog.records]
    assert told == [("csvagent_jupyter.configuration", "WARNING")] * 2 and "max_attempts" in caplog.messages[0]
    assert "max_attemps" in near and "is max_attempts." in near
    assert "wxyz" in far and "nearest" not in far
    assert all("Настройка" in said for said in unknown_settings(manager, "ru"))


def test_python_reads_them_and_in_a_shell_the_shells_own(folder: Path) -> None:
    (folder / "jupyter_config.py").write_text("c.CSVAgentManager.max_attempts = 1\n")
    program = """
from csvagent_jupyter.blocking import shared
print(shared().manager.max_attempts)
"""
    in_a_shell = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
InteractiveShell.instance(config=Config({"CSVAgentManager": {"max_attempts": 5}, "HistoryManager": {"enabled": False}}))
"""
    for before, attempts in (("", "1"), (in_a_shell, "5")):
        done = subprocess.run([sys.executable, "-c", before + program], capture_output=True, encoding="utf-8")
        assert (done.stdout.strip(), done.stderr) == (attempts, "")
