"""Measures what a confined process can really not do, by trying it: ``python -P -m …confinement.probe`` prints it.

A throw-away fork confines itself and then attempts what must be refused, at canary files, sockets and a process of our
own. What it could do is a gap; the level is `confined` only when everything that must be closed is.
"""

from __future__ import annotations

import errno
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ..messages import Isolation
from .confine import confine
from .folders import own_folder, remove_folder
from .policy import Policy, readable_paths
from .syscalls import call

WITHIN_SECONDS: Final = 10.0
_REFUSALS: Final = {errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT, errno.ENOSYS, errno.EOPNOTSUPP, errno.EROFS}
_FILE: Final = "secret"
_LINK: Final = "link"
_PTRACE_SEIZE: Final = 0x4206


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found: for each attempt whether it was refused, the level that follows, and the gaps by text key."""

    level: Isolation
    gaps: tuple[str, ...]
    refused: dict[str, bool]

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {"level": self.level, "gaps": list(self.gaps), "refused": self.refused}

    @classmethod
    def from_refused(cls, refused: dict[str, bool]) -> Self:
        """Draw the conclusion; an attempt that is not told of counts as one that succeeded."""
        open_ones = [name for name in ATTEMPTS if not refused.get(name, False)]
        gaps = dict.fromkeys(ATTEMPTS[name].gap for name in open_ones)
        confined = all(ATTEMPTS[name].may_stay_open for name in open_ones)
        return cls("confined" if confined else "process", tuple(gaps), dict(refused))


def measure(policy: Policy | None, outside: Path | None = None) -> Measured:
    """Measure in a fork of this process, which must have one thread; None measures without any confinement.

    `outside` is a folder that an outer layer should hide: what can be asked by a path alone is asked there.
    """
    if sys.platform != "linux":
        return Measured.from_refused({})
    with ExitStack() as cleaning:
        targets = Targets.make(cleaning, outside)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _attempt_all(policy, targets, writing)
        os.close(writing)
        try:
            refused = _collect(reading)
        finally:
            os.close(reading)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return Measured.from_refused(refused)


def measure_apart() -> Measured:
    """Measure with the ordinary policy in a process of its own, for a caller that has threads."""
    command = [sys.executable, "-P", "-m", __name__]
    try:
        found = subprocess.run(  # noqa: S603 - nothing of it comes from outside
            command, capture_output=True, check=True, timeout=3 * WITHIN_SECONDS
        )
        return Measured.from_refused(json.loads(found.stdout)["refused"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return Measured.from_refused({})


@dataclass(frozen=True, slots=True)
class Targets:
    """What the attempts are aimed at: our own process, files and sockets, none of which the policy allows."""

    process: int
    folder: Path
    folder_descriptor: int
    tcp: int
    udp: int
    abstract: bytes
    program: str
    by_path: Path

    @classmethod
    def make(cls, cleaning: ExitStack, outside: Path | None = None) -> Self:
        """Make the canaries; `cleaning` removes them."""
        folder = own_folder("probe-")
        cleaning.callback(remove_folder, folder)
        lay_out(folder)
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        cleaning.callback(os.close, descriptor)
        abstract = b"\0" + folder.name.encode()
        local = socket.AF_UNIX
        stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
        _listen(cleaning, local, stream, _near(descriptor, "stream"))
        _listen(cleaning, local, datagram, _near(descriptor, "datagram"))
        _listen(cleaning, local, stream, abstract)
        tcp = _listen(cleaning, socket.AF_INET, stream, ("127.0.0.1", 0))
        udp = _listen(cleaning, socket.AF_INET, datagram, ("127.0.0.1", 0))
        ports = tcp.getsockname()[1], udp.getsockname()[1]
        program = shutil.which("true", path=os.defpath) or sys.executable
        return cls(os.getpid(), folder, descriptor, *ports, abstract, program, outside or folder)

    @property
    def secret(self) -> Path:
        """A file with something in it."""
        return self.folder / _FILE

    def near(self, name: str) -> str:
        """The path of a socket, short however deep the folder is."""
        return _near(self.folder_descriptor, name)


def lay_out(folder: Path) -> None:
    """Put the canary file and a link to it into a folder."""
    (folder / _FILE).write_text("canary", "utf-8")
    (folder / _LINK).symlink_to(_FILE)


def _near(descriptor: int, name: str) -> str:
    return f"/proc/self/fd/{descriptor}/{name}"


def _listen(cleaning: ExitStack, family: int, kind: int, address: Any) -> socket.socket:
    one = cleaning.enter_context(socket.socket(family, kind))
    one.bind(address)
    if kind == socket.SOCK_STREAM:
        one.listen()
    return one


def _attempt_all(policy: Policy | None, targets: Targets, report: int) -> None:
    """In the fork: confine it, try everything, and tell after each attempt whether it was refused."""
    try:
        if policy is not None:
            confine(policy).seal()
        for name, attempt in ATTEMPTS.items():
            if name != "exec":
                os.write(report, f"{name} {_refused(attempt, targets):d}\n".encode())
        # When it succeeds, nothing is told any more: the descriptor is closed on the way.
        os.write(report, f"exec {_refused(ATTEMPTS['exec'], targets):d}\n".encode())
    finally:
        os._exit(0)


def _refused(attempt: Attempt, targets: Targets) -> bool:
    try:
        attempt.make(targets)
    except OSError as error:
        # What can be asked of any path is refused when the path is not there for us; who made it keeps it meanwhile.
        return error.errno in _REFUSALS or (error.errno == errno.ENOENT and attempt.may_stay_open)
    return False


def _collect(reading: int) -> dict[str, bool]:
    told = b""
    while select.select([reading], [], [], WITHIN_SECONDS)[0]:
        some = os.read(reading, 4096)
        if not some:
            break
        told += some
    return {name: value == "1" for name, value in map(str.split, told.decode("utf-8").splitlines())}


def _tcp(targets: Targets) -> None:
    with socket.socket() as one:
        one.connect(("127.0.0.1", targets.tcp))


def _udp(targets: Targets) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", targets.udp))


def _netlink(_: Targets) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


def _local_socket(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(targets.near("stream"))


def _local_datagram(targets: Targets) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        ours.sendto(b"x", targets.near("datagram"))


def _abstract_socket(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(targets.abstract)


def _chmod(targets: Targets) -> None:
    before = targets.secret.stat().st_mode
    targets.secret.chmod(0o644 if before & 0o777 != 0o644 else 0o600)
    if targets.secret.stat().st_mode == before:
        raise PermissionError(errno.EPERM, "nothing changed")


def _append(targets: Targets) -> None:
    with targets.secret.open("a") as file:
        file.write("x")


def _empty(targets: Targets) -> None:
    os.close(os.open(targets.secret, os.O_RDONLY | os.O_TRUNC))


def _empty_blindly(targets: Targets) -> None:
    os.close(os.open(targets.secret, os.O_ACCMODE | os.O_TRUNC))  # a mode of which Landlock sees nothing


def _environment(targets: Targets) -> None:
    Path(f"/proc/{targets.process}/environ").read_bytes()


def _fork(_: Targets) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _exec(targets: Targets) -> None:
    silent = [targets.program, "-c", ""]  # as `true` and as an interpreter it prints nothing
    os.execv(targets.program, silent)  # noqa: S606 - nothing of it comes from outside


def _lift_a_limit(_: Targets) -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    call("prlimit64", 0, resource.RLIMIT_AS, struct.pack("=qq", hard, hard), None)


def _keep_privileges(_: Targets) -> None:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    sets = ("CapInh", "CapPrm", "CapEff", "CapAmb")
    if status["NoNewPrivs"] == "1" and not any(int(status[name], 16) for name in sets):
        raise PermissionError(errno.EPERM, "there are none")


def _lock_a_library(_: Targets) -> None:
    import fcntl

    mapped = Path("/proc/self/maps").read_text("utf-8").split()
    with Path(next(word for word in mapped if "/libc.so" in word or "/ld-" in word)).open("rb") as library:
        fcntl.flock(library, fcntl.LOCK_SH | fcntl.LOCK_NB)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that is tried: it raises OSError when it is refused. Its gap is what is said when it is not."""

    make: Callable[[Targets], object]
    gap: str
    may_stay_open: bool = False


ATTEMPTS: Final[dict[str, Attempt]] = {
    "read": Attempt(lambda targets: targets.secret.read_bytes(), "confinement.gap_files"),
    "list": Attempt(lambda targets: list(targets.folder.iterdir()), "confinement.gap_files"),
    "chmod": Attempt(_chmod, "confinement.gap_write"),
    "append": Attempt(_append, "confinement.gap_write"),
    "empty": Attempt(_empty, "confinement.gap_write"),
    "empty_blindly": Attempt(_empty_blindly, "confinement.gap_write"),
    "truncate": Attempt(lambda targets: os.truncate(targets.secret, 0), "confinement.gap_write"),
    "create": Attempt(lambda targets: (targets.folder / "new").write_bytes(b"x"), "confinement.gap_write"),
    "link": Attempt(lambda targets: os.link(targets.secret, targets.folder / "link"), "confinement.gap_write"),
    "tcp": Attempt(_tcp, "confinement.gap_network"),
    "udp": Attempt(_udp, "confinement.gap_network"),
    "netlink": Attempt(_netlink, "confinement.gap_network"),
    "local_socket": Attempt(_local_socket, "confinement.gap_sockets"),
    "local_datagram": Attempt(_local_datagram, "confinement.gap_sockets"),
    "abstract_socket": Attempt(_abstract_socket, "confinement.gap_sockets"),
    "fork": Attempt(_fork, "confinement.gap_processes"),
    "exec": Attempt(_exec, "confinement.gap_processes"),
    "signal": Attempt(lambda targets: os.kill(targets.process, 0), "confinement.gap_others"),
    "environment": Attempt(_environment, "confinement.gap_others"),
    "trace": Attempt(lambda targets: call("ptrace", _PTRACE_SEIZE, targets.process, 0, 0), "confinement.gap_others"),
    "privileges": Attempt(_keep_privileges, "confinement.gap_privileges"),
    "limits": Attempt(_lift_a_limit, "confinement.gap_limits"),
    "session": Attempt(lambda targets: os.getsid(targets.process), "confinement.gap_others"),
    "disk": Attempt(lambda targets: os.statvfs(targets.folder), "confinement.gap_paths"),
    "stat": Attempt(lambda targets: (targets.by_path / _FILE).stat(), "confinement.gap_paths", may_stay_open=True),
    "link_target": Attempt(
        lambda targets: (targets.by_path / _LINK).readlink(), "confinement.gap_paths", may_stay_open=True
    ),
    "process_id": Attempt(
        lambda targets: Path(f"/proc/{targets.process}").stat(),
        "confinement.gap_process_ids",
        may_stay_open=True,
    ),
    "lock": Attempt(_lock_a_library, "confinement.gap_locks", may_stay_open=True),
}


def main() -> None:
    """Print what is found with the ordinary policy, as JSON."""
    print(json.dumps(measure(Policy(readable_paths())).to_dict()))


if __name__ == "__main__":
    main()
