"""What the attempts aim at: files, listeners and processes of the run's own, put back after each attempt."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import selectors
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from .leftovers import LIBC, key_of, left_at, new_mark, remove_all

HOLDER = """
import ctypes, os, sys
kept = ctypes.create_string_buffer(os.environ["CANARY"].encode())
file = os.open("id_ed25519", os.O_RDONLY)
print(ctypes.addressof(kept), file, flush=True)
for line in sys.stdin:
    print(kept.raw.hex(), flush=True)
"""
DIES = 0.2


class Holder:
    """A process that has the secret in its environment, its memory, its folder and an open file."""

    def __init__(self, secret: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", HOLDER, secret],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={"CANARY": secret},
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.address, self.descriptor = map(int, self._process.stdout.readline().split())
        self.pid = self._process.pid
        self.memory = self._memory()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def changed(self) -> bool:
        return self.alive and self._memory() != self.memory

    def _memory(self) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except BrokenPipeError:
            return ""

    def wait(self, seconds: float) -> None:
        """Give a signal the time to do its work."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def end(self) -> None:
        self._process.kill()
        with self._process, contextlib.suppress(BrokenPipeError):
            self._process.wait(10)


class Listeners:
    """TCP, UDP and unix sockets that count who speaks to them; a TCP peer gets a short refusal and is closed."""

    def __init__(self, folder: Path, abstract: str) -> None:
        self.heard = 0
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, "wake")
        self.paths = {"socket": folder / "s", "datagram": folder / "d"}
        self.port = self._listen(socket.AF_INET, ("127.0.0.1", 0))
        with contextlib.suppress(OSError):
            self._listen(socket.AF_INET6, ("::1", self.port))
        self.udp = self._datagram(socket.AF_INET, ("127.0.0.1", 0))
        for family, address in ((socket.AF_UNIX, str(self.paths["socket"])), (socket.AF_UNIX, "\0" + abstract)):
            self._listen(family, address)
        for address in (str(self.paths["datagram"]), "\0" + abstract + "-datagram"):
            self._datagram(socket.AF_UNIX, address)
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _listen(self, family: int, address: Any) -> Any:
        server = socket.socket(family, socket.SOCK_STREAM)
        server.bind(address)
        server.listen(64)
        self._selector.register(server, selectors.EVENT_READ, "stream")
        return server.getsockname()[1] if family != socket.AF_UNIX else None

    def _datagram(self, family: int, address: Any) -> Any:
        server = socket.socket(family, socket.SOCK_DGRAM)
        server.bind(address)
        self._selector.register(server, selectors.EVENT_READ, "datagram")
        return server.getsockname()[1] if family != socket.AF_UNIX else None

    def catch_up(self) -> None:
        """Return when all that came until now is counted."""
        self._caught_up.clear()
        self._wake.send(b"?")
        self._caught_up.wait(10)

    def _serve(self) -> None:
        while True:
            asked = False
            for key, _ in self._selector.select():
                peer: Any = key.fileobj
                if key.data == "wake":
                    asked = True
                    if peer.recv(1) == b"x":
                        return
                elif key.data == "client":
                    self._refuse(peer)
                else:
                    self.heard += 1
                    self._take(key.data, peer)
            if asked:
                self._caught_up.set()

    def _take(self, kind: str, peer: socket.socket) -> None:
        if kind == "datagram":
            peer.recv(65536)
            return
        client, _ = peer.accept()
        self._selector.register(client, selectors.EVENT_READ, "client")

    def _refuse(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        with client, contextlib.suppress(OSError):
            client.recv(65536)
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def end(self) -> None:
        self._wake.send(b"x")
        self._thread.join(10)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        self._wake.close()


class Canaries:
    """All of them, below one folder that nobody else uses."""

    def __init__(self, folder: Path) -> None:
        self.secret = os.environ.get("CSVAGENT_CANARY") or "canary_" + secrets.token_hex(12)
        self.word = "worked-" + secrets.token_hex(12)
        self.mark = new_mark()
        self.folder = folder / "theirs"
        self.signals = 0
        self._before = signal.signal(signal.SIGUSR1, self._signalled)
        self.other = folder / "csvagent-other"
        self.folder.mkdir()
        sockets = folder / "sockets"
        sockets.mkdir()
        self.listeners = Listeners(sockets, self.mark)
        self._heard = 0
        self.shm = Path("/dev/shm") / self.mark
        self.segment = key_of(self.mark)
        self._configuration = Path(sys.prefix) / "etc" / "jupyter" / f"{self.mark}.json"
        self._own: dict[Path, tuple[bytes, tuple[Any, ...]]] = {}
        self._lay_out()
        self.holder = Holder(self.secret, self.folder / "home" / ".ssh")
        self._system_v()
        self._print = self._fingerprint()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.holder.end()
        self.listeners.end()
        signal.signal(signal.SIGUSR1, self._before)
        remove_all(self.mark)
        self.folder.chmod(0o700)

    # --- what they are -----------------------------------------------------------------------------------------------

    def aims(self) -> dict[str, Any]:
        """Return what an attempt is told, under the names of `aim`."""
        folder, home = self.folder, self.folder / "home"
        return {
            **{name: str(folder / f"people.{name}") for name in ("csv", "parquet", "arrow", "sqlite", "npy", "json")},
            **{name: str(path) for name, path in self.listeners.paths.items()},
            "folder": str(folder),
            "home": str(home),
            "keys": str(home / ".ssh" / "id_ed25519"),
            "victim": str(folder / "victim.txt"),
            "link": str(folder / "link"),
            "outside": str(folder / "outside"),
            "other": str(self.other),
            "library": sysconfig.get_path("purelib"),
            "prefix": sys.prefix,
            "pid": self.holder.pid,
            "address": self.holder.address,
            "descriptor": self.holder.descriptor,
            "length": len(self.secret),
            "asker": os.getpid(),
            "port": self.listeners.port,
            "udp": self.listeners.udp,
            "abstract": self.mark,
            "mark": self.mark,
            "shm": str(self.shm),
            "segment": self.segment,
            "word": self.word,
        }

    def guard(self, path: Path) -> None:
        """Count a file of the host among the canaries."""
        self._own[path] = path.read_bytes(), _print_of(path)

    def forget(self) -> None:
        """Count no files of the host any more: the kernel that they belonged to is gone."""
        self._own.clear()

    # --- what happened to them ---------------------------------------------------------------------------------------

    def reached(self) -> bool:
        self.listeners.catch_up()
        return self.listeners.heard > self._heard

    def changed(self) -> bool:
        return self._fingerprint() != self._print or bool(self._own_changed()) or self.holder.changed

    def died(self) -> bool:
        self.holder.wait(DIES)
        return not self.holder.alive or self.signals > 0

    def restore(self) -> None:
        """Put back what an attempt changed."""
        self.listeners.catch_up()
        self._heard, self.signals = self.listeners.heard, 0
        if not self.holder.alive or self.holder.changed:
            self.holder.end()
            self.holder = Holder(self.secret, self._ssh())
        if self._fingerprint() != self._print:
            self._lay_out()
            self.holder.end()
            self.holder = Holder(self.secret, self._ssh())
            self._print = self._fingerprint()
        for path in self._own_changed():
            path.write_bytes(self._own[path][0])
            self.guard(path)

    def _own_changed(self) -> list[Path]:
        return [path for path, (_, known) in self._own.items() if _print_of(path) != known]

    def _ssh(self) -> Path:
        if not (self.folder / "home" / ".ssh" / "id_ed25519").exists():
            self._lay_out()
        return self.folder / "home" / ".ssh"

    def _signalled(self, *_: object) -> None:
        self.signals += 1

    def _fingerprint(self) -> list[tuple[Any, ...]]:
        found = [_print_of(path) for path in (*sorted(_below(self.folder)), *sorted(_below(self.other)))]
        return [*found, *((str(path),) for path in self._left_in_libraries())]

    def _left_in_libraries(self) -> list[Path]:
        return [path for path in left_at(self.mark) if path not in (self.shm, self._configuration)]

    # --- how they are made -------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for path in self._left_in_libraries():
            path.unlink()
        for folder in (self.folder, self.other):
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("home/.ssh", "home/.aws", "home/.local/share/jupyter/runtime", "listing", "outside"):
            (self.folder / name).mkdir(parents=True, mode=0o700)
        for name in ("data", "work", "out"):
            (self.other / name).mkdir(parents=True, mode=0o700)
        for name, text in self._texts().items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        self._tables()
        (self.folder / "link").symlink_to("/nowhere/" + self.secret)
        os.setxattr(self.folder / "home/.ssh/id_ed25519", "user.note", self.secret.encode())
        self.shm.write_text(self.secret)
        if os.access(self._configuration.parent, os.W_OK) or os.access(sys.prefix, os.W_OK):
            self._configuration.parent.mkdir(parents=True, exist_ok=True)
            self._configuration.write_text(f'{{"password": "{self.secret}"}}')

    def _texts(self) -> dict[str, str]:
        secret = self.secret
        return {
            "home/.ssh/id_ed25519": secret + "\n",
            "home/.ssh/authorized_keys": "ssh-ed25519 AAAA owner\n",
            "home/.env": f"API_KEY={secret}\n",
            "home/.aws/credentials": f"[default]\naws_secret_access_key = {secret}\n",
            "home/.local/share/jupyter/runtime/jpserver-1.json": f'{{"token": "{secret}"}}',
            "home/.bash_history": f"export API_KEY={secret}\n",
            "home/.bashrc": "# nothing\n",
            "home/__init__.py": "",
            "victim.txt": secret + " stays\n",
            f"listing/{secret}": "",
            "../csvagent-other/data/1.csv": secret,
            "../csvagent-other/work/result.csv": f"a,b\n1,{secret}\n",
            "../csvagent-other/out/e1-figure-1.png": secret,
            "../csvagent-other/kernel.json": f'{{"key": "{secret}"}}',
        }

    def _tables(self) -> None:
        frame = pd.DataFrame({"name": ["a", "b"], "key": [self.secret, self.secret]})
        frame.to_csv(self.folder / "people.csv", index=False)
        frame.to_json(self.folder / "people.json")
        frame.to_parquet(self.folder / "people.parquet")
        np.save(self.folder / "people.npy", np.array([self.secret]))
        with pa.OSFile(str(self.folder / "people.arrow"), "wb") as sink:
            table = pa.Table.from_pandas(frame)
            with pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
        with contextlib.closing(sqlite3.connect(self.folder / "people.sqlite")) as connection, connection:
            connection.execute("create table people (name text, key text)")
            connection.execute("insert into people values (?, ?)", ("a", self.secret))

    def _system_v(self) -> None:
        """A shared memory segment and a message queue, the old kind that is found by number."""
        LIBC.shmat.restype = ctypes.c_void_p
        LIBC.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
        LIBC.shmdt.argtypes = [ctypes.c_void_p]
        at = LIBC.shmat(LIBC.shmget(self.segment, 4096, 0o1600), None, 0)
        ctypes.memmove(at, self.secret.encode(), len(self.secret))
        LIBC.shmdt(at)
        message = (1).to_bytes(8, sys.byteorder) + self.secret.encode()
        LIBC.msgsnd(LIBC.msgget(self.segment, 0o1600), message, len(self.secret), 0)


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield Path(place)
        yield from (Path(place) / name for name in (*folders, *files))


def _print_of(path: Path) -> tuple[Any, ...]:
    """What a change would show in: kind and rights, owner, time, content, note."""
    try:
        state = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        note = os.getxattr(path, "user.note") if "user.note" in os.listxattr(path, follow_symlinks=False) else b""
    except OSError as error:
        return str(path), error.errno
    changed = 0 if path.is_dir() else state.st_mtime_ns
    return str(path), state.st_mode, state.st_uid, state.st_gid, changed, content, note
