"""What all handlers share: who asks, in which language, and how an error becomes an answer."""

from __future__ import annotations

import json
import os
from http.client import responses
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast, overload

import msgspec
from jupyter_server.auth.identity import IdentityProvider, LegacyIdentityProvider, PasswordIdentityProvider
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado.web import HTTPError, RequestHandler

from ..exceptions import BadInput, CSVAgentError, StoreUnreachable
from ..messages import Session, Task
from ..sessions.ownership import HUB, located
from ..translations import LANGUAGES, Language, say

if TYPE_CHECKING:
    from ..access import May
    from ..manager import CSVAgentManager
    from .app import CSVAgentExtension

T = TypeVar("T")
MAX_JSON: Final = 1024 * 1024

_REFUSALS: Final = {
    400: ("bad_input", "server.bad_request"),
    404: ("not_found", "server.no_such_address"),
    405: ("bad_input", "server.no_such_verb"),
    413: ("too_large", "server.too_large_body"),
}

# With these everybody who has the token or the password is the same person, and their names are made up anew.
_NAMELESS: Final = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)


class CSVAgentHandler(ExtensionHandlerMixin, JupyterHandler):
    """Knows the extension, the person and their language; errors of ours are told as JSON."""

    auth_resource: ClassVar[str] = "csvagent"

    @property
    def extension(self) -> CSVAgentExtension:
        return cast("CSVAgentExtension", self.settings["csvagent"])

    async def manager(self) -> CSVAgentManager:
        """Return the open manager; raises StoreError when its store cannot be opened."""
        return await self.extension.manager()

    @property
    def owner(self) -> str:
        """Who asks, as ``issuer:name``."""
        manager = self.extension.opened
        if manager is None:
            raise StoreUnreachable("sessions.closed")
        return owner_of(self.identity_provider, self.current_user.username, self.extension.issuer, manager)

    @property
    def link(self) -> str:
        """The secret of the link by which they came, if they came by one."""
        return self.get_query_argument("link", "")

    @property
    def language(self) -> Language:
        """The language that the client asks for: ``?lang=``, else its Accept-Language, else English."""
        # Not get_query_argument, which refuses what is no UTF-8: a refusal has to be said in some language, too.
        asked = self.request.query_arguments.get("lang", [b""])[-1].decode("utf-8", "replace")
        wanted = asked or self.request.headers.get("Accept-Language", "")
        return _preferred(wanted)

    async def session_for(self, session_id: str, need: May = "read") -> Session:
        """Return a session in which who asks may do that; NotFound for anybody else."""
        return await (await self.manager()).access.session(session_id, self.owner, need, self.link)

    async def task_for(self, task_id: str, need: May = "read") -> Task:
        """Return a task of such a session; NotFound for anybody else."""
        return await (await self.manager()).access.task(task_id, self.owner, need, self.link)

    @overload
    def number(self, name: str, default: int, *, most: int) -> int: ...
    @overload
    def number(self, name: str, default: None, *, most: int) -> int | None: ...

    def number(self, name: str, default: int | None, *, most: int) -> int | None:
        """Return a whole number of the address, `default` when it is not there; raises BadInput."""
        given = self.get_query_arguments(name)
        if not given:
            return default
        for text in given:
            if not text.isascii() or not text.isdecimal() or len(text) > 16 or int(text) > most:
                raise BadInput("server.bad_number", name=name, given=text[:40], limit=most)
        return int(given[-1])

    # --- what comes in and goes out -------------------------------------------------------------------------------

    @property
    def body(self) -> bytes:
        """The request's body as it came."""
        return self.request.body

    def read_json(self, shape: type[T]) -> T:
        """Return the body as `shape`, a msgspec or data class; raises BadInput that names what does not fit."""
        if len(self.body) > MAX_JSON:
            raise HTTPError(413, say("server.too_large", self.language, limit=MAX_JSON))
        try:
            return msgspec.json.decode(self.body or b"{}", type=shape)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadInput("server.bad_json", problem=str(error)) from error

    def reply(self, content: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(content, allow_nan=False))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer an error of ours with its own status."""
        error = _error(kwargs)
        super().send_error(error.status if isinstance(error, CSVAgentError) else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell what happened and what to do next, never where in our code."""
        error = _error(kwargs)
        self.extension.monitor.metrics.refused(error.kind if isinstance(error, CSVAgentError) else str(status_code))
        message, reason = say("server.unexpected", self.language), "internal"
        if isinstance(error, CSVAgentError):
            message, reason = error.say(self.language), error.kind
            if error.retry_after is not None:
                self.set_header("Retry-After", str(error.retry_after))
        elif isinstance(error, HTTPError):
            message, reason = self._refusal(error)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._verbs()))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": message, "reason": reason}))

    def _refusal(self, error: HTTPError) -> tuple[str, str]:
        """Return what a refusal by Jupyter or tornado means to the person, and its word."""
        status, said = error.status_code, error.log_message or ""
        signed_in = getattr(self, "_jupyter_current_user", None) is not None
        if status in (401, 403) and "xsrf" in said.lower():
            return say("server.no_xsrf", self.language), "not_allowed"
        if status in (401, 403):
            return say("server.no_right" if signed_in else "server.sign_in", self.language), "not_allowed"
        if status in _REFUSALS:
            word, key = _REFUSALS[status]
            return (said if status == 413 and said else say(key, self.language)), word
        return responses.get(status, str(status)), "bad_input" if status < 500 else "internal"

    def _verbs(self) -> list[str]:
        """Return what this address answers to."""
        every = self.SUPPORTED_METHODS
        return [
            verb for verb in every if getattr(type(self), verb.lower()) is not getattr(RequestHandler, verb.lower())
        ]

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """An error that is told to the client is no trouble of the server; a trouble is logged without its data."""
        if isinstance(error, CSVAgentError):
            about = self.path_args[0] if self.path_args else None
            journal = self.extension.monitor.journal
            journal.note("request refused", method=self.request.method, about=about, reason=error.key)
        elif isinstance(error, HTTPError):
            super().log_exception(kind, error, trace)
        else:
            from ..tasks.base import note_unexpected

            note_unexpected(f"{self.request.method} request", error)


class CSVAgentAPIHandler(CSVAgentHandler, APIHandler):
    """A handler whose answers are data, which no browser shows as a page."""


def _preferred(wanted: str) -> Language:
    """Return the language of ours that an Accept-Language header likes best, English when it names none."""
    liked: list[tuple[float, Language]] = []
    for part in wanted.split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("q=")[2].strip() or 1.0)
        except ValueError:
            continue
        found = [language for language in LANGUAGES if language == tag.strip().lower().partition("-")[0]]
        liked += [(quality, language) for language in found if quality > 0]
    return max(liked, key=lambda pair: pair[0], default=(0.0, "en"))[1]


def owner_of(provider: IdentityProvider, name: str, issuer: str, manager: CSVAgentManager) -> str:
    """Return who signed in, as ``issuer:name``.

    Where sign-in knows no names, everybody who may come in is the person that the server runs for: the same as asks in
    its notebooks. Without an issuer that is set, or the Hub's, a name means nothing on another host.
    """
    if type(provider) in _NAMELESS:
        return manager.owner
    if issuer:
        return f"{issuer}:{name}"
    issuer = HUB if os.environ.get("JUPYTERHUB_API_URL") else type(provider).__name__.lower()
    return located(f"{issuer}:{name}", manager.installation)


def _error(kwargs: dict[str, Any]) -> BaseException | None:
    found: BaseException | None = (kwargs.get("exc_info") or (None, None, None))[1]
    return found
