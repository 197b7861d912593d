"""``csvagent doctor``: what is installed, chosen and open here, as text or as one JSON object."""

from __future__ import annotations

import asyncio
from typing import Any

from ..translations import Language, say
from .columns import aligned
from .examination import examine
from .output import Output


def doctor(language: Language, output: Output) -> int:
    """Examine this environment and write what was found; 0 when questions can be answered, else 1."""
    found = asyncio.run(examine(language))
    if output.as_json:
        output.json(found)
    else:
        output.text(report(found, language))
    return 0 if found["healthy"] else 1


def report(found: dict[str, Any], language: Language) -> str:
    """Return what was found as lines, each with a mark where it can be good or bad."""
    python, model, store, kernel = found["python"], found["model"], found["store"], found["kernel"]

    def label(key: str, good: bool | None = None) -> str:
        mark = " " if good is None else "✓" if good else "✗"
        return f"{mark} {say(f'cli.doctor_{key}', language)}"

    rows = [
        [label("version"), f"csvagent-jupyter {found['version']}"],
        [label("python"), f"{python['version']} · {python['executable']}"],
        [label("platform"), f"{python['platform']} · {python['locale']} · {python['encoding']}"],
        [label("model", model["error"] is None), model["error"] or f"{model['name']}: {model['reason']}"],
        [label("store", store["error"] is None), store["error"] or _store_words(store, language)],
        [label("kernel", kernel["error"] is None), kernel["error"] or _kernel_words(kernel, language)],
    ]
    if kernel["not_forked"]:
        rows.append([label("not_forked", False), kernel["not_forked"]])
    if kernel["outer_layer"] != "off":
        rows.append([label("outer", kernel["outer_trouble"] is None), kernel["outer_trouble"] or "bubblewrap"])
    if kernel["error"] is None:
        rows.append([label("libraries"), ", ".join(kernel["libraries"])])
        rows.append([label("fonts"), say("cli.doctor_families", language, fonts=len(kernel["fonts"]))])
        rows += [[label("open") if number == 0 else "", gap] for number, gap in enumerate(kernel["isolation_gaps"])]
    present = [f"{name} {version}" for name, version in found["packages"].items() if version]
    missing = [name for name, version in found["packages"].items() if not version]
    rows.append([label("packages"), ", ".join(present)])
    if missing:
        rows.append([label("missing"), ", ".join(missing)])
    rows += [
        [label("settings", False) if number == 0 else "", unknown]
        for number, unknown in enumerate(found["unknown_settings"])
    ]
    rows += [
        [label("models") if number == 0 else "", f"{choice['name']}: {choice['about']}"]
        for number, choice in enumerate(found["models"])
    ]
    verdict = say("cli.doctor_healthy" if found["healthy"] else "cli.doctor_unhealthy", language)
    return f"{aligned(rows)}\n\n{verdict}"


def _store_words(store: dict[str, Any], language: Language) -> str:
    kept = f"Redis {store['redis']}" if store["redis"] else f"journal {store['journal']}"
    words = [store["folder"], kept]
    if store["filesystem"]:
        words.append(store["filesystem"])
    if store["network"]:
        words.append(say("cli.doctor_network", language))
    return " · ".join(words)


def _kernel_words(kernel: dict[str, Any], language: Language) -> str:
    level = say(f"view.{kernel['isolation']}", language)
    return say("cli.doctor_started", language, seconds=kernel["seconds"], level=level)
