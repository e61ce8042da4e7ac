"""nginx as a cache in front of the service keeps responses as long as the service allows, and no others."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from bench.headers import BROWSER
from bench.web import GZIP, NO_HEADERS, Client
from tests.audience.waiting import wait_until
from tests.deploy.cached_service import (
    TRUST_NGINX,
    CachedService,
    count_requests_at_service,
    numbered_upstream,
    run_cached_service,
)
from tests.deploy.nginx_pair import ALL_CODINGS, CODINGS
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers import newsrooms
from tests.helpers.http_client import ask
from tests.helpers.running_server import ServerProcess
from tests.live.served_content import known_paths
from tests.web.newsroom import write_article, write_newsroom
from tests.web.test_routing import REDIRECTS

pytestmark = pytest.mark.timing


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("cache") / "content")


@pytest.fixture(scope="module")
def cached_service(newsroom: Path) -> Iterator[CachedService]:
    with run_cached_service(newsroom.parent, newsroom) as running:
        yield running


@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP, ALL_CODINGS, BROWSER], ids=["plain", "gzip", "all", "browser"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_first_and_repeated_response_equal_those_of_the_service(
    cached_service: CachedService, newsroom: Path, headers: Mapping[str, str], method: str
) -> None:
    paths = [*(quote(path, safe="/~") for path in known_paths(newsroom)), *REDIRECTS]
    assert len(paths) > 100
    assert [line for path in paths for _ in "12" for line in cached_service.differences(path, headers, method)] == []


@pytest.mark.parametrize(
    "path",
    [
        *("/feed.rss", "/", "/articles/recalled/", "/feed", "/media/talk.mp3", "/nothing-of-that-name"),
        "/feed/category:business+category:culture.rss",
    ],
)
def test_cached_response_is_fetched_once_for_all_queries(cached_service: CachedService, path: str) -> None:
    cached_service.cached.ask(path)
    assert count_requests_at_service(cached_service, path) == 0
    assert count_requests_at_service(cached_service, f"{path}?utm_source=a&b={time.time()}") == 0
    assert (
        count_requests_at_service(
            cached_service, path, {"X-Forwarded-Host": "evil.example", "Cookie": "a=b", "Accept": "text/html"}
        )
        == 0
    )
    assert cached_service.differences(f"{path}?a=b") == []


def test_query_is_not_forwarded_to_the_service(tmp_path: Path) -> None:
    """Otherwise a response with a query could be cached for all clients."""
    with numbered_upstream("max-age=60") as (url, requests, _), nginx_proxy(tmp_path / "nginx", url) as nginx:
        ask(
            f"http://127.0.0.1:{nginx.port}",
            "/articles/%EC%84%9C/?x=<script>",
            {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6"},
        )
        path, headers = requests[-1]
        assert path == "/articles/%EC%84%9C/"
        assert headers["X-Forwarded-For"] == "127.0.0.1"
        assert {"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "Accept-Encoding", "Sec-Fetch-Dest"}.isdisjoint(headers)


@pytest.mark.parametrize("accepted", CODINGS)
def test_negotiated_coding_equals_that_of_the_service_with_few_cached_variants(
    cached_service: CachedService, accepted: str
) -> None:
    headers = {"Accept-Encoding": accepted}
    assert [line for path in ("/", "/feed.json") for _ in "12" for line in cached_service.differences(path, headers)] == []
    assert count_requests_at_service(cached_service, "/feed.json", {"Accept-Encoding": f"{accepted}, odd"}) <= 1
    assert count_requests_at_service(cached_service, "/feed.json", {"Accept-Encoding": f"odder ,{accepted}, odd"}) == 0


@pytest.mark.parametrize("path", ["/feed.rss", "/category/business/feed.atom"])
def test_browser_view_of_a_feed_is_not_cached(cached_service: CachedService, path: str) -> None:
    for _ in range(2):
        assert count_requests_at_service(cached_service, path, BROWSER) == 1
    response = cached_service.cached.ask(path, BROWSER)
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    assert cached_service.cached.ask(path).headers["content-type"] != response.headers["content-type"]
    conditional_response = cached_service.cached.ask(path, {**BROWSER, "If-None-Match": response.headers["etag"]})
    assert (conditional_response.status, conditional_response.headers["etag"]) == (304, response.headers["etag"])


@pytest.mark.parametrize("path", ["/", "/feed.rss", "/feed.json", "/media/talk.mp3"])
def test_304_is_answered_from_the_cache(cached_service: CachedService, path: str) -> None:
    response = cached_service.cached.ask(path)
    conditions = {"If-None-Match": response.headers["etag"], "If-Modified-Since": response.headers["last-modified"]}
    assert count_requests_at_service(cached_service, path, conditions) == 0
    for headers in (
        conditions,
        {"If-None-Match": conditions["If-None-Match"]},
        {"If-Modified-Since": conditions["If-Modified-Since"]},
    ):
        assert cached_service.cached.ask(path, headers).status == 304
        assert [line for line in cached_service.differences(path, headers) if "accept-ranges" not in line] == []
    assert cached_service.cached.ask(path, {"If-None-Match": '"other"'}).status == 200


def test_range_of_a_media_file_is_206(cached_service: CachedService) -> None:
    response = cached_service.cached.ask("/media/talk.mp3", {"Range": "bytes=100-199"})
    assert (response.status, response.headers["content-range"], len(response.body)) == (206, "bytes 100-199/3072", 100)
    assert cached_service.cached.ask("/feed.rss", {"Range": "bytes=0-3"}).status == 200


@pytest.mark.parametrize("path", ["/articles/bay/views", "/healthz", "/readyz", "/status", "/metrics"])
def test_uncacheable_paths_are_requested_each_time(cached_service: CachedService, path: str) -> None:
    wait_until(lambda: cached_service.cached.ask(path).status != 503)  # until the number of views is loaded
    before = cached_service.request_count()
    for _ in range(3):
        response = cached_service.cached.ask(path)
    assert response.status == (403 if path in ("/status", "/metrics") else 200)
    # Requests for read counts are not in the metrics of documents.
    assert path.endswith("views") or cached_service.request_count() - before - 1 == 3


def test_read_is_counted_for_the_client_behind_nginx(cached_service: CachedService) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Sec-Fetch-Mode": "cors"}
    before = json.loads(wait_until(lambda: cached_service.cached.ask("/articles/dance/views").body))["views"]
    response = cached_service.cached.ask(
        "/articles/dance/views", {**headers, "X-Forwarded-For": "6.6.6.6", "Content-Length": "0"}, "POST"
    )
    assert response.status == 204
    assert json.loads(cached_service.cached.ask("/articles/dance/views").body)["views"] == before + 1


def send_form(port: int, body: str) -> tuple[int, str, str]:
    """Send the form on /subscribe/; return the status, Location and Cache-Control of the response."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("POST", "/feed/", body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers.get("Location", ""), response.headers.get("Cache-Control", "")


def test_the_form_is_passed_on_never_cached_and_limited(newsroom: Path, tmp_path: Path) -> None:
    """GET of the same address is cached and not limited."""
    with run_cached_service(tmp_path, newsroom) as cached_service:
        cached_service.cached.ask("/feed/")
        for section in ("business", "culture"):
            expected = (303, f"/category/{section}/feed.rss", "no-store")
            assert send_form(cached_service.port, f"include=category:{section}") == expected
        assert send_form(cached_service.port, "include=category:none") == (400, "", "no-store")
        assert send_form(cached_service.port, "x" * 70_000)[0] == 413
        statuses = [send_form(cached_service.port, "include=category:business")[0] for _ in range(20)]
        assert {303, 429} == {*statuses}
        assert statuses[0] == 303
        assert count_requests_at_service(cached_service, "/feed/") == 0
        assert cached_service.cached.ask("/feed/").status == 301


def test_cached_response_keeps_the_date_of_the_service(cached_service: CachedService) -> None:
    """nginx sends no Age header, so further caches need Date to apply max-age."""
    first = cached_service.cached.ask("/feeds.opml").headers["date"]
    time.sleep(1.1)
    assert cached_service.cached.ask("/feeds.opml").headers["date"] == first


def test_scheduled_article_appears_at_its_publication_time_through_the_cache(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
    with run_cached_service(
        tmp_path, newsrooms.write(content, newsrooms.article("due", due.isoformat(), title="Dueword"))
    ) as cached_service:
        assert b"Dueword" not in cached_service.cached.ask("/feed.rss").body
        assert count_requests_at_service(cached_service, "/feed.rss") == 0
        observations: list[tuple[datetime, datetime, bool]] = []

        def observe() -> bool:
            request_time = datetime.now(UTC)
            observations.append((request_time, datetime.now(UTC), b"Dueword" in cached_service.cached.ask("/feed.rss").body))
            return request_time > due + timedelta(seconds=1)

        wait_until(observe)
        assert all(is_published for request_time, _, is_published in observations if request_time >= due)


def test_cache_control_of_a_tag_named_media_is_updated_after_a_scheduled_change(tmp_path: Path) -> None:
    """The same holds for a category named sized and for pages."""
    content = write_newsroom(tmp_path / "content")
    write_article(content, "radio", "title: Radio\npublished: 2026-02-13\ncategory: sized\nauthor: tuan-le\ntags: [media]")
    categories = content / "categories.yaml"
    categories.write_text(f"{categories.read_text()}sized: {{title: Clothes}}\n")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
    newsrooms.write(content, newsrooms.article("due", due.isoformat()))
    paths = ("/tag/media/feed.rss", "/tag/media/", "/category/sized/feed.json", "/category/sized/archive/2026-02/feed.atom")
    with run_cached_service(tmp_path, content) as cached_service:
        assert all("max-age=300" not in cached_service.cached.ask(path).headers["cache-control"] for path in paths)
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 1.5)
        assert [line for path in paths for _ in "12" for line in cached_service.differences(path)] == []
        assert "max-age=300" in cached_service.cached.ask(paths[0]).headers["cache-control"]


def test_cached_response_is_served_without_the_service_until_the_next_scheduled_change(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    newsrooms.write(content, newsrooms.article("due", due.isoformat(), title="Dueword"))
    server = ServerProcess(content, tmp_path / "state", *TRUST_NGINX)
    with nginx_proxy(tmp_path / "nginx", server.url) as nginx, closing(Client(nginx.port)) as cached:
        assert cached.ask("/feed.rss").status == 200
        server.kill()
        assert cached.ask("/feed.rss").status == 200
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        assert cached.ask("/feed.rss").status == 502


def test_stale_responses_are_served_only_within_the_windows_of_cache_control(tmp_path: Path) -> None:
    """They are served while one request revalidates, and while the service does not respond."""
    cache_control = "public, max-age=1, stale-while-revalidate=3, stale-if-error=4"
    with (
        numbered_upstream(cache_control) as (url, _, stop),
        nginx_proxy(tmp_path / "nginx", url) as nginx,
        closing(Client(nginx.port)) as client,
    ):
        cached_body = client.ask("/page").body
        assert client.ask("/page").body == cached_body
        time.sleep(2.2)
        assert client.ask("/page").body == cached_body, "stale, without delay"
        wait_until(lambda: client.ask("/page").body != cached_body)
        cached_body = client.ask("/page").body
        time.sleep(6)
        assert client.ask("/page").body != cached_body, "after the window the client waits"
        cached_body = client.ask("/page").body
        stop()
        time.sleep(2.2)
        assert (client.ask("/page").status, client.ask("/page").body) == (200, cached_body)
        time.sleep(4)
        assert client.ask("/page").status == 502


def test_nginx_logs_no_warning(cached_service: CachedService, newsroom: Path) -> None:
    assert not re.search(r"\[(?:warn|error|emerg)\]", (newsroom.parent / "nginx/log").read_text())
