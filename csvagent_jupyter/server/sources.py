"""The files that a question is about: on the contents manager, or in the message itself; all are kept as artifacts."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado.web import HTTPError

from ..exceptions import BadInput, NotAllowed, NotFound
from ..messages import Source
from .uploads import UNNAMED, media_type

if TYPE_CHECKING:
    from ..sessions.trial import Trial
    from .handler import CSVAgentHandler

MAX_PATHS: Final = 100


@asynccontextmanager
async def on_trial(handler: CSVAgentHandler) -> AsyncIterator[Trial]:
    """Give what the files of a request are kept with; those that are not granted within are let go."""
    from ..sessions.trial import Trial

    trial = Trial((await handler.manager()).artifacts, handler.owner)
    try:
        yield trial
    finally:
        await trial.end()


async def sources_by_path(trial: Trial, handler: CSVAgentHandler, paths: Iterable[str]) -> tuple[Source, ...]:
    """Keep each file of the contents manager as it is now.

    What is hidden, what lies outside the served folder, and what a symbolic link leads to out there does not exist
    here: raises NotFound.
    """
    wanted = tuple(paths)
    if len(wanted) > MAX_PATHS:
        raise BadInput("server.many_parts", limit=MAX_PATHS)
    if wanted and not await ensure_async(
        handler.authorizer.is_authorized(handler, handler.current_user, "read", "contents")
    ):
        raise NotAllowed("server.not_allowed", action="read contents")
    return tuple([await _kept(trial, handler, path) for path in wanted])


async def source_from_base64(trial: Trial, text: str, filename: str) -> Source:
    """Keep a file that came inside a message; raises BadInput when that is no base64, or nothing."""
    head, comma, rest = text[:200].partition(",")
    if comma and head.startswith("data:"):
        text = rest + text[200:]
    try:
        content = await asyncio.to_thread(b64decode, text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("server.bad_base64") from error
    name = PurePosixPath(filename.replace("\\", "/")).name or UNNAMED
    if not content:
        raise BadInput("server.empty_file", name=name[:80])
    reference = await trial.put(content, media_type=media_type(name), name=name)
    return Source(name, artifact=reference)


async def _kept(trial: Trial, handler: CSVAgentHandler, path: str) -> Source:
    contents: Any = handler.contents_manager
    path = path.strip("/")
    missing = NotFound("server.no_file", path=path[:200])
    if "\0" in path or not path:
        raise missing
    try:
        hidden = not contents.allow_hidden and await ensure_async(contents.is_hidden(path))
        if hidden or not await ensure_async(contents.file_exists(path)):
            raise missing
        content = await _content(contents, path)
    except (HTTPError, OSError, ValueError) as error:
        raise missing from error
    if content is None:
        raise missing
    name = PurePosixPath(path).name
    reference = await trial.put(content, media_type=media_type(name), name=name)
    return Source(name, artifact=reference)


async def _content(contents: Any, path: str) -> bytes | Path | None:
    """Return a file's place where it is an ordinary file of ours, else its content; None when it is out of reach."""
    if isinstance(contents, FileContentsManager):
        return await asyncio.to_thread(_place, contents, path)
    model = await ensure_async(contents.get(path, type="file", format="base64"))
    return b64decode(model["content"])


def _place(contents: Any, path: str) -> Path | None:
    """Follow all links, and return the place when it still is in the served folder and not hidden there."""
    root = Path(contents.root_dir).resolve()
    place = Path(contents._get_os_path(path)).resolve()
    if not place.is_relative_to(root):
        return None
    hidden = any(part.startswith(".") for part in place.relative_to(root).parts)
    return None if hidden and not contents.allow_hidden else place
