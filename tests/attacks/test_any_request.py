"""Whatever is asked of a real server, by any method, at any address, with any headers: no failure, and the promised headers."""

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
from tests.helpers.http_client import Response, ask
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom

# The routes of a server that are no documents.
OPERATORS: Final = ("/healthz", "/readyz", "/status", "/metrics")
MOVED: Final = ("/feed", "/rss", "/articles/echoes", "/category/money/feed.rss", "/category/business", "/author/m-park/rss.xml")
GONE: Final = ("/articles/recalled/", "/articles/recalled-once")
# What is no request, or none that this server understands: the server says so itself, and ends the connection.
NO_REQUEST: Final = (400, 413, 431, 501, 505)
COUNTED: Final = ("/articles/fish/views",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("asked")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    with serving(write_newsroom(folder / "content"), folder / "state") as one:
        yield one


@pytest.fixture(scope="module")
def routes(folder: Path, server: ServerProcess) -> list[str]:
    """An address of every kind, and every document's."""
    paths = Publication(build_catalog(load_content(folder / "content"), wall_clock())).paths()
    return [*map(quote, paths), *OPERATORS, *MOVED, *GONE, *COUNTED]


def assert_promised(got: Response, method: str, path: str) -> None:
    """What DESIGN and RFC 9110 say of every answer."""
    if got.status in NO_REQUEST:
        assert got["Connection"] == "close"
        return
    assert got.status < 500, (method, path, got)
    assert got["Date"]
    assert got["Server"] == "feedsvc"
    if got.status in (204, 304) or method == "HEAD":
        assert got.body == b""
    elif got["Content-Length"]:
        assert int(got["Content-Length"]) == len(got.body)
    if got.status == 304:
        assert got["ETag"]
        assert got["Cache-Control"]
        assert "content-length" not in got.headers
    if got.status == 405:
        assert "GET" in got["Allow"]
    if got.status == 200 and got["ETag"]:
        assert re.fullmatch(r'(?:W/)?"[0-9a-zA-Z-]+"', got["ETag"]), got["ETag"]
        assert got["Cache-Control"].startswith(("public, max-age=", "private, max-age="))
        assert got["Access-Control-Allow-Origin"] == "*"
        assert "ETag" in got["Access-Control-Expose-Headers"]
    if got.body and method == "GET":
        assert got["X-Content-Type-Options"] == "nosniff" or got["Cache-Control"] == "no-store", path


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
TAILS: Final = st.sampled_from(
    ["", "/", "//", "?", "?a=b&a=%00", "#x", ";a", "%00", "%2f", "%2e%2e/", "/../", ".", "%ff", "é", "%0d%0aX-Evil:%201", "\\"]
)
METHODS: Final = st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "PATCH", "BREW"])


def send(url: str, method: str, target: str, headers: Mapping[str, str]) -> Response:
    """As it is written, since clients' libraries would mend it; the answer is read until the server has no more to say."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    split = urlsplit(url)
    with socket.create_connection((split.hostname, split.port), timeout=20) as one:
        one.sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        one.shutdown(socket.SHUT_WR)
        answer = b""
        while part := one.recv(65_536):
            answer += part
    # To whoever waits for it, the server first says that he may go on (RFC 9110 section 15.2).
    head, _, body = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    named = dict(line.split(": ", 1) for line in rest if ": " in line)
    return (
        Response(int(first.split()[1]), {name.lower(): value for name, value in named.items()}, body)
        if first
        else Response(0, {}, b"")
    )


@settings(deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_request_at_any_route(server: ServerProcess, routes: list[str], data: st.DataObject) -> None:
    method, path, headers = data.draw(METHODS), data.draw(st.sampled_from(routes)) + data.draw(TAILS), data.draw(HEADERS)
    got = send(server.url, method, path, headers)
    if got.status:  # a body that was promised and never came gets none
        assert_promised(got, method, path)
        assert "x-evil" not in got.headers
    assert ask(server.url, "/healthz").status == 200


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_at_the_door(server: ServerProcess, sent: bytes) -> None:
    split = urlsplit(server.url)
    with socket.create_connection((split.hostname, split.port), timeout=20) as one:
        one.sendall(sent + b"\r\n\r\n")
        one.shutdown(socket.SHUT_WR)
        answer = one.recv(65_536)
    assert not answer or re.match(rb"HTTP/1\.[01] (?:2|3|4)\d\d |HTTP/1\.[01] 505 ", answer), answer[:80]


def test_every_route_keeps_its_promises(server: ServerProcess, routes: list[str]) -> None:
    for path in routes:
        for method in ("GET", "HEAD", "OPTIONS"):
            got = ask(server.url, path, method=method)
            assert_promised(got, method, path)
            if method == "GET" and got["ETag"]:
                again = ask(server.url, path, {"If-None-Match": got["ETag"]})
                assert again.status == (304 if got.status == 200 else got.status), path
                assert_promised(again, "GET", path)


# --- What a cache keeps for one must do for all ------------------------------------------------------------------

# Headers that no cache keys by, unless Vary names them.
UNKEYED: Final = {
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
VARIED: Final = {"Accept-Encoding": "gzip", "Sec-Fetch-Dest": "document"}
KEPT: Final = (
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


def lasting(got: Response) -> dict[str, str]:
    """What time alone does not change: a document's Last-Modified is sent once its second has come."""
    return {name: value for name, value in got.headers.items() if name not in ("date", "last-modified")}


@pytest.mark.parametrize("path", KEPT)
def test_what_a_cache_keeps_no_stranger_has_poisoned(server: ServerProcess, path: str) -> None:
    plain = ask(server.url, path)
    for headers in (*({name: value} for name, value in UNKEYED.items()), UNKEYED):
        got = ask(server.url, f"{path}?evil=1&cb=2", headers)
        assert (got.status, got.body) == (plain.status, plain.body), headers
        assert lasting(got) == lasting(plain), headers


@pytest.mark.parametrize("path", KEPT)
def test_vary_names_whatever_changes_an_answer(server: ServerProcess, path: str) -> None:
    plain = ask(server.url, path)
    for name, value in VARIED.items():
        got = ask(server.url, path, {name: value})
        if (got.body, lasting(got)) != (plain.body, lasting(plain)):
            assert name.lower() in plain["Vary"].lower() or got["Cache-Control"].startswith("private"), name
            assert name.lower() in got["Vary"].lower()
