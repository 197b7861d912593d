"""A real JupyterLab for the browser tests: its own settings, its own folder, nothing of the person's."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

QUIET = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CONTRAST = """element => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = element;
  while (behind && (parse(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
  const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(parse).map(light);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
"""The contrast of an element's text with what is behind it, as WCAG counts it."""


class LabServer:
    """JupyterLab on loopback, serving `folder`; `with LabServer(folder, home) as lab: browser.goto(lab.url)`.

    `home` takes its settings and runtime files; `locale` is JupyterLab's; `environ` is added to its environment.
    """

    def __init__(
        self, folder: Path, home: Path, *, locale: str = "en", environ: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.home = home
        self.environ = dict(environ or {})
        self.settings = QUIET | {"translation-extension/plugin": {"locale": locale}}
        self.token = secrets.token_hex(16)
        self.log: list[str] = []
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/lab?token={self.token}"

    def wear(self, theme: str) -> None:
        """Show the pages that are opened from now on in a theme."""
        self._write_settings("apputils-extension/themes", {"theme": theme})

    def __enter__(self) -> Self:
        for plugin, values in self.settings.items():
            self._write_settings(plugin, values)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
                *(f"--port={self.port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}"),
                f"--ServerApp.root_dir={self.folder}",
            ],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()
        self._ready.wait()
        assert self.process.poll() is None, "".join(self.log)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self.process.kill()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.process.wait()

    def _environment(self) -> dict[str, str]:
        places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))},
            **{f"JUPYTER_{name}_DIR": str(self.home / place) for name, place in places.items()},
            "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
            "IPYTHONDIR": str(self.home / "ipython"),
            **self.environ,
        }

    def _write_settings(self, plugin: str, values: Mapping[str, Any]) -> None:
        path = self.home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if "is running at" in line:
                self._ready.set()
        self._ready.set()
