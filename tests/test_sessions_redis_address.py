"""Where Redis is, from the environment, and what never shows the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import StoreError
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.sessions.redis import RedisStore
from csvagent_jupyter.sessions.redis_address import RedisAddress, address_from, expiry_from, is_configured
from csvagent_jupyter.sessions.sqlite import SQLiteStore

NAMES = ("REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD", "SESSION_EXPIRE_SECONDS")


@pytest.mark.parametrize(
    ("environ", "where", "options"),
    [
        ({"REDIS_HOST": "box"}, "box:6379", {"host": "box", "port": 6379, "db": 0}),
        (
            {"REDIS_HOST": "box", "REDIS_PORT": "6380", "REDIS_DB": "3", "REDIS_PASSWORD": "p@ss:/"},
            "box:6380",
            {"host": "box", "port": 6380, "db": 3, "password": "p@ss:/"},
        ),
        (
            {"REDIS_HOST": "box", "REDIS_PORT": "tcp://10.0.0.7:6381"},
            "box:6381",
            {"host": "box", "port": 6381, "db": 0},
        ),
        (
            {"REDIS_URL": "redis://user:p%40ss@box:1/2", "REDIS_HOST": "other"},
            "box:1",
            {"host": "box", "port": 1, "db": 2, "username": "user", "password": "p@ss"},
        ),
        (
            {"REDIS_URL": "redis://box", "REDIS_PASSWORD": "apart"},
            "box:6379",
            {"host": "box", "port": 6379, "db": 0, "password": "apart"},
        ),
    ],
)
def test_the_environment_names_redis(environ: dict[str, str], where: str, options: dict[str, object]) -> None:
    assert is_configured(environ)
    address = address_from(environ)
    assert (address.where, address.options, address.db) == (where, options, options["db"])


def test_tls_and_sockets_are_understood() -> None:
    assert RedisAddress.from_url("rediss://box?ssl_ca_certs=/ca.pem").options["ssl_ca_certs"] == "/ca.pem"
    address = RedisAddress.from_url("unix:///run/redis.sock?db=4", password="secret")
    assert (address.where, address.db, address.options["password"]) == ("/run/redis.sock", 4, "secret")


@pytest.mark.parametrize(
    "environ",
    [
        {"REDIS_URL": "http://:hush-hush@box"},
        {"REDIS_URL": "redis://:hush-hush:x@box:port/0"},
        {"REDIS_URL": "hush-hush"},
        {"REDIS_URL": "redis://:hush-hush@box:1?socket_timeout=soon"},
        {"REDIS_HOST": "box", "REDIS_PORT": "hush-hush"},
        {"REDIS_HOST": "box", "REDIS_DB": "first", "REDIS_PASSWORD": "hush-hush"},
    ],
)
def test_an_address_that_is_none_is_told_without_quoting_it(environ: dict[str, str]) -> None:
    with pytest.raises(StoreError) as caught:
        address_from(environ)
    assert caught.value.key == "sessions.redis_address"
    assert caught.value.__cause__ is None and caught.value.__context__ is None
    assert "hush" not in caught.value.say("en") + caught.value.say("ru") + repr(caught.value)


async def test_an_option_that_redis_does_not_have_is_told_when_the_store_opens() -> None:
    with pytest.raises(StoreError) as caught:
        await RedisStore("redis://:hush-hush@127.0.0.1?colour=red").open()
    assert caught.value.key == "sessions.redis_address"


def test_the_password_is_in_no_repr() -> None:
    address = RedisAddress.from_url("redis://user:hush-hush@box")
    assert "hush" not in repr(address) and "hush" not in str(address)
    assert "hush" not in repr(vars(RedisStore(address)))


def test_the_pages_name_what_the_environment_can_say() -> None:
    docs = Path(__file__).parents[1] / "docs"
    for page in ("redis.md", "settings.md"):
        assert all(f"`{name}`" in (docs / page).read_text("utf-8") for name in NAMES)


def test_sessions_live_an_hour_unless_something_else_is_set() -> None:
    assert expiry_from({}) == 3600
    assert expiry_from({"SESSION_EXPIRE_SECONDS": " 90 "}) == 90
    for bad in ("0", "-5", "soon", "nan", "inf", "1e99"):
        with pytest.raises(StoreError) as caught:
            expiry_from({"SESSION_EXPIRE_SECONDS": bad})
        assert bad in caught.value.say("ru")


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({}, SQLiteStore),
        ({"REDIS_URL": " "}, SQLiteStore),
        ({"REDIS_PASSWORD": "alone"}, SQLiteStore),
        ({"REDIS_HOST": "box"}, RedisStore),
        ({"REDIS_URL": "redis://box"}, RedisStore),
    ],
)
def test_the_environment_chooses_the_store(
    environ: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert CSVAgentManager().session_store_class is kind
    assert CSVAgentManager(session_store_class=SQLiteStore).session_store_class is SQLiteStore
