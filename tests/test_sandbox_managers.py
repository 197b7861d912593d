"""Jupyter's own managers and clients use our kernelspec like any other: start, run, interrupt, restart, join, end."""

from __future__ import annotations

import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_client.multikernelmanager import MultiKernelManager
from traitlets.config import Config

from csvagent_jupyter.sandbox import KERNEL_NAME
from csvagent_jupyter.sandbox.specs import SandboxSpecs, register_provisioner

IN_TIME = 30.0


@pytest.fixture(params=[True, False], ids=["forked", "started"])
def config(request: pytest.FixtureRequest) -> Config:
    register_provisioner()
    return Config({"SandboxProvisioner": {"forked": request.param}})


@contextmanager
def clients(manager: KernelManager) -> Iterator[BlockingKernelClient]:
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=IN_TIME)
        yield client
    finally:
        client.stop_channels()


def value_of(client: BlockingKernelClient, code: str) -> str:
    """Return the value of an expression as an ordinary front end gets it.

    ipykernel aborts what still comes in while an interrupt's error is answered; a front end asks again then.
    """
    reply: dict[str, Any] = {"content": {"status": "aborted"}}
    while reply["content"]["status"] == "aborted":
        reply = client.execute("", user_expressions={"value": code}, silent=True, reply=True, timeout=IN_TIME)
    text: str = reply["content"]["user_expressions"]["value"]["data"]["text/plain"]
    return text


def until_says(client: BlockingKernelClient, text: str) -> None:
    while True:
        message = client.get_iopub_msg(timeout=IN_TIME)
        if message["msg_type"] == "stream" and text in message["content"]["text"]:
            return


def is_gone(process: int, folder: Path) -> bool:
    end = time.monotonic() + IN_TIME
    while time.monotonic() < end:
        if not Path(f"/proc/{process}").exists() and not folder.exists():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("now", [True, False])
def test_a_manager_without_a_loop_runs_interrupts_restarts_and_ends_a_kernel(config: Config, now: bool) -> None:
    manager = KernelManager(kernel_name=KERNEL_NAME, kernel_spec_manager=SandboxSpecs(), config=config)
    manager.start_kernel()
    provisioner: Any = manager.provisioner
    try:
        assert provisioner.report.isolation == "confined"
        with clients(manager) as client:
            assert value_of(client, "6 * 7") == "42"
            asked = client.execute("import time\nprint('on', flush=True)\nwhile True: time.sleep(0.01)")
            until_says(client, "on")
            manager.interrupt_kernel()
            reply = client.get_shell_msg(timeout=IN_TIME)
            while reply["parent_header"]["msg_id"] != asked:
                reply = client.get_shell_msg(timeout=IN_TIME)
            assert reply["content"]["ename"] == "KeyboardInterrupt"
            assert value_of(client, "'time' in globals()") == "True"
            first = provisioner.pid
            for _ in range(2):
                manager.restart_kernel(now=now)
                client.wait_for_ready(timeout=IN_TIME)
                assert value_of(client, "'time' in globals()") == "False"
            assert provisioner.pid != first and not Path(f"/proc/{first}").exists()
            assert manager.is_alive()
    finally:
        process, folder = provisioner.pid, provisioner.folder
        manager.shutdown_kernel(now=now)
    assert is_gone(process, folder) and not Path(manager.connection_file).exists()


def test_a_kernel_that_died_is_started_again_by_its_manager(config: Config) -> None:
    manager = KernelManager(kernel_name=KERNEL_NAME, kernel_spec_manager=SandboxSpecs(), config=config)
    manager.start_kernel()
    provisioner: Any = manager.provisioner
    try:
        with clients(manager) as client:
            client.execute("import os\nos._exit(3)")
            end = time.monotonic() + IN_TIME
            while manager.is_alive() and time.monotonic() < end:
                time.sleep(0.02)
            assert not manager.is_alive()
            manager.restart_kernel(now=True)
            client.wait_for_ready(timeout=IN_TIME)
            assert value_of(client, "6 * 7") == "42"
    finally:
        process, folder = provisioner.pid, provisioner.folder
        manager.shutdown_kernel(now=True)
    assert is_gone(process, folder)


def test_a_manager_of_many_kernels_keeps_them_apart(config: Config) -> None:
    many = MultiKernelManager(kernel_spec_manager=SandboxSpecs(), config=config)
    names = [many.start_kernel(kernel_name=KERNEL_NAME) for _ in range(2)]
    provisioners: list[Any] = [many.get_kernel(name).provisioner for name in names]
    assert provisioners[0].folder != provisioners[1].folder
    for number, name in enumerate(names):
        with clients(many.get_kernel(name)) as client:
            client.execute(f"open('mine.txt', 'w').write('{number}')", reply=True, timeout=IN_TIME)
            assert value_of(client, "open('mine.txt').read()") == f"'{number}'"
    there = [(one.pid, one.folder) for one in provisioners]
    many.shutdown_all(now=True)
    assert all(is_gone(process, folder) for process, folder in there)


CONSOLE = """
import sys
from jupyter_client.blocking.client import BlockingKernelClient

client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=30)
def ask(do, *args, **options):
    return getattr(client, do)(*args, **options, reply=True, timeout=30)["content"]
print(ask("kernel_info")["language_info"]["name"])
client.is_complete("for x in y:")
print(client.get_shell_msg(timeout=30)["content"]["status"])
print("answer" in ask("complete", "answ")["matches"])
print(ask("inspect", "answer")["found"])
print(ask("history", hist_access_type="tail", n=10)["status"])
print(ask("comm_info")["status"])
client.execute_interactive("print(answer)", timeout=30)
print(client.hb_channel.is_alive() and client.hb_channel.is_beating())
client.stop_channels()
"""


def test_what_a_console_asks_is_answered(config: Config) -> None:
    """The requests of ``jupyter console --existing``, from another process that knows the connection file alone."""
    manager = KernelManager(kernel_name=KERNEL_NAME, kernel_spec_manager=SandboxSpecs(), config=config)
    manager.start_kernel()
    try:
        with clients(manager) as client:
            client.execute("answer = 42", reply=True, timeout=IN_TIME)
            command = [sys.executable, "-W", "ignore", "-c", CONSOLE, manager.connection_file]
            console = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            expected = ["python", "incomplete", "True", "True", "ok", "ok", "42", "True"]
            assert console.stdout.split() == expected, console.stderr
            assert value_of(client, "answer") == "42"  # it goes on when the console leaves
            with pytest.raises(queue.Empty):
                client.get_stdin_msg(timeout=0)
    finally:
        manager.shutdown_kernel(now=True)
