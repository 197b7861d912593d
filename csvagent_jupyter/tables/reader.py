"""Reads a file into a `Table`: in a process of its own, which alone looks at what is in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exceptions import Unreadable
from ..messages import Dialect, Note, Profile
from ..translations import Language
from .cells import LOOKED_AT, Cells
from .copies import Copies
from .names import shown, table_name
from .opening import opened
from .options import checked
from .order import Bounds, Order, Reply, Said
from .process import Progress, in_thread, usual
from .recipe import ReaderCall, Recipe, quoted

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Table:
    """A file as it was read.

    `name` is its key in the kernel's ``tables``, `cells` what is in it, `source_path` the file or the variable that it
    came from. `reply` is what was found in a file; a table that was not read from text has no `dialect` and no
    `recipe`: its code reads the Arrow file `feather`. `said` are notes, and `notes` tells them in the table's language.
    """

    name: str
    cells: Cells
    source_path: str
    reply: Reply | None = None
    said: tuple[Said, ...] = ()
    feather: str = ""
    language: Language = "en"

    @property
    def arrow(self) -> pa.Table:
        """The cells as an Arrow table; raises Unreadable when they are not what they should be."""
        try:
            return self.cells.arrow
        except ValueError:
            raise Unreadable("tables.reading_garbled", name=shown(self.source_path)) from None

    @property
    def dialect(self) -> Dialect | None:
        """How the file is written."""
        return self.reply.dialect if self.reply is not None else None

    @property
    def recipe(self) -> Recipe | ReaderCall | None:
        """The code that gives the same table."""
        return self.reply.code(self.source_path) if self.reply is not None else None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a person should know of how the file was read."""
        return self._notes(self.language)

    def to_pandas(self) -> Any:
        """Return the DataFrame that the dedicated kernel has, too."""
        from .frame import to_frame

        return to_frame(self.arrow)

    def profile(self, language: Language | None = None) -> Profile:
        """Return what a model or a person needs to know of the table."""
        if self.reply is None:
            from .inside.profile.exact import profile_of

            return profile_of(self)
        return Profile(
            path=self.source_path,
            name=self.name,
            rows=self.reply.rows,
            columns=self.reply.columns,
            dialect=self.dialect,
            notes=self._notes(language or self.language),
            columns_left_out=self.reply.columns_left_out,
            rows_are=self.reply.rows_are,
        )

    def find_values(self, term: str) -> list[tuple[str, str, str]]:
        """Return the (table, column, cell) triples whose cell holds `term`, whatever its case: exact ones first."""
        from .search import find_values

        return find_values(self, term)

    def write_arrow(self, path: Path, *, shared: bool = False) -> None:
        """Write the table as an Arrow IPC file; `shared` is for a reader that cannot write there."""
        self.cells.give(path, shared=shared)

    @property
    def read_code(self) -> str:
        """Return the pandas source that reads this table into ``df``."""
        return self.code_for("df")

    def code_for(self, variable: str) -> str:
        """Return the pandas source that reads this table into `variable`."""
        if (recipe := self.recipe) is None:
            line = f"{variable} = pd.read_feather({quoted(self.feather)})"
            return line if self.feather == self.source_path else f"{self._how_to_save()}\n{line}"
        return recipe.code(variable)

    def _how_to_save(self) -> str:
        """Return the comment that says where the file of a notebook's variable comes from."""
        return f"# {shown(self.source_path)} was a DataFrame: its to_feather({quoted(self.feather)}) writes this file"

    def _notes(self, language: Language) -> tuple[Note, ...]:
        notes = tuple(said.note(language) for said in self.said)
        if self.reply is None or self.cells.nbytes <= LOOKED_AT:
            return notes
        if not any(column.type in {"text", "category"} for column in self.reply.columns):
            return notes
        return (*notes, Said("info", "note_partly_searched", {"megabytes": LOOKED_AT >> 20}).note(language))


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
    return in_thread(reading(path, name=name, taken=taken, language=language, options=overrides))


async def reading(
    path: str | Path,
    *,
    name: str = "",
    taken: Collection[str] = (),
    language: Language = "en",
    options: dict[str, Any] | None = None,
    bounds: Bounds | None = None,
    progress: Progress | None = None,
    own: bool = False,
) -> Table:
    """Read a file as `read_table` does, in an event loop: when the caller is cancelled, the reading ends at once.

    What the reading takes has `bounds`; `progress` is told how far the file was read. `own` is a file that this
    package wrote of a DataFrame, whose notes are believed.
    """
    bounds = bounds or Bounds()
    stated = checked(options or {})
    place = _place(path)
    called = shown(name or place.name)
    order = Order(
        name=name or place.name,
        suffix=place.suffix.lower(),
        options=stated,
        memory=bounds.memory,
        seconds=int(bounds.seconds),
        kernel=bounds.kernel,
        glance=bounds.glance,
        own=own,
    )
    try:
        with opened(place) as (source, state):
            reply, cells = await Copies(bounds).table(usual(), order, source, state, progress)
        if bounds.kernel and reply.needed > bounds.kernel:  # its copy was made for somebody who had more
            needed, memory = reply.needed >> 20, bounds.kernel >> 20
            raise Unreadable("tables.kernel_too_small", name=called, needed=needed, memory=memory)
    except Unreadable as refusal:
        if refusal.values.get("name") in {shown(place.name), order.name}:
            named = refusal.values | {"name": called}
            raise Unreadable(refusal.key, suggestions=refusal.suggestions, **named) from None
        raise
    label = table_name(name or place.name, taken)
    origin, feather = str(path), ""
    if reply.recipe is None:
        own = not name or place.suffix.lower() in {".arrow", ".feather"}
        origin, feather = (origin, origin) if own else (name, f"{label}.arrow")
    return Table(label, cells, origin, reply, reply.said, feather, language)


def _place(path: str | Path) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise Unreadable("tables.no_such_file", name=shown(str(path))) from None
