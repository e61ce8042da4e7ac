"""Kill the decoder process that creates image variants, or its parent, while it works.

The test owns the lock file of the machine-wide limit on megapixels, and so decides how long a decoder waits.
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
from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask
from tests.helpers.large_images import process_tree
from tests.helpers.newsrooms import picture, write
from tests.helpers.running_server import ServerProcess
from tests.kills.process_group import CommandProcess
from tests.live.served_content import monitored_server


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
    running = ServerProcess(content, tmp_path / "state")
    yield running
    running.terminate()  # if it has not ended yet
    assert running.wait() in (0, -signal.SIGKILL)
    assert "Traceback" not in running.stderr


@contextmanager
def megapixels_locked(tmp_path: Path) -> Iterator[None]:
    """Hold the lock on all megapixels of the machine."""
    with open(tmp_path / "tmp" / "feedsvc-megapixels.lock", "ab") as file:
        os.fchmod(file.fileno(), 0o666)
        fcntl.lockf(file, fcntl.LOCK_EX, megapixels.MAX_MEGAPIXELS, 0)
        yield


def variant_path(server: ServerProcess) -> str:
    """Return the path of the 640 pixels wide variant that the article page offers."""
    [path] = re.findall(r"/sized/[0-9a-f]+-640/a.jpg", ask(server.url, "/articles/a/").body.decode())
    return str(path)


def decoder_pid(process: subprocess.Popen[str], *, other_than: int = 0) -> int:
    """Wait wait_until the server has a decoder process other than `but`; return its process id."""

    def find_decoders() -> list[int]:
        return [
            pid for pid in process_tree(process.pid)[1:] if pid != other_than and b"images.decoder_process" in command_line(pid)
        ]

    return wait_until(find_decoders)[0]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # the process has ended
        return b""


def problems(server: ServerProcess) -> list[dict[str, str]]:
    """Return the problems on /status."""
    result: list[dict[str, str]] = json.loads(ask(server.url, "/status").body)["problems"]
    return result


def fetch_until_available(server: ServerProcess, path: str) -> Response:
    """Request a path wait_until the status is not 503; return the response."""
    while (response := ask(server.url, path)).status == 503:
        time.sleep(0.1)
    return response


def has_ended(pid: int) -> bool:
    """Return True if the process does not exist or is a zombie."""
    return not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()


def test_reader_gets_variant_after_its_decoder_was_killed_once(server: ServerProcess, tmp_path: Path) -> None:
    path = variant_path(server)
    with ThreadPoolExecutor(1) as reader:
        with megapixels_locked(tmp_path):
            future = reader.submit(fetch_until_available, server, path)
            os.kill(decoder_pid(server.process), signal.SIGKILL)
        response = future.result()
    assert (response.status, response["Content-Type"], problems(server)) == (200, "image/jpeg", [])
    assert response["Cache-Control"].startswith("public")


def test_variant_that_is_not_ready_in_time_is_503_and_feeds_are_served_meanwhile(server: ServerProcess, tmp_path: Path) -> None:
    path = variant_path(server)
    with megapixels_locked(tmp_path), ThreadPoolExecutor(20) as readers:
        start = time.monotonic()
        futures = [readers.submit(ask, server.url, path) for _ in range(20)]
        for _ in range(20):
            assert ask(server.url, "/feed.rss").status == 200
        assert time.monotonic() - start < 4.5 or not any(future.done() for future in futures)
        for future in futures:
            response = future.result()
            assert (response.status, response["Cache-Control"], response["Retry-After"]) == (503, "no-store", "5")
        assert ask(server.url, path).status == 503
    response = fetch_until_available(server, path)
    assert (response.status, problems(server)) == (200, [])


def test_decoder_killed_twice_is_reported_as_problem_of_the_image_file(content: Path, tmp_path: Path) -> None:
    """The problem is logged once, and the image is not decoded again for each request."""
    with monitored_server(content, tmp_path / "state") as server:
        path = variant_path(server)
        with ThreadPoolExecutor(1) as reader, megapixels_locked(tmp_path):
            future = reader.submit(fetch_until_available, server, path)
            first = decoder_pid(server.process)
            os.kill(first, signal.SIGKILL)
            os.kill(decoder_pid(server.process, other_than=first), signal.SIGKILL)
            response = future.result()
            assert (response.status, response["Cache-Control"], response["Last-Modified"]) == (200, "no-store", "")
            assert response.body == ask(server.url, "/media/a.jpg").body
            [problem] = problems(server)
            assert (problem["path"], problem["severity"]) == ("media/a.jpg", "warning")
            assert "has no narrower copies for now (the process that decodes it was ended (signal 9))" in problem["message"]
            assert "/sized/" not in ask(server.url, "/articles/a/").body.decode()
            assert ask(server.url, path).status == 200
            wait_until(lambda: len(process_tree(server.process.pid)) == 1)
        wait_until(lambda: any(line.startswith("media/a.jpg:1:1: ") for line in server.lines))
    assert server.stderr.count("media/a.jpg:1:1: ") == 1


def test_image_that_crashes_the_decoder_is_not_decoded_again_after_a_restart(
    server: ServerProcess, content: Path, tmp_path: Path
) -> None:
    path = variant_path(server)
    with ThreadPoolExecutor(1) as reader, megapixels_locked(tmp_path):
        future = reader.submit(fetch_until_available, server, path)
        os.kill(decoder_pid(server.process), signal.SIGSEGV)
        assert future.result()["Cache-Control"] == "no-store"
        assert "ends the process that decodes it (SIGSEGV)" in problems(server)[0]["message"]
    server.terminate()
    assert server.wait() == 0
    restarted = ServerProcess(content, tmp_path / "state")
    try:
        assert "SIGSEGV" in restarted.stderr
        assert "/sized/" not in ask(restarted.url, "/articles/a/").body.decode()
        assert ask(restarted.url, path)["Cache-Control"] == "no-store"
        assert len(process_tree(restarted.process.pid)) == 1
        (content / "media" / "a.jpg").write_bytes(picture(1001, 700))
        wait_until(lambda: problems(restarted) == [])
        wait_until(lambda: "/sized/" in ask(restarted.url, "/articles/a/").body.decode())
        assert fetch_until_available(restarted, variant_path(restarted)).status == 200
    finally:
        restarted.terminate()
        assert restarted.wait() == 0


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_decoder_ends_when_the_server_is_killed_or_terminated(
    server: ServerProcess, tmp_path: Path, signal_number: signal.Signals
) -> None:
    path = variant_path(server)
    with ThreadPoolExecutor(1) as reader, megapixels_locked(tmp_path):
        future = reader.submit(ask, server.url, path)
        pid = decoder_pid(server.process)
        server.process.send_signal(signal_number)
        server.process.wait(30)
        wait_until(lambda: has_ended(pid))
        future.exception()
    with open(tmp_path / "tmp" / "feedsvc-megapixels.lock", "ab") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # no process holds a lock on the file


def test_build_omits_variants_of_an_image_whose_decoder_is_killed_twice(content: Path, tmp_path: Path) -> None:
    with megapixels_locked(tmp_path):
        builder = CommandProcess("build", tmp_path / "out", content, "--state", tmp_path / "state")
        first = decoder_pid(builder.process)
        os.kill(first, signal.SIGKILL)
        os.kill(decoder_pid(builder.process, other_than=first), signal.SIGKILL)
        assert builder.wait() == 0
    assert "has no narrower copies for now" in builder.stderr
    assert "/sized/" not in (tmp_path / "out" / "articles" / "a" / "index.html").read_text()
    assert not (tmp_path / "out" / "sized").exists()
