"""The pandas code that reads a file, both run and written: what the kernel gets is what the shown code gives.

A `Recipe` is one call of ``pandas.read_csv`` and a few lines after it. `Recipe.frame` runs them, `Recipe.code` writes
them down; both come from the same values.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ToDatetime:
    """Read the text of some columns as dates in one stated format."""

    columns: tuple[str, ...]
    format: str
    utc: bool = False

    def apply(self, frame: Any) -> None:
        import pandas as pd

        for name in self.columns:
            frame[name] = pd.to_datetime(frame[name], **self._options())

    def line(self, cells: str) -> str:
        options = "".join(f", {key}={_written(value)}" for key, value in self._options().items())
        return f"{cells} = pd.to_datetime({cells}{options})"

    def _options(self) -> dict[str, Any]:
        return {"format": self.format} | ({"utc": True} if self.utc else {})


@dataclass(frozen=True, slots=True)
class ToNumber:
    """Read the text of some columns as numbers, after taking away signs and thousands marks.

    `removed` are characters or words to take away; `dtype` is set where pandas' own choice would lose digits.
    """

    columns: tuple[str, ...]
    removed: tuple[str, ...] = ()
    decimal: str = "."
    dtype: str = ""

    def apply(self, frame: Any) -> None:
        import pandas as pd

        for name in self.columns:
            text = frame[name]
            for mark in self.removed:
                text = text.str.replace(mark, "")
            if self.decimal != ".":
                text = text.str.replace(self.decimal, ".")
            numbers = pd.to_numeric(text.str.strip())
            frame[name] = numbers.astype(self.dtype) if self.dtype else numbers

    def line(self, cells: str) -> str:
        text = cells + "".join(f'.str.replace({quoted(mark)}, "")' for mark in self.removed)
        if self.decimal != ".":
            text += f'.str.replace({quoted(self.decimal)}, ".")'
        dtype = f".astype({quoted(self.dtype)})" if self.dtype else ""
        return f"{cells} = pd.to_numeric({text}.str.strip()){dtype}"


Step = ToDatetime | ToNumber


@dataclass(frozen=True, slots=True)
class Recipe:
    """A call of ``pandas.read_csv`` with `options`, and the `steps` that follow it; `member` is the file in a zip."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    member: str = ""

    def frame(self, data: bytes) -> Any:
        """Return the DataFrame that the code gives for a file whose unpacked bytes are `data`."""
        import pandas as pd

        frame = pd.read_csv(io.BytesIO(data), **self._unpacked())
        for step in self.steps:
            step.apply(frame)
        return frame

    def code(self, variable: str = "df") -> str:
        """Return the source text that assigns the table to `variable`; it needs ``import pandas as pd`` above it."""
        if self.member:
            opened = f"ZipFile({quoted(self.path)}) as archive, archive.open({quoted(self.member)}) as file"
            call = _call("file", self._unpacked()).replace("\n", "\n    ")
            lines = ["from zipfile import ZipFile", "", f"with {opened}:", f"    {variable} = {call}"]
        else:
            lines = [f"{variable} = {_call(quoted(self.path), self.options)}"]
        for step in self.steps:
            lines += _step_lines(step, variable)
        return "\n".join(lines)

    def _unpacked(self) -> dict[str, Any]:
        return {key: value for key, value in self.options.items() if key != "compression"}


def _step_lines(step: Step, variable: str) -> list[str]:
    if len(step.columns) <= 2:
        return [step.line(f"{variable}[{quoted(name)}]") for name in step.columns]
    return [f"for name in {_written(list(step.columns))}:", f"    {step.line(f'{variable}[name]')}"]


def _call(first: str, options: dict[str, Any]) -> str:
    parts = [first, *(f"{key}={_written(value)}" for key, value in options.items())]
    line = f"pd.read_csv({', '.join(parts)})"
    if len(line) <= 100:
        return line
    return "pd.read_csv(\n    " + ",\n    ".join(parts) + ",\n)"


def _written(value: Any) -> str:
    """Write a value as Python source, with double quotes as people write them."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, range):
        return f"range({value.stop})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        inner = ", ".join(_written(item) for item in value)
        return f"[{inner}]"
    return repr(value)


def quoted(text: str) -> str:
    """Write a text as Python source, in double quotes where that needs no escape."""
    written = repr(text)
    if written.startswith("'") and '"' not in written:
        return f'"{written[1:-1]}"'
    return written


# --- across a process boundary --------------------------------------------------------------------------------------

_NAMES: Final = """
    sep encoding encoding_errors skiprows skipfooter header names usecols index_col quoting quotechar escapechar
    doublequote comment skip_blank_lines compression low_memory engine decimal thousands dtype na_values
    keep_default_na na_filter skipinitialspace on_bad_lines true_values false_values dayfirst"""
OPTIONS: Final = frozenset(_NAMES.split())
"""The options of ``pandas.read_csv`` that a recipe may have: their names are written into code as they are."""
_TYPES: Final = {"Int64", "UInt64", "int64", "uint64", "float64", "boolean", "string", "object", ""}


def recipe_data(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON values, without the path."""
    steps = [
        {"date": [list(step.columns), step.format, step.utc]}
        if isinstance(step, ToDatetime)
        else {"number": [list(step.columns), list(step.removed), step.decimal, step.dtype]}
        for step in recipe.steps
    ]
    options = {name: _packed(value) for name, value in recipe.options.items()}
    return {"options": options, "steps": steps, "member": recipe.member}


def recipe_from(data: Mapping[str, Any], path: str) -> Recipe:
    """Return the recipe that was data, for the file at `path`.

    What it writes is source text, so anything but known options and plain values raises ValueError or TypeError.
    """
    if not data["options"].keys() <= OPTIONS:
        raise ValueError("no such option")
    options = {name: _unpacked(value) for name, value in data["options"].items()}
    return Recipe(path, options, tuple(_step_from(step) for step in data["steps"]), _text(data["member"]))


def _step_from(data: Mapping[str, Any]) -> Step:
    if "date" in data:
        columns, format_, utc = data["date"]
        return ToDatetime(tuple(map(_text, columns)), _text(format_), utc is True)
    columns, removed, decimal, dtype = data["number"]
    if dtype not in _TYPES:
        raise ValueError("no such type")
    return ToNumber(tuple(map(_text, columns)), tuple(map(_text, removed)), _text(decimal), dtype)


def _packed(value: Any) -> Any:
    if value is str:
        return {"type": "str"}
    if isinstance(value, range):
        return {"range": value.stop}
    if isinstance(value, dict):
        return {"dict": [[key, _packed(item)] for key, item in value.items()]}
    return [_packed(item) for item in value] if isinstance(value, list | tuple) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, told),) = value.items()
    if kind == "dict":
        return {_text(key): _unpacked(item) for key, item in told}
    if kind == "range":
        return range(int(told))
    if (kind, told) != ("type", "str"):
        raise ValueError("no such value")
    return str


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
