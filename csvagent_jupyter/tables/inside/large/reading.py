"""A large file: read once, block by block, by several threads, with every cell verified and memory bounded.

What the columns are is planned on samples from the whole length. A column with cells that do not fit is planned again
with these cells, and the file is read again: nothing is taken for what it is not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import IO, Any, Final

import pyarrow as pa

from ....exceptions import Unreadable
from ....messages import Column, Dialect
from ...names import shown
from ..columns.plans import ColumnPlan
from ..columns.quick import quickly
from ..columns.schema import typed_schema
from ..columns.typed import Converted, arrow_type, convert, noted, widen
from ..columns.values import settle_words
from ..encoding.decoder import Decoder, Wrong
from ..layout.repairs import Repairs, refuse
from ..profile.batches import Profiler
from .blocks import BLOCK, WIDEST, Block, Cutter
from .copying import Copy, room_for
from .lines_at import first_lines, shifted
from .sampling import planned, row_bytes, usual_width
from .streams import Source
from .texts import NotUtf8, TextReader, Wider

ROWS_PER_BLOCK: Final = 4_000
LOOKED: Final = 4
"""After so many blocks it is known what the whole will take."""
MOST_PASSES: Final = 12


@dataclass(frozen=True, slots=True)
class Large:
    """What was found in a large file; the cells are in its copy, of `size` bytes.

    `memory_needed` is how many bytes a kernel needs to hold the table.
    """

    schema: pa.Schema
    rows: int
    columns: tuple[Column, ...]
    columns_left_out: int
    plans: list[ColumnPlan]
    repairs: Repairs
    wrong: Wrong
    memory_needed: int
    size: int
    passes: int


@dataclass(slots=True)
class Task:
    """What is read and how: see `read_large`."""

    source: Source
    dialect: Dialect
    names: list[str]
    width: int
    body_line: int
    encoding: str = "utf-8"
    other: str | None = None
    header: Sequence[str] = ()
    sink: IO[bytes] | None = None
    memory: int = 0
    threads: int = 2
    largest: int = 2**40
    careful: bool = False
    passes: int = 0


def read_large(
    source: Source,
    dialect: Dialect,
    names: Sequence[str],
    *,
    body_line: int,
    encoding: str = "utf-8",
    other: str | None = None,
    header: Sequence[str] = (),
    sink: IO[bytes] | None = None,
    memory: int = 0,
    threads: int = 2,
    largest: int = 2**40,
) -> Large:
    """Read a file whose rows begin on line `body_line` (from 1), write its cells into `sink`, and describe them.

    `header` are the cells of its last header row. `other` is a second encoding of some of its lines. Without a `sink`
    the file is described only. A kernel may take `memory` bytes (0: any), the copy `largest`.
    Raises Unreadable: more memory or disk is needed than there is, a row without end, a strict reading that fails.
    """
    _take_the_thriftier_memory()
    width = usual_width(source, dialect, len(names), header, encoding, body_line)
    task = Task(source, dialect, list(names), width, body_line, encoding, other, header, sink, memory, threads, largest)
    task.careful = encoding.lower().replace("_", "-") not in {
        "utf-8",
        "utf8",
        "utf-8-sig",
        "ascii",
        "us-ascii",
    } or bool(other)
    plans = planned(source, dialect, task.names, encoding, body_line)
    while True:
        task.passes += 1
        try:
            done = _Pass(task, plans).run()
        except NotUtf8:
            task.careful = True
            continue
        except Wider as wider:
            task.names += [f"column_{number}" for number in range(len(task.names) + 1, wider.width + 1)]
            plans = planned(source, dialect, task.names, encoding, body_line)
            continue
        if isinstance(done, Large):
            return done
        plans = done


def _take_the_thriftier_memory() -> None:
    """Let Arrow use jemalloc where it has it: of a tenth less memory at the peak, and no slower."""
    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())


@dataclass(slots=True)
class _Done:
    """One block, read by a worker."""

    block: Block
    rows: int
    repairs: Repairs
    converted: list[Converted]
    batch: Any
    looked: Any


@dataclass(slots=True)
class _Met:
    """What was met of one column in all blocks; the cells themselves are not kept."""

    blocks: list[Converted] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)
    unfit: int = 0
    cells: int = 0
    rows: list[int] = field(default_factory=list)
    nulls: bool = False

    def add(self, found: Converted, before: int) -> None:
        cells = len(found.array)
        self.nulls = self.nulls or found.array.null_count > 0
        self.cells += cells - found.missing_count
        self.unfit += found.unfit
        if found.unfit and len(self.words) < 1_000:
            self.words.update(dict.fromkeys(found.unfit_words))
            self.rows = [*self.rows, *(before + row + 1 for row in found.unfit_rows)][:20]
        if found.missing or found.missing_count or found.big or found.clock or found.unfit:
            self.blocks.append(replace(found, array=None))
            if len(self.blocks) > 64:
                self.blocks = [_joined(self.blocks)]


def _joined(blocks: Sequence[Converted]) -> Converted:
    return Converted(
        None,
        unfit=sum(block.unfit for block in blocks),
        missing=frozenset().union(*(block.missing for block in blocks)),
        missing_count=sum(block.missing_count for block in blocks),
        big=any(block.big for block in blocks),
        clock=any(block.clock for block in blocks),
    )


class _Pass:
    """One reading of the whole file by one set of plans."""

    def __init__(self, task: Task, plans: list[ColumnPlan]) -> None:
        self.task = task
        self.plans = plans
        self.reader = TextReader(task.dialect, task.width, len(task.names), task.header)
        types = [arrow_type(plan) for plan in plans]
        self.types = types
        self.schema = typed_schema(plans, types, [False] * len(plans))
        self.profiler = Profiler(self.schema)
        self.met = [_Met() for _ in plans]
        self.repairs: list[tuple[int, Repairs]] = []
        self.rows = 0
        self.fits = True
        self.read = 0
        self.decoder = Decoder(task.encoding, task.other) if task.careful else None
        self.copy: Copy | None = None
        if task.sink is not None:
            self.copy = Copy(task.sink, self.schema, task.source.name, largest=task.largest, room=room_for(self.schema))
        wide = row_bytes(task.source.head) * ROWS_PER_BLOCK
        self.size = min(max(BLOCK, wide), WIDEST)

    def run(self) -> Large | list[ColumnPlan]:
        """Return what was found, or the plans for the next reading."""
        ahead = self.task.threads
        waiting: deque[Future[_Done]] = deque()
        with ThreadPoolExecutor(self.task.threads) as workers, closing(self._blocks()) as blocks:
            try:
                for block in blocks:
                    waiting.append(workers.submit(self._work, block))
                    if len(waiting) > ahead:
                        self._take(waiting.popleft().result())
                while waiting:
                    self._take(waiting.popleft().result())
            finally:
                for left in waiting:
                    left.cancel()
        return self._finished() if self.fits else self._widened()

    def _blocks(self) -> Generator[Block, None, None]:
        cutter = Cutter(self.task.dialect, self.task.source.name, skipped=self.task.body_line - 1, size=self.size)
        return cutter.blocks(_decoded(self._raw(), self.decoder))

    def _raw(self) -> Iterator[bytes]:
        for piece in self.task.source.blocks(self.size):
            self.read += len(piece)
            yield piece

    def _work(self, block: Block) -> _Done:
        """Called by a worker: read, convert and describe one block."""
        texts = self.reader.read(block)
        converted = [self._converted(plan, text) for plan, text in zip(self.plans, texts.columns, strict=True)]
        done = _Done(block, texts.rows, texts.repairs, converted, None, None)
        if self.fits and all(plan.stated or not found.unfit for plan, found in zip(self.plans, converted, strict=True)):
            done.batch = pa.RecordBatch.from_arrays([found.array for found in converted], schema=self.schema)
            done.looked = self.profiler.look(done.batch, block.number)
        done.block = replace(block, data=b"")
        return done

    def _converted(self, plan: ColumnPlan, text: Any) -> Converted:
        if self.task.dialect.as_text:
            return Converted(text)
        return quickly(plan, text) or convert(plan, text)

    def _take(self, done: _Done) -> None:
        """Add the next block, in the order of the file."""
        if done.repairs.kinds:
            self.repairs.append((done.block.offset, done.repairs))
            if self.task.dialect.strict and done.repairs.breaks:
                refuse(self._told_repairs(), shown(self.task.source.name), self.task.dialect.stated)
        for met, found in zip(self.met, done.converted, strict=True):
            met.add(found, self.rows)
        self.rows += done.rows
        if done.batch is None:
            self.fits = False
        if not self.fits:
            return
        self.profiler.merge(done.batch, done.looked)
        if self.copy is not None:
            self.copy.write(done.batch)
        if done.block.number == LOOKED:
            self._check_room()

    def _check_room(self) -> None:
        """Refuse early what there will be no room for."""
        if self.task.source.compression or not self.read:
            return
        share = self.task.source.size / self.read
        if self.copy is not None:
            self.copy.check(int(self.profiler.size * share))
        needed = int(self.profiler.memory * share)
        if self.task.memory and needed > self.task.memory:
            raise self._too_large(needed)

    def _too_large(self, needed: int) -> Unreadable:
        name = shown(self.task.source.name)
        return Unreadable("tables.kernel_too_small", name=name, needed=needed >> 20, memory=self.task.memory >> 20)

    def _told_repairs(self) -> Repairs:
        """Return all repairs with the lines of the file: those are counted now, since there are some."""
        offsets = [offset for offset, _ in self.repairs]
        task = self.task
        decoder = Decoder(task.encoding, task.other) if task.careful else None
        pieces = _decoded(task.source.blocks(), decoder)
        return shifted(self.repairs, first_lines(pieces, offsets))

    def _widened(self) -> list[ColumnPlan]:
        """Return the plans that also hold the cells that did not fit."""
        plans = []
        for plan, met in zip(self.plans, self.met, strict=True):
            if met.unfit and not plan.stated:
                words = list(met.words) if self.task.passes < MOST_PASSES else []
                plan = widen(plan, words, unfit=met.unfit, cells=met.cells, rows=met.rows)
            plans.append(plan)
        return plans

    def _finished(self) -> Large | list[ColumnPlan]:
        task = self.task
        plans = [noted(plan, met.blocks) for plan, met in zip(self.plans, self.met, strict=True)]
        settled = settle_words(plans)
        # A column of dates in which a time of day stands late is told of by another kind, and in all its blocks.
        if any(
            (now.wordlike, now.kind) != (then.wordlike, then.kind)
            for now, then in zip(settled, self.plans, strict=True)
        ):
            return settled
        schema = typed_schema(plans, self.types, [met.nulls for met in self.met])
        repairs = self._told_repairs() if self.repairs else Repairs()
        needed = self.profiler.memory
        if task.memory and needed > task.memory:
            raise self._too_large(needed)
        return Large(
            schema=schema,
            rows=self.rows,
            columns=self.profiler.columns(schema),
            columns_left_out=self.profiler.columns_left_out,
            plans=plans,
            repairs=repairs,
            wrong=self.decoder.wrong if self.decoder is not None else Wrong(),
            memory_needed=needed,
            size=self.copy.finish(schema) if self.copy is not None else 0,
            passes=task.passes,
        )


def _decoded(pieces: Iterator[bytes], decoder: Decoder | None) -> Iterator[bytes]:
    if decoder is None:
        for number, piece in enumerate(pieces):
            yield piece.removeprefix(b"\xef\xbb\xbf") if not number else piece
        return
    for piece in pieces:
        yield decoder.utf8(piece)
    yield decoder.utf8(b"", final=True)
