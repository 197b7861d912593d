"""The sources as tables, their profiles, and the kernel that holds what they and the earlier turns made."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..messages import Profile, Source, Turn
from ..translations import Language
from .desk import Desk, Workplace
from .names import needed_turns
from .setback import NO_ROOM, no_room

if TYPE_CHECKING:
    from ..tables import Table
    from ..tables.order import Bounds
    from ..tables.process import Progress

KEPT_BYTES: Final = 64 * 1024 * 1024
MAX_LOOKUPS: Final = 200
MOMENT: Final = 1.0
"""Seconds that a file may take to be read before anybody is told how far it is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The tables of one question in order, their profiles, and what tells each from another state of its file."""

    tables: tuple[Table, ...]
    profiles: tuple[Profile, ...]
    marks: tuple[str, ...]

    @property
    def read_code(self) -> dict[str, str]:
        return {table.name: table.read_code for table in self.tables}

    def find_values(self, term: str) -> list[tuple[str, str, str]]:
        """Look a term up in the cells of all tables: the built-in engine's way to know a value from a word."""
        found = (triple for table in self.tables for triple in table.find_values(term))
        return list(islice(found, MAX_LOOKUPS))

    def renamed(self, names: Sequence[str]) -> Reading:
        """Return the same tables under other names, as a saved script calls them."""
        return Reading(
            tuple(replace(table, name=name) for table, name in zip(self.tables, names, strict=True)),
            tuple(replace(profile, name=name) for profile, name in zip(self.profiles, names, strict=True)),
            tuple(f"{mark}|{name}" for mark, name in zip(self.marks, names, strict=True)),
        )


@dataclass(frozen=True, slots=True)
class Far:
    """How far a file was read."""

    name: str
    bytes_read: int
    bytes_total: int


class Told:
    """What is heard of a reading while it goes on, and what was `read` in the end."""

    def __init__(self) -> None:
        self.read: list[tuple[str, Table]] = []
        self._heard: asyncio.Queue[Far | None] = asyncio.Queue()
        self.tell: Callable[[Far], None] = self._heard.put_nowait

    async def until(self, work: Callable[[], Awaitable[list[tuple[str, Table]]]]) -> AsyncGenerator[Far, None]:
        """Yield how far the `work` is until it is done, and raise what it raises; who leaves early ends it."""

        async def done() -> list[tuple[str, Table]]:
            return await work()  # begun here, so that nothing is left over of one that is ended before

        task = asyncio.create_task(done())
        task.add_done_callback(lambda _: self._heard.put_nowait(None))
        try:
            while (far := await self._heard.get()) is not None:
                yield far
            self.read = await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def read_tables(
    sources: Sequence[Source], desk: Desk, known: dict[str, Table], tell: Callable[[Far], None] | None = None
) -> list[tuple[str, Table]]:
    """Return each source as (mark, table), reading only what neither `known` nor the shelf has in its present state.

    `tell` hears now and then how far a file was read that takes longer than a moment. Raises Unreadable. When the
    caller is cancelled, what is being read ends at once.
    """
    read: list[tuple[str, Table]] = []
    for source in sources:
        path = await desk.open_source(source)
        taken = [table.name for _, table in read]
        mark, settled = await asyncio.to_thread(_mark, path, source, taken)
        table = known.get(mark) or desk.shelf.table(mark)
        if table is None:
            progress = _teller(source.name, tell) if tell is not None else None
            table = await read_source(path, source, taken, desk.language, desk.bounds, progress)
            if settled:
                desk.shelf.put(mark, table)
        read.append((mark, table if table.language == desk.language else replace(table, language=desk.language)))
    return read


def _teller(name: str, tell: Callable[[Far], None]) -> Progress:
    """Return what passes on how far the file `name` was read, once that takes longer than a moment."""
    begun = time.monotonic()

    def progress(read: int, total: int) -> None:
        if time.monotonic() - begun >= MOMENT:
            tell(Far(name, min(read, total), total))

    return progress


def _mark(path: Path, source: Source, taken: Sequence[str]) -> tuple[str, bool]:
    """Return what tells this state of the file from any other, and whether the next change surely makes another.

    A file that was written lately may be written again and keep its times.
    """
    from ..tables.opening import State

    try:
        state = State.of(path.stat())
    except OSError:
        return f"{path}|gone", False
    # An artifact is known by its content; its time is only when it was last put.
    stamp = f"{state.size}|{source.artifact}|{source.path}" if source.artifact else repr(state)
    mark = f"{path}|{stamp}|{source.name}|{json.dumps(source.overrides, sort_keys=True)}|{','.join(taken)}"
    return mark, bool(source.artifact) or state.is_settled


async def read_source(
    path: Path,
    source: Source,
    taken: Sequence[str],
    language: Language,
    bounds: Bounds | None = None,
    progress: Progress | None = None,
) -> Table:
    """Read one file; the script and the profile name it as the person did, not by where a copy is kept."""
    from ..tables.reader import reading

    table = await reading(
        path,
        name=source.name,
        taken=taken,
        language=language,
        options=source.overrides,
        bounds=bounds,
        progress=progress,
        # What is kept of a DataFrame is called as its variable; a file that came from elsewhere speaks for nobody.
        own=bool(source.artifact) and not source.path and source.name.isidentifier(),
    )
    return replace(table, source_path=source.path or source.name)


async def profile_tables(read: Sequence[tuple[str, Table]], desk: Desk) -> Reading:
    """Put the tables together with what was found in them when they were read."""
    profiles = [await asyncio.to_thread(table.profile, desk.language) for _, table in read]
    return Reading(tuple(table for _, table in read), tuple(profiles), tuple(mark for mark, _ in read))


# --- the kernel -----------------------------------------------------------------------------------------------------


async def prepare(
    place: Workplace, reading: Reading, turns: Sequence[Turn], code: str, seconds_left: Callable[[], float]
) -> tuple[Turn, ...]:
    """See to it that the kernel holds the tables and what `code` builds on; return the turns whose code ran there.

    Only turns that `code` needs are run again, in the session's order. One whose code does not run on the present
    tables is passed over: if it was needed after all, the code fails and says so.
    """
    needed = {turns[index].task_id for index in needed_turns([turn.code for turn in turns], code)}
    missing = _missing(turns, needed, place)
    if place.loaded != reading.marks or _has_run_later(turns, missing, place):
        await _load(place, reading)
        missing = _missing(turns, needed, place)
    for turn in missing:
        execution = await place.kernel.execute(turn.code, timeout=seconds_left())
        if execution.error is None:
            place.turns += (turn.task_id,)
    return tuple(turn for turn in turns if turn.task_id in place.turns)


def turns_for(reading: Reading, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns with `paths` on those alone that were about other tables: their code does not fit these."""
    present = tuple(profile.path for profile in reading.profiles)
    return tuple(replace(turn, paths=()) if turn.paths == present else turn for turn in turns)


def forget(place: Workplace) -> None:
    """Take note that the kernel's state is no longer what the session's turns made."""
    place.loaded = ()
    place.turns = ()


def _missing(turns: Sequence[Turn], needed: set[str], place: Workplace) -> list[Turn]:
    return [turn for turn in turns if turn.task_id in needed and turn.task_id not in place.turns]


def _has_run_later(turns: Sequence[Turn], missing: Sequence[Turn], place: Workplace) -> bool:
    """Tell whether a later turn ran already: what an earlier one makes must not take the place of its names."""
    return bool(missing) and any(turn.task_id in place.turns for turn in turns[turns.index(missing[0]) :])


async def _load(place: Workplace, reading: Reading) -> None:
    """Give the kernel the cells: in copies of its own, unless it is surely kept from writing into others'."""
    forget(place)
    place.read = {
        mark: table for mark, table in zip(reading.marks, reading.tables, strict=True) if table.cells.held <= KEPT_BYTES
    }
    place.folder.mkdir(parents=True, exist_ok=True)
    paths = {table.name: place.folder / f"{number}.arrow" for number, table in enumerate(reading.tables, 1)}
    shared = place.kernel.isolation == "confined"
    try:
        for table in reading.tables:
            paths[table.name].unlink(missing_ok=True)
            await asyncio.to_thread(table.write_arrow, paths[table.name], shared=shared)
        await place.kernel.load(paths)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise no_room() from error
        raise
    finally:
        for path in paths.values():
            path.unlink(missing_ok=True)
    place.loaded = reading.marks
