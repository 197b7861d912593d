"""What can be chosen before a question is asked: models, and what settings hold for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ..exceptions import CSVAgentError
from ..messages import SHARES
from ..settings import MAX_ATTEMPTS, RULES
from ..translations import LANGUAGES
from .asking import may_be_named
from .handler import CSVAgentAPIHandler

if TYPE_CHECKING:
    from ..manager import CSVAgentManager

SHOWN: Final = (*RULES, "owner_questions_per_minute")
BOUNDS: Final = (
    *("share_ceiling", "minimum_isolation", "max_tokens", "owner_questions_per_minute"),
    *(f"{whose}_{unit}" for whose in ("run", "session", "owner") for unit in ("tokens", "cost")),
)
"""What no question can lift."""

_VARIABLES: Final = {"model": "CSVAGENT_MODEL", "share": "CSVAGENT_SHARE"}


class ModelsHandler(CSVAgentAPIHandler):
    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """List the models that a question may name, those first that would work now, each with what it needs."""
        manager = await self.manager()
        choices = [choice for choice in await manager.models() if may_be_named(choice.name)]
        shown = [
            {"name": one.name, "provider": one.provider, "ready": one.ready, "about": one.say(self.language)}
            for one in choices
        ]
        self.reply({"models": shown, "current": await self.current(manager)})

    async def current(self, manager: CSVAgentManager) -> dict[str, Any]:
        """Return the model that a question without a choice goes to, or why there is none."""
        try:
            model = await manager.current_model()
        except CSVAgentError as error:
            return {"name": None, "local": None, "about": error.say(self.language)}
        return {"name": model.name, "local": model.local, "about": None}


class SettingsHandler(ModelsHandler):
    @authenticated
    @authorized("read")
    async def get(self) -> None:
        """Tell what holds for the next question of who asks, what of it was fixed, and what a question may choose."""
        manager = await self.manager()
        values = {name: getattr(manager, name) for name in SHOWN}
        shown: dict[str, Any] = {
            "settings": values | {"share": await self._share(manager), "model": (await self.current(manager))["name"]},
            "fixed": sorted(_configured(manager)),
            "bounds": list(BOUNDS),
            "choices": {
                "share": SHARES[: SHARES.index(manager.share_ceiling) + 1],
                "language": LANGUAGES,
                "max_attempts": {"least": 1, "most": MAX_ATTEMPTS},
            },
            "max_upload": self.extension.max_upload,
            "max_message": self.extension.max_message,
        }
        self.reply(shown)

    async def _share(self, manager: CSVAgentManager) -> str | None:
        """Return what a remote model would see; None as long as there is no model."""
        from ..agent.disclosure import share_for

        try:
            model = await manager.current_model()
        except CSVAgentError:
            return None
        agreed = await manager.workshop.agreed(self.owner, f"share:{model.name}")
        return share_for(model, manager.share, manager.share_ceiling, agreed)


def _configured(manager: CSVAgentManager) -> set[str]:
    """Return the settings that a configuration file, the command line or the environment has set."""
    named = {name for name in manager._find_my_config(manager.config) if name in SHOWN}
    return named | {name for name, variable in _VARIABLES.items() if os.environ.get(variable, "").strip()}


ROUTES: Final[tuple[tuple[str, type], ...]] = (
    (r"api/models", ModelsHandler),
    (r"api/settings", SettingsHandler),
)
