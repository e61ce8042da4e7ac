"""A hanging worker is ended and replaced, and no hanging process outlives its parent process."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.attacks.hanging_programs import (
    CRASHING_TEMPLATE,
    FREEZING_TEMPLATE,
    LOOPING_TEMPLATE,
    TIMEOUT,
    WATCHDOG_OFF,
    WATCHDOG_ON,
    cpu_seconds,
    request_freezing_page,
    running_server,
    write_newsroom_with_freezing_theme,
)
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import killing
from tests.helpers.running_server import environment
from tests.workers.running_workers import is_alive, worker_pids


@pytest.mark.parametrize(
    ("template", "variables", "end"),
    [
        (FREEZING_TEMPLATE, WATCHDOG_ON, "with exit status 1"),
        (LOOPING_TEMPLATE, WATCHDOG_ON, "with exit status 1"),
        (CRASHING_TEMPLATE, WATCHDOG_OFF, "by SIGSEGV"),
    ],
    ids=["lock held", "loop in Python", "crash"],
)
def test_worker_that_hangs_or_crashes_is_replaced_and_the_others_serve(
    tmp_path: Path, template: str, variables: Mapping[str, str], end: str
) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content", template), tmp_path / "state"
    with running_server(content, state, "--workers", "2", variables=variables) as server:
        pids_before = worker_pids(server)
        request_freezing_page(server.url)
        wait_until(lambda: f"ended {end}; a new worker replaces it" in "".join(server.lines))
        assert ask(server.url, "/feed.rss").status == 200
        wait_until(lambda: len(worker_pids(server)) == 2 and worker_pids(server) != pids_before)
        server.terminate()
        assert server.wait() == 0


@pytest.fixture
def server_with_frozen_worker(tmp_path: Path):
    """Run two workers, freeze one without a watchdog, and yield the server and the process ids of the workers."""
    content = write_newsroom_with_freezing_theme(tmp_path / "content")
    with running_server(content, tmp_path / "state", "--workers", "2", variables=WATCHDOG_OFF) as server:
        pids = [*worker_pids(server).values()]
        seconds_before = {pid: cpu_seconds(pid) for pid in pids}
        request_freezing_page(server.url)
        wait_until(lambda: any(cpu_seconds(pid) > seconds_before[pid] + 1 for pid in pids))
        try:
            yield server, pids
        finally:
            for pid in pids:
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)


def test_frozen_worker_ends_after_its_parent_is_killed(server_with_frozen_worker) -> None:
    server, pids = server_with_frozen_worker
    server.process.kill()
    wait_until(lambda: not any(map(is_alive, pids)))


_SUPERVISOR_PROGRAM = """
import ctypes, os, signal, sys
from feedsvc.web.workers import Supervisor

def serve(worker):
    signal.signal(signal.SIGTERM, lambda *_: None)
    worker.report_ready(f"serving {os.getpid()}")
    ctypes.PyDLL(None).sleep(1000)  # it holds the interpreter's lock

sys.exit(Supervisor(1, serve, print_line=lambda line: print(line, flush=True), stop_timeout=1).run())
"""


def test_worker_that_ignores_sigterm_is_killed_after_the_stop_timeout() -> None:
    with killing(
        subprocess.Popen([sys.executable, "-c", _SUPERVISOR_PROGRAM], stdout=subprocess.PIPE, text=True, env=environment())
    ) as process:
        assert process.stdout
        worker = int(process.stdout.readline().split()[1])
        process.terminate()
        assert process.wait(TIMEOUT) == 0
        assert not is_alive(worker)


_PROCESS_POOL_PROGRAM = """
import ctypes, os, sys
from feedsvc.support import process
from feedsvc.support.process_pool import map_chunks

def work(part):
    os.write(1, b"%d\\n" % os.getpid())  # one call, because two processes write
    ctypes.PyDLL(None).sleep(1000)

[*map_chunks(work, range(20), 2, max_chunk=1)]
"""


def test_process_pool_of_a_build_ends_with_its_parent() -> None:
    with killing(
        subprocess.Popen([sys.executable, "-c", _PROCESS_POOL_PROGRAM], stdout=subprocess.PIPE, text=True, env=environment())
    ) as process:
        assert process.stdout
        pids = {int(process.stdout.readline()) for _ in range(2)}
        process.kill()
        process.wait(SECONDS)
        wait_until(lambda: not any(map(is_alive, pids)))


_ORPHAN_PROGRAM = """
import os, signal, sys, time
from feedsvc.support import process

parent = os.getpid()
if not os.fork():
    while os.getppid() == parent:
        time.sleep(0.01)
    process.die_with_parent(parent)
    print("outlived", flush=True)
    os._exit(0)
"""


def test_child_process_ends_if_its_parent_has_already_ended() -> None:
    result = subprocess.run([sys.executable, "-c", _ORPHAN_PROGRAM], check=False, capture_output=True, text=True, timeout=TIMEOUT)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
