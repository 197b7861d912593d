"""The code that reads a file, both run and written: what the kernel gets is what the shown code gives.

A `Recipe` is one call of ``pandas.read_csv`` and a few lines after it: `Recipe.frame` runs them, `Recipe.code` writes
them down, both from the same values. A `ReaderCall` stands where pandas has no way: ``read_table`` with all that was
found stated. Either is made of plain data, and data from elsewhere becomes one only by `recipe_from`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .recipe_check import OPTIONS, READER_OPTIONS, checked, is_text, only, plain, step_from
from .recipe_steps import STEPS, Step, ToBoolean, ToDatetime, ToNumber, quoted, written, written_types

__all__ = [
    "ReaderCall",
    "Recipe",
    "Step",
    "ToBoolean",
    "ToDatetime",
    "ToNumber",
    "quoted",
    "recipe_data",
    "recipe_from",
]


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
            call = _call("pd.read_csv", "file", self._unpacked()).replace("\n", "\n    ")
            lines = ["from zipfile import ZipFile", "", f"with {opened}:", f"    {variable} = {call}"]
        else:
            lines = [f"{variable} = {_call('pd.read_csv', quoted(self.path), self.options)}"]
        for step in self.steps:
            lines += _step_lines(step, variable)
        return "\n".join(lines)

    def _unpacked(self) -> dict[str, Any]:
        return {key: value for key, value in self.options.items() if key != "compression"}


@dataclass(frozen=True, slots=True)
class ReaderCall:
    """A call of ``read_table`` with everything stated that was found, for what pandas cannot read."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)

    def code(self, variable: str = "df") -> str:
        """Return the source text that assigns the table to `variable`."""
        call = _call("read_table", quoted(self.path), self.options)
        return f"from csvagent_jupyter import read_table\n\n{variable} = {call}.to_pandas()"


def _step_lines(step: Step, variable: str) -> list[str]:
    if len(step.columns) <= 2:
        return [step.line(f"{variable}[{quoted(name)}]") for name in step.columns]
    return [f"for name in {written(list(step.columns))}:", f"    {step.line(f'{variable}[name]')}"]


def _call(function: str, first: str, options: Mapping[str, Any]) -> str:
    parts = [
        first,
        *(f"{key}={written_types(value) if key == 'dtype' else written(value)}" for key, value in options.items()),
    ]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= 100:
        return line
    return f"{function}(\n    " + ",\n    ".join(parts) + ",\n)"


def recipe_data(recipe: Recipe | ReaderCall) -> dict[str, Any]:
    """Return the recipe as JSON values, without its path, which the receiver knows."""
    options = {key: plain(value) for key, value in recipe.options.items()}
    if isinstance(recipe, ReaderCall):
        return {"reader": True, "options": options}
    names = {kind: name for name, kind in STEPS.items()}
    steps = [{"step": names[type(step)], **plain(asdict(step))} for step in recipe.steps]
    return {"options": options, "steps": steps, "member": recipe.member}


def recipe_from(data: object, path: str) -> Recipe | ReaderCall:
    """Return the recipe for the file at `path` that `data` (JSON values) describes.

    What it writes is source text: raises ValueError for an option, a step or a value that no recipe of ours has.
    """
    if not isinstance(data, Mapping):
        raise ValueError("a recipe is an object")
    if data.get("reader") is True:
        return ReaderCall(path, checked(only(data, {"reader", "options"}).get("options"), READER_OPTIONS))
    known = only(data, {"options", "steps", "member"})
    options = checked(known.get("options"), OPTIONS)
    if "usecols" in options:
        options["usecols"] = range(options["usecols"])
    steps, member = known.get("steps", []), known.get("member", "")
    if not isinstance(steps, list) or not is_text(member):
        raise ValueError("steps is a list and member a text")
    return Recipe(path, options, tuple(step_from(step) for step in steps), str(member))
