"""A running server with many, slow or malformed clients."""

import contextlib
import http.client
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests.helpers.http_client import ask, ask_on, exchange_bytes, open_connection, read_all, statuses
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import LARGE_SIZE, write_newsroom

_LARGE_FILE = bytes(range(256)) * (LARGE_SIZE // 256)
_MEDIA_REQUEST = b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("large") / "content", talk=_LARGE_FILE)


def test_slow_download_is_completed_after_sigterm(content: Path, tmp_path: Path) -> None:
    with (
        serving(content, tmp_path / "state") as server,
        open_connection(server.url, 4096) as slow,
        open_connection(server.url) as idle,
    ):
        slow.sendall(_MEDIA_REQUEST)
        first_bytes = slow.recv(1000)
        server.terminate()
        with contextlib.suppress(ConnectionError):
            while True:  # until the listening socket is closed
                ask(server.url, "/healthz")
        response = first_bytes + read_all(slow)
        assert response.partition(b"\r\n\r\n")[2] == _LARGE_FILE
        assert idle.recv(1) == b""
        assert server.wait() == 0


def test_slow_downloads_delay_no_other_request(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state", "--threads", "2") as server, contextlib.ExitStack() as stack:
        for headers in (b"", b"Range: bytes=5-\r\n", b"Range: bytes=5-8999000\r\n") * 4:
            client = stack.enter_context(open_connection(server.url, 4096))
            client.sendall(b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
            assert client.recv(9) == b"HTTP/1.1 "
        start = time.monotonic()
        assert ask(server.url, "/feed.rss").status == 200
        assert time.monotonic() - start < 5


def test_large_ranges_have_the_requested_bytes(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state") as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
        for first, last in ((7, 8_000_000), (0, 70_000), (LARGE_SIZE // 256 * 256 - 3, LARGE_SIZE * 2)):
            response = ask_on(connection, "/media/talk.mp3", {"Range": f"bytes={first}-{last}"})
            assert (response.status, response.body) == (206, _LARGE_FILE[first : last + 1])
        connection.close()


def test_pipelined_requests_get_responses_in_order(server: ServerProcess) -> None:
    paths = ["/feed.rss", "/nothing", "/feed", "/media/photo.png", "/articles/recalled/", "/feed.json"] * 20
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths)
    responses = exchange_bytes(server.url, f"{requests}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert statuses(responses) == [200, 404, 301, 200, 410, 200] * 20 + [200]


@pytest.mark.timing
def test_two_thousand_idle_connections_block_no_request(server: ServerProcess) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    maximum = hard if hard != resource.RLIM_INFINITY else 4096
    connection_count = min(2000, maximum - 300)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (max(soft, connection_count + 300) if soft != resource.RLIM_INFINITY else soft, hard)
    )
    try:
        with contextlib.ExitStack() as stack:
            for index in range(connection_count):
                connection = stack.enter_context(open_connection(server.url))
                if index % 2:
                    connection.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nX-Unfinished: ")
            start = time.monotonic()
            assert ask(server.url, "/feed.rss").status == 200
            assert time.monotonic() - start < 5
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_request_sent_byte_by_byte_gets_200(server: ServerProcess) -> None:
    with open_connection(server.url) as connection:
        for byte in b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert read_all(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "flood",
    [
        b"GET /feed.rss HTTP/1.1\r\n" + b"X-Flood: 1\r\n" * 50_000 + b"\r\n",
        b"GET /feed.rss HTTP/1.1\r\nX-Flood: " + b"1" * 500_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 500_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /feed.rss HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500_000,
        b"\x00" * 500_000,
    ],
    ids=["headers", "header", "address", "body", "zeroes"],
)
def test_oversized_request_gets_400_413_or_431(server: ServerProcess, flood: bytes) -> None:
    # A client that still writes when the error response is sent may get a connection reset instead.
    with contextlib.suppress(ConnectionError):
        assert exchange_bytes(server.url, flood)[9:12] in (b"400", b"413", b"431")
    assert ask(server.url, "/feed.rss").status == 200


def test_concurrent_first_requests_for_every_path_agree(content: Path, tmp_path: Path) -> None:
    publication = Publication(build_catalog(load_content(content), wall_clock()))
    paths = [path for path in publication.paths() if not path.startswith("/media/")]
    with serving(content, tmp_path / "state", "--threads", "8") as server, ThreadPoolExecutor(24) as clients:
        responses = list(clients.map(lambda path: ask(server.url, quote(path)), paths * 6))
    assert {response.status for response in responses} == {200}
    for path, response in zip(paths * 6, responses, strict=True):
        assert response.body == getattr(publication.resolve(path), "body", b""), path
    assert len({(path, response["ETag"]) for path, response in zip(paths * 6, responses, strict=True)}) == len(paths)
    # One date for each path. A response in the second of the first request may have none, since the date would be in the future.
    dates = {
        (path, response["Last-Modified"])
        for path, response in zip(paths * 6, responses, strict=True)
        if response["Last-Modified"]
    }
    assert len(dates) == len(paths)


def _resident_memory(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def test_unknown_paths_take_no_memory(server: ServerProcess) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system has no /proc to read the server's memory from")
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)

    def request_many(name: str) -> None:
        for number in range(1500):
            assert ask_on(connection, f"/{name}/{number}/feed.rss{'x' * 200}").status == 404
            assert ask_on(connection, f"/articles/{name}-{number}").status == 404

    request_many("warm")
    memory_before = _resident_memory(server.process.pid)
    request_many("more")
    connection.close()
    assert _resident_memory(server.process.pid) - memory_before < 8 * 1024 * 1024
