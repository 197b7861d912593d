"""The file: pointed at, read, and profiled."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dataframe import dataframe_to_arrow, table_from_dataframe
    from .inside.profile.exact import profile_of
    from .reader import Table, read_table
    from .source import Found, resolve_sources

__all__ = [
    "Found",
    "Table",
    "dataframe_to_arrow",
    "profile_of",
    "read_table",
    "resolve_sources",
    "table_from_dataframe",
]

_HOMES = {
    "Found": "source",
    "Table": "reader",
    "dataframe_to_arrow": "dataframe",
    "profile_of": "inside.profile.exact",
    "read_table": "reader",
    "resolve_sources": "source",
    "table_from_dataframe": "dataframe",
}


def __getattr__(name: str) -> Any:
    """Import the rooms of this package when first asked for: pandas and Arrow are not cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
