"""The heavy forms of faults and crowds on a real server: ``make faults``; the small ones are in `make test`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jupyter_host import JupyterHost, until
from model_server import ScriptedServer
from server_scenes import (
    disk_full,
    echo,
    ends_anyhow,
    hosted,
    killed_in_the_middle,
    many_readers,
    many_sessions,
    readers_that_never_read,
    stops_clean,
)

DELAYS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5)


@pytest.fixture(scope="module")
def host() -> Iterator[JupyterHost]:
    with ScriptedServer(echo, repeat=True) as model, hosted(model) as host:
        yield host
        stops_clean(host)


def test_a_kill_among_fifty_tasks_loses_none_and_answers_none_twice() -> None:
    killed_in_the_middle(50)


async def test_two_hundred_readers_of_a_session_each_see_all_of_it(host: JupyterHost) -> None:
    await many_readers(host, 200)


async def test_a_hundred_sessions_at_once_each_get_their_own_answer(host: JupyterHost) -> None:
    await many_sessions(host, 100)


async def test_twenty_readers_that_never_read_hold_up_nobody_and_are_let_go() -> None:
    with hosted(None, extension={"reader_seconds": 5.0}) as host:
        await readers_that_never_read(host, 20, 200)


@pytest.mark.parametrize("is_real", [True, False])
def test_a_full_disk_is_told_and_with_room_all_goes_on(is_real: bool) -> None:
    """In both ways, of which a quick run takes the one that is to be had."""
    disk_full(is_real)


@pytest.mark.parametrize("seconds", DELAYS)
@pytest.mark.parametrize("is_used", [False, True])
def test_it_ends_in_order_at_any_moment(seconds: float, is_used: bool) -> None:
    with hosted(None) as host:
        if is_used:
            host.client().get("/api/sessions").raise_for_status()
        with pytest.raises(TimeoutError):
            until(lambda: None, seconds)
        stops_clean(host)


def test_it_ends_though_a_part_of_it_hangs() -> None:
    ends_anyhow("HangsAtTheEnd", "did not stop within")
