"""Sign-in with names for the tests' Jupyter servers: everybody's token is their name with ``-token`` behind it."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth import Authorizer, IdentityProvider, User


class People(IdentityProvider):
    """Knows whoever comes with a token like ``anna-token``, by that name."""

    def get_user_token(self, handler: Any) -> User | None:
        name, _, word = (self.get_token(handler) or "").partition("-")
        return User(name, name, name) if name and word == "token" else None


class Doorkeeper(Authorizer):
    """Lets ``reader`` read and no more, ``asker`` also ask, ``nobody`` nothing, and everybody else do all."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        allowed = {"reader": {"read"}, "asker": {"read", "execute"}, "nobody": set()}
        return resource != "csvagent" or action in allowed.get(user.username, {action})
