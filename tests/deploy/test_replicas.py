"""Two services with the same content and different state folders give equal responses, and either can fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from bench.headers import BROWSER
from tests.audience.waiting import wait_until
from tests.deploy.cached_service import TRUST_NGINX
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers import newsrooms
from tests.helpers.http_client import ask, without_date
from tests.helpers.programs import killing
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


def test_documents_have_equal_bytes_and_an_etag_of_one_replica_gives_304_on_the_other(pair: Pair) -> None:
    assert len(pair.paths) > 60
    for path, headers in product(pair.paths, REQUEST_HEADERS):
        first, second = (ask(server.url, path, headers) for server in (pair.older, pair.newer))
        parts = [(response.status, without_date(response.headers), response.body) for response in (first, second)]
        assert parts[0] == parts[1], path
        assert "last-modified" not in first.headers, path
        if first.status == 200:
            condition = {**headers, "If-None-Match": first["ETag"]}
            assert [ask(server.url, path, condition).status for server in (pair.older, pair.newer)] == [304, 304], path


@pytest.mark.parametrize("path", ["/feed.rss", "/", "/media/logo.svg"])
def test_if_modified_since_alone_gets_a_full_response(pair: Pair, path: str) -> None:
    """A date that one replica sent earlier tells nothing about the bytes of the other."""
    for date in ("Sun, 01 Mar 2026 12:00:00 GMT", "Tue, 01 Jan 2097 00:00:00 GMT"):
        response = ask(pair.older.url, path, {"If-Modified-Since": date})
        assert (response.status, response["Last-Modified"]) == (200, "")


def test_killed_replica_under_load_loses_no_request(tmp_path: Path) -> None:
    """Feeds requested by browsers are not cached, so each of these requests reaches a service."""
    content = write_newsroom(tmp_path / "content")
    first, second = (ServerProcess(content, tmp_path / name, *REPLICA) for name in ("one", "other"))
    log = tmp_path / "nginx/log"
    paths = [quote(path) for path in known_paths(content) if path.endswith(("feed.rss", "feed.atom"))]
    headers = {"Accept-Encoding": "identity", "Sec-Fetch-Dest": "document"}
    with (
        killing(first.process),
        killing(second.process),
        nginx_proxy(tmp_path / "nginx", first.url, second.url, name="nginx-replicas.conf") as nginx,
        ThreadPoolExecutor(4) as clients,
    ):
        expected = {path: ask(second.url, path, headers).body for path in paths}
        assert len(expected) > 20

        def send(path: str) -> bool:
            response = ask(f"http://127.0.0.1:{nginx.port}", path, headers)
            return (response.status, response.body) == (200, expected[path])

        results = clients.map(send, paths * 40)
        assert all(next(results) for _ in range(2 * len(paths)))
        first.kill()
        assert all(results)
        assert "upstream" in log.read_text(), "nginx logged the failed upstream"
