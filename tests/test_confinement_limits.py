"""An untrusted process is bounded before foreign code runs in it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from csvagent_jupyter.confinement import Limits

MEGABYTE = 2**20


def run_limited(code: str, limits: Limits) -> subprocess.CompletedProcess[str]:
    """Run code in a process that has put the limits on itself."""
    script = (
        "import json, sys\n"
        "from csvagent_jupyter.confinement import Limits, apply_limits, bound_open_files, room_for_data, time_for_run\n"
        "limits = Limits.from_dict(json.loads(sys.argv[1]))\n"
        "apply_limits(limits)\n" + code
    )
    command = [sys.executable, "-c", script, json.dumps(limits.to_dict())]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_limits_survive_the_way_to_another_process() -> None:
    limits = Limits(memory=5 * MEGABYTE, open_files=77)
    assert Limits.from_dict(json.loads(json.dumps(limits.to_dict()))) == limits


def test_limits_pass_over_words_they_do_not_know() -> None:
    assert Limits.from_dict({"memory": 1, "of_a_later_version": 2}) == Limits(memory=1)


def test_memory_beyond_the_limit_is_refused_and_the_process_goes_on() -> None:
    code = (
        "try:\n    bytearray(300 * 2**20)\nexcept MemoryError:\n    print('refused')\nprint(len(bytearray(20 * 2**20)))"
    )
    assert run_limited(code, Limits(memory=100 * MEGABYTE)).stdout.split() == ["refused", str(20 * MEGABYTE)]


def test_data_that_is_mapped_does_not_count_as_used_memory() -> None:
    code = "room_for_data(limits, 300 * 2**20)\nprint(len(bytearray(250 * 2**20)))"
    assert run_limited(code, Limits(memory=100 * MEGABYTE)).stdout.strip() == str(250 * MEGABYTE)


def test_a_file_cannot_grow_beyond_its_limit() -> None:
    code = (
        "import tempfile\nwith tempfile.TemporaryFile() as file:\n"
        "    try:\n        file.write(bytes(3 * 2**20)); file.flush()\n"
        "    except OSError as error:\n        print(type(error).__name__, error.errno)\n        file = None\n"
    )
    assert run_limited(code, Limits(file_size=MEGABYTE)).stdout.startswith("OSError 27")


def test_descriptors_run_out_and_no_core_is_dumped_nor_a_handler_started_for_it() -> None:
    code = (
        "import os, resource\nown = [os.dup(0) for _ in range(25)]\nbound_open_files(limits)\nopen_ones = []\n"
        "try:\n    while True: open_ones.append(os.dup(0))\nexcept OSError as error:\n"
        "    for one in open_ones: os.close(one)\n    print(error.errno, len(open_ones))\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert run_limited(code, Limits(open_files=40)).stdout.splitlines() == ["24 40", "(1, 1)"]


def test_the_process_is_the_first_that_an_exhausted_system_ends() -> None:
    assert run_limited("print(open('/proc/self/oom_score_adj').read())", Limits()).stdout.strip() == "1000"


def test_processor_time_runs_out_and_ends_a_process_that_does_not_listen_for_that() -> None:
    done = run_limited("print('started', flush=True)\nwhile True: pass", Limits(cpu_seconds=1))
    assert (done.stdout, done.returncode) == ("started\n", -signal.SIGXCPU)


def test_each_run_has_its_processor_time_anew() -> None:
    code = (
        "import signal, time\nsignal.signal(signal.SIGXCPU, lambda *_: print('up', end=' '))\n"
        "def work(seconds):\n    end = time.process_time() + seconds\n    while time.process_time() < end: pass\n"
        "for _ in range(3):\n    assert time_for_run(limits)\n    work(0.8)\n    print('through', end=' ')\n"
        "assert time_for_run(limits)\nwork(2.5)"
    )
    assert run_limited(code, Limits(cpu_seconds=1)).stdout.split()[:4] == ["through", "through", "through", "up"]


def test_threads_run_out_for_an_ordinary_user_and_never_below_what_runs_already() -> None:
    """Root is not bound by this limit, so its process becomes somebody else's first."""
    code = (
        "import os, resource, threading\n"
        "others = int(open('/proc/loadavg').read().split()[3].split('/')[1])\n"
        "bound = resource.getrlimit(resource.RLIMIT_NPROC)[1]\n"
        "print(abs(bound - others - 20) < 500)\n"
        "go, started = threading.Event(), 0\n"
        "threading.stack_size(65536)\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    while started <= bound: threading.Thread(target=go.wait).start(); started += 1\n"
        "except RuntimeError: print('refused', started >= 1)\n"
        "go.set()"
    )
    assert run_limited(code, Limits(tasks=20)).stdout.split() == ["True", "refused", "True"]
