"""One read for all who want the same at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from csvagent_jupyter.sessions.redis_reads import SharedReads


async def test_who_asks_together_shares_a_read_and_who_asks_later_gets_a_newer_one() -> None:
    begun: list[str] = []
    go = asyncio.Event()

    async def read(key: str) -> int:
        begun.append(key)
        await go.wait()
        return len(begun)

    reads = SharedReads(read)
    together = [asyncio.create_task(reads.get("a")) for _ in range(5)]
    other = asyncio.create_task(reads.get("b"))
    while len(begun) < 2:
        await asyncio.sleep(0)
    late = asyncio.create_task(reads.get("a"))
    while len(begun) < 3:
        await asyncio.sleep(0)
    assert begun == ["a", "b", "a"]
    go.set()
    assert await asyncio.gather(*together, other, late) == [3] * 7
    await reads.stop()


async def test_one_who_gives_up_does_not_end_it_for_the_others() -> None:
    go = asyncio.Event()

    async def read(_: str) -> str:
        await go.wait()
        return "read"

    reads = SharedReads(read)
    gives_up, stays = [asyncio.create_task(reads.get("a")) for _ in range(2)]
    await asyncio.sleep(0)
    gives_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    go.set()
    assert await stays == "read"


async def test_an_error_reaches_all_and_is_no_trouble_when_nobody_waits() -> None:
    async def read(_: str) -> str:
        await asyncio.sleep(0)
        raise LookupError

    reads = SharedReads(read)
    asked = [asyncio.create_task(reads.get("a")) for _ in range(2)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError, LookupError]
    alone = asyncio.create_task(reads.get("a"))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.wait({alone})
    await reads.stop()
