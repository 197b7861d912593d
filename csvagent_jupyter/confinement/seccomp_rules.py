"""Which system calls pass, which are refused and how, and which pass with some arguments only.

Constants are those of Linux's headers; they are the same on x86-64 and aarch64 unless it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from errno import EACCES, EAFNOSUPPORT, EINVAL, ENOSYS, ENOTTY, EOPNOTSUPP, EPERM
from typing import Final

_WHOLE: Final = 0xFFFFFFFF
_PRETEND: Final = 0


@dataclass(frozen=True, slots=True)
class Check:
    """A call passes when this argument, masked, is one of `values` (or is none of them, when they are not wanted)."""

    argument: int
    values: tuple[int, ...]
    mask: int = _WHOLE
    otherwise: int = EPERM
    wanted: bool = True
    upper_half: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """A filter in words: names of calls, and `otherwise` for all the others (None lets them pass).

    `refused` tells the error; 0 claims success and does nothing. A call that is checked as well is refused in that way
    when its checks have passed.
    """

    allowed: tuple[str, ...]
    refused: Mapping[str, int]
    checked: Mapping[str, tuple[Check, ...]]
    otherwise: int | None


_FILES: Final = """
    read write close lseek pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 creat fstat stat lstat
    newfstatat statx access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir rename
    renameat mkdir mkdirat rmdir unlink unlinkat ftruncate fadvise64 readahead fsync fdatasync
    sync_file_range flock umask sendfile copy_file_range dup dup2 dup3 pipe pipe2"""
_MEMORY: Final = """
    mmap mprotect munmap mremap brk madvise mincore msync mlock munlock mlock2 get_mempolicy membarrier"""
_PROCESS: Final = """
    kill tgkill prlimit64 sched_setaffinity exit exit_group wait4 waitid futex futex_waitv set_robust_list
    set_tid_address rseq arch_prctl gettid getpid getppid getpgid getpgrp getsid getuid geteuid getgid getegid
    getresuid getresgid getgroups sched_yield sched_getaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority getcpu getrusage getrlimit times
    sysinfo uname capget getrandom"""
_SIGNALS_AND_TIME: Final = """
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack signalfd signalfd4
    pause restart_syscall alarm getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun
    timer_delete timerfd_create timerfd_settime timerfd_gettime nanosleep clock_nanosleep clock_gettime clock_getres
    gettimeofday time"""
_WAITING: Final = """
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd
    eventfd2"""
_SOCKETS: Final = """
    connect bind listen accept accept4 shutdown getsockname getpeername getsockopt"""
ALLOWED: Final = tuple(f"{_FILES} {_MEMORY} {_PROCESS} {_SIGNALS_AND_TIME} {_WAITING} {_SOCKETS}".split())

# Landlock does not watch over these, so they would reach files outside. Copying a file calls them, so they claim to
# have worked. libzmq sets the policy that its threads have already, and aborts when it may not.
_PRETENDED: Final = "chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat sched_setscheduler"
# Attributes can be read of any file that can be named. A file system without them is what libraries expect.
_NOT_SUPPORTED: Final = """
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr removexattr
    lremovexattr fremovexattr"""
_FORBIDDEN: Final = """
    fork vfork ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_open pidfd_getfd
    pidfd_send_signal tkill rt_sigqueueinfo rt_tgsigqueueinfo setpgid setsid setpriority
    sched_setparam sched_setattr ioprio_set setrlimit personality modify_ldt iopl ioperm setns unshare
    setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset
    truncate chown fchown lchown fchownat link linkat symlink symlinkat mknod mknodat name_to_handle_at
    open_by_handle_at inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark sync syncfs
    memfd_create memfd_secret userfaultfd vmsplice mbind set_mempolicy migrate_pages move_pages remap_file_pages
    shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semctl semtimedop
    mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
    io_uring_setup io_uring_enter io_uring_register io_setup io_submit io_getevents io_pgetevents io_destroy io_cancel
    bpf perf_event_open keyctl add_key request_key mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick
    move_mount open_tree mount_setattr statmount listmount swapon swapoff reboot kexec_load kexec_file_load
    init_module finit_module delete_module acct quotactl quotactl_fd syslog settimeofday clock_settime clock_adjtime
    adjtimex sethostname setdomainname vhangup lookup_dcookie lsm_set_self_attr
    landlock_create_ruleset landlock_add_rule landlock_restrict_self"""
REFUSED: Final[Mapping[str, int]] = (
    dict.fromkeys(_FORBIDDEN.split(), EPERM)
    | dict.fromkeys(_PRETENDED.split(), _PRETEND)
    | dict.fromkeys(_NOT_SUPPORTED.split(), EOPNOTSUPP)
    | {"execve": EACCES, "execveat": EACCES}
    # Its flags are in memory, where a filter cannot look; the C library then uses clone.
    | {"clone3": ENOSYS}
    # How full a disk is, and whether a path exists, could be asked of any path. Libraries go on without an answer.
    | {"statfs": ENOSYS, "fstatfs": ENOSYS}
)

# include/uapi/linux/sched.h: a thread of this process that shares all with it (CLONE_VM, _FS, _FILES, _SIGHAND and
# _THREAD, as every C library asks for), in no namespace of its own. One with descriptors of its own would have as many
# of them again, where nobody looks.
_CLONE_THREAD: Final = 0x00010F00
_CLONE_NAMESPACES: Final = 0x7E020000
_THREAD_ONLY: Final = Check(0, (_CLONE_THREAD,), mask=_CLONE_THREAD | _CLONE_NAMESPACES)

# include/linux/socket.h and include/linux/net.h. Datagrams could be sent to any socket by its path, without connecting.
_AF_UNIX: Final = 1
_SOCK_STREAM: Final = 1
_SOCKET_TYPE_MASK: Final = 0xF
_LOCAL: Final = Check(0, (_AF_UNIX,), otherwise=EAFNOSUPPORT)
_STREAM: Final = Check(1, (_SOCK_STREAM,), mask=_SOCKET_TYPE_MASK, otherwise=EAFNOSUPPORT)
# include/linux/socket.h: MSG_OOB, data that overtake others, which nobody needs and Linux often had faults in
_OUT_OF_BAND: Final = 1
# include/uapi/asm-generic/socket.h: SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF and _EBPF
_NO_FILTERS_ON_SOCKETS: Final = Check(2, (26, 50, 51, 52), wanted=False)

# include/uapi/asm-generic/fcntl.h. Reading in name is emptying in fact, which Landlock sees from its ABI 3. The access
# mode 3, neither reading nor writing, is an old way to open devices, and of that Landlock sees nothing at all.
_ACCESS_MODE_AND_TRUNCATE: Final = 0o1003
_READ_AND_TRUNCATE: Final = 0o1000
_NEITHER: Final = 3
_BLIND: Final = (_READ_AND_TRUNCATE, _NEITHER, _NEITHER | _READ_AND_TRUNCATE)

# include/uapi/linux/falloc.h: only the plain way keeps to the limit on a file's size
_PLAIN_ALLOCATION: Final = Check(1, (0,), otherwise=EOPNOTSUPP)
# include/uapi/linux/fs.h: RENAME_NOREPLACE, RENAME_EXCHANGE. What is left out makes a device in a file's place.
_RENAMES: Final = Check(4, (0, 1, 2), otherwise=EINVAL)
# include/uapi/linux/close_range.h: CLOSE_RANGE_CLOEXEC. What is left out gives a thread descriptors of its own.
_CLOSE_RANGE: Final = Check(2, (0, 4), otherwise=EINVAL)

# include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h: F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
# F_GETLK, F_SETLK, F_SETLKW, the same three for open files, F_DUPFD_QUERY, F_DUPFD_CLOEXEC, F_SETPIPE_SZ,
# F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS. What is left out sends signals to others (F_SETOWN) or watches folders.
_FCNTL: Final = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1027, 1030, 1031, 1032, 1033, 1034)

# include/uapi/asm-generic/ioctls.h: TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TCGETS2.
# What is left out types into terminals (TIOCSTI), sends signals to others (FIOSETOWN), or drives devices.
_IOCTL: Final = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)

# include/uapi/linux/prctl.h: PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP,
# PR_CAPBSET_READ, PR_GET_TIMERSLACK, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_GET_THP_DISABLE, PR_SVE_GET_VL,
# PR_SME_GET_VL, PR_SET_VMA
_PRCTL: Final = (2, 3, 15, 16, 21, 23, 30, 38, 39, 42, 51, 64, 0x53564D41)

# Calls that take a process id first, and tell of any process or change it
_OF_A_PROCESS: Final = "getpgid getsid sched_rr_get_interval sched_setaffinity"
# A thread of libzmq asks these of itself, by its own id, when it begins, and aborts when they fail. A filter cannot
# tell that id from others, so for each id but the process's own they claim success and say nothing.
_OF_A_THREAD: Final = "sched_getparam sched_getscheduler"
_PRIO_PROCESS: Final = 0  # include/uapi/linux/resource.h

# include/uapi/linux/time.h: CLOCK_REALTIME to CLOCK_TAI. A clock below zero is the processor time of a process.
_OF_A_CLOCK: Final = "clock_gettime clock_getres clock_nanosleep timer_create"
_CLOCKS: Final = tuple(range(12))
# include/linux/posix-timers_types.h: CPUCLOCK_PROF, CPUCLOCK_VIRT, CPUCLOCK_SCHED
_KINDS_OF_PROCESS_CLOCKS: Final = (0, 1, 2)


def _clocks_of(process: int) -> tuple[int, ...]:
    """Return the clocks of a process's own time, as MAKE_PROCESS_CPUCLOCK makes them of its id; 0 is the caller."""
    return tuple((~process << 3 | kind) & _WHOLE for kind in _KINDS_OF_PROCESS_CLOCKS)


def _null(argument: int) -> tuple[Check, ...]:
    """Check that a pointer, which has two halves, is not given."""
    return (Check(argument, (0,)), Check(argument, (0,), upper_half=True))


def _in_order(argument: int) -> Check:
    """Check that the flags of a message do not ask for data out of order."""
    return Check(argument, (0,), _OUT_OF_BAND, EOPNOTSUPP)


def _not_null(argument: int) -> Check:
    """Check that a pointer is given, by its lower half: an address with nothing but zeros there is as good as never."""
    return Check(argument, (0,), wanted=False)


_START: Final = Rules(
    allowed=ALLOWED,
    refused=REFUSED,
    checked={
        "clone": (_THREAD_ONLY,),
        "open": (Check(1, _BLIND, _ACCESS_MODE_AND_TRUNCATE, EACCES, wanted=False),),
        "openat": (Check(2, _BLIND, _ACCESS_MODE_AND_TRUNCATE, EACCES, wanted=False),),
        "fallocate": (_PLAIN_ALLOCATION,),
        "renameat2": (_RENAMES,),
        "close_range": (_CLOSE_RANGE,),
        "fcntl": (Check(1, _FCNTL, otherwise=EINVAL),),
        "ioctl": (Check(1, _IOCTL, otherwise=ENOTTY),),
        "prctl": (Check(0, _PRCTL),),
        "socket": (_LOCAL, _STREAM),
        "socketpair": (_LOCAL, _STREAM),
        "sendto": (_in_order(3), *_null(4)),
        "sendmsg": (_in_order(2),),
        "recvfrom": (_in_order(3),),
        "recvmsg": (_in_order(2),),
        "recvmmsg": (_in_order(3),),
        "setsockopt": (_NO_FILTERS_ON_SOCKETS,),
        "utime": (_not_null(1),),
        "utimes": (_not_null(1),),
        "utimensat": (_not_null(2),),
        "futimesat": (_not_null(2),),
        # SECCOMP_SET_MODE_FILTER: a filter can only take away
        "seccomp": (Check(0, (1,)),),
    },
    otherwise=ENOSYS,
)


def starting() -> Rules:
    """Return the rules for a process that still makes its sockets; no foreign code runs in it yet."""
    return _START


def sealed(process: int) -> Rules:
    """Return the rules that come on top: what only the start needs is taken away, and no other process is reached.

    `process` is the id of the process that they are for, as it sees it itself.
    """
    refused = {"socket": EAFNOSUPPORT, "connect": EACCES, "bind": EACCES, "listen": EACCES, "seccomp": EPERM}
    refused["capget"] = EPERM  # it tells of any process, by an id in memory
    oneself, oneself_or_zero = Check(0, (process,)), Check(0, (0, process))
    own_clock = Check(0, (*_CLOCKS, *_clocks_of(0), *_clocks_of(process)), otherwise=EINVAL)
    checked = {
        "kill": (oneself,),
        "tgkill": (oneself,),
        **dict.fromkeys(_OF_A_PROCESS.split(), (oneself_or_zero,)),
        **dict.fromkeys(_OF_A_THREAD.split(), (Check(0, (0, process), otherwise=_PRETEND),)),
        **dict.fromkeys(_OF_A_CLOCK.split(), (own_clock,)),
        # The C library asks about each new thread by its id; it goes on without an answer when there is no such call.
        "sched_getaffinity": (Check(0, (0, process), otherwise=ENOSYS),),
        "getpriority": (Check(0, (_PRIO_PROCESS,)), Check(1, (0, process))),
        # A process may ask for its limits, and not give itself others.
        "prlimit64": (oneself_or_zero, *_null(2)),
    }
    return Rules((), refused, checked, None)
