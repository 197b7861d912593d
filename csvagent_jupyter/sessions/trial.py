"""Files that come with a request: they count at once, and go again unless the request is granted."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from .artifacts import Artifacts, Incoming


class Trial:
    """What one request has kept so far; ended by `grant` or by `end`, else a sweep ends it after an hour."""

    def __init__(self, artifacts: Artifacts, owner: str) -> None:
        self.owner = owner
        self._artifacts = artifacts
        self._mark = secrets.token_hex(8)
        self._is_open = False

    async def put(self, content: bytes | Path, *, media_type: str, name: str) -> str:
        """Keep bytes or a copy of a file, as `Artifacts.put` does."""
        self._is_open = True
        return await self._artifacts.put(content, media_type=media_type, name=name, owner=self.owner, mark=self._mark)

    async def keep(self, incoming: Incoming) -> str:
        """Keep what has come in."""
        self._is_open = True
        return await self._artifacts.keep(incoming, self._mark)

    async def grant(self) -> None:
        """Keep what was put like anything else."""
        await self._end(granted=True)

    async def end(self) -> None:
        """Let go of what was put and not granted; harmless when repeated."""
        await self._end(granted=False)

    async def _end(self, *, granted: bool) -> None:
        if self._is_open:
            self._is_open = False
            await asyncio.to_thread(self._artifacts.end_trial, self.owner, self._mark, granted=granted)
