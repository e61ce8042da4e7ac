"""Any request to a real server gets a valid response without a server error and with the required headers."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom

# Routes that are no documents.
OPERATOR_PATHS: Final = ("/healthz", "/readyz", "/status", "/metrics")
REDIRECTED_PATHS: Final = (
    "/feed",
    "/rss",
    "/articles/echoes",
    "/category/money/feed.rss",
    "/category/business",
    "/author/m-park/rss.xml",
)
WITHDRAWN_PATHS: Final = ("/articles/recalled/", "/articles/recalled-once")
# For invalid or unsupported requests, the HTTP layer responds and closes the connection.
INVALID_REQUEST_STATUSES: Final = (400, 411, 413, 431, 505)
VIEWS_PATHS: Final = ("/articles/fish/views",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("requests")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    with serving(write_newsroom(folder / "content"), folder / "state") as running:
        yield running


@pytest.fixture(scope="module")
def routes(folder: Path, server: ServerProcess) -> list[str]:
    """Return a path of every route, and the path of every document."""
    paths = Publication(build_catalog(load_content(folder / "content"), wall_clock())).paths()
    return [*map(quote, paths), *OPERATOR_PATHS, *REDIRECTED_PATHS, *WITHDRAWN_PATHS, *VIEWS_PATHS]


def assert_valid_response(response: Response, method: str, path: str) -> None:
    """Check what RFC 9110 and this project require of every response."""
    if response.status in INVALID_REQUEST_STATUSES:
        assert response["Connection"] == "close"
        return
    assert response.status < 500, (method, path, response)
    assert response["Date"]
    assert response["Server"] == "feedsvc"
    if response.status in (204, 304) or method == "HEAD":
        assert response.body == b""
    elif response["Content-Length"]:
        assert int(response["Content-Length"]) == len(response.body)
    if response.status == 304:
        assert response["ETag"]
        assert response["Cache-Control"]
        assert "content-length" not in response.headers
    if response.status == 405:
        assert "GET" in response["Allow"]
    if response.status == 200 and response["ETag"]:
        assert re.fullmatch(r'(?:W/)?"[0-9a-zA-Z-]+"', response["ETag"]), response["ETag"]
        assert response["Cache-Control"].startswith(("public, max-age=", "private, max-age="))
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "ETag" in response["Access-Control-Expose-Headers"]
    if response.body and method == "GET":
        assert response["X-Content-Type-Options"] == "nosniff" or response["Cache-Control"] == "no-store", path


HEADERS: Final = st.dictionaries(
    st.sampled_from(
        [
            *(
                "Host",
                "Accept",
                "Accept-Encoding",
                "Accept-Language",
                "If-None-Match",
                "If-Modified-Since",
                "If-Match",
                "If-Range",
            ),
            *(
                "If-Unmodified-Since",
                "Range",
                "User-Agent",
                "Cookie",
                "Authorization",
                "Origin",
                "Referer",
                "Expect",
                "TE",
                "Via",
            ),
            *(
                "Connection",
                "Upgrade",
                "Transfer-Encoding",
                "Content-Length",
                "Content-Type",
                "A-IM",
                "Sec-Fetch-Dest",
                "Cache-Control",
            ),
            *(
                "X-Forwarded-For",
                "X-Forwarded-Host",
                "X-Forwarded-Proto",
                "Forwarded",
                "X-Original-URL",
                "X-HTTP-Method-Override",
            ),
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
    | st.sampled_from(
        [
            *(
                "*",
                '"*"',
                'W/"',
                '""',
                ",,,",
                "gzip",
                "br;q=0",
                "identity;q=0, *;q=0",
                "bytes=0-",
                "bytes=-0",
                "bytes=9-1",
                "bytes=0-1,3-4",
            ),
            *(
                "Sun, 01 Mar 2026 12:00:00 GMT",
                "Thu, 01 Jan 9999 00:00:00 GMT",
                "0",
                "-1",
                "99999999999999999999",
                "close",
                "document",
            ),
            *("chunked", "100-continue", "evil.example", "feed", "Mozilla/5.0"),
        ]
    ),
    max_size=5,
)
SUFFIXES: Final = st.sampled_from(
    ["", "/", "//", "?", "?a=b&a=%00", "#x", ";a", "%00", "%2f", "%2e%2e/", "/../", ".", "%ff", "é", "%0d%0aX-Evil:%201", "\\"]
)
METHODS: Final = st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "PATCH", "BREW"])


def send_unnormalized(url: str, method: str, target: str, headers: Mapping[str, str]) -> Response:
    """Send the request exactly as given, because HTTP libraries would normalize it; read the response until the server closes."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    server_address = urlsplit(url)
    with socket.create_connection((server_address.hostname, server_address.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        connection.shutdown(socket.SHUT_WR)
        data = b""
        while chunk := connection.recv(65_536):
            data += chunk
    # A client that waits for it first receives 100 Continue (RFC 9110 section 15.2).
    head, _, body = data.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    status_line, *header_lines = head.decode("latin-1").split("\r\n")
    response_headers = dict(line.split(": ", 1) for line in header_lines if ": " in line)
    return (
        Response(int(status_line.split()[1]), {name.lower(): value for name, value in response_headers.items()}, body)
        if status_line
        else Response(0, {}, b"")
    )


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_request_to_a_random_route_gets_a_valid_response(
    server: ServerProcess, routes: list[str], data: st.DataObject
) -> None:
    method, path, headers = data.draw(METHODS), data.draw(st.sampled_from(routes)) + data.draw(SUFFIXES), data.draw(HEADERS)
    response = send_unnormalized(server.url, method, path, headers)
    if response.status:  # no response if an announced body is missing
        assert_valid_response(response, method, path)
        assert "x-evil" not in response.headers
    assert ask(server.url, "/healthz").status == 200


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_get_a_valid_response_or_none(server: ServerProcess, data: bytes) -> None:
    server_address = urlsplit(server.url)
    with socket.create_connection((server_address.hostname, server_address.port), timeout=20) as connection:
        connection.sendall(data + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        response = connection.recv(65_536)
    assert not response or re.match(rb"HTTP/1\.[01] (?:2|3|4)\d\d |HTTP/1\.[01] 505 ", response), response[:80]


def test_every_route_has_valid_responses(server: ServerProcess, routes: list[str]) -> None:
    for path in routes:
        if path.endswith("/views"):  # 503 until the total is loaded
            wait_until(lambda path=path: ask(server.url, path).status == 200)
        for method in ("GET", "HEAD", "OPTIONS"):
            response = ask(server.url, path, method=method)
            assert_valid_response(response, method, path)
            if method == "GET" and response["ETag"]:
                conditional_response = ask(server.url, path, {"If-None-Match": response["ETag"]})
                assert conditional_response.status == (304 if response.status == 200 else response.status), path
                assert_valid_response(conditional_response, "GET", path)


# --- Cache poisoning

# Headers that are no part of a cache key, unless Vary names them.
UNKEYED_HEADERS: Final = {
    **{f"X-Forwarded-{name}": "evil.example" for name in ("Host", "For", "Proto", "Port", "Prefix", "Scheme", "Server")},
    **dict.fromkeys(("X-Original-URL", "X-Rewrite-URL", "X-Script-Name", "X-Forwarded-Path"), "/evil"),
    **dict.fromkeys(("X-Host", "Forwarded", "Origin", "Referer", "True-Client-IP", "X-Real-IP", "Cookie"), "evil.example"),
    **dict.fromkeys(("X-HTTP-Method-Override", "X-Method-Override"), "DELETE"),
    "Accept": "text/evil",
    "Accept-Language": "ar",
    "User-Agent": "<script>evil</script>",
    "Authorization": "Basic ZXZpbA==",
    "A-IM": "feed",
    "Range": "bytes=0-3",
    "Max-Forwards": "0",
    "Pragma": "no-cache",
}
VARY_HEADERS: Final = {"Accept-Encoding": "gzip", "Sec-Fetch-Dest": "document"}
CACHED_PATHS: Final = (
    "/",
    "/feed.rss",
    "/feed.json",
    "/articles/fish/",
    "/articles/recalled/",
    "/feed",
    "/nothing",
    "/feeds.opml",
    "/static/feed.css",
)


def stable_headers(response: Response) -> dict[str, str]:
    """Return the headers that do not depend on time; Last-Modified is only sent after its second has passed."""
    return {name: value for name, value in response.headers.items() if name not in ("date", "last-modified")}


@pytest.mark.parametrize("path", CACHED_PATHS)
def test_unkeyed_headers_and_queries_do_not_change_a_cacheable_response(server: ServerProcess, path: str) -> None:
    plain = ask(server.url, path)
    for headers in (*({name: value} for name, value in UNKEYED_HEADERS.items()), UNKEYED_HEADERS):
        response = ask(server.url, f"{path}?evil=1&cb=2", headers)
        assert (response.status, response.body) == (plain.status, plain.body), headers
        assert stable_headers(response) == stable_headers(plain), headers


@pytest.mark.parametrize("path", CACHED_PATHS)
def test_vary_names_every_header_that_changes_a_response(server: ServerProcess, path: str) -> None:
    plain = ask(server.url, path)
    for name, value in VARY_HEADERS.items():
        response = ask(server.url, path, {name: value})
        if (response.body, stable_headers(response)) != (plain.body, stable_headers(plain)):
            assert name.lower() in plain["Vary"].lower() or response["Cache-Control"].startswith("private"), name
            assert name.lower() in response["Vary"].lower()
