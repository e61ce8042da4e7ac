"""The static tree behind Debian's nginx gives the responses of the live server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

import pytest

from bench.headers import BROWSER, document_paths
from bench.web import GZIP, NO_HEADERS
from tests.deploy.nginx_pair import ALL_CODINGS, CODINGS, ServerPair
from tests.helpers.http_client import exchange_bytes
from tests.web.newsroom import NOTICE
from tests.web.test_routing import REDIRECTS

MISSING_PATHS: Final = (
    "/nothing", "/articles/nothing/", "/articles/bay/index.html", "/404.html", "/feed.rss.gz", "/feed.rss.br", "/index.html.zst",
    "/articles/recalled/410.html", "/nothing/feed.rss", "/category/nothing/feed.atom", "/tag/nothing/feed.json",
)  # fmt: skip
NGINX_HEADERS: Final = {"etag", "last-modified", "date", "server", "connection", "accept-ranges", "cache-control"}


HEADERS: Final = (NO_HEADERS, GZIP, ALL_CODINGS, BROWSER)


def test_every_document_equals_that_of_the_live_server(servers: ServerPair) -> None:
    paths = document_paths(servers.tree)
    assert len(paths) > 50
    assert servers.differences(paths, *HEADERS, methods=("GET", "HEAD")) == []


def test_missing_path_gets_the_404_page_of_the_site(servers: ServerPair) -> None:
    for path in MISSING_PATHS:
        assert servers.static.ask(path).status == 404, path
    # Each response is the 404 page; its own ETag is not needed.
    assert servers.differences(MISSING_PATHS, NO_HEADERS, GZIP, {"Accept-Encoding": "br"}) == []


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        *((path, NO_HEADERS, "public, max-age=300") for path in ("/feed.rss", "/media/talk.mp3", "/articles/recalled/")),
        ("/feed.rss", BROWSER, "private, max-age=300"),
        ("/nothing", NO_HEADERS, "public, max-age=10"),
    ],
)
def test_caches_may_use_documents_for_five_minutes(
    servers: ServerPair, path: str, headers: Mapping[str, str], expected: str
) -> None:
    assert servers.static.ask(path, headers).headers["cache-control"] == expected


def test_nginx_says_that_reads_are_not_counted(servers: ServerPair) -> None:
    response = servers.static.ask("/views.json")
    assert (response.status, response.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert json.loads(response.body) == {"counted": False, "articles": []}


@pytest.mark.parametrize("path", ["/", "/feed.rss", "/tag/%EC%84%9C%EC%9A%B8/feed.atom", "/media/talk.mp3"])
def test_unchanged_document_is_304(servers: ServerPair, path: str) -> None:
    clients = (servers.live, servers.static)
    responses = [client.ask(path, {"If-None-Match": client.ask(path).headers["etag"]}) for client in clients]
    assert [response.status for response in responses] == [304, 304]
    live, static = ({name: response.headers[name] for name in response.headers.keys() - NGINX_HEADERS} for response in responses)
    assert static == live


def test_browser_view_of_a_feed_is_never_304(servers: ServerPair) -> None:
    etag = servers.static.ask("/feed.rss").headers["etag"]
    response = servers.static.ask("/feed.rss", {**BROWSER, "If-None-Match": etag})
    assert (response.status, response.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert "etag" not in response.headers


def test_range_of_a_media_file_is_206(servers: ServerPair) -> None:
    headers = {"Range": "bytes=100-199"}
    assert servers.differences("/media/talk.mp3", headers) == ["/media/talk.mp3: accept-ranges: 'bytes' live, None here"]
    assert servers.static.ask("/media/talk.mp3", headers).status == 206
    assert servers.differences("/feed.rss", {"Range": "bytes=0-3"}) == []


def test_cors_preflight_of_a_feed_equals_that_of_the_live_server(servers: ServerPair) -> None:
    headers = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    assert servers.differences("/feed.rss", headers, methods=("OPTIONS",)) == []


UNNORMALIZED_PATHS: Final = (
    "/x/../feed.rss", "//feed.rss", "/feed%2Erss", '/">/../feed.rss', "/%2e/feed.rss", "/tag/bridges/../../feed.rss",
    "/x%2F../feed.rss", "/t%61g/bridges/feed.rss",
)  # fmt: skip


def test_unnormalized_path_gets_no_link_header(servers: ServerPair) -> None:
    for path in UNNORMALIZED_PATHS:
        response = servers.static.ask(path)
        assert (response.status, response.headers.get("link")) == (200, None), path


def test_query_does_not_change_the_response(servers: ServerPair) -> None:
    paths = ("/feed.rss", "/tag/bridges/feed.json", "/archive/2026-01/feed.rss")
    queries = ("a=b&c=/tag/x/feed.rss", "u=/archive/2026-01/feed.rss", "a=/archive/2026-01-01/feed.json?")
    assert servers.differences(f"{path}?{query}" for path in paths for query in queries) == []


def test_negotiated_coding_equals_that_of_the_live_server(servers: ServerPair) -> None:
    """Behind a proxy, too, to which nginx would not send gzip by default."""
    header_sets = [{"Accept-Encoding": accepted} for accepted in CODINGS]
    assert servers.differences(("/", "/feed.json", "/media/notes.txt"), *header_sets) == []
    headers = {**GZIP, "Via": "1.1 proxy.example"}
    assert servers.differences("/feed.rss", headers) == []
    assert servers.static.ask("/feed.rss", headers).headers["content-encoding"] == "gzip"


def test_withdrawn_article_is_410_with_its_notice(servers: ServerPair) -> None:
    response = servers.static.ask("/articles/recalled/")
    assert response.status == 410
    assert NOTICE.encode() in response.body


def test_former_addresses_and_other_spellings_redirect_in_one_hop(servers: ServerPair) -> None:
    """Redirects have a max-age and drop the query."""
    spellings = ("/articles/recalled", "/articles/recalled-once/", "/subscribe", "/tags", "/robots.txt/", "/articles/bay")
    paths = (*REDIRECTS, *spellings, "/tag/%EC%84%9C%EC%9A%B8", "/category/business")
    for path in paths:
        response = servers.static.ask(path)
        assert (response.status, response.headers["cache-control"]) == (301, "public, max-age=300"), path
    assert (
        servers.differences((f"{path}{query}" for path in paths for query in ("", "?utm_source=a&b=/c")), NO_HEADERS, BROWSER)
        == []
    )


EXISTING_PATHS: Final = (
    "/", "/feed.rss", "/feed.json", "/media/talk.mp3", "/robots.txt", "/articles/recalled/", "/articles/recalled",
    "/articles/bay", "/articles/echoes/", "/rss.xml", "/tag/bridges/atom.xml", "/category/economy/feed.rss", "/subscribe",
    "/sitemap.xml/",
)  # fmt: skip


def test_other_methods_are_405_for_existing_paths_and_404_for_missing_ones(servers: ServerPair) -> None:
    methods = ("OPTIONS", "POST", "PUT", "DELETE", "BREW")
    for method in methods:
        assert {servers.static.ask(path, method=method).status for path in EXISTING_PATHS} == {
            204 if method == "OPTIONS" else 405
        }
    assert servers.differences((*EXISTING_PATHS, *MISSING_PATHS), methods=methods) == []


def test_range_beyond_the_end_is_refused_without_duplicate_headers(servers: ServerPair) -> None:
    url, headers = f"http://127.0.0.1:{servers.port}", {"Range": "bytes=999999-"}
    request = "GET /media/talk.mp3 HTTP/1.1\r\nHost: news.example\r\nRange: bytes=999999-\r\nConnection: close\r\n\r\n"
    head = exchange_bytes(url, request.encode()).partition(b"\r\n\r\n")[0].decode().lower()
    names = re.findall(r"^([a-z-]+):", head, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert servers.differences("/media/talk.mp3", headers) == [
        "/media/talk.mp3: accept-ranges: 'bytes' live, None here",
        "/media/talk.mp3: content-type: None live, 'audio/mpeg' here",
    ]


OTHER_MISSING_PATHS: Final = (
    "/articles/", "/articles", "/category/", "/tag", "/media/", "/static", "/articles/fish/feed.rss", "/category/nothing/rss",
    "/category/rss", "/feed.rss/", "/archive/1999-01", "/category/economy/archive/1999-01/feed.rss", "/articles/nothing",
    "/category/economy/nothing", "/.feedsvc-build.journal", "/.feedsvc-build.lock", "/articles/recalled/x", "/feed/feed",
    "/media/nothing.mp3", "/media/recalled.pdf", "/sized/00-1/x.png", "/-browser/feed.rss", "/-document/feed.rss", "/index.html/",
    "/license.xml", "/license.xml/", "/.well-known/security.txt.gz", "/.well-known/nothing", "/.well-known/",
    "/category/.well-known/security.txt", "/ads.txt/", "/app/", "/app/data.json.br", "/.htpasswd", "/app/.env",
)  # fmt: skip


def test_path_that_is_404_on_the_live_server_is_404_here(servers: ServerPair) -> None:
    """Files of the build are not served, nor files beside those of root/ below folders with a dot."""
    assert {path for path in OTHER_MISSING_PATHS if servers.live.ask(path).status != 404} == set()
    assert servers.differences(OTHER_MISSING_PATHS) == []
    for name in ("_redirects", "_headers"):
        assert servers.static.ask(f"/{name}").status == 404


@pytest.mark.parametrize("path", ["/feed.rss", "/tag/bridges/feed.json"])
def test_failed_precondition_has_cors_headers(servers: ServerPair, path: str) -> None:
    response = servers.static.ask(path, {"If-Match": '"another"'})
    assert (response.status, response.headers.get("access-control-allow-origin")) == (412, "*")
