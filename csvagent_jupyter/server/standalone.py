"""The product served alone: a Jupyter server that is cut down to sign-in and our routes.

Whoever has its token may ask questions, which run confined. They get no kernel, no terminal and no way to write files,
because each of those is a shell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from traitlets import default

EXTENSION: Final = "csvagent_jupyter"


class Folder(AsyncLargeFileManager):
    """The folder that paths in requests begin at; its files can be asked about, and are not served themselves."""

    def get_extra_handlers(self) -> list[Any]:
        return []


class CSVAgentServerApp(ServerApp):
    """Sign-in, our routes beneath ``csvagent/`` and without it, and nothing else of Jupyter.

    It reads Jupyter's own configuration files, so what is set for a Jupyter server holds here too.
    """

    description = "Answer questions about CSV files over REST, WebSocket and SSE."
    default_services = ("auth", "security")  # type: ignore[assignment]
    serves_at_root = True

    @default("terminals_enabled")
    def _no_terminals(self) -> bool:
        return False

    @default("default_url")
    def _page(self) -> str:
        return "/csvagent/demo"

    @default("contents_manager_class")
    def _only_for_questions(self) -> type[Folder]:
        return Folder

    def find_server_extensions(self) -> None:
        """Load our extension, and no other that is installed beside it."""
        self.jpserver_extensions = {EXTENSION: True}

    def init_configurables(self) -> None:
        self.terminals_enabled = False
        super().init_configurables()


def serve(*, ip: str, port: int, folder: Path) -> None:
    """Serve until the process is told to stop; raises SystemExit when the address cannot be had.

    `folder` is what paths in requests begin at.
    """
    options: dict[str, Any] = {
        "ip": ip,
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "allow_root": True,
        "root_dir": str(folder),
    }
    CSVAgentServerApp.launch_instance(argv=[], **options)
