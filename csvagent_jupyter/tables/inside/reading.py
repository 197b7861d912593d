"""The steps of reading a file, in the process that does nothing else: bytes, text, rows, values, and the columnar copy.

The file comes as an open descriptor, and so does the one that the copy is written into.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import IO, Any, cast

import msgspec
import pyarrow as pa

from ...exceptions import Unreadable
from ...messages import Dialect, Kind
from ..frame import kept_notes, to_arrow
from ..names import column_names, shown
from ..options import dialect_of
from ..order import Order, Reply, Said
from ..recipe import Recipe, recipe_data
from ..remarks import about_structure
from ..value_remarks import about_values
from . import contents as files
from .conversion import Shape, corrected, recipe_for, settle_words, structure
from .dialect import Layout, detect, rows_of, scan
from .encoding import decode
from .profile import columns_of
from .values import ColumnPlan, plan_columns

_MARKUP = re.compile(r"<(?:(!doctype html|html|head)|\?xml|[a-z]+:)", re.IGNORECASE)
_JSON = re.compile(r"(\{\s*[\"}]|\[\s*[\[{\"\]\d]).*[}\]]\s*", re.DOTALL)


def read(source: int, sink: int, order: Order) -> Reply:
    """Read the file of the descriptor `source` as it is ordered, and write its cells into `sink` as an Arrow file.

    Raises Unreadable, whose text says what to do.
    """
    with os.fdopen(source, "rb", closefd=False) as file:
        start = file.read(len(files.ARROW))
        file.seek(0)
        table, reply = _of_arrow(file, order) if start == files.ARROW else _of_text(file, order)
    columns, left_out = columns_of(table)
    with pa.PythonFile(os.fdopen(sink, "wb", closefd=False), "w") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    size = os.fstat(sink).st_size
    return msgspec.structs.replace(reply, rows=table.num_rows, columns=columns, columns_left_out=left_out, size=size)


def _of_arrow(file: IO[bytes], order: Order) -> tuple[pa.Table, Reply]:
    try:
        with pa.PythonFile(cast(Any, file), "r") as opened:
            table = pa.ipc.open_file(opened).read_all()
        table.validate(full=True)
        said = [Said("info", key, cast(Any, values)) for key, values in kept_notes(table)]
    except (pa.ArrowException, OSError, ValueError, TypeError):
        raise Unreadable("tables.damaged_arrow", name=order.name) from None
    if not table.num_rows:
        said.append(Said("warning", "note_no_rows"))
    return table, Reply(said=tuple(said))


def _of_text(file: IO[bytes], order: Order) -> tuple[pa.Table, Reply]:
    work = _Reading(file, order)
    frame, plans = work.as_text() if work.given.as_text else work.as_values()
    kinds: dict[str, Kind] = {plan.name: plan.kind for plan in plans}
    reply = Reply(dialect=work.dialect, said=tuple(work.notes(plans)), recipe=recipe_data(work.recipe))
    return to_arrow(frame, kinds), reply


class _Reading:
    """The reading of one text file, step by step."""

    def __init__(self, file: IO[bytes], order: Order) -> None:
        self.name = order.name
        self.suffix = order.suffix
        self.given, self.fixed = dialect_of(order.options)
        limit = max(1 << 20, min(files.MAX_BYTES, order.memory // files.MEMORY_PER_BYTE))
        self.contents = files.read_file(file, Path(order.name), limit=limit)
        stated = self.given.encoding if "encoding" in self.fixed else ""
        self.decoded = decode(self.contents.data, shown(order.name), stated)
        self.text = self.decoded.text.removeprefix("\ufeff")
        _refuse_other_text(self.text, shown(order.name))
        suffix = _suffix(self.contents.member or order.name)
        found = detect(self.text, suffix=suffix, given=self.given, fixed=self.fixed)
        said = {name: getattr(self.given, name) for name in (*self.given.stated, "stated") if name != "encoding"}
        self.dialect = replace(found, encoding=self.decoded.encoding, compression=self.contents.compression, **said)
        self.unquoted = False
        self.rows_read = -1
        self.recipe = Recipe("")
        self._look()

    def _look(self) -> None:
        try:
            header, self.layout = scan(self.text, self.dialect)
        except csv.Error as error:
            raise Unreadable("tables.not_a_table", name=shown(self.name), reason=str(error)) from None
        if not header:
            raise Unreadable("tables.nothing_below", name=shown(self.name), rows=self.dialect.skipped_rows)
        self.shape, self.renamed = _shape(header, self.layout, self.dialect)
        for column in self.given.types:
            if column not in self.shape.names:
                names = ", ".join(map(shown, self.shape.names[:20]))
                raise Unreadable("tables.no_such_column", name=shown(self.name), column=shown(column), columns=names)

    def _structure(self) -> dict[str, Any]:
        return structure(
            self.dialect,
            self.shape,
            self.layout,
            size=len(self.contents.data),
            replaced=bool(self.decoded.replaced),
            suffix=self.suffix,
        )

    def as_text(self) -> tuple[Any, list[ColumnPlan]]:
        """Return the frame with every cell as the text it was; quotes that do not match up become plain characters."""
        reason = ""
        for _ in range(3):
            options = self._structure() | {"dtype": str, "keep_default_na": False}
            self.recipe = Recipe("", options, member=self._member())
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
        raise Unreadable("tables.not_a_table", name=shown(self.name), reason=reason)

    def as_values(self) -> tuple[Any, list[ColumnPlan]]:
        """Return the frame with numbers, dates and truth values read as such."""
        texts, _ = self.as_text()
        arrow = pa.Table.from_pandas(texts, preserve_index=False)
        plans = settle_words(
            plan_columns(
                {name: arrow.column(name) for name in self.shape.names},
                delimiter=self.dialect.delimiter,
                decimal=self.dialect.decimal if "decimal" in self.fixed else "",
                thousands=self.dialect.thousands if "thousands" in self.fixed else "",
                dayfirst=self.given.dayfirst,
                missing=self.given.missing if "missing" in self.fixed else None,
                types={column: cast(Kind, kind) for column, kind in self.given.types.items()},
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
        self.recipe = recipe_for("", self._structure(), plans, self._member())
        return self.recipe.frame(self.contents.data)

    def _member(self) -> str:
        return "" if self.contents.alone else self.contents.member

    def notes(self, plans: Iterable[ColumnPlan]) -> list[Said]:
        skipped = self.dialect.skipped_rows
        above = next((" ".join(row.cells) for row in rows_of(self.text, self.dialect)), "") if skipped else ""
        notes = about_structure(self.contents, self.decoded, self.dialect, self.layout, self.shape, self.renamed, above)
        if self.rows_read not in {-1, self.layout.rows}:
            notes.append(Said("warning", "note_rows_differ", {"rows": self.rows_read, "lines": self.layout.rows}))
        if self.unquoted:
            notes.append(Said("warning", "note_quotes"))
        return notes + about_values(list(plans))


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
    packed = {".gz", ".bz2", ".xz", ".zst"}
    suffixes = [part.lower() for part in PurePath(name).suffixes if part.lower() not in packed]
    return suffixes[-1] if suffixes else ""


def _refuse_other_text(text: str, name: str) -> None:
    start = text[:200].lstrip()
    if not start:
        raise Unreadable("tables.empty_file", name=name)
    if found := _MARKUP.match(start):
        raise Unreadable("tables.web_page" if found[1] else "tables.xml", name=name)
    if start[0] in "{[" and _JSON.fullmatch(text[:100].lstrip() + text[-100:]):
        raise Unreadable("tables.json", name=name)
