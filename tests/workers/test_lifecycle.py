"""How several workers begin and end: together, said once, and none outlives its parent."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.audience.waiting import until
from tests.cli.test_serve import refused
from tests.helpers.http_client import SECONDS, ask, exchange_bytes, open_connection, read_all
from tests.helpers.running_server import command, environment
from tests.live.served_content import Followed
from tests.web.newsroom import BIG, write_newsroom
from tests.workers.running_workers import is_alive, processes, team

_LARGE = bytes(range(256)) * (BIG // 256)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("lives") / "content", talk=_LARGE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_last_byte_of_every_answer_is_sent(content: Path, tmp_path: Path, number: int) -> None:
    with team(content, tmp_path) as server, contextlib.ExitStack() as clients:
        pids = processes(server)
        slow = [clients.enter_context(open_connection(server.url, 4096)) for _ in range(6)]
        begun = []
        for one in slow:
            one.sendall(b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            begun.append(one.recv(1000))
        server.process.send_signal(number)
        with contextlib.suppress(ConnectionError):
            while True:  # until the door is shut
                ask(server.url, "/healthz")
        for one, start in zip(slow, begun, strict=True):
            assert (start + read_all(one)).partition(b"\r\n\r\n")[2] == _LARGE
        assert server.wait() == 0
        assert not any(map(is_alive, pids.values()))


_CROWD = """
import os, resource, sys
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
while os.dup(0) < 1100:
    pass
for number in range(3, 1101):
    os.set_inheritable(number, True)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_started_with_a_thousand_open_files_they_serve(content: Path, tmp_path: Path) -> None:
    """select() knows no descriptor above 1023."""
    serve = command("serve", content, "--port", "0", "--state", tmp_path, "--workers", "2")
    crowded = [sys.executable, "-c", _CROWD, *serve]
    with subprocess.Popen(crowded, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            assert ask(line.rpartition(" at ")[2].split()[0], "/feed.rss").status == 200, line
            process.terminate()
            assert process.wait(SECONDS) == 0, process.stderr.read()
        finally:
            process.kill()


def test_a_stop_under_load_cuts_no_answer(content: Path, tmp_path: Path) -> None:
    cut: list[bytes] = []

    def keep_asking(url: str) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                got = exchange_bytes(url, b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if got and not got.rstrip().endswith(b"</rss>"):
                    cut.append(got)

    with team(content, tmp_path) as server:
        threads = [threading.Thread(target=keep_asking, args=(server.url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            ask(server.url, "/feed.rss")
        server.terminate()
        assert server.wait() == 0
        for thread in threads:
            thread.join()
    assert cut == []
    assert server.stderr.count("\n") == 1


def test_no_worker_outlives_a_killed_parent(content: Path, tmp_path: Path) -> None:
    server = Followed(content, tmp_path, "--workers", "2")
    pids = processes(server)
    server.kill()
    until(lambda: not any(map(is_alive, pids.values())))


_ORPHANED = """
import os, signal, time
from feedsvc.web.supervisor import Supervisor

def serve(station):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as one that serves: it ends in its own time
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    while os.getppid() == parent:
        time.sleep(0.01)
    station.report_ready("serving")

Supervisor(1, serve, print_line=print).run()
"""


def test_a_worker_that_is_ready_when_its_parent_is_killed_goes_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", _ORPHANED], check=False, capture_output=True, text=True, timeout=SECONDS)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGKILL, "", "")


def test_one_that_dies_again_and_again_is_replaced_with_growing_pauses(content: Path, tmp_path: Path) -> None:
    with team(content, tmp_path) as server:
        for _ in range(3):
            until(lambda: "2" in processes(server))
            os.kill(processes(server)["2"], signal.SIGKILL)
            until(lambda: "2" not in processes(server))
    pauses = [line.rpartition(" in ")[2].strip() for line in server.lines if "a new worker replaces it" in line]
    assert pauses == ["1 second", "2 seconds", "4 seconds"]


def test_a_taken_port_is_told_once(content: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused(content, "--port", port, "--state", tmp_path / "state", "--workers", "2")
    assert said.startswith(f"feedsvc: error: cannot listen on 127.0.0.1:{port} ")
    assert said.count("\n") == 1


def test_a_missing_folder_is_told_once(tmp_path: Path) -> None:
    said = refused(tmp_path / "nowhere", "--port", "0", "--state", tmp_path / "state", "--workers", "3")
    assert said == f"feedsvc: error: no folder {tmp_path / 'nowhere'}; give the folder that holds site.yaml\n"


def test_sigterm_as_soon_as_all_are_ready(content: Path, tmp_path: Path) -> None:
    with team(content, tmp_path, number=4):
        pass


def test_one_worker_is_one_process(content: Path, tmp_path: Path) -> None:
    with team(content, tmp_path, number=1) as server:
        assert b'"workers"' not in ask(server.url, "/status").body
