"""Redirects in one hop, responses for missing pages, allowed methods, and malicious request targets."""

import http.client
from contextlib import closing
from urllib.parse import quote, urlsplit

import pytest

from feedsvc.routes import WELL_KNOWN_FEEDS
from tests.helpers.http_client import SECONDS, ask, ask_on, exchange_bytes
from tests.helpers.running_server import ServerProcess
from tests.web.newsroom import NOTICE

TAG_PATH = quote("/tag/서울/")
# Bytes. Both pages link to the sections, and that of an unknown address lists five articles besides. They are small, because feed
# readers ask for missing addresses often.
MAX_NOT_FOUND_PAGE = 8000  # with summaries of the newest articles
MAX_WITHDRAWN_PAGE = 3000
_LISTINGS = {
    "/": "/",
    "/category/business/": "/category/business/",
    "/category/economy/": "/category/business/",
    "/category/money/": "/category/business/",
    "/author/mina-park/": "/author/mina-park/",
    "/author/m-park/": "/author/mina-park/",
    TAG_PATH: TAG_PATH,
}
_WELL_KNOWN_FEEDS = {
    f"{former}{name}{slash}": f"{current}feed.{suffix}"
    for former, current in _LISTINGS.items()
    for name, suffix in WELL_KNOWN_FEEDS.items()
    for slash in ("", "/")
}
_FORMER_FEEDS = {
    f"{former}feed.{suffix}": f"{current}feed.{suffix}"
    for former, current in _LISTINGS.items()
    if former != current
    for suffix in ("rss", "atom", "json")
}
_FORMER_PAGES = {
    former.removesuffix(slash): current
    for former, current in _LISTINGS.items()
    for slash in ("/", "")
    if former.removesuffix(slash) not in ("", current)
}
_FORMER_ARTICLES = {
    "/articles/fish": "/articles/fish/",
    "/articles/echoes": "/articles/echo/",
    "/articles/echoes/": "/articles/echo/",
    "/articles/old-echo/": "/articles/echo/",
}
_MONTH_ARCHIVES = {
    "/archive/2026-01": "/archive/2026/",
    "/archive/2026-01/": "/archive/2026/",
    "/archive/2026-01-02/feed.rss": "/archive/2026-01/feed.rss",
}
_STATIC_PAGES = {"/about": "/about/", "/who-we-are": "/about/", "/who-we-are/": "/about/"}
REDIRECTS = _WELL_KNOWN_FEEDS | _FORMER_FEEDS | _FORMER_PAGES | _FORMER_ARTICLES | _MONTH_ARCHIVES | _STATIC_PAGES


def test_former_path_redirects_in_one_hop(server: ServerProcess) -> None:
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)) as connection:
        for path, target in REDIRECTS.items():
            response, head = ask_on(connection, path), ask_on(connection, path, method="HEAD")
            assert (response.status, response["Location"]) == (301, target)
            assert response["Cache-Control"].startswith("public, max-age=")
            assert target.encode() in response.body
            assert (head.status, head["Location"], head.body) == (301, target, b"")
        assert {ask_on(connection, target).status for target in REDIRECTS.values()} == {200}


def test_request_target_with_raw_utf_8_is_served(server: ServerProcess) -> None:
    request = "GET /tag/서울/feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    assert exchange_bytes(server.url, request).endswith(ask(server.url, f"{TAG_PATH}feed.rss").body)


MISSING = (
    *("/nothing", "/articles/", "/articles/nothing/", "/articles/unfinished/", "/articles/unfinished-once", "/articles/someday/"),
    *("/articles/someday-once/", "/category/nothing/feed.rss", "/category/nothing", "/tag/unheard/feed.atom", "/author/nobody/"),
    *("/archive/2020-01/feed.rss", "/archive/2025-01-02/feed.rss", "/archive/2026-99/feed.rss", "/archive/2026-13/"),
    *("/archive/2020-01/", "/archive/2020/", "/archive/2026/feed.rss", "/feed.xhtml", "/FEED.RSS", "/media/", "/static/"),
    *("/media/orphan.png", "/media/draft.pdf", "/media/someday.pdf", "/media/recalled.pdf", "/static/nothing.css"),
)


@pytest.mark.parametrize("path", MISSING)
def test_missing_resource_gets_404(server: ServerProcess, path: str) -> None:
    response, head = ask(server.url, path), ask(server.url, path, method="HEAD")
    assert (response.status, head.status, head.body) == (404, 404, b"")
    assert b"Nothing is here" in response.body
    assert len(response.body) < MAX_NOT_FOUND_PAGE
    assert response["Cache-Control"] == head["Cache-Control"] == "public, max-age=10"
    assert not response["Last-Modified"]
    assert response["Content-Length"] == head["Content-Length"] == str(len(response.body))


def test_withdrawn_article_gets_410_with_its_notice(server: ServerProcess) -> None:
    former = ask(server.url, "/articles/recalled-once")
    assert (former.status, former["Location"]) == (301, "/articles/recalled/")
    response, head = ask(server.url, "/articles/recalled/"), ask(server.url, "/articles/recalled/", method="HEAD")
    assert (response.status, head.status) == (410, 410)
    assert NOTICE.encode() in response.body
    assert len(response.body) < MAX_WITHDRAWN_PAGE
    assert b"The wrong harbour" not in ask(server.url, "/feed.rss").body


def test_other_methods_get_405_and_404_on_a_missing_resource(server: ServerProcess) -> None:
    documents, service = ("/feed.rss", "/", "/articles/recalled/", "/feed"), ("/healthz", "/readyz", "/status", "/metrics")
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "ODD"):
        for path in (*documents, *service, "/media/photo.png"):
            response = ask(server.url, path, method=method)
            assert (response.status, response["Allow"]) == (405, "GET, HEAD, OPTIONS"), (method, path)
        assert ask(server.url, "/nothing", method=method).status == 404


def test_healthz_and_readyz_get_200(server: ServerProcess) -> None:
    for path in ("/healthz", "/readyz"):
        response = ask(server.url, path)
        assert (response.status, response.body, response["Cache-Control"]) == (200, b"ok\n", "no-store")


MALICIOUS_TARGETS = {
    b"/%2e%2e/%2e%2e/site.yaml": 404,
    b"/media/%2e%2e/site.yaml": 404,
    b"/media/..%2fsite.yaml": 404,
    b"/media/../site.yaml": 404,
    b"/media//photo.png": 404,
    b"/media/./photo.png": 404,
    b"/static/%2e%2e/__init__.py": 404,
    b"/%00": 404,
    b"/feed.rss%00": 404,
    b"/media/photo.png%00.txt": 404,
    b"/articles/%0d%0aSet-Cookie:%20a=b": 404,
    b"/articles/fish%0a": 404,
    b"/%ff%fe": 404,
    b"/\xff\xfe": 404,
    b"/tag/%ed%a0%80/feed.rss": 404,
    b"/tag/%EF%BF%BD/feed.rss": 404,
    b"/%": 404,
    b"/%zz": 404,
    b"//evil.example/articles/echoes": 404,
    b"/articles//evil.example/": 404,
    b"/feed.rss;x=1": 404,
    b"/feed.rss/": 404,
    b"feed.rss": 404,
    b"*": 404,
    b"/" + b"x" * 15_000: 404,
    b"/" + b"a/" * 7_000: 404,
    b"http://[/feed.rss": 400,
    b"/category%2Fbusiness%2Ffeed.rss": 200,
    b"http://evil.example/feed.rss": 200,
    b"http:///feed.rss": 200,
    b"http://evil.example": 301,
}


@pytest.mark.parametrize("target", MALICIOUS_TARGETS, ids=lambda target: target[:40].decode("latin-1"))
def test_malicious_target_reveals_nothing(server: ServerProcess, target: bytes) -> None:
    response = exchange_bytes(server.url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert response[9:12] == str(MALICIOUS_TARGETS[target]).encode()
    assert b"base_url" not in response
    assert b"Set-Cookie:" not in response.partition(b"\r\n\r\n")[0]
    assert b"evil" not in response.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"get /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_malformed_request_gets_400(server: ServerProcess, request_bytes: bytes) -> None:
    assert exchange_bytes(server.url, request_bytes)[9:12] == b"400"
