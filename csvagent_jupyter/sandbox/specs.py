"""Finds our own kernelspec, which comes in the package, beside those that are installed in Jupyter's folders.

And makes the ordinary manager that starts a kernel of it, or of another one, with its sockets in the sandbox's folder.
"""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets import Unicode

from ..confinement import Limits
from ..exceptions import KernelDied

MAX_SOCKET_PATH = 100
QUEUED_MESSAGES = 32
KERNEL_NAME = "csvagent-sandbox"
_FOLDER = Path(__file__).parent / "kernelspec"


class SandboxSpecs(KernelSpecManager):
    """A kernelspec manager that has our own spec without an installation step; any other name is looked up as usual.

    `provisioner` starts the kernels of our own spec: the name of an entry point, ours unless it is said.
    """

    provisioner = Unicode(KERNEL_NAME)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name == KERNEL_NAME:
            spec: KernelSpec = KernelSpec.from_resource_dir(str(_FOLDER))
            spec.metadata["kernel_provisioner"] = {"provisioner_name": self.provisioner}
            return spec
        found: KernelSpec = super().get_kernel_spec(kernel_name)
        return found


def register_provisioner(parent: Any = None) -> None:
    """Make our provisioner known where the package's entry points are not (a checkout on the path)."""
    factory = KernelProvisionerFactory.instance(parent=parent)
    if KERNEL_NAME not in factory.provisioners:
        factory.provisioners[KERNEL_NAME] = EntryPoint(
            KERNEL_NAME, "csvagent_jupyter.sandbox.provisioner:SandboxProvisioner", factory.GROUP_NAME
        )


def make_context(limits: Limits) -> zmq.asyncio.Context:
    """Return a context for the sockets of one kernel, which receive no message that is larger than allowed."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, limits.message)
    context.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
    context.setsockopt(zmq.LINGER, 0)
    return context


def make_manager(
    kernel_name: str, folder: Path, context: zmq.Context[Any], provisioner: str, **options: Any
) -> AsyncKernelManager:
    """Return a manager for one kernel in a sandbox's folder; raises KernelDied where sockets cannot be there."""
    here = options | {"connection_file": str(folder / "kernel.json"), "context": context}
    if os.name == "posix":
        sockets = folder / "ipc" / "k"
        if len(os.fsencode(sockets)) > MAX_SOCKET_PATH:
            raise KernelDied("sandbox.long_path", folder=str(folder.parent), limit=MAX_SOCKET_PATH - 35)
        here |= {"transport": "ipc", "ip": str(sockets)}
    else:
        here |= {"transport_encryption": "auto" if zmq.has("curve") else "disabled"}
    return AsyncKernelManager(
        kernel_name=kernel_name, kernel_spec_manager=SandboxSpecs(provisioner=provisioner), **here
    )
