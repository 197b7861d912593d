"""What of ipykernel's inside the sandbox builds upon: a version in which one of these fails must not be admitted."""

from __future__ import annotations

import inspect
import os
from importlib.metadata import version

import pytest

from csvagent_jupyter.sandbox import SandboxKernel

LOOK = """
import os, socket, stat, sys
families = []
for number in map(int, os.listdir("/proc/self/fd")):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            families.append(socket.socket(fileno=os.dup(number)).family.name)
    except OSError:
        pass
from ipykernel.kernelapp import IPKernelApp
from csvagent_jupyter.sandbox.inside.application import SandboxApp
app = type(get_ipython().kernel.parent)
from importlib.metadata import version
[version("ipykernel"), sorted(set(families)), "debugpy" in sys.modules,
 sys.modules["ipykernel.debugger"].__file__ is None
 if hasattr(sys.modules["ipykernel.debugger"], "__file__") else True, app is SandboxApp]
"""


@pytest.mark.parametrize("forked", [True, False])
async def test_a_kernel_has_neither_tcp_sockets_nor_a_debugger(forked: bool) -> None:
    kernel = SandboxKernel(forked=forked, confined=False)
    await kernel.start()
    try:
        done = await kernel.execute(LOOK, timeout=30)
        assert done.error is None
        assert done.value == [version("ipykernel"), "['AF_UNIX']", False, True, True]
    finally:
        await kernel.stop()


def test_what_is_overridden_exists() -> None:
    from csvagent_jupyter.sandbox.inside.application import SandboxApp

    own = {"read_connection_file", "wait_for_sockets"}
    base = SandboxApp.__mro__[1]
    overridden = [name for name, value in vars(SandboxApp).items() if inspect.isfunction(value) and name not in own]
    assert "init_iopub" in overridden
    assert [name for name in overridden if not callable(getattr(base, name, None))] == []


def test_the_steps_of_the_start_are_those_that_are_overridden() -> None:
    from ipykernel.iostream import IOPubThread
    from ipykernel.kernelapp import IPKernelApp

    steps = inspect.getsource(IPKernelApp.initialize)
    for name in ("init_pdb", "init_connection_file", "write_connection_file", "init_shell", "init_extensions"):
        assert f"self.{name}()" in steps
    sockets = inspect.getsource(IPKernelApp.init_sockets)
    assert "self.init_iopub(context)" in sockets
    iopub = inspect.getsource(IPKernelApp.init_iopub)
    assert "self._bind_socket(self.iopub_socket, self.iopub_port)" in iopub
    assert "pipe=True" in iopub
    assert "self.configure_tornado_logger()" in iopub
    assert "background_socket" in iopub
    assert "pipe" in inspect.signature(IOPubThread).parameters
    assert version("ipykernel") == os.environ.get("CSVAGENT_TEST_IPYKERNEL", version("ipykernel"))  # make ipykernels
    assert (6, 31) <= tuple(map(int, version("ipykernel").split(".")[:2])) < (8,)
