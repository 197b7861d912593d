"""A manager with the settings of Jupyter's own configuration files, for whoever has neither a notebook nor a server."""

from __future__ import annotations

import json
import logging
import sys
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any, Final

from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, FileConfigLoader, JSONFileConfigLoader, PyFileConfigLoader

from .exceptions import BadInput
from .manager import CSVAgentManager
from .translations import Language, say

_log = logging.getLogger(__name__)

NAMES: Final = ("jupyter_config", "jupyter_server_config", "jupyter_csvagent_config")
"""What a Jupyter server with our extension reads, in its order: what is read later has the say."""


def configured_manager(**settings: Any) -> CSVAgentManager:
    """Return a manager, not started, set as a server's would be here; in a notebook's kernel, as its cells' is.

    `settings` go before what the files say. Raises BadInput when a file cannot be read or sets what cannot be.
    """
    shell = _shell()
    config, files = (None, ()) if shell is not None else read_files()
    known = {"parent": shell} if shell is not None else {"config": config, "log": _log}
    try:
        return CSVAgentManager(**known, **settings)
    except (TraitError, ImportError) as error:
        where = ", ".join(map(str, files)) or "IPython"
        raise BadInput("manager.config_value", files=where, error=_one_line(error)) from error


def unknown_settings(manager: CSVAgentManager, language: Language = "en") -> tuple[str, ...]:
    """Say which of the names that the configuration sets mean nothing, each with the nearest one that does."""
    section, known = manager.config.get(CSVAgentManager.__name__), CSVAgentManager.class_trait_names(config=True)
    names = [name for name in section if name not in known] if isinstance(section, Config) else []
    found = []
    for name in names:
        nearest = get_close_matches(name, known, 1)
        key = "manager.unknown_setting_near" if nearest else "manager.unknown_setting"
        found.append(say(key, language, name=name, nearest="".join(nearest)))
    return tuple(found)


def read_files() -> tuple[Config, tuple[Path, ...]]:
    """Return the manager's section of all files together, and the files that have one."""
    from jupyter_core.paths import jupyter_config_path

    folders = reversed(jupyter_config_path())  # the first of them has the say
    kinds = ((".py", PyFileConfigLoader), (".json", JSONFileConfigLoader))
    config, files = Config(), []
    for name, folder, (ending, loader) in product(NAMES, folders, kinds):
        section = _section(loader, name + ending, folder)
        if section:
            config.merge({CSVAgentManager.__name__: section})
            files.append(Path(folder, name + ending))
    return config, tuple(files)


def _section(loader: type[FileConfigLoader], name: str, folder: str) -> Config | None:
    try:
        found = loader(name, path=folder).load_config()
        section = found.get(CSVAgentManager.__name__)
    except ConfigFileNotFound:
        return None
    except (Exception, SystemExit) as error:  # a file of a person's own: anything may come of it
        raise BadInput("manager.config_file", file=str(Path(folder, name)), error=_one_line(error)) from error
    return section if isinstance(section, Config) else None


def _one_line(error: BaseException) -> str:
    """Return what is wrong, with the line of the file where that is known."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    what = " ".join(what.split()).rstrip(".")[:300]
    if isinstance(error, (SyntaxError, json.JSONDecodeError, TraitError)) or not what:
        return what or type(error).__name__
    return f"{type(error).__name__}: {what}"


def _shell() -> Any:
    """Return the IPython shell that this process runs, if it does; IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
