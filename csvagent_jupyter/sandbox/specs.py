"""Finds our own kernelspec, which comes in the package, beside those that are installed in Jupyter's folders."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

KERNEL_NAME = "csvagent-sandbox"
_FOLDER = Path(__file__).parent / "kernelspec"


class SandboxSpecs(KernelSpecManager):
    """A kernelspec manager that has our own spec without an installation step; any other name is looked up as usual."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name == KERNEL_NAME:
            spec: KernelSpec = KernelSpec.from_resource_dir(str(_FOLDER))
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
