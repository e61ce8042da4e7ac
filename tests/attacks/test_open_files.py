"""Clients that pipeline requests for files without reading: the server still opens files and responds to other clients."""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

import pytest

from feedsvc.support.file_descriptors import MIN_LIMIT, max_connections
from tests.attacks.attacked_server import MAX_WAIT, PollingReader, resident_memory
from tests.attacks.limited_server import LimitedServer, limited_command, limited_server, max_open_files, pipeline_without_reading
from tests.helpers.forked_process import run_module
from tests.helpers.http_client import SECONDS, Response, ask, open_connection, read_all
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import environment
from tests.web.newsroom import write_newsroom

LARGE_SIZE: Final = 5_000_000  # bytes of media/talk.mp3
MAX_LOG: Final = 100_000  # bytes
# Bytes that 400 such connections may add; each has up to two unsent responses of 64 kB.
MAX_ADDED_MEMORY: Final = 300 * 1024 * 1024
FLOOD_SECONDS: Final = 5.0  # a slow machine needs some time to accept hundreds of connections

REQUESTS: Final[Mapping[str, bytes]] = {
    "a small picture": b"GET /media/photo.png HTTP/1.1\r\nHost: x\r\n\r\n",
    "one byte of a large file": b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0\r\n\r\n",
    "a large file": b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("files") / "content", talk=bytes(LARGE_SIZE))


class ImageClient:
    """A client that requests one image again and again in a thread, and records the responses."""

    def __init__(self, url: str) -> None:
        self._url, self._stopped = url, threading.Event()
        self.responses: list[Response] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(2 * SECONDS)

    def _ask(self) -> None:
        while not self._stopped.wait(0.2):
            try:
                self.responses.append(ask(self._url, "/media/photo.png"))
            except OSError as error:
                self.responses.append(Response(0, {}, str(error).encode()))


def find_flood_problems(server: LimitedServer, number: int, request: bytes) -> Iterator[str]:
    """Flood a server; yield the problems that a polling client, an image client and the operator see."""
    before, descriptor_counts = resident_memory(server.process.pid), [0]
    with PollingReader(server.url) as poller, ImageClient(server.url) as image_client:
        pipeline_without_reading(
            server.url, number, request, FLOOD_SECONDS, lambda: descriptor_counts.append(server.count_descriptors())
        )
    memory, log = resident_memory(server.process.pid) - before, server.log.stat().st_size
    print(  # noqa: T201 - pytest shows it with -rP
        f"{len(poller.durations)} polls, median {statistics.median(poller.durations):.3f} s, slowest {poller.slowest:.3f} s; "
        f"{max(descriptor_counts)} descriptors; {memory:,} bytes of memory, {log:,} of log"
    )
    if poller.errors:
        yield f"{len(poller.errors)} polls were not answered: {poller.errors[0]!r}"
    if set(poller.statuses) - {200, 304}:
        yield f"polls got {set(poller.statuses)}"
    if poller.slowest >= MAX_WAIT or len(poller.durations) < 3:
        yield f"{len(poller.durations)} polls, the slowest took {poller.slowest:.1f} s"
    for response in image_client.responses:
        if response.status != 200:
            yield f"an existing image has status {response.status}, {response['Cache-Control']}, {response.body[:80]!r}"
    if log > MAX_LOG:
        yield f"the log grew to {log:,} bytes"
    if memory > MAX_ADDED_MEMORY:
        yield f"{memory:,} bytes more memory"


# Each pair of values of two parameters, with half of all combinations.
@pytest.mark.parametrize(
    ("files", "number", "kind"),
    [
        (files, number, kind)
        for is_many_files, files in enumerate((1024, max_open_files()))
        for is_many, number in enumerate((60, 400))
        for is_range, kind in enumerate(REQUESTS)
        if (is_many_files + is_many + is_range) % 2
    ],
)
def test_clients_that_pipeline_without_reading_do_not_affect_other_clients(
    content: Path, tmp_path: Path, kind: str, number: int, files: int
) -> None:
    with limited_server(content, tmp_path, files) as server:
        for path in ("/feed.rss", "/media/photo.png", "/media/talk.mp3"):
            assert ask(server.url, path).status == 200
        assert list(find_flood_problems(server, number, REQUESTS[kind])) == []
        assert ask(server.url, "/feed.rss").status == 200


def test_start_with_too_few_open_files_is_an_error(content: Path, tmp_path: Path) -> None:
    arguments = limited_command(64, "serve", content, "--port", "0", "--state", tmp_path / "state")
    result = run_module(*arguments, env=environment())
    assert result.returncode == 2
    assert without_times(result.stderr).startswith(
        f"feedsvc: a process may have 64 open files here, and a server needs {MIN_LIMIT}, better 4096: "
    )
    assert "ulimit -n" in result.stderr
    assert "LimitNOFILE" in result.stderr
    assert result.stderr.count("\n") == 1


def test_server_with_the_lowest_allowed_limit_serves(content: Path, tmp_path: Path) -> None:
    with limited_server(content, tmp_path, MIN_LIMIT) as server:
        assert ask(server.url, "/media/talk.mp3").body == bytes(LARGE_SIZE)
        assert list(find_flood_problems(server, 60, REQUESTS["a large file"])) == []


def test_every_connection_may_download_a_large_file(content: Path, tmp_path: Path) -> None:
    with limited_server(content, tmp_path, MIN_LIMIT) as server, contextlib.ExitStack() as stack:
        for _ in range(max_connections(MIN_LIMIT) - 2):
            download = stack.enter_context(open_connection(server.url, 4096))
            download.sendall(REQUESTS["a large file"])
            assert download.recv(12) == b"HTTP/1.1 200"
        for path in ("/feed.rss", "/media/photo.png"):
            assert ask(server.url, path).status == 200
        assert ask(server.url, "/media/talk.mp3", {"Range": "bytes=5-9"}).status == 206


def test_download_of_a_truncated_file_ends_and_the_server_keeps_responding(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", talk=bytes(LARGE_SIZE))
    with limited_server(content, tmp_path, 1024) as server, open_connection(server.url, 4096) as connection:
        connection.sendall(REQUESTS["a large file"])
        assert connection.recv(12) == b"HTTP/1.1 200"
        os.truncate(content / "media/talk.mp3", 70_000)
        assert len(read_all(connection)) < LARGE_SIZE  # the connection ends
        assert ask(server.url, "/feed.rss").status == 200
