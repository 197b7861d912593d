"""The one table of all routes: verbs, parameters, bodies and replies, and OpenAPI 3.1 made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import responses
from importlib.metadata import version
from typing import Any, Final

import msgspec

from ..manager import MAX_QUESTION, MAX_SECONDS
from ..messages import Answer, Event, Session
from ..settings import MAX_ATTEMPTS
from ..tables.options import OPTIONS
from ..tasks.standing import Standing
from ..translations import Language, say
from . import shapes, sockets
from .analyses import Again, Profiled
from .asking import Asked, Wished
from .sessions import NewSession, Renamed, Shares

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
HTML: Final = "text/html"
STREAM: Final = "text/event-stream"
ANY: Final = "application/octet-stream"
_REFERENCE: Final = "#/components/schemas/{name}"
_ID: Final = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,64}$"}
_SEQ: Final = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_ROWS: Final = {"type": "integer", "minimum": 0, "maximum": 2**53}
_LINK: Final = {"link": {"type": "string"}}

PATHS: Final[Mapping[str, Mapping[str, Any]]] = {
    "session_id": {"type": "string", "pattern": r"^[A-Za-z0-9_.-]{1,64}$"},
    "task_id": _ID,
    "plot": {"type": "string", "pattern": r"^[0-9]{1,6}(\.png|\.svg)?$", "examples": ["1.png"]},
    "table": {"type": "string", "pattern": r"^[0-9]{1,6}(\.json|\.csv|\.arrow)?$", "examples": ["1.csv"]},
    "file": {"type": "string", "pattern": r"^[^/\\.][^/\\]{0,80}$", "examples": ["result.csv"]},
}
"""What stands in an address between braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One verb of one address; `name` is its id, and the key of what it does.

    `body` is what JSON has to be, `files` says that a form with files is taken too. `replies` maps a status to a
    shape, to a media type, or to None where there is nothing; `errors` are further statuses, each with an Error.
    `messages` are what goes to and fro over a WebSocket.
    """

    verb: str
    path: str
    name: str
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    body: type | None = None
    files: bool = False
    replies: Mapping[int, Any]
    errors: tuple[int, ...] = ()
    is_open: bool = False
    messages: tuple[type, ...] = ()

    def to_dict(self, language: Language) -> dict[str, Any]:
        """Return it as OpenAPI has it."""
        found: dict[str, Any] = {
            "operationId": self.name,
            "summary": say(f"api.{self.name}", language),
            "parameters": [*self._in_path(), *self._in_query(language)],
            "responses": {str(status): _reply(status, shape) for status, shape in self._all_replies().items()},
        }
        if self.is_open:
            found["security"] = [{}, {"token": []}]
        if self.messages:
            found["x-messages"] = [_of(message) for message in self.messages]
        if self.body is not None:
            found["requestBody"] = {"content": self._contents(), "required": self.files}
        return found

    def _in_path(self) -> list[dict[str, Any]]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        return [{"name": name, "in": "path", "required": True, "schema": dict(PATHS[name])} for name in names]

    def _in_query(self, language: Language) -> list[dict[str, Any]]:
        return [
            {"name": name, "in": "query", "description": say(f"api.param_{name}", language), "schema": dict(schema)}
            for name, schema in self.query.items()
        ]

    def _contents(self) -> dict[str, Any]:
        contents = {JSON: {"schema": _of(self.body)}}
        if self.files:
            contents[FORM] = {"schema": _form(self.body)}
        return contents

    def _all_replies(self) -> dict[int, Any]:
        usual = [] if self.is_open else [401, 403]
        if "{" in self.path or self.files or "session_id" in self.query:
            usual.append(404)
        return {**self.replies, **dict.fromkeys((*usual, *self.errors, 503), shapes.Error)} | dict(self.replies)


_S: Final = "api/sessions/{session_id}"
_T: Final = "api/tasks/{task_id}"
_ASKING: Final = (400, 409, 413, 415, 429)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(verb="get", path="health", name="health", replies={200: shapes.Health, 503: shapes.Health}, is_open=True),
    Operation(verb="get", path="api/sessions", name="list_sessions", query=_LINK, replies={200: shapes.SessionList}),
    Operation(
        verb="post",
        path="api/sessions",
        name="create_session",
        body=NewSession,
        replies={201: shapes.SessionReply},
        errors=(400, 413),
    ),
    Operation(
        verb="get",
        path=_S,
        name="read_session",
        query={"limit": {"type": "integer", "minimum": 0, "maximum": 1_000}, **_LINK},
        replies={200: shapes.SessionHistory},
        errors=(400,),
    ),
    Operation(
        verb="patch",
        path=_S,
        name="rename_session",
        body=Renamed,
        replies={200: shapes.SessionReply},
        errors=(400, 413),
    ),
    Operation(verb="delete", path=_S, name="delete_session", replies={204: None}),
    Operation(verb="post", path=f"{_S}/restore", name="restore_session", replies={200: shapes.SessionReply}),
    Operation(verb="get", path=f"{_S}/shares", name="read_shares", replies={200: shapes.ShareList}),
    Operation(
        verb="put",
        path=f"{_S}/shares",
        name="set_shares",
        body=Shares,
        replies={200: shapes.ShareList},
        errors=(400, 413),
    ),
    Operation(
        verb="delete",
        path=f"{_S}/shares",
        name="delete_shares",
        query={"name": {"type": "string"}, **_LINK},
        replies={204: None},
        errors=(400,),
    ),
    Operation(
        verb="get",
        path=f"{_S}/events",
        name="follow_session",
        query={"after": _SEQ, **_LINK},
        replies={200: STREAM},
        errors=(400,),
    ),
    Operation(
        verb="post",
        path="api/analyze-async",
        name="ask",
        body=Asked,
        files=True,
        replies={202: shapes.TaskReply},
        errors=_ASKING,
    ),
    Operation(
        verb="post",
        path="api/analyze",
        name="ask_and_wait",
        body=Asked,
        files=True,
        replies={200: Answer},
        errors=_ASKING,
    ),
    Operation(
        verb="get",
        path="api/tasks",
        name="list_tasks",
        query={"session_id": {"type": "string"}, **_LINK},
        replies={200: shapes.TaskList},
    ),
    Operation(verb="get", path=_T, name="read_task", query=_LINK, replies={200: Standing}),
    Operation(verb="delete", path=_T, name="cancel_task", replies={202: shapes.TaskReply}),
    Operation(
        verb="post",
        path=f"{_T}/replay",
        name="replay_task",
        body=Again,
        files=True,
        replies={202: shapes.TaskReply},
        errors=_ASKING,
    ),
    Operation(
        verb="get",
        path=f"{_T}/plots/{{plot}}",
        name="read_plot",
        query=_LINK,
        replies={200: ("image/png", "image/svg+xml")},
    ),
    Operation(
        verb="get",
        path=f"{_T}/tables/{{table}}",
        name="read_table",
        query={"offset": _ROWS, "limit": _ROWS, "spreadsheet": {"type": "string"}, **_LINK},
        replies={200: (shapes.TablePage, "text/csv", "application/vnd.apache.arrow.file")},
        errors=(400,),
    ),
    Operation(verb="get", path=f"{_T}/files/{{file}}", name="read_file", query=_LINK, replies={200: ANY}),
    Operation(verb="get", path=f"{_T}/sent", name="read_sent", replies={200: shapes.SentList}),
    Operation(
        verb="get",
        path=f"{_T}/events",
        name="follow_task",
        query={"after": _SEQ, **_LINK},
        replies={200: STREAM, 204: None},
        errors=(400,),
    ),
    Operation(
        verb="post",
        path="api/profile",
        name="profile",
        body=Profiled,
        files=True,
        replies={200: shapes.ProfileReply},
        errors=(400, 413, 415),
    ),
    Operation(verb="get", path="api/models", name="list_models", replies={200: shapes.ModelList}),
    Operation(verb="get", path="api/settings", name="read_settings", replies={200: shapes.Settings}),
    Operation(verb="get", path="api/stats", name="read_stats", query=_LINK, replies={200: shapes.Stats}),
    Operation(verb="get", path="api/openapi.json", name="read_openapi", replies={200: {"type": "object"}}),
    Operation(verb="get", path="api/docs", name="show_docs", replies={200: HTML}),
    Operation(verb="get", path="demo", name="show_demo", replies={200: HTML}),
    Operation(
        verb="get",
        path="ws/analyze/{session_id}",
        name="converse",
        query={"after": _SEQ, **_LINK},
        replies={101: None},
        errors=(400,),
        messages=(sockets.Analyze, sockets.Cancel, sockets.Ping, sockets.Close, Event),
    ),
)

_TAKEN: Final = (
    Asked,
    Again,
    Profiled,
    NewSession,
    Renamed,
    Shares,
    sockets.Analyze,
    sockets.Cancel,
    sockets.Ping,
    sockets.Close,
)
_MADE: Final = (
    *(Session, Answer, Standing, shapes.Error),
    *(shapes.SessionReply, shapes.SessionList, shapes.SessionHistory, shapes.ShareList),
    *(shapes.TaskReply, shapes.TaskList, shapes.TablePage, shapes.SentList, shapes.ProfileReply),
    *(shapes.ModelList, shapes.Settings, shapes.Stats),
)
"""Shapes whose keys are all there in every reply."""

_SPARSE: Final = (Event, shapes.Health, shapes.ShareReply)


def describe(language: Language, base: str) -> dict[str, Any]:
    """Return the whole description; `base` is the address of all paths."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/{operation.path}", {})[operation.verb] = operation.to_dict(language)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": say("api.title", language),
            "version": version("csvagent-jupyter"),
            "description": say("api.about", language),
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(language),
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
    }


@cache
def _schemas(language: Language) -> dict[str, Any]:
    """Return all shapes by their names, as JSON Schema."""
    _, taken = msgspec.json.schema_components(_TAKEN, ref_template=_REFERENCE)
    _, sparse = msgspec.json.schema_components(_SPARSE, ref_template=_REFERENCE)
    sparse_ones = {shape.__name__ for shape in _SPARSE}
    _, made = msgspec.json.schema_components(_MADE, ref_template=_REFERENCE)
    for name, schema in made.items():
        if "properties" in schema and name not in sparse_ones:
            schema["required"] = list(schema["properties"])
    answer = made["Answer"]
    answer["properties"]["attempts_count"] = {"type": "integer"}
    answer["required"].append("attempts_count")
    for name in ("ResultTable", "ResultFile"):
        del made[name]["properties"]["path"]
        made[name]["required"].remove("path")
    for shape in (Asked, Again, Profiled, sockets.Analyze):
        properties = taken[shape.__name__]["properties"]
        properties["dialect"] = {"$ref": _REFERENCE.format(name="Reading"), "default": {}}
        if issubclass(shape, Wished):
            _bound_question(properties)
    schemas = taken | sparse | made | _reading(language)
    for schema in schemas.values():
        if "description" in schema:  # what follows the first sentence is for who reads the code
            schema["description"] = schema["description"].partition("\n\n")[0].replace("\n   ", "")
    return dict(sorted(schemas.items()))


def _bound_question(properties: dict[str, Any]) -> None:
    """Say of a question what is checked behind its shape."""
    properties["query"] = {"type": "string", "maxLength": MAX_QUESTION, "pattern": r"\S"}
    properties["max_attempts"] = _or_null({"type": "integer", "minimum": 1, "maximum": MAX_ATTEMPTS})
    properties["timeout"] = _or_null({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_SECONDS})


def _reading(language: Language) -> dict[str, Any]:
    """Return what can be stated of how files are read: of all, and in it of one of several by its name."""
    options = {name: option.schema(language) for name, option in OPTIONS.items()}
    one = {"type": "object", "properties": options, "additionalProperties": False}
    of_one = {"$ref": _REFERENCE.format(name="ReadingOfOne")}
    return {
        "Reading": one | {"additionalProperties": of_one, "description": say("api.reading", language)},
        "ReadingOfOne": one | {"description": say("api.reading_of_one", language)},
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _of(shape: Any) -> dict[str, Any]:
    return shape if isinstance(shape, dict) else {"$ref": _REFERENCE.format(name=shape.__name__)}


def _form(shape: Any) -> dict[str, Any]:
    """Return a form's fields, which are text there, and its files; `paths` is JSON as text, `dialect` that or words."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in shape.__struct_fields__}
    properties["file"] = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if shape is not Asked:
        return form
    properties["query"] = {"type": "string", "maxLength": MAX_QUESTION, "pattern": r"\S"}
    return form | {"required": ["query"]}


def _reply(status: int, shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"description": responses.get(status, str(status))}
    kinds = shape if isinstance(shape, tuple) else () if shape is None else (shape,)
    if kinds:
        found["content"] = {kind if isinstance(kind, str) else JSON: _content(kind) for kind in kinds}
    return found


def _content(kind: Any) -> dict[str, Any]:
    if kind == STREAM:  # the schema is that of each event, as OpenAPI 3.1 is read
        data = {"type": "string", "contentMediaType": JSON, "contentSchema": _of(Event)}
        fields = {"id": {"type": "string"}, "data": data}
        return {"schema": {"type": "object", "properties": fields, "required": ["data"]}}
    return {} if isinstance(kind, str) else {"schema": _of(kind)}
