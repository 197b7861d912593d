"""Where Redis is, as the environment says it: REDIS_URL, or REDIS_HOST with REDIS_PORT, REDIS_DB and REDIS_PASSWORD."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..exceptions import StoreError

EXPIRE_SECONDS: Final = 3_600.0
_SCHEMES: Final = ("redis://", "rediss://", "unix://")
_PORT: Final = re.compile(r"(?:tcp://[^/]*:)?(\d{1,5})")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """How to get a connection; `where` is for people and has neither user nor password, nor has the repr."""

    where: str
    options: Mapping[str, Any] = field(repr=False)
    db: int = 0

    @classmethod
    def from_url(cls, url: str, *, password: str = "") -> RedisAddress:
        """Read ``redis://``, ``rediss://`` (TLS) or ``unix://``; `password` counts when the address has none.

        What stands behind the question mark is redis-py's: ``?ssl_ca_certs=/etc/ca.pem``. Raises StoreError, which
        does not quote the address.
        """
        options = _parsed(url.strip())
        if options is None:
            raise StoreError("sessions.redis_address")
        if password:
            options.setdefault("password", password)
        db = int(options.setdefault("db", 0))
        path = options.get("path")
        where = str(path) if path else f"{options.setdefault('host', 'localhost')}:{options.setdefault('port', 6379)}"
        return cls(where, options, db)


def is_configured(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment names a Redis."""
    return any(environ.get(name, "").strip() for name in ("REDIS_URL", "REDIS_HOST"))


def address_from(environ: Mapping[str, str]) -> RedisAddress:
    """Return the Redis that the environment names; REDIS_URL goes before the single parts."""
    url = environ.get("REDIS_URL", "").strip()
    password = environ.get("REDIS_PASSWORD", "")
    if url:
        return RedisAddress.from_url(url, password=password)
    host = environ.get("REDIS_HOST", "").strip() or "localhost"
    # Beside a service called redis, Kubernetes sets REDIS_PORT to tcp://10.0.0.1:6379.
    port = _PORT.fullmatch(environ.get("REDIS_PORT", "").strip() or "6379")
    db = environ.get("REDIS_DB", "").strip() or "0"
    if port is None or not db.isdecimal():
        raise StoreError("sessions.redis_address")
    options: dict[str, Any] = {"host": host, "port": int(port[1]), "db": int(db)}
    if password:
        options["password"] = password
    return RedisAddress(f"{host}:{port[1]}", options, int(db))


def expiry_from(environ: Mapping[str, str]) -> float:
    """Return SESSION_EXPIRE_SECONDS, an hour unless it is set; raises StoreError for what is no time."""
    written = environ.get("SESSION_EXPIRE_SECONDS", "").strip()
    if not written:
        return EXPIRE_SECONDS
    try:
        seconds = float(written)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= 10**9:
        raise StoreError("sessions.bad_expiry", value=written)
    return seconds


def _parsed(url: str) -> dict[str, Any] | None:
    """Return what redis-py makes of an address, None when it makes nothing: its own error may quote the password."""
    from redis.asyncio.connection import parse_url

    if not url.lower().startswith(_SCHEMES):
        return None
    try:
        return dict(parse_url(url))
    except (ValueError, TypeError):
        return None
