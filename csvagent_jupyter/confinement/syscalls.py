"""System calls by name: their numbers on x86-64 and aarch64, and a way to make one.

The numbers are those of Linux's arch/x86/entry/syscalls/syscall_64.tbl and of include/uapi/asm-generic/unistd.h, which
aarch64 uses (scripts/syscall.tbl since Linux 6.11). A test compares them with the system's own headers.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from typing import Final

# Name, number on x86-64, number on aarch64; a dash where the architecture has no such call.
_TABLE: Final = """
read 0 63, write 1 64, close 3 57, lseek 8 62, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, preadv 295
69, pwritev 296 70, preadv2 327 286, pwritev2 328 287, open 2 -, creat 85 -, openat 257 56, fstat 5 80, stat 4 -,
lstat 6 -, newfstatat 262 79, statx 332 291, access 21 -, faccessat 269 48, faccessat2 439 439, readlink 89 -,
readlinkat 267 78, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -, renameat
264 38, renameat2 316 276, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35, truncate 76 45,
ftruncate 77 46, fallocate 285 47, fadvise64 221 223, readahead 187 213, fsync 74 82, fdatasync 75 83, sync_file_range
277 84, flock 73 32, umask 95 166, statfs 137 43, fstatfs 138 44, sendfile 40 71, copy_file_range 326 285, dup 32 23,
dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, close_range 436 436, fcntl 72 25, ioctl 16 29,

mmap 9 222, mprotect 10 226, munmap 11 215, mremap 25 216, brk 12 214, madvise 28 233, mincore 27 232, msync 26 227,
mlock 149 228, munlock 150 229, mlock2 325 284, get_mempolicy 239 236, membarrier 324 283,

clone 56 220, clone3 435 435, exit 60 93, exit_group 231 94, wait4 61 260, waitid 247 95, futex 202 98, futex_waitv
449 449, set_robust_list 273 99, set_tid_address 218 96, rseq 334 293, arch_prctl 158 -, prctl 157 167, seccomp 317
277, gettid 186 178, getpid 39 172, getppid 110 173, getpgid 121 155, getpgrp 111 -, getsid 124 156, getuid 102 174,
geteuid 107 175, getgid 104 176, getegid 108 177, getresuid 118 148, getresgid 120 150, getgroups 115 158, sched_yield
24 124, sched_getaffinity 204 123, sched_setaffinity 203 122, sched_getparam 143 121, sched_getscheduler 145 120,
sched_get_priority_max 146 125, sched_get_priority_min 147 126, sched_rr_get_interval 148 127, getpriority 140 141,
getcpu 309 168, getrusage 98 165, getrlimit 97 163, prlimit64 302 261, times 100 153, sysinfo 99 179, uname 63 160,
capget 125 90, getrandom 318 278,

rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137,
rt_sigsuspend 130 133, sigaltstack 131 132, signalfd 282 -, signalfd4 289 74, pause 34 -, restart_syscall 219 128,
kill 62 129, tgkill 234 131,

alarm 37 -, getitimer 36 102, setitimer 38 103, timer_create 222 107, timer_settime 223 110, timer_gettime 224 108,
timer_getoverrun 225 109, timer_delete 226 111, timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87,
nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169, time 201
-,

poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -, epoll_create1 291 20, epoll_ctl 233 21,
epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441, eventfd 284 -, eventfd2 290 19,

socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept 43 202, accept4 288 242, sendto
44 206, sendmsg 46 211, recvfrom 45 207, recvmsg 47 212, recvmmsg 299 243, shutdown 48 210, getsockname 51 204,
getpeername 52 205, getsockopt 55 209, setsockopt 54 208,

landlock_create_ruleset 444 444, landlock_add_rule 445 445, landlock_restrict_self 446 446, capset 126 91,

fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, ptrace 101 117, process_vm_readv 310 270, process_vm_writev
311 271, process_madvise 440 440, process_mrelease 448 448, kcmp 312 272, pidfd_open 434 434, pidfd_getfd 438 438,
pidfd_send_signal 424 424, tkill 200 130, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240, setpgid 109 154, setsid
112 157, setpriority 141 140, sched_setscheduler 144 119, sched_setparam 142 118, sched_setattr 314 274, ioprio_set
251 30, setrlimit 160 164, personality 135 92, modify_ldt 154 -, iopl 172 -, ioperm 173 -, setns 308 268, unshare 272
97,

setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143, setresuid 117 147, setresgid 119 149, setgroups
116 159, setfsuid 122 151, setfsgid 123 152,

chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, utime 132 -, utimes 235 -, utimensat 280 88, futimesat
261 -, chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266
36, mknod 133 -, mknodat 259 33, getxattr 191 8, lgetxattr 192 9, fgetxattr 193 10, listxattr 194 11, llistxattr 195
12, flistxattr 196 13, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15,
fremovexattr 199 16, name_to_handle_at 303 264, open_by_handle_at 304 265, inotify_init 253 -, inotify_init1 294 26,
inotify_add_watch 254 27, fanotify_init 300 262, fanotify_mark 301 263, sync 162 81, syncfs 306 267,

memfd_create 319 279, memfd_secret 447 447, userfaultfd 323 282, vmsplice 278 75, mbind 237 235, set_mempolicy 238
237, migrate_pages 256 238, move_pages 279 239, shmget 29 194, shmat 30 196, shmctl 31 195, shmdt 67 197, msgget 68
186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, semget 64 190, semop 65 193, semctl 66 191, semtimedop 220 192,
mq_open 240 180, mq_unlink 241 181, mq_timedsend 242 182, mq_timedreceive 243 183, mq_notify 244 184, mq_getsetattr
245 185, remap_file_pages 216 234,

io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427, io_setup 206 0, io_submit 209 2,
io_getevents 208 4, io_pgetevents 333 292, io_destroy 207 1, io_cancel 210 3, bpf 321 280, perf_event_open 298 241,
keyctl 250 219, add_key 248 217, request_key 249 218, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,
fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, move_mount 429 429, open_tree 428 428,
mount_setattr 442 442, statmount 457 457, listmount 458 458, swapon 167 224, swapoff 168 225, reboot 169 142,
kexec_load 246 104, kexec_file_load 320 294, init_module 175 105, finit_module 313 273, delete_module 176 106, acct
163 89, quotactl 179 60, quotactl_fd 443 443, syslog 103 116, settimeofday 164 170, clock_settime 227 112,
clock_adjtime 305 266, adjtimex 159 171, sethostname 170 161, setdomainname 171 162, vhangup 153 58, lookup_dcookie
212 18, lsm_set_self_attr 460 460,
"""


def _columns() -> tuple[dict[str, int], dict[str, int]]:
    columns: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for entry in _TABLE.replace("\n", " ").split(","):
        if not entry.strip():
            continue
        name, *numbers = entry.split()
        for column, number in zip(columns, numbers, strict=True):
            if number != "-":
                column[name] = int(number)
    return columns


_X86_64, _AARCH64 = _columns()
NUMBERS: Final[Mapping[str, Mapping[str, int]]] = {"x86_64": _X86_64, "aarch64": _AARCH64}


def machine() -> str:
    """Return the architecture of this process as `NUMBERS` names it; empty where there is no table for it."""
    if sys.platform != "linux" or sys.maxsize < 2**32 or sys.byteorder != "little":
        return ""
    name = platform.machine()
    return name if name in NUMBERS else ""


def call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make the system call `name` and return its result; raises OSError, with ENOSYS where there is no such call."""
    numbers = NUMBERS.get(machine(), {})
    if name not in numbers:
        raise OSError(38, os.strerror(38), name)
    return _checked(_libc().syscall(ctypes.c_long(numbers[name]), *map(_argument, arguments)), name)


def prctl(option: int, *arguments: int) -> int:
    """Call prctl(2); arguments that are not given are 0. Raises OSError."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return _checked(_libc().prctl(ctypes.c_int(option), *map(ctypes.c_ulong, padded)), "prctl")


def _argument(value: int | bytes | ctypes.Array[ctypes.c_char] | None) -> object:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc
