"""A real notebook kernel for tests, seen as a front end sees it: outputs, replies, interrupts."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from jupyter_client.manager import KernelManager

TIMEOUT = 60.0


@dataclass
class Ran:
    """What came of one cell: its outputs as a notebook would save them, its reply, and all messages as they came."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The plain text of all outputs."""
        texts = [one.get("text") or one.get("data", {}).get("text/plain") or "" for one in self.outputs]
        return "\n".join(texts)

    @property
    def kinds(self) -> list[list[str]]:
        return [sorted(one.get("data", {})) or [one["output_type"]] for one in self.outputs]


class LiveKernel:
    """An ipykernel in `folder`, with `environ` added to its environment."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.environ = folder, dict(environ)
        self.manager = KernelManager(kernel_name="python3")
        self._displays: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JPY_", "CSVAGENT_"))}
        self.manager.start_kernel(cwd=str(self.folder), env=kept | self.environ)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)
        self.manager.cleanup_resources()

    def start(self, code: str) -> str:
        """Send a cell and return the id of its request."""
        sent: str = self.client.execute(code, store_history=True, stop_on_error=True)
        return sent

    def run(self, code: str) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.start(code))

    def finish(self, request: str) -> Ran:
        """Wait for the end of a cell."""
        ran = Ran()
        self._read(ran, request, lambda message: message["content"].get("execution_state") == "idle")
        while not ran.reply:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == request:
                ran.reply = reply["content"]
        return ran

    def wait_for(self, request: str, text: str) -> Ran:
        """Read a cell's messages until one of them contains `text`."""
        ran = Ran()
        self._read(ran, request, lambda message: text in str(message["content"]))
        return ran

    def _read(self, ran: Ran, request: str, until: Any) -> None:
        deadline = time.monotonic() + TIMEOUT
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            self._update(message)
            if message["parent_header"].get("msg_id") != request:
                continue
            ran.messages.append(message)
            self._add(ran, message)
            if message["msg_type"] != "execute_input" and until(message):
                return

    def _update(self, message: dict[str, Any]) -> None:
        if message["msg_type"] == "update_display_data":
            display = self._displays[message["content"]["transient"]["display_id"]]
            display["data"] = message["content"]["data"]

    def _add(self, ran: Ran, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        output = {"output_type": kind, **content}
        ran.outputs.append(output)
        display_id = content.get("transient", {}).get("display_id")
        if display_id:
            self._displays[display_id] = output
