"""Waits for what has to come to its end, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any


async def to_the_end(*works: Awaitable[Any]) -> None:
    """Wait until all of `works` have ended, also when the caller is cancelled: that passes on afterwards.

    The first error among them is raised when nobody was cancelled; a work that was cancelled itself has just ended.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    cancelled: asyncio.CancelledError | None = None
    while waiting := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(waiting)
        except asyncio.CancelledError as error:
            cancelled = error
    errors = [task.exception() for task in tasks if not task.cancelled()]
    for failed in (cancelled, *errors):
        if failed is not None:
            raise failed


async def settle(future: asyncio.Future[Any]) -> None:
    """End a task of ours and take its outcome, so that none is left pending."""
    future.cancel()
    await to_the_end(_quietly(future))


async def _quietly(future: asyncio.Future[Any]) -> None:
    await asyncio.wait({future})
    if not future.cancelled():
        future.exception()
