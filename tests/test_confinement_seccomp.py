"""The system calls that pass: on paper for both architectures, and in a real process."""

from __future__ import annotations

import errno
import os
import re
import struct
from pathlib import Path

import bpf
import pytest
from confined import USERS, run_child

from csvagent_jupyter.confinement import seccomp
from csvagent_jupyter.confinement.seccomp_rules import ALLOWED, REFUSED, Rules, sealed, starting
from csvagent_jupyter.confinement.syscalls import NUMBERS, call, machine

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ARCHITECTURES = tuple(AUDIT)
JUNK = 0xDEADBEEF << 32
OURSELVES = 4321
CHECKED = set(starting().checked)
CLOCKS = ("clock_gettime", "clock_getres", "clock_nanosleep", "timer_create")


def answer(rules: Rules, architecture: str, name: str, *arguments: int) -> int | None:
    """What the filter answers to a call by its name."""
    code = seccomp.program(rules, architecture)
    return bpf.run(code, AUDIT[architecture], NUMBERS[architecture][name], *arguments)


def clock_of(process: int) -> int:
    """The clock of a process's processor time, as `clock_getcpuclockid` gives it."""
    return (~process << 3 | 2) & 0xFFFFFFFF


def header(*places: str) -> dict[str, int]:
    """The calls that a header of the system defines; none where it is not installed."""
    for place in places:
        if Path(place).exists():
            found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(place).read_text(), re.MULTILINE)
            return {name: int(number) for name, number in found}
    return {}


def test_numbers_of_x86_64_are_those_of_the_headers() -> None:
    defined = header("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h")
    ours = NUMBERS["x86_64"]
    newest = max(defined.values(), default=-1)
    assert {name: number for name, number in ours.items() if number <= newest and defined.get(name) != number} == {}


def test_numbers_of_aarch64_are_those_of_the_headers() -> None:
    defined = header("/usr/include/asm-generic/unistd.h")
    defined |= {"newfstatat": defined["fstatat"]} if defined else {}
    ours = NUMBERS["aarch64"]
    newest = max((number for name, number in defined.items() if name != "syscalls"), default=-1)
    assert {name: number for name, number in ours.items() if number <= newest and defined.get(name) != number} == {}
    missing = {name for name in NUMBERS["x86_64"].keys() - ours.keys() if name in defined}
    assert missing - {"stat", "lstat"} == set()  # the header has them for 32 bits only


def test_numbers_lead_to_the_call_that_is_meant() -> None:
    assert call("getpid") == os.getpid()
    assert call("getppid") == os.getppid()
    assert call("getuid") == os.getuid()
    assert call("umask", 0o22) == call("umask", 0o22)
    with pytest.raises(OSError, match="close") as caught:
        call("close", -1)
    assert caught.value.errno == errno.EBADF


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_two_calls_share_a_number_and_every_rule_has_one(architecture: str) -> None:
    numbers = NUMBERS[architecture]
    assert len(set(numbers.values())) == len(numbers)
    named = {*ALLOWED, *REFUSED, *starting().checked, *sealed(1).checked, *sealed(1).refused}
    assert named <= NUMBERS["x86_64"].keys() | NUMBERS["aarch64"].keys()
    assert not set(ALLOWED) & (REFUSED.keys() | CHECKED)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_call_is_answered_as_its_rule_says_and_unknown_ones_do_not_exist(architecture: str) -> None:
    code = seccomp.program(starting(), architecture)
    names = {number: name for name, number in NUMBERS[architecture].items()}
    for number in [*range(1024), 0x3FFFFFFF]:
        name = names.get(number)
        if name in CHECKED:
            continue
        expected = errno.ENOSYS if name is None else None if name in ALLOWED else REFUSED[name]
        assert bpf.run(code, AUDIT[architecture], number) == expected, name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_programs_are_well_formed(architecture: str) -> None:
    for rules in (starting(), sealed(OURSELVES)):
        instructions = list(struct.iter_unpack("=HBBI", seccomp.program(rules, architecture)))
        assert len(instructions) <= 4096
        assert instructions[-1][0] == 0x06
        for at, (code, when_true, when_false, value) in enumerate(instructions):
            distance = value if code == 0x05 else max(when_true, when_false)
            assert code == 0x06 or at + 1 + distance < len(instructions)


def test_calls_by_another_architecture_and_by_x32_do_not_exist() -> None:
    code = seccomp.program(starting(), "x86_64")
    assert bpf.run(code, 0x40000003, 3) == errno.ENOSYS  # int 0x80, where 3 is read
    for number in (0, 59, 520):
        assert bpf.run(code, AUDIT["x86_64"], 0x40000000 | number) == errno.ENOSYS
    assert bpf.run(seccomp.program(starting(), "aarch64"), 0x40000028, 3) == errno.ENOSYS


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (0x3D0F00,), None),  # what pthread_create asks for
        ("clone", (0x01200011,), errno.EPERM),  # fork
        ("clone", (0x3D0F00 | 0x20000000,), errno.EPERM),
        ("clone", (0x3D0B00,), errno.EPERM),  # without CLONE_FILES
        ("clone", (0x3D0D00,), errno.EPERM),  # without CLONE_FS
        ("close_range", (3, 9, 0), None),
        ("close_range", (3, 9, 4), None),
        ("close_range", (3, 9, 2), errno.EINVAL),  # CLOSE_RANGE_UNSHARE
        ("close_range", (3, 9, JUNK | 6), errno.EINVAL),
        ("fallocate", (3, 0, 0, 1), None),
        ("fallocate", (3, JUNK | 1, 0, 1), errno.EOPNOTSUPP),  # FALLOC_FL_KEEP_SIZE
        ("renameat2", (3, 1, 3, 2, 0), None),
        ("renameat2", (3, 1, 3, 2, 2), None),
        ("renameat2", (3, 1, 3, 2, JUNK | 4), errno.EINVAL),  # RENAME_WHITEOUT
        ("clone", (0x10000 | 0x10000000,), errno.EPERM),
        ("clone3", (1, 88), errno.ENOSYS),
        ("socket", (1, 1 | 0o2000000), None),
        ("socket", (1 | JUNK, 1), None),
        ("socket", (1, 2), errno.EAFNOSUPPORT),
        ("socket", (2, 1), errno.EAFNOSUPPORT),
        ("socket", (10, 1), errno.EAFNOSUPPORT),
        ("socket", (16, 3), errno.EAFNOSUPPORT),
        ("socket", (40, 1), errno.EAFNOSUPPORT),
        ("socketpair", (1, 1), None),
        ("socketpair", (1, 2), errno.EAFNOSUPPORT),
        ("socketpair", (1, 5), errno.EAFNOSUPPORT),
        ("sendto", (3, 1, 1, 0, 0), None),
        ("sendto", (3, 1, 1, 0, 0x7F0000001000), errno.EPERM),
        ("sendto", (3, 1, 1, 0, 0x7F0000000000), errno.EPERM),
        ("sendto", (3, 1, 1, JUNK | 1, 0), errno.EOPNOTSUPP),  # MSG_OOB
        ("sendmsg", (3, 1, 0x4040), None),
        ("sendmsg", (3, 1, 0x41), errno.EOPNOTSUPP),
        ("recvfrom", (3, 1, 1, 1), errno.EOPNOTSUPP),
        ("recvmsg", (3, 1, 1), errno.EOPNOTSUPP),
        ("recvmmsg", (3, 1, 1, 1), errno.EOPNOTSUPP),
        ("setsockopt", (3, 1, 7), None),
        ("setsockopt", (3, 1, 50), errno.EPERM),
        ("openat", (0, 0, 0o2000000), None),
        ("openat", (0, 0, 0o1101), None),
        ("openat", (0, 0, 0o1000), errno.EACCES),
        ("openat", (0, 0, JUNK | 0o2001000), errno.EACCES),
        ("openat", (0, 0, 3), errno.EACCES),
        ("openat", (0, 0, JUNK | 0o20200003), errno.EACCES),  # with O_TMPFILE
        ("openat", (0, 0, 0o1003), errno.EACCES),
        ("openat", (0, 0, 2), None),
        ("fcntl", (3, 2), None),
        ("fcntl", (3, JUNK | 8), errno.EINVAL),  # F_SETOWN
        ("fcntl", (3, 1026), errno.EINVAL),  # F_NOTIFY
        ("ioctl", (0, 0x5401), None),
        ("ioctl", (0, 0x5412), errno.ENOTTY),  # TIOCSTI
        ("ioctl", (0, JUNK | 0x5412), errno.ENOTTY),
        ("ioctl", (0, 0x8901), errno.ENOTTY),  # FIOSETOWN
        ("prctl", (15,), None),
        ("prctl", (4, 1), errno.EPERM),  # PR_SET_DUMPABLE
        ("prctl", (1, 0), errno.EPERM),  # PR_SET_PDEATHSIG
        ("prctl", (22, 2), errno.EPERM),  # PR_SET_SECCOMP
        ("seccomp", (1, 1), None),
        ("seccomp", (0, 0), errno.EPERM),
        ("utimensat", (0, 1, 0x7F0000001000), 0),
        ("utimensat", (0, 1, 0), errno.EPERM),
    ],
)
def test_checked_arguments(architecture: str, name: str, arguments: tuple[int, ...], expected: int | None) -> None:
    assert answer(starting(), architecture, name, *arguments) == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("socket", (1, 1), errno.EAFNOSUPPORT),
        ("connect", (3,), errno.EACCES),
        ("bind", (3,), errno.EACCES),
        ("listen", (3,), errno.EACCES),
        ("accept4", (3,), None),
        ("seccomp", (1,), errno.EPERM),
        ("kill", (OURSELVES, 9), None),
        ("kill", (0, 9), errno.EPERM),
        ("kill", (0xFFFFFFFF, 9), errno.EPERM),
        ("kill", (2**32 - OURSELVES, 9), errno.EPERM),
        ("kill", (OURSELVES + 1, 0), errno.EPERM),
        ("tgkill", (OURSELVES, OURSELVES + 5, 6), None),
        ("tgkill", (OURSELVES + 1, OURSELVES, 6), errno.EPERM),
        ("prlimit64", (0, 9, 0, 0x7F0000001000), None),
        ("prlimit64", (0, 9, 0x7F0000001000, 0), errno.EPERM),
        ("prlimit64", (0, 9, 0x7F0000000000, 0), errno.EPERM),
        ("prlimit64", (OURSELVES + 1, 9, 0, 1), errno.EPERM),
        ("sched_setaffinity", (0,), None),
        ("sched_setaffinity", (OURSELVES + 1,), errno.EPERM),
        ("sched_getaffinity", (OURSELVES,), None),
        ("sched_getaffinity", (OURSELVES + 1,), errno.ENOSYS),
        ("getsid", (0,), None),
        ("getsid", (OURSELVES,), None),
        ("getsid", (OURSELVES + 1,), errno.EPERM),
        ("getpgid", (OURSELVES + 1,), errno.EPERM),
        ("capget", (), errno.EPERM),
        ("getpgid", (JUNK | OURSELVES + 1,), errno.EPERM),
        ("sched_rr_get_interval", (1,), errno.EPERM),
        ("sched_getparam", (OURSELVES,), None),
        ("sched_getparam", (1,), 0),
        ("sched_getscheduler", (1,), 0),
        ("getpriority", (0, 0), None),
        ("getpriority", (0, OURSELVES), None),
        ("getpriority", (0, 1), errno.EPERM),
        ("getpriority", (1, 0), errno.EPERM),
        ("getpriority", (2, 0), errno.EPERM),
        *[(name, (clock,), None) for name in CLOCKS for clock in (0, 1, 7, 11, clock_of(0), clock_of(OURSELVES))],
        *[
            (name, (clock,), errno.EINVAL)
            for name in CLOCKS
            for clock in (12, clock_of(1), clock_of(1) | 4, 0xFFFFFFFB)
        ],
        ("read", (), None),
    ],
)
def test_what_the_second_filter_takes_away(
    architecture: str, name: str, arguments: tuple[int, ...], expected: int | None
) -> None:
    assert answer(sealed(OURSELVES), architecture, name, *arguments) == expected


DANGEROUS = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "pidfd_open", "io_uring_setup", "userfaultfd"),
    *("memfd_create", "bpf", "perf_event_open", "keyctl", "add_key", "request_key", "mount", "umount2", "setns"),
    *("unshare", "kexec_load", "open_by_handle_at", "name_to_handle_at", "chroot", "personality", "inotify_init1"),
    *("symlinkat", "linkat", "mknodat", "setuid", "setpgid", "tkill", "reboot", "swapon", "init_module", "shmget"),
)


@pytest.mark.parametrize("user", USERS)
def test_a_real_process_is_refused_what_is_dangerous_and_goes_on(user: str) -> None:
    code = f"""
seccomp.restrict_start(); seccomp.restrict_rest()
for name in {DANGEROUS!r}:
    results[name] = tried(lambda: call(name, 0, 0, 0, 0, 0, 0))
results["unknown"] = tried(lambda: os.eventfd(0)) + str(ctypes.CDLL(None, use_errno=True).syscall(1000)) + \
    errno.errorcode[ctypes.get_errno()]
results["fork"], results["exec"] = tried(os.fork), tried(lambda: os.execv(sys.executable, ["python"]))
results["run"] = tried(lambda: subprocess.run([sys.executable]))
results["socket"] = tried(socket.socket)
results["others"] = tried(lambda: os.kill(os.getppid(), 0))
results["group"] = tried(lambda: os.killpg(os.getpgrp(), 0))
results["oneself"] = tried(lambda: os.kill(os.getpid(), 0))
ours, theirs = socket.socketpair()
ours.sendall(b"x")
results["pair"] = theirs.recv(1).decode()
done = []
thread = threading.Thread(target=done.append, args=(1,)); thread.start(); thread.join()
results["thread"] = done
"""
    results = run_child(code, user)
    assert {name: results[name] for name in DANGEROUS} == dict.fromkeys(DANGEROUS, "EPERM")
    assert results["unknown"] == "-1ENOSYS"
    assert (results["fork"], results["exec"], results["run"]) == ("EPERM", "EACCES", "EPERM")
    assert (results["socket"], results["others"], results["group"]) == ("EAFNOSUPPORT", "EPERM", "EPERM")
    assert (results["oneself"], results["pair"], results["thread"]) == ("", "x", [1])


def test_the_old_open_of_x86_64_has_the_same_checks() -> None:
    for flags, expected in (
        (0, None),
        (0o1101, None),
        (0o1000, errno.EACCES),
        (3, errno.EACCES),
        (0o1003, errno.EACCES),
    ):
        assert answer(starting(), "x86_64", "open", 0, flags) == expected


@pytest.mark.parametrize("user", USERS)
def test_odd_forms_of_ordinary_calls_do_not_get_around_the_rules(user: str) -> None:
    """Each works without the filter, and what its plain form is for works with it."""
    code = """
secret = os.fsencode(foreign / "secret")
descriptor = os.open(work / "file", os.O_RDWR | os.O_CREAT)
ours, theirs = socket.socketpair()
ours.send(b"x", socket.MSG_DONTWAIT)
told = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, os.getppid()))
odd = {
    "emptied": lambda: os.close(os.open(secret, 3 | os.O_TRUNC)),
    "opened": lambda: os.close(os.open(secret, 3)),
    "terminal": lambda: os.close(os.open("/dev/full", 3)),
    "unnamed": lambda: os.close(os.open(foreign, 3 | os.O_TMPFILE, 0o600)),
    "beyond the size": lambda: call("fallocate", descriptor, 1, 0, 2 * 2**20),
    "descriptors of one's own": lambda: call("close_range", 2**31, 2**31, 2),
    "overtaking": lambda: ours.send(b"x", socket.MSG_OOB),
    "capabilities": lambda: call("capget", told, ctypes.create_string_buffer(24)),
}
results["control"] = {name: tried(attempt) for name, attempt in odd.items()}
(foreign / "secret").write_text("canary")
os.ftruncate(descriptor, 0)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
seccomp.restrict_start(); seccomp.restrict_rest()
results["refused"] = {name: tried(attempt) for name, attempt in odd.items()}
results["secret"] = (foreign / "secret").read_text()
os.posix_fallocate(descriptor, 0, 2**19)
results["size"] = [os.fstat(descriptor).st_size, tried(lambda: os.posix_fallocate(descriptor, 0, 2**21))]
os.closerange(500, 600)
results["heard"] = theirs.recv(9, socket.MSG_DONTWAIT).decode()[:1]
"""
    results = run_child(code, user)
    assert set(results.pop("control").values()) == {""}
    assert results == {
        "refused": {
            **dict.fromkeys(("emptied", "opened", "terminal", "unnamed"), "EACCES"),
            "beyond the size": "ENOTSUP",
            "descriptors of one's own": "EINVAL",
            "overtaking": "ENOTSUP",
            "capabilities": "EPERM",
        },
        "secret": "canary",
        "size": [2**19, "EFBIG"],
        "heard": "x",
    }


def test_modes_and_times_claim_to_change_so_that_files_can_be_copied_and_touched() -> None:
    code = """
import shutil
secret = foreign / "secret"
before = secret.stat()
seccomp.restrict_start(); seccomp.restrict_rest()
results["claimed"] = tried(lambda: secret.chmod(0o777)) + tried(lambda: os.utime(secret, (1, 1)))
results["same"] = (before.st_mode, before.st_mtime_ns) == (secret.stat().st_mode, secret.stat().st_mtime_ns)
shutil.copy2(secret, work / "copy")
(work / "touched").touch()
results["made"] = sorted(path.name for path in work.iterdir())
"""
    assert run_child(code) == {"claimed": "", "same": True, "made": ["copy", "touched"]}


@pytest.mark.parametrize("user", USERS)
def test_a_process_can_ask_about_itself_and_about_nobody_else(user: str) -> None:
    code = """
asked = {
    "session": os.getsid,
    "group": os.getpgid,
    "niceness": lambda pid: os.getpriority(os.PRIO_PROCESS, pid),
    "cores": os.sched_getaffinity,
    "slice": os.sched_rr_get_interval,
    "time": lambda pid: time.clock_gettime((~pid << 3) | 2),
    "limits": lambda pid: resource.prlimit(pid, resource.RLIMIT_AS),
}
theirs, ours = os.getppid(), os.getpid()
results["control"] = [name for name, ask in asked.items() for pid in (theirs, ours, 0) if tried(lambda: ask(pid))]
seccomp.restrict_start(); seccomp.restrict_rest()
results["others"] = {name: tried(lambda: ask(theirs)) for name, ask in asked.items()}
results["oneself"] = [tried(lambda: ask(pid)) for ask in asked.values() for pid in (ours, 0)]
results["disk"] = [tried(lambda: os.statvfs(work)), tried(lambda: os.statvfs(0))]
before = os.sched_getscheduler(0)
results["claimed"] = tried(lambda: os.sched_setscheduler(theirs, os.SCHED_BATCH, os.sched_param(0)))
results["told"] = [os.sched_getscheduler(theirs), os.sched_getscheduler(2**30), before]
"""
    results = run_child(code, user)
    refused = {"cores": "ENOSYS", "time": "EINVAL"}
    control = results.pop("control")
    assert control == ([] if user == "tester" else ["limits"])  # root's, which this user is not shown anyway
    assert results == {
        "others": {
            name: refused.get(name, "EPERM")
            for name in ("session", "group", "niceness", "cores", "slice", "time", "limits")
        },
        "oneself": [""] * 14,
        "disk": ["ENOSYS", "ENOSYS"],
        "claimed": "",
        "told": [0, 0, 0],
    }


def test_a_context_of_sockets_that_is_made_late_does_not_end_the_process() -> None:
    """Its threads set their scheduling, and the process is aborted when they are refused."""
    code = """
import zmq
seccomp.restrict_start(); seccomp.restrict_rest()
context = zmq.Context()
first, second = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
first.bind("inproc://late"); second.connect("inproc://late")
first.send(b"x")
results["heard"] = second.recv().decode()
context.destroy(linger=0)
"""
    assert run_child(code) == {"heard": "x"}


def test_a_filter_holds_for_threads_that_run_already() -> None:
    code = """
go, answers = threading.Event(), []
def late():
    go.wait()
    answers.append(tried(socket.socket))
thread = threading.Thread(target=late); thread.start()
seccomp.restrict_start(); seccomp.restrict_rest()
go.set(); thread.join()
results["answers"] = answers
"""
    assert run_child(code) == {"answers": ["EAFNOSUPPORT"]}


def test_it_is_told_where_there_are_no_filters() -> None:
    assert seccomp.available() is bool(machine())
    code = """
without = Rules((), {"seccomp": errno.ENOSYS}, {}, None)
seccomp.install(seccomp.program(without, machine()))
results["available"] = seccomp.available()
"""
    assert run_child(code) == {"available": False}
