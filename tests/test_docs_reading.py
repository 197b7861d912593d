"""Every example of docs/reading.md, run as it stands there, and that the page has every option."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from csvagent_jupyter.tables.option_words import NAMES, read_words
from csvagent_jupyter.tables.options import OPTIONS, TYPES

PAGE = (Path(__file__).parent.parent / "docs" / "reading.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$(?:\n```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [(language, code, printed) for language, code, printed in BLOCKS if language != "csv"]
COMMANDS = {
    "sh": ["bash", "-uo", "pipefail", "-c"],
    "python": [sys.executable, "-W", "error", "-c"],
}
MAIN = "import sys; from csvagent_jupyter.cli import main; sys.exit(main())"
ON_THE_PATH = f"csvagent() {{ '{sys.executable}' -c '{MAIN}' \"$@\"; }}\n"


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_prints_what_the_page_says(tmp_path: Path, number: int) -> None:
    language, code, printed = EXAMPLES[number]
    (tmp_path / "prices.csv").write_text(next(content for kind, content, _ in BLOCKS if kind == "csv"))
    if language == "sh":
        code = ON_THE_PATH + code
    done = subprocess.run(
        [*COMMANDS[language], code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=100,
        env=os.environ | {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "LANG": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == printed.strip(), done.stderr


def test_the_page_has_every_option_and_every_name_of_a_character() -> None:
    table = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert table == list(OPTIONS)
    assert all(f"`{name}`" in PAGE for name in NAMES if name != "dot")
    assert all(f"`{name}`" in PAGE for name in TYPES)


def test_the_words_on_the_page_are_read() -> None:
    for word in re.findall(r"--read ([\w.:]+=[^\s`]+)", PAGE):
        if "OPTION" not in word and "two" not in word:
            assert read_words([word])
