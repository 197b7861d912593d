from __future__ import annotations

import pytest

from csvagent_jupyter.exceptions import BadInput, ModelRefused
from csvagent_jupyter.models.address import base_address, secret_from


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", "http://default:1"),
        ("  ", "http://default:1"),
        ("localhost", "http://localhost:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":9000", "http://127.0.0.1:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("http://[::]:9000", "http://[::1]:9000"),
        ("https://models.example/v1/", "https://models.example/v1"),
        ("http://models.example", "http://models.example"),
    ],
)
def test_an_address_is_read_as_people_write_it(given: str, address: str) -> None:
    assert base_address({"X": given}, "X", "http://default:1", port=11434) == address


@pytest.mark.parametrize(
    "given",
    [
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http://user:hunter2@host/v1",
        "https://host/v1?key=hunter2",
        "https://host/#hunter2",
        "http://host:99999",
        "http://[broken",
    ],
)
def test_what_is_no_address_is_named_by_its_variable_and_not_repeated(given: str) -> None:
    with pytest.raises(BadInput) as caught:
        base_address({"OPENAI_BASE_URL": given}, "OPENAI_BASE_URL", "http://default")
    for language in ("en", "ru"):
        assert "OPENAI_BASE_URL" in caught.value.say(language)
        assert "hunter2" not in caught.value.say(language)


def test_a_key_is_needed_only_where_it_is_needed() -> None:
    assert secret_from({}, "K", "Server", needed=False) is None
    with pytest.raises(ModelRefused, match=r"Server needs a key.* K") as missing:
        secret_from({"K": " "}, "K", "Server", needed=True)
    assert "%csvagent models" in missing.value.say("ru")
    key = secret_from({"K": "abcdefgh1"}, "K", "Server", needed=True)
    assert key is not None and key.reveal() == "abcdefgh1"


def test_a_broken_key_is_told_without_it() -> None:
    with pytest.raises(ModelRefused) as caught:
        secret_from({"K": "tайна-hunter2"}, "K", "Server", needed=False)
    assert caught.value.key == "models.bad_key"
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.values}"
    assert caught.value.__context__ is None
