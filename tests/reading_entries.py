"""What reading processes of the tests do in the place of reading; imported by their fork server."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from csvagent_jupyter.confinement.confine import prepare
from csvagent_jupyter.tables.inside.app import LETTER, SINK, obey, readable
from csvagent_jupyter.tables.order import Order, Reply, Said


def warm() -> None:
    readable()
    prepare()


def warm_with_a_thread() -> None:
    """As a library's pool of threads does that something small has started."""
    warm()
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def reply_whether_forked(_: object) -> None:
    obey(lambda *_: Reply(rows=int("reading_entries" in sys.modules)))


def crash(_: object) -> None:
    obey(lambda *_: ctypes.string_at(0))  # type: ignore[arg-type]


def hang(_: object) -> None:
    obey(_forever)


def _forever(source: int, _sink: int, _order: Order) -> Reply:
    os.read(source, 3)
    while True:
        time.sleep(1)


def spin(_: object) -> None:
    obey(_spin)


def _spin(*_: object) -> Reply:
    while True:
        pass


def eat(_: object) -> None:
    obey(lambda *_: Reply(rows=len(b"x" * 2**33)))


def fill(_: object) -> None:
    obey(_fill)


def _fill(_source: int, sink: int, _order: Order) -> Reply:
    while True:
        os.write(sink, bytes(2**16))


def write_and_wait(_: object) -> None:
    os.write(SINK, bytes(2**16))
    while True:
        time.sleep(1)


def fail(_: object) -> None:
    obey(lambda *_: Reply(rows=1 // 0))


def leave(_: object) -> None:
    os._exit(0)


def garble(_: object) -> None:
    _write(b"\xff{")


def talk_for_long(_: object) -> None:
    os.ftruncate(LETTER, 2**27)


def talk_without_end(_: object) -> None:
    os.ftruncate(LETTER, 2**27)
    while True:
        time.sleep(1)


def say_unknown_words(_: object) -> None:
    obey(lambda *_: Reply(said=(Said("info", "note_that_there_is_not"),)))


def say_an_unfit_value(_: object) -> None:
    obey(lambda *_: Reply(said=(Said("info", "note_skipped", {"rows": "no number", "text": ""}),)))


def write_code(_: object) -> None:
    recipe = {"kind": "pandas", "options": {"sep=__import__('os').system('true'), x": 1}, "steps": [], "member": ""}
    _write(json.dumps({"recipe": recipe}).encode())


def claim_cells(_: object) -> None:
    """Reply with more cells than were written."""
    os.write(SINK, b"ARROW1\0\0" + bytes(100))
    _write(json.dumps({"rows": 3, "size": 10**6}).encode())


def write_damaged_cells(_: object) -> None:
    obey(_damaged)


def _damaged(_source: int, sink: int, _order: Order) -> Reply:
    """Write a column of texts whose offsets lead outside of the file."""
    import pyarrow as pa

    out = pa.BufferOutputStream()
    table = pa.table({"a": ["first", "second"]})
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    whole = bytes(out.getvalue().to_pybytes())
    offsets = b"".join(number.to_bytes(4, "little") for number in (0, 5, 11))
    assert offsets in whole
    os.write(sink, whole.replace(offsets, offsets[:8] + (2**30).to_bytes(4, "little")))
    return Reply(rows=2, size=len(whole))


def reach_out(_: object) -> None:
    obey(_reach_out)


def _reach_out(source: int, _sink: int, order: Order) -> Reply:
    """Attempt what a hostile file would have this process do, and tell what worked."""
    secret = str(order.options["secret"])
    attempts: dict[str, Callable[[], Any]] = {
        "read": lambda: Path(secret).read_bytes(),
        "read beside": lambda: list(Path(secret).parent.iterdir()),
        "the file by its path": lambda: os.open(f"/proc/self/fd/{source}", os.O_RDONLY),
        "passwords": lambda: Path("/etc/passwd").read_bytes(),
        "write": lambda: Path(secret).with_name("new").write_bytes(b"x"),
        "write the file": lambda: os.write(source, b"x"),
        "write where it works": lambda: Path("here").write_bytes(b"x"),
        "write temporary files": lambda: Path("/tmp/reading-was-here").write_bytes(b"x"),
        "connect": lambda: socket.create_connection(("127.0.0.1", int(order.options["port"]))),
        "local socket": lambda: socket.socket(socket.AF_UNIX).connect(str(order.options["socket"])),
        "fork": os.fork,
        "run": lambda: os.execv("/bin/true", ["true"]),
        "signal": lambda: os.kill(os.getppid(), 0),
        "environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    }
    reached = [name for name, attempt in attempts.items() if _works(attempt)]
    reached += [name for name in os.environ if "SECRET" in name]
    return Reply(said=(Said("info", "note_tidied", {"names": ", ".join(reached)}),))


def _works(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _write(reply: bytes) -> None:
    os.lseek(LETTER, 0, os.SEEK_SET)
    os.ftruncate(LETTER, 0)
    os.write(LETTER, reply)


if __name__ == "__main__":  # an ordinary child that leaves one behind
    if os.fork() == 0:
        time.sleep(600)
