"""Writes that wait for Redis: their order, their bound, and what ends them."""

from __future__ import annotations

import asyncio

import pytest

from csvagent_jupyter.exceptions import LeaseLost, StoreUnreachable
from csvagent_jupyter.sessions import redis_writers
from csvagent_jupyter.sessions.redis_address import RedisAddress
from csvagent_jupyter.sessions.redis_client import RedisClient
from csvagent_jupyter.sessions.redis_writers import Try, Writers


class Away:
    """A Redis that is away until it is `back`; what it was sent then, in order."""

    def __init__(self) -> None:
        self.back = False
        self.taken: list[str] = []
        self.tries = 0

    def sending(self, text: str) -> Try:
        async def send(_: float) -> str:
            self.tries += 1
            if not self.back:
                raise StoreUnreachable("sessions.redis_gone", where="box:6379")
            if text == "refused":
                raise LeaseLost("sessions.lease_lost", task_id="t1")
            if text == "broken":
                raise LookupError(text)
            self.taken.append(text)
            return text

        return send


@pytest.fixture
def writers() -> Writers:
    return Writers(RedisClient(RedisAddress.from_url("redis://box")))


async def test_what_waits_is_written_in_its_order_and_each_session_has_its_own_line(writers: Writers) -> None:
    away, there = Away(), Away()
    there.back = True
    for text in "abc":
        assert await writers.write("s1", away.sending(text), size=1, patience=0) is None
    assert writers.is_stuck("s1") and not writers.is_stuck("s2")
    assert await writers.write("s2", there.sending("x"), size=1, patience=30) == "x"
    away.back = True
    assert await writers.write("s1", away.sending("d"), size=1, patience=30) == "d"
    assert away.taken == list("abcd") and not writers.is_stuck("s1")
    await writers.stop()


async def test_a_write_that_is_refused_does_not_hold_up_the_others(writers: Writers) -> None:
    away = Away()
    await writers.write("s1", away.sending("first"), size=1, patience=0)
    refused = asyncio.create_task(writers.write("s1", away.sending("refused"), size=1, patience=30))
    broken = asyncio.create_task(writers.write("s1", away.sending("broken"), size=1, patience=30))
    last = asyncio.create_task(writers.write("s1", away.sending("last"), size=1, patience=30))
    await asyncio.sleep(0)
    away.back = True
    assert await last == "last" and away.taken == ["first", "last"]
    with pytest.raises(LeaseLost):
        await refused
    with pytest.raises(LookupError):
        await broken


@pytest.mark.parametrize(("size", "fitting"), [(1, 3), (40, 2)])
async def test_the_line_is_bounded(writers: Writers, size: int, fitting: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_writers, "MOST_WRITES", 3)
    monkeypatch.setattr(redis_writers, "MOST_BYTES", 100)
    away = Away()
    for number in range(fitting):
        await writers.write("s1", away.sending(str(number)), size=size, patience=0)
    with pytest.raises(StoreUnreachable):
        await writers.write("s1", away.sending("too much"), size=size, patience=0)
    away.back = True
    await writers.stop()
    assert len(away.taken) == fitting
    assert await writers.write("s1", away.sending("again"), size=size, patience=30) == "again"


async def test_who_gives_up_waiting_leaves_the_write_in_line(writers: Writers) -> None:
    away = Away()
    waiting = asyncio.create_task(writers.write("s1", away.sending("a"), size=1, patience=30))
    while not away.tries:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    away.back = True
    await writers.stop()
    assert away.taken == ["a"]
