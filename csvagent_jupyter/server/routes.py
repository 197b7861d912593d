"""All addresses of the product, each with the handler that answers it; `openapi` describes the same ones."""

from __future__ import annotations

from typing import Any, Final

from . import analyses, choices, demo, events, monitor, openapi, profiles, results, sessions, sockets

PREFIX: Final = "csvagent"

ROUTES: Final[tuple[tuple[str, type], ...]] = (
    *sessions.ROUTES,
    *analyses.ROUTES,
    *results.ROUTES,
    *profiles.ROUTES,
    *events.ROUTES,
    *sockets.ROUTES,
    *monitor.ROUTES,
    *choices.ROUTES,
    *openapi.ROUTES,
    *demo.ROUTES,
)


def routes(prefix: str = f"/{PREFIX}") -> list[tuple[str, type, dict[str, Any]]]:
    """Return tornado's patterns, each beneath `prefix`; the name of the extension goes to each handler."""
    known = [(f"{prefix}/{pattern}", handler, {"name": PREFIX}) for pattern, handler in ROUTES]
    # Without a prefix what is not ours is the server's to answer.
    return [*known, (f"{prefix}/api/.*", openapi.NoRouteHandler, {"name": PREFIX})] if prefix else known
