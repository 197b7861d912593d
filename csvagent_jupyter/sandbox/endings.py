"""Brings things to their end, whoever is cancelled meanwhile, and though there may be no event loop any more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from ..confinement import remove_folder
from . import processes
from .forking import ForkedProcess

ENDS_WITHIN: Final = 5.0


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


async def kill(provisioner: Any, within: float = ENDS_WITHIN) -> None:
    """Kill a provisioner's process and wait for its end; a fork server that does not do it is ended itself."""
    await provisioner.kill()
    try:
        await asyncio.wait_for(provisioner.wait(), within)
    except TimeoutError:
        if isinstance(getattr(provisioner, "process", None), ForkedProcess):
            provisioner.process.end_server()
        await provisioner.wait()


def end_unasked(owner: int, end_process: Callable[[], None], folder: Path) -> None:
    """What still happens when nobody called `stop`: at garbage collection or at the interpreter's end.

    Not in a fork of the process that started the kernel: it inherits this duty, but not the kernel.
    """
    if os.getpid() != owner:
        return
    end_process()
    processes.kill_strays(folder)
    remove_folder(folder)


def end_at_once(provisioner: Any, end_process: Callable[[], None], folder: Path) -> None:
    """End a process that nobody could wait for; one that has ended in good order is not there any more."""
    process = getattr(provisioner, "process", None)
    if not isinstance(process, ForkedProcess | subprocess.Popen):
        return
    end_process()
    with contextlib.suppress(subprocess.TimeoutExpired, TimeoutError):
        process.wait(ENDS_WITHIN)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    processes.kill_strays(folder)
