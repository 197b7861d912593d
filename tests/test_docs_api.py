"""Every example of docs/api.md, run as it stands there: what it prints is what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_host import JupyterHost
from lab_server import CHROMIUM_ARGUMENTS
from playwright.sync_api import sync_playwright

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$(?:\n```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [block for block in BLOCKS if block[0] != "csv"]
COMMANDS = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-W", "error", "-c"],
    "js": ["node", "--input-type=module", "--eval"],
}
IN_A_PAGE = "// in a page"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    with JupyterHost(tmp_path_factory.mktemp("host"), people=True, base_url="/user/anna/") as host:
        (host.root / "sales.csv").write_text(table())
        yield host


def table() -> str:
    (content,) = [content for language, content, _ in BLOCKS if language == "csv"]
    return str(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sales.csv").write_text(table())
    return tmp_path


def numbered(example: tuple[str, str, str]) -> str:
    language, code, _ = example
    above = PAGE.partition(code)[0]
    heading = re.findall(r"^## (.*)$", above, re.MULTILINE)[-1]
    return f"{heading}-{language}"


@pytest.mark.parametrize("example", [one for one in EXAMPLES if IN_A_PAGE not in one[1]], ids=numbered)
def test_an_example_prints_what_the_page_says(host: JupyterHost, folder: Path, example: tuple[str, str, str]) -> None:
    language, code, printed = example
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [*COMMANDS[language], code],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=100,
        env=environ | {"ADDRESS": host.url, "TOKEN": "anna-token", "TOKEN_OF_SOMEBODY_ELSE": "boris-token"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace("\r\n", "\n").strip() == printed.strip(), done.stderr


def test_the_example_for_a_page_runs_in_one(host: JupyterHost) -> None:
    (example,) = [one for one in EXAMPLES if IN_A_PAGE in one[1]]
    said: list[str] = []
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        assert chromium, "Chromium is missing; `make browser` installs it"
        with playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS) as browser:
            page = browser.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.goto(f"{host.url}/demo?token=anna-token")
            page.evaluate(f"async () => {{ {example[1]} }}")
    assert said == example[2].splitlines()


def test_every_example_says_what_it_prints() -> None:
    assert len(EXAMPLES) >= 9
    assert [code for _, code, printed in EXAMPLES if not printed.strip()] == []


def test_the_page_names_every_route() -> None:
    from csvagent_jupyter.server.routes import ROUTES

    words = set(re.findall(r"[a-z]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    for pattern, _ in ROUTES:
        plain = re.sub(r"\(\?:.*?\)|\(.*?\)\??|\[.*?\]\+?|\\\.", " ", pattern)
        assert set(re.findall(r"[a-z]{3,}", plain)) <= words, pattern


def test_the_page_names_every_setting_of_the_server() -> None:
    from csvagent_jupyter.server.app import CSVAgentExtension

    for name in CSVAgentExtension.class_own_traits(config=True):
        assert f"`c.CSVAgentExtension.{name}`" in PAGE, name
