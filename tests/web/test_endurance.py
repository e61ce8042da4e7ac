"""A running server with many, slow or malformed clients."""

import contextlib
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests.helpers.http_client import ask, call, exchange_bytes, open_connection, read_all, statuses
from tests.helpers.running_server import ServerProcess, serving
from tests.web.conftest import SiteFixture
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


def test_pipelined_requests_get_responses_in_order_and_one_sent_byte_by_byte_gets_one(server: ServerProcess) -> None:
    paths = ["/feed.rss", "/nothing", "/feed", "/media/photo.png", "/articles/recalled/", "/feed.json"] * 20
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths)
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses(exchange_bytes(server.url, requests.encode() + last)) == [200, 404, 301, 200, 410, 200] * 20 + [200]
    with open_connection(server.url) as connection:
        for byte in last:
            connection.sendall(bytes([byte]))
        assert statuses(read_all(connection)) == [200]


@pytest.mark.parametrize(
    "flood",
    [
        b"GET /feed.rss HTTP/1.1\r\n" + b"X-Flood: 1\r\n" * 50_000 + b"\r\n",
        b"GET /feed.rss HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 500_000,
        b"\x00" * 500_000,
    ],
    ids=["headers", "body", "zeroes"],
)
def test_oversized_request_gets_400_413_or_431(server: ServerProcess, flood: bytes) -> None:
    # A client that still writes when the error response is sent may get a connection reset instead.
    with contextlib.suppress(ConnectionError):
        assert exchange_bytes(server.url, flood)[9:12] in (b"400", b"413", b"431")
    assert ask(server.url, "/feed.rss").status == 200


def test_concurrent_first_requests_for_every_path_agree(content: Path, tmp_path: Path) -> None:
    publication = Publication(build_catalog(load_content(content), wall_clock()))
    paths = [path for path in publication.paths() if not path.startswith("/media/")] * 6
    with serving(content, tmp_path / "state", "--threads", "8") as server, ThreadPoolExecutor(24) as clients:
        responses = list(zip(paths, clients.map(lambda path: ask(server.url, quote(path)), paths), strict=True))
    assert {response.status for _, response in responses} == {200}
    for path, response in responses:
        assert response.body == getattr(publication.resolve(path), "body", b""), path
    assert len({(path, response["ETag"]) for path, response in responses}) == len({*paths})
    # One date for each path. A response in the second of the first request may have none, since the date would be in the future.
    assert len({(path, response["Last-Modified"]) for path, response in responses if response["Last-Modified"]}) <= len({*paths})


def test_unknown_paths_take_no_memory(site: SiteFixture) -> None:
    app = site.start_app()

    def request_many(name: str) -> None:
        for number in range(300):
            site.clock.advance()  # a response is kept for a second
            assert call(app, f"/{name}/{number}/feed.rss{'x' * 200}").status == 404
            assert call(app, f"/articles/{name}-{number}").status == 404

    request_many("warm")
    tracemalloc.start()
    try:
        request_many("more")
        growth, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert growth < 500_000  # bytes; the pages take 2 million
