"""What a refused request is told: a word for programs, and what to do next for people, in their language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jupyter_host import JupyterHost

from csvagent_jupyter.server.handler import _preferred


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    with JupyterHost(tmp_path_factory.mktemp("host"), people=True) as host:
        yield host


@pytest.mark.parametrize(
    ("name", "verb", "path", "status", "reason", "words"),
    [
        (None, "GET", "/api/sessions", 403, "not_allowed", "Authorization: token"),
        ("nobody", "GET", "/api/sessions", 403, "not_allowed", "administrator"),
        ("anna", "PUT", "/api/sessions", 405, "bad_input", "Allow"),
        ("anna", "GET", "/api/no-such", 404, "not_found", "csvagent/api/docs"),
        ("anna", "GET", "/api/tasks/no-such", 404, "not_found", "history"),
        ("anna", "GET", "/api/sessions/no-such", 404, "not_found", "start a new one"),
    ],
)
def test_a_refusal_says_what_to_do_next(
    host: JupyterHost, name: str | None, verb: str, path: str, status: int, reason: str, words: str
) -> None:
    reply = host.client(name).request(verb, path)
    assert reply.status_code == status
    assert reply.json()["reason"] == reason
    assert words in reply.json()["message"]
    russian = host.client(name).request(verb, path, headers={"Accept-Language": "ru"})
    assert any("а" <= letter <= "я" for letter in russian.json()["message"])


def test_a_page_that_does_not_prove_itself_is_told_how(host: JupyterHost) -> None:
    with JupyterHost(host.home / "plain") as plain:
        page = plain.page()
        reply = page.post("/api/sessions", json={})
    assert reply.status_code == 403
    assert "X-XSRFToken" in reply.json()["message"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en;q=0.1,ru;q=0.9", "ru"),
        ("de,en;q=0.5,ru;q=0.4", "en"),
        ("ru;q=0", "en"),
        ("run, rue", "en"),
        ("ru;q=x, en", "en"),
        ("\0;;q=,,", "en"),
    ],
)
def test_the_language_liked_best_is_spoken(header: str, language: str) -> None:
    assert _preferred(header) == language
