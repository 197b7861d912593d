"""The names in the kernel as they were before an execution, so that code that failed leaves no trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MAX_ARRAY = 16 * 2**20
MAX_ITEMS = 10_000


class Snapshot:
    """A shallow copy of a namespace.

    DataFrames and Series are copied lazily (pandas copies a column only when one side writes to it); lists, dicts and
    sets one level deep; small arrays. An object that two names share is still shared after `restore`.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._copies: dict[int, Any] = {}
        self._originals = dict(namespace)
        self._values = {name: self._copy(value) for name, value in namespace.items() if not name.startswith("_")}

    def restore(self) -> None:
        """Put all names back as they were."""
        self._namespace.clear()
        self._namespace.update(self._originals)
        self._namespace.update(self._values)

    def _copy(self, value: Any, depth: int = 2) -> Any:
        if id(value) not in self._copies:
            self._copies[id(value)] = self._copied(value, depth)
        return self._copies[id(value)]

    def _copied(self, value: Any, depth: int) -> Any:
        if isinstance(value, pd.DataFrame | pd.Series):
            return value.copy(deep=False)
        if isinstance(value, np.ndarray):
            return value.copy() if value.nbytes <= MAX_ARRAY else value
        kind = type(value)
        if depth == 0 or kind not in (dict, list, set) or len(value) > MAX_ITEMS:
            return value
        if kind is dict:
            return {key: self._copy(item, depth - 1) for key, item in value.items()}
        if kind is list:
            return [self._copy(item, depth - 1) for item in value]
        return set(value)
