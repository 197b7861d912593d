"""The one way in which a question comes to the manager from the server, whichever route it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..exceptions import BadInput
from ..messages import Question, Share, Source, Task
from ..tables.option_words import checked_by_file, with_stated
from ..translations import Language

if TYPE_CHECKING:
    from ..sessions.trial import Trial
    from .handler import CSVAgentHandler

_OF_OUR_SIDE: Final = ("replay:",)
"""Models that read a file of the server's: an administrator may set one, a request may not name one."""


class Wished(msgspec.Struct, kw_only=True):
    """A question and how it is to be answered; what is not said follows the manager's settings.

    `dialect` states how the files are read: values by option, and such mappings by the name of one of several.
    """

    query: str
    path: str | None = None
    paths: tuple[str, ...] = ()
    model: str | None = None
    share: Share | None = None
    max_attempts: int | None = None
    timeout: float | None = None
    language: Language | None = None
    dialect: dict[str, Any] = {}

    @property
    def all_paths(self) -> tuple[str, ...]:
        return (self.path, *self.paths) if self.path else self.paths


class Asked(Wished, forbid_unknown_fields=True, kw_only=True):
    """A question as it comes in; what is not said follows the manager's settings."""

    session_id: str | None = None


async def put_question(
    handler: CSVAgentHandler, wished: Wished, sources: tuple[Source, ...], trial: Trial, session_id: str | None
) -> Task:
    """Put a question in line for who is signed in, in a session where they may ask, or in a new one.

    With that its files are kept for good.
    """
    if wished.model is not None and not may_be_named(wished.model):
        raise BadInput("server.model_not_served", model=wished.model)
    if sources:
        sources = with_stated(sources, wished.dialect)
    else:
        checked_by_file(wished.dialect)
    manager = await handler.manager()
    session = None if session_id is None else await handler.session_for(session_id, "ask")
    question = Question(
        wished.query,
        sources,
        model=wished.model or None,
        max_attempts=wished.max_attempts,
        timeout=wished.timeout,
        share=wished.share,
        language=wished.language,
    )
    await manager.check_budget(question, session, handler.owner)
    of_last = {} if sources else wished.dialect
    task = await manager.ask(question, session_id=session_id, owner=handler.owner, read=of_last, outlives_runner=True)
    await trial.grant()
    return task


def may_be_named(model: str) -> bool:
    """Tell whether a request may choose this model."""
    return not model.strip().lower().startswith(_OF_OUR_SIDE)
