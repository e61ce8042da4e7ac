"""Clients that pipeline requests for files without reading: no descriptor is missing elsewhere, and good readers are answered."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

import pytest

from feedsvc.support.file_descriptors import MIN_LIMIT, budget
from tests.attacks.attacked_server import PATIENCE, Reader, resident
from tests.attacks.limited_server import Limited, limited, limited_server, most_files, pipeline_without_reading
from tests.helpers.http_client import SECONDS, Response, ask, open_connection, read_all
from tests.helpers.running_server import environment
from tests.web.newsroom import write_newsroom

LARGE: Final = 5_000_000  # bytes of the talk
MOST_LOG: Final = 100_000  # bytes
MOST_MEMORY: Final = 300 * 1024 * 1024  # bytes that 600 such connections may add; each has up to two answers of 64 kB unsent
# The figures of the issue; a slow machine takes its time to accept hundreds of connections.
FLOOD: Final = 5.0  # seconds

REQUESTS: Final[Mapping[str, bytes]] = {
    "a small picture": b"GET /media/photo.png HTTP/1.1\r\nHost: x\r\n\r\n",
    "one byte of a large file": b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0\r\n\r\n",
    "a large file": b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("files") / "content", talk=bytes(LARGE))


class Viewer:
    """Asks for one picture again and again, and keeps the answers."""

    def __init__(self, url: str) -> None:
        self._url, self._over = url, threading.Event()
        self.answers: list[Response] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(2 * SECONDS)

    def _ask(self) -> None:
        while not self._over.wait(0.2):
            try:
                self.answers.append(ask(self._url, "/media/photo.png"))
            except OSError as error:
                self.answers.append(Response(0, {}, str(error).encode()))


def besieged(server: Limited, number: int, request: bytes) -> Iterator[str]:
    """Flood a server, and yield the faults that a good reader, a viewer of pictures and the operator see."""
    before, descriptors = resident(server.process.pid), [0]
    with Reader(server.url) as reader, Viewer(server.url) as viewer:
        pipeline_without_reading(server.url, number, request, FLOOD, lambda: descriptors.append(server.descriptors()))
    memory, log = resident(server.process.pid) - before, server.log.stat().st_size
    print(  # noqa: T201 - pytest shows it with -rP
        f"{len(reader.times)} polls, median {statistics.median(reader.times):.3f} s, slowest {reader.slowest:.3f} s; "
        f"{max(descriptors)} descriptors; {memory:,} bytes of memory, {log:,} of log"
    )
    if reader.failed:
        yield f"{len(reader.failed)} polls were not answered: {reader.failed[0]!r}"
    if set(reader.statuses) - {200, 304}:
        yield f"polls got {set(reader.statuses)}"
    if reader.slowest >= PATIENCE or len(reader.times) < 3:
        yield f"{len(reader.times)} polls, the slowest took {reader.slowest:.1f} s"
    for got in viewer.answers:
        if got.status != 200:
            yield f"a picture that is there got {got.status}, Cache-Control: {got['Cache-Control']}, {got.body[:80]!r}"
    if log > MOST_LOG:
        yield f"the log grew to {log:,} bytes"
    if memory > MOST_MEMORY:
        yield f"{memory:,} bytes more memory"


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("number", [60, 600])
@pytest.mark.parametrize("files", [1024, most_files()])
def test_clients_that_pipeline_without_reading_take_nobody_s_files(
    content: Path, tmp_path: Path, kind: str, number: int, files: int
) -> None:
    with limited_server(content, tmp_path, files) as server:
        for path in ("/feed.rss", "/media/photo.png", "/media/talk.mp3"):
            assert ask(server.url, path).status == 200
        assert list(besieged(server, number, REQUESTS[kind])) == []
        assert ask(server.url, "/feed.rss").status == 200


def test_a_limit_too_low_to_serve_is_a_sentence_and_no_start(content: Path, tmp_path: Path) -> None:
    words = limited(64, "serve", content, "--port", "0", "--state", tmp_path / "state")
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=SECONDS, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"feedsvc: error: a process may have 64 open files here, and a server needs {MIN_LIMIT}, better 4096: "
    )
    assert "ulimit -n" in done.stderr
    assert "LimitNOFILE" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_lowest_limit_serves(content: Path, tmp_path: Path) -> None:
    with limited_server(content, tmp_path, MIN_LIMIT) as server:
        assert ask(server.url, "/media/talk.mp3").body == bytes(LARGE)
        assert list(besieged(server, 60, REQUESTS["a large file"])) == []


def test_beyond_the_limit_a_large_file_waits_and_then_gets_503(content: Path, tmp_path: Path) -> None:
    request = REQUESTS["a large file"]
    with limited_server(content, tmp_path, MIN_LIMIT) as server, contextlib.ExitStack() as stack:
        readers = [stack.enter_context(open_connection(server.url, 4096)) for _ in range(budget(MIN_LIMIT).files)]
        for one in readers:
            one.sendall(request)
            assert one.recv(12) == b"HTTP/1.1 200"
        waits = stack.enter_context(open_connection(server.url))
        began = time.monotonic()
        waits.sendall(request)
        for path in ("/feed.rss", "/media/photo.png"):
            assert ask(server.url, path).status == 200
        assert ask(server.url, "/media/talk.mp3", {"Range": "bytes=5-9"}).status == 206
        answer = waits.recv(4096)
        assert time.monotonic() - began >= 5
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"\r\nCache-Control: no-store\r\n" in answer
        assert b"\r\nRetry-After: 5\r\n" in answer
        waits.sendall(request)  # the connection is as good as before
        time.sleep(0.5)
        readers[0].close()
        assert waits.recv(12) == b"HTTP/1.1 200"


def test_a_download_whose_file_is_cut_off_ends_and_does_not_keep_the_server_busy(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", talk=bytes(LARGE))
    with limited_server(content, tmp_path, 1024) as server, open_connection(server.url, 4096) as reader:
        reader.sendall(REQUESTS["a large file"])
        assert reader.recv(12) == b"HTTP/1.1 200"
        os.truncate(content / "media/talk.mp3", 70_000)
        assert len(read_all(reader)) < LARGE  # the connection ends
        assert ask(server.url, "/feed.rss").status == 200
