"""Which model: by its name, by what the environment offers, or as a list to choose from.

Other packages add providers through the entry-point group ``csvagent_jupyter.models``: each entry is a factory
``factory(model: str, environ: Mapping[str, str]) -> ChatModel``, named as a person writes it before the colon.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final
from urllib.parse import urlsplit

from ..exceptions import BadInput, CSVAgentError
from ..messages import Message
from ..translations import Language, say
from .address import base_address
from .base import ChatModel, Price

GROUP: Final = "csvagent_jupyter.models"
PROBE_SECONDS: Final = 0.3
Factory = Callable[[str, Mapping[str, str]], ChatModel]


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that comes with the package: where its factory is, and the variables that make it ready."""

    factory: str
    default: str = ""
    variables: tuple[str, ...] = ()


BUILT_IN: Final[Mapping[str, Provider]] = {
    "openrouter": Provider("openai:openrouter", "openrouter:qwen/qwen3-coder", ("OPENROUTER_API_KEY",)),
    "openai": Provider("openai:openai", "openai:gpt-5.4-mini", ("OPENAI_API_KEY", "OPENAI_BASE_URL")),
    "anthropic": Provider("anthropic:anthropic", "anthropic:claude-sonnet-5-5", ("ANTHROPIC_API_KEY",)),
    "ollama": Provider("openai:ollama"),
    "replay": Provider("replay:replay", "replay:FILE"),
    "offline": Provider("offline:offline", "offline"),
}


@dataclass(frozen=True, slots=True)
class ModelChoice(Message):
    """One line of the list of models: a name to ask for, whether it would work now, and else what it needs.

    `needs` is the key of a text, filled with `values`; empty when the model is ready.
    """

    name: str
    provider: str
    ready: bool
    needs: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def say(self, language: Language = "en") -> str:
        """Return whether it is ready, or what to do first."""
        return say(self.needs or "models.ready", language, **self.values)


def open_model(
    name: str, *, environ: Mapping[str, str] | None = None, found: bool = False, price: Price | None = None
) -> ChatModel:
    """Open the model that a person calls ``provider:model``, or ``provider`` for that provider's default.

    Raises BadInput for an unknown provider, and what the provider's factory raises: ModelRefused without a key.
    """
    environ = os.environ if environ is None else environ
    provider, _, model = name.strip().partition(":")
    opened = _factory(provider.strip().lower())(model.strip(), environ)
    if found:
        opened.found = True
    if price is not None:
        opened.price = price
    return opened


async def choose_model(environ: Mapping[str, str] | None = None) -> ChatModel:
    """Choose when nobody has: CSVAGENT_MODEL, else the first key found, else a running Ollama, else ``offline``.

    A model that is there only because of its key is `found`.
    """
    environ = os.environ if environ is None else environ
    chosen = _set(environ, "CSVAGENT_MODEL")
    if chosen:
        return open_model(chosen, environ=environ)
    for provider, about in BUILT_IN.items():
        if any(_set(environ, variable) for variable in about.variables):
            return open_model(provider, environ=environ, found=True)
    models = await ollama_models(environ)
    return open_model(f"ollama:{models[0]}" if models else "offline", environ=environ)


async def available_models(environ: Mapping[str, str] | None = None) -> list[ModelChoice]:
    """List what can be asked for: first what is ready, then what still needs something."""
    environ = os.environ if environ is None else environ
    choices = [_hosted(provider, environ) for provider, about in BUILT_IN.items() if about.variables]
    if _set(environ, "OPENAI_BASE_URL") and choices[1].ready:
        own = await _listed("openai", base_address(environ, "OPENAI_BASE_URL", ""), environ)
        choices += [ModelChoice(f"openai:{name}", "openai", True) for name in own or ()]
    running = await ollama_models(environ)
    if running:
        choices += [ModelChoice(f"ollama:{model}", "ollama", True) for model in running]
    else:
        needs = "models.needs_ollama" if running is None else "models.needs_pull"
        choices.append(ModelChoice("ollama:qwen2.5-coder:7b", "ollama", False, needs))
    choices.append(ModelChoice("offline", "offline", True))
    choices.append(ModelChoice("replay:FILE", "replay", False, "models.needs_file"))
    choices += [ModelChoice(provider, provider, True) for provider in providers() if provider not in BUILT_IN]
    chosen = _set(environ, "CSVAGENT_MODEL")
    if chosen and chosen not in [choice.name for choice in choices]:
        choices.insert(0, _named(chosen, environ))
    return sorted(choices, key=lambda choice: not choice.ready)


async def ollama_models(environ: Mapping[str, str]) -> list[str] | None:
    """Return the models of the Ollama on this machine or in OLLAMA_HOST, None when none answers within a moment."""
    try:
        address = base_address(environ, "OLLAMA_HOST", "http://127.0.0.1:11434", port=11434)
    except BadInput:
        return None
    return await _listed("ollama", address, environ)


async def _listed(provider: str, address: str, environ: Mapping[str, str]) -> list[str] | None:
    """Ask a server that a person runs for its models; a bare connection tells first, and cheaply, if it is there."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
        writer.transport.abort()
    except (OSError, TimeoutError):
        return None
    from .openai import OpenAIModel, model_names
    from .trouble import Trouble

    model = open_model(provider, environ=environ)
    assert isinstance(model, OpenAIModel)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return model_names(await model.look_up("/models"))
    except (Trouble, TimeoutError):
        return None


def providers() -> tuple[str, ...]:
    """Return the names of all providers: ours, then the installed ones."""
    return (*BUILT_IN, *(name for name in sorted(_installed()) if name not in BUILT_IN))


def _factory(provider: str) -> Factory:
    known = ", ".join(providers())
    if not provider:
        raise BadInput("models.no_provider", known=known)
    if provider in BUILT_IN:
        module, _, name = BUILT_IN[provider].factory.partition(":")
        factory: Factory = getattr(import_module(f".{module}", __package__), name)
        return factory
    entry = _installed().get(provider)
    if entry is None:
        near = get_close_matches(provider, providers(), n=1, cutoff=0.6)
        if near:
            raise BadInput("models.unknown_provider_near", provider=provider, near=near[0], known=known)
        raise BadInput("models.unknown_provider", provider=provider, known=known)
    try:
        loaded: Factory = entry.load()
    except (ImportError, AttributeError) as error:
        reason = type(error).__name__
    else:
        return loaded
    raise BadInput("models.broken_provider", provider=provider, reason=reason)


@cache
def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _hosted(provider: str, environ: Mapping[str, str]) -> ModelChoice:
    about = BUILT_IN[provider]
    own = provider == "openai" and _set(environ, "OPENAI_BASE_URL")
    choice = _named(provider if own else about.default, environ)
    return ModelChoice(about.default if not own else "openai", provider, choice.ready, choice.needs, choice.values)


def _named(name: str, environ: Mapping[str, str]) -> ModelChoice:
    """Tell whether a model opens, and else what its provider says."""
    provider = name.partition(":")[0]
    try:
        open_model(name, environ=environ)
    except CSVAgentError as error:
        needs = "models.needs_variable" if error.key == "models.no_key" else error.key
        return ModelChoice(name, provider, False, needs, error.values)
    return ModelChoice(name, provider, True)


def _set(environ: Mapping[str, str], variable: str) -> str:
    return environ.get(variable, "").strip()
