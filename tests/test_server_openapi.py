"""The description of the routes is true: each route and verb is in it, and the server keeps to it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from jupyter_host import JupyterHost, ask, finished
from tornado.web import RequestHandler

from csvagent_jupyter.server.description import OPERATIONS, PATHS, describe
from csvagent_jupyter.server.openapi import page
from csvagent_jupyter.server.routes import ROUTES
from csvagent_jupyter.tables.options import OPTIONS
from csvagent_jupyter.translations import LANGUAGES, Language
from csvagent_jupyter.translations.api import TEXTS

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
EXAMPLES = {"session_id": "a-1", "task_id": "b-2", "plot": "1.png", "table": "1.csv", "file": "result.csv"}
SALES = "city,price\nParis,10\nRome,20\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    settings = {"CSVAgentManager": {"owner_questions_per_minute": None, "timeout": 20.0}}
    with JupyterHost(tmp_path_factory.mktemp("host"), settings=settings) as host:
        (host.root / "sales.csv").write_text(SALES, encoding="utf-8")
        yield host


@pytest.fixture
def client(host: JupyterHost) -> httpx.Client:
    return host.client()


def handled() -> set[tuple[str, str]]:
    """Every verb of every route that a handler answers, by the route's pattern."""
    return {
        (pattern, verb)
        for pattern, handler in ROUTES
        for verb in VERBS
        if _defines(handler, verb) and verb != "options"  # Jupyter answers OPTIONS of all routes
    }


def _defines(handler: type, verb: str) -> bool:
    return getattr(handler, verb) is not getattr(RequestHandler, verb)


def described() -> set[tuple[str, str]]:
    """Every operation of the description, by the pattern of the route that would answer its address."""
    found = set()
    for operation in OPERATIONS:
        address = operation.path.format(**EXAMPLES)
        matching = [pattern for pattern, _ in ROUTES if re.fullmatch(pattern, address)]
        assert len(matching) == 1, (address, matching)
        found.add((matching[0], operation.verb))
    return found


def test_every_route_and_verb_is_described_and_the_other_way_round() -> None:
    assert handled() == described()


def test_addresses_have_what_their_examples_show() -> None:
    assert PATHS.keys() == EXAMPLES.keys()
    for name, schema in PATHS.items():
        assert re.search(schema["pattern"], EXAMPLES[name]), name
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_every_text_of_the_description_is_used() -> None:
    used = {operation.name for operation in OPERATIONS}
    used |= {f"param_{name}" for operation in OPERATIONS for name in operation.query}
    page_words = {"title", "about", "parameters", "body", "messages", "replies", "shapes", "machine_readable"}
    page_words |= {"reading", "reading_of_one"}
    assert TEXTS.keys() == used | page_words


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for key, value in found.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(found, list):
        for value in found:
            yield from references(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_whole_in_each_language(language: Language) -> None:
    found = describe(language, "/csvagent")
    shapes = found["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in references(found)} <= shapes.keys()
    for schema in shapes.values():
        Draft202012Validator.check_schema(schema)
    summaries = [operation["summary"] for verbs in found["paths"].values() for operation in verbs.values()]
    assert all(re.search("[а-я]", text) for text in summaries) == (language == "ru")


def conforms(client: httpx.Client, reply: httpx.Response, name: str) -> None:
    """Check a reply against what the description says of that operation."""
    description = client.get("/api/openapi.json").json()
    operation = next(
        operation
        for verbs in description["paths"].values()
        for operation in verbs.values()
        if operation["operationId"] == name
    )
    said = operation["responses"][str(reply.status_code)]["content"]
    kind = reply.headers["Content-Type"].partition(";")[0]
    schema = {**said[kind].get("schema", {}), "components": description["components"]}
    if kind == "application/json":
        Draft202012Validator(schema).validate(reply.json())


def test_a_whole_walk_is_as_described(client: httpx.Client) -> None:
    made = client.post("/api/sessions", json={"title": "sales"})
    conforms(client, made, "create_session")
    session = made.json()["session_id"]
    task = ask(client, "Plot the price by city", path="sales.csv", session_id=session)
    assert finished(client, task)["result"]["plots"]
    table = ask(client, "Show the total price by city", session_id=session)
    assert finished(client, table)["result"]["tables"]
    for name, address in {
        "read_task": f"/api/tasks/{task}",
        "list_tasks": "/api/tasks",
        "read_sent": f"/api/tasks/{task}/sent",
        "read_plot": f"/api/tasks/{task}/plots/1.svg",
        "read_table": f"/api/tasks/{table}/tables/1?limit=1",
        "read_session": f"/api/sessions/{session}",
        "list_sessions": "/api/sessions",
        "list_models": "/api/models",
        "read_settings": "/api/settings",
        "read_stats": "/api/stats",
        "health": "/health",
    }.items():
        reply = client.get(address)
        assert reply.status_code == 200, (address, reply.text)
        conforms(client, reply, name)
    shares = {"shares": [{"may": "read", "link": True}, {"may": "ask", "name": "boris"}]}
    conforms(client, client.put(f"/api/sessions/{session}/shares", json=shares), "set_shares")
    conforms(client, client.post("/api/profile", json={"path": "sales.csv"}), "profile")
    conforms(client, client.post("/api/profile", json={"path": "none.csv"}), "profile")
    stated = {"missing": ["Rome"], "types": {"price": "text"}, "sales.csv": {"header_rows": 1}}
    conforms(client, client.post("/api/profile", json={"path": "sales.csv", "dialect": stated}), "profile")
    conforms(client, client.post("/api/profile", json={"path": "sales.csv", "dialect": {"table": 0}}), "profile")
    conforms(client, client.post("/api/analyze", json={"query": "How many rows?", "path": "sales.csv"}), "ask_and_wait")


def test_what_is_not_there_is_told_in_json(host: JupyterHost, client: httpx.Client) -> None:
    for verb in ("GET", "POST", "DELETE"):
        reply = client.request(verb, "/api/no-such/thing", json={})
        assert reply.status_code == 404
        assert reply.json().keys() == {"message", "reason"}
    assert host.client(None).get("/api/no-such").json().keys() == {"message", "reason"}
    wrong = client.put("/api/sessions", json={})
    assert wrong.status_code == 405
    assert set(wrong.headers["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_of_reading_is_described(language: Language) -> None:
    found = describe(language, "/csvagent")
    shapes = found["components"]["schemas"]
    for shape in ("Reading", "ReadingOfOne"):
        assert shapes[shape]["properties"].keys() == OPTIONS.keys()
    shown = page(found, language)
    assert all(escape(option.about(language)) in shown for option in OPTIONS.values())
    for shape in ("Asked", "Again", "Analyze"):
        assert shapes[shape]["properties"]["dialect"]["$ref"].endswith("/Reading")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_all_of_it_and_runs_nothing(client: httpx.Client, language: Language) -> None:
    reply = client.get("/api/docs", params={"lang": language})
    assert reply.headers["Content-Type"].startswith("text/html")
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in reply.text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", reply.text)
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in reply.text
        assert TEXTS[operation.name][LANGUAGES.index(language)].replace("'", "&#x27;") in reply.text
    anchors = set(re.findall(r'href="#([^"]+)"', reply.text))
    assert anchors <= set(re.findall(r'id="([^"]+)"', reply.text))


def test_the_page_holds_text_and_no_markup() -> None:
    found = describe("en", "/<b>")
    found["info"]["title"] = "<script>alert(1)</script>"
    assert "<script" not in page(found, "en")


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
def test_who_is_not_signed_in_sees_none_of_it(host: JupyterHost, path: str) -> None:
    assert host.client(None).get(path).status_code in (302, 403)


CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance"),
    "ignored_auth",
)


@pytest.mark.timeout(240)
def test_a_hostile_client_finds_no_deviation(host: JupyterHost, client: httpx.Client, tmp_path: Path) -> None:
    task = ask(client, "Plot the price by city", path="sales.csv")
    table = ask(client, "Show the total price by city", path="sales.csv")
    assert finished(client, task)["result"]["plots"] and finished(client, table)["result"]["tables"]
    known = {"plots/{plot}": task, "tables/{table}": table, "files/{file}": task, "sent": task, "events": task}
    lines = [
        line
        for what, one in known.items()
        for line in (
            "[[operations]]",
            f'include-name = "GET /api/tasks/{{task_id}}/{what}"',
            f'parameters = {{ "path.task_id" = "{one}" }}',
        )
    ]
    (tmp_path / "schemathesis.toml").write_text("\n".join(lines))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{host.url}/api/openapi.json"),
            *("--header", f"Authorization: {host.headers()['Authorization']}", "--checks", ",".join(CHECKS)),
            *("--seed", "4", "--max-examples", "5", "--phases", "coverage,fuzzing,stateful", "--request-timeout", "20"),
            *("--exclude-path-regex", "/sessions/.*/events$", "--no-color", "--continue-on-failure", "--no-shrink"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "Loaded specification" in done.stdout
