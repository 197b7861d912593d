"""Tab in our own lines, through IPython's real completer; other lines are left as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from bare_shell import bare_shell
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from csvagent_jupyter import load_ipython_extension, unload_ipython_extension
from csvagent_jupyter.magics.words import WORDS


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    for name in ("sales.csv", "sales 2024.tsv", "salaries.csv.gz", "notes.md", "photo.png", ".hidden.csv"):
        (tmp_path / name).touch()
    (tmp_path / "salvage").mkdir()
    (tmp_path / "salvage" / "deep.csv").touch()
    monkeypatch.chdir(tmp_path)
    made = bare_shell()
    load_ipython_extension(made)
    made.user_ns |= {"sales_df": pd.DataFrame({"n": [1]}), "sale_count": 5, "_sales": pd.DataFrame()}
    yield made
    unload_ipython_extension(made)


def completed(shell: InteractiveShell, line: str, below: str = "\nwhat") -> list[str]:
    """Return the lines that Tab at the end of `line` offers."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(line + below, len(line)))
    return [line[: one.start] + one.text for one in found]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (
            "%%csvagent sal",
            [
                "%%csvagent sales_df",
                '%%csvagent "sales 2024.tsv"',
                "%%csvagent salaries.csv.gz",
                "%%csvagent sales.csv",
                "%%csvagent salvage/",
            ],
        ),
        ("%%csvagent sales.csv sales_", ["%%csvagent sales.csv sales_df"]),
        ("%%csvagent salvage/", ["%%csvagent salvage/deep.csv"]),
        ('%%csvagent "sales ', ['%%csvagent "sales 2024.tsv"']),
        ("%%csvagent --s", ["%%csvagent --share", "%%csvagent --session"]),
        ("%%csvagent a.csv --share s", ["%%csvagent a.csv --share schema", "%%csvagent a.csv --share stats"]),
        ("%%csvagent --lang ", ["%%csvagent --lang en", "%%csvagent --lang ru"]),
        ("%%csvagent --out s", ["%%csvagent --out salvage/"]),
        (
            "%%csvagent a.csv --read d",
            ["%%csvagent a.csv --read d" + name for name in ("elimiter=", "ecimal=", "ayfirst=")],
        ),
        ("%%csvagent --read delimiter=t", ["%%csvagent --read delimiter=tab"]),
        ("%%csvagent --read b.csv:thou", ["%%csvagent --read b.csv:thousands="]),
        ("%%csvagent --read b.csv:decimal=", ["%%csvagent --read b.csv:decimal=point"]),
        ("%%csvagent --read types=a:text,b:da", ["%%csvagent --read types=a:text,b:date"]),
        ("%%csvagent --str", ["%%csvagent --strict"]),
        ("%%csvagent .hid", ["%%csvagent .hidden.csv"]),
        ("%csvagent re", ["%csvagent reset", "%csvagent replay", "%csvagent report"]),
    ],
)
def test_tab_offers_what_can_stand_there(shell: InteractiveShell, line: str, offered: list[str]) -> None:
    found = completed(shell, line)
    assert found[: len(offered)] == offered or set(offered) <= set(found)
    assert not [one for one in found if "photo" in one or "notes" in one or "sale_count" in one or "_sales" in one]


def test_every_word_is_offered(shell: InteractiveShell) -> None:
    assert completed(shell, "%csvagent ", below="") == [f"%csvagent {word}" for word in WORDS]


def test_other_lines_and_the_question_are_left_alone(shell: InteractiveShell) -> None:
    matcher = shell.Completer.custom_matchers[-1]
    for line, number in [("sales_df.he", 0), ("%%csvagent sales.csv\nsal", 1), ("%%csvagents sal", 0)]:
        context = type("Context", (), {"line_with_cursor": line.split("\n")[number], "cursor_line": number})
        assert matcher(context) == {"completions": []}


def test_a_folder_that_cannot_be_read_offers_nothing(shell: InteractiveShell) -> None:
    assert [one for one in completed(shell, "%%csvagent nowhere/de") if "deep" in one] == []
