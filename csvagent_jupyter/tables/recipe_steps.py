"""What the code does to columns after ``pandas.read_csv``, and how plain values are written as source text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToDatetime:
    """Read the text of some columns as dates in the stated formats, each cell in the first one that it has."""

    columns: tuple[str, ...]
    formats: tuple[str, ...]
    utc: bool = False
    strip: bool = False

    def apply(self, frame: Any) -> None:
        import pandas as pd

        for name in self.columns:
            text = frame[name].str.strip() if self.strip else frame[name]
            calls = iter(self._options())
            dates = pd.to_datetime(text, **next(calls))
            for options in calls:
                dates = dates.fillna(pd.to_datetime(text, **options))
            frame[name] = dates

    def line(self, cells: str) -> str:
        text = f"{cells}.str.strip()" if self.strip else cells
        first, *others = (
            f"pd.to_datetime({text}{''.join(f', {key}={written(value)}' for key, value in options.items())})"
            for options in self._options()
        )
        return f"{cells} = {first}" + "".join(f".fillna({other})" for other in others)

    def _options(self) -> list[dict[str, Any]]:
        more: dict[str, Any] = {"utc": True} if self.utc else {}
        if len(self.formats) > 1:
            more["errors"] = "coerce"
        return [{"format": form} | more for form in self.formats]


@dataclass(frozen=True, slots=True)
class ToNumber:
    """Read the text of some columns as numbers, after the pairs of `replaced` (what stands there, what instead).

    `after` says that a minus sign may stand after the number, `exact` asks for nullable whole numbers.
    """

    columns: tuple[str, ...]
    replaced: tuple[tuple[str, str], ...] = ()
    after: bool = False
    strip: bool = False
    exact: bool = False

    def apply(self, frame: Any) -> None:
        import pandas as pd

        for name in self.columns:
            text = frame[name]
            for old, new in self.replaced:
                text = text.str.replace(old, new)
            if self.strip:
                text = text.str.strip()
            if self.after:
                text = text.str.replace(_AFTER, _BEFORE, regex=True)
            if self.exact:
                frame[name] = pd.to_numeric(text, dtype_backend="numpy_nullable")
            else:
                frame[name] = pd.to_numeric(text)

    def line(self, cells: str) -> str:
        text = cells + "".join(f".str.replace({quoted(old)}, {quoted(new)})" for old, new in self.replaced)
        if self.strip:
            text += ".str.strip()"
        if self.after:
            text += f'.str.replace(r"{_AFTER}", r"{_BEFORE}", regex=True)'
        exact = ', dtype_backend="numpy_nullable"' if self.exact else ""
        return f"{cells} = pd.to_numeric({text}{exact})"


@dataclass(frozen=True, slots=True)
class ToBoolean:
    """Read the text of some columns as truth values: `true` and `false` are the words for them."""

    columns: tuple[str, ...]
    true: tuple[str, ...]
    false: tuple[str, ...]
    nullable: bool = False
    strip: bool = False

    def apply(self, frame: Any) -> None:
        for name in self.columns:
            text = frame[name].str.strip() if self.strip else frame[name]
            frame[name] = text.map(self._words()).astype(self._dtype())

    def line(self, cells: str) -> str:
        text = f"{cells}.str.strip()" if self.strip else cells
        return f"{cells} = {text}.map({written(self._words())}).astype({quoted(self._dtype())})"

    def _words(self) -> dict[str, bool]:
        return dict.fromkeys(self.true, True) | dict.fromkeys(self.false, False)

    def _dtype(self) -> str:
        return "boolean" if self.nullable else "bool"


Step = ToDatetime | ToNumber | ToBoolean
_AFTER, _BEFORE = r"^(.*)-$", r"-\1"
STEPS: dict[str, type[Step]] = {"to_datetime": ToDatetime, "to_number": ToNumber, "to_boolean": ToBoolean}


def written_types(value: Any) -> str:
    """Write types as people do: ``str`` without quotes, the others by their names."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(key)}: {written_types(each)}" for key, each in value.items()) + "}"
    return "str" if value in {"str", str} else written(value)


def written(value: Any) -> str:
    """Write a value as Python source, with double quotes as people write them."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, range):
        return f"range({value.stop})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        inner = ", ".join(written(item) for item in value)
        return f"[{inner}]"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    raise TypeError(f"{type(value).__name__} has no place in the code of a table")


def quoted(text: str) -> str:
    """Write a text as Python source, in double quotes where that needs no escape."""
    written = repr(str(text))
    if written.startswith("'") and '"' not in written:
        return f'"{written[1:-1]}"'
    return written
