"""Forms with files, read while they arrive: a file goes to disk block by block and is never whole in memory."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from jupyter_core.utils import ensure_async
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from tornado.web import HTTPError, stream_request_body

from ..exceptions import BadInput, CSVAgentError
from ..translations import say
from .handler import MAX_JSON, CSVAgentAPIHandler

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

    from ..sessions.artifacts import Artifacts, Incoming

MAX_PARTS: Final = 100
MAX_FIELD: Final = 128 * 1024
BLOCK: Final = 1024 * 1024
TABLES: Final = "text/csv"
UNNAMED: Final = "data.csv"
_EXTENDED: Final = re.compile(rb";\s*filename\*\s*=([^;]*)", re.IGNORECASE)
_QUOTED: Final = re.compile(rb'"(?:\\.|[^"\\])*"')


@dataclass(frozen=True, slots=True)
class Form:
    """What came in: the fields by name, and the files, which who has the form keeps or discards."""

    fields: dict[str, str] = field(default_factory=dict)
    files: tuple[Incoming, ...] = ()

    def discard(self) -> None:
        """Leave nothing behind of files that were not kept."""
        for file in self.files:
            file.discard()


class FormReader:
    """Takes a multipart body in pieces of any size; fields are held as text, parts with a file name go to disk."""

    def __init__(self, boundary: bytes, artifacts: Artifacts, owner: str) -> None:
        self._artifacts = artifacts
        self._owner = owner
        self._fields: dict[str, str] = {}
        self._files: list[Incoming] = []
        self._parts = 0
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._filename = ""
        self._incoming: Incoming | None = None
        self._is_whole = False
        try:
            self._parser = MultipartParser(boundary, self._calls())
        except FormParserError as error:
            raise BadInput("server.bad_form", problem=str(error)) from error

    def write(self, block: bytes) -> None:
        """Take the next piece; raises BadInput and StorageFull."""
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise BadInput("server.bad_form", problem=str(error)) from error

    def form(self) -> Form:
        """Return all that came, once the body has ended; raises BadInput when it was cut."""
        if not self._is_whole:
            raise BadInput("server.cut_form")
        files, self._files = tuple(self._files), []
        return Form(self._fields, files)

    def discard(self) -> None:
        """Leave nothing behind of files that did not arrive whole, or in a form that did not."""
        if self._incoming is not None:
            self._incoming.discard()
            self._incoming = None
        Form(files=tuple(self._files)).discard()
        self._files = []

    # --- what the parser calls ---------------------------------------------------------------------------------------

    def _calls(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_content,
            "on_part_data": self._content,
            "on_part_end": self._end,
            "on_end": self._whole,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadInput("server.many_parts", limit=MAX_PARTS)
        self._headers, self._text = {}, bytearray()

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _begin_content(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options[b"filename"].decode("utf-8", "replace") if b"filename" in options else _extended(disposition)
        if filename is not None:
            self._filename, name = filename, filename or UNNAMED
            self._incoming = self._artifacts.receive(media_type=media_type(name), name=name, owner=self._owner)

    def _content(self, data: bytes, start: int, end: int) -> None:
        if self._incoming is not None:
            self._incoming.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > MAX_FIELD:
            raise BadInput("server.long_field", name=self._name[:80], limit=MAX_FIELD)

    def _end(self) -> None:
        if self._incoming is None:
            self._fields[self._name] = self._text.decode("utf-8", "replace")
            return
        incoming, self._incoming = self._incoming, None
        if incoming.size:
            self._files.append(incoming)
            return
        incoming.discard()
        if not self._filename:
            return  # what a browser sends for a field where no file was chosen
        raise BadInput("server.empty_file", name=incoming.name)

    def _whole(self) -> None:
        self._is_whole = True


@stream_request_body
class FormHandler(CSVAgentAPIHandler):
    """A handler whose body is read while it arrives, after it is clear that it may come: `form` has what came."""

    body_action = "execute"

    _reader: FormReader | None = None
    _json: bytearray | None = None
    _block = bytearray()
    _error: CSVAgentError | HTTPError | None = None
    _is_taking = False
    _is_over = False
    _has_come = False

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse before the body comes what will be refused anyway."""
        await super().prepare()
        if self._finished:
            return
        await self._admit()
        kind, options = parse_options_header(self.request.headers.get("Content-Type", ""))
        self._block = bytearray()
        if kind == b"multipart/form-data":
            self._expect(self.extension.max_upload)
            artifacts = (await self.manager()).artifacts
            self._reader = FormReader(options.get(b"boundary", b""), artifacts, self.owner)
            self.extension.uploads.add(self)
        elif kind in (b"", b"application/json"):
            self._expect(MAX_JSON)
            self._json = bytearray()
        else:
            raise BadInput("server.bad_content_type", given=kind.decode("latin-1")[:80])

    async def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body; what is wrong with it is told once the client listens, after its last piece."""
        if self._error is not None:
            return
        if self._json is not None:
            self._json += chunk
            if len(self._json) > MAX_JSON:
                self._error = self._too_large(MAX_JSON)
            return
        self._block += chunk
        if len(self._block) >= BLOCK:
            await self._take()

    async def form(self) -> Form:
        """Return the fields and files of a form, empty when JSON came; raises what was wrong with the body."""
        self._has_come = True
        if self._reader is not None:
            await self._take()
        if self._error is not None:
            raise self._error
        return Form() if self._reader is None else self._reader.form()

    @property
    def body(self) -> bytes:
        """The JSON body; empty when a form came."""
        return bytes(self._json or b"")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell it; what is left of a body that was not taken ends with the connection, which the client should know."""
        if not self._has_come:
            self.set_header("Connection", "close")
        super().write_error(status_code, **kwargs)

    def on_finish(self) -> None:
        self.end()
        super().on_finish()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.end()

    def end(self) -> None:
        """Leave nothing behind; a thread that writes at this moment sees to it itself."""
        self._is_over = True
        self.extension.uploads.discard(self)
        if self._reader is not None and not self._is_taking:
            self._reader.discard()

    # --- within -----------------------------------------------------------------------------------------------------

    async def _take(self) -> None:
        block, self._block = bytes(self._block), bytearray()
        if self._reader is None or self._error is not None or self._is_over:
            return
        self._is_taking = True
        try:
            await asyncio.to_thread(self._reader.write, block)
        except CSVAgentError as error:
            self._error = error
        finally:
            self._is_taking = False
            if self._is_over:
                self._reader.discard()

    async def _admit(self) -> None:
        """Let only those send a body who may do what it asks for."""
        if not self.current_user:
            raise HTTPError(403)
        allowed = self.authorizer.is_authorized(self, self.current_user, self.body_action, self.auth_resource)
        if not await ensure_async(allowed):
            raise HTTPError(403)

    def _expect(self, limit: int) -> None:
        """Set how long the body may be; one that says that it is longer is refused at once."""
        length = self.request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > limit:
            raise self._too_large(limit)
        self.request.connection.set_max_body_size(limit)  # type: ignore[union-attr]

    def _too_large(self, limit: int) -> HTTPError:
        return HTTPError(413, say("server.too_large", self.language, limit=limit))


def _extended(disposition: bytes) -> str | None:
    """Return the name in ``filename*=UTF-8''…``, which some clients write instead of a plain one; None without it."""
    found = _EXTENDED.search(_QUOTED.sub(b"", disposition))
    if found is None:
        return None
    charset, _, rest = found[1].partition(b"'")
    written = unquote_to_bytes(rest.partition(b"'")[2].strip())
    return written.decode("latin-1" if charset.strip().lower() == b"iso-8859-1" else "utf-8", "replace")


def media_type(name: str) -> str:
    """Return what a file of that name is, for headers."""
    return mimetypes.guess_type(name)[0] or TABLES
