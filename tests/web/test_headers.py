"""What every answer says of itself, and what of a request changes nothing in it."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.helpers.http_client import ask, call, exchange_bytes, without_date
from tests.helpers.running_server import ServerProcess
from tests.web.newsroom import BASE, HUB

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TAG = quote("/tag/서울/")
TYPES = {
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
    "/static/feed.css": "text/css; charset=utf-8",
    "/media/photo.png": "image/png",
    "/media/talk.mp3": "audio/mpeg",
    "/media/notes.txt": "text/plain; charset=utf-8",
    "/media/logo.svg": "image/svg+xml",
    "/healthz": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize("path", TYPES)
def test_media_types(server: ServerProcess, path: str) -> None:
    got = ask(server.url, path)
    assert got["Content-Type"] == TYPES[path]
    assert "Cookie" not in got["Vary"] + got["Set-Cookie"]


@pytest.mark.parametrize("path", [path for path in TYPES if path != "/healthz"])
def test_scripts_of_other_sites_may_read_it_and_nobody_guesses_its_type(server: ServerProcess, path: str) -> None:
    got = ask(server.url, path, {"Origin": "https://reader.example"})
    assert got["Access-Control-Allow-Origin"] == "*"
    assert got["Access-Control-Expose-Headers"] == "ETag, Last-Modified, Link"
    assert got["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/feed.rss", "/feed", "/media/talk.mp3", "/articles/recalled/", "/"])
def test_preflight(server: ServerProcess, path: str) -> None:
    asked = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    got = ask(server.url, path, {**asked, "Access-Control-Request-Headers": "if-none-match"}, "OPTIONS")
    assert (got.status, got.body) == (204, b"")
    assert got["Access-Control-Allow-Origin"] == "*"
    assert got["Access-Control-Allow-Headers"] == "*"
    assert got["Access-Control-Allow-Methods"] == got["Allow"] == "GET, HEAD, OPTIONS"
    assert int(got["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("listing", ["/", TAG, "/category/business/", "/author/mina-park/"])
@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_link_headers_name_itself_and_the_hubs(server: ServerProcess, listing: str, suffix: str) -> None:
    path = f"{listing}feed.{suffix}"
    told = f'<{BASE}{path}>; rel="self", <{HUB}>; rel="hub", <https://second-hub.example/>; rel="hub"'
    assert ask(server.url, path)["Link"] == told
    assert ask(server.url, path, method="HEAD")["Link"] == told


def test_an_archive_is_never_pushed(server: ServerProcess) -> None:
    assert ask(server.url, "/archive/2026-01/feed.rss")["Link"] == f'<{BASE}/archive/2026-01/feed.rss>; rel="self"'


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
def test_odd_headers_change_nothing(server: ServerProcess, path: str, headers: dict[str, str]) -> None:
    got, plain = ask(server.url, path, headers), ask(server.url, path)
    assert got.status == 200
    assert got.body == plain.body
    assert without_date(got.headers) == without_date(plain.headers)


def test_no_header_at_all(server: ServerProcess) -> None:
    answer = exchange_bytes(server.url, b"GET /feed.rss HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert answer.endswith(ask(server.url, "/feed.rss").body)


@pytest.mark.parametrize("path", TYPES)
def test_no_other_site_shows_a_page_inside_its_own(server: ServerProcess, path: str) -> None:
    got = ask(server.url, path)
    page = TYPES[path].startswith("text/html") and got.status != 301
    assert ("frame-ancestors 'self'" in got["Content-Security-Policy"]) == page
    if page and got.status == 200:
        again = ask(server.url, path, {"If-None-Match": got["ETag"]})
        assert (again.status, again["Content-Security-Policy"]) == (304, "frame-ancestors 'self'")


_INJECTED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/evil",
    "X-Script-Name": "/evil",
}


@pytest.mark.parametrize("path", [*TYPES, "/articles/echoes", "/category/economy/rss"])
def test_nothing_comes_from_the_host_header(server: ServerProcess, path: str) -> None:
    lines = [b"Date: "]
    asked = "".join(f"{name}: {value}\r\n" for name, value in _INJECTED.items())

    def answer(host: str, more: str = "", version: str = "1.1") -> list[bytes]:
        request = f"GET {path} HTTP/{version}\r\n{host}Connection: close\r\n{more}\r\n"
        return [line for line in exchange_bytes(server.url, request.encode()).split(b"\r\n") if not line.startswith(tuple(lines))]

    plain = answer("Host: news.example\r\n")
    assert answer("Host: evil.example\r\n", asked) == plain
    assert answer("Host: \r\n", asked) == plain
    assert answer("", asked, "1.0")[1:] == plain[1:]  # the first line says the version
    assert b"evil" not in b"".join(plain)


@pytest.mark.parametrize("query", ["?", "?utm_source=x", "?a=b&c=%ff", "?" + "x" * 3000, "?/feed.atom", "?%00"])
@pytest.mark.parametrize("path", ["/feed.rss", "/feed", "/media/photo.png", "/nothing"])
def test_query_strings_are_ignored(server: ServerProcess, path: str, query: str) -> None:
    got, plain = ask(server.url, path + query), ask(server.url, path)
    assert got.status == plain.status
    assert got.body == plain.body
    assert without_date(got.headers) == without_date(plain.headers)


def test_one_header_of_a_kind(app: "WSGIApplication") -> None:
    # `call` refuses an answer with a header twice.
    assert {call(app, path).status for path in TYPES} == {200, 301, 404, 410}
