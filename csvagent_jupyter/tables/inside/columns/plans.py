"""What was decided about a column, and what a person should know of it: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ....messages import Kind
from .moments import Unit
from .quantities import NumberStyle

Why = Literal["", "leading_zeros", "long_digits", "phone", "versions"]


@dataclass(frozen=True, slots=True)
class Misfits:
    """The few cells of a column that keep it from being what the others are.

    `kind` is what the others are, `percent` how many of them, `examples` the first (row from 1, cell).
    """

    kind: Kind
    count: int
    percent: float
    examples: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How one column is read.

    `style` is how its numbers are written, `formats` how its dates, `truth` its words for true and for false. `missing`
    are the words met in it that mean missing, `missing_also` the words a person stated besides the usual ones,
    `wordlike` that NA and None are missing in a column of text, `verbatim` that no usual word is missing in it.
    `kept_words` are words met in a column of text that pandas would read as missing, `met_extra` those that are missing
    among numbers and dates. `why_text` is the reason for keeping digits as text.

    `either` is a cell that can be read in two ways, `because` the cell or the column that decided it; a plan with
    `either` and without `because` is `ambiguous`. `stated` means that a person said the type: cells that do not fit it
    are counted and missing. `explicit` asks for code that leaves nothing to pandas' own guesses.
    `overruled` means that no cell could be read in the order of day and month that a person stated.
    `exemplars` are cells that the plan was made on, `widened` is how often it was made anew for cells that did not fit.
    """

    name: str
    kind: Kind
    style: NumberStyle = field(default_factory=NumberStyle)
    formats: tuple[str, ...] = ()
    unit: Unit = "us"
    utc: bool = False
    truth: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    nullable_integer: bool = False
    rounded: bool = False
    missing: frozenset[str] = frozenset()
    missing_also: tuple[str, ...] = ()
    wordlike: bool = False
    verbatim: bool = False
    kept_words: frozenset[str] = frozenset()
    met_extra: frozenset[str] = frozenset()
    missing_count: int = 0
    sentinel: tuple[str, int] = ("", 0)
    why_text: Why = ""
    either: str = ""
    because: str = ""
    because_column: str = ""
    misfits: Misfits | None = None
    looks_typed: bool = False
    padded: bool = False
    explicit: bool = False
    stated: bool = False
    overruled: bool = False
    unfit: int = 0
    exemplars: tuple[str, ...] = ()
    widened: int = 0

    @property
    def ambiguous(self) -> bool:
        """Tell whether nothing decided between two readings of the column."""
        return bool(self.either) and not self.because and not self.because_column

    @property
    def textual(self) -> bool:
        """Tell whether the cells stay the text they are."""
        return self.kind in {"text", "time", "category", "mixed"}

    @property
    def needs_reader(self) -> bool:
        """Tell whether pandas alone has no way to read the column so."""
        return (
            any("%N" in form or "%a" in form for form in self.formats)
            or len(self.formats) > 2
            or (self.stated and self.unfit > 0)
        )
