"""The magic in a real JupyterLab: the view moves, Stop stops, and what stays in the notebook lasts.

Screenshots go to the folder CSVAGENT_SCREENSHOTS, or to the test's own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_server import CHROMIUM_ARGUMENTS, CONTRAST, LabServer
from model_server import Reply, ScriptedServer
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

pytestmark = pytest.mark.timeout(180)

LOAD = "%load_ext csvagent_jupyter"
SOON = 30_000
BAD = """I sum revenue by month.
```python
# 1. revenue per month  2. a line
monthly = df.groupby(df["date"].dt.to_period("M"))["reveune"].sum()
```
"""
GOOD = """I sum revenue by month of date, all rows.
```python
# 1. revenue per month  2. a line
monthly = df.groupby(pd.to_datetime(df["date"]).dt.to_period("M"))["revenue"].sum()
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.plot(monthly.index.to_timestamp(), monthly.to_numpy(), marker="o")
ax.set_title("Revenue by month")
ax.set_xlabel("Month")
ax.set_ylabel("Revenue, EUR")
print(f"Revenue rose from {monthly.iloc[0]:,.0f} in January to {monthly.iloc[-1]:,.0f} in December.")
monthly.reset_index()
```
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        assert chromium, "Chromium is missing; `make browser` installs it"
        with playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS) as started:
            yield started


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("CSVAGENT_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def model_server(server: ScriptedServer) -> ScriptedServer:
    """The server that answers for every model, with nothing left of the test before."""
    server.forget()
    return server


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, server: ScriptedServer) -> Iterator[LabServer]:
    """One JupyterLab for all tests here, on a folder with a year of sales; each test has a notebook of its own."""
    folder = tmp_path_factory.mktemp("files")
    rows = [f"{month:02d}.{day:02d}.2024;{80 + 5 * month + day},5;North" for month in range(1, 13) for day in (1, 15)]
    dates = [re.sub(r"^(\d+)\.(\d+)", r"\2.\1", row) for row in rows]
    (folder / "sales.csv").write_text("\n".join(["date;revenue;region", *dates]) + "\n")
    environ = server.environ() | {"CSVAGENT_MODEL": "openai:test-model"}
    with LabServer(folder, tmp_path_factory.mktemp("home"), environ=environ) as started:
        yield started


class Notebook:
    """A notebook in the browser, by its cells."""

    def __init__(self, browser: Browser, lab: LabServer, sources: list[str], name: str) -> None:
        self.path = lab.folder / name
        self.lab, self.name = lab, name
        if sources:
            cells = [nbformat.v4.new_code_cell(source) for source in sources]
            kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
            nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), self.path)
        self.page: Page = browser.new_page(viewport={"width": 1100, "height": 900})
        self.open()

    def open(self) -> None:
        workspace = self.name.partition(".")[0]
        self.page.goto(self.lab.url.replace("/lab?", f"/lab/workspaces/{workspace}/tree/{self.name}?"))
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        expect(self.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def run(self, index: int) -> Locator:
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        return self.cell(index)

    def run_and_wait(self, index: int) -> Locator:
        cell = self.run(index)
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"), timeout=SOON)
        return cell

    def save(self) -> Any:
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0, timeout=SOON)
        return json.loads(self.path.read_text())


def wait_for_answer(cell: Locator) -> None:
    """Wait until the lasting answer has taken the widget's place: what is clicked before would be lost."""
    expect(cell.locator(".csvagent .foot")).to_be_visible(timeout=SOON)
    expect(cell.locator(".jupyter-widgets")).to_have_count(0)


def test_the_view_moves_and_ends_as_one_answer_that_a_reload_shows_once(
    browser: Browser, lab: LabServer, model_server: ScriptedServer, shots: Path
) -> None:
    model_server.script(Reply(text=BAD, delay=0.05), Reply(text=GOOD, delay=0.05))
    ask = "%%csvagent sales.csv --as monthly\nHow did revenue develop by month?"
    check = "print(type(_).__name__, _.attempts_count, _ is monthly)"
    notebook = Notebook(browser, lab, [LOAD, ask, check], "moving.ipynb")
    notebook.run_and_wait(0)
    cell = notebook.run(1)
    expect(cell.get_by_text("Attempt 1 of 3 · writing code")).to_be_visible(timeout=SOON)
    expect(cell.get_by_text("Read sales.csv")).to_be_visible()
    stream = cell.locator(".stream pre")
    early = stream.inner_text()
    expect(stream).not_to_have_text(early)
    notebook.page.screenshot(path=shots / "running.png")
    failed = cell.get_by_text(re.compile(r"Attempt 1: KeyError"))
    expect(failed).to_be_visible(timeout=SOON)
    failed.click()
    expect(cell.get_by_text("Attempt 2 of 3 · writing code")).to_be_visible(timeout=SOON)
    expect(cell.locator("details.try[open]")).to_have_count(1)
    notebook.page.screenshot(path=shots / "repairing.png")
    wait_for_answer(cell)
    expect(cell.locator("button", has_text="Stop")).to_have_count(0)
    expect(cell.locator(".text", has_text="Revenue rose from")).to_have_count(1)
    cell.screenshot(path=shots / "answer.png")
    expect(notebook.run_and_wait(2).locator(".jp-OutputArea-output")).to_have_text("Answer 2 True")

    outputs = notebook.save()["cells"][1]["outputs"]
    assert [sorted(output["data"]) for output in outputs] == [["text/html", "text/plain"]]
    notebook.page.reload()
    notebook.wait_for_kernel()
    again = notebook.cell(1)
    expect(again.locator(".text", has_text="Revenue rose from")).to_have_count(1)
    expect(again.locator("img")).to_have_count(1)
    expect(notebook.page.get_by_text("model not found")).to_have_count(0)
    again.get_by_text("2 attempts").click()
    again.get_by_text(re.compile("Table ")).click()
    again.screenshot(path=shots / "reloaded.png")
    notebook.page.close()


@pytest.mark.parametrize("how", ["the Stop button", "the notebook's interrupt"])
def test_stop_ends_the_stream_at_once_and_keeps_what_was_done(
    browser: Browser, lab: LabServer, model_server: ScriptedServer, shots: Path, how: str
) -> None:
    model_server.script(Reply(text=GOOD, stall_after=20))
    notebook = Notebook(
        browser,
        lab,
        [LOAD, "%%csvagent sales.csv\nrevenue by month", "print('the next cell')"],
        f"stop-{how.split()[-1]}.ipynb",
    )
    notebook.run_and_wait(0)
    cell = notebook.run(1)
    notebook.run(2)
    expect(cell.locator(".stream pre")).to_contain_text("revenue per month", timeout=SOON)
    if how == "the Stop button":
        cell.get_by_role("button", name="Stop").click()
    else:
        notebook.page.get_by_role("button", name="Interrupt the kernel").click()
    expect(cell.get_by_text("Stopped after")).to_be_visible(timeout=SOON)
    assert model_server.wait_for_request(1).disconnected.wait(10)
    expect(cell.locator(".stream pre")).to_contain_text("revenue per month")
    expect(cell.get_by_role("button", name="Stop")).to_have_count(0)
    expect(cell.locator(".jp-OutputArea-output")).to_have_count(1)
    following = notebook.cell(2).locator(".jp-OutputArea-output")
    if how == "the Stop button":
        expect(following).to_have_text("the next cell")
    else:
        expect(notebook.cell(2).locator(".jp-InputPrompt")).to_have_text("[ ]:")
        expect(following).to_have_count(0)
    cell.screenshot(path=shots / f"stopped-{how.split()[-1]}.png")
    notebook.page.close()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read_in_both_themes(
    browser: Browser, lab: LabServer, model_server: ScriptedServer, shots: Path, theme: str
) -> None:
    model_server.script(BAD, GOOD)
    lab.wear(theme)
    notebook = Notebook(
        browser,
        lab,
        [LOAD, "%%csvagent sales.csv\nrevenue by month", "%csvagent sent", "1"],
        f"{theme.split()[1]}.ipynb",
    )
    notebook.page.set_viewport_size({"width": 1100, "height": 2400})
    notebook.run_and_wait(0)
    cell = notebook.run(1)
    wait_for_answer(cell)
    for summary in cell.locator("summary").all():
        summary.click()
    sent = notebook.run_and_wait(2)
    expect(sent.get_by_text("What was sent to the model")).to_be_visible()
    notebook.page.screenshot(path=shots / f"open-{theme.split()[1].lower()}.png")
    parts = notebook.page.locator(".csvagent :is(p, summary, td, th, pre, .foot, .muted)").all()
    assert len(parts) > 20
    contrasts = {part.inner_text()[:40]: part.evaluate(CONTRAST) for part in parts if part.is_visible()}
    assert {text: round(value, 1) for text, value in contrasts.items() if value < 4.5} == {}

    assert "revenue by month of date" not in json.dumps(notebook.save()["cells"][2])
    notebook.run_and_wait(3)
    expect(sent.get_by_text("never kept in the notebook")).to_be_visible()
    assert "widget" not in json.dumps(notebook.save()["cells"])
    notebook.page.close()


def test_a_hostile_file_shows_as_text_also_in_a_notebook_that_is_not_trusted(
    browser: Browser, lab: LabServer, model_server: ScriptedServer, shots: Path
) -> None:
    hostile = "<img src=x onerror=document.title='hacked'>"
    (lab.folder / "hostile.csv").write_text(f'"{hostile}",n\n"<script>document.title=1</script>",1\n')
    code = "import matplotlib.pyplot as plt\nplt.bar(['a'], [1])\nprint(df.iloc[0, 0])\ndf"
    model_server.script(f"{hostile}\n```python\n{code}\n```\n")
    notebook = Notebook(browser, lab, [LOAD, "%%csvagent hostile.csv\nwhat is in it?"], "hostile.ipynb")
    notebook.run_and_wait(0)
    cell = notebook.run(1)
    wait_for_answer(cell)
    expect(cell.get_by_text(hostile).first).to_be_attached()
    saved = notebook.save()
    notebook.page.close()

    for each in saved["cells"]:
        each["source"] = "# from somebody else"
    (lab.folder / "theirs.ipynb").write_text(json.dumps(saved))
    theirs = Notebook(browser, lab, [], "theirs.ipynb")
    shown = theirs.cell(1)
    expect(shown.locator("img")).to_have_count(1)
    assert shown.locator("img").evaluate("image => image.naturalWidth") > 100
    shown.get_by_text(re.compile("Table ")).click()
    expect(shown.get_by_text("<script>document.title=1</script>").first).to_be_visible()
    expect(shown.locator("style")).to_have_count(0)
    shown.screenshot(path=shots / "untrusted.png")
    assert "hacked" not in theirs.page.title()
    theirs.page.close()


def test_tab_completes_files_options_and_dataframes(browser: Browser, lab: LabServer) -> None:
    notebook = Notebook(
        browser, lab, [f"{LOAD}\nimport pandas as pd\nsalaries = pd.DataFrame()", "%%csvagent sal"], "tab.ipynb"
    )
    notebook.run_and_wait(0)
    notebook.cell(1).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.press("Tab")
    entries = notebook.page.locator(".jp-Completer-item")
    expect(entries).to_have_text([re.compile("salaries"), re.compile(r"sales\.csv")], timeout=SOON)
    notebook.page.close()
