"""Puts back what the reply is made with, when code has put something else in its place: `json.dumps`, `open`, `str`."""

from __future__ import annotations

import builtins
import io
import json.decoder
import json.encoder
import json.scanner
import linecache
import os
import signal
import time
import traceback
from typing import Final

_NEEDED: Final = (
    builtins,
    io,
    json,
    json.decoder,
    json.encoder,
    json.scanner,
    linecache,
    os,
    signal,
    time,
    traceback,
)


class Kept:
    """The functions and classes of these modules as they are now; leaving the context puts them back.

    What code adds to a module stays, and so do values: a time zone, the list of warnings.
    """

    def __init__(self) -> None:
        self._modules = [
            (vars(module), {name: value for name, value in vars(module).items() if callable(value)})
            for module in _NEEDED
        ]

    def __enter__(self) -> None:
        """There is nothing to do before the code."""

    def __exit__(self, *_: object) -> None:
        """Put all back; by nothing that is looked up among the built-in names, which may be gone."""
        for names, values in self._modules:
            names.update(values)
