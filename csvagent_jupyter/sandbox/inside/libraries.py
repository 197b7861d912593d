"""Which of the libraries that generated code may want are there, with their versions."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

KNOWN = {
    "pandas": "pandas",
    "numpy": "numpy",
    "matplotlib": "matplotlib",
    "pyarrow": "pyarrow",
    "scipy": "scipy",
    "scikit-learn": "sklearn",
    "statsmodels": "statsmodels",
    "seaborn": "seaborn",
    "polars": "polars",
    "duckdb": "duckdb",
}


@cache
def installed() -> tuple[str, ...]:
    """Return "name version" for each known library that this interpreter finds."""
    found = []
    for name, module in KNOWN.items():
        if find_spec(module) is None:
            continue
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(name)
    return tuple(found)
