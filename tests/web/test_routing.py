"""Redirects in one hop, pages for what is not there, methods, and addresses that mean harm."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from feedsvc.routes import WELL_KNOWN_FEEDS
from tests.helpers.http_client import ask, call, exchange_bytes, statuses
from tests.helpers.running_server import ServerProcess
from tests.web.newsroom import NOTICE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TAG = quote("/tag/서울/")
_LISTINGS = {
    "/": "/",
    "/category/business/": "/category/business/",
    "/category/economy/": "/category/business/",
    "/category/money/": "/category/business/",
    "/author/mina-park/": "/author/mina-park/",
    "/author/m-park/": "/author/mina-park/",
    TAG: TAG,
}
_WELL_KNOWN = {
    f"{former}{name}{slash}": f"{now}feed.{suffix}"
    for former, now in _LISTINGS.items()
    for name, suffix in WELL_KNOWN_FEEDS.items()
    for slash in ("", "/")
}
_FORMER = {
    f"{former}feed.{suffix}": f"{now}feed.{suffix}"
    for former, now in _LISTINGS.items()
    if former != now
    for suffix in ("rss", "atom", "json")
}
_PAGES = {
    former.removesuffix(slash): now
    for former, now in _LISTINGS.items()
    for slash in ("/", "")
    if former.removesuffix(slash) not in ("", now)
}
_ARTICLES = {
    "/articles/fish": "/articles/fish/",
    "/articles/echoes": "/articles/echo/",
    "/articles/echoes/": "/articles/echo/",
    "/articles/old-echo/": "/articles/echo/",
}
_MONTHS = {"/archive/2026-01": "/archive/2026/", "/archive/2026-01/": "/archive/2026/"}
MOVED = _WELL_KNOWN | _FORMER | _PAGES | _ARTICLES | _MONTHS


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", MOVED)
def test_former_addresses_lead_on_in_one_hop(server: ServerProcess, path: str, method: str) -> None:
    got = ask(server.url, path, method=method)
    assert (got.status, got["Location"]) == (301, MOVED[path])
    assert got["Cache-Control"].startswith("public, max-age=")
    assert MOVED[path].encode() in got.body or method == "HEAD"
    assert ask(server.url, got["Location"]).status == 200


def test_a_recalled_article_redirects_to_its_notice(server: ServerProcess) -> None:
    got = ask(server.url, "/articles/recalled-once")
    assert (got.status, got["Location"]) == (301, "/articles/recalled/")
    assert ask(server.url, got["Location"]).status == 410


def test_an_address_as_people_type_it(server: ServerProcess) -> None:
    typed = "GET /tag/서울/feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    assert exchange_bytes(server.url, typed).endswith(ask(server.url, f"{TAG}feed.rss").body)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/articles/",
        "/articles/nothing/",
        "/articles/unfinished/",
        "/articles/unfinished-once",
        "/articles/someday/",
        "/articles/someday-once/",
        "/category/nothing/feed.rss",
        "/category/nothing",
        "/tag/unheard/feed.atom",
        "/author/nobody/",
        "/archive/2020-01/feed.rss",
        "/archive/2026-01-02/feed.rss",
        "/archive/2026-99/feed.rss",
        "/archive/2026-13/",
        "/archive/2020-01/",
        "/archive/2020/",
        "/archive/2026/feed.rss",
        "/feed.xhtml",
        "/FEED.RSS",
        "/media/",
        "/media/nothing.png",
        "/media/orphan.png",
        "/media/draft.pdf",
        "/media/someday.pdf",
        "/media/recalled.pdf",
        "/static/",
        "/static/nothing.css",
        "/static/../site.yaml",
    ],
)
def test_what_is_not_there(server: ServerProcess, path: str) -> None:
    got, head = ask(server.url, path), ask(server.url, path, method="HEAD")
    assert (got.status, head.status, head.body) == (404, 404, b"")
    assert b"Nothing is here" in got.body
    assert len(got.body) < 2000
    assert got["Cache-Control"] == head["Cache-Control"] == "public, max-age=10"
    assert not got["Last-Modified"]
    assert got["Content-Length"] == head["Content-Length"] == str(len(got.body))


def test_what_was_withdrawn(server: ServerProcess) -> None:
    got, head = ask(server.url, "/articles/recalled/"), ask(server.url, "/articles/recalled/", method="HEAD")
    assert (got.status, head.status) == (410, 410)
    assert NOTICE.encode() in got.body
    assert len(got.body) < 2000
    assert b"The wrong harbour" not in ask(server.url, "/feed.rss").body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "ODD"])
@pytest.mark.parametrize("path", ["/feed.rss", "/", "/articles/recalled/", "/feed", "/media/photo.png", "/healthz"])
def test_other_methods(server: ServerProcess, path: str, method: str) -> None:
    got = ask(server.url, path, method=method)
    assert got.status == 405
    assert {name.strip() for name in got["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "ODD"])
def test_other_methods_where_nothing_is(server: ServerProcess, method: str) -> None:
    assert ask(server.url, "/nothing", method=method).status == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health(server: ServerProcess, path: str) -> None:
    got = ask(server.url, path)
    assert (got.status, got.body, got["Cache-Control"]) == (200, b"ok\n", "no-store")


HARMFUL = {
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


@pytest.mark.parametrize("target", HARMFUL, ids=lambda target: target[:40].decode("latin-1"))
def test_addresses_that_mean_harm(server: ServerProcess, target: bytes) -> None:
    answer = exchange_bytes(server.url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer[9:12] == str(HARMFUL[target]).encode()
    assert b"base_url" not in answer
    assert b"Set-Cookie:" not in answer.partition(b"\r\n\r\n")[0]
    assert b"evil" not in answer.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"get /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_what_is_no_request(server: ServerProcess, request_bytes: bytes) -> None:
    assert exchange_bytes(server.url, request_bytes)[9:12] == b"400"


def test_statuses_in_a_stream() -> None:
    assert statuses(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 304 Not Modified\r\n") == [200, 304]


def test_the_same_in_process(app: "WSGIApplication") -> None:
    assert call(app, "/articles/echoes")["Location"] == "/articles/echo/"
    assert call(app, "/articles/echoes", method="POST").status == 405
    assert call(app, "/articles/echoes", method="HEAD").body == b""
    assert call(app, "/nothing", method="HEAD").status == 404
