"""What a confined process may read and write: the libraries that it runs on and its own folder, and nothing else.

Of an installation only the standard library, site-packages and shared libraries are readable, never the whole prefix:
its etc/ has keys and tokens, and its other folders are other people's.
"""

from __future__ import annotations

import mimetypes
import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from .limits import Limits

_SHARED_LIBRARIES: Final = (
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
)
_MORE_SHARED_LIBRARIES: Final = ("/usr/local/lib", "/usr/local/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache")
_FONTS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/etc/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
)
_CONFIGURATION: Final = (
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/locale",
    "/usr/share/i18n",
    "/etc/locale.alias",
    "/etc/ssl/openssl.cnf",  # OpenSSL reads it for hashes, too
)
_MACHINE: Final = (
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
)
DEVICES_TO_WRITE: Final = ("/dev/null",)
_SITE_FOLDERS: Final = ("site-packages", "dist-packages")
# Of /proc/<self>, what tells a process about itself; net/ and the mounts tell about the machine.
_OF_ONESELF: Final = ("status", "statm", "stat", "maps", "smaps", "cgroup", "limits", "cmdline", "comm", "io", "fd")
_CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
# Version 2, then version 1
_FIGURES: Final = (
    *("cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.cpus.effective", "memory.max", "memory.high", "memory.low"),
    *("memory.current", "memory.peak", "memory.stat", "memory.swap.max", "memory.swap.current", "pids.max"),
    *("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares", "cpuset.effective_cpus", "memory.limit_in_bytes"),
    *("memory.soft_limit_in_bytes", "memory.usage_in_bytes", "memory.memsw.limit_in_bytes", "memory.use_hierarchy"),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one confined process may do: paths beneath which it reads, writes, or makes sockets, and its limits."""

    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as JSON values, for the process that it is for."""
        paths = {"readable": self.readable, "writable": self.writable, "sockets": self.sockets}
        return {name: list(value) for name, value in paths.items()} | {"limits": self.limits.to_dict()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build the policy from JSON values; what is missing allows nothing."""
        readable, writable, sockets = (
            tuple(map(str, data.get(name, ()))) for name in ("readable", "writable", "sockets")
        )
        return cls(readable, writable, sockets, Limits.from_dict(data.get("limits", {})))


def readable_paths() -> tuple[str, ...]:
    """Return what this interpreter and the libraries that it has need to read, symbolic links resolved.

    It asks the file system a good deal, so a process that forks others asks once.
    """
    return _without_nested(_existing(needed_paths()))


def needed_paths() -> tuple[str, ...]:
    """Return the same by the names that programs know them by, whether they are there or not."""
    return (
        *_python(),
        *_SHARED_LIBRARIES,
        *_MORE_SHARED_LIBRARIES,
        *_configured_libraries(),
        *_FONTS,
        *_CONFIGURATION,
        *_narrow(map(str, zoneinfo.TZPATH)),
        *map(str, mimetypes.knownfiles),
        *_MACHINE,
        *_own_groups(),
    )


def own_process() -> tuple[str, ...]:
    """Return what the calling process may read of itself; asked in that process, because the paths name it."""
    process = os.getpid()
    return tuple(f"/proc/{process}/{name}" for name in _OF_ONESELF)


def _python() -> Iterator[str]:
    """The standard library, site-packages, the interpreter's shared libraries, and this package itself."""
    for name in ("stdlib", "platstdlib"):
        yield sysconfig.get_path(name)
        yield sysconfig.get_path(
            name, vars={"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}
        )
    yield str(Path(sys.base_prefix, "lib"))
    # A folder on sys.path that is not called so is somebody's project or a folder of notebooks.
    yield from _narrow(entry for entry in sys.path if Path(entry).name in _SITE_FOLDERS)
    yield str(Path(__file__).parents[1])


def _configured_libraries() -> Iterator[str]:
    """The folders of shared libraries that the administrator or the environment names."""
    named: list[str] = []
    for listing in (Path("/etc/ld.so.conf"), *sorted(Path("/etc/ld.so.conf.d").glob("*.conf"))):
        try:
            lines = listing.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        named += [line.strip() for line in lines]
    named += os.environ.get("LD_LIBRARY_PATH", "").split(":")
    yield from _narrow(named)


def _narrow(folders: Iterable[str]) -> Iterator[str]:
    """Leave out a home, a whole installation, and what they lie in: who names one is not asked to open it all."""
    wide = [os.path.realpath(folder) for folder in _wide()]
    for folder in folders:
        real = os.path.realpath(folder)
        if folder.startswith("/") and not any(Path(one).is_relative_to(real) for one in wide):
            yield real


def _wide() -> Iterator[str]:
    """This interpreter's installations, and the person's home by the environment, which may have been cleaned."""
    yield from {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    yield str(Path.home())
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):  # an account without an entry, as containers have them
            yield pwd.getpwuid(os.getuid()).pw_dir


def _own_groups() -> Iterator[str]:
    """The figures of this process's control groups and those above: libraries ask them for memory and processors.

    The folders themselves would tell of everything that runs on the machine.
    """
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        for controller in {controllers, *controllers.split(",")}:
            root = _CONTROL_GROUPS / controller
            own = Path(f"{root}{group}")
            for folder in (own, *own.parents):
                if folder.is_relative_to(root):
                    yield from (str(folder / figure) for figure in _FIGURES)


def _existing(paths: Iterable[str]) -> Iterator[str]:
    """Resolve paths, and leave out what is not there."""
    for path in paths:
        real = os.path.realpath(path)
        if Path(path).is_absolute() and Path(real).exists():
            yield real


def _without_nested(paths: Iterable[str]) -> tuple[str, ...]:
    """Leave out what is beneath another path of the list."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path.startswith(f"{above}/") for above in kept):
            kept.append(path)
    return tuple(kept)
