"""The built-in engine: answers questions about one table by rules, without a network, in English and Russian.

A question is cut into words (`words`), each stretch of words gets its part (`tagging`, with `lexicon`, `columns` and
`values`), the parts become an intent (`reading`), and the intent becomes a sentence (`telling`) and code (`writing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...messages import Profile
    from ...translations import Language
    from ..base import ChatModel
    from .engine import OfflineModel

__all__ = ["OfflineModel", "offline", "suggest"]


def offline(model: str = "", environ: Mapping[str, str] | None = None) -> ChatModel:
    """Return the engine; it has no variants and needs nothing of the environment."""
    from .engine import OfflineModel

    return OfflineModel()


def suggest(profiles: tuple[Profile, ...], language: Language) -> tuple[str, ...]:
    """Return up to three questions that the engine can answer about these tables."""
    from .suggesting import suggest as suggest_questions

    return suggest_questions(profiles, language)


def __getattr__(name: str) -> Any:
    if name == "OfflineModel":
        from .engine import OfflineModel

        return OfflineModel
    raise AttributeError(name)
