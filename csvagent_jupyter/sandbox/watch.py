"""Looks after what a kernel takes that nothing else bounds as a whole: its disk space, and its processor time.

It looks from the asking process, a few times a second while code runs and once when it is through. Between two
questions a kernel is only glanced at, and looked at when it did something: a thread that code left behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..confinement import Limits, processor_seconds, time_for_run
from ..messages import LimitHit
from .outputs import limit_hit
from .storage import too_much

PAUSE: Final = 0.2
IDLE_PAUSE: Final = 2.0
# A process is told at its limit, and can still end the code in good order.
CPU_GRACE: Final = 2


class Watch:
    """One kernel, by its folder and the id of its process (0 when it is not known); `end_process` kills it."""

    def __init__(self, folder: Path, process: int, limits: Limits, end_process: Callable[[], None]) -> None:
        self._folder = folder
        self._process = process
        self._limits = limits
        self._end_process = end_process
        self._used_before: float | None = None
        self._used_at_rest: float | None = None
        self._later: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Code is about to run: its processor time counts from here."""
        self.close()
        if self._process:
            time_for_run(self._limits, self._process)
        self._used_before = self._used()

    def look(self, *, closely: bool = True) -> LimitHit | None:
        """Return the limit that is exceeded now; it may take a while, so call it in a thread.

        Only when it looks closely it finds files that are in no folder any more.
        """
        used = self._used()
        if used is not None and used - (self._used_before or 0.0) > self._limits.cpu_seconds + CPU_GRACE:
            return limit_hit("cpu_seconds", self._limits)
        limit = too_much(self._folder, self._process if closely else 0, self._limits)
        return limit_hit(limit, self._limits) if limit else None

    async def exceeded(self) -> LimitHit:
        """Return when a limit is exceeded."""
        loop = asyncio.get_running_loop()
        pause = PAUSE
        while True:
            await asyncio.sleep(pause)
            began = loop.time()
            hit = await asyncio.to_thread(self.look)
            if hit is not None:
                return hit
            pause = max(PAUSE, 10 * (loop.time() - began))  # a slow disk is not looked at all the time

    async def finish(self) -> LimitHit | None:
        """The code is through: return the limit that is exceeded by what it left."""
        return await asyncio.to_thread(self.look, closely=False)

    def rest(self) -> None:
        """Nothing runs that was asked for: look once more soon, and then only when it does something by itself."""
        self._used_at_rest = None
        self._glance_later()

    def _glance_later(self) -> None:
        self._later = asyncio.get_running_loop().call_later(IDLE_PAUSE, self._glance)

    def close(self) -> None:
        """Look no more; may be called twice."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _glance(self) -> None:
        used = self._used()
        if used is None:  # it has ended, or the system does not tell
            return
        if used == self._used_at_rest:
            self._glance_later()
            return
        self._used_at_rest, glance = used, self._later

        def looked(look: asyncio.Future[LimitHit | None]) -> None:
            if self._later is not glance:  # a question came meanwhile, or the end
                return
            if look.result() is None:
                self._glance_later()
            else:
                self._end_process()

        asyncio.get_running_loop().run_in_executor(None, self.look).add_done_callback(looked)

    def _used(self) -> float | None:
        return processor_seconds(self._process) if self._process else None
