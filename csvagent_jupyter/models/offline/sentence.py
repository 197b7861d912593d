"""A tagged question while it is read: which tags are accounted for, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...messages import Column
from .columns import ColumnIndex
from .tagging import Tag

SOFT = frozenset(
    {"stop", "show", "in", "and", "which", "than", "unit", "only", "weak", "compare_values", "people", "to"}
)
_SKIPPED = frozenset({"stop", "show", "in", "unit", "only", "than", "which"})


class NotUnderstoodError(Exception):
    """Some words of the question have no reading here; `reason` is the text that tells it."""

    def __init__(self, words: str, reason: str = "offline.words_unknown") -> None:
        super().__init__(words)
        self.words = words
        self.reason = reason


class UnclearError(Exception):
    """A part of the question reads in several ways: `readings` are the texts that could stand in its place."""

    def __init__(self, words: str, start: int, end: int, readings: tuple[str, ...]) -> None:
        super().__init__(words)
        self.words = words
        self.start = start
        self.end = end
        self.readings = readings


class Sentence:
    """The tags of a question and which of them the reading has used."""

    def __init__(self, tags: list[Tag], index: ColumnIndex) -> None:
        self.tags = tags
        self.index = index
        self.used: set[int] = set()

    @property
    def rows(self) -> int:
        return self.index.profile.rows

    def use(self, *places: int) -> None:
        self.used.update(places)

    def kind(self, at: int | None) -> str:
        """Return the kind of a tag, "" past the ends and for what is used already."""
        if at is None or not 0 <= at < len(self.tags) or at in self.used:
            return ""
        return self.tags[at].kind

    def unused(self, *kinds: str) -> list[int]:
        """Return the places of the tags of these kinds that nothing has used yet."""
        return [at for at, tag in enumerate(self.tags) if at not in self.used and tag.kind in kinds]

    def has(self, *kinds: str) -> bool:
        return any(tag.kind in kinds for tag in self.tags)

    def charted(self, chart: str) -> bool:
        """Tell whether this chart is asked for."""
        return any(tag.kind == "chart" and tag.value == chart for tag in self.tags)

    def after(self, at: int, *, skip: frozenset[str] = _SKIPPED) -> int | None:
        """Return the place of the next tag that says something, used or not."""
        return next((i for i in range(at + 1, len(self.tags)) if self.tags[i].kind not in skip), None)

    def before(self, at: int, *, skip: frozenset[str] = _SKIPPED) -> int | None:
        return next((i for i in range(at - 1, -1, -1) if self.tags[i].kind not in skip), None)

    def column(self, at: int, fits: Callable[[Column], bool] | None = None) -> Column | None:
        """Return the column a tag means among those that fit, None when none does; using it is up to the caller."""
        if not 0 <= at < len(self.tags) or self.tags[at].kind != "column":
            return None
        tag = self.tags[at]
        options = [self.index[name] for name in tag.options if fits is None or fits(self.index[name])]
        if not options:
            return None
        if len(options) > 1:
            raise UnclearError(tag.text, tag.start, tag.end, tuple(f'"{column.name}"' for column in options))
        return options[0]

    def columns(self) -> Iterator[int]:
        """Go over the columns that nothing has used yet."""
        yield from self.unused("column")

    def number(self, at: int | None) -> tuple[float | int, int] | None:
        """Read a number with its scale and unit at a place: 5, five, 2 million, 10 %; and the place where it ends."""
        if at is None or self.kind(at) != "number":
            return None
        tag = self.tags[at]
        value: float | int = tag.number if tag.number is not None else int(tag.value)
        end = at
        if self.kind(end + 1) == "scale":
            end += 1
            value *= int(self.tags[end].value)
        if self.kind(end + 1) == "share" and self.tags[end + 1].text == "%":
            end += 1
        if self.kind(end + 1) == "unit":
            end += 1
        return value, end

    def refuse_unknown(self) -> None:
        """Raise when some words of the question are not known at all."""
        words = [tag.text for at, tag in enumerate(self.tags) if tag.kind == "unknown" and at not in self.used]
        if words:
            raise NotUnderstoodError(", ".join(dict.fromkeys(words)))

    def refuse_rest(self) -> None:
        """Raise when a word that says something was not used by the reading."""
        rest = [tag.text for at, tag in enumerate(self.tags) if at not in self.used and tag.kind not in SOFT]
        last = next((at for at in range(len(self.tags) - 1, -1, -1) if self.tags[at].kind != "stop"), 0)
        if self.tags and self.tags[last].kind in ("and", "or") and self.tags[last].text.isalpha():
            rest += [tag.text for tag in self.tags[last:]]  # "Chair and Table", where no cell is called Table
        if rest:
            raise NotUnderstoodError(", ".join(dict.fromkeys(rest)), "offline.words_unused")
