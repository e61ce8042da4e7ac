"""Workers that hang: one is ended and replaced, and none outlives the first process, whatever it hangs at."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.hanging_programs import (
    TIMEOUT,
    WATCHDOG_OFF,
    cpu_seconds,
    faulty_theme_names,
    report_files,
    request_freezing_page,
    running_server,
    write_newsroom_with_freezing_theme,
)
from tests.audience.waiting import until
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import environment
from tests.live.served_content import status
from tests.workers.running_workers import is_alive, processes


def test_a_worker_that_freezes_is_replaced_and_the_log_says_once_where_its_stacks_are(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    with running_server(content, state, "--workers", "2") as server:
        before = processes(server)
        request_freezing_page(server.url)
        until(lambda: "a new worker replaces it" in "".join(server.lines))
        until(lambda: len(processes(server)) == 2 and processes(server) != before)
        assert ask(server.url, "/feed.rss").status == 200
        assert len(faulty_theme_names(state)) == 1, server.lines
        (report,) = reports_of_the_dead(state)
        (worker,) = {*before.values()} - {*processes(server).values()}
        told = [line for line in server.lines if str(report) in line]
        assert len(told) == 1
        assert f"(process {worker}) hung while it rendered a page with the site's own theme, and was ended;" in told[0]
        until(lambda: str(report) in status(server)["alerts"].get("watchdog", ""))
        server.terminate()
        assert server.wait() == 0
    assert report_files(state) == [report]


def reports_of_the_dead(state: Path) -> list[Path]:
    return [file for file in report_files(state) if file.stat().st_size > 4096]


@pytest.fixture
def frozen(tmp_path: Path):
    """Two workers, of which one is frozen and not watched, and their process ids."""
    content = write_newsroom_with_freezing_theme(tmp_path / "content")
    with running_server(content, tmp_path / "state", "--workers", "2", variables=WATCHDOG_OFF) as server:
        pids = [*processes(server).values()]
        before = {pid: cpu_seconds(pid) for pid in pids}
        request_freezing_page(server.url)
        until(lambda: any(cpu_seconds(pid) > before[pid] + 1 for pid in pids))
        try:
            yield server, pids
        finally:
            for pid in pids:
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)


def test_a_frozen_worker_does_not_outlive_a_killed_parent(frozen) -> None:
    server, pids = frozen
    server.process.kill()
    until(lambda: not any(map(is_alive, pids)))


_TEAM = """
import ctypes, os, signal, sys
from feedsvc.web.supervisor import Supervisor

def serve(station):
    signal.signal(signal.SIGTERM, lambda *_: None)
    station.report_ready(f"serving {os.getpid()}")
    ctypes.PyDLL(None).sleep(1000)  # it holds the interpreter's lock

sys.exit(Supervisor(1, serve, print_line=lambda line: print(line, flush=True), stop_timeout=1).run())
"""


def test_workers_that_do_not_heed_sigterm_are_killed_after_the_grace_time() -> None:
    with subprocess.Popen([sys.executable, "-c", _TEAM], stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout
        worker = int(process.stdout.readline().split()[1])
        process.terminate()
        assert process.wait(TIMEOUT) == 0
        assert not is_alive(worker)


_COPIES = """
import ctypes, os, sys
from feedsvc.support import libc
from feedsvc.support.process_pool import map_chunks

def work(part):
    print(os.getpid(), flush=True)
    ctypes.PyDLL(None).sleep(1000)

[*map_chunks(work, range(20), 2, max_chunk=1)]
"""


def test_no_copy_that_works_for_a_build_outlives_it() -> None:
    with subprocess.Popen([sys.executable, "-c", _COPIES], stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout
        pids = {int(process.stdout.readline()) for _ in range(2)}
        process.kill()
        process.wait(SECONDS)
        until(lambda: not any(map(is_alive, pids)))


_ORPHAN = """
import os, signal, sys, time
from feedsvc.support import libc

parent = os.getpid()
if not os.fork():
    while os.getppid() == parent:
        time.sleep(0.01)
    libc.die_with_parent(parent)
    print("outlived", flush=True)
    os._exit(0)
"""


def test_a_copy_whose_parent_has_ended_already_ends() -> None:
    done = subprocess.run([sys.executable, "-c", _ORPHAN], check=False, capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
