"""A script is complete: it runs in a bare interpreter, and can be taken apart again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from csvagent_jupyter.agent.script import ANSWER, EARLIER, SHOW, cells_of, write_script
from csvagent_jupyter.agent.script import READ as READ_MARK

READ = {"sales": 'df = pd.read_csv("sales.csv")'}
TWO = {"sales": 'df = pd.read_csv("sales.csv")', "costs": 'df = pd.read_csv("costs.csv")'}


def run_bare(script: str, folder: Path) -> str:
    """Run a script as a person would, without this package and without a display."""
    (folder / "sales.csv").write_text("region,amount\nNorth,10\nSouth,20\n")
    (folder / "costs.csv").write_text("region,cost\nNorth,3\n")
    (folder / "script.py").write_text(script, encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "MPLBACKEND": "agg", "HOME": str(folder), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "script.py"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("read", "earlier", "code", "figures", "printed"),
    [
        (READ, [], "print(df['amount'].sum())", False, "30\n"),
        (READ, [], "print(tables['sales']['amount'].max())", False, "20\n"),
        (TWO, [], "print(len(df), tables['costs']['cost'].iloc[0])", False, "2 3\n"),
        (TWO, [], "print(len(df))", False, "2\n"),
        (READ, [], "df.plot.bar()\nprint('drawn')", True, "drawn\n"),
        (READ, ["big = df[df['amount'] > 15]", "print('not needed')"], "print(len(big))", False, "1\n"),
        (READ, [], "display(df['amount'].sum(), 'shown')", False, "30 shown\n"),
        (READ, ["def twice(x):\n    return 2 * x"], "print(twice(df['amount']).sum())", False, "60\n"),
    ],
)
def test_a_script_runs_in_a_bare_interpreter(
    read: dict[str, str], earlier: list[str], code: str, figures: bool, printed: str, tmp_path: Path
) -> None:
    assert run_bare(write_script(read, earlier, code, figures=figures), tmp_path) == printed


def test_a_script_without_figures_ends_with_the_result_and_one_with_figures_shows_them() -> None:
    assert write_script(READ, [], "df.head()\n", figures=False).endswith("df.head()\n")
    assert write_script(READ, [], "df.plot()\n", figures=True).endswith("plt.show()\n")


def test_tables_are_made_only_where_they_are_used() -> None:
    assert "tables" not in write_script(READ, [], "print(df)", figures=False)
    assert "tables" in write_script(READ, ["x = tables['sales']"], "print(x)", figures=False)


def test_a_script_comes_apart_into_what_it_was_made_of() -> None:
    script = write_script(TWO, ["a = 1", "unused = 2", "b = a"], "print(b)\nb", figures=True)
    cells = cells_of(script)
    assert [cell.strip() for cell in cells.earlier] == ["a = 1", "b = a"]
    assert cells.answer.strip() == "print(b)\nb"


@pytest.mark.parametrize("mark", [READ_MARK, EARLIER, ANSWER, SHOW])
def test_code_with_a_line_like_a_mark_of_ours_comes_back_whole(mark: str, tmp_path: Path) -> None:
    code = f"print('one')\n{mark}\nprint('two')"
    script = write_script(READ, [f"a = 1\n{mark}\nb = 2"], f"{code}\nprint(b)", figures=False)
    assert run_bare(script, tmp_path) == "one\ntwo\n2\n"
    cells = cells_of(script)
    assert len(cells.earlier) == 1
    assert "b = 2" in cells.earlier[0]
    assert "print('one')" in cells.answer
    assert "print('two')" in cells.answer


def test_a_script_of_somebody_else_is_one_answer() -> None:
    assert cells_of("print(1)\n").answer == "print(1)\n"
