"""The magics in a real IPython in a terminal: plain text, and cells that are typed line by line until an empty one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TYPED = """\
%load_ext csvagent_jupyter
%%csvagent sales.csv
units by region


_.value
%%csvagent nowhere.csv
how many rows


%csvagent history
%csvagent put nothing
"""


def test_a_question_is_typed_below_its_first_line_and_answered_as_text(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("region,units\nNorth,1\nSouth,2\nNorth,4\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CSVAGENT_", "JPY_"))}
    places = {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "IPYTHONDIR": str(tmp_path / "ipython")}
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=nocolor"],
        input=TYPED,
        cwd=tmp_path,
        env=kept | places | {"CSVAGENT_MODEL": "offline"},
        capture_output=True,
        encoding="utf-8",
    )
    shown = run.stdout
    assert "SyntaxError" not in shown and "Traceback" not in shown + run.stderr
    assert shown.count("Read as: sum of units by region, all rows.") == 1
    assert "North   5" in shown
    assert "'rows': [['North', 5], ['South', 2]]" in shown
    assert "There is no file “nowhere.csv”" in shown
    assert "✓" in shown and "units by region" in shown
    assert "“nothing” is neither a file nor a DataFrame here." in shown
