"""How each part of the server is, within a second: a part that hangs is told of as such, and never waited for."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

from ..exceptions import CSVAgentError
from ..messages import ISOLATIONS, Isolation
from ..sessions.redis_address import is_configured
from ..translations import Language, say

if TYPE_CHECKING:
    from ..manager import CSVAgentManager
    from ..models.base import ChatModel
    from .app import CSVAgentExtension

Status = Literal["healthy", "degraded", "unhealthy"]

WITHIN_SECONDS: Final = 0.8
FRESH_SECONDS: Final = 0.5
KNOCK_SECONDS: Final = 0.3
LEAST_DISK: Final = 256 * 2**20
MOST_LISTED: Final = 1_000
_NO_ANSWER: Final[dict[str, Any]] = {"status": "down", "reason": "no_answer"}
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


class Part:
    """One part, looked at in a task of its own; as long as that hangs no second one is started."""

    def __init__(self, name: str, look: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self.name = name
        self._look = look
        self._looking: asyncio.Task[dict[str, Any]] | None = None

    async def state(self) -> dict[str, Any]:
        """Return what was found, `status` at least; ``down`` for a part that fails or does not answer in time."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._looked(), name=f"csvagent-health-{self.name}")
        looking = self._looking
        await asyncio.wait({looking}, timeout=WITHIN_SECONDS)
        return looking.result() if looking.done() and not looking.cancelled() else _NO_ANSWER

    async def _looked(self) -> dict[str, Any]:
        from ..tasks.base import note_unexpected

        try:
            return {"status": "up"} | await self._look()
        except CSVAgentError as error:
            return {"status": "down", "reason": error.kind}
        except OSError as error:
            return {"status": "down", "reason": type(error).__name__}
        except Exception as error:  # the outer edge: health itself must not fail
            note_unexpected(f"health of the {self.name}", error)
            return {"status": "down", "reason": "internal"}

    async def close(self) -> None:
        """Stop looking; what hangs in a thread is left there."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking}, timeout=WITHIN_SECONDS)


@dataclass(frozen=True, slots=True)
class Report:
    """How all parts are, and what follows from it for the whole; `problems` are keys of texts."""

    status: Status
    parts: Mapping[str, Mapping[str, Any]]
    problems: tuple[str, ...] = ()
    at: float = field(default_factory=time.monotonic)

    def to_dict(self, language: Language) -> dict[str, Any]:
        """Return the whole report as CONTRACT shows it."""
        parts = {name: dict(part) for name, part in self.parts.items()}
        return {
            "status": self.status,
            "version": version("csvagent-jupyter"),
            "model": parts["model"].get("name"),
            "isolation": parts["isolation"].get("level"),
            "redis": parts["redis"],
            "celery": {"status": "off", "workers": 0},
            **{name: parts[name] for name in ("queue", "store", "kernels", "disk")},
            "model_status": parts["model"]["status"],
            "problems": [say(f"server.health_{problem}", language) for problem in self.problems],
        }


class Health:
    """Looks at the parts of one server side by side; whoever asks meanwhile gets the same report."""

    def __init__(self, extension: CSVAgentExtension) -> None:
        self._extension = extension
        self._level: Isolation | None = None
        self._last: Report | None = None
        self._examining: asyncio.Task[Report] | None = None
        self._parts = [
            Part(look.__name__.strip("_"), look)
            for look in (self._store, self._model, self._isolation, self._queue, self._kernels, self._disk)
        ]

    async def report(self) -> Report:
        """Return how everything is, within a second."""
        if self._last is not None and time.monotonic() - self._last.at < FRESH_SECONDS:
            return self._last
        if self._examining is None or self._examining.done():
            self._examining = asyncio.create_task(self._examine(), name="csvagent-health")
        return await asyncio.shield(self._examining)

    async def close(self) -> None:
        """Stop looking."""
        await asyncio.gather(*(part.close() for part in self._parts))

    async def _examine(self) -> Report:
        states = await asyncio.gather(*(part.state() for part in self._parts))
        parts = {part.name: state for part, state in zip(self._parts, states, strict=True)}
        manager = self._extension.opened
        shared = is_configured(os.environ) if manager is None else manager.store.is_shared
        parts["redis"] = {"status": parts["store"]["status"] if shared else "off"}
        self._last = _concluded(parts, manager)
        return self._last

    # --- the parts ----------------------------------------------------------------------------------------------------

    async def _manager(self) -> CSVAgentManager:
        return await self._extension.manager(warm=False)

    async def _store(self) -> dict[str, Any]:
        manager = await self._manager()
        seconds = await manager.store.ping(WITHIN_SECONDS)
        return {"kind": "redis" if manager.store.is_shared else "sqlite", "seconds": round(seconds, 4)}

    async def _model(self) -> dict[str, Any]:
        model = await (await self._manager()).current_model()
        return {"name": model.name, "status": "down" if await _is_away(model) else "up"}

    async def _isolation(self) -> dict[str, Any]:
        """Tell the level of kernels that are there, else what was measured once, which takes a moment."""
        from ..confinement.probe import measure_apart

        level = (await self._manager()).workshop.kernels.isolation or self._level
        if level is None:
            level = (await asyncio.to_thread(measure_apart)).level
        self._level = level
        return {"level": level}

    async def _queue(self) -> dict[str, Any]:
        manager = await self._manager()
        tasks = await manager.store.tasks(unfinished=True, limit=MOST_LISTED)
        running = sum(task.status == "PROCESSING" for task in tasks)
        return {"waiting": len(tasks) - running, "running": running, "most_running": manager.max_running}

    async def _kernels(self) -> dict[str, Any]:
        manager = await self._manager()
        return {"running": len(manager.workshop.kernels), "most": manager.max_kernels}

    async def _disk(self) -> dict[str, Any]:
        folder = (await self._manager()).folder
        free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
        return {"status": "up" if free >= LEAST_DISK else "low", "free_bytes": free}


def _concluded(parts: Mapping[str, Mapping[str, Any]], manager: CSVAgentManager | None) -> Report:
    """Draw the conclusion: without its own store nothing can be asked, with any other trouble some things can."""
    level = parts["isolation"].get("level")
    weak = (
        manager is not None
        and level is not None
        and ISOLATIONS.index(level) < ISOLATIONS.index(manager.minimum_isolation)
    )
    troubles = {
        "no_store": parts["store"]["status"] == "down" and (manager is None or not manager.store.is_shared),
        "no_redis": parts["redis"]["status"] == "down",
        "no_model": parts["model"]["status"] == "down",
        "no_disk": parts["disk"]["status"] != "up",
        "isolation": weak,
    }
    problems = tuple(name for name, is_there in troubles.items() if is_there)
    return Report("unhealthy" if troubles["no_store"] else "degraded" if problems else "healthy", parts, problems)


async def _is_away(model: ChatModel) -> bool:
    """Tell whether a model's server is surely not there: only one that a person runs is knocked at."""
    from ..models.http import HTTPModel

    if not isinstance(model, HTTPModel) or not model.server.own:
        return False
    parts = urlsplit(model.server.address)
    if parts.hostname not in _THIS_MACHINE and getproxies():
        return False  # the way there is the proxy's business
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(KNOCK_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return True
    writer.transport.abort()
    return False
