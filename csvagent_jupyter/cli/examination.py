"""Tries the parts that answer a question, one by one, and takes down what it finds: nothing here is assumed."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from ..configuration import configured_manager, unknown_settings
from ..confinement.outer import chosen, trouble
from ..exceptions import CSVAgentError
from ..sandbox import SandboxKernel
from ..sandbox.forking import why_not
from ..sessions.filesystem import filesystem_of, is_network_folder
from ..sessions.redis import RedisStore
from ..sessions.sqlite import SQLiteStore
from ..translations import Language, say

if TYPE_CHECKING:
    from ..manager import CSVAgentManager

PACKAGES: Final = (
    *("ipykernel", "ipython", "ipywidgets", "jupyter_client", "jupyterlab", "notebook"),
    *("matplotlib", "numpy", "pandas", "pyarrow"),
)
TRIAL: Final = """
from matplotlib import font_manager
families = sorted({font.name for font in font_manager.fontManager.ttflist})
[1 + 1, *families]
"""


async def examine(language: Language) -> dict[str, Any]:
    """Return what ``doctor --json`` prints; `healthy` says whether a question can be answered here."""
    manager = configured_manager(spare_kernel=False)
    found: dict[str, Any] = {"healthy": False, "version": version("csvagent-jupyter"), "python": _python()}
    try:
        found["store"] = await _store(manager, language)
        found["model"], found["models"] = await _models(manager, language, opened=found["store"]["error"] is None)
    finally:
        await manager.stop()
    found["kernel"] = await _kernel(manager.kernel_outer_layer, language)
    found["unknown_settings"] = list(unknown_settings(manager, language))
    found["packages"] = {name: _version(name) for name in PACKAGES}
    found["healthy"] = all(found[part]["error"] is None for part in ("store", "model", "kernel"))
    return found


def _python() -> dict[str, Any]:
    return {
        "version": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "locale": locale.setlocale(locale.LC_CTYPE),
        "encoding": sys.getfilesystemencoding(),
    }


async def _store(manager: CSVAgentManager, language: Language) -> dict[str, Any]:
    error = None
    try:
        await manager.start()
    except CSVAgentError as problem:
        error = problem.say(language)
    folder = manager.folder
    store = getattr(manager, "store", None)
    return {
        "folder": str(folder),
        "journal": store.journal if isinstance(store, SQLiteStore) else "",
        "redis": store.address.where if isinstance(store, RedisStore) else "",
        "filesystem": filesystem_of(folder),
        "network": is_network_folder(folder),
        "error": error,
    }


async def _models(
    manager: CSVAgentManager, language: Language, *, opened: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    choices = [
        {"name": choice.name, "ready": choice.ready, "about": choice.say(language)} for choice in await manager.models()
    ]
    model: dict[str, Any] = {"name": None, "reason": None, "local": None, "error": None}
    if not opened:
        model["error"] = say("cli.doctor_after_store", language)
    else:
        try:
            chosen = await manager.current_model()
        except CSVAgentError as problem:
            model["error"] = problem.say(language)
        else:
            reason = _reason(manager, chosen.found, chosen.name)
            model |= {"name": chosen.name, "local": chosen.local, "reason": say(f"cli.model_{reason}", language)}
    return model, choices


def _reason(manager: CSVAgentManager, found: bool, name: str) -> str:
    """Say why it is this model, as the end of a key."""
    if manager.model:
        return "setting"
    if os.environ.get("CSVAGENT_MODEL", "").strip():
        return "variable"
    if found:
        return "key"
    return "ollama" if name.startswith("ollama:") else "nothing"


async def _kernel(layer: str | None, language: Language) -> dict[str, Any]:
    """Start a kernel, have it add two numbers, and end it again."""
    kernel = SandboxKernel(outer_layer=layer)
    not_forked = _slow_because(await why_not(layer), language)
    begin = time.perf_counter()
    found: dict[str, Any] = {
        "not_forked": not_forked,
        "outer_layer": "off",
        "outer_trouble": None,
        "seconds": None,
        "isolation": None,
        "isolation_gaps": [],
        "libraries": [],
        "fonts": [],
    }
    try:
        found["outer_layer"] = layer or chosen()
        if found["outer_layer"] != "off" and (missing := trouble()) is not None:
            found["outer_trouble"] = missing.say(language)
        await kernel.start()
        found["seconds"] = round(time.perf_counter() - begin, 3)
        done = await kernel.execute(TRIAL, timeout=60)
        found |= {"isolation": kernel.isolation, "isolation_gaps": list(kernel.say_gaps(language))}
        found |= {"libraries": list(kernel.libraries), "error": _trouble(done.value, done.error, language)}
        if found["error"] is None:
            found["fonts"] = done.value[1:]
    except CSVAgentError as problem:
        found["error"] = problem.say(language)
    finally:
        await kernel.stop()
    return found


def _slow_because(reason: str, language: Language) -> str:
    """Say why kernels are not forked, and what to do where something can be done; empty when they are."""
    if not reason or sys.platform != "linux":
        return reason
    folder = tempfile.gettempdir()
    return say(
        "cli.doctor_slow", language, reason=reason.rstrip("."), folder=folder, room=shutil.disk_usage(folder).free
    )


def _trouble(value: Any, error: Any, language: Language) -> str | None:
    """Say what is wrong with what came back; a kernel's word is not trusted, so its shape is looked at, too."""
    if error is not None:
        return say("cli.doctor_failed", language, error=f"{error.ename}: {error.evalue}"[:300])
    if not isinstance(value, list) or value[:1] != [2] or not all(isinstance(font, str) for font in value[1:]):
        return say("cli.doctor_failed", language, error=repr(value)[:300])
    return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
