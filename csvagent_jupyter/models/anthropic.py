"""Anthropic's messages, streamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from ..messages import Prompt
from .address import base_address, secret_from
from .http import HTTPModel, Reading, tokens
from .trouble import Server

_STATUS: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_FINISH: Final = {"max_tokens": "length", "model_context_window_exceeded": "length"}


class AnthropicModel(HTTPModel):
    """One of Anthropic's models; its thinking is not part of the reply."""

    path: ClassVar[str] = "/v1/messages"
    key_header: ClassVar[tuple[str, str]] = ("x-api-key", "")
    extra_headers: ClassVar[Mapping[str, str]] = {"anthropic-version": "2023-06-01"}

    def payload(self, prompt: Prompt) -> dict[str, Any]:
        said = [message.content for message in prompt.messages if message.role == "system"]
        payload: dict[str, Any] = {
            "model": self.model,
            "max_tokens": prompt.max_tokens,
            "system": "\n\n".join(said),
            "messages": [
                {"role": message.role, "content": message.content}
                for message in prompt.messages
                if message.role != "system"
            ],
            "stream": True,
            "temperature": 0,
        }
        if not said:
            del payload["system"]
        return {name: value for name, value in payload.items() if name not in self.unwanted}

    def read(self, event: Mapping[str, Any], reading: Reading) -> str:
        match event.get("type"):
            case "error":
                error = event.get("error")
                kind = error.get("type") if isinstance(error, Mapping) else ""
                raise self.in_stream(event, _STATUS.get(str(kind), 500))
            case "message_start":
                message = event.get("message")
                _read_usage(message.get("usage") if isinstance(message, Mapping) else None, reading)
            case "message_delta":
                delta = event.get("delta")
                reason = delta.get("stop_reason") if isinstance(delta, Mapping) else None
                if isinstance(reason, str):
                    reading.finish = _FINISH.get(reason, reason)
                _read_usage(event.get("usage"), reading)
            case "message_stop":
                reading.ended = True
            case "content_block_start":
                return _piece(event.get("content_block"), reading)
            case "content_block_delta":
                return _piece(event.get("delta"), reading)
            case "message":
                return self._whole(event, reading)
        return ""

    def _whole(self, event: Mapping[str, Any], reading: Reading) -> str:
        """Read a reply that came in one piece."""
        _read_usage(event.get("usage"), reading)
        reason = event.get("stop_reason")
        reading.finish = _FINISH.get(str(reason), str(reason)) if reason else "end_turn"
        reading.ended = True
        blocks = event.get("content")
        return "".join(_piece(block, reading) for block in blocks) if isinstance(blocks, list) else ""


def anthropic(model: str, environ: Mapping[str, str]) -> AnthropicModel:
    """Make a model of Anthropic; the default is ``claude-sonnet-5-5``."""
    variable = "ANTHROPIC_API_KEY"
    address = base_address(environ, "ANTHROPIC_BASE_URL", "https://api.anthropic.com").removesuffix("/v1")
    key = secret_from(environ, variable, "Anthropic", needed=True)
    server = Server("anthropic", "Anthropic", address, key, variable, "ANTHROPIC_BASE_URL")
    return AnthropicModel(server, model or "claude-sonnet-5-5")


def _piece(block: Any, reading: Reading) -> str:
    """Take the text of a content block or of a delta of one; count what is only thought."""
    if not isinstance(block, Mapping):
        return ""
    if block.get("type") in ("text", "text_delta") and isinstance(block.get("text"), str):
        text: str = block["text"]
        reading.begun = reading.begun or bool(text)
        return text
    thought = block.get("thinking") or block.get("signature") or block.get("data")
    if isinstance(thought, str) and thought:
        reading.unseen += len(thought)
        reading.begun = True
    return ""


def _read_usage(usage: Any, reading: Reading) -> None:
    if not isinstance(usage, Mapping):
        return
    parts = [usage.get(f"{kind}input_tokens") for kind in ("", "cache_creation_", "cache_read_")]
    known = [count for count in map(tokens, parts) if count is not None]
    if known:
        reading.input_tokens = sum(known)
    written = tokens(usage.get("output_tokens"))
    reading.output_tokens = reading.output_tokens if written is None else written
