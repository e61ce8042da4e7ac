"""A real server under clients that are many, slow, greedy or broken."""

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
from tests.web.newsroom import BIG, write_newsroom

_LARGE = bytes(range(256)) * (BIG // 256)
_ASK_TALK = b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("large") / "content", talk=_LARGE)


def test_a_slow_download_is_finished_after_sigterm(content: Path, tmp_path: Path) -> None:
    with (
        serving(content, tmp_path / "state") as server,
        open_connection(server.url, 4096) as slow,
        open_connection(server.url) as idle,
    ):
        slow.sendall(_ASK_TALK)
        begun = slow.recv(1000)
        server.terminate()
        with contextlib.suppress(ConnectionError):
            while True:  # until the door is shut
                ask(server.url, "/healthz")
        answer = begun + read_all(slow)
        assert answer.partition(b"\r\n\r\n")[2] == _LARGE
        assert idle.recv(1) == b""
        assert server.wait() == 0


def test_sigterm_as_soon_as_it_names_its_address(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state"):
        pass


def test_slow_downloads_hold_nobody_up(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state", "--threads", "2") as server, contextlib.ExitStack() as clients:
        for headers in (b"", b"Range: bytes=5-\r\n", b"Range: bytes=5-8999000\r\n") * 4:
            one = clients.enter_context(open_connection(server.url, 4096))
            one.sendall(b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
            assert one.recv(9) == b"HTTP/1.1 "
        started = time.monotonic()
        assert ask(server.url, "/feed.rss").status == 200
        assert time.monotonic() - started < 5


def test_a_part_in_the_middle_ends_where_it_should(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state") as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
        for first, last in ((7, 8_000_000), (0, 70_000), (BIG // 256 * 256 - 3, BIG * 2)):
            got = ask_on(connection, "/media/talk.mp3", {"Range": f"bytes={first}-{last}"})
            assert (got.status, got.body) == (206, _LARGE[first : last + 1])
        connection.close()


def test_pipelined_requests_are_answered_in_order(server: ServerProcess) -> None:
    paths = ["/feed.rss", "/nothing", "/feed", "/media/photo.png", "/articles/recalled/", "/feed.json"] * 20
    asked = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths)
    answers = exchange_bytes(server.url, f"{asked}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert statuses(answers) == [200, 404, 301, 200, 410, 200] * 20 + [200]


def test_two_thousand_idle_connections_lock_nobody_out(server: ServerProcess) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else 4096
    number = min(2000, most - 300)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number + 300) if soft != resource.RLIM_INFINITY else soft, hard))
    try:
        with contextlib.ExitStack() as idle:
            for count in range(number):
                one = idle.enter_context(open_connection(server.url))
                if count % 2:
                    one.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nX-Unfinished: ")
            started = time.monotonic()
            assert ask(server.url, "/feed.rss").status == 200
            assert time.monotonic() - started < 5
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_request_letter_by_letter(server: ServerProcess) -> None:
    with open_connection(server.url) as one:
        for letter in b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            one.sendall(bytes([letter]))
        assert read_all(one).startswith(b"HTTP/1.1 200")


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
def test_floods_end_in_a_refusal(server: ServerProcess, flood: bytes) -> None:
    # Who still writes when the refusal comes may see the connection reset instead.
    with contextlib.suppress(ConnectionError):
        assert exchange_bytes(server.url, flood)[9:12] in (b"400", b"413", b"431")
    assert ask(server.url, "/feed.rss").status == 200


def test_first_requests_for_everything_at_once(content: Path, tmp_path: Path) -> None:
    expected = Publication(build_catalog(load_content(content), wall_clock()))
    paths = [path for path in expected.paths() if not path.startswith("/media/")]
    with serving(content, tmp_path / "state", "--threads", "8") as server, ThreadPoolExecutor(24) as clients:
        got = list(clients.map(lambda path: ask(server.url, quote(path)), paths * 6))
    assert {one.status for one in got} == {200}
    for path, one in zip(paths * 6, got, strict=True):
        assert one.body == getattr(expected.resolve(path), "body", b""), path
    assert len({(path, one["ETag"]) for path, one in zip(paths * 6, got, strict=True)}) == len(paths)
    # One date each. Whoever asked just before a second's end may hear none: it would be later than the answer.
    dates = {(path, one["Last-Modified"]) for path, one in zip(paths * 6, got, strict=True) if one["Last-Modified"]}
    assert len(dates) == len(paths)


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def test_addresses_that_nothing_has_are_not_remembered(server: ServerProcess) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system has no /proc to read the server's memory from")
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)

    def ask_many(kind: str) -> None:
        for number in range(1500):
            assert ask_on(connection, f"/{kind}/{number}/feed.rss{'x' * 200}").status == 404
            assert ask_on(connection, f"/articles/{kind}-{number}").status == 404

    ask_many("warm")
    before = _resident(server.process.pid)
    ask_many("more")
    connection.close()
    assert _resident(server.process.pid) - before < 8 * 1024 * 1024
