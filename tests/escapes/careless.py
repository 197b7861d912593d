"""A reader that trusts its kernel, for control runs: what the attempts would do to software that has no care.

It takes every message whole, follows every link and path it is told, unpickles, and puts HTML on the page as it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np
from jupyter_client.blocking.client import BlockingKernelClient


@dataclass
class Taken:
    """What came: all text, and what would stand on a page."""

    text: str = ""
    page: str = ""
    parts: list[bytes] = field(default_factory=list)


async def run_carelessly(connection: Path, code: str, plain: bool, seconds: float) -> Taken | None:
    """Run code as an ordinary client does and take all that it leaves; None when it hangs or breaks.

    `plain` code is an ordinary cell, the other is given in an order of ours.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Taken | None] = loop.create_future()

    def end(taken: Taken | None) -> None:
        if not ended.done():
            ended.set_result(taken)

    def work() -> None:
        taken = None
        with contextlib.suppress(Exception):  # software without care ends here as well
            taken = _run(connection, code, plain)
        with contextlib.suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(end, taken)

    threading.Thread(target=work, daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await ended
    except TimeoutError:
        return None
    finally:
        _open_all_fifos(connection.parent)


def _run(connection: Path, code: str, plain: bool) -> Taken:
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels(stdin=False, hb=False)
    taken = Taken()
    try:
        client.wait_for_ready(timeout=30)
        order = {} if plain else {"csvagent": {"do": "execute", "number": 1, "keep": False}}
        content = {"code": code, "silent": not plain, "store_history": False, "allow_stdin": plain}
        message = client.session.msg("execute_request", content, metadata=order)
        client.shell_channel.send(message)
        reply = None
        while reply is None or reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            reply = client.get_shell_msg(timeout=600)
        _take_messages(client, message["header"]["msg_id"], taken)
        _take_files(connection.parent, reply["content"].get("csvagent") or "{}", taken)
    finally:
        client.stop_channels()
    taken.text += b"\n".join(taken.parts).decode("utf-8", "replace")
    return taken


def _take_messages(client: BlockingKernelClient, request: str, taken: Taken) -> None:
    """Take all that was published until the kernel says that it is done with the request."""
    texts: list[str] = []
    with contextlib.suppress(Empty):
        while True:
            message = client.get_iopub_msg(timeout=1.0)
            content, asked = message["content"], message["parent_header"].get("msg_id")
            if asked == request and content.get("execution_state") == "idle":
                break
            texts.append(str(content.get("text", "")) + json.dumps(content.get("data", ""), default=str))
            data = content.get("data")
            if isinstance(data, dict):
                taken.page += "".join(str(one) for kind, one in data.items() if kind in ("text/html", "text/markdown"))
                if "application/javascript" in data:
                    taken.page += f"<script>{data['application/javascript']}</script>"
    taken.text += "".join(texts)


def _take_files(folder: Path, reply: str, taken: Taken) -> None:
    told = json.loads(reply)
    taken.text += reply
    for name in _texts(told):
        path = folder / "out" / name
        if "\0" not in name and len(name) < 1000 and path.is_file():
            taken.parts.append(path.read_bytes())
            _trust(path, taken)
    for place in (folder / "work", folder / "out"):
        for found, _, names in os.walk(place, followlinks=True):
            for name in names:
                taken.parts.append((Path(found) / name).read_bytes())
                _trust(Path(found) / name, taken)


def _trust(path: Path, taken: Taken) -> None:
    """Use a file as its name suggests."""
    taken.page += path.read_text("utf-8", "replace") if path.suffix == ".svg" else ""
    with contextlib.suppress(Exception):
        if path.suffix == ".pkl":
            with path.open("rb") as file:
                pickle.load(file)
        if path.suffix == ".npy":
            np.load(path, allow_pickle=True)
        if path.suffix == ".arrow":
            import pyarrow.feather

            taken.parts.append(bytes(pyarrow.feather.read_table(path, memory_map=False).nbytes))


def _texts(told: Any) -> list[str]:
    if isinstance(told, str):
        return [told]
    if isinstance(told, dict):
        told = list(told.values())
    return [text for one in told for text in _texts(one)] if isinstance(told, list) else []


def _open_all_fifos(folder: Path) -> None:
    """Let a reader go that waits at a pipe which nobody writes."""
    end = time.monotonic() + 1
    while time.monotonic() < end and (found := [path for path in folder.rglob("*") if path.is_fifo()]):
        for path in found:
            with contextlib.suppress(OSError):
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            path.unlink(missing_ok=True)
