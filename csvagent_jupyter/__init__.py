"""Ask a CSV a question in a notebook; a model writes the code, an isolated kernel runs it.

Importing this package imports nothing heavy: every name below is looked up when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .blocking import ask
    from .tables import Table, read_table

    __version__: str

__all__ = ["Table", "__version__", "ask", "load_ipython_extension", "read_table"]

_LAZY = {"ask": ".blocking", "read_table": ".tables", "Table": ".tables"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("csvagent-jupyter")
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name], __name__), name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%%csvagent`` and ``%csvagent``; called by ``%load_ext csvagent_jupyter``."""
    from .magics import register

    register(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Stop what the magic started; called by ``%unload_ext csvagent_jupyter``."""
    from .magics import unregister

    unregister(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "csvagent-jupyter"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.app import CSVAgentExtension

    return [{"module": "csvagent_jupyter.server.app", "app": CSVAgentExtension}]
