"""Both steps of the confinement together, in real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from confined import USERS, run_child

from csvagent_jupyter.confinement import Limits, clean_environment, landlock, seccomp

BOTH = """
confined = confine(policy)
confined.seal()
results["complete"] = confined.complete
"""


@pytest.mark.parametrize("user", USERS)
def test_files_network_and_processes_are_out_of_reach_and_the_work_folder_is_not(user: str) -> None:
    code = f"""
parent = os.getppid()
{BOTH}
attempts = {{
    "read": (foreign / "secret").read_text,
    "password": lambda: open("/etc/passwd"),
    "list": lambda: os.listdir("/"),
    "write": lambda: (foreign / "new").write_text("x"),
    "temporary": lambda: Path("/tmp/of-nobody").write_text("x"),
    "processes": lambda: os.listdir("/proc"),
    "environment": lambda: open("/proc/self/environ"),
    "memory": lambda: open("/proc/self/mem", "r+b"),
    "other": lambda: open(f"/proc/{{parent}}/status"),
    "connections": lambda: open("/proc/self/net/tcp"),
    "mounts": lambda: open("/proc/self/mounts"),
    "groups": lambda: os.listdir("/sys/fs/cgroup"),
    "terminal": lambda: open("/dev/tty"),
    "devices": lambda: os.listdir("/dev"),
    "shared": lambda: open("/dev/shm/of-nobody", "w"),
    "socket": lambda: socket.socket(socket.AF_UNIX),
    "address": lambda: socket.create_connection(("127.0.0.1", 9)),
    "fork": os.fork,
    "run": lambda: subprocess.run([sys.executable]),
    "signal": lambda: os.kill(parent, 0),
    "own": lambda: os.chown(work, 0, 0),
    "identity": lambda: os.setuid(0),
    "priority": lambda: os.nice(-5),
}}
results["open"] = [name for name, attempt in attempts.items() if not tried(attempt)]
(work / "file").write_text("kept")
results["work"] = (work / "file").read_text()
results["devices"] = len(open("/dev/urandom", "rb").read(3)) + open("/dev/null", "w").write("x")
results["self"] = "Threads:" in Path("/proc/self/status").read_text()
"""
    assert run_child(code, user) == {
        "complete": True,
        "open": [],
        "work": "kept",
        "devices": 4,
        "self": True,
    }


def test_libraries_can_still_be_imported() -> None:
    code = f"""
{BOTH}
import fractions, sqlite3, numpy
results["half"] = float(fractions.Fraction(1, 2) * numpy.ones(1)[0])
results["rows"] = sqlite3.connect(":memory:").execute("select 1").fetchall()
"""
    assert run_child(code) == {"complete": True, "half": 0.5, "rows": [[1]]}


def test_work_that_asks_for_several_processes_is_done_in_one(tmp_path: Path) -> None:
    environment = clean_environment({}, tmp_path, Limits())
    code = f"""
os.environ |= {{"JOBLIB_MULTIPROCESSING": "{environment["JOBLIB_MULTIPROCESSING"]}", "OPENBLAS_NUM_THREADS": "1"}}
import joblib
{BOTH}
results["sum"] = sum(joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(number) for number in range(-3, 0)))
"""
    assert run_child(code) == {"complete": True, "sum": 6}


def test_sockets_that_were_made_before_the_second_step_go_on() -> None:
    code = """
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    confined = confine(policy)
    server = socket.socket(socket.AF_UNIX); server.bind(str(ipc / "shell")); server.listen()
    confined.seal()
    os.write(writing, b"ready")
    connection, _ = server.accept()
    connection.sendall(connection.recv(99).upper())
    os._exit(0)
os.read(reading, 5)
client = socket.socket(socket.AF_UNIX); client.connect(str(ipc / "shell"))
client.sendall(b"question")
results["answer"] = client.recv(99).decode()
os.waitpid(child, 0)
"""
    assert run_child(code) == {"answer": "QUESTION"}


def test_a_kernels_own_kind_of_sockets_works() -> None:
    code = """
import zmq
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    confined = confine(policy)
    context = zmq.Context()
    router, iopub = context.socket(zmq.ROUTER), context.socket(zmq.XPUB)
    router.bind(f"ipc://{ipc}/shell"); iopub.bind(f"ipc://{ipc}/iopub")
    inner = context.socket(zmq.PAIR); inner.bind("inproc://inner")
    confined.seal()
    late = context.socket(zmq.PAIR); late.connect("inproc://inner"); late.send(b"late")
    os.write(writing, b"ready")
    router.send_multipart([*router.recv_multipart(), inner.recv()])
    iopub.recv(); iopub.send(b"topic")
    context.destroy(linger=1000)
    os._exit(0)
os.read(reading, 5)
context = zmq.Context()
dealer, subscriber = context.socket(zmq.DEALER), context.socket(zmq.SUB)
dealer.connect(f"ipc://{ipc}/shell"); subscriber.connect(f"ipc://{ipc}/iopub"); subscriber.subscribe(b"")
dealer.send(b"question")
results["answer"] = [part.decode() for part in dealer.recv_multipart()]
results["published"] = subscriber.recv().decode()
context.destroy(linger=0)
os.waitpid(child, 0)
"""
    assert run_child(code) == {"answer": ["question", "late"], "published": "topic"}


@pytest.mark.parametrize("user", USERS)
def test_limits_cannot_be_lifted_from_inside_and_can_from_outside(user: str) -> None:
    code = """
from csvagent_jupyter.confinement import room_for_data
reading, writing = os.pipe()
go, gone = os.pipe()
child = os.fork()
if child == 0:
    limits = Limits(memory=50 * 2**20)
    confine(Policy(policy.readable, policy.writable, policy.sockets, limits)).seal()
    found = [tried(lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))), room_for_data(limits, 2**30)]
    found.append(tried(lambda: bytearray(200 * 2**20)))
    os.write(writing, b"x")
    os.read(go, 1)
    found.append(tried(lambda: bytearray(200 * 2**20)))
    os.write(writing, json.dumps(found).encode())
    os._exit(0)
os.read(reading, 1)
results["set"] = room_for_data(Limits(memory=50 * 2**20), 300 * 2**20, child)
os.write(gone, b"x")
results["inside"] = json.loads(os.read(reading, 999))
os.waitpid(child, 0)
"""
    assert run_child(code, user) == {"set": True, "inside": ["ValueError", False, "MemoryError", ""]}


@pytest.mark.parametrize("user", USERS)
def test_no_capability_is_left_and_none_comes_back(user: str) -> None:
    code = """
confine(policy).seal()
status = dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
results = {name: status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")}
results["bounding"] = int(status["CapBnd"], 16)
"""
    results = run_child(code, user)
    bounding = results.pop("bounding")
    assert bounding == 0 or user == "nobody"
    assert results == dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb"), "0" * 16) | {
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }


def test_it_refuses_to_confine_one_thread_of_several() -> None:
    code = """
go = threading.Event()
thread = threading.Thread(target=go.wait); thread.start()
results["error"] = tried(lambda: confine(policy))
go.set(); thread.join()
"""
    assert run_child(code) == {"error": "RuntimeError"}


def test_it_ends_with_its_parent() -> None:
    """The middle process is killed; the confined one below it holds the pipe that we read until it ends."""
    code = """
import os, sys, time
from csvagent_jupyter.confinement.confine import confine
from csvagent_jupyter.confinement.policy import Policy
middle = os.getpid()
reading, writing = os.pipe()
if os.fork() == 0:
    confine(Policy(), parent=middle).seal()
    os.write(writing, b"x")
    time.sleep(60)
    os._exit(0)
os.read(reading, 1)
os.write(1, b"there")
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as middle:
        assert middle.stdout is not None
        assert middle.stdout.read(5) == b"there"
        os.kill(middle.pid, signal.SIGKILL)
        assert middle.stdout.read() == b""


def test_it_ends_when_its_parent_has_just_ended() -> None:
    code = """
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    confine(policy, parent=os.getpid())
    os.write(writing, b"went on")
    os._exit(0)
os.close(writing)
results["told"] = os.read(reading, 99).decode()
results["status"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
    assert run_child(code) == {"told": "", "status": 1}


@pytest.mark.parametrize(
    ("missing", "landlock_there", "seccomp_there"),
    [("landlock_create_ruleset", False, True), ("seccomp", True, False)],
)
def test_what_the_system_does_not_have_is_left_out_and_said(
    missing: str, landlock_there: bool, seccomp_there: bool
) -> None:
    code = f"""
seccomp.install(seccomp.program(Rules((), {{"{missing}": errno.ENOSYS}}, {{}}, None), machine()))
confined = confine(policy)
confined.seal()
results["claimed"] = [confined.landlock > 0, confined.seccomp, confined.sealed, confined.unprivileged]
results["complete"] = confined.complete
results["files"] = tried((foreign / "secret").read_text) != ""
results["sockets"] = tried(socket.socket) != ""
"""
    assert landlock.version() > 0
    assert seccomp.available()
    assert run_child(code) == {
        "claimed": [landlock_there, seccomp_there, seccomp_there, True],
        "complete": False,
        "files": landlock_there,
        "sockets": seccomp_there,
    }
