"""The kernel class: requests marked as ours go to the `Runner`, everything else is an ordinary notebook cell."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

import ipykernel.ipkernel
from ipykernel.ipkernel import IPythonKernel

from .runner import Runner

REQUEST = "csvagent"
NO_REPLY = 70
_leave = os._exit


@contextlib.contextmanager
def _no_modules() -> Iterator[None]:
    """Let ipykernel see no modules while it lists them for a debugger: touching each would copy it into a fork."""
    theirs = vars(ipykernel.ipkernel)
    theirs["sys"] = types.SimpleNamespace(modules={})
    try:
        yield
    finally:
        theirs["sys"] = sys


class AnswerKernel(IPythonKernel):
    """An IPython kernel whose execute requests may carry one of our own orders in their metadata."""

    runner: Runner

    def __init__(self, **kwargs: Any) -> None:
        with _no_modules():
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        if shell.kernel is not self:
            self._adopt(shell)

    def _adopt(self, shell: Any) -> None:
        """Take over a shell that was there before us, made by a fork server for all its kernels."""
        shell.parent = shell.kernel = self
        shell.profile_dir = self.profile_dir
        shell.init_environment()

    async def execute_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Answer a request; where code broke what an answer to an order takes, end: the asker hears of that at once."""
        try:
            await super().execute_request(stream, ident, parent)  # type: ignore[no-untyped-call]
        except Exception:
            if REQUEST in parent["metadata"]:
                _leave(NO_REPLY)
            raise

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: Any = None,
        allow_stdin: bool = False,
        *,
        cell_meta: Any = None,
        cell_id: Any = None,
    ) -> dict[str, Any]:
        """Run a cell; the reply to an order carries what came of it as JSON text."""
        order = cell_meta.get(REQUEST) if isinstance(cell_meta, dict) else None
        if not isinstance(order, dict):
            reply: dict[str, Any] = await super().do_execute(  # type: ignore[no-untyped-call]
                code, silent, store_history, user_expressions, allow_stdin, cell_meta=cell_meta, cell_id=cell_id
            )
            return reply
        result = self.runner.obey(order, code)
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
            REQUEST: json.dumps(result, allow_nan=False),
        }

    async def poll_stopped_queue(self) -> None:
        """There is no debugger whose stops could be waited for."""
