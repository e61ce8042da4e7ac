"""A child that makes narrower copies is killed, or its parent is, while it is at work.

The machine's lock on megapixels is a file of the test's own, so that it decides how long a child waits for its turn.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from feedsvc.content.images import megapixels
from tests.audience.waiting import until
from tests.helpers.http_client import Response, ask
from tests.helpers.large_images import process_tree
from tests.helpers.newsrooms import picture, write
from tests.helpers.running_server import ServerProcess
from tests.kills.process_group import Started
from tests.live.served_content import followed


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\nid_domain: a.example\n",
            "media/a.jpg": picture(1000, 700),
            "articles/a.yaml": "title: A\nid: tag:a.example,2026:a\npublished: 2026-01-01\nimage: {src: media/a.jpg, alt: a}\n",
        },
    )


@pytest.fixture
def server(content: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    one = ServerProcess(content, tmp_path / "state")
    yield one
    one.terminate()  # if it has not ended yet
    assert one.wait() in (0, -signal.SIGKILL)
    assert "Traceback" not in one.stderr


@contextmanager
def busy(tmp_path: Path) -> Iterator[None]:
    """All megapixels of the machine are taken."""
    with open(tmp_path / "tmp" / "feedsvc-megapixels.lock", "ab") as file:
        os.fchmod(file.fileno(), 0o666)
        fcntl.lockf(file, fcntl.LOCK_EX, megapixels.MAX_MEGAPIXELS, 0)
        yield


def copy_of(server: ServerProcess) -> str:
    [path] = re.findall(r"/sized/[0-9a-f]+-640/a.jpg", ask(server.url, "/articles/a/").body.decode())
    return str(path)


def child(process: subprocess.Popen[str], *, but: int = 0) -> int:
    """The process that decodes pictures, once it is there."""

    def found() -> list[int]:
        return [pid for pid in process_tree(process.pid)[1:] if pid != but and b"images.decoder_process" in command_line(pid)]

    return until(found)[0]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has gone
        return b""


def problems(server: ServerProcess) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(ask(server.url, "/status").body)["problems"]
    return found


def patiently(server: ServerProcess, path: str) -> Response:
    while (got := ask(server.url, path)).status == 503:
        time.sleep(0.1)
    return got


def is_over(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()


def test_a_reader_gets_the_picture_whose_child_was_killed_once(server: ServerProcess, tmp_path: Path) -> None:
    path = copy_of(server)
    with ThreadPoolExecutor(1) as reader:
        with busy(tmp_path):
            asked = reader.submit(patiently, server, path)
            os.kill(child(server.process), signal.SIGKILL)
        got = asked.result()
    assert (got.status, got["Content-Type"], problems(server)) == (200, "image/jpeg", [])
    assert got["Cache-Control"].startswith("public")


def test_a_picture_that_is_not_ready_in_time_is_503_and_feeds_are_not_held_up(server: ServerProcess, tmp_path: Path) -> None:
    path = copy_of(server)
    with busy(tmp_path), ThreadPoolExecutor(20) as readers:
        began = time.monotonic()
        waiting = [readers.submit(ask, server.url, path) for _ in range(20)]
        for _ in range(20):
            assert ask(server.url, "/feed.rss").status == 200
        assert time.monotonic() - began < 4.5 or not any(one.done() for one in waiting)
        for one in waiting:
            got = one.result()
            assert (got.status, got["Cache-Control"], got["Retry-After"]) == (503, "no-store", "5")
        assert ask(server.url, path).status == 503
    got = patiently(server, path)
    assert (got.status, problems(server)) == (200, [])


def test_a_picture_whose_child_is_killed_again_and_again_is_a_problem_of_its_file(content: Path, tmp_path: Path) -> None:
    """Said once, and not tried with every request."""
    with followed(content, tmp_path / "state") as server:
        path = copy_of(server)
        with ThreadPoolExecutor(1) as reader, busy(tmp_path):
            asked = reader.submit(patiently, server, path)
            first = child(server.process)
            os.kill(first, signal.SIGKILL)
            os.kill(child(server.process, but=first), signal.SIGKILL)
            got = asked.result()
            assert (got.status, got["Cache-Control"], got["Last-Modified"]) == (200, "no-store", "")
            assert got.body == ask(server.url, "/media/a.jpg").body
            [problem] = problems(server)
            assert (problem["path"], problem["severity"]) == ("media/a.jpg", "warning")
            assert "has no narrower copies for now (the process that decodes it was ended (signal 9))" in problem["message"]
            assert "/sized/" not in ask(server.url, "/articles/a/").body.decode()
            assert ask(server.url, path).status == 200
            until(lambda: len(process_tree(server.process.pid)) == 1)
        until(lambda: any(line.startswith("media/a.jpg:1:1: warning: ") for line in server.lines))
    assert server.stderr.count("media/a.jpg:1:1: warning: ") == 1


def test_a_picture_that_crashes_its_child_is_remembered_over_a_restart(
    server: ServerProcess, content: Path, tmp_path: Path
) -> None:
    path = copy_of(server)
    with ThreadPoolExecutor(1) as reader, busy(tmp_path):
        asked = reader.submit(patiently, server, path)
        os.kill(child(server.process), signal.SIGSEGV)
        assert asked.result()["Cache-Control"] == "no-store"
        assert "ends the process that decodes it (SIGSEGV)" in problems(server)[0]["message"]
    server.terminate()
    assert server.wait() == 0
    again = ServerProcess(content, tmp_path / "state")
    try:
        assert "SIGSEGV" in again.stderr
        assert "/sized/" not in ask(again.url, "/articles/a/").body.decode()
        assert ask(again.url, path)["Cache-Control"] == "no-store"
        assert len(process_tree(again.process.pid)) == 1
        (content / "media" / "a.jpg").write_bytes(picture(1001, 700))
        until(lambda: problems(again) == [])
        until(lambda: "/sized/" in ask(again.url, "/articles/a/").body.decode())
        assert patiently(again, copy_of(again)).status == 200
    finally:
        again.terminate()
        assert again.wait() == 0


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_its_service(server: ServerProcess, tmp_path: Path, way: signal.Signals) -> None:
    path = copy_of(server)
    with ThreadPoolExecutor(1) as reader, busy(tmp_path):
        asked = reader.submit(ask, server.url, path)
        pid = child(server.process)
        server.process.send_signal(way)
        server.process.wait(30)
        until(lambda: is_over(pid))
        asked.exception()
    with open(tmp_path / "tmp" / "feedsvc-megapixels.lock", "ab") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody has anything of it


def test_a_build_goes_on_without_the_copies_of_a_picture_whose_child_is_killed(content: Path, tmp_path: Path) -> None:
    with busy(tmp_path):
        builder = Started("build", tmp_path / "out", content, "--state", tmp_path / "state")
        first = child(builder.process)
        os.kill(first, signal.SIGKILL)
        os.kill(child(builder.process, but=first), signal.SIGKILL)
        assert builder.wait() == 0
    assert "has no narrower copies for now" in builder.said
    assert "/sized/" not in (tmp_path / "out" / "articles" / "a" / "index.html").read_text()
    assert not (tmp_path / "out" / "sized").exists()
