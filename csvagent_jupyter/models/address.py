"""A server's address and its key, as a person set them in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ..exceptions import BadInput, ModelRefused
from .secret import Secret


def base_address(environ: Mapping[str, str], variable: str, default: str, *, port: int | None = None) -> str:
    """Return the address in `variable`, without a slash at its end, or `default`.

    A bare ``host``, ``host:port`` or ``:port`` is taken as http, with `port` where it names none. ``0.0.0.0``, which
    Ollama's variable may hold as the address to listen on, becomes this machine's. Raises BadInput for what is no
    address, and for one that carries a password or a query, which would end up in logs.
    """
    given = environ.get(variable, "").strip()
    if not given:
        return default
    bare = "://" not in given
    given = f"127.0.0.1{given}" if given.startswith(":") else given
    try:
        parts = urlsplit(f"http://{given}" if bare else given)
        number, host = parts.port, parts.hostname or ""
    except ValueError:
        raise BadInput("models.bad_variable", variable=variable) from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise BadInput("models.bad_variable", variable=variable)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - replaced, not listened on
    host = f"[{host}]" if ":" in host else host
    if number is None and bare:
        number = port
    return f"{parts.scheme}://{host}{f':{number}' if number else ''}{parts.path.rstrip('/')}"


def secret_from(environ: Mapping[str, str], variable: str, title: str, *, needed: bool) -> Secret | None:
    """Return the key in `variable`, None where there is none and none is `needed`.

    Raises ModelRefused for a missing key and for what cannot be one; the error does not have it.
    """
    given = environ.get(variable, "").strip()
    if not given and not needed:
        return None
    key = None
    if given:
        try:
            key = Secret(given)
        except ValueError:
            key = None
    if key is None:
        raise ModelRefused("models.bad_key" if given else "models.no_key", provider=title, variable=variable)
    return key
