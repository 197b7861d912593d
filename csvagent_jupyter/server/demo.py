"""The demo: one page that is a complete client, under a policy that lets nothing else run on it."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from .handler import CSVAgentHandler

PAGE: Final = Path(__file__).with_name("demo.html")
_LIMIT: Final = 'data-max-message="16777216"'


class DemoHandler(CSVAgentHandler):
    @property
    def content_security_policy(self) -> str:
        """The page's own policy, and beside it the server's, which says who may frame a page of it."""
        return f"{policy()}, {super().content_security_policy}"

    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """Show the page; it asks with the cookies of who is signed in, and with the XSRF token that is set here."""
        _ = self.xsrf_token  # reading it sets the cookie
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Referrer-Policy", "same-origin")
        self.finish(page().replace(_LIMIT, f'data-max-message="{self.extension.max_message}"'))


@cache
def page() -> str:
    """Return the page as it stands in its file."""
    return PAGE.read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Return what the page may do: run its one script, wear its one style, show plots, and talk to this server."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash('script')}'",
            f"style-src '{_hash('style')}'",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(tag: str) -> str:
    """Return the hash of the page's only element of that name, as a policy names it."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page(), re.DOTALL)
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


ROUTES: Final[tuple[tuple[str, Any], ...]] = ((r"demo", DemoHandler),)
