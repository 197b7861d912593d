"""``csvagent allow``: a person's consent, written down once, as ``%csvagent allow`` does in a notebook."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from ..configuration import configured_manager
from ..translations import Language, say
from .output import Output


def allow(options: Namespace, language: Language, output: Output) -> int:
    """Agree to what the one word names; returns the exit code. Raises BadInput for any other word."""
    (what,) = options.words
    asyncio.run(_allow(what))
    text = say(f"manager.allowed_{what}", language)
    if options.json:
        output.json({"allowed": what, "message": text})
    else:
        output.text(text)
    return 0


async def _allow(what: str) -> None:
    manager = configured_manager(spare_kernel=False)
    try:
        await manager.start(warm=False)
        await manager.allow(what)
    finally:
        await manager.stop()
