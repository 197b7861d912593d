"""The page of the description in a real Chromium: it looks as it should under its own policy, in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_host import TOKEN, JupyterHost
from lab_server import CHROMIUM_ARGUMENTS
from playwright.sync_api import Browser, expect, sync_playwright

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        assert chromium, "Chromium is missing; `make browser` installs it"
        with playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS) as started:
            yield started


def test_the_page_opens_its_parts_and_nothing_from_outside(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    with JupyterHost(tmp_path, base_url="/user/anna/") as host, browser.new_context(locale="ru-RU") as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{host.url}/api/docs?token={TOKEN}")
        expect(page.locator("h1")).to_contain_text("вопросы к файлам CSV")
        assert page.evaluate("getComputedStyle(document.querySelector('b.verb')).minWidth") != "0px"
        asking = page.locator("#ask")
        expect(asking.get_by_role("link", name="TaskReply")).to_be_hidden()
        asking.locator("summary").click()
        asking.get_by_role("link", name="TaskReply").click()
        assert page.url.endswith("#TaskReply")
        with page.expect_response(f"{host.url}/api/openapi.json") as described:
            page.get_by_role("link", name="openapi.json").click()
        assert described.value.json()["openapi"] == "3.1.0"
    assert complaints == []
    assert {url.partition("/user/")[0] for url in asked} == {f"http://127.0.0.1:{host.port}"}
