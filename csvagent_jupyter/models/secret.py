"""A key that does not show itself, and the masking of texts that a server wrote."""

from __future__ import annotations

import logging
import re
from typing import Final

MASK = "•••"
_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk|gsk|xai|key)[-_][\w-]{6,}|(?i:\bbearer\s+)\S+")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_WORD = re.compile(r"[^\s\"'`,;:<>(){}\[\]]+")
_SHARED = 8
_TALKATIVE: Final = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")


class Secret:
    """Holds a key; every way of printing it shows a mask. Only `reveal` gives it, for the wire.

    A key has a name where it goes into a header, so it is printable ASCII without white space: ValueError otherwise,
    without the key in it.
    """

    __slots__ = ("__key",)

    def __init__(self, key: str) -> None:
        key = key.strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("not a key")
        self.__key = key

    def reveal(self) -> str:
        return self.__key

    def __repr__(self) -> str:
        return MASK

    def __reduce__(self) -> str:
        raise TypeError("a key does not leave its process")

    def mask(self, text: str) -> str:
        """Replace the key in `text`, and every word that has a longer part of it."""
        text = re.sub(re.escape(self.__key), MASK, text, flags=re.IGNORECASE)
        key = self.__key.lower()
        parts = {key[start : start + _SHARED] for start in range(len(key) - _SHARED + 1)}

        def hide(word: re.Match[str]) -> str:
            return MASK if any(part in word[0].lower() for part in parts) else word[0]

        return _WORD.sub(hide, text)


class KeyMask:
    """Masks the key in a text that comes in pieces, in case that a server repeats it in its reply."""

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece and return what cannot be the beginning of the key."""
        if self._secret is None:
            return piece
        key = self._secret.reveal()
        text = (self._held + piece).replace(key, MASK)
        longest = min(len(text), len(key) - 1)
        keep = next((size for size in range(longest, 0, -1) if key.startswith(text[-size:])), 0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def close(self) -> str:
        held, self._held = self._held, ""
        return held


class KeyFilter(logging.Filter):
    """Masks one key in what other libraries log: at debug level they write down the headers that a server sends."""

    def __init__(self, secret: Secret) -> None:
        super().__init__()
        self._secret = secret

    def hides(self, secret: Secret) -> bool:
        return self._secret.reveal() == secret.reveal()

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        masked = self._secret.mask(said)
        if masked != said:
            record.msg, record.args = masked, ()
        return True


def keep_out_of_logs(secret: Secret) -> None:
    """Mask a key in the logs of the HTTP libraries from now on; once for each key."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(each, KeyFilter) and each.hides(secret) for each in logger.filters):
            logger.addFilter(KeyFilter(secret))


def quoted(text: str, secret: Secret | None, limit: int = 300) -> str:
    """Make what a server wrote fit to be shown: one line, no control characters, no key, `limit` characters."""
    text = _CONTROL.sub(" ", text[: 20 * limit]).strip()
    text = _KEY_LIKE.sub(MASK, text)
    if secret is not None:
        text = secret.mask(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
