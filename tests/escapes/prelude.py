"""Put into the kernel before the attempts: what they may call. Their aims come as `aim`, a plain object."""

import ctypes
import errno
import os
import platform
import types

NUMBERS = {
    # name: (x86-64, aarch64)
    "execve": (59, 221),
    "execveat": (322, 281),
    "clone": (56, 220),
    "clone3": (435, 435),
    "vfork": (58, None),
    "fork": (57, None),
    "socket": (41, 198),
    "connect": (42, 203),
    "openat": (257, 56),
    "openat2": (437, 437),
    "open": (2, None),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "setns": (308, 268),
    "unshare": (272, 97),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_setup": (206, 0),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "mknodat": (259, 33),
    "syslog": (103, 116),
    "swapon": (167, 224),
    "acct": (163, 89),
    "reboot": (169, 142),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "sethostname": (170, 161),
    "fanotify_init": (300, 262),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "modify_ldt": (154, None),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "mq_timedreceive": (243, 183),
    "prlimit64": (302, 261),
    "move_pages": (279, 239),
    "process_madvise": (440, 440),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "utimensat": (280, 88),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "truncate": (76, 45),
    "get_robust_list": (274, 100),
    "landlock_create_ruleset": (444, 444),
    "fallocate": (285, 47),
    "renameat2": (316, 276),
    "close_range": (436, 436),
    "capget": (125, 90),
}
aim = types.SimpleNamespace()
libc = ctypes.PyDLL(None, use_errno=True)  # no other thread may run while a fork is made
libc.syscall.restype = ctypes.c_long


def syscall(name, *arguments):
    """Call the system by number; raises OSError as the os module does."""
    number = NUMBERS[name][platform.machine() == "aarch64"]
    ctypes.set_errno(0)
    passed = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = libc.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


def let_in(name, *arguments):
    """Tell whether a system call was let in: it did its work, or found fault only with what it was given."""
    try:
        syscall(name, *arguments)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            raise
    won()


def won():
    """Say that it worked, in a word that stands nowhere in the code."""
    print(aim.word)
