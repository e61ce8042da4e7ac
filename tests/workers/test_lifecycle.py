"""Start and stop of several workers: together, with one log line, and no worker outlives its parent process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.cli.command_line import failed_serve_stderr
from tests.helpers.http_client import SECONDS, ask, exchange_bytes, open_connection, read_all
from tests.helpers.running_server import command, environment
from tests.live.served_content import MonitoredServer
from tests.web.newsroom import LARGE_SIZE, write_newsroom
from tests.workers.running_workers import is_alive, running_workers, worker_pids

_LARGE_FILE = bytes(range(256)) * (LARGE_SIZE // 256)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("lives") / "content", talk=_LARGE_FILE)


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_responses_in_progress_are_completed_after_a_signal(content: Path, tmp_path: Path, signal_number: int) -> None:
    with running_workers(content, tmp_path) as server, contextlib.ExitStack() as stack:
        pids = worker_pids(server)
        clients_in_progress = [stack.enter_context(open_connection(server.url, 4096)) for _ in range(6)]
        first_bytes = []
        for client in clients_in_progress:
            client.sendall(b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            first_bytes.append(client.recv(1000))
        server.process.send_signal(signal_number)
        with contextlib.suppress(ConnectionError):
            while True:  # until the listening socket is closed
                ask(server.url, "/healthz")
        for client, start in zip(clients_in_progress, first_bytes, strict=True):
            assert (start + read_all(client)).partition(b"\r\n\r\n")[2] == _LARGE_FILE
        assert server.wait() == 0
        assert not any(map(is_alive, pids.values()))


_OPEN_FILES_PROGRAM = """
import os, resource, sys
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
while os.dup(0) < 1100:
    pass
for number in range(3, 1101):
    os.set_inheritable(number, True)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_workers_serve_when_started_with_a_thousand_open_files(content: Path, tmp_path: Path) -> None:
    """select() supports no descriptor above 1023."""
    serve = command("serve", content, "--port", "0", "--state", tmp_path, "--workers", "2")
    arguments = [sys.executable, "-c", _OPEN_FILES_PROGRAM, *serve]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            assert ask(line.rpartition(" at ")[2].split()[0], "/feed.rss").status == 200, line
            process.terminate()
            assert process.wait(SECONDS) == 0, process.stderr.read()
        finally:
            process.kill()


def test_stop_under_load_truncates_no_response(content: Path, tmp_path: Path) -> None:
    truncated: list[bytes] = []

    def request_until_closed(url: str) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                response = exchange_bytes(url, b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if response and not response.rstrip().endswith(b"</rss>"):
                    truncated.append(response)

    with running_workers(content, tmp_path) as server:
        threads = [threading.Thread(target=request_until_closed, args=(server.url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            ask(server.url, "/feed.rss")
        server.terminate()
        assert server.wait() == 0
        for thread in threads:
            thread.join()
    assert truncated == []
    assert server.stderr.count("\n") == 2


def test_workers_end_after_their_parent_is_killed(content: Path, tmp_path: Path) -> None:
    server = MonitoredServer(content, tmp_path, "--workers", "2")
    pids = worker_pids(server)
    server.kill()
    wait_until(lambda: not any(map(is_alive, pids.values())))


_ORPHANED_WORKER_PROGRAM = """
import os, signal, time
from feedsvc.web.workers import Supervisor

def serve(worker):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as a real worker, which stops by itself
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    while os.getppid() == parent:
        time.sleep(0.01)
    worker.report_ready("serving")

Supervisor(1, serve, print_line=print).run()
"""


def test_worker_that_becomes_ready_after_its_parent_is_killed_prints_nothing() -> None:
    result = subprocess.run(
        [sys.executable, "-c", _ORPHANED_WORKER_PROGRAM], check=False, capture_output=True, text=True, timeout=SECONDS
    )
    assert (result.returncode, result.stdout, result.stderr) == (-signal.SIGKILL, "", "")


def test_worker_that_dies_repeatedly_is_replaced_after_growing_pauses(content: Path, tmp_path: Path) -> None:
    with running_workers(content, tmp_path) as server:
        killed: list[int] = []
        for _ in range(3):
            wait_until(lambda: worker_pids(server)["2"] not in killed)
            killed.append(worker_pids(server)["2"])
            os.kill(killed[-1], signal.SIGKILL)
        wait_until(lambda: any("in 4 seconds" in line for line in server.lines))
    pauses = [line.rpartition(" in ")[2].strip() for line in server.lines if "a new worker replaces it" in line]
    assert pauses == ["1 second", "2 seconds", "4 seconds"]


def test_port_in_use_is_reported_once(content: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        stderr = failed_serve_stderr(content, "--port", port, "--state", tmp_path / "state", "--workers", "2")
    assert stderr.startswith(f"feedsvc: cannot listen on 127.0.0.1:{port} ")
    assert stderr.count("\n") == 1


def test_missing_content_folder_is_reported_once(tmp_path: Path) -> None:
    stderr = failed_serve_stderr(tmp_path / "nowhere", "--port", "0", "--state", tmp_path / "state", "--workers", "3")
    assert stderr.startswith(f"feedsvc: no folder {tmp_path / 'nowhere'}; give the folder that holds site.yaml; ")
    assert stderr.count("\n") == 1


def test_sigterm_right_after_the_start_stops_all_workers(content: Path, tmp_path: Path) -> None:
    with running_workers(content, tmp_path, number=4):
        pass


def test_single_worker_runs_without_supervisor(content: Path, tmp_path: Path) -> None:
    with running_workers(content, tmp_path, number=1) as server:
        assert b'"workers"' not in ask(server.url, "/status").body
