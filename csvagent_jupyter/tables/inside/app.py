"""Becomes the process that reads one file: confines itself before it looks at a byte of it, reads, replies, and ends.

It has no network, no files but libraries, no other processes; the file, the copy and the letter are open descriptors.
The letter holds the order when it comes, and the reply when this process has ended.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec

from ...confinement import Limits, apply_limits, bound_open_files
from ...confinement.confine import confine, prepare
from ...confinement.policy import Policy, readable_paths
from ...exceptions import Unreadable
from ..order import LONGEST_REPLY, Order, Refusal, Reply, Said, encoded, order_in

Work = Callable[[int, int, Order], Reply]
SOURCE, SINK, ERRORS, LETTER = 0, 1, 2, 3
BROKEN_TAIL: Final = 4_000
OPEN_FILES: Final = 64
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

readable = cache(readable_paths)


def ready() -> None:
    """Called once by the fork server: import what reading needs."""
    import_module(f"{__package__}.reading")
    readable()
    prepare()


def warm() -> None:
    """Called once by the fork server: import what reading needs, and read a small file."""
    import tempfile

    ready()
    from .reading import read

    rows = Path(__file__).parents[1] / "warming.csv"
    with rows.open("rb") as source, tempfile.TemporaryFile() as sink:
        read(source.fileno(), sink.fileno(), Order(name=rows.name, suffix=rows.suffix))


def start(_: object = None) -> None:
    """Called in a fork: read a file, and end."""
    from .reading import read

    obey(read, parent=os.getppid())


def obey(work: Work, *, parent: int | None = None) -> None:
    """Do the `work` that the letter orders, confined, and write the reply in its place."""
    with os.fdopen(LETTER, "r+b", buffering=0, closefd=False) as letter:
        letter.seek(0)
        order = order_in(letter.read())
        confined = _confine(order, parent)
        reply = _reply(work, order)
        if not confined and reply.refusal is None and not reply.broken:
            reply = msgspec.structs.replace(reply, said=(Said("warning", "note_not_confined"), *reply.said))
        told = encoded(reply)
        if len(told) > LONGEST_REPLY:
            told = encoded(Reply(refusal=Refusal("tables.reading_too_wide", {"name": order.name})))
        letter.seek(0)
        letter.truncate()
        while told:
            told = told[letter.write(told) :]


def _confine(order: Order, parent: int | None) -> bool:
    """Give up all that reading does not need; on a system without confinement, what limits there are.

    Returns False where this system could, and something is in the way: its settings, or a thread that runs already.
    """
    limits = Limits(
        memory=order.memory,
        cpu_seconds=order.seconds * order.threads + 1,
        threads=order.threads,
        open_files=OPEN_FILES,
        file_size=order.largest,
    )
    if sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1:
        confinement = confine(Policy(readable(), limits=limits), parent=parent)
        bound_open_files(limits)
        confinement.seal()
        return confinement.complete
    apply_limits(limits)
    bound_open_files(limits)
    return sys.platform != "linux"


def _reply(work: Work, order: Order) -> Reply:
    try:
        return work(SOURCE, SINK, order)
    except Unreadable as error:
        return Reply(refusal=Refusal(error.key, error.values, error.suggestions))
    except MemoryError:
        return Reply(refusal=Refusal("tables.reading_memory", {"name": order.name, "memory": order.memory}))
    except Exception as error:  # the edge of a process: what is not told here is told nowhere
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return Reply(refusal=Refusal("tables.reading_no_room", {"name": order.name}))
        return Reply(broken=traceback.format_exc()[-BROKEN_TAIL:])


def main() -> None:
    """Read the file that is standard input, as a process of its own: the letter is where errors would go."""
    os.dup2(ERRORS, LETTER)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, ERRORS)
    os.close(nothing)
    with contextlib.suppress(OSError):
        os.set_inheritable(LETTER, False)
    start()


if __name__ == "__main__":
    main()
