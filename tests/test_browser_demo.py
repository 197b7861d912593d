"""The demo page in a real Chromium, on a bare Jupyter server beneath a prefix, as under JupyterHub.

Screenshots go to the folder CSVAGENT_SCREENSHOTS, or to the test's own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_host import TOKEN, JupyterHost, ask, finished
from lab_server import CHROMIUM_ARGUMENTS, CONTRAST
from model_server import Reply, ScriptedServer
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright
from reverse_proxy import ReverseProxy
from test_server_standalone import Served

pytestmark = pytest.mark.timeout(180)

SOON = 30_000
BASE = "/user/anna/"
SALES = "date,revenue\n" + "".join(f"2024-{month:02d}-01,{80 + 5 * month}\n" for month in range(1, 13))
BAD = 'I sum revenue.\n```python\n# revenue per month\nmonthly = df.groupby(df["date"].dt.month)["reveune"].sum()\n```'
GOOD = """I sum revenue by month of date, all rows.
```python
# revenue per month
monthly = df.groupby(df["date"].dt.to_period("M"))["revenue"].sum()
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.plot(monthly.index.to_timestamp(), monthly.to_numpy(), marker="o")
ax.set_title("Revenue by month")
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


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def model_server(server: ScriptedServer) -> ScriptedServer:
    """The model of all tests here, with nothing left of the test before."""
    server.forget()
    return server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, server: ScriptedServer) -> Iterator[JupyterHost]:
    """One server for all tests here; a message of more than a megabyte is too large for it."""
    settings = {"CSVAgentExtension": {"max_message": 1_000_000}}
    with JupyterHost(tmp_path_factory.mktemp("host"), server, base_url=BASE, settings=settings) as started:
        yield started


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    return path


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("CSVAGENT_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def opened(browser: Browser, address: str, troubles: list[str] | None = None, **options: Any) -> Iterator[Page]:
    """Open an address in a browser profile of its own; nothing may go wrong there but what `troubles` takes."""
    noticed: list[str] = []
    with browser.new_context(**{"viewport": {"width": 1000, "height": 850}, "locale": "en-US"} | options) as context:
        context.on("weberror", lambda error: noticed.append(str(error.error)))
        context.on("dialog", lambda dialog: noticed.append(f"dialog: {dialog.message}"))
        context.on("console", lambda said: noticed.append(said.text) if said.type in ("error", "warning") else None)
        page = context.new_page()
        page.goto(address)
        yield page
        if troubles is None:
            assert noticed == []
        else:
            troubles += noticed


def signed_in(host: JupyterHost) -> str:
    return f"{host.url}/demo?token={TOKEN}"


def choose(page: Page, *paths: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#pick").click()
    chooser.value.set_files([str(path) for path in paths])


def put(page: Page, question: str) -> Locator:
    """Ask, and return the card of the question."""
    box = page.get_by_role("textbox")
    box.fill(question)
    box.press("Enter")
    card = page.locator("article").last
    expect(card.get_by_role("heading", name=question, exact=True)).to_be_visible(timeout=SOON)
    return card


def session_of(page: Page) -> str:
    return page.url.partition("#session=")[2]


# --- a question and its answer --------------------------------------------------------------------------------------


def test_a_question_is_watched_up_to_its_answer_which_a_reload_shows_again(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path, shots: Path
) -> None:
    model_server.script(Reply(text=BAD, delay=0.03), Reply(text=GOOD, delay=0.03))
    with opened(browser, signed_in(host)) as page:
        assert TOKEN not in page.url
        page.screenshot(path=shots / "demo-empty.png")
        choose(page, sales)
        card = put(page, "How did revenue develop by month?")
        expect(card.get_by_text("Attempt 1 of 3 · writing code")).to_be_visible(timeout=SOON)
        expect(card.get_by_text("Read sales.csv · 12 rows × 2 columns")).to_be_visible()
        stream = card.locator("pre.stream")
        early = stream.inner_text()
        expect(stream).not_to_have_text(early)
        failed = card.locator("details.attempt")
        expect(failed).to_contain_text("Attempt 1: KeyError", timeout=SOON)
        expect(card.get_by_text("Attempt 2 of 3 · writing code")).to_be_visible(timeout=SOON)
        failed.locator("summary").click()
        expect(failed).to_contain_text("reveune")
        page.screenshot(path=shots / "demo-running.png")
        expect(card.get_by_text("Revenue rose from 85 in January to 140 in December.")).to_be_visible(timeout=SOON)
        expect(card.get_by_role("button", name="Stop")).to_have_count(0)
        page.screenshot(path=shots / "demo-answer.png")
        answered(card)
        text = card.inner_text()
        page.reload()
        again = page.locator("article")
        expect(again).to_have_count(1)
        answered(again)
        expect(page.locator("#chips")).to_have_text("sales.csv")
        assert re.sub(r"\s+", " ", again.inner_text()) == re.sub(r"\s+", " ", text)


def answered(card: Locator) -> None:
    """The whole answer is there: plot with words for who cannot see it, table, code, attempts, downloads."""
    image = card.locator("img")
    expect(image).to_have_js_property("complete", True, timeout=SOON)
    assert image.evaluate("image => image.naturalWidth") > 500
    assert "Revenue by month" in str(image.get_attribute("alt"))
    expect(card.get_by_text("I sum revenue by month of date, all rows.")).to_be_visible()
    card.get_by_text("Table (12 rows)").click()
    expect(card.get_by_role("cell", name="2024-01", exact=True)).to_be_visible()
    card.get_by_text("Code", exact=True).click()
    expect(card.get_by_text("monthly.reset_index()").first).to_be_visible()
    card.get_by_text("2 attempts").click()
    expect(card.get_by_text("Attempt 2 worked")).to_be_visible()
    card.get_by_text("How the file was read").click()
    expect(card.get_by_text("sales.csv · 12 rows × 2 columns · utf-8")).to_be_visible()
    expect(card.get_by_text(re.compile("openai:test · confined"))).to_be_visible()


def test_what_can_be_downloaded_and_copied_is_the_whole(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path
) -> None:
    model_server.script(GOOD)
    with opened(browser, signed_in(host), permissions=["clipboard-read", "clipboard-write"]) as page:
        choose(page, sales)
        card = put(page, "revenue by month")
        card.get_by_text("Table (12 rows)").click(timeout=SOON)
        for link, start in {"PNG": b"\x89PNG", "SVG": b"<svg ", "CSV": b"date,revenue\r\n2024-01"}.items():
            with page.expect_download() as download:
                card.get_by_role("link", name=link, exact=True).click()
            assert Path(download.value.path()).read_bytes().startswith(start), link
        card.get_by_text("Code", exact=True).click()
        card.get_by_text("The whole script").click()
        card.get_by_role("button", name="Copy").nth(1).click()
        expect(card.get_by_role("button", name="Copied")).to_be_visible()
        assert 'pd.read_csv("sales.csv"' in page.evaluate("navigator.clipboard.readText()")


def test_stop_ends_it_at_once_and_the_next_question_goes_on_with_the_same_file(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path, shots: Path
) -> None:
    model_server.script(Reply(text=GOOD, stall_after=20), GOOD)
    with opened(browser, signed_in(host)) as page:
        choose(page, sales)
        card = put(page, "revenue by month")
        expect(card.locator("pre.stream")).to_contain_text("revenue per month", timeout=SOON)
        card.get_by_role("button", name="Stop").focus()
        page.keyboard.press("Enter")
        expect(card.get_by_text("Stopped after")).to_be_visible(timeout=SOON)
        assert model_server.wait_for_request(1).disconnected.wait(10)
        expect(card.get_by_role("heading")).to_be_focused()
        expect(card.get_by_text("Stopped while it was written")).to_be_visible()
        page.screenshot(path=shots / "demo-stopped.png")
        later = put(page, "and now")
        expect(later.get_by_text("Revenue rose from 85")).to_be_visible(timeout=SOON)
        expect(page.locator("article")).to_have_count(2)


def test_a_reload_in_the_middle_and_a_second_tab_see_all_of_it(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path
) -> None:
    stalling = Reply(text=GOOD, stall_after=20)
    model_server.script(BAD, stalling)
    with opened(browser, signed_in(host)) as page:
        choose(page, sales)
        put(page, "revenue by month")
        expect(page.locator("pre.stream")).to_contain_text("revenue per month\nmonthly", timeout=SOON)
        model_server.wait_for_request(2).stalled.wait(10)
        page.reload()
        second = page.context.new_page()
        second.goto(page.url)
        for tab in (page, second):
            expect(tab.get_by_role("heading", name="revenue by month")).to_be_visible()
            expect(tab.locator("article").get_by_text("Attempt 2 of 3 · writing code")).to_be_visible(timeout=SOON)
            expect(tab.locator("details.attempt")).to_contain_text("Attempt 1: KeyError")
            expect(tab.locator("pre.stream")).to_contain_text("revenue per month\nmonthly")
        stalling.release.set()
        for tab in (page, second):
            expect(tab.locator("article").get_by_text("Revenue rose from 85")).to_be_visible(timeout=SOON)
            expect(tab.locator("article")).to_have_count(1)
        model_server.script(GOOD)
        put(second, "from the second tab")
        expect(page.get_by_role("heading", name="from the second tab")).to_be_visible(timeout=SOON)
        expect(page.locator("article").get_by_text("Revenue rose from 85")).to_have_count(2, timeout=SOON)


def test_a_lost_connection_is_taken_up_again_without_gap_or_repeat(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path
) -> None:
    stalling = Reply(text=GOOD, stall_after=20)
    model_server.script(BAD, stalling)
    frames: list[dict[str, Any]] = []
    sockets: list[str] = []

    def listen(socket: Any) -> None:
        sockets.append(socket.url)
        socket.on("framereceived", lambda frame: frames.append(json.loads(frame)))

    with ReverseProxy(BASE, host.port) as proxy:
        address = signed_in(host).replace(str(host.port), str(proxy.port), 1)
        with opened(browser, address, troubles=[]) as page:
            page.on("websocket", listen)
            choose(page, sales)
            card = put(page, "revenue by month")
            expect(card.get_by_text("Attempt 2 of 3 · writing code")).to_be_visible(timeout=SOON)
            expect(card.locator("pre.stream")).to_contain_text("revenue per month\nmonthly", timeout=SOON)
            proxy.is_down = True
            proxy.drop()
            expect(page.get_by_text("Connection lost, trying again")).to_be_visible(timeout=SOON)
            stalling.release.set()
            expect(card.get_by_text("Attempt 2 of 3 · writing code")).to_be_visible()
            proxy.is_down = False
            expect(page.get_by_text("Connected", exact=True)).to_be_visible(timeout=SOON)
            expect(card.get_by_text("Revenue rose from 85")).to_be_visible(timeout=SOON)
            session = session_of(page)
    numbers = [frame["seq"] for frame in frames if "seq" in frame]
    assert numbers == sorted(set(numbers))
    assert len(sockets) > 1
    assert {f"after={number}" for number in (0, *numbers)} & set(re.split("[?&]", sockets[-1])) - {"after=0"}
    log = events(host, session)
    assert {event["seq"] for event in log} <= set(numbers)


def test_a_question_that_was_lost_on_the_way_comes_back_into_the_box(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path
) -> None:
    model_server.script(GOOD, GOOD)
    with ReverseProxy(BASE, host.port) as proxy:
        address = signed_in(host).replace(str(host.port), str(proxy.port), 1)
        with opened(browser, address, troubles=[]) as page:
            choose(page, sales)
            card = put(page, "revenue by month")
            expect(card.get_by_text("Revenue rose from 85")).to_be_visible(timeout=SOON)
            box = page.get_by_role("textbox")
            proxy.is_frozen = True
            box.fill("and now")
            box.press("Enter")
            expect(box).to_have_value("")
            proxy.drop()
            expect(page.get_by_text("Connection lost, trying again")).to_be_visible(timeout=SOON)
            proxy.is_frozen = False
            expect(box).to_have_value("and now", timeout=SOON)
            expect(page.locator("article")).to_have_count(1)
            proxy.is_down = True
            proxy.drop()
            expect(page.get_by_text("Connection lost, trying again")).to_be_visible(timeout=SOON)
            box.press("Enter")
            expect(page.get_by_role("button", name="Ask")).to_be_disabled()
            proxy.is_down = False
            expect(page.locator("article").get_by_text("Revenue rose from 85")).to_have_count(2, timeout=SOON)
            expect(box).to_have_value("")


def test_a_connection_that_died_without_a_word_is_noticed(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path
) -> None:
    model_server.script(GOOD)
    with ReverseProxy(BASE, host.port) as proxy:
        address = signed_in(host).replace(str(host.port), str(proxy.port), 1)
        with opened(browser, "about:blank", troubles=[]) as page:
            page.clock.install()
            page.goto(address)
            choose(page, sales)
            card = put(page, "revenue by month")
            expect(card.get_by_text("Revenue rose from 85")).to_be_visible(timeout=SOON)
            page.clock.fast_forward(21_000)
            expect(page.get_by_text("Connected", exact=True)).to_be_visible()
            proxy.is_frozen = True
            page.clock.fast_forward(21_000)
            page.clock.fast_forward(21_000)
            expect(page.get_by_text("Connection lost, trying again")).to_be_visible()


def events(host: JupyterHost, session: str) -> list[dict[str, Any]]:
    """What the log of a session has, up to its last result."""
    found: list[dict[str, Any]] = []
    client = host.client()
    tasks = client.get("/api/tasks", params={"session_id": session}).json()["tasks"]
    with client.stream("GET", f"/api/sessions/{session}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                if sum(event["type"] == "result" for event in found) == len(tasks):
                    break
    return found


def test_a_file_beyond_a_message_and_several_files_go_by_upload(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_text("n\n" + "12345678\n" * 120_000)
    model_server.script(*["I count.\n```python\nprint(sorted(tables), len(df))\n```"] * 2)
    with opened(browser, signed_in(host)) as page:
        choose(page, large)
        with page.expect_request("**/api/analyze-async") as asked:
            card = put(page, "how many rows")
        assert asked.value.headers["content-type"].startswith("multipart/form-data")
        expect(card.get_by_text("['large'] 120000").first).to_be_visible(timeout=SOON)
        choose(page, sales, large)
        page.get_by_role("button", name="Remove large.csv").click()
        expect(page.locator("#chips")).to_have_text("sales.csv✕")
        choose(page, sales, large)
        card = put(page, "how many rows in both")
        expect(card.get_by_text("['large', 'sales']").first).to_be_visible(timeout=SOON)


# --- what may be hostile --------------------------------------------------------------------------------------------

IMAGE = "<img src=x onerror=window.hacked=1>"
SCRIPT = "<script>window.hacked=1</script>"
HOSTILE = f"""{IMAGE}{SCRIPT}
```python
# {SCRIPT}
open("{IMAGE.replace("<", "").replace(">", "")}.html", "w").write({SCRIPT!r})
fig, ax = plt.subplots()
ax.bar(["{IMAGE}"], [1])
ax.set_title({SCRIPT!r})
print({IMAGE!r}, df.iloc[0, 0])
df
```
"""
FAILING = f'{IMAGE}\n```python\nraise ValueError("{IMAGE}{SCRIPT}")\n```\n'


def test_nothing_that_comes_from_a_file_a_model_or_code_can_run(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, tmp_path: Path, shots: Path
) -> None:
    path = tmp_path / f"{IMAGE}.csv"
    path.write_text(f'"{IMAGE}","javascript:window.hacked=1"\n"{SCRIPT}","{IMAGE}"\n')
    model_server.script(FAILING, HOSTILE)
    with opened(browser, signed_in(host)) as page:
        choose(page, path)
        expect(page.locator("#chips")).to_contain_text(IMAGE)
        card = put(page, f"what is in {SCRIPT}")
        expect(card.get_by_text(f"{IMAGE} {SCRIPT}").first).to_be_visible(timeout=SOON)
        for summary in card.locator("summary").all():
            if summary.is_visible():
                summary.click()
        expect(card.get_by_role("columnheader", name=IMAGE)).to_be_visible()
        expect(card.get_by_text(f"Attempt 1: ValueError: {IMAGE}")).to_be_visible()
        page.screenshot(path=shots / "demo-hostile.png", full_page=True)
        pictures = page.eval_on_selector_all("img", "all => all.map(image => image.src.slice(0, 22))")
        assert pictures == ["data:image/png;base64,"]
        links = page.eval_on_selector_all("a", "all => all.map(link => new URL(link.href).protocol)")
        assert set(links) == {"http:"}
        assert page.locator("script").count() == 1
        assert page.locator("iframe, object, embed, svg, style + style").count() == 0
        assert page.evaluate("window.hacked") is None
        page.reload()
        expect(page.get_by_text(f"{IMAGE} {SCRIPT}").first).to_be_visible(timeout=SOON)
        assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    "attempt",
    [
        f"document.body.innerHTML = '{IMAGE}'",
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hacked = 1'}))",
        "document.body.append(Object.assign(document.createElement('script'), {src: 'api/sessions'}))",
        "document.body.append(document.createRange().createContextualFragment('<b onclick=1>'))",
    ],
)
def test_the_pages_policy_would_stop_it_anyway(browser: Browser, host: JupyterHost, attempt: str) -> None:
    with opened(browser, signed_in(host), troubles=[]) as page:
        with pytest.raises(Error, match="requires 'Trusted"):
            page.evaluate(f"() => {{ {attempt} }}")
        assert page.evaluate("window.hacked") is None


def test_the_page_talks_to_its_own_server_only(browser: Browser, host: JupyterHost) -> None:
    with opened(browser, signed_in(host), troubles=(troubles := [])) as page, elsewhere_served() as elsewhere:
        with pytest.raises(Error, match="Failed to fetch"):
            page.evaluate(f"fetch('{elsewhere}')")
        page.evaluate(f"new Promise(done => Object.assign(new Image(), {{src: '{elsewhere}/x.png', onerror: done}}))")
    assert all("Content Security Policy" in trouble for trouble in troubles), troubles
    assert len(troubles) >= 2


@contextmanager
def elsewhere_served() -> Iterator[str]:
    """The address of another server, which answers."""
    with ScriptedServer() as other:
        yield f"{other.url}/v1/models"


# --- who may come in, and what a page can do besides ----------------------------------------------------------------


def test_who_is_not_signed_in_is_sent_to_sign_in(browser: Browser, host: JupyterHost) -> None:
    with opened(browser, f"{host.url}/demo") as page:
        assert "/user/anna/login?next=" in page.url


def test_the_page_says_by_its_headers_what_it_may(host: JupyterHost) -> None:
    reply = host.client().get("/demo")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    policy = reply.headers["Content-Security-Policy"]
    assert 'data-max-message="1000000"' in reply.text
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", reply.text.partition("<script>")[0])


def test_a_session_that_is_not_there_is_told_and_a_new_one_can_be_begun(browser: Browser, host: JupyterHost) -> None:
    with opened(browser, signed_in(host), troubles=[]) as page:
        page.goto(f"{host.url}/demo#session=no-such-session")
        expect(page.get_by_role("alert")).to_contain_text("This session is not there")
        page.get_by_role("button", name="New session").click()
        expect(page.get_by_role("alert")).to_be_hidden()
        assert page.url == f"{host.url}/demo"


def test_a_page_can_follow_and_ask_by_cookie(browser: Browser, host: JupyterHost, model_server: ScriptedServer) -> None:
    (host.root / "sales.csv").write_text(SALES)
    model_server.script(GOOD)
    task = ask(host.client(), "revenue by month", path="sales.csv")
    finished(host.client(), task)
    with opened(browser, signed_in(host), troubles=[]) as page:
        seen = page.evaluate(
            """task => new Promise((done) => {
              const seen = [];
              const source = new EventSource(`api/tasks/${task}/events`);
              source.onmessage = ({data, lastEventId}) => {
                const event = JSON.parse(data);
                seen.push([event.type, event.seq === Number(lastEventId)]);
                if (event.type === "result") { source.close(); done(seen); }
              };
            })""",
            task,
        )
        assert [seen[0], seen[-1]] == [["task_started", True], ["result", True]]
        make = "headers => fetch('api/sessions', {method: 'POST', body: '{}', headers}).then(reply => reply.status)"
        assert page.evaluate(make, {}) == 403
        assert page.evaluate(f"({make})({{'X-XSRFToken': xsrf()}})") == 201


def test_how_a_file_is_read_is_shown_before_asking_and_each_guess_can_be_changed(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, tmp_path: Path, shots: Path
) -> None:
    model_server.script("The sum.\n```python\nprint('The sum is', df['price'].sum(), df['code'].iloc[0])\n```")
    prices = tmp_path / "prices.csv"
    prices.write_text("code;price\n7;1,500\n8;2,500\n")
    troubles: list[str] = []
    with opened(browser, signed_in(host), troubles) as page:
        choose(page, prices)
        reading = page.locator("details.reading")
        summary = reading.locator("summary")
        expect(summary).to_contain_text("prices.csv · 2 rows × 2 columns · utf-8 · ; · decimal ,", timeout=SOON)
        summary.click()
        expect(reading.get_by_label("Decimal sign")).to_have_attribute("placeholder", ",")
        expect(reading.locator("tbody td").nth(1)).to_have_text("1.5")
        for label, word in (("Decimal sign", "."), ("Thousands sign", "comma")):
            reading.get_by_label(label).fill(word)
            reading.get_by_label(label).press("Tab")
        expect(reading.locator("tbody td").nth(1)).to_have_text("1500", timeout=SOON)
        expect(summary).to_contain_text("As you stated: Decimal sign, Thousands sign")
        reading.get_by_label("What code holds").select_option("text")
        expect(summary).to_contain_text("types", timeout=SOON)
        page.screenshot(path=shots / "demo-reading.png", full_page=True)

        reading.get_by_label("Header rows").fill("two")
        reading.get_by_label("Header rows").press("Tab")
        expect(reading.get_by_role("status")).to_contain_text("header_rows cannot be 'two'", timeout=SOON)
        page.locator("#question").fill("sum of price?")
        page.locator("#question").press("Enter")
        expect(page.locator("#told")).to_contain_text("header_rows")
        reading.get_by_label("Header rows").fill("")
        reading.get_by_label("Header rows").press("Tab")
        expect(reading.get_by_role("status")).to_be_hidden(timeout=SOON)
        card = put(page, "sum of price?")
        expect(card.get_by_text("The sum is 4000 7")).to_be_visible(timeout=SOON)
        expect(card.get_by_text("As you stated: Decimal sign, Thousands sign, types")).to_be_attached()
        expect(page.locator("details.reading")).to_have_count(0)
    assert all("400" in trouble for trouble in troubles), troubles


def test_what_is_refused_comes_back_into_the_box(browser: Browser, host: JupyterHost, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with opened(browser, signed_in(host)) as page:
        box = page.get_by_role("textbox")
        box.fill("how many rows")
        box.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("Choose a CSV file first.")
        choose(page, empty)
        box.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("The file empty.csv is empty")
        expect(box).to_have_value("how many rows")


def test_a_link_to_read_shows_a_session_that_one_cannot_ask_in(
    browser: Browser, model_server: ScriptedServer, tmp_path: Path
) -> None:
    model_server.script(GOOD)
    with JupyterHost(tmp_path, model_server, people=True) as host:
        (host.root / "sales.csv").write_text(SALES)
        anna = host.client("anna")
        task = finished(anna, ask(anna, "revenue by month", path="sales.csv"))
        session = task["result"]["session_id"]
        shares = anna.put(f"/api/sessions/{session}/shares", json={"shares": [{"may": "read", "link": True}]}).json()
        link = shares["shares"][0]["link"]
        with opened(browser, f"{host.url}/demo?token=boris-token#session={session}&link={link}") as page:
            expect(page.locator("article").get_by_text("Revenue rose from 85")).to_be_visible(timeout=SOON)
            expect(page.get_by_text("shared with you to read")).to_be_visible()
            expect(page.get_by_role("textbox")).to_be_hidden()
            with page.expect_download() as download:
                page.get_by_role("link", name="PNG").click()
            assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_the_page_works_where_the_product_is_served_alone(browser: Browser, tmp_path: Path, sales: Path) -> None:
    served = Served(tmp_path, "--port", "0")
    try:
        for place in ("csvagent/demo", "demo"):
            with opened(browser, f"{served.address}/{place}?token={served.token}") as page:
                choose(page, sales)
                card = put(page, "sum of revenue")
                expect(card.get_by_text("1,350").first).to_be_visible(timeout=SOON)
                assert page.url.startswith(f"{served.address}/{place}#session=")
    finally:
        assert served.close() == 0


# --- how it looks and reads -----------------------------------------------------------------------------------------


def test_the_built_in_engine_answers_in_russian_and_offers_what_it_can(
    browser: Browser, tmp_path: Path, sales: Path, shots: Path
) -> None:
    with JupyterHost(tmp_path) as host, opened(browser, signed_in(host), locale="ru-RU", color_scheme="dark") as page:
        choose(page, sales)
        card = put(page, "спой песню")
        offered = card.get_by_text("Например, можно спросить так:")
        expect(offered).to_be_visible(timeout=SOON)
        idea = card.locator("button").first
        words = idea.inner_text()
        idea.click()
        expect(page.get_by_role("textbox")).to_have_value(words)
        card = put(page, "сумма revenue по месяцам, график линией")
        expect(card.get_by_text("Таблица (12 строк)")).to_be_visible(timeout=SOON)
        expect(card.locator("img")).to_be_visible()
        expect(card.get_by_text("offline · изолирован")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "ru"
        page.screenshot(path=shots / "demo-russian.png", full_page=True)


def test_every_word_is_there_in_both_languages(browser: Browser, host: JupyterHost) -> None:
    with opened(browser, signed_in(host)) as page:
        flat = """words => Object.entries(words).flatMap(([key, text]) =>
          text.constructor === Object ? Object.keys(text).map(inner => `${key}.${inner}`) : [key]).sort()"""
        english, russian = page.evaluate(f"[WORDS.en, WORDS.ru].map({flat})")
        assert english == russian
        holes = "words => JSON.stringify(words).match(/{\\w+}/g).sort().join()"
        assert page.evaluate(f"new Set([WORDS.en, WORDS.ru].map({holes})).size") == 1
        assert "!" not in page.evaluate("JSON.stringify(WORDS)")


def test_every_text_can_be_read_light_and_dark_wide_and_narrow(
    browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path, shots: Path
) -> None:
    model_server.script(BAD, GOOD)
    with opened(browser, signed_in(host)) as page:
        choose(page, sales)
        card = put(page, "How did revenue develop by month?")
        expect(card.locator("img")).to_be_visible(timeout=SOON)
        page.screenshot(path=shots / "demo.png")
        for summary in card.locator("summary").all():
            if summary.is_visible():
                summary.click()
        for scheme, width in (("light", 1000), ("dark", 1000), ("light", 360), ("dark", 360)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=shots / f"demo-{scheme}-{width}-open.png", full_page=True)
            parts = page.locator("h1, h2, p, summary, td, th, pre, a, button, .chip, #link-state").all()
            contrasts = {part.inner_text()[:40]: part.evaluate(CONTRAST) for part in parts if part.is_visible()}
            assert len(contrasts) > 20
            assert {text: round(value, 1) for text, value in contrasts.items() if value < 4.5} == {}, (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_is_enough(browser: Browser, host: JupyterHost, model_server: ScriptedServer, sales: Path) -> None:
    model_server.script(GOOD)
    with opened(browser, signed_in(host)) as page:
        page.on("filechooser", lambda _: None)  # asked for now, so that it is not too late when the key is pressed
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="New session")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator("#welcome-pick")).to_be_focused()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(sales)
        expect(page.get_by_role("textbox")).to_be_focused()
        page.keyboard.type("revenue by")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("month")
        page.keyboard.press("Enter")
        summary = page.locator("summary", has_text="Table (12 rows)")
        expect(summary).to_be_visible(timeout=SOON)
        for _ in range(10):
            page.keyboard.press("Shift+Tab")
            if summary.evaluate("node => node === document.activeElement"):
                break
        expect(summary).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("cell", name="2024-01", exact=True)).to_be_visible()
