"""A process with everything imported that forks on request: ``python -P -m …forkserver DESCRIPTOR``.

A fork of it is there in a few milliseconds, and shares the memory of all that was imported. It has one thread, because
a fork takes only the calling one along, and it never holds anybody's data. It lives as long as its control socket:
when the process that started it is gone, however it went, it ends its children, removes their folders, and ends.

Each packet on the control socket is a JSON object. It is told `{"do": "prepare"}` once, then `fork`, `signal` and
`end`; it tells `ready` or `refused`, then `forked` or `failed`, `ended`, and `idle`. `connection` is the other side.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from .folders import remove_folder

PACKET: Final = 128 * 1024
ERRORS, REPORT = 2, 3
THREADS_END_WITHIN: Final = 2.0
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36


class _Forked(Exception):
    """Leads a fork out of all the server's frames, which the code that will run in it could look back into."""

    def __init__(self, order: dict[str, Any], descriptors: list[int], server: int) -> None:
        super().__init__()
        self.told = order, descriptors, server


class ForkServer:
    """Obeys the packets of one control socket until it ends; says when nothing was asked for a while."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._wakeup, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._children: dict[int, int] = {}  # process id → number of the request
        self._folders: set[Path] = set()
        self._idle_seconds = float("inf")
        self._asked = time.monotonic()

    def run(self) -> None:
        """Prepare, say so, and obey; returns when the server is to end, and raises _Forked in a fork."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # who leaves a child's process group is still found
        order = self._receive()[0]
        if order is None:
            return
        self._idle_seconds = order["idle_seconds"]
        gc.disable()  # what it frees would be holes that each fork fills, and so copies
        resolve(order["preload"])()
        threads = _count_threads()
        if threads != 1:
            self._tell(event="refused", reason=f"{threads} threads run after the imports, and a fork takes only one")
            return
        gc.freeze()
        self._asked = time.monotonic()
        self._folders = {Path.cwd()}
        with contextlib.suppress(ConnectionError):  # nobody reads what we tell
            self._tell(event="ready")
            if self._obey_all():
                return
        self._end_all()

    def _obey_all(self) -> bool:
        """Obey until told to end, or until there is nobody who could ask, which is False.

        An idle server says so and is told: a request may be on its way that nobody here knows of.
        """
        waiting = select.poll()
        waiting.register(self._control, select.POLLIN)
        waiting.register(self._wakeup, select.POLLIN)
        while True:
            if not self._children and self._left() <= 0:
                self._asked = time.monotonic()
                self._tell(event="idle")
            seconds = None if self._children or self._left() == float("inf") else max(self._left(), 0.0)
            ready = waiting.poll(None if seconds is None else seconds * 1000 + 1)
            for descriptor, _ in ready:
                if descriptor == self._wakeup:
                    self._reap()
                elif (end := self._obey()) is not None:
                    return end

    def _left(self) -> float:
        return self._asked + self._idle_seconds - time.monotonic()

    def _receive(self) -> tuple[Any, list[int]]:
        """Return the next order and the descriptors that came with it; None when there is nobody any more."""
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._control, PACKET, 4)
        except ConnectionError:
            return None, []
        return (json.loads(packet), descriptors) if packet else (None, descriptors)

    def _obey(self) -> bool | None:
        """Do as the next packet says; None to go on, True to end, False when nobody is there any more."""
        order, descriptors = self._receive()
        try:
            if order is None:
                return False
            if order["do"] == "end":
                return True
            self._asked = time.monotonic()
            if order["do"] == "fork":
                self._fork(order, descriptors)
            else:
                self._signal(order)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return None

    def _fork(self, order: dict[str, Any], descriptors: list[int]) -> None:
        number = order["number"]
        self._idle_seconds = order["idle_seconds"]
        if order["folder"]:
            self._folders = {folder for folder in self._folders if folder.exists()} | {Path(order["folder"])}
        server = os.getpid()
        try:
            child = os.fork()
        except OSError as error:
            self._tell(event="failed", number=number, reason=error.strerror)
            return
        if child == 0:
            self._forget()
            taken = descriptors.copy()
            descriptors.clear()  # they are not closed on the way out
            raise _Forked(order, taken, server)
        self._children[child] = number
        self._tell(event="forked", number=number, pid=child)

    def _signal(self, order: dict[str, Any]) -> None:
        """Send a signal to a child that was not reaped yet: its process id is surely still its own."""
        for child, number in self._children.items():
            if number == order["number"]:
                try:
                    (os.killpg if order["group"] else os.kill)(child, order["signal"])
                except ProcessLookupError:  # it did not make its group yet, or has ended
                    os.kill(child, order["signal"])

    def _reap(self) -> None:
        while True:
            try:
                os.read(self._wakeup, 4096)
            except BlockingIOError:
                break
        self._collect()

    def _collect(self) -> None:
        """Take in who has ended and tell it; a process whose parent has ended comes to us, and is ended as well."""
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if child == 0:
                return
            number = self._children.pop(child, None)
            self._asked = time.monotonic()
            if number is not None:
                self._tell(event="ended", number=number, status=os.waitstatus_to_exitcode(status))
            self._kill_orphans()

    def _kill_orphans(self) -> None:
        for child in _own_children() - self._children.keys():
            _kill(child)

    def _end_all(self) -> None:
        """End all children and what they started; their folders go too, because nobody else is left to do it."""
        for child in self._children:
            _kill(child, os.killpg)
            _kill(child)
        while True:
            self._kill_orphans()
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break
        for folder in self._folders:
            remove_folder(folder)

    def _tell(self, **event: Any) -> None:
        self._control.send(json.dumps(event).encode())

    def _forget(self) -> None:
        """In the fork: know nothing of the server's other children."""
        self._control.detach()
        self._folders.clear()
        self._children.clear()


def _become(order: dict[str, Any], descriptors: list[int], server: int) -> NoReturn:
    """In the fork: leave all that is the server's behind, and be what the order says."""
    status = 1
    try:
        _leave_the_server(descriptors)
        if order["folder"]:
            os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        time.tzset()
        _reseed()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == server:
            gc.enable()
            resolve(order["entry"])(order["argument"])
            status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:  # the edge of a process: what is not told here is told nowhere
        traceback.print_exc()
    finally:
        os._exit(status)


def resolve(name: str) -> Callable[..., Any]:
    """Return the function that is named as ``module:function``."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _leave_the_server(descriptors: list[int]) -> None:
    """Have a session, signals and descriptors of one's own: 2 is the log, 3 takes the report.

    0 and 1 lead nowhere unless descriptors for them came along.
    """
    os.setsid()
    os.umask(0o077)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDWR)
    # above 3, as the control socket is
    errors, report, *standard = (os.dup(descriptor) for descriptor in descriptors)
    reading, writing = standard or (nothing, nothing)
    for source, target in ((reading, 0), (writing, 1), (errors, ERRORS), (report, REPORT)):
        os.dup2(source, target, inheritable=target != REPORT)
    os.closerange(REPORT + 1, os.sysconf("SC_OPEN_MAX"))


def _reseed() -> None:
    """Give this process random numbers of its own; its siblings have the same state."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(int.from_bytes(os.urandom(4)))  # its own way of finding a seed touches much memory


def _count_threads() -> int:
    """Return the number of threads of this process, once those that are about to end have ended."""
    deadline = time.monotonic() + THREADS_END_WITHIN
    while (threads := len(list(Path("/proc/self/task").iterdir()))) != 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    return threads


def _own_children() -> set[int]:
    try:
        return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()))
    except OSError:  # a Linux that was built without this list
        return set()


def _kill(child: int, kill: Callable[[int, int], None] = os.kill) -> None:
    try:
        kill(child, signal.SIGKILL)
    except ProcessLookupError:
        return


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), *[ctypes.c_ulong(0)] * 3)


def main() -> None:
    try:
        ForkServer(socket.socket(fileno=int(sys.argv[1]))).run()
        os._exit(0)
    except _Forked as fork:
        told = fork.told
    _become(*told)


if __name__ == "__main__":
    main()
