"""Queues that go wrong at their end, to be named in a server's settings."""

from __future__ import annotations

import asyncio

from csvagent_jupyter.tasks.inprocess import InProcessQueue


class HangsAtTheEnd(InProcessQueue):
    async def stop(self) -> None:
        await super().stop()
        await asyncio.Event().wait()


class FailsAtTheEnd(InProcessQueue):
    async def stop(self) -> None:
        await super().stop()
        raise RuntimeError("the end went wrong")
