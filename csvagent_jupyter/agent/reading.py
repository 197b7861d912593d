"""The sources as tables, their profiles, and the kernel that holds what they and the earlier turns made."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
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

KEPT_BYTES: Final = 64 * 1024 * 1024
MAX_LOOKUPS: Final = 200
SETTLED_SECONDS: Final = 3.0


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


async def read_tables(sources: Sequence[Source], desk: Desk, known: dict[str, Table]) -> list[tuple[str, Table]]:
    """Return each source as (mark, table), reading only what neither `known` nor the shelf has in its present state.

    Raises Unreadable.
    """
    read: list[tuple[str, Table]] = []
    for source in sources:
        path = await desk.open_source(source)
        taken = [table.name for _, table in read]
        mark, settled = await asyncio.to_thread(_mark, path, source, taken)
        table = known.get(mark) or desk.shelf.table(mark, desk.language)
        if table is None:
            table = await asyncio.to_thread(read_source, path, source, taken, desk.language)
            if settled:
                desk.shelf.put(mark, table, desk.language)
        read.append((mark, table))
    return read


def _mark(path: Path, source: Source, taken: Sequence[str]) -> tuple[str, bool]:
    """Return what tells this state of the file from any other, and whether the next change surely makes another.

    One that was written just now may be written again within the same tick of its file system's clock.
    """
    try:
        state = path.stat()
    except OSError:
        return f"{path}|gone", False
    # An artifact is known by its content; its time is only when it was last put.
    now = f"{source.artifact}|{source.path}" if source.artifact else f"{state.st_mtime_ns}|{state.st_ino}"
    stamp = f"{state.st_size}|{now}"
    mark = f"{path}|{stamp}|{source.name}|{json.dumps(source.overrides, sort_keys=True)}|{','.join(taken)}"
    return mark, bool(source.artifact) or time.time() - state.st_mtime > SETTLED_SECONDS


def read_source(path: Path, source: Source, taken: Sequence[str], language: Language) -> Table:
    """Read one file; the script and the profile name it as the person did, not by where a copy is kept."""
    from ..tables import read_table

    table = read_table(path, name=source.name, taken=taken, language=language, **source.overrides)
    shown = source.path or source.name
    recipe = replace(table.recipe, path=shown) if table.recipe is not None else None
    return replace(table, source_path=shown, recipe=recipe)


async def profile_tables(read: Sequence[tuple[str, Table]], desk: Desk) -> Reading:
    """Profile the tables that were not profiled before."""
    profiles = []
    for mark, table in read:
        profile = desk.shelf.profile(mark, table, desk.language)
        if profile is None:
            profile = await asyncio.to_thread(table.profile, desk.language)
            desk.shelf.add_profile(mark, table, desk.language, profile)
        profiles.append(profile)
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
    wanted = [turn for turn in turns if turn.task_id in needed or turn.task_id in place.turns]
    missing = [number for number, turn in enumerate(wanted) if turn.task_id not in place.turns]
    if place.loaded != reading.marks:
        await _load(place, reading)
    elif missing and missing[0] < len(wanted) - len(missing):
        # A later turn ran already: what an earlier one makes must not take the place of its names.
        await _load(place, reading)
    for turn in wanted:
        if turn.task_id not in place.turns:
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


async def _load(place: Workplace, reading: Reading) -> None:
    """Give the kernel copies of its own: it may get at them, so none is used a second time."""
    forget(place)
    place.read = {
        mark: table
        for mark, table in zip(reading.marks, reading.tables, strict=True)
        if table.arrow.nbytes <= KEPT_BYTES
    }
    place.folder.mkdir(parents=True, exist_ok=True)
    paths = {table.name: place.folder / f"{number}.arrow" for number, table in enumerate(reading.tables, 1)}
    try:
        for table in reading.tables:
            paths[table.name].unlink(missing_ok=True)
            await asyncio.to_thread(table.write_arrow, paths[table.name])
        await place.kernel.load(paths)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise no_room() from error
        raise
    finally:
        for path in paths.values():
            path.unlink(missing_ok=True)
    place.loaded = reading.marks
