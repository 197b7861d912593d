"""Fixtures that several rooms share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from model_server import ScriptedServer


@pytest.fixture
def model_server() -> Iterator[ScriptedServer]:
    """A real HTTP model server on loopback; say what it shall reply with `script(...)`."""
    with ScriptedServer() as server:
        yield server


def pytest_configure() -> None:
    """Hear interrupts, also where this was started in the background of a shell, which has them ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
