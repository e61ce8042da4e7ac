"""The command `feedsvc demo`: the sample newsroom at the first free port, and nothing that stays afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.web.sockets import listen
from tests import ROOT
from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.helpers.forked_process import start_module
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import command, environment
from tests.mishaps.disks import mount_permission, read_only

__all__ = ["mount_permission"]


class Demo:
    """A running `feedsvc demo`. `stderr` holds its output until the server listens, `url` its address."""

    def __init__(self, temporary: Path, *options: str, **variables: str) -> None:
        own = environment({"TMPDIR": str(temporary), **variables})
        self.process = start_module("feedsvc", "demo", *options, cwd=temporary, env=own, stderr=subprocess.PIPE)
        assert self.process.stderr
        self.stderr = ""
        while " at http://" not in self.stderr:
            line = self.process.stderr.readline()
            assert line, self.stderr
            self.stderr += line
        self.url = self.stderr.rpartition(" at ")[2].split()[0]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=SECONDS)
        self.stderr += rest
        return self.process.wait()


@contextlib.contextmanager
def demo(temporary: Path, *options: str, **variables: str) -> Iterator[Demo]:
    running = Demo(temporary, *options, **variables)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def test_pages_and_feeds_link_to_the_address_of_the_demo(tmp_path: Path) -> None:
    with demo(tmp_path, "--port", "0") as running:
        page = ask(running.url, "/")
        assert page.status == 200
        assert b"Asia In News" in page.body
        assert f'<link rel="canonical" href="{running.url}">'.encode() in page.body
        assert f"<link>{running.url}</link>" in ask(running.url, "/feed.rss").body.decode()
        image = re.search(r'srcset="(/sized/[^ ]*) ', page.body.decode())
        assert image
        wait_until(lambda: ask(running.url, image[1]).status == 200)  # 503 while the image is made
        assert ask(running.url, "/articles/time-capsule/").status == 404, "a scheduled article"
        first_line, second_line = running.stderr.splitlines()
    assert first_line == f"feedsvc: the files of this demo are in {ROOT / 'content'}; feedsvc init begins a newsroom of your own"
    assert re.fullmatch(rf"feedsvc: serving \d\d articles of {ROOT / 'content'} at {running.url}", second_line)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_end_the_demo_and_leave_no_file(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path, "--port", "0") as running:
        ask(running.url, "/")
        assert [path.name[:13] for path in tmp_path.iterdir()] == ["feedsvc-demo-"]
        assert running.end(number) == 0
    assert list(tmp_path.iterdir()) == []


def test_signal_before_the_server_has_started_leaves_no_file(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("demo", "--port", "0"), env=environment({"TMPDIR": str(tmp_path)}), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    assert process.stderr.readline().startswith("feedsvc: the files")
    process.terminate()
    _, rest = process.communicate(timeout=SECONDS)
    assert process.returncode in (0, 128 + signal.SIGTERM)
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_next_free_port_is_taken_and_named_if_8000_is_in_use(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        if is_free(8000):
            stack.enter_context(listen("127.0.0.1", 8000))
        with demo(tmp_path) as running:
            port = int(running.url.rpartition(":")[2].rstrip("/"))
            assert port > 8000
            assert running.stderr.startswith(f"feedsvc: port 8000 is in use, so this demo is at port {port}\n")
            assert ask(running.url, "/").status == 200


@pytest.mark.parametrize("uses_variable", [True, False])
def test_port_that_was_chosen_is_not_replaced(tmp_path: Path, uses_variable: bool) -> None:
    with listen("127.0.0.1", 0) as listening_socket:
        port = str(listening_socket.getsockname()[1])
        variables = {"FEEDSVC_PORT": port} if uses_variable else {}
        result = run_feedsvc("demo", *(() if uses_variable else ("--port", port)), cwd=tmp_path, **variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(
        f"feedsvc: error: cannot listen on 127.0.0.1:{port} (Address already in use); another program"
    )
    assert result.stderr.count("\n") == 1


def test_own_newsroom_and_its_variables_have_no_effect(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "site.yaml").write_text("title: Mine\nbase_url: https://mine.example\n")
    with demo(tmp_path, "--port", "0", FEEDSVC_CONTENT="content", FEEDSVC_BASE_URL="https://mine.example") as running:
        page = ask(running.url, "/").body
    assert b"Asia In News" in page
    assert b"mine.example" not in page


@pytest.mark.usefixtures("mount_permission")
def test_sample_on_a_read_only_disk_is_served(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with read_only(ROOT / "content"), demo(temporary, "--port", "0") as running:
        assert ask(running.url, "/").status == 200
        assert ask(running.url, "/feed.rss").status == 200
        assert not os.access(ROOT / "content" / "site.yaml", os.W_OK)
