"""The engine as a chat model: it answers from its own rules, at once, and sends nothing anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ...exceptions import Ambiguous, Declined, NotAnswered
from ...messages import Profile, Prompt, Usage
from ...translations import Language, language_of
from ..base import ChatModel, Chunk
from .following import read_in_turn
from .intent import Intent
from .sentence import NotUnderstoodError, UnclearError
from .suggesting import suggest
from .telling import told
from .words import MAX_CHARACTERS
from .writing import write

_WORDS_OF_READINGS: dict[Language, dict[str, str]] = {
    "en": {"count": "number of"},
    "ru": {
        "sum": "сумма",
        "mean": "среднее",
        "max": "максимум",
        "min": "минимум",
        "by": "по",
        "count": "число",
        "rows": "строк",
    },
}
_SHOWN_WORDS = 120


class OfflineModel(ChatModel):
    """Answers questions about one table by rules, in English and Russian, without a model."""

    name = "offline"
    local = True

    async def stream(self, prompt: Prompt) -> AsyncIterator[Chunk]:
        """Yield how the question was read, then the code.

        Raises Declined and Ambiguous, both with questions that can be answered.
        """
        told_as, code = answer(prompt)
        yield Chunk(told_as + "\n\n")
        yield Chunk("```python\n" + code)
        yield Chunk("```\n", Usage())


def answer(prompt: Prompt) -> tuple[str, str]:
    """Return how the question was read, and the code that answers it."""
    _check(prompt)
    intent, profile = _understood(prompt)
    first = profile is prompt.profiles[0]
    told_as = told(intent, prompt.language, name_table=len(prompt.profiles) > 1)
    for coerce in (False, True):
        try:
            code = write(intent, profile, prompt.language, first=first, coerce=coerce)
        except NotUnderstoodError as error:
            raise _declined(error, prompt) from None
        if prompt.failure is None or code.strip() != prompt.failure.code.strip():
            if prompt.failure is not None and not coerce:
                continue
            return told_as, code
    failure = prompt.failure
    reason = f"{failure.ename}: {failure.evalue}"[:_SHOWN_WORDS] if failure else ""
    raise Declined("offline.code_failed", suggestions=suggest(prompt.profiles, prompt.language), error=reason)


def _check(prompt: Prompt) -> None:
    if not prompt.profiles:
        raise Declined("offline.no_table")
    if not any(profile.columns for profile in prompt.profiles):
        raise Declined("offline.no_columns")
    if not prompt.question.strip():
        raise Declined("offline.no_question", suggestions=suggest(prompt.profiles, prompt.language))
    if len(prompt.question) > MAX_CHARACTERS:
        words = prompt.question.strip()[:60] + "…"
        suggestions = suggest(prompt.profiles, prompt.language)
        raise Declined("offline.too_long", suggestions=suggestions, words=words)


def _understood(prompt: Prompt) -> tuple[Intent, Profile]:
    """Read the question against every table; one of them must be able to answer."""
    found: list[tuple[Intent, Profile]] = []
    errors: list[NotUnderstoodError | UnclearError] = []
    for profile in prompt.profiles:
        try:
            found.append((_read(prompt.question, profile, prompt), profile))
        except (NotUnderstoodError, UnclearError) as error:
            errors.append(error)
    if len(found) == 1:
        return found[0]
    if found:
        raise Ambiguous(
            "offline.several_tables",
            words=", ".join(profile.name for _, profile in found),
            suggestions=suggest(prompt.profiles, prompt.language),
        )
    unclear = next((error for error in errors if isinstance(error, UnclearError)), None)
    if unclear is not None:
        raise _ambiguous(unclear, prompt)
    plain = [error for error in errors if isinstance(error, NotUnderstoodError)]
    raise _declined(min(plain, key=lambda error: len(error.words)), prompt)


def languages(prompt: Prompt) -> tuple[str, ...]:
    """Return whose words to look for: a Russian question may hold English ones, seldom the other way round."""
    return ("ru", "en") if language_of(prompt.question, prompt.language) == "ru" else ("en",)


def _declined(error: NotUnderstoodError, prompt: Prompt) -> NotAnswered:
    words = error.words[:_SHOWN_WORDS]
    return Declined(error.reason, suggestions=suggest(prompt.profiles, prompt.language), words=words)


def _ambiguous(error: UnclearError, prompt: Prompt) -> NotAnswered:
    """Return the readings as questions, each of which can be answered."""
    words = _WORDS_OF_READINGS[prompt.language]
    readings = []
    for reading in error.readings:
        text = reading
        for english in _WORDS_OF_READINGS["ru"]:
            text = text.replace(f"§{english}§", words.get(english, english))
        question = prompt.question[: error.start] + text + prompt.question[error.end :]
        if any(_reads(question, profile, prompt) for profile in prompt.profiles):
            readings.append(question)
    if not readings:
        plain = ", ".join(reading.replace("§", "").strip() for reading in error.readings)
        suggestions = suggest(prompt.profiles, prompt.language)
        unclear, readings_said = error.words[:_SHOWN_WORDS], plain[:_SHOWN_WORDS]
        return Declined("offline.several_meanings", suggestions=suggestions, words=unclear, readings=readings_said)
    return Ambiguous("offline.unclear", suggestions=tuple(readings), words=error.words[:_SHOWN_WORDS])


def _read(question: str, profile: Profile, prompt: Prompt) -> Intent:
    return read_in_turn(question, prompt.turns, profile, languages(prompt), prompt.find_values)


def _reads(question: str, profile: Profile, prompt: Prompt) -> bool:
    try:
        _read(question, profile, prompt)
    except (NotUnderstoodError, UnclearError):
        return False
    return True
