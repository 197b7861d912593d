"""Landlock by itself: what each version can refuse, and what a real process can still reach."""

from __future__ import annotations

import pytest
from confined import USERS, run_child

from csvagent_jupyter.confinement import landlock


@pytest.mark.parametrize(
    ("abi", "highest_right", "network", "scopes"),
    [
        (1, landlock.MAKE_SYM, 0, 0),
        (2, landlock.REFER, 0, 0),
        (3, landlock.TRUNCATE, 0, 0),
        (4, landlock.TRUNCATE, 3, 0),
        (5, landlock.IOCTL_DEV, 3, 0),
        (6, landlock.IOCTL_DEV, 3, 3),
        (7, landlock.IOCTL_DEV, 3, 3),
        (9, landlock.IOCTL_DEV, 3, 3),
    ],
)
def test_only_what_a_version_knows_is_asked_of_it(abi: int, highest_right: int, network: int, scopes: int) -> None:
    assert landlock.handled(abi) == (highest_right * 2 - 1, network, scopes)


def test_refusals_are_not_written_into_the_log_of_the_host_where_that_can_be_asked() -> None:
    assert [landlock.restrict_flags(abi) for abi in (1, 6, 7, 9)] == [0, 0, 1, 1]


def test_what_may_be_written_has_no_way_to_make_what_harms_a_reader() -> None:
    harmful = (
        landlock.MAKE_FIFO | landlock.MAKE_SYM | landlock.MAKE_SOCK | landlock.MAKE_CHAR | landlock.MAKE_BLOCK
    ) | landlock.EXECUTE
    assert landlock.WRITE & harmful == 0
    assert landlock.SOCKET_FOLDER & (landlock.MAKE_REG | landlock.WRITE_FILE | landlock.READ_FILE) == 0


@pytest.mark.parametrize("user", USERS)
def test_files_are_reached_only_through_the_rules(user: str) -> None:
    code = """
secret = foreign / "secret"
(work / "link").symlink_to(secret)
os.link(secret, work / "hard")
opened = os.open(secret, os.O_PATH)
results["abi"] = landlock.restrict([(str(work), landlock.WRITE), (str(folder / "not there"), landlock.READ)])
attempts = {
    "read": secret.read_text,
    "list": lambda: list(foreign.iterdir()),
    "through a link": (work / "link").read_text,
    "through root": Path(f"/proc/self/root{secret}").read_text,
    "through a descriptor": Path(f"/proc/self/fd/{opened}").read_text,
    "append": lambda: secret.open("a"),
    "empty": lambda: os.truncate(secret, 0),
    "create": (foreign / "new").touch,
    "remove": secret.unlink,
    "rename": lambda: secret.rename(work / "mine"),
    "link": lambda: os.link(secret, work / "mine"),
    "run": lambda: os.execv(sys.executable, ["python"]),
    "fifo": lambda: os.mkfifo(work / "fifo"),
    "symbolic link": lambda: (work / "new").symlink_to(secret),
    "socket": lambda: socket.socket(socket.AF_UNIX).bind(str(work / "socket")),
}
results["tried"] = {name: tried(attempt) for name, attempt in attempts.items()}
(work / "file").write_text("x")
(work / "below").mkdir()
(work / "file").rename(work / "below" / "moved")
results["own"] = (work / "below" / "moved").read_text()
"""
    results = run_child(code, user)
    assert results["abi"] == landlock.version() > 0
    assert set(results["tried"].values()) <= {"EACCES", "EXDEV"}, results["tried"]
    assert results["own"] == "x"


def test_a_rule_for_a_file_opens_that_file_alone() -> None:
    code = """
(foreign / "other").write_text("x")
landlock.restrict([(str(foreign / "secret"), landlock.WRITE)])
results["it"] = (foreign / "secret").read_text()
(foreign / "secret").write_text("changed")
results["others"] = [tried((foreign / "other").read_text), tried(lambda: list(foreign.iterdir()))]
"""
    assert run_child(code) == {"it": "canary", "others": ["EACCES", "EACCES"]}


def test_a_folder_for_sockets_takes_sockets_and_no_files() -> None:
    code = """
landlock.restrict([(str(ipc), landlock.SOCKET_FOLDER)])
server = socket.socket(socket.AF_UNIX); server.bind(str(ipc / "s")); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect(str(ipc / "s"))
results["file"] = tried((ipc / "file").touch)
(ipc / "s").unlink()
results["left"] = [path.name for path in ipc.iterdir()]
"""
    assert run_child(code) == {"file": "EACCES", "left": []}


def test_ports_abstract_sockets_and_signals_are_out_of_reach() -> None:
    code = """
tcp = socket.create_server(("127.0.0.1", 0))
abstract = socket.socket(socket.AF_UNIX); abstract.bind(b"\\0" + folder.name.encode()); abstract.listen()
parent = os.getpid()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    landlock.restrict([])
    client = socket.socket(socket.AF_UNIX)
    found = {
        "connect": tried(lambda: socket.socket().connect(tcp.getsockname())),
        "bind": tried(lambda: socket.socket().bind(("127.0.0.1", 0))),
        "abstract": tried(lambda: client.connect(b"\\0" + folder.name.encode())),
        "signal": tried(lambda: os.kill(parent, 0)),
        "trace": tried(lambda: call("ptrace", 0x4206, parent, 0, 0)),
    }
    os.write(writing, json.dumps(found).encode())
    os._exit(0)
os.waitpid(child, 0)
results = json.loads(os.read(reading, 9999))
"""
    abi = landlock.version()
    expected = {"connect": 4, "bind": 4, "abstract": 6, "signal": 6, "trace": 1}
    refused = {name: error for name, error in run_child(code).items() if abi >= expected[name]}
    assert refused
    assert all(error in ("EACCES", "EPERM") for error in refused.values()), refused


def test_rules_in_proc_are_held_open_because_their_inodes_are_made_anew() -> None:
    code = """
own = f"/proc/{os.getpid()}/status"
landlock.restrict([(own, landlock.READ), ("/proc/meminfo", landlock.READ), ("/usr/lib", landlock.READ),
    ("/proc/self/fd", landlock.READ)])
results["held"] = sorted(os.readlink(f"/proc/self/fd/{name}").replace(str(os.getpid()), "self")
    for name in os.listdir("/proc/self/fd") if int(name) > 2 and os.path.exists(f"/proc/self/fd/{name}"))
"""
    held = [path for path in run_child(code)["held"] if path.startswith(("/proc/self/status", "/proc/me", "/usr"))]
    assert held == ["/proc/meminfo", "/proc/self/status"]


def test_without_landlock_nothing_is_claimed() -> None:
    code = """
without = Rules((), {"landlock_create_ruleset": errno.ENOSYS}, {}, None)
seccomp.install(seccomp.program(without, machine()))
results["abi"] = [landlock.version(), landlock.restrict([])]
results["secret"] = (foreign / "secret").read_text()
"""
    assert run_child(code) == {"abi": [0, 0], "secret": "canary"}
