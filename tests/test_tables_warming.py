"""What reads files is imported ahead, in the background, once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

WARM = """
    import sys, threading
    from csvagent_jupyter.tables.warming import warm, warm_in_background
    from csvagent_jupyter.tables.process import usual
    heavy = {"pandas", "pyarrow"}
    assert not heavy & sys.modules.keys(), "imported too early"
    warm_in_background()
    (thread,) = [one for one in threading.enumerate() if one.name == "csvagent-warm"]
    assert thread.daemon
    thread.join(60)
    server = usual().server.pid
    assert server is not None
    assert heavy & sys.modules.keys() == {"pyarrow"}, "what looks into files is imported elsewhere"
    before = threading.active_count()
    warmed = set(sys.modules)
    warm_in_background()
    warm()
    from csvagent_jupyter.tables import read_table
    table = read_table(sys.argv[1])
    assert table.profile("ru").rows == 2
    assert usual().server.pid == server
    assert threading.active_count() == before
    print(sorted(name for name in set(sys.modules) - warmed if "." not in name))
"""

ENDS_WHILE_THE_SERVER_STARTS = """
    import atexit, threading, time

    def give_it_time():  # to say what it would say; under load it has it by chance
        for one in threading.enumerate():
            if one.name in {"csvagent-warm", "csvagent-reading"}:
                one.join(60)

    atexit.register(give_it_time)  # what is registered later runs earlier: the server is ended before this
    from csvagent_jupyter.tables.process import usual
    from csvagent_jupyter.tables.warming import warm_in_background
    warm_in_background()
    while usual().server.pid is None:
        time.sleep(0.001)
"""


def run(code: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_a_file_is_read_without_another_import(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("region;amount;date\nNorth;1,5;01.02.2024\nSouth;2;13.02.2024\n", encoding="utf-8")
    done = run(WARM, str(file), folder=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_who_ends_meanwhile_is_not_kept_waiting_and_hears_nothing(tmp_path: Path) -> None:
    code = "from csvagent_jupyter.tables.warming import warm_in_background\nwarm_in_background()"
    done = run(code, folder=Path(__file__).parents[1])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_ends_while_the_server_starts_hears_nothing(tmp_path: Path) -> None:
    done = run(ENDS_WHILE_THE_SERVER_STARTS, folder=Path(__file__).parents[1])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
