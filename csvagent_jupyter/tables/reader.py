"""Reads a file into a `Table`: opened, decoded, its dialect found, its cells understood, and all of it told."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..exceptions import Unreadable
from ..messages import Dialect, Kind, Note, Profile
from ..translations import Language, say
from .frame import kept_notes, to_arrow, to_frame, write_arrow
from .inside import contents as files
from .inside.conversion import Shape, corrected, recipe_for, settle_words, structure
from .inside.dialect import Layout, detect, rows_of, scan
from .inside.encoding import decode
from .inside.values import ColumnPlan, plan_columns
from .names import column_names, shown, table_name
from .options import dialect_of
from .recipe import Recipe, quoted
from .remarks import about_structure, about_values

_MARKUP = re.compile(r"<(?:(!doctype html|html|head)|\?xml|[a-z]+:)", re.IGNORECASE)
_JSON = re.compile(r"(\{\s*[\"}]|\[\s*[\[{\"\]\d]).*[}\]]\s*", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Table:
    """A file as it was read.

    `name` is its key in the kernel's ``tables``, `arrow` its cells, `read_code` the pandas source that assigns the same
    DataFrame to ``df`` in a bare interpreter. `source_path` is the file or the variable it came from. A table that was
    not read from text has no `dialect` and no `recipe`: its code reads the Arrow file `feather`.
    """

    name: str
    arrow: pa.Table
    source_path: str
    dialect: Dialect | None = None
    notes: tuple[Note, ...] = ()
    recipe: Recipe | None = None
    feather: str = ""

    def to_pandas(self) -> Any:
        """Return the DataFrame that the dedicated kernel has, too."""
        return to_frame(self.arrow)

    def profile(self, language: Language = "en") -> Profile:
        """Return what a model or a person needs to know of the table."""
        from .inside.profile import profile_of

        return profile_of(self, language)

    def find_values(self, term: str) -> list[tuple[str, str, str]]:
        """Return the (table, column, cell) triples whose cell holds `term`, whatever its case: exact ones first."""
        from .inside.profile import find_values

        return find_values(self, term)

    def write_arrow(self, path: Path) -> None:
        """Write the table as an Arrow IPC file."""
        write_arrow(self.arrow, path)

    @property
    def read_code(self) -> str:
        """Return the pandas source that reads this table into ``df``."""
        return self.code_for("df")

    def _how_to_save(self) -> str:
        """Return the comment that says where the file of a notebook's variable comes from."""
        return f"# {shown(self.source_path)} was a DataFrame: its to_feather({quoted(self.feather)}) writes this file"

    def code_for(self, variable: str) -> str:
        """Return the pandas source that reads this table into `variable`."""
        if self.recipe is None:
            line = f"{variable} = pd.read_feather({quoted(self.feather)})"
            return line if self.feather == self.source_path else f"{self._how_to_save()}\n{line}"
        return self.recipe.code(variable)


def read_table(
    path: str | Path,
    *,
    name: str = "",
    taken: Collection[str] = (),
    language: Language = "en",
    **overrides: Any,
) -> Table:
    """Read a file as a table; how it is written is found, except for what `overrides` state.

    They are the options of `tables.options`, such as ``delimiter=";"`` or ``types={"code": "text"}``. The table is
    called `name` (what the person calls a file that is kept elsewhere), or after the file, and never like one of
    `taken`. Raises Unreadable, whose text says what to do.
    """
    given, fixed = dialect_of(overrides)
    try:
        place = Path(path).expanduser()
    except RuntimeError:
        raise Unreadable("tables.no_such_file", name=shown(str(path))) from None
    label = table_name(name or place.name, taken)
    try:
        if files.is_arrow(place):
            return _read_arrow(place, label, name, language)
        work = _Reading(str(path), place, name or place.name, given, fixed, language)
        frame, plans = work.as_text() if given.as_text else work.as_values(fixed, given.dayfirst)
    except Unreadable as refusal:
        if name and refusal.values.get("name") == shown(place.name):
            named = refusal.values | {"name": shown(name)}
            raise Unreadable(refusal.key, suggestions=refusal.suggestions, **named) from None
        raise
    kinds: dict[str, Kind] = {plan.name: plan.kind for plan in plans}
    return Table(label, to_arrow(frame, kinds), str(path), work.dialect, tuple(work.notes(plans)), work.recipe)


class _Reading:
    """The reading of one file, step by step."""

    def __init__(
        self, given_path: str, path: Path, name: str, given: Dialect, fixed: frozenset[str], language: Language
    ) -> None:
        self.given_path = given_path
        self.path = path
        self.language = language
        self.contents = files.read_contents(path)
        self.decoded = decode(self.contents.data, shown(path.name), given.encoding if "encoding" in fixed else "")
        self.text = self.decoded.text.removeprefix("\ufeff")
        _refuse_other_text(self.text, shown(path.name))
        found = detect(self.text, suffix=_suffix(self.contents.member or name), given=given, fixed=fixed)
        self.dialect = replace(
            found, encoding=self.decoded.encoding, compression=self.contents.compression, stated=given.stated
        )
        self.unquoted = False
        self.rows_read = -1
        self.recipe = Recipe(given_path)
        self._look()

    def _look(self) -> None:
        try:
            header, self.layout = scan(self.text, self.dialect)
        except csv.Error as error:
            raise Unreadable("tables.not_a_table", name=shown(self.path.name), reason=str(error)) from None
        if not header:
            raise Unreadable("tables.nothing_below", name=shown(self.path.name), rows=self.dialect.skipped_rows)
        self.shape, self.renamed = _shape(header, self.layout, self.dialect)

    def _structure(self) -> dict[str, Any]:
        return structure(
            self.dialect,
            self.shape,
            self.layout,
            size=len(self.contents.data),
            replaced=bool(self.decoded.replaced),
            suffix=self.path.suffix.lower(),
        )

    def as_text(self) -> tuple[Any, list[ColumnPlan]]:
        """Return the frame with every cell as the text it was; quotes that do not match up become plain characters."""
        reason = ""
        for _ in range(3):
            options = self._structure() | {"dtype": str, "keep_default_na": False}
            self.recipe = Recipe(self.given_path, options, member=self._member())
            try:
                frame = self.recipe.frame(self.contents.data)
            except ValueError as error:
                reason = " ".join(str(error).split())
                if self.unquoted:
                    break
                self.dialect = replace(self.dialect, quotechar="")
                self.unquoted = True
                self._look()
                continue
            self.rows_read = len(frame)
            if list(frame.columns) == list(self.shape.names):
                return frame, [ColumnPlan(name, "text") for name in self.shape.names]
            self.shape = replace(self.shape, plain=False)
        raise Unreadable("tables.not_a_table", name=shown(self.path.name), reason=reason)

    def as_values(self, fixed: frozenset[str], dayfirst: bool | None) -> tuple[Any, list[ColumnPlan]]:
        """Return the frame with numbers, dates and truth values read as such."""
        texts, _ = self.as_text()
        arrow = pa.Table.from_pandas(texts, preserve_index=False)
        plans = settle_words(
            plan_columns(
                {name: arrow.column(name) for name in self.shape.names},
                delimiter=self.dialect.delimiter,
                decimal=self.dialect.decimal if "decimal" in fixed else "",
                thousands=self.dialect.thousands if "thousands" in fixed else "",
                dayfirst=dayfirst,
            )
        )
        frame = self._read(plans)
        checked = corrected(plans, frame)
        if checked != plans:
            plans = checked
            frame = self._read(plans)
        options = self.recipe.options
        self.dialect = replace(
            self.dialect, decimal=options.get("decimal", "."), thousands=options.get("thousands", "")
        )
        return frame, plans

    def _read(self, plans: list[ColumnPlan]) -> Any:
        self.recipe = recipe_for(self.given_path, self._structure(), plans, self._member())
        return self.recipe.frame(self.contents.data)

    def _member(self) -> str:
        return "" if self.contents.alone else self.contents.member

    def notes(self, plans: Iterable[ColumnPlan]) -> list[Note]:
        skipped = self.dialect.skipped_rows
        above = next((" ".join(row.cells) for row in rows_of(self.text, self.dialect)), "") if skipped else ""
        notes = about_structure(
            self.contents, self.decoded, self.dialect, self.layout, self.shape, self.renamed, above, self.language
        )
        if self.rows_read not in {-1, self.layout.rows}:
            text = say("tables.note_rows_differ", self.language, rows=self.rows_read, lines=self.layout.rows)
            notes.append(Note("warning", text))
        if self.unquoted:
            notes.append(Note("warning", say("tables.note_quotes", self.language)))
        return notes + about_values(list(plans), self.language)


def _shape(header: list[tuple[str, ...]], layout: Layout, dialect: Dialect) -> tuple[Shape, dict[str, str]]:
    extra = max(0, layout.widest_filled - layout.width)
    if not dialect.header_rows:
        names = tuple(f"column_{n}" for n in range(1, layout.width + extra + 1))
        return Shape(names, plain=False, extra=extra), {}
    stood = list(header[0]) if len(header) == 1 else _joined(header, layout.width)
    found, renamed = column_names(stood)
    found, _ = column_names([*found, *(f"column_{layout.width + n}" for n in range(1, extra + 1))])
    plain = not extra and len(header) == 1 and found == list(stood)
    return Shape(tuple(found), plain, extra), renamed


def _joined(header: list[tuple[str, ...]], width: int) -> list[str]:
    """Return one name per column from several header rows; a group reaches over the gaps to its right."""
    padded = [[*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in header]
    for row in padded[:-1]:
        for position in range(1, width):
            if not row[position] and padded[-1][position]:
                row[position] = row[position - 1]
    columns = zip(*padded, strict=True)
    return [" ".join(dict.fromkeys(part for part in parts if part)) for parts in columns]


def _suffix(name: str) -> str:
    suffixes = [part.lower() for part in Path(name).suffixes if part.lower() not in {".gz", ".bz2", ".xz", ".zst"}]
    return suffixes[-1] if suffixes else ""


def _refuse_other_text(text: str, name: str) -> None:
    start = text[:200].lstrip()
    if not start:
        raise Unreadable("tables.empty_file", name=name)
    if found := _MARKUP.match(start):
        raise Unreadable("tables.web_page" if found[1] else "tables.xml", name=name)
    if start[0] in "{[" and _JSON.fullmatch(text[:100].lstrip() + text[-100:]):
        raise Unreadable("tables.json", name=name)


def _read_arrow(path: Path, label: str, name: str, language: Language) -> Table:
    """Read an Arrow file: a variable kept as an artifact when it has a `name`, else a file of the person's."""
    try:
        with pa.OSFile(str(path), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
    except (pa.ArrowException, OSError):
        raise Unreadable("tables.damaged_arrow", name=shown(path.name)) from None
    notes = kept_notes(table, language)
    if not table.num_rows:
        notes += (Note("warning", say("tables.note_no_rows", language)),)
    own = not name or path.suffix.lower() in {".arrow", ".feather"}
    origin, feather = (str(path), str(path)) if own else (name, f"{label}.arrow")
    return Table(label, table, origin, notes=notes, feather=feather)
