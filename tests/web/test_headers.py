"""Response headers of every kind of resource, and request headers that have no effect."""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.helpers.http_client import ask, call, exchange_bytes, without_date
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
def test_response_has_the_media_type_of_its_resource(server: ServerProcess, path: str) -> None:
    response = ask(server.url, path)
    assert response["Content-Type"] == MEDIA_TYPES[path]
    assert "Cookie" not in response["Vary"] + response["Set-Cookie"]


@pytest.mark.parametrize("path", [path for path in MEDIA_TYPES if path != "/healthz"])
def test_response_allows_cross_origin_reads_and_no_sniffing(server: ServerProcess, path: str) -> None:
    response = ask(server.url, path, {"Origin": "https://reader.example"})
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Access-Control-Expose-Headers"] == "ETag, Last-Modified, Link"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/feed.rss", "/feed", "/media/talk.mp3", "/articles/recalled/", "/"])
def test_preflight_request_gets_204_with_cors_headers(server: ServerProcess, path: str) -> None:
    preflight_headers = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    response = ask(server.url, path, {**preflight_headers, "Access-Control-Request-Headers": "if-none-match"}, "OPTIONS")
    assert (response.status, response.body) == (204, b"")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Access-Control-Allow-Headers"] == "*"
    assert response["Access-Control-Allow-Methods"] == response["Allow"] == "GET, HEAD, OPTIONS"
    assert int(response["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("listing", ["/", TAG, "/category/business/", "/author/mina-park/"])
@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_feed_has_link_headers_for_self_and_hubs(server: ServerProcess, listing: str, suffix: str) -> None:
    path = f"{listing}feed.{suffix}"
    link = f'<{BASE_URL}{path}>; rel="self", <{HUB}>; rel="hub", <https://second-hub.example/>; rel="hub"'
    assert ask(server.url, path)["Link"] == link
    assert ask(server.url, path, method="HEAD")["Link"] == link


def test_archive_document_has_no_hub_link(server: ServerProcess) -> None:
    assert ask(server.url, "/archive/2026-01/feed.rss")["Link"] == f'<{BASE_URL}/archive/2026-01/feed.rss>; rel="self"'


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": ""},
        {"User-Agent": "\xff\xfe <script>"},
        {"User-Agent": "python-requests/2.32"},
        {"User-Agent": "x" * 5000},
        {"Accept": ""},
        {"Accept": "application/json"},
        {"Accept": "text/html;q=0.9, */*;q=0"},
        {"Accept": ",;;q=,"},
        {"Accept-Language": "xx-nowhere"},
        {"Accept-Encoding": "gzip;q=x, ;q"},
        {"Content-Length": "0"},
        {"Cookie": "a=b"},
        {"Authorization": "Basic x"},
        {"Range": "bytes=0-3"},
        {"A-IM": "feed"},
        {"Sec-Fetch-Dest": "empty"},
        {"Cache-Control": "no-cache"},
        {"Forwarded": "host=evil.example;proto=gopher"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/feed.rss", "/"])
def test_unusual_request_headers_do_not_change_the_response(server: ServerProcess, path: str, headers: dict[str, str]) -> None:
    response, plain = ask(server.url, path, headers), ask(server.url, path)
    assert response.status == 200
    assert response.body == plain.body
    assert without_date(response.headers) == without_date(plain.headers)


def test_http_1_0_request_without_headers_gets_200(server: ServerProcess) -> None:
    response = exchange_bytes(server.url, b"GET /feed.rss HTTP/1.0\r\n\r\n")
    assert response.startswith(b"HTTP/1.0 200 OK\r\n")
    assert response.endswith(ask(server.url, "/feed.rss").body)


@pytest.mark.parametrize("path", MEDIA_TYPES)
def test_html_pages_allow_framing_by_the_same_site_only(server: ServerProcess, path: str) -> None:
    response = ask(server.url, path)
    is_page = MEDIA_TYPES[path].startswith("text/html") and response.status != 301
    assert ("frame-ancestors 'self'" in response["Content-Security-Policy"]) == is_page
    if is_page and response.status == 200:
        revalidation = ask(server.url, path, {"If-None-Match": response["ETag"]})
        assert (revalidation.status, revalidation["Content-Security-Policy"]) == (304, "frame-ancestors 'self'")


@pytest.mark.parametrize("path", [*MEDIA_TYPES, "/articles/echoes", "/category/economy/rss"])
def test_response_does_not_depend_on_the_host(server: ServerProcess, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {{}}\r\nConnection: close\r\n\r\n"
    responses = [exchange_bytes(server.url, request.format(host).encode()) for host in ("news.example", "evil.example", "")]
    assert len({re.sub(rb"\r\nDate: [^\r]*", b"", response) for response in responses}) == 1
    assert b"evil" not in responses[1]


@pytest.mark.parametrize("query", ["?", "?utm_source=x", "?a=b&c=%ff", "?" + "x" * 3000, "?/feed.atom", "?%00"])
@pytest.mark.parametrize("path", ["/feed.rss", "/feed", "/media/photo.png", "/nothing"])
def test_query_string_does_not_change_the_response(server: ServerProcess, path: str, query: str) -> None:
    response, plain = ask(server.url, path + query), ask(server.url, path)
    assert response.status == plain.status
    assert response.body == plain.body
    assert without_date(response.headers) == without_date(plain.headers)


def test_no_response_has_a_header_twice(app: "WSGIApplication") -> None:
    # `call` fails if a response has a header twice.
    assert {call(app, path).status for path in MEDIA_TYPES} == {200, 301, 404, 410}
