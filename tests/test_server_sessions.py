"""Sessions over HTTP: made, listed, looked into, renamed, shared, deleted, brought back."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from jupyter_host import JupyterHost, ask, finished, until
from model_server import ScriptedServer

PLOT = "A bar.\n```python\nfig, ax = plt.subplots()\nax.bar(df['city'], df['price'])\nprint('Drawn')\n```"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer(PLOT, repeat=True) as server:
        yield server


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Iterator[JupyterHost]:
    with JupyterHost(tmp_path_factory.mktemp("host"), model, people=True) as host:
        (host.root / "cities.csv").write_text("city,price\nOslo,10\nRiga,20\n")
        yield host


@pytest.fixture
def anna(host: JupyterHost) -> httpx.Client:
    return host.client("anna")


@pytest.fixture
def boris(host: JupyterHost) -> httpx.Client:
    return host.client("boris")


@pytest.fixture
def session_id(anna: httpx.Client) -> str:
    return made(anna, "Work")


def made(client: httpx.Client, title: str = "") -> str:
    reply = client.post("/api/sessions", json={"title": title})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["session_id"])


def listed(client: httpx.Client, **query: str) -> dict[str, str]:
    """Return what may be done in each session of the list."""
    reply = client.get("/api/sessions", params=query)
    assert reply.status_code == 200, reply.text
    return {session["session_id"]: session["may"] for session in reply.json()["sessions"]}


# --- make, list, rename, delete, restore ------------------------------------------------------------------------------


def test_a_session_is_made_listed_and_renamed(anna: httpx.Client) -> None:
    reply = anna.post("/api/sessions")
    assert reply.status_code == 201
    shown = reply.json()
    assert {"session_id", "created_at", "expires_at"} <= shown.keys() and shown["title"] == ""
    later = made(anna)
    assert list(listed(anna))[:2] == [later, shown["session_id"]]
    renamed = anna.patch(f"/api/sessions/{shown['session_id']}", json={"title": "Продажи 🐟"})
    assert renamed.status_code == 200 and renamed.json()["title"] == "Продажи 🐟"
    assert anna.get(f"/api/sessions/{shown['session_id']}").json()["title"] == "Продажи 🐟"


def test_a_title_is_one_line_of_what_can_be_seen(anna: httpx.Client) -> None:
    address = f"/api/sessions/{made(anna, chr(0) + ' Sales' + chr(10) + chr(10) + 'of May' + chr(0x202E))}"
    assert anna.get(address).json()["title"] == "Sales of May"
    assert anna.patch(address, json={"title": "a\u001b[31m\tb\r\n👩\u200d🔬"}).json()["title"] == "a[31m b 👩\u200d🔬"


def test_a_deleted_session_is_gone_until_its_owner_brings_it_back(
    anna: httpx.Client, boris: httpx.Client, session_id: str
) -> None:
    address = f"/api/sessions/{session_id}"
    assert boris.delete(address).status_code == 404
    deleted = anna.delete(address)
    assert deleted.status_code == 204 and deleted.content == b""
    assert anna.get(address).status_code == 404 and session_id not in listed(anna)
    assert anna.delete(address).status_code == 404
    assert boris.post(f"{address}/restore").status_code == 404
    assert anna.get(address).status_code == 404
    assert anna.post(f"{address}/restore").json()["title"] == "Work"
    assert session_id in listed(anna)
    assert boris.post(f"{address}/restore").status_code == 404


def test_the_kernel_of_a_deleted_session_does_not_stay(anna: httpx.Client, session_id: str) -> None:
    def kernels() -> int:
        return int(anna.get("/health").json()["kernels"]["running"])

    before = kernels()
    finished(anna, ask(anna, "bar", session_id=session_id, path="cities.csv"))
    until(lambda: kernels() == before + 1)  # what it tells may be a few seconds old
    assert anna.delete(f"/api/sessions/{session_id}").status_code == 204
    until(lambda: kernels() == before)
    anna.post(f"/api/sessions/{session_id}/restore")
    assert finished(anna, ask(anna, "bar", session_id=session_id))["status"] == "SUCCESS"
    anna.delete(f"/api/sessions/{session_id}")


def test_the_history_has_the_answers_and_addresses_of_their_plots(anna: httpx.Client, session_id: str) -> None:
    for number in (1, 2):
        assert finished(anna, ask(anna, f"bar {number}", session_id=session_id, path="cities.csv"))["result"]["success"]
    shown = anna.get(f"/api/sessions/{session_id}").json()
    history = shown["history"]
    assert shown["title"] == "Work"
    assert [turn["question"] for turn in history] == ["bar 1", "bar 2"]
    first = history[0]
    assert first["status"] == "SUCCESS" and first["asked_by"] == "people:anna" and first["sources"] == ["cities.csv"]
    assert first["result"]["text_output"] == "Drawn"
    plot = anna.get(f"{str(anna.base_url).partition('/csvagent')[0]}{first['result']['plots'][0]}")
    assert plot.status_code == 200 and plot.content.startswith(b"\x89PNG")
    last = anna.get(f"/api/sessions/{session_id}", params={"limit": 1}).json()["history"]
    assert [turn["question"] for turn in last] == ["bar 2"]


# --- shares -----------------------------------------------------------------------------------------------------------


def test_a_session_shared_by_name_to_read_can_be_read_and_no_more(
    anna: httpx.Client, boris: httpx.Client, session_id: str
) -> None:
    address = f"/api/sessions/{session_id}"
    assert boris.get(address).status_code == 404 and session_id not in listed(boris)
    shared = anna.put(f"{address}/shares", json={"shares": [{"may": "read", "name": "boris"}]})
    assert shared.json() == {"shares": [{"may": "read", "name": "people:boris"}]}
    assert boris.get(address).json()["may"] == "read" and listed(boris)[session_id] == "read"
    question = {"query": "bar", "session_id": session_id, "path": "cities.csv"}
    assert boris.post("/api/analyze-async", json=question).status_code == 404
    for refused in (
        boris.patch(address, json={"title": "mine"}),
        boris.delete(address),
        boris.get(f"{address}/shares"),
        boris.put(f"{address}/shares", json={"shares": []}),
        boris.delete(f"{address}/shares"),
    ):
        assert refused.status_code == 404
    anna.put(f"{address}/shares", json={"shares": [{"may": "ask", "name": "people:boris"}]})
    assert boris.post("/api/analyze-async", json=question).status_code == 202
    assert anna.delete(f"{address}/shares", params={"name": "boris"}).status_code == 204
    assert boris.get(address).status_code == 404


def test_a_link_opens_a_session_to_whoever_has_its_secret(
    anna: httpx.Client, boris: httpx.Client, host: JupyterHost, session_id: str
) -> None:
    address = f"/api/sessions/{session_id}"
    wishes = [{"may": "read", "link": True}, {"may": "ask", "link": True}, {"may": "read", "name": "carla"}]
    reading, asking, _ = anna.put(f"{address}/shares", json={"shares": wishes}).json()["shares"]
    assert len(reading["link"]) >= 43 and reading["link"] != asking["link"]
    assert boris.get(address).status_code == 404
    assert boris.get(address, params={"link": reading["link"][:-1]}).status_code == 404
    assert boris.get(address, params={"link": reading["link"]}).json()["may"] == "read"
    assert boris.get(address, params={"link": asking["link"]}).json()["may"] == "ask"
    assert listed(boris, link=reading["link"])[session_id] == "read" and session_id not in listed(boris)
    assert host.client(None).get(address, params={"link": reading["link"]}).status_code == 403
    # One link goes, the other stays as it was.
    kept = anna.put(f"{address}/shares", json={"shares": [{"may": "read", "link": asking["link"]}]}).json()["shares"]
    assert kept == [{"may": "read", "link": asking["link"]}]
    assert boris.get(address, params={"link": reading["link"]}).status_code == 404
    assert boris.get(address, params={"link": asking["link"]}).json()["may"] == "read"
    for unknown in ({"name": "carla"}, {"link": reading["link"]}, {"name": "dora", "link": asking["link"]}):
        assert anna.delete(f"{address}/shares", params=unknown).status_code == 404
    for unnamed in ("name", "link"):
        assert anna.delete(f"{address}/shares", params={unnamed: ""}).status_code == 400
    assert anna.get(f"{address}/shares").json() == {"shares": kept}
    assert anna.delete(f"{address}/shares").status_code == 204
    assert anna.get(f"{address}/shares").json() == {"shares": []}
    assert boris.get(address, params={"link": asking["link"]}).status_code == 404


def test_the_secret_of_a_link_is_not_in_the_servers_log(
    anna: httpx.Client, boris: httpx.Client, host: JupyterHost, session_id: str
) -> None:
    link = anna.put(f"/api/sessions/{session_id}/shares", json={"shares": [{"may": "read", "link": True}]}).json()
    secret = link["shares"][0]["link"]
    assert boris.get(f"/api/sessions/{session_id}", params={"link": secret}).status_code == 200
    assert boris.delete(f"/api/sessions/{session_id}", params={"link": secret}).status_code == 404
    marked = boris.delete("/api/sessions/the-end-of-this-test")
    assert marked.status_code == 404
    until(lambda: any("the-end-of-this-test" in line for line in host.log))
    assert f"DELETE /csvagent/api/sessions/{session_id}?link=[secret]" in "".join(host.log)
    assert secret not in "".join(host.log)


def test_an_unnamed_session_is_called_after_its_first_question(anna: httpx.Client, session_id: str) -> None:
    unnamed = made(anna)
    for asked, query in ((unnamed, "bar\n of   price"), (unnamed, "another"), (session_id, "bar")):
        finished(anna, ask(anna, query, session_id=asked, path="cities.csv"))
    assert anna.get(f"/api/sessions/{unnamed}").json()["title"] == "bar of price"
    assert anna.get(f"/api/sessions/{session_id}").json()["title"] == "Work"


def test_several_shares_are_taken_back_at_once(anna: httpx.Client, session_id: str) -> None:
    wishes = [{"may": "read", "name": name} for name in ("boris", "carla", "dora")] + [{"may": "read", "link": True}]
    *_, dora, link = anna.put(f"/api/sessions/{session_id}/shares", json={"shares": wishes}).json()["shares"]
    several = {"name": ["boris", "people:carla"], "link": link["link"]}
    assert anna.delete(f"/api/sessions/{session_id}/shares", params=several).status_code == 204
    assert anna.get(f"/api/sessions/{session_id}/shares").json() == {"shares": [dora]}
    assert anna.delete(f"/api/sessions/{session_id}/shares", params={"name": ["dora", ""]}).status_code == 400
    assert anna.get(f"/api/sessions/{session_id}/shares").json() == {"shares": [dora]}


def test_a_link_of_one_session_opens_no_other(anna: httpx.Client, boris: httpx.Client, session_id: str) -> None:
    shares = anna.put(f"/api/sessions/{session_id}/shares", json={"shares": [{"may": "ask", "link": True}]}).json()
    link, other = shares["shares"][0]["link"], made(anna)
    assert boris.get(f"/api/sessions/{other}", params={"link": link}).status_code == 404
    taken = anna.put(f"/api/sessions/{other}/shares", json={"shares": [{"may": "read", "link": link}]})
    assert taken.status_code == 400 and "new one" in taken.json()["message"]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/sessions", b"{"),
        ("POST", "/api/sessions", b'{"titel": "x"}'),
        ("POST", "/api/sessions", b'{"title": 1}'),
        ("POST", "/api/sessions", b'{"title": "%s"}' % (b"x" * 201)),
        ("POST", "/api/sessions", b"[" * 100_000),
        ("PATCH", "/api/sessions/{id}", b"{}"),
        ("PATCH", "/api/sessions/{id}", b'"title"'),
        ("PUT", "/api/sessions/{id}/shares", b"{}"),
        ("PUT", "/api/sessions/{id}/shares", b'{"shares": [{"may": "own", "name": "boris"}]}'),
        ("PUT", "/api/sessions/{id}/shares", b'{"shares": [{"may": "read"}]}'),
        ("PUT", "/api/sessions/{id}/shares", b'{"shares": [{"may": "read", "name": "boris", "link": true}]}'),
        ("PUT", "/api/sessions/{id}/shares", b'{"shares": [{"may": "read", "link": "guessed"}]}'),
        ("PUT", "/api/sessions/{id}/shares", b'{"shares": [{"may": "read", "name": "%s"}]}' % (b"x" * 201)),
        ("GET", "/api/sessions/{id}?limit=-1", b""),
        ("GET", "/api/sessions/{id}?limit=1001", b""),
        ("GET", "/api/sessions/{id}?limit=%D9%A1", b""),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    anna: httpx.Client, session_id: str, method: str, path: str, body: bytes
) -> None:
    reply = anna.request(method, path.format(id=session_id), content=body)
    assert reply.status_code == 400, reply.text
    assert reply.json()["reason"] == "bad_input" and "Traceback" not in reply.text
    assert anna.get(f"/api/sessions/{session_id}").json()["title"] == "Work"
    assert anna.get(f"/api/sessions/{session_id}/shares").json() == {"shares": []}


def test_what_is_wrong_is_said_in_the_clients_language(anna: httpx.Client) -> None:
    reply = anna.get("/api/sessions/none", headers={"Accept-Language": "ru-RU,ru;q=0.9"})
    assert reply.status_code == 404 and "сесси" in reply.json()["message"].lower()
    for lang in ("%ff", "%00", "", "zz"):
        assert "session" in anna.get(f"/api/sessions/none?lang={lang}").json()["message"]


def test_a_path_that_climbs_out_is_no_session(anna: httpx.Client) -> None:
    for name in ("%2e%2e", "..%2F..%2Fetc", "a%00b", "x" * 200):
        assert anna.get(f"/api/sessions/{name}").status_code == 404
