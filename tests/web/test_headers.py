"""Response headers of every kind of resource, and request headers that have no effect."""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.helpers.http_client import ask, call, exchange_bytes
from tests.helpers.running_server import ServerProcess
from tests.web.newsroom import BASE_URL, HUB

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TAG = quote("/tag/서울/")
MEDIA_TYPES = {
    "/feed.rss": "application/rss+xml; charset=utf-8",
    f"{TAG}feed.rss": "application/rss+xml; charset=utf-8",
    "/archive/2026-01/feed.rss": "application/rss+xml; charset=utf-8",
    "/feed.atom": "application/atom+xml; charset=utf-8",
    "/author/tuan-le/feed.atom": "application/atom+xml; charset=utf-8",
    "/feed.json": "application/feed+json; charset=utf-8",
    "/category/empty/feed.json": "application/feed+json; charset=utf-8",
    "/": "text/html; charset=utf-8",
    TAG: "text/html; charset=utf-8",
    "/articles/fish/": "text/html; charset=utf-8",
    "/articles/recalled/": "text/html; charset=utf-8",
    "/nothing": "text/html; charset=utf-8",
    "/feed": "text/html; charset=utf-8",
    "/about/": "text/html; charset=utf-8",
    "/ads.txt": "text/plain; charset=utf-8",
    "/site.webmanifest": "application/manifest+json; charset=utf-8",
    "/favicon.ico": "image/vnd.microsoft.icon",
    "/.well-known/security.txt": "text/plain; charset=utf-8",
    "/.well-known/apple-app-site-association": "application/json; charset=utf-8",
    "/app/logo.svg": "image/svg+xml; charset=utf-8",
    "/static/feed.css": "text/css; charset=utf-8",
    "/media/photo.png": "image/png",
    "/media/talk.mp3": "audio/mpeg",
    "/media/notes.txt": "text/plain; charset=utf-8",
    "/media/logo.svg": "image/svg+xml",
    "/healthz": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize("path", MEDIA_TYPES)
def test_response_has_the_media_type_of_its_resource_and_the_headers_of_all(server: ServerProcess, path: str) -> None:
    response = ask(server.url, path, {"Origin": "https://reader.example"})
    assert response["Content-Type"] == MEDIA_TYPES[path]
    assert "Cookie" not in response["Vary"] + response["Set-Cookie"]
    if path != "/healthz":
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Access-Control-Expose-Headers"] == "ETag, Last-Modified, Link"
        assert response["X-Content-Type-Options"] == "nosniff"
    is_page = MEDIA_TYPES[path].startswith("text/html") and response.status != 301
    assert ("frame-ancestors 'self'" in response["Content-Security-Policy"]) == is_page
    if is_page and response.status == 200:
        revalidation = ask(server.url, path, {"If-None-Match": response["ETag"]})
        assert (revalidation.status, revalidation["Content-Security-Policy"]) == (304, "frame-ancestors 'self'")


def test_preflight_request_gets_204_with_cors_headers(server: ServerProcess) -> None:
    headers = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    for path in ("/feed.rss", "/feed", "/media/talk.mp3", "/articles/recalled/", "/"):
        response = ask(server.url, path, {"Origin": "https://reader.example", **headers}, "OPTIONS")
        assert (response.status, response.body) == (204, b"")
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Access-Control-Allow-Headers"] == "*"
        assert response["Access-Control-Allow-Methods"] == response["Allow"] == "GET, HEAD, OPTIONS"
        assert int(response["Access-Control-Max-Age"]) > 0


def test_feed_has_link_headers_for_self_and_hubs_and_an_archive_none_for_hubs(server: ServerProcess) -> None:
    for path in ("/feed.rss", f"{TAG}feed.atom", "/category/business/feed.json", "/author/mina-park/feed.rss"):
        link = f'<{BASE_URL}{path}>; rel="self", <{HUB}>; rel="hub", <https://second-hub.example/>; rel="hub"'
        assert ask(server.url, path)["Link"] == ask(server.url, path, method="HEAD")["Link"] == link
    assert ask(server.url, "/archive/2026-01/feed.rss")["Link"] == f'<{BASE_URL}/archive/2026-01/feed.rss>; rel="self"'


def test_http_1_0_request_without_headers_gets_200(server: ServerProcess) -> None:
    response = exchange_bytes(server.url, b"GET /feed.rss HTTP/1.0\r\n\r\n")
    assert response.startswith(b"HTTP/1.0 200 OK\r\n")
    assert response.endswith(ask(server.url, "/feed.rss").body)


@pytest.mark.parametrize("path", [*MEDIA_TYPES, "/articles/echoes", "/category/economy/rss"])
def test_response_does_not_depend_on_the_host(server: ServerProcess, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {{}}\r\nConnection: close\r\n\r\n"
    responses = [exchange_bytes(server.url, request.format(host).encode()) for host in ("news.example", "evil.example", "")]
    assert len({re.sub(rb"\r\nDate: [^\r]*", b"", response) for response in responses}) == 1
    assert b"evil" not in responses[1]


def test_no_response_has_a_header_twice(app: "WSGIApplication") -> None:
    # `call` fails if a response has a header twice.
    assert {call(app, path).status for path in MEDIA_TYPES} == {200, 301, 404, 410}
