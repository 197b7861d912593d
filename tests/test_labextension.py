"""The JupyterLab part in a real browser: a file's menu writes a cell that asks about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_server import CHROMIUM_ARGUMENTS, LabServer
from playwright.sync_api import Browser, Page, expect, sync_playwright

KERNEL_READY = "Python 3 (ipykernel) | Idle"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        assert chromium, "Chromium is missing; `make browser` installs it"
        with playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS) as started:
            yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table in a folder of its own, under a name that needs quoting, and something else."""
    files = tmp_path / "files"
    (files / "our data").mkdir(parents=True)
    (files / "our data" / 'a "b" 2024.csv').write_text("n\n1\n")
    (files / "our data" / "notes.md").write_text("# Notes\n")
    return files


def open_lab(browser: Browser, lab: LabServer) -> Page:
    page = browser.new_page()
    page.goto(lab.url)
    page.locator(".jp-DirListing-item", has_text="our data").dblclick()
    return page


def cells(page: Page) -> list[str]:
    """The source of every code cell, as the notebook model has it."""
    sources: list[str] = page.evaluate(
        "Array.from(document.querySelectorAll('.jp-Notebook .jp-CodeCell .cm-content'),"
        " editor => Array.from(editor.querySelectorAll('.cm-line'), line => line.textContent).join('\\n'))"
    )
    return sources


def test_asking_about_a_file_writes_the_cells_that_do_it(browser: Browser, folder: Path, tmp_path: Path) -> None:
    with LabServer(folder, tmp_path / "home") as lab:
        page = open_lab(browser, lab)
        page.locator(".jp-DirListing-item", has_text="2024.csv").click(button="right")
        page.get_by_role("menuitem", name="Ask about this file").click()
        expect(page.get_by_text(KERNEL_READY)).to_be_visible(timeout=60_000)
        expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(2)
        assert cells(page) == ["%load_ext csvagent_jupyter", '%%csvagent "a \\"b\\" 2024.csv"\n']

        page.locator(".jp-DirListing-item", has_text="2024.csv").click()
        page.keyboard.press("Control+Shift+C")
        page.locator(".lm-CommandPalette-input").fill("Ask about this file")
        page.locator(".lm-CommandPalette-item", has_text="Ask about this file").click()
        expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(3)
        assert [cell.split()[0] for cell in cells(page)] == ["%load_ext", "%%csvagent", "%%csvagent"]
        expect(page.get_by_text("Mode: Edit")).to_be_visible()
        page.keyboard.type("how many rows")
        expect(page.locator(".jp-Notebook .jp-CodeCell").nth(2).locator(".cm-line").nth(1)).to_have_text(
            "how many rows"
        )


def test_only_tables_have_the_menu_item_and_it_speaks_russian(browser: Browser, folder: Path, tmp_path: Path) -> None:
    with LabServer(folder, tmp_path / "home", locale="ru_RU") as lab:
        page = open_lab(browser, lab)
        page.locator(".jp-DirListing-item", has_text="notes.md").click(button="right")
        expect(page.get_by_role("menuitem").first).to_be_visible()
        expect(page.get_by_role("menuitem", name="Спросить об этом файле")).to_have_count(0)
        page.keyboard.press("Escape")
        page.locator(".jp-DirListing-item", has_text="2024.csv").click(button="right")
        expect(page.get_by_role("menuitem", name="Спросить об этом файле")).to_be_visible()
