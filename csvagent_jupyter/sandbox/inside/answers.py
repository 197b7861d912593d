"""The kernel class: requests marked as ours go to the `Runner`, everything else is an ordinary notebook cell."""

from __future__ import annotations

import json
from typing import Any

from ipykernel.ipkernel import IPythonKernel

from .runner import Runner

REQUEST = "csvagent"


class AnswerKernel(IPythonKernel):
    """An IPython kernel whose execute requests may carry one of our own orders in their metadata."""

    runner: Runner

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
