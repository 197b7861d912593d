"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from model_server import ScriptedServer

if TYPE_CHECKING:
    from redis_server import RedisServer


@pytest.fixture
def model_server() -> Iterator[ScriptedServer]:
    """A real HTTP model server on loopback; say what it shall reply with `script(...)`."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="session")
def _redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    from redis_server import RedisServer

    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_server(_redis_process: RedisServer) -> RedisServer:
    """A real, empty Redis with a password; one that a test kills is its own: make it with `RedisServer(folder)`."""
    with _redis_process.client() as client:
        client.flushall()
    return _redis_process


def pytest_configure(config: pytest.Config) -> None:
    """Hear interrupts, also where this was started in the background of a shell, which has them ignored.

    What is kept beside sessions, as copies of large files are, goes to a folder of the tests' own.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tempfile.TemporaryDirectory(prefix="csvagent-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["JUPYTER_DATA_DIR"] = folder.name
