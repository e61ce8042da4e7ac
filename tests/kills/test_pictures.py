"""Kill or stop the decoder process that makes image variants, or kill its parent, while it works."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask
from tests.helpers.large_images import process_tree
from tests.helpers.newsrooms import picture, write
from tests.helpers.running_server import ServerProcess
from tests.kills.process_group import CommandProcess
from tests.live.served_content import monitored_server


@pytest.fixture
def content(tmp_path: Path) -> Path:
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


def variant_path(server: ServerProcess) -> str:
    """Return the path of the 640 pixels wide variant that the article page offers."""
    [path] = re.findall(r"/sized/[0-9a-f]+-640/a.jpg", ask(server.url, "/articles/a/").body.decode())
    return str(path)


def decoder_pid(process: subprocess.Popen[str], *, other_than: int = 0) -> int:
    """Wait until the process has a decoder process other than `other_than`; return its process id."""

    def find_decoders() -> list[int]:
        return [pid for pid in process_tree(process.pid)[1:] if pid != other_than and b"media.decoder" in command_line(pid)]

    return wait_until(find_decoders)[0]


def stopped_decoder(process: subprocess.Popen[str], *, other_than: int = 0) -> int:
    """Stop the next decoder process when it starts; return its process id."""
    pid = decoder_pid(process, other_than=other_than)
    os.kill(pid, signal.SIGSTOP)
    return pid


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # the process has ended
        return b""


def problems(server: ServerProcess) -> list[dict[str, str]]:
    """Return the problems on /status."""
    result: list[dict[str, str]] = json.loads(ask(server.url, "/status").body)["problems"]
    return result


def assert_original(server: ServerProcess, path: str) -> None:
    """Check that the image itself, cleaned, is sent at the address of a variant, and is not cached."""
    response = ask(server.url, path)
    assert (response.status, response["Cache-Control"], response["Last-Modified"]) == (200, "no-store", "")
    assert response.body == ask(server.url, "/media/a.jpg").body


def fetch_variant(server: ServerProcess, path: str) -> Response:
    """Request a variant until it is made; return the response."""
    return wait_until(lambda: response if "no-store" not in (response := ask(server.url, path))["Cache-Control"] else None)


def has_ended(pid: int) -> bool:
    """Return True if the process does not exist or is a zombie."""
    return not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()


def test_readers_get_the_original_without_waiting_until_the_variant_is_made(server: ServerProcess) -> None:
    path = variant_path(server)
    assert_original(server, path)
    pid = stopped_decoder(server.process)
    for _ in range(20):
        assert_original(server, path)
        assert ask(server.url, "/feed.rss").status == 200
    os.kill(pid, signal.SIGCONT)
    response = fetch_variant(server, path)
    assert (response.status, response["Content-Type"], problems(server)) == (200, "image/jpeg", [])
    assert response["Cache-Control"].startswith("public")
    wait_until(lambda: len(process_tree(server.process.pid)) == 1)


def test_variant_is_made_after_its_decoder_was_killed_once(server: ServerProcess) -> None:
    path = variant_path(server)
    assert_original(server, path)
    os.kill(decoder_pid(server.process), signal.SIGKILL)
    assert fetch_variant(server, path).status == 200
    assert problems(server) == []


def test_decoder_killed_twice_is_reported_as_problem_of_the_image_file(content: Path, tmp_path: Path) -> None:
    """The problem is logged once, and the image is not decoded again for each request."""
    with monitored_server(content, tmp_path / "state") as server:
        path = variant_path(server)
        assert_original(server, path)
        first = stopped_decoder(server.process)
        os.kill(first, signal.SIGKILL)
        os.kill(decoder_pid(server.process, other_than=first), signal.SIGKILL)
        [problem] = wait_until(lambda: problems(server))
        assert (problem["path"], problem["severity"]) == ("media/a.jpg", "warning")
        assert "has no narrower copies for now (the process that decodes it was ended (signal 9))" in problem["message"]
        assert_original(server, path)
        assert path in ask(server.url, "/articles/a/").body.decode()  # the bytes of pages do not depend on failures
        assert len(process_tree(server.process.pid)) == 1
        wait_until(lambda: any(line.startswith("media/a.jpg:1:1: ") for line in server.lines))
    assert server.stderr.count("media/a.jpg:1:1: ") == 1


def test_image_that_crashes_the_decoder_is_not_decoded_again_after_a_restart(
    server: ServerProcess, content: Path, tmp_path: Path
) -> None:
    path = variant_path(server)
    assert_original(server, path)
    os.kill(decoder_pid(server.process), signal.SIGSEGV)
    assert "ends the process that decodes it (SIGSEGV)" in wait_until(lambda: problems(server))[0]["message"]
    server.terminate()
    assert server.wait() == 0
    restarted = ServerProcess(content, tmp_path / "state")
    try:
        assert "SIGSEGV" in restarted.stderr
        assert_original(restarted, path)
        assert len(process_tree(restarted.process.pid)) == 1
        (content / "media" / "a.jpg").write_bytes(picture(1001, 700))
        wait_until(lambda: problems(restarted) == [])
        wait_until(lambda: variant_path(restarted) != path)
        assert fetch_variant(restarted, variant_path(restarted)).status == 200
    finally:
        restarted.terminate()
        assert restarted.wait() == 0


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_decoder_ends_when_the_server_is_killed_or_terminated(server: ServerProcess, signal_number: signal.Signals) -> None:
    assert_original(server, variant_path(server))
    pid = stopped_decoder(server.process)
    server.process.send_signal(signal_number)
    server.process.wait(30)
    if signal_number == signal.SIGKILL:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: has_ended(pid))


def test_build_writes_the_original_for_an_image_whose_decoder_is_killed_twice(content: Path, tmp_path: Path) -> None:
    builder = CommandProcess("build", tmp_path / "out", content, "--state", tmp_path / "state")
    first = stopped_decoder(builder.process)
    os.kill(first, signal.SIGKILL)
    os.kill(decoder_pid(builder.process, other_than=first), signal.SIGKILL)
    assert builder.wait() == 0
    assert "has no narrower copies for now" in builder.stderr
    pictures = [*(tmp_path / "out" / "sized").glob("*/a.jpg")]
    assert len(pictures) == 2
    assert {picture.read_bytes() for picture in pictures} == {(tmp_path / "out" / "media" / "a.jpg").read_bytes()}
