"""What an answer holds, whole: plots, tables, written files, and what was sent to a model for it.

All of it may come from generated code or from a CSV, so nothing here is ever shown as a page: only pictures and JSON
are not downloads, no script runs in any of it, and no browser guesses what it might be.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final, TypeVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from ..exceptions import BadInput, NotFound
from ..messages import Answer, ResultTable
from .handler import CSVAgentAPIHandler

T = TypeVar("T")
BLOCK: Final = 256 * 1024
HARMLESS: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PNG: Final = "image/png"
SVG: Final = "image/svg+xml"
CSV: Final = "text/csv; charset=utf-8"
JSON: Final = "application/json"
ARROW: Final = "application/vnd.apache.arrow.file"
ANY: Final = "application/octet-stream"
MOST_ROWS: Final = 2**53


class ResultHandler(CSVAgentAPIHandler):
    """Sends parts of an answer, in blocks, to a client that may leave at any time."""

    async def answer_for(self, task_id: str) -> Answer:
        """Return the answer of a task that who asks may read; NotFound as long as there is none."""
        task = await self.task_for(task_id)
        answer = await (await self.manager()).store.result(task.task_id)
        if answer is None:
            raise NotFound("server.no_answer", task_id=task_id)
        return answer

    def describe(self, media_type: str, name: str = "", size: int | None = None) -> None:
        """Set the headers; with a `name` it is a download."""
        self._media_type = media_type
        self.set_header("Content-Type", media_type)
        self.set_header("Content-Security-Policy", HARMLESS)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, no-cache")
        if name:
            self.set_header("Content-Disposition", attachment(name))
        if size is not None:
            self.set_header("Content-Length", str(size))

    async def send(self, pieces: Iterator[str | bytes]) -> None:
        """Send the pieces as they come, each made while no other is in memory."""
        try:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            return
        await self.finish(set_content_type=self._media_type)

    async def send_file(self, path: Path) -> None:
        with await asyncio.to_thread(path.open, "rb") as file:
            await self.send(_blocks(file))


class PlotHandler(ResultHandler):
    @authenticated
    @authorized("read")
    async def get(self, task_id: str, number: str, ending: str | None) -> None:
        """Send a plot as PNG or, as a download, as SVG."""
        answer = await self.answer_for(task_id)
        is_drawing = ending == ".svg"
        plot = _numbered(answer.plots_svg if is_drawing else answer.plots, number, "plot")
        if not plot:
            raise NotFound("server.no_part", part=f"plot {number}{ending or ''}")
        head, _, encoded = plot.partition(",")
        manager = await self.manager()
        content = b64decode(encoded) if head.startswith("data:") else await manager.artifact_bytes(plot)
        self.describe(SVG if is_drawing else PNG, f"plot-{number}.svg" if is_drawing else "", len(content))
        await self.send(iter((content,)))


class TableHandler(ResultHandler):
    @authenticated
    @authorized("read")
    async def get(self, task_id: str, number: str, ending: str | None) -> None:
        """Send a whole table, or `limit` rows of it from `offset` on: JSON, CSV or an Arrow file."""
        table = _numbered((await self.answer_for(task_id)).tables, number, "table")
        offset = self.number("offset", 0, most=MOST_ROWS)
        limit = self.number("limit", None, most=MOST_ROWS)
        path = await self._path(table)
        if ending == ".arrow":
            if offset or limit is not None:
                raise BadInput("server.arrow_is_whole")
            size = (await asyncio.to_thread(path.stat)).st_size
            self.describe(ARROW, f"table-{number}.arrow", size)
            await self.send_file(path)
            return
        from ..tables.written import opened

        with ExitStack() as stack:
            kept = await asyncio.to_thread(stack.enter_context, opened(path))
            if ending == ".csv":
                self.describe(CSV, f"table-{number}.csv")
                spreadsheet = self.get_query_argument("spreadsheet", "") in ("1", "true")
                await self.send(kept.csv(offset, limit, for_spreadsheet=spreadsheet))
            else:
                self.describe(JSON)
                await self.send(kept.json(offset, limit))

    async def _path(self, table: ResultTable) -> Path:
        if not table.artifact:
            raise NotFound("server.not_kept", rows=len(table.rows))
        return await (await self.manager()).artifacts.path(table.artifact)


class FileHandler(ResultHandler):
    @authenticated
    @authorized("read")
    async def get(self, task_id: str, name: str) -> None:
        """Send a file that the code wrote, always as a download."""
        answer = await self.answer_for(task_id)
        file = next((file for file in answer.files if file.name == name), None)
        if file is None:
            raise NotFound("server.no_part", part=name[:200])
        path = await (await self.manager()).artifacts.path(file.artifact)
        self.describe(ANY, file.name, (await asyncio.to_thread(path.stat)).st_size)
        await self.send_file(path)


class SentHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self, task_id: str) -> None:
        """Show every request to a model, word for word, to who asked and to the session's owner."""
        task = await self.task_for(task_id, "own")
        entries = await (await self.manager()).sent(task.task_id)
        self.reply({"sent": [entry.to_dict() for entry in entries]})


def addressed(answer: Answer, base_url: str) -> dict[str, Any]:
    """Return an answer as JSON values whose plots are addresses of the routes above."""
    plots = f"{base_url}csvagent/api/tasks/{answer.task_id}/plots"
    return replace(
        answer,
        plots=tuple(f"{plots}/{number}.png" for number, _ in enumerate(answer.plots, 1)),
        plots_svg=tuple(plot and f"{plots}/{number}.svg" for number, plot in enumerate(answer.plots_svg, 1)),
    ).to_dict()


def attachment(name: str) -> str:
    """Return a Content-Disposition that makes a download of anything, as RFC 6266 writes names."""
    last = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable()) or "file"
    plain = "".join(letter if letter.isascii() and letter not in '"\\%;' else "_" for letter in last)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(last.encode('utf-8', 'replace'), safe='')}"


def _numbered(parts: tuple[T, ...], number: str, what: str) -> T:
    """Return a part by its number, counted from 1."""
    if not 1 <= int(number) <= len(parts):
        raise NotFound("server.no_part", part=f"{what} {number}")
    return parts[int(number) - 1]


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


_TASK: Final = r"api/tasks/([\w-]+)"

ROUTES: Final[tuple[tuple[str, type], ...]] = (
    (rf"{_TASK}/plots/([0-9]{{1,6}})(\.png|\.svg)?", PlotHandler),
    (rf"{_TASK}/tables/([0-9]{{1,6}})(\.json|\.csv|\.arrow)?", TableHandler),
    (rf"{_TASK}/files/(.+)", FileHandler),
    (rf"{_TASK}/sent", SentHandler),
)
