"""Fixtures that several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from model_server import ScriptedServer


@pytest.fixture
def model_server() -> Iterator[ScriptedServer]:
    """A real HTTP model server on loopback; say what it shall reply with `script(...)`."""
    with ScriptedServer() as server:
        yield server
