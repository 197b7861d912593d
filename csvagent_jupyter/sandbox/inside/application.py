"""ipykernel's application without what a sandbox does not have: TCP, files to configure it, a debugger.

What is overridden here is ipykernel's own business, and may change with a version: ``test_sandbox_ipykernel`` looks at
it, and pyproject.toml bounds the versions.
"""

from __future__ import annotations

import inspect
import os
import sys
import time
import types
from functools import cache
from pathlib import Path
from typing import Any, Final

SOCKETS_WITHIN: Final = 10.0


def leave_the_debugger_out() -> None:
    """Put a stub in place of ipykernel's debugger: importing it takes longer than all the rest of the start."""
    stub: Any = types.ModuleType("ipykernel.debugger")
    stub._is_debugpy_available = False
    stub.Debugger = None
    sys.modules["ipykernel.debugger"] = stub


leave_the_debugger_out()

from ipykernel.compiler import XCachingCompiler  # noqa: E402
from ipykernel.iostream import IOPubThread  # noqa: E402 - after the stub is there
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from ipykernel.zmqshell import ZMQInteractiveShell  # noqa: E402
from IPython.core.profiledir import ProfileDir  # noqa: E402
from jupyter_client.session import Session, new_id  # noqa: E402
from traitlets.config import Config  # noqa: E402

from ...confinement import Limits  # noqa: E402
from .answers import AnswerKernel  # noqa: E402
from .runner import Runner  # noqa: E402


class SandboxApp(IPKernelApp):
    """The application, which on `initialize` binds its sockets and gets its kernel and its runner."""

    limits: Limits
    folder: Path

    def read_connection_file(self, file: str) -> None:
        """Read where the sockets are to be; must be done while that file may still be read."""
        self.connection_file = file
        self.load_connection_file()

    def parse_command_line(self, argv: Any = None) -> None:
        """There is nothing on it that has not been read."""

    def init_connection_file(self) -> None:
        """It has been read."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """It belongs to who started us."""

    def cleanup_connection_file(self) -> None:
        """It belongs to who started us."""

    def init_config_files(self) -> None:
        """There are none."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """There is none."""

    def init_pdb(self) -> None:
        """Nobody is there to debug."""

    def init_extensions(self) -> None:
        """There are none."""

    def init_code(self) -> None:
        """There is none to run at the start."""

    def init_iopub(self, context: Any) -> None:
        """Make the socket for output as ipykernel does, but without the TCP socket that it keeps for forks."""
        import zmq

        knows_subscribers = "session" in inspect.signature(IOPubThread).parameters
        socket = context.socket(zmq.XPUB if knows_subscribers else zmq.PUB)
        socket.linger = 1000
        if hasattr(self, "_apply_curve_server_options"):  # not in each version whose thread knows its subscribers
            self._apply_curve_server_options(socket)
        self.iopub_port = self._bind_socket(socket, self.iopub_port)  # type: ignore[no-untyped-call]
        self.configure_tornado_logger()  # type: ignore[no-untyped-call]
        more = {"session": self.session} if knows_subscribers else {}
        self.iopub_thread = IOPubThread(socket, pipe=False, **more)  # type: ignore[no-untyped-call]
        self.iopub_thread.start()  # type: ignore[no-untyped-call]
        self.iopub_socket = self.iopub_thread.background_socket

    def init_control(self, context: Any) -> None:
        """Make the control socket; requests on the shell go straight to the main thread, without one in between.

        That one is for subshells. It costs memory and time, and while our code runs there is nothing for it to do.
        """
        super().init_control(context)  # type: ignore[no-untyped-call]
        self.shell_channel_thread = None

    def init_shell(self) -> None:
        super().init_shell()  # type: ignore[no-untyped-call]
        self.kernel.runner = Runner(self.shell, self.limits, self.folder)

    def log_connection_info(self) -> None:
        self._ports = {port: getattr(self, f"{port}_port") for port in _SOCKETS}

    def wait_for_sockets(self) -> None:
        """Return when all five sockets are there; the heartbeat's thread makes its own."""
        if self.transport != "ipc":
            return
        missing = [Path(f"{self.ip}-{getattr(self, f'{port}_port')}") for port in _SOCKETS]
        deadline = time.monotonic() + SOCKETS_WITHIN
        while missing := [path for path in missing if not path.exists()]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no socket at {missing[0].name}")
            time.sleep(0.0005)


_SOCKETS: Final = ("shell", "iopub", "stdin", "hb", "control")


@cache
def prepared() -> SandboxApp:
    """Return the application of this process, which does not know its sandbox yet."""
    config = Config()
    config.IPKernelApp.kernel_class = AnswerKernel
    config.IPKernelApp.outstream_class = f"{__package__}.streams.AnswerStream"
    config.IPKernelApp.capture_fd_output = False
    config.IPythonKernel._execute_sleep = 0.0
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.Completer.use_jedi = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShellApp.ignore_cwd = True
    app = SandboxApp(config=config, log_level=40)  # type: ignore[no-untyped-call]
    app.session = Session(parent=app)
    return app


def prepare_shell() -> None:
    """Make the shell before there is a kernel for it; a kernel of this process or of a fork finds and adopts it."""
    app = prepared()
    app.profile_dir = ProfileDir.create_profile_dir_by_name(os.environ["IPYTHONDIR"], "default")  # type: ignore[no-untyped-call]
    ZMQInteractiveShell.instance(parent=app, profile_dir=app.profile_dir, compiler_class=XCachingCompiler)


def make_app(limits: Limits, folder: Path) -> SandboxApp:
    """Return the application for a sandbox in `folder`."""
    app = prepared()
    app.limits, app.folder = limits, folder
    app.ipython_dir = os.environ["IPYTHONDIR"]
    app.session.pid, app.session.session = os.getpid(), new_id()  # what a fork may not share with its siblings
    return app
