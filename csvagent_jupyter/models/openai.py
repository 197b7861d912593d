"""Every server that speaks OpenAI's chat completions: OpenRouter, OpenAI, Ollama, vLLM, LM Studio, llama.cpp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ..messages import Prompt
from .address import base_address, secret_from
from .base import Price
from .http import HTTPModel, Reading, dollars, tokens
from .sse import DONE
from .trouble import Server, refused


class OpenAIModel(HTTPModel):
    """One model of an OpenAI-compatible server; with an empty name, the first that the server lists."""

    path: ClassVar[str] = "/chat/completions"
    cost_asked: ClassVar[bool] = False

    async def prepare(self) -> None:
        if not self.model:
            listed = model_names(await self.look_up("/models"))
            if not listed:
                raise refused(self.server, "no_models")
            self.model = listed[0]
            self.name = f"{self.server.provider}:{self.model}"

    def payload(self, prompt: Prompt) -> dict[str, Any]:
        limit = "max_completion_tokens" if "max_tokens" in self.unwanted else "max_tokens"
        payload: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0,
            limit: prompt.max_tokens,
        }
        if self.cost_asked:
            payload["usage"] = {"include": True}
        return {name: value for name, value in payload.items() if name not in self.unwanted}

    def read(self, event: Mapping[str, Any], reading: Reading) -> str:
        if event is DONE:
            reading.ended = True
            return ""
        if event.get("error"):
            error = event["error"]
            code = error.get("code") if isinstance(error, Mapping) else None
            raise self.in_stream(event, code if isinstance(code, int) and 400 <= code < 600 else 502)
        if isinstance(event.get("usage"), Mapping):
            _read_usage(event["usage"], reading)
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, Mapping):
            return ""
        if isinstance(choice.get("finish_reason"), str):
            reading.finish = choice["finish_reason"]
        whole = choice.get("message")
        delta = whole if isinstance(whole, Mapping) else choice.get("delta")
        if not isinstance(delta, Mapping):
            return ""
        if isinstance(whole, Mapping):
            reading.ended = True
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        reading.unseen += len(reasoning) if isinstance(reasoning, str) else 0
        text = _text(delta.get("content"))
        reading.begun = reading.begun or bool(text or reasoning)
        return text


class OpenRouterModel(OpenAIModel):
    """A model of OpenRouter, which also tells the cost of each request."""

    cost_asked: ClassVar[bool] = True


def openrouter(model: str, environ: Mapping[str, str]) -> OpenAIModel:
    """Make a model of OpenRouter; the default is ``qwen/qwen3-coder``."""
    variable = "OPENROUTER_API_KEY"
    address = base_address(environ, "OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1")
    key = secret_from(environ, variable, "OpenRouter", needed=True)
    server = Server("openrouter", "OpenRouter", address, key, variable, "OPENROUTER_BASE_URL")
    return OpenRouterModel(server, model or "qwen/qwen3-coder")


def openai(model: str, environ: Mapping[str, str]) -> OpenAIModel:
    """Make a model of OpenAI or of the compatible server at OPENAI_BASE_URL, which may need no key.

    The default is ``gpt-5.4-mini``, or the first model that the server at OPENAI_BASE_URL lists.
    """
    variable, own = "OPENAI_API_KEY", bool(environ.get("OPENAI_BASE_URL", "").strip())
    address = base_address(environ, "OPENAI_BASE_URL", "https://api.openai.com/v1")
    key = secret_from(environ, variable, "OpenAI", needed=not own)
    title = urlsplit(address).netloc if own else "OpenAI"
    server = Server("openai", title, address, key, variable, "OPENAI_BASE_URL", own=own)
    opened = OpenAIModel(server, model or ("" if own else "gpt-5.4-mini"))
    if not own:
        opened.unwanted.add("max_tokens")  # OpenAI itself takes max_completion_tokens for every model
    return opened


def ollama(model: str, environ: Mapping[str, str]) -> OpenAIModel:
    """Make a model of the Ollama at OLLAMA_HOST (else on this machine); the default is the first that it lists."""
    address = base_address(environ, "OLLAMA_HOST", "http://127.0.0.1:11434", port=11434) + "/v1"
    server = Server("ollama", "Ollama", address, address_variable="OLLAMA_HOST", own=True)
    return OpenAIModel(server, model, price=None if model.endswith("cloud") else Price(0.0, 0.0))


def model_names(listing: Any) -> list[str]:
    """Read the models from an answer to ``/v1/models`` or Ollama's ``/api/tags``, without those that only embed."""
    if not isinstance(listing, Mapping):
        return []
    entries = listing.get("data") or listing.get("models")
    if not isinstance(entries, list):
        return []
    names = [entry.get("id") or entry.get("name") for entry in entries if isinstance(entry, Mapping)]
    return [name for name in names if isinstance(name, str) and name.isprintable() and "embed" not in name.lower()]


def _read_usage(usage: Mapping[str, Any], reading: Reading) -> None:
    taken, written = tokens(usage.get("prompt_tokens")), tokens(usage.get("completion_tokens"))
    reading.input_tokens = reading.input_tokens if taken is None else taken
    reading.output_tokens = reading.output_tokens if written is None else written
    cost = dollars(usage.get("cost"))
    reading.cost = reading.cost if cost is None else cost


def _text(content: Any) -> str:
    """Take the text of a delta: a string, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
    return "".join(part for part in parts if isinstance(part, str))
