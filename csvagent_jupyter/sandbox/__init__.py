"""The dedicated kernel: a real Jupyter kernel of our own kernelspec, where generated code runs.

`SandboxKernel` is one of them, `KernelPool` keeps a session's kernel for its next question. What runs on the other
side, in the kernel's own process, is in `inside`. Names are imported when first asked for, because that process
imports this package too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..confinement import Limits
    from .kernel import SandboxKernel
    from .pool import KernelPool, Lease
    from .specs import KERNEL_NAME

__all__ = ["KERNEL_NAME", "KernelPool", "Lease", "Limits", "SandboxKernel"]

_HOMES = {
    "KERNEL_NAME": "csvagent_jupyter.sandbox.specs",
    "KernelPool": "csvagent_jupyter.sandbox.pool",
    "Lease": "csvagent_jupyter.sandbox.pool",
    "Limits": "csvagent_jupyter.confinement",
    "SandboxKernel": "csvagent_jupyter.sandbox.kernel",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
