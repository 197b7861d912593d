"""The description of all routes: OpenAPI for programs, and a page of it without any script for people."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from ..translations import Language, say
from .handler import CSVAgentAPIHandler, CSVAgentHandler

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; } summary p { display: inline; margin-left: .6rem; }
b.verb { display: inline-block; font-family: ui-monospace, monospace; min-width: 4.2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .4rem 0; width: 100%; }
td { border-top: 1px solid #8884; padding: .25rem .6rem .25rem 0; vertical-align: top; }
td:first-child { width: 14rem; } h3 { font-size: 1rem; margin: .8rem 0 .2rem; }
"""
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


class _Describing(CSVAgentHandler):
    def description(self) -> dict[str, Any]:
        """Return the description in the language of who asks; it is made when first wanted."""
        from .description import describe

        return describe(self.language, f"{self.base_url}csvagent")


class DescriptionHandler(_Describing, CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """Return the description of all routes."""
        self.reply(self.description())


class DocsHandler(_Describing):
    @property
    def content_security_policy(self) -> str:
        """The page's own policy, and beside it the server's, which says who may frame a page of it."""
        return f"{POLICY}, {super().content_security_policy}"

    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """Show the description."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page(self.description(), self.language))


class NoRouteHandler(CSVAgentAPIHandler):
    """Beneath our addresses even what is not there is told in JSON."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Answer any verb."""
        await super().prepare()
        if not self._finished:
            raise HTTPError(404)


def page(description: dict[str, Any], language: Language) -> str:
    """Return the description as a page; all of it is text, and nothing on the page does anything."""
    about = description["info"]
    operations = [
        _operation(verb, path, operation, language)
        for path, verbs in description["paths"].items()
        for verb, operation in verbs.items()
    ]
    shapes = [_shape(name, schema) for name, schema in description["components"]["schemas"].items()]
    return "\n".join(
        (
            f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(about['title'])}</title><style>{STYLE}</style></head><body><main>",
            f"<h1>{escape(about['title'])} · {escape(about['version'])}</h1>",
            f"<p>{_marked(about['description'])}</p>",
            f'<p><a href="openapi.json">{escape(say("api.machine_readable", language))}</a></p>',
            *operations,
            f"<h2>{escape(say('api.shapes', language))}</h2>",
            *shapes,
            "</main></body></html>",
        )
    )


def _operation(verb: str, path: str, operation: dict[str, Any], language: Language) -> str:
    parameters = [
        _row(f"<code>{escape(one['name'])}</code> · {one['in']}", _kind(one["schema"]), one.get("description", ""))
        for one in operation["parameters"]
    ]
    bodies = [
        _row(f"<code>{escape(kind)}</code>", _kind(content["schema"]))
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    ]
    messages = [_row(_kind(message), "") for message in operation.get("x-messages", [])]
    replies = [
        _row(f"<code>{status}</code>", _contents(reply), reply["description"])
        for status, reply in operation["responses"].items()
    ]
    tables = {"parameters": parameters, "body": bodies, "messages": messages, "replies": replies}
    return (
        f'<details id="{operation["operationId"]}"><summary><b class="verb">{verb.upper()}</b> '
        f"<code>{escape(path)}</code><p>{escape(operation['summary'])}</p></summary>"
        f"{''.join(_table(title, rows, language) for title, rows in tables.items())}</details>"
    )


def _table(title: str, rows: list[str], language: Language) -> str:
    return f"<h3>{escape(say(f'api.{title}', language))}</h3><table>{''.join(rows)}</table>" if rows else ""


def _row(first: str, second: str, third: str = "") -> str:
    return f"<tr><td>{first}</td><td>{second}</td><td>{escape(third)}</td></tr>"


def _contents(reply: dict[str, Any]) -> str:
    return "<br>".join(
        _kind(content["schema"]) if "schema" in content else f"<code>{escape(kind)}</code>"
        for kind, content in reply.get("content", {}).items()
    )


def _shape(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = [
        _row(f"<code>{escape(key)}</code>{'' if key in needed else '?'}", _kind(of), of.get("description", ""))
        for key, of in schema.get("properties", {}).items()
    ]
    if others := schema.get("additionalProperties"):
        rows.append(_row("…", _kind(others), schema.get("description", "")))
    head = f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
    return f"{head}<table>{''.join(rows)}</table></details>"


def _kind(schema: dict[str, Any]) -> str:
    """Return a schema as a few words, with links to the shapes that it mentions."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "contentSchema" in schema:
        return _kind(schema["contentSchema"])
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array" and schema.get("items"):
        return f"[{_kind(schema['items'])}]"
    if schema.get("type") == "object" and "properties" in schema:
        return ", ".join(f"<code>{escape(name)}</code>: {_kind(of)}" for name, of in schema["properties"].items())
    bounds = [str(schema[name]) for name in ("minimum", "maximum", "pattern", "maxLength") if name in schema]
    return escape(" ".join((str(schema.get("type", "JSON")), *bounds)))


def _marked(text: str) -> str:
    """Return a text with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


ROUTES: Final[tuple[tuple[str, type], ...]] = (
    (r"api/openapi\.json", DescriptionHandler),
    (r"api/docs", DocsHandler),
)
