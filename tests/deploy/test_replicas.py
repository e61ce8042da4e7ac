"""Two services with the same content and different state folders give equal responses, and either can fail."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from bench.headers import BROWSER
from tests.audience.waiting import wait_until
from tests.deploy.cached_service import TRUST_NGINX
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS, Response, ask, without_date
from tests.helpers.running_server import ServerProcess, serving
from tests.live.served_content import fetch_problems, known_paths
from tests.web.newsroom import write_article, write_newsroom

REPLICA: Final = (*TRUST_NGINX, "--no-last-modified")
REQUEST_HEADERS: Final[tuple[Mapping[str, str], ...]] = (
    {},
    {"Accept-Encoding": "br"},
    {"Accept-Encoding": "zstd, gzip"},
    BROWSER,
)


def edit_content(content: Path) -> None:
    """Change articles as editors do while one of the two services is already running."""
    write_article(
        content, "fish", "title: Fish again\npublished: 2026-02-12\ncategory: business\nauthor: mina-park\ntags: [Bridges]"
    )
    write_article(content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le\naliases: [storm]")
    (content / "articles/clock.yaml").unlink()
    newsrooms.write(content, {"authors.yaml": (content / "authors.yaml").read_text() + "new-one: {name: Somebody New}\n"})


class Pair:
    """The services: `older` ran during the changes of the content, `newer` started after them."""

    def __init__(self, content: Path, older: ServerProcess, newer: ServerProcess) -> None:
        self.content, self.older, self.newer = content, older, newer
        self.paths = [quote(path, safe="/~") for path in known_paths(content)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("replicas")
    content = write_newsroom(folder / "content")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    newsrooms.write(content, newsrooms.article("due", due.isoformat(), title="Dueword", author="tuan-le", category="culture"))
    with serving(content, folder / "older", *REPLICA) as older:
        for path in known_paths(content):
            ask(older.url, quote(path))
        edit_content(content)
        wait_until(lambda: b"Dueword" in ask(older.url, "/feed.rss").body and ask(older.url, "/articles/clock/").status == 404)
        with serving(content, folder / "newer", *REPLICA) as newer:
            assert fetch_problems(older) == fetch_problems(newer) == []
            yield Pair(content, older, newer)


def comparable_parts(response: Response) -> tuple[int, dict[str, str], bytes]:
    return response.status, without_date(response.headers), response.body


def test_documents_have_equal_bytes_and_etags_on_both_replicas(pair: Pair) -> None:
    assert len(pair.paths) > 60
    for path in pair.paths:
        for headers in REQUEST_HEADERS:
            first, second = (ask(server.url, path, headers) for server in (pair.older, pair.newer))
            assert comparable_parts(first) == comparable_parts(second), path
            assert first.status != 200 or first["ETag"], path
            assert "last-modified" not in first.headers, path


def test_etag_of_one_replica_gives_304_on_the_other(pair: Pair) -> None:
    for first, second in ((pair.older, pair.newer), (pair.newer, pair.older)):
        request_count = 0
        for path in pair.paths:
            for headers in REQUEST_HEADERS:
                response = ask(first.url, path, headers)
                if response.status == 200:
                    request_count += 1
                    assert ask(second.url, path, {**headers, "If-None-Match": response["ETag"]}).status == 304, path
        assert request_count > 100


@pytest.mark.parametrize("path", ["/feed.rss", "/", "/media/logo.svg"])
def test_if_modified_since_alone_gets_a_full_response(pair: Pair, path: str) -> None:
    """A date that one replica sent earlier tells nothing about the bytes of the other."""
    for date in ("Sun, 01 Mar 2026 12:00:00 GMT", "Tue, 01 Jan 2097 00:00:00 GMT"):
        response = ask(pair.older.url, path, {"If-Modified-Since": date})
        assert (response.status, response["Last-Modified"]) == (200, "")
        assert response.body == ask(pair.newer.url, path).body


class Load:
    """Clients that send requests without pause, each on its own connection, until `stop` or for SECONDS."""

    def __init__(self, port: int, expected: Mapping[tuple[str, str], Response], readers: int = 4) -> None:
        self._port, self._expected, self._deadline = port, expected, time.monotonic() + SECONDS
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.results: Counter[str] = Counter()
        self._readers = [threading.Thread(target=self._read, args=(number,)) for number in range(readers)]
        for reader in self._readers:
            reader.start()

    def stop(self) -> None:
        self._stopping.set()
        for reader in self._readers:
            reader.join()

    def _read(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        requests = [*self._expected.items()]
        position = number * 7
        while not self._stopping.is_set() and time.monotonic() < self._deadline:
            (path, fetch_destination), expected = requests[position % len(requests)]
            position += 1
            result = self._request(connection, path, {"Sec-Fetch-Dest": fetch_destination} if fetch_destination else {}, expected)
            with self._lock:
                self.results[result] += 1
        connection.close()

    def _request(self, connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], expected: Response) -> str:
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "identity", **headers})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return f"{path}: {error!r}"
        is_expected = (response.status, response.headers.get("ETag", ""), body) == (
            expected.status,
            expected["ETag"],
            expected.body,
        )
        return "expected" if is_expected else f"{path}: {response.status}, {len(body)} bytes"


def test_killed_replica_under_load_loses_no_request(tmp_path: Path) -> None:
    """Feeds requested by browsers are not cached, so each of these requests reaches a service."""
    content = write_newsroom(tmp_path / "content")
    first, second = (ServerProcess(content, tmp_path / name, *REPLICA) for name in ("one", "other"))
    try:
        with nginx_proxy(tmp_path / "nginx", first.url, second.url, name="nginx-replicas.conf") as nginx:
            plain = {(quote(path), "") for path in known_paths(content)}
            feeds = {(path, "document") for path, _ in plain if path.endswith(("feed.rss", "feed.atom"))}
            expected = {
                (path, fetch_destination): ask(
                    second.url, path, {"Sec-Fetch-Dest": fetch_destination} if fetch_destination else {}
                )
                for path, fetch_destination in sorted(plain | feeds)
            }
            assert len(feeds) > 20
            load = Load(nginx.port, expected)
            wait_until(lambda: load.results["expected"] > 500)
            first.kill()
            count_at_kill = load.results["expected"]
            wait_until(lambda: load.results["expected"] > count_at_kill + 1000)
            load.stop()
            assert set(load.results) == {"expected"}, load.results
            assert "upstream" in (tmp_path / "nginx/log").read_text(), "nginx logged the failed upstream"
    finally:
        for server in (first, second):
            server.kill()
