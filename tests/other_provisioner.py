"""A kernel provisioner of somebody else's, as an operator would put it in the place of ours."""

from __future__ import annotations

from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from csvagent_jupyter.sandbox.provisioner import Report

SAID = "Its container may use the network of this computer."


class PlainProvisioner(LocalProvisioner):
    """Starts the command that it is given, and says nothing of it."""

    started: list[list[str]] = []  # noqa: RUF012 - for all of them

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        self.started.append(cmd)
        return await super().launch_kernel(cmd, **kwargs)


class ReportingProvisioner(PlainProvisioner):
    """Says that what it starts is confined, and what stays open."""

    report = Report("confined", (SAID,), ("pandas 3",))
