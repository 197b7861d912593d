# %% os-system | printed
os.system(f"cat {aim.keys} > out.txt")
print(open("out.txt").read())

# %% subprocess | printed
import subprocess
print(subprocess.run(["cat", aim.keys], capture_output=True, text=True).stdout)

# %% subprocess-shell | printed
import subprocess
subprocess.check_output(f"cat {aim.keys}", shell=True)

# %% subprocess-posix-spawn | printed
import subprocess
subprocess._USE_VFORK = False
print(subprocess.Popen(["/bin/cat", aim.keys], stdout=subprocess.PIPE, close_fds=False).communicate()[0])

# %% popen | printed
os.popen(f"cat {aim.keys}").read()

# %% shell-escape | printed
lines = get_ipython().getoutput(f"cat {aim.keys}")
print(list(lines))

# %% shell-magic | printed
get_ipython().run_cell_magic("bash", "--out said", f"cat {aim.keys}")
print(get_ipython().user_ns["said"])

# %% pseudo-terminal | printed
import pty
pid, terminal = pty.fork()
if pid == 0:
    os.execv("/bin/cat", ["cat", aim.keys])
print(os.read(terminal, 1000))
os.waitpid(pid, 0)

# %% asyncio-subprocess | printed
import asyncio
import threading
said = []
def talk():
    async def go():
        child = await asyncio.create_subprocess_exec("cat", aim.keys, stdout=-1)
        said.append(await child.stdout.read())
        await child.wait()
    asyncio.run(go())
thread = threading.Thread(target=talk)
thread.start()
thread.join()
print(said)

# %% spawn | printed
pid = os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", f"cat {aim.keys} > out.txt"])
print(open("out.txt").read())

# %% posix-spawn | printed
pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"cat {aim.keys} > out.txt"], {})
os.waitpid(pid, 0)
print(open("out.txt").read())

# %% fork | won
pid = os.fork()
if pid == 0:
    os._exit(7)
if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7:
    won()

# %% fork-by-number | won | machine=x86_64
pid = syscall("fork")
if pid == 0:
    os._exit(7)
if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7:
    won()

# %% fork-c-library | won
pid = libc.fork()
if pid == 0:
    os._exit(7)
if pid > 0:
    os.waitpid(pid, 0)
    won()

# %% clone-by-number | won
pid = syscall("clone", 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(7)
os.waitpid(pid, 0)
won()

# %% clone3-by-number | won
arguments = (ctypes.c_uint64 * 11)()
arguments[4] = 17
pid = syscall("clone3", arguments, 88)
if pid == 0:
    os._exit(7)
os.waitpid(pid, 0)
won()

# %% clone-new-user | won
pid = syscall("clone", 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(7)
os.waitpid(pid, 0)
won()

# %% multiprocessing | won
import multiprocessing
child = multiprocessing.get_context("fork").Process(target=os._exit, args=(7,))
child.start()
child.join()
if child.exitcode == 7:
    won()

# %% process-pool | won
from concurrent.futures import ProcessPoolExecutor
import multiprocessing
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
    if pool.submit(os.getpid).result(timeout=10) != os.getpid():
        won()

# %% exec | changed | alone
os.execv("/bin/sh", ["sh", "-c", f"echo mine > {aim.victim}"])

# %% exec-by-number | changed | alone
words = (ctypes.c_char_p * 4)(b"sh", b"-c", os.fsencode(f"echo mine > {aim.victim}"), None)
syscall("execve", b"/bin/sh", words, (ctypes.c_char_p * 1)(None))

# %% exec-of-own-interpreter | changed | alone
import sys
os.execv(sys.executable, [sys.executable, "-c", f"open({aim.victim!r}, 'w').write('mine')"])

# %% exec-through-the-loader | changed | alone
loader = next(line.split()[-1] for line in open("/proc/self/maps") if "/ld-linux" in line or "/ld-2" in line)
os.execv(loader, [loader, "/bin/sh", "-c", f"echo mine > {aim.victim}"])

# %% exec-of-a-dropped-file | changed | alone
open("tool", "w").write(f"#!/bin/sh\necho mine > {aim.victim}\n")
os.chmod("tool", 0o700)
os.execv("./tool", ["./tool"])

# %% exec-of-memory | changed | alone
memory = os.memfd_create("tool", 0)
os.write(memory, open("/bin/sh", "rb").read())
os.execve(memory, ["sh", "-c", f"echo mine > {aim.victim}"], {})

# %% exec-of-a-script-in-memory | changed | alone
memory = os.memfd_create("tool", 0)
os.write(memory, f"#!/bin/sh\necho mine > {aim.victim}\n".encode())
words = (ctypes.c_char_p * 2)(b"tool", None)
syscall("execveat", memory, b"", words, (ctypes.c_char_p * 1)(None), 0x1000)

# %% system-c-library | changed
libc.system(os.fsencode(f"echo mine > {aim.victim}"))

# %% popen-c-library | changed
libc.popen.restype = ctypes.c_void_p
stream = libc.popen(os.fsencode(f"echo mine > {aim.victim}"), b"r")
if stream:
    libc.pclose(ctypes.c_void_p(stream))

# %% own-library | died
import shutil
place = next(line.split()[-1] for line in open("/proc/self/maps") if "/libc.so" in line or "/libc-" in line)
shutil.copy(place, "own.so")
own = ctypes.CDLL("./own.so", use_errno=True)
own.syscall(NUMBERS["kill"][platform.machine() == "aarch64"], aim.pid, 9)

# %% machine-code | died | machine=x86_64
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\xb8\x3e\x00\x00\x00\x0f\x05\xc3")
function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
function(aim.pid, 9)

# %% machine-code-of-32-bits | died | machine=x86_64 alone
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\x53\xb8\x25\x00\x00\x00\x89\xfb\x89\xf1\xcd\x80\x5b\xc3")
function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
function(aim.pid, 9)

# %% kill | died
import signal
os.kill(aim.pid, signal.SIGKILL)

# %% kill-by-number | died
syscall("kill", aim.pid, 9)

# %% kill-c-library | died
libc.kill(aim.pid, 9)

# %% terminate | died
import signal
os.kill(aim.pid, signal.SIGTERM)

# %% kill-a-thread | died
syscall("tgkill", aim.pid, aim.pid, 9)

# %% kill-a-thread-the-old-way | died
syscall("tkill", aim.pid, 9)

# %% queue-a-signal | died
information = ctypes.create_string_buffer(128)
information[8:12] = (-1 & 0xFFFFFFFF).to_bytes(4, "little")
syscall("rt_sigqueueinfo", aim.pid, 9, information)

# %% kill-a-group | died
import signal
os.killpg(os.getpgid(aim.pid), signal.SIGKILL)

# %% kill-by-descriptor | died
import signal
signal.pidfd_send_signal(os.pidfd_open(aim.pid), signal.SIGKILL)

# %% kill-by-descriptor-of-a-folder | died
import signal
signal.pidfd_send_signal(os.open(f"/proc/{aim.pid}", os.O_RDONLY | os.O_DIRECTORY), signal.SIGKILL)

# %% kill-by-owner-of-a-pipe | died
import fcntl
out, into = os.pipe()
fcntl.fcntl(out, fcntl.F_SETOWN, aim.pid)
fcntl.fcntl(out, 10, 9)
fcntl.fcntl(out, fcntl.F_SETFL, fcntl.fcntl(out, fcntl.F_GETFL) | os.O_ASYNC)
os.write(into, b"x")
os.close(into)
import time
time.sleep(0.1)

# %% signal-the-asker | died
import signal
os.kill(aim.asker, signal.SIGUSR1)

# %% signal-the-parent | died | child
import signal
os.kill(os.getppid(), signal.SIGUSR1)

# %% psutil | died
import psutil
psutil.Process(aim.pid).kill()

# %% may-signal | won
os.kill(aim.pid, 0)
won()

# %% trace | won
import time
syscall("ptrace", 16, aim.pid, 0, 0)
won()
os.waitpid(aim.pid, 0x40000000)
syscall("ptrace", 17, aim.pid, 0, 0)

# %% trace-seize | won
pid = aim.pid
syscall("ptrace", 0x4206, pid, 0, 0)
syscall("ptrace", 0x4207, pid, 0, 0)
os.waitpid(pid, 0x40000000)
syscall("ptrace", 17, pid, 0, 0)
won()

# %% trace-the-parent | won
pid = os.getppid()
syscall("ptrace", 0x4206, pid, 0, 0)
syscall("ptrace", 0x4207, pid, 0, 0)
os.waitpid(pid, 0x40000000)
syscall("ptrace", 17, pid, 0, 0)
won()

# %% read-memory-of-another | printed
taken = ctypes.create_string_buffer(aim.length)
here = (ctypes.c_size_t * 2)(ctypes.addressof(taken), aim.length)
there = (ctypes.c_size_t * 2)(aim.address, aim.length)
syscall("process_vm_readv", aim.pid, here, 1, there, 1, 0)
print(taken.raw)

# %% write-memory-of-another | changed
given = ctypes.create_string_buffer(b"changed")
here = (ctypes.c_size_t * 2)(ctypes.addressof(given), 7)
there = (ctypes.c_size_t * 2)(aim.address, 7)
syscall("process_vm_writev", aim.pid, here, 1, there, 1, 0)

# %% take-a-descriptor | printed
taken = syscall("pidfd_getfd", os.pidfd_open(aim.pid), aim.descriptor, 0)
print(os.pread(taken, 1000, 0))

# %% compare-with-another | won
let_in("kcmp", os.getpid(), aim.pid, 0, 0, 0)

# %% limits-of-another | won
import resource
resource.prlimit(aim.pid, resource.RLIMIT_CORE)
won()

# %% limits-of-another-lowered | won
import resource
resource.prlimit(aim.pid, resource.RLIMIT_FSIZE, resource.prlimit(aim.pid, resource.RLIMIT_FSIZE))
won()

# %% priority-of-another | won
os.setpriority(os.PRIO_PROCESS, aim.pid, 1)
won()

# %% cores-of-another | won
os.sched_setaffinity(aim.pid, os.sched_getaffinity(aim.pid))
won()

# %% scheduler-of-another | won
os.sched_setscheduler(aim.pid, os.SCHED_BATCH, os.sched_param(0))
if os.sched_getscheduler(aim.pid) == os.SCHED_BATCH:
    won()

# %% group-of-another | won
os.getpgid(aim.pid)
won()

# %% niceness-of-another | won
os.getpriority(os.PRIO_PROCESS, aim.pid)
won()

# %% niceness-of-everybody | won
os.getpriority(os.PRIO_USER, os.getuid())
won()

# %% cores-of-another-asked | won
os.sched_getaffinity(aim.pid)
won()

# %% time-slice-of-another | won
os.sched_rr_get_interval(aim.pid)
won()

# %% processor-time-of-another | won
import time
time.clock_gettime((~aim.pid << 3) | 2)
won()

# %% disk-priority-of-another | won
let_in("ioprio_set", 1, aim.pid, (3 << 13))

# %% threads-of-another | won
where = ctypes.c_void_p()
size = ctypes.c_size_t()
let_in("get_robust_list", aim.pid, ctypes.byref(where), ctypes.byref(size))

# %% memory-advice-for-another | won
let_in("process_madvise", -1, 0, 0, 0, 0)

# %% pages-of-another | won
let_in("move_pages", aim.pid, 0, 0, 0, 0, 0)

# %% session-of-another | won
os.getsid(aim.pid)
won()

# %% namespace-of-another | won | who=root
syscall("setns", os.open(f"/proc/{aim.pid}/ns/net", os.O_RDONLY), 0)
won()

# %% namespace-of-another-by-pid | won | who=root
syscall("setns", os.pidfd_open(aim.pid), 0x40000000)
won()

# %% new-user-namespace | won
let_in("unshare", 0x10000000)

# %% new-network-namespace | won | who=root alone
let_in("unshare", 0x40000000)

# %% new-mount-namespace | won | who=root alone
let_in("unshare", 0x00020000)

# %% page-faults | won
let_in("userfaultfd", 1)

# %% io-ring | won
parameters = ctypes.create_string_buffer(120)
let_in("io_uring_setup", 4, parameters)

# %% asynchronous-io | won
let_in("io_setup", 1, ctypes.byref(ctypes.c_ulong()))

# %% key-ring | won
let_in("keyctl", 0, -3, 0, 0, 0)

# %% key-ring-add | won
let_in("add_key", b"user", b"canary", b"mine", 4, -1)

# %% key-ring-request | won
let_in("request_key", b"user", b"no such canary", 0, 0)

# %% kernel-program | won | who=root
let_in("bpf", 0, 0, 0)

# %% performance-counters | won | who=root
let_in("perf_event_open", 0, 0, -1, -1, 0)

# %% personality | won
let_in("personality", 0x0400000)
syscall("personality", 0)

# %% segments | won | machine=x86_64
let_in("modify_ldt", 0, 0, 0)

# %% secret-memory | won
let_in("memfd_secret", 0)

# %% reboot | won | who=root
let_in("reboot", 0, 0, 0, 0)

# %% clock | won | who=root
let_in("clock_settime", 0, 0)

# %% accounting | won | who=root
let_in("acct", b"/nowhere-at-all")

# %% swap | won | who=root
let_in("swapon", b"/nowhere-at-all", 0)

# %% host-name | won | who=root
name = os.uname().nodename.encode()
let_in("sethostname", name, len(name))

# %% shared-segment | printed
identifier = syscall("shmget", aim.segment, 0, 0)
at = syscall("shmat", identifier, 0, 0)
print(ctypes.string_at(at, aim.length))

# %% message-queue | printed
queue = syscall("msgget", aim.segment, 0)
room = ctypes.create_string_buffer(8 + 200)
syscall("msgrcv", queue, room, 200, 0, 0)
print(room.raw)

# %% new-shared-segment | won
libc.shmctl(syscall("shmget", 0, 4096, 0o1600), 0, None)
won()

# %% new-message-queue | won
libc.msgctl(syscall("msgget", 0, 0o1600), 0, None)
won()

# %% new-semaphores | won
libc.semctl(syscall("semget", 0, 1, 0o1600), 0, 0)
won()

# %% new-posix-queue | won
let_in("mq_open", ctypes.c_char_p(aim.mark.encode()), os.O_CREAT | os.O_RDWR, 0o600, 0)
libc.mq_unlink(b"/" + aim.mark.encode())

# %% become-root | won | who=root
os.setresuid(0, 0, 0)
os.setgroups([0])
won()

# %% become-somebody-else | won | who=root alone
os.setresuid(65534, 65534, 0)
os.setresuid(0, 0, 0)
won()

# %% capabilities | won | who=root
lines = open("/proc/self/status").read().splitlines()
if int(next(line for line in lines if line.startswith("CapEff")).split()[1], 16):
    won()

# %% outlive-the-parent | won | alone
if libc.prctl(1, ctypes.c_ulong(0), 0, 0, 0) == 0:
    won()

# %% adopt-orphans | won | alone
if libc.prctl(36, ctypes.c_ulong(1), 0, 0, 0) == 0:
    won()

# %% let-others-trace | won | alone
if libc.prctl(0x59616D61, ctypes.c_ulong(2**64 - 1), 0, 0, 0) == 0 or libc.prctl(4, ctypes.c_ulong(1), 0, 0, 0) == 0:
    won()

# %% control-terminal | won
import pty
pty.openpty()
won()

# %% capabilities-of-another | won
import struct
asked = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, aim.pid))
syscall("capget", asked, ctypes.create_string_buffer(24))
won()

# %% data-out-of-order | won
import socket
ours, theirs = socket.socketpair()
ours.send(b"x", socket.MSG_OOB)
theirs.recv(1, socket.MSG_OOB)
won()
