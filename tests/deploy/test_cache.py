"""nginx as a cache in front of the service keeps responses as long as the service allows, and no others."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from bench.headers import BROWSER
from bench.web import GZIP, NO_HEADERS, Client
from tests.audience.waiting import wait_until
from tests.deploy.cached_service import CachedService, count_requests_at_service, numbered_upstream, run_cached_service
from tests.deploy.nginx_pair import ALL_CODINGS, CODINGS
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers.http_client import ask
from tests.live.served_content import known_paths
from tests.web.newsroom import write_newsroom
from tests.web.test_forwarded import READER_HEADERS
from tests.web.test_routing import REDIRECTS


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("cache") / "content")


@pytest.fixture(scope="module")
def cached_service(newsroom: Path) -> Iterator[CachedService]:
    with run_cached_service(newsroom.parent, newsroom) as running:
        yield running
    log = (newsroom.parent / "nginx/log").read_text().splitlines()
    refused_forms = [line for line in log if "POST /feed/" in line]
    assert [line for line in log if re.search(r"\[(?:warn|error|emerg)\]", line) and line not in refused_forms] == []


def test_first_and_repeated_response_equal_those_of_the_service(cached_service: CachedService, newsroom: Path) -> None:
    paths = [*(quote(path, safe="/~") for path in known_paths(newsroom)), *REDIRECTS]
    assert len(paths) > 100
    requests = product(paths, (NO_HEADERS, GZIP, ALL_CODINGS, BROWSER), ("GET", "HEAD"), "12")
    assert [line for path, headers, method, _ in requests for line in cached_service.differences(path, headers, method)] == []


@pytest.mark.parametrize(
    "path",
    [
        *("/feed.rss", "/", "/articles/recalled/", "/feed", "/media/talk.mp3", "/nothing-of-that-name"),
        "/feed/category:business+category:culture.rss",
    ],
)
def test_cached_response_is_fetched_once_for_all_queries(cached_service: CachedService, path: str) -> None:
    cached_service.cached.ask(path)
    date = cached_service.cached.ask(path).headers["date"]
    headers = {"X-Forwarded-Host": "evil.example", "Cookie": "a=b", "Accept": "text/html"}
    for query, own in (("", NO_HEADERS), ("?utm_source=a&b=1", NO_HEADERS), ("", headers)):
        assert count_requests_at_service(cached_service, path + query, own) == 0
    assert cached_service.differences(f"{path}?a=b") == []
    # nginx sends no Age, so further caches need the service's Date to apply max-age.
    wait_until(lambda: cached_service.direct.ask(path).headers["date"] != date)
    assert cached_service.cached.ask(path).headers["date"] == date


def test_query_is_not_forwarded_to_the_service(tmp_path: Path) -> None:
    """Otherwise a response with a query could be cached for all clients."""
    with numbered_upstream("max-age=60") as upstream, nginx_proxy(tmp_path / "nginx", upstream.url) as nginx:
        headers = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6"}
        ask(f"http://127.0.0.1:{nginx.port}", "/articles/%EC%84%9C/?x=<script>", headers)
        path, sent = upstream.requests[-1]
        assert (path, sent["X-Forwarded-For"]) == ("/articles/%EC%84%9C/", "127.0.0.1")
        assert {"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "Accept-Encoding", "Sec-Fetch-Dest"}.isdisjoint(sent)


def test_negotiated_coding_equals_that_of_the_service_with_few_cached_variants(cached_service: CachedService) -> None:
    for accepted in CODINGS:
        for path in ("/", "/feed.json"):
            assert [line for _ in "12" for line in cached_service.differences(path, {"Accept-Encoding": accepted})] == []
        assert count_requests_at_service(cached_service, "/feed.json", {"Accept-Encoding": f"{accepted}, odd"}) <= 1
        assert count_requests_at_service(cached_service, "/feed.json", {"Accept-Encoding": f"odder ,{accepted}, odd"}) == 0


@pytest.mark.parametrize("path", ["/feed.rss", "/category/business/feed.atom"])
def test_browser_view_of_a_feed_is_not_cached(cached_service: CachedService, path: str) -> None:
    assert [count_requests_at_service(cached_service, path, BROWSER) for _ in "12"] == [1, 1]
    response = cached_service.cached.ask(path, BROWSER)
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    assert cached_service.cached.ask(path).headers["content-type"] != response.headers["content-type"]
    conditional_response = cached_service.cached.ask(path, {**BROWSER, "If-None-Match": response.headers["etag"]})
    assert (conditional_response.status, conditional_response.headers["etag"]) == (304, response.headers["etag"])


@pytest.mark.parametrize("path", ["/", "/feed.rss", "/media/talk.mp3"])
def test_304_is_answered_from_the_cache(cached_service: CachedService, path: str) -> None:
    response = cached_service.cached.ask(path)
    conditions = {"If-None-Match": response.headers["etag"], "If-Modified-Since": response.headers["last-modified"]}
    assert count_requests_at_service(cached_service, path, conditions) == 0
    for headers in (conditions, *({name: value} for name, value in conditions.items())):
        assert cached_service.cached.ask(path, headers).status == 304
        assert [line for line in cached_service.differences(path, headers) if "accept-ranges" not in line] == []
    assert cached_service.cached.ask(path, {"If-None-Match": '"other"'}).status == 200


def test_range_of_a_media_file_is_206(cached_service: CachedService) -> None:
    response = cached_service.cached.ask("/media/talk.mp3", {"Range": "bytes=100-199"})
    assert (response.status, response.headers["content-range"], len(response.body)) == (206, "bytes 100-199/3072", 100)
    assert cached_service.cached.ask("/feed.rss", {"Range": "bytes=0-3"}).status == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/status", 403), ("/metrics", 403)]
)  # that of the metrics counts itself
def test_uncacheable_paths_are_requested_each_time(cached_service: CachedService, path: str, status: int) -> None:
    assert [count_requests_at_service(cached_service, path) for _ in "123"] == [1, 1, 1]
    assert cached_service.cached.ask(path).status == status


def test_read_is_counted_for_the_client_behind_nginx(cached_service: CachedService) -> None:
    path, headers = "/articles/dance/views", {**READER_HEADERS, "X-Forwarded-For": "6.6.6.6", "Content-Length": "0"}
    before = json.loads(wait_until(lambda: cached_service.cached.ask(path).body))["views"]
    assert cached_service.cached.ask(path, headers, "POST").status == 204
    assert json.loads(cached_service.cached.ask(path).body)["views"] == before + 1


def send_form(port: int, body: str) -> tuple[int, str, str]:
    """Send the form on /subscribe/; return the status, Location and Cache-Control of the response."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("POST", "/feed/", body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers.get("Location", ""), response.headers.get("Cache-Control", "")


def test_the_form_is_passed_on_never_cached_and_limited(cached_service: CachedService) -> None:
    """GET of the same address is cached and not limited."""
    cached_service.cached.ask("/feed/")
    for section in ("business", "culture"):
        expected = (303, f"/category/{section}/feed.rss", "no-store")
        assert send_form(cached_service.port, f"include=category:{section}") == expected
    assert send_form(cached_service.port, "include=category:none") == (400, "", "no-store")
    assert send_form(cached_service.port, "x" * 70_000)[0] == 413
    wait_until(lambda: send_form(cached_service.port, "include=category:business")[0] == 429)
    assert count_requests_at_service(cached_service, "/feed/") == 0
    assert cached_service.cached.ask("/feed/").status == 301


def test_documents_are_fetched_whole_and_media_files_are_revalidated(tmp_path: Path) -> None:
    """After a 304 nginx would keep the Cache-Control of the former version. A tag or category may be named like a folder."""
    paths = ("/tag/media/feed.rss", "/tag/media/", "/category/sized/feed.json", "/category/sized/archive/2026-02/feed.atom")
    with (
        numbered_upstream("max-age=1") as upstream,
        nginx_proxy(tmp_path / "nginx", upstream.url) as nginx,
        closing(Client(nginx.port)) as client,
    ):
        for path in (*paths, "/media/talk.mp3"):
            count = len(upstream.requests)
            wait_until(lambda path=path, count=count: client.ask(path) and len(upstream.requests) == count + 2)  # type: ignore[misc]
            assert ("If-None-Match" in upstream.requests[-1][1]) == path.startswith("/media/"), path


@pytest.mark.parametrize(("window", "status"), [(600, 200), (1, 502)])
def test_stale_responses_are_served_only_within_the_windows_of_cache_control(tmp_path: Path, window: int, status: int) -> None:
    """They are served while one request revalidates, and while the service does not respond."""
    log = tmp_path / "nginx/log"
    with (
        numbered_upstream(f"max-age=1, stale-while-revalidate={window}, stale-if-error={window}") as upstream,
        nginx_proxy(tmp_path / "nginx", upstream.url) as nginx,
        closing(Client(nginx.port)) as client,
    ):
        first = client.ask("/page").body
        assert client.ask("/page").body == first
        if status == 200:
            count = len(upstream.requests)
            upstream.gate.clear()
            wait_until(lambda: (client.ask("/page").body, len(upstream.requests)) == (first, count + 1))
            upstream.gate.set()
            wait_until(lambda: client.ask("/page").body != first)
        upstream.stop()
        wait_until(lambda: client.ask("/page").status == status and "connect() failed" in log.read_text())
